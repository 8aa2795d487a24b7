"""The frontier: order, politeness, retries, limits, and what a kill leaves."""

import dataclasses

import pytest
from twisted.python.failure import Failure

from crawler.discovery.redirects import MAX_HOPS
from crawler.fetch.frontier import LISTINGS, RUNS, TRIES, Frontier
from crawler.fetch.hosts import GIVE_UP, GIVE_UP_COLD
from crawler.fetch.schedule import Schedule
from crawler.jobs import Limits, Outlet
from pipelines.model import Candidate, Capture, CaptureRef, Provenance, Role
from pipelines.records.ledger import Ledger


def found(url: str) -> Capture:
    """A capture as a start finds it in the archive."""
    ref = CaptureRef(
        filename="x", offset=0, length=1, record_id="r", url=url, date="2026-06-01T10:00:00Z", type="response",
        payload_digest=None,
    )  # fmt: skip
    return Capture(ref=ref, status=200, headers=(("ETag", '"1"'),), payload=b"")


class Clock:
    def __init__(self) -> None:
        self.time = 1000.0
        self.alarms: list[float] = []

    def __call__(self) -> float:
        return self.time

    def wake(self, seconds: float):
        self.alarms.append(seconds)
        return Alarm()


class Alarm:
    def active(self) -> bool:
        return True

    def cancel(self) -> None:
        pass


class World:
    """A frontier, its ledger and its clock."""

    def __init__(self, path, **options) -> None:
        self.ledger, self.clock, self.limits = Ledger(path), Clock(), Limits()
        self.options = {"delay": lambda host: 1.0, "per_host": lambda host: 1, "pages": lambda outlet: 1000, **options}
        self.open()

    def open(self) -> None:
        options = {"since": 0.0, **self.options}
        self.schedule = Schedule(
            self.ledger, limits=lambda outlet: self.limits, now=lambda: self.clock.time, since=options["since"]
        )
        self.frontier = Frontier(
            self.ledger, call_later=self.clock.wake, clock=self.clock, now=lambda: self.clock.time,
            schedule=self.schedule, **options,
        )  # fmt: skip
        self.frontier.open(None)

    def add(self, *urls: str, role: Role = Role.ARTICLE, **more) -> int:
        outlet = more.pop("outlet", "herald")
        return self.frontier.add(Candidate(url=u, role=role, method="feed", outlet=outlet, **more) for u in urls)

    def next(self):
        request = self.frontier.next_request()
        return request and request.url

    def fetch(self):
        """Fetch the next address to its good end."""
        request = self.frontier.next_request()
        if request is None:
            return None
        row, host = request.meta["frontier"]
        self.frontier.captured(row)
        self.frontier.release(row, host)
        return request.url


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path / "ledger.sqlite3")
    yield made
    made.ledger.close()


A = "https://a.example/"
B = "https://b.example/"


def test_an_address_is_given_once(world):
    assert world.add(A + "1", A + "1", A + "1?utm_source=x") == 1
    assert world.fetch() == A + "1"
    world.clock.time += 5
    assert world.add(A + "1") == 0
    assert world.fetch() is None
    assert not world.frontier.has_pending_requests()


def test_what_is_no_url_is_left_out(world):
    assert world.add("javascript:alert(1)", "ftp://a.example/", "") == 0


def test_hosts_take_turns_and_delays_are_kept(world):
    world.add(A + "1", A + "2", B + "1")
    assert {world.fetch(), world.fetch()} == {A + "1", B + "1"}
    assert world.fetch() is None
    assert world.frontier.has_pending_requests()
    assert 0 < world.clock.alarms[-1] <= 1.0
    world.clock.time += 0.99
    assert world.fetch() is None
    world.clock.time += 0.02
    assert world.fetch() == A + "2"


def test_one_connection_at_a_time(world):
    world.add(A + "1", A + "2")
    first = world.frontier.next_request()
    world.clock.time += 60
    assert world.next() is None
    world.frontier.release(*first.meta["frontier"])
    second = world.frontier.next_request()
    assert second.url == A + "2"
    world.add(A + "3")
    world.clock.time += 60
    world.frontier.release(*first.meta["frontier"])  # told twice
    assert world.next() is None


def test_sources_first_then_the_newest_articles(world):
    world.add(A + "old", date="2020-01-01")
    world.add(A + "new", date="2026-01-01T10:00:00Z")
    world.add(A + "section", role=Role.SECTION)
    world.add(A + "feed", role=Role.FEED)
    order = []
    while world.frontier.has_pending_requests():
        order.append(world.fetch())
        world.clock.time += 2
    assert order == [A + "feed", A + "section", A + "new", A + "old"]


def test_what_was_in_flight_at_a_kill_waits_again(world, tmp_path):
    world.add(A + "1", A + "2")
    world.fetch()
    world.clock.time += 2
    assert world.next() == A + "2"
    world.ledger.commit()
    world.open()
    assert world.next() == A + "2"
    assert world.next() is None


def test_a_failed_address_is_tried_again_and_then_given_up(world):
    world.add(A + "1")
    for attempt in range(TRIES):
        request = world.frontier.next_request()
        assert request is not None, attempt
        row, host = request.meta["frontier"]
        again = world.frontier.retry(row, host, "TimeoutError: slow")
        world.frontier.release(row, host, failed=True)
        assert again == (attempt < TRIES - 1)
        assert world.next() is None
        assert world.frontier.has_pending_requests() == again
        world.clock.time += 60
    assert world.frontier.failures() == [(A + "1", "TimeoutError: slow")]


def fail(world: World) -> int:
    """Let the next address fail until it is given up; gives the number of fetches."""
    fetches, again = 0, True
    while again:
        world.clock.time += 60
        request = world.frontier.next_request()
        if request is None:
            break
        row, host = request.meta["frontier"]
        again = world.frontier.retry(row, host, "TimeoutError: slow")
        world.frontier.release(row, host, failed=True)
        fetches += 1
    return fetches


def test_what_failed_is_tried_again_by_the_next_runs_but_not_for_ever(world):
    world.add(A + "1")
    fetches = []
    for _ in range(RUNS + 2):
        fetches.append(fail(world))
        assert not world.frontier.has_pending_requests()
        world.frontier.begin()
        world.open()
    assert fetches == [TRIES] * RUNS + [0, 0]


def test_what_failed_with_its_host_is_tried_again_in_every_run(world):
    for _ in range(RUNS + 2):
        world.add(*[f"{A}{n}" for n in range(GIVE_UP)])
        assert fail(world)
        while world.frontier.has_pending_requests():
            fail(world)
        assert world.frontier.given_up()
        world.frontier.begin()
        world.open()


def test_what_failed_before_a_stop_is_told_by_the_process_that_goes_on(world):
    world.options["since"] = world.clock.time
    world.add(A + "1")
    fail(world)
    world.open()
    assert world.frontier.failures() == [(A + "1", "TimeoutError: slow")]
    assert world.frontier.counts["herald"]["failed"] == 1
    world.options["since"] = world.clock.time + 1  # the next run
    world.open()
    assert world.frontier.failures() == []
    assert world.frontier.counts.get("herald", {}).get("failed", 0) == 0


def refused_until_left_alone(world):
    """Refuse all that is asked for; how much that was."""
    asked = 0
    while world.frontier.has_pending_requests():
        request = world.frontier.next_request()
        if request is None:
            world.clock.time += 5
            continue
        asked += 1
        row, host = request.meta["frontier"]
        world.frontier.retry(row, host, "refused")
        world.frontier.release(row, host, failed=True)
    return asked


def test_a_host_that_only_fails_is_left_alone(world):
    world.add(*[f"{A}{n}" for n in range(50)])
    assert refused_until_left_alone(world) == GIVE_UP_COLD


def test_a_host_that_has_answered_is_given_more_time(world):
    world.add(*[f"{A}{n}" for n in range(50)])
    world.fetch()
    assert refused_until_left_alone(world) == GIVE_UP
    assert "a.example" in world.frontier.given_up()


def test_a_host_is_held_as_long_as_it_asks(world):
    world.add(A + "1", A + "2")
    world.fetch()
    world.frontier.hold("a.example", 30)
    world.clock.time += 29
    assert world.next() is None
    world.clock.time += 2
    assert world.next() == A + "2"


def test_a_host_that_asks_for_an_hour_is_left_for_the_next_run(world):
    world.add(A + "1", A + "2")
    world.fetch()
    world.frontier.hold("a.example", 3600)
    assert not world.frontier.has_pending_requests()
    assert "3600" in world.frontier.given_up()["a.example"]


def test_a_failure_of_a_host_that_is_left_alone_does_not_keep_the_run_open(world):
    world.add(A + "1", A + "2")
    row, host = world.frontier.next_request().meta["frontier"]
    world.frontier.hold(host, 3600)
    assert world.frontier.retry(row, host, "HTTP status 503")
    world.frontier.release(row, host, failed=True)
    assert not world.frontier.has_pending_requests()
    assert world.next() is None
    world.open()
    assert world.fetch() in (A + "1", A + "2")
    world.clock.time += 2
    assert world.fetch() in (A + "1", A + "2")


def test_an_address_tried_by_an_earlier_process_does_not_strand_a_retry(world):
    """It has attempts behind it, too, but it is not the one that waits."""
    world.add(A + "early")
    row, host = world.frontier.next_request().meta["frontier"]
    world.frontier.retry(row, host, "slow")
    world.ledger.commit()
    world.open()
    world.add(A + "late", role=Role.SECTION)
    row, host = world.frontier.next_request().meta["frontier"]
    world.frontier.retry(row, host, "slow")
    world.frontier.release(row, host, failed=True)
    world.clock.time += 1
    assert world.fetch() == A + "early"
    assert world.frontier.has_pending_requests()
    world.clock.time += 5
    assert world.fetch() == A + "late"
    assert not world.frontier.has_pending_requests()


def test_crawl_delay_slows_a_host(world):
    world.add(A + "1", A + "2")
    world.fetch()
    world.frontier.hosts.slow_down("a.example", 10)
    world.clock.time += 9
    assert world.next() is None
    world.clock.time += 2
    assert world.next() == A + "2"


def test_articles_are_limited_by_outlet_and_the_rest_waits(tmp_path):
    world = World(tmp_path / "l", pages=lambda outlet: 2)
    world.add(*[f"{A}{n}" for n in range(5)])
    world.add(A + "section", role=Role.SECTION)
    world.add(B + "1", outlet="other")
    got = []
    while world.frontier.has_pending_requests():
        got.append(world.fetch())
        world.clock.time += 2
    got = [url for url in got if url]
    assert sorted(got) == [A + "0", A + "1", A + "section", B + "1"]
    world.open()
    assert world.frontier.has_pending_requests()


def test_limits_of_a_resumed_run_count_pages_and_not_captures(world):
    captures = [("article", "1", 503), ("article", "1", 503), ("article", "1", 200), ("article", "2", 404)]
    captures += [("section", "s", 200), ("home", "", 200), ("robots", "robots.txt", 200), ("feed", "rss", 200)]
    run, _, _ = world.ledger.open_run("20260301T000000Z", "2026-03-01T00:00:00Z")
    for number, (role, path, status) in enumerate(captures):
        ref = CaptureRef(
            filename="a", offset=number, length=1, record_id=str(number), url=A + path, date="", type="response",
            payload_digest=None,
        )  # fmt: skip
        world.ledger.add_capture(run, ref, Provenance(role=Role(role), outlet="herald"), status)
    assert sorted(world.ledger.asked(run)) == [("herald", "article", 1), ("herald", "section", 1)]
    world.options["pages"] = lambda outlet: 2
    world.open()
    world.frontier.resume_counts(world.ledger.asked(run))
    world.add(A + "3", A + "4")
    assert world.fetch()
    world.clock.time += 2
    assert world.fetch() is None


def test_a_limit_reached_does_not_strand_a_retry(tmp_path):
    world = World(tmp_path / "l", pages=lambda outlet: 1)
    world.add(A + "1", A + "2")
    request = world.frontier.next_request()
    row, host = request.meta["frontier"]
    world.frontier.retry(row, host, "slow")
    world.frontier.release(row, host, failed=True)
    world.clock.time += 60
    assert world.fetch() == A + "1" if request.url == A + "1" else A + "2"
    world.clock.time += 60
    assert not world.frontier.has_pending_requests()


def test_listings_are_limited(world):
    world.add(*[f"{A}s{n}" for n in range(LISTINGS + 20)], role=Role.SECTION)
    got = 0
    while world.frontier.has_pending_requests():
        got += bool(world.fetch())
        world.clock.time += 2
    assert got == LISTINGS


def test_a_consent_redirect_back_is_followed_once(world):
    world.add(A + "story")
    world.fetch()
    consent = Candidate(url=A + "consent", role=Role.ARTICLE, method="redirect", source_url=A + "story")
    back = Candidate(url=A + "story", role=Role.ARTICLE, method="redirect", source_url=A + "consent")
    world.clock.time += 2
    assert world.frontier.add([consent]) == 1
    world.fetch()
    world.clock.time += 2
    assert world.frontier.add([back]) == 1
    assert world.fetch() == A + "story"
    world.clock.time += 2
    assert world.frontier.add([back]) == 0
    assert world.frontier.add([consent]) == 0


@pytest.mark.parametrize(("method", "date"), [("feed", "2026-10-16T18:32:00Z"), ("sitemap", None)])
def test_what_a_source_says_of_an_address_holds_for_where_it_leads(world, method, date):
    told = Candidate(
        url=A + "link", role=Role.ARTICLE, method=method, title="Bridge opens", date="2026-10-16T18:32:00Z"
    )
    world.frontier.add([told])
    for here, there in (("link", "consent"), ("consent", "link"), ("link", "story")):
        world.frontier.add([Candidate(url=A + there, role=Role.ARTICLE, method="redirect", source_url=A + here)])
    rows = world.ledger.execute(
        "SELECT key, title, date FROM frontier WHERE method = 'redirect' ORDER BY id"
    ).fetchall()
    assert rows == [(key, "Bridge opens", date) for key in (A + "consent", f"{A}link #again", A + "story")]


def test_a_redirect_to_a_known_page_is_not_fetched_again(world):
    world.add(A + "story", A + "old-story")
    world.fetch()
    world.clock.time += 2
    world.fetch()
    moved = Candidate(url=A + "story", role=Role.ARTICLE, method="redirect", source_url=A + "old-story")
    assert world.frontier.add([moved]) == 0


def test_redirects_end(world):
    world.add(A + "0")
    for hop in range(1, 30):
        step = Candidate(url=f"{A}{hop}", role=Role.ARTICLE, method="redirect", source_url=f"{A}{hop - 1}")
        if not world.frontier.add([step]):
            break
    assert hop == MAX_HOPS + 1


def test_sources_wait_again_in_a_new_run(world):
    world.add(A + "feed", role=Role.FEED)
    world.add(A + "1")
    while world.frontier.has_pending_requests():
        world.fetch()
        world.clock.time += 2
    world.frontier.begin()
    world.open()
    assert world.fetch() == A + "feed"


def test_an_address_the_archive_lost_is_fetched_again(world):
    world.add(A + "1")
    world.fetch()
    world.frontier.lost_url(A + "1")
    world.open()
    assert world.fetch() == A + "1"


def test_a_capture_found_after_a_crash_is_not_fetched_again(world):
    world.add(A + "1")
    world.frontier.recovered(found(A + "1"))
    world.open()
    assert world.fetch() is None


def test_a_twin_comes_after_the_article_itself(world):
    world.add(A + "amp/story-of-the-day")
    world.add(A + "story-of-the-day", date="2020-01-01")
    assert world.fetch() == A + "story-of-the-day"


CONSENT = Candidate(url=A + "consent", role=Role.ARTICLE, method="redirect", source_url=A + "story")
BACK = Candidate(url=A + "story", role=Role.ARTICLE, method="redirect", source_url=A + "consent")


def test_of_an_address_fetched_twice_the_capture_found_is_the_one_in_flight(world):
    world.add(A + "story")
    assert world.fetch() == A + "story"
    world.frontier.add([CONSENT])
    world.clock.time += 2
    world.fetch()
    world.frontier.add([BACK])
    world.clock.time += 2
    assert world.next() == A + "story"
    world.frontier.recovered(found(A + "story"))
    world.open()
    assert world.fetch() is None
    world.frontier.lost_url(A + "story")
    world.open()
    assert world.fetch() == A + "story"
    world.clock.time += 2
    assert world.fetch() is None, "the first capture was not lost"


def test_captures_found_in_order_stand_for_both_fetches(world):
    world.frontier.add([Candidate(url=A + "story", role=Role.ARTICLE, method="feed"), CONSENT, BACK])
    for url in (A + "story", A + "consent", A + "story"):
        world.frontier.recovered(found(url))
    world.open()
    assert world.fetch() is None


def test_an_origin_put_off_waits_for_the_next_run_and_the_other_scheme_goes_on(world):
    plain = "http://a.example/"
    world.add(A + "1", A + "2", plain + "1", plain + "2")
    put_off, fetched = 0, []
    while world.frontier.has_pending_requests():
        request = world.frontier.next_request()
        world.clock.time += 2
        if request is None:
            continue
        row, host = request.meta["frontier"]
        if request.url.startswith("http:"):
            world.frontier.put_off(row, host, "robots.txt could not be had: status 503")
            put_off += 1
        else:
            world.frontier.captured(row)
            fetched.append(request.url)
        world.frontier.release(row, host)
    assert put_off == 1
    assert sorted(fetched) == [A + "1", A + "2"]
    assert world.frontier.given_up() == {"http://a.example": "robots.txt could not be had: status 503"}
    world.open()
    assert world.next() in (plain + "1", plain + "2")
    assert world.frontier.given_up() == {}


def test_an_origin_put_off_strands_no_retry(world):
    world.add(A + "1", A + "2")
    row, host = world.frontier.next_request().meta["frontier"]
    world.frontier.retry(row, host, "slow")
    world.frontier.release(row, host, failed=True)
    world.clock.time += 1.1
    row, host = world.frontier.next_request().meta["frontier"]
    world.frontier.put_off(row, host, "robots.txt could not be had")
    world.frontier.release(row, host)
    assert not world.frontier.has_pending_requests()
    world.frontier.retry(row, host, "slow")
    assert not world.frontier.has_pending_requests()


@pytest.mark.parametrize("kept", [False, True])
def test_a_middleware_that_fails_does_not_hold_the_host(world, kept):
    """Neither hook of ours is called then, only the errback of the request."""
    world.add(A + "1")
    request = world.frontier.next_request()
    if kept:
        world.frontier.captured(request.meta["frontier"][0])
    failure = Failure(ValueError("a mistake in it"))
    failure.request = request
    request.errback(failure)
    request.errback(failure)
    world.clock.time += 10
    assert world.fetch() == (None if kept else A + "1")
    assert not world.frontier.has_pending_requests()


def test_a_request_put_in_place_of_ours_ends_it(world):
    world.add(A + "1")
    request = world.frontier.next_request()
    world.frontier.enqueue_request(request.replace(url=A + "2"))
    world.clock.time += 10
    fetched = {world.fetch()}
    world.clock.time += 10
    assert fetched | {world.fetch()} == {A + "1", A + "2"}


def test_an_outlet_that_may_be_asked_for_nothing_ends_the_run(tmp_path):
    world = World(tmp_path / "none.sqlite3", pages=lambda outlet: 0)
    world.add(*[f"{A}{n}" for n in range(3)])
    assert not world.frontier.has_pending_requests()
    assert world.next() is None


def drained(world: World) -> list[str]:
    """All that is handed out, in order."""
    got = []
    while (url := world.fetch()) is not None:
        got.append(url)
        world.clock.time += 1
    return got


def test_looks_at_known_articles_do_not_use_up_the_pages_of_new_ones(tmp_path):
    world = World(tmp_path / "l", pages=lambda outlet: 2)
    world.add(A + "1", A + "2")
    assert sorted(drained(world)) == [A + "1", A + "2"]
    world.ledger.execute("UPDATE frontier SET state = 0, attempts = 0")
    world.add(A + "3", A + "4", A + "5")
    world.open()
    assert len(drained(world)) == 4, "two known, two new"


def test_an_outlet_that_is_taken_out_or_renamed_and_an_address_that_is_denied_later(world):
    herald = Outlet(name="herald", home=A)
    world.add(A, role=Role.HOME)
    world.add(A + "video/1", A + "news/1")
    world.add("https://b.example/1", outlet="gazette")
    world.frontier.leave_others([dataclasses.replace(herald, deny=("/video/*",))])
    assert drained(world) == [A, A + "news/1"]
    world.open()
    paper = dataclasses.replace(herald, name="paper")
    world.frontier.rename([paper])
    world.frontier.leave_others([paper])
    assert drained(world) == [A + "video/1"]
    assert {name for (name,) in world.ledger.execute("SELECT DISTINCT outlet FROM frontier")} == {"paper", "gazette"}
