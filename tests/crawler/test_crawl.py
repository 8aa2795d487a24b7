"""A real crawl of the sample web, held against what the web knows to be true."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from fastwarc.warc import ArchiveIterator as FastIterator
from jsonschema import Draft202012Validator
from protego import Protego
from warcio.archiveiterator import ArchiveIterator

from pipelines.model import Article, Rejection
from pipelines.records.schema import schema
from pipelines.text.hostfiles import TDMREP_PATH
from tests.crawler.conftest import Crawled
from tests.crawler.shell import ROOT, scrapy

FLOORS: dict[str, dict[str, float]] = {
    "text": {
        "halvern": 100, "karu": 97, "tarn": 97, "birken": 97, "faro": 97, "zarech": 97, "foni": 97, "difaf": 97,
        "all": 98,
    },
    "field": {"headline": 99, "authors": 99, "date": 99, "language": 99, "canonical": 99, "clean": 99, "rejected": 99},
}  # fmt: skip
"""Shares (per cent) of the sample web's articles that are exactly right, measured; "all" is over all outlets.
``clean``: without a line of the page's furniture; ``rejected``: of the pages that are no articles, those that are in
no record. What is learnt of a site depends a little on which of its pages come first, so floors stand a little below
what is measured. A floor rises freely; it falls only with a reason."""


# ---------------------------------------------------------------------- which pages


def test_it_ends_complete(crawled: Crawled) -> None:
    assert crawled.ended.status == 0, crawled.ended
    assert "Complete:" in crawled.ended.out
    assert "Traceback" not in crawled.ended.err


def test_every_article_is_there_under_its_canonical_address(crawled: Crawled) -> None:
    assert sorted(set(crawled.expected) - set(crawled.by_canonical)) == []


def test_no_article_is_there_twice(crawled: Crawled) -> None:
    times = Counter(record["canonical_url"] for record in crawled.articles)
    assert [address for address, number in times.items() if number > 1] == []
    aliases = {alias: item.url for item in crawled.expected.values() for alias in (item.url, *item.aliases)}
    times = Counter(aliases[record["url"]] for record in crawled.articles if record["url"] in aliases)
    assert [address for address, number in times.items() if number > 1] == []


def test_a_wire_story_stands_at_each_outlet_that_printed_it(crawled: Crawled) -> None:
    wire = [item for item in crawled.expected.values() if item.wire]
    assert len(wire) > 1
    assert all(item.canonical_url in crawled.by_canonical for item in wire)


def test_what_only_one_listing_names_is_found(crawled: Crawled) -> None:
    alone = {item.canonical_url: item.only_via for item in crawled.expected.values() if item.only_via}
    assert len(set(alone.values())) >= 4
    assert [address for address in alone if address not in crawled.by_canonical] == []


def test_robots_txt_is_obeyed(crawled: Crawled) -> None:
    assert crawled.canary_hits == ()
    texts = {}
    for host in {request.host for request in crawled.requests}:
        record = next(r for r in crawled.rejections if r["url"] == f"http://{host}:{crawled.port}/robots.txt")
        texts[host] = Protego.parse(payload(crawled, record).decode())
    forbidden = [
        request.path
        for request in crawled.requests
        if request.path != "/robots.txt" and not texts[request.host].can_fetch(request.path, "Broadsheet")
    ]
    assert forbidden == []


def test_tdmrep_json_is_asked_for_once_before_the_first_article(crawled: Crawled) -> None:
    paths = defaultdict(list)
    for request in crawled.requests:
        paths[request.host].append(request.path)
    articles = {urlsplit(record["url"]).hostname for record in crawled.articles}
    assert articles
    asked = [record for record in crawled.rejections if record["url"].endswith(TDMREP_PATH)]
    assert {record["reason"] for record in asked} == {"robots"}
    for host in articles:
        assert paths[host].count(TDMREP_PATH) == 1
        before = set(paths[host][: paths[host].index(TDMREP_PATH)])
        assert not [
            r["url"]
            for r in crawled.articles
            if urlsplit(r["url"]).hostname == host and urlsplit(r["url"]).path in before
        ]


def test_records_say_what_was_signalled(crawled: Crawled) -> None:
    verdicts = {
        "karu": ("forbidden", ["robots.txt"]), "foni": ("forbidden", ["tdm-reservation"]),
        "faro": ("forbidden", ["x-robots-tag"]), "tarn": ("permitted", []),
    }  # fmt: skip
    for record in crawled.articles:
        found = record["rights"]
        assert (found["verdict"], found["forbidden_by"]) == verdicts.get(record["outlet"], ("unstated", []))
        assert found["robots_txt"] == "rules"
        assert found["tdm_file"] == ("rules" if record["outlet"] == "foni" else "none")
    karu, foni, faro, tarn = (
        next(each["rights"] for each in crawled.articles if each["outlet"] == outlet) for outlet in verdicts
    )
    assert karu["robots_agents"] == ["ClaudeBot", "Google-Extended", "GPTBot", "CCBot", "PerplexityBot"]
    assert foni["tdm_policy"].endswith(f":{crawled.port}/rights/policy.json") and foni["tdm_source"] == "file"
    assert faro["directives"] == ["noai", "noarchive"] and faro["archiving"] == "forbidden"
    assert (tarn["permitted_by"], tarn["ai_input"], tarn["search"]) == (["content-signal"], False, True)


def test_robots_txt_comes_first(crawled: Crawled) -> None:
    first: dict[str, str] = {}
    for request in crawled.requests:
        first.setdefault(request.host, request.path)
    assert set(first.values()) == {"/robots.txt"}


def test_no_address_is_fetched_twice(crawled: Crawled) -> None:
    """But for one behind a consent page, which sends the reader back to where he came from."""
    times = Counter((request.host, request.path) for request in crawled.requests)
    back = {urlsplit(record["url"]).query for record in crawled.rejections if "/consent?" in record["url"]}
    again = [path for (_, path), number in times.items() if number > 1]
    assert len(again) <= len(back)


# ---------------------------------------------------------------------- counts and forms


def test_each_capture_has_one_outcome(crawled: Crawled) -> None:
    counts = crawled.run.summary["counts"]
    assert counts["captures"] == len(crawled.articles) + len(crawled.rejections) == len(crawled.requests)
    assert counts["articles"] == len(crawled.articles)
    assert counts["rejections"] == dict(sorted(Counter(r["reason"] for r in crawled.rejections).items()))
    ids = [record["warc"]["record_id"] for record in crawled.articles + crawled.rejections]
    assert len(set(ids)) == len(ids)
    assert counts["failed"] == counts["waiting"] == 0


def test_outlets_add_up(crawled: Crawled) -> None:
    counts = crawled.run.summary["counts"]
    outlets = counts["outlets"].values()
    for name in ("captures", "articles", "failed", "waiting"):
        assert sum(outlet[name] for outlet in outlets) == counts[name]
    per_outlet = Counter(record["outlet"] for record in crawled.articles)
    assert {name: outlet["articles"] for name, outlet in counts["outlets"].items()} == dict(per_outlet)


def test_the_ledger_agrees(crawled: Crawled) -> None:
    ledger = sqlite3.connect(f"file:{crawled.job.folder}/ledger.sqlite3?mode=ro", uri=True)
    outcomes = dict(ledger.execute("SELECT outcome, count(*) FROM capture GROUP BY 1"))
    assert outcomes.pop("article") == len(crawled.articles)
    assert outcomes == Counter(record["reason"] for record in crawled.rejections)
    for name, length in ledger.execute("SELECT name, length FROM file"):
        assert (crawled.run.folder / name).stat().st_size == length
    states = dict(ledger.execute("SELECT state, count(*) FROM frontier GROUP BY 1"))
    assert set(states) <= {2, 4}, "nothing waits, nothing is in flight, nothing failed"
    ledger.close()


def test_run_json_names_every_file(crawled: Crawled) -> None:
    names = {entry["name"] for entry in crawled.run.summary["files"]}
    assert names == {path.name for path in crawled.run.folder.iterdir()} - {"run.json"}
    assert not list(crawled.run.folder.glob("*.open"))
    assert not list(crawled.run.folder.glob("*.part"))


@pytest.mark.parametrize(("name", "kind"), [("articles.jsonl", Article), ("rejections.jsonl", Rejection)])
def test_lines_follow_the_schema(crawled: Crawled, name: str, kind: type) -> None:
    validator = Draft202012Validator(schema(kind))
    published = json.loads((ROOT / f"docs/schema/{kind.__name__.lower()}.schema.json").read_text("utf-8"))
    assert published == schema(kind)
    for line in (crawled.run.folder / name).read_bytes().splitlines():
        validator.validate(json.loads(line))


def test_lines_are_in_the_order_of_the_warc(crawled: Crawled) -> None:
    for records in (crawled.articles, crawled.rejections):
        places = [(record["warc"]["filename"], record["warc"]["offset"]) for record in records]
        assert places == sorted(places)


# ---------------------------------------------------------------------- pointers


def payload(crawled: Crawled, record: dict[str, Any]) -> bytes:
    """What a record points to, by warcio: the payload as sent, without content coding."""
    with (crawled.run.folder / record["warc"]["filename"]).open("rb") as handle:
        handle.seek(record["warc"]["offset"])
        return next(iter(ArchiveIterator(handle))).content_stream().read()


def test_warcio_finds_each_record_at_its_pointer(crawled: Crawled) -> None:
    for record in crawled.articles + crawled.rejections:
        warc = record["warc"]
        with (crawled.run.folder / warc["filename"]).open("rb") as handle:
            handle.seek(warc["offset"])
            found = next(iter(ArchiveIterator(handle)))
            head = found.rec_headers
            assert head.get_header("WARC-Record-ID") == f"<{warc['record_id']}>"
            assert head.get_header("WARC-Target-URI") == record["url"]
            assert head.get_header("WARC-Date") == warc["date"]
            assert head.get_header("WARC-Payload-Digest") == warc["payload_digest"]
            assert found.rec_type == warc["type"]
            assert int(found.http_headers.get_statuscode()) == record["http"]["status"]


def test_fastwarc_finds_each_record_at_its_pointer(crawled: Crawled) -> None:
    for record in crawled.articles + crawled.rejections:
        warc = record["warc"]
        with (crawled.run.folder / warc["filename"]).open("rb") as handle:
            handle.seek(warc["offset"])
            found = next(iter(FastIterator(handle, parse_http=False)))
            assert found.record_id.strip("<>") == warc["record_id"]
            assert found.headers["WARC-Target-URI"] == record["url"]
            assert found.headers["WARC-Payload-Digest"] == warc["payload_digest"]
            assert found.verify_block_digest()


def test_a_pointer_spans_exactly_its_record(crawled: Crawled) -> None:
    """Cut out by offset and length, the bytes are a WARC by themselves."""
    for record in crawled.articles[::7]:
        warc = record["warc"]
        with (crawled.run.folder / warc["filename"]).open("rb") as handle:
            handle.seek(warc["offset"])
            piece = handle.read(warc["length"])
        path = crawled.job.folder / "piece.warc.gz"
        path.write_bytes(piece)
        with path.open("rb") as handle:
            ids = [found.rec_headers.get_header("WARC-Record-ID") for found in ArchiveIterator(handle)]
        path.unlink()
        assert ids == [f"<{warc['record_id']}>"]


def test_both_readers_see_the_same_payload(crawled: Crawled) -> None:
    for record in crawled.articles[::5]:
        with (crawled.run.folder / record["warc"]["filename"]).open("rb") as handle:
            handle.seek(record["warc"]["offset"])
            found = next(iter(FastIterator(handle, parse_http=True, auto_decode="all")))
            assert found.reader.read() == payload(crawled, record)


def test_every_exchange_is_kept_with_its_request_and_how_it_was_found(crawled: Crawled) -> None:
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    for path in crawled.run.warcs:
        with path.open("rb") as handle:
            for found in ArchiveIterator(handle):
                about = found.rec_headers.get_header("WARC-Concurrent-To") or found.rec_headers.get_header(
                    "WARC-Record-ID"
                )
                kinds[about.strip("<>")][found.rec_type] += 1
    for record in crawled.articles + crawled.rejections:
        group = kinds[record["warc"]["record_id"]]
        assert (group["response"] + group["revisit"], group["request"]) == (1, 1)
        assert group["metadata"] >= 1


def test_articles_say_how_they_were_found(crawled: Crawled) -> None:
    for record in crawled.articles:
        found = record["discovery"]
        assert found["method"], record["url"]
        assert found["source_url"] and urlsplit(found["source_url"]).hostname, record["url"]
    methods = Counter(record["discovery"]["method"] for record in crawled.articles)
    assert len(methods) >= 3, methods


def test_titles_of_sources_are_read_right(crawled: Crawled) -> None:
    wrong = {
        record["url"]: record["discovery"]["title"]
        for address, record in crawled.by_canonical.items()
        if (title := record["discovery"]["title"])
        and "\u00c0" <= title[0] <= "\u00ff"
        and crawled.expected[address].language in ("ru", "el", "ar")
    }
    assert wrong == {}


# ---------------------------------------------------------------------- text and metadata


def exact(crawled: Crawled) -> dict[str, list[str]]:
    """Per outlet, the articles whose text is not exactly the expected paragraphs."""
    wrong: dict[str, list[str]] = {outlet: [] for outlet in sorted({item.outlet for item in crawled.truth})}
    for address, item in crawled.expected.items():
        record = crawled.by_canonical.get(address)
        if record is None or record["text"] != item.text:
            wrong[item.outlet].append(address)
    return wrong


def share(right: float, of: float) -> float:
    """Per cent, to one digit."""
    return round(100 * right / of, 1)


@pytest.fixture(scope="session")
def text_shares(crawled: Crawled) -> dict[str, float]:
    total = Counter(item.outlet for item in crawled.expected.values())
    wrong = exact(crawled)
    shares = {outlet: share(total[outlet] - len(addresses), total[outlet]) for outlet, addresses in wrong.items()}
    shares["all"] = share(total.total() - sum(map(len, wrong.values())), total.total())
    return shares


@pytest.fixture(scope="session")
def field_shares(crawled: Crawled) -> dict[str, float]:
    right: Counter[str] = Counter()
    for address, item in crawled.expected.items():
        record = crawled.by_canonical.get(address)
        if record is None:
            continue
        right["headline"] += record["headline"] == item.headline
        people = [author["name"] for author in record["authors"] if author["type"] == "Person"]
        right["authors"] += people == list(item.authors)
        right["date"] += item.agrees_on_date(record["date_published"])
        right["language"] += record["language"] == item.language
        right["canonical"] += record["canonical_url"] == item.canonical_url
        right["clean"] += not set(item.boilerplate) & set(record["text"].split("\n"))
    shares = {name: share(number, len(crawled.expected)) for name, number in right.items()}
    other = {item.url for item in crawled.truth if item.outcome != "article"}
    fetched = other & {record["url"] for record in crawled.articles + crawled.rejections}
    shares["rejected"] = share(len(fetched - {record["url"] for record in crawled.articles}), len(fetched))
    return shares


def test_text_is_exact(text_shares: dict[str, float]) -> None:
    assert {name: text_shares[name] for name, floor in FLOORS["text"].items() if text_shares[name] < floor} == {}


def test_fields_are_exact(field_shares: dict[str, float]) -> None:
    assert {name: field_shares[name] for name, floor in FLOORS["field"].items() if field_shares[name] < floor} == {}


def test_articles_are_pages_that_there_are(crawled: Crawled) -> None:
    known = {alias for item in crawled.truth for alias in (item.url, *item.aliases)}
    assert [record["url"] for record in crawled.articles if record["url"] not in known] == []


# ---------------------------------------------------------------------- the archive gives the records


@pytest.mark.parametrize("jobs", [1, 2])
def test_extract_gives_the_same_bytes(crawled: Crawled, tmp_path: Path, jobs: int) -> None:
    ended = scrapy("extract", *crawled.run.warcs, "-o", tmp_path / "again.jsonl", "--jobs", jobs)
    assert ended.status == 0, ended
    for ours, theirs in (("again.jsonl", "articles.jsonl"), ("again.rejections.jsonl", "rejections.jsonl")):
        assert (tmp_path / ours).read_bytes() == (crawled.run.folder / theirs).read_bytes()


def test_verify_says_that_all_is_well(crawled: Crawled) -> None:
    ended = scrapy("verify", crawled.job.folder)
    assert ended.status == 0, ended
    assert "all is well" in ended.out
    captures = len(crawled.articles) + len(crawled.rejections)
    assert f"{captures} captures = {len(crawled.articles)} articles + {len(crawled.rejections)} rejections" in ended.out


# ---------------------------------------------------------------------- how it is said


def test_the_table_of_outcomes(crawled: Crawled) -> None:
    rows = {line.split()[0]: line.split()[1:] for line in crawled.ended.out.splitlines() if line.split()}
    assert rows["all"][2] == str(len(crawled.articles))
    for outlet in {record["outlet"] for record in crawled.articles}:
        assert rows[outlet][4:] == ["·", "·"], "nothing waits and nothing failed"
