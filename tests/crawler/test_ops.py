"""Scheduled runs as the system sees them: exit statuses, health, metrics, unusable settings, one at a time."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from scrapy.exceptions import UsageError
from scrapy.settings import Settings

from crawler.checks import check
from crawler.commands.health import job_folder, read_past
from pipelines.errors import ConfigError
from sampleweb import DEFAULT_CLOCK, Incident, SampleWeb
from tests.crawler.shell import Ended, JobFile, job_file, scrapy, started, until
from tests.crawler.watch.strict import read

# ---------------------------------------------------------------- a feed that dies


@dataclass
class Hours:
    """Three hourly runs of one outlet: its feed is dead from the second on."""

    job: JobFile
    ended: list[Ended]
    metrics: list[dict[Any, float]]

    def health(self, run: int) -> dict[str, Any]:
        return json.loads((self.job.runs[run].folder / "health.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def hours(tmp_path_factory: pytest.TempPathFactory) -> Hours:
    folder = tmp_path_factory.mktemp("ops")
    dead = Incident(outlet="birken", kind="dead-feed", start=DEFAULT_CLOCK + timedelta(minutes=30))
    ended, metrics = [], []
    with SampleWeb(outlets=["birken"], incidents=[dead]) as web:
        job = job_file(folder, [(outlet.key, outlet.home) for outlet in web.outlets], name="hourly")
        for _ in range(3):
            prom = folder / "metrics" / "broadsheet.prom"
            ended.append(
                job.crawl(
                    "--fail-on", "unhealthy", "-s", f"BROADSHEET_NOW={web.clock.isoformat()}",
                    "-s", f"BROADSHEET_METRICS_FILE={prom}", "-a", "pages=6", "-a", "depth=0",
                )
            )  # fmt: skip
            metrics.append(read(prom.read_text("utf-8")))
            web.advance(hours=1)
    return Hours(job, ended, metrics)


def test_the_exit_status_tells_of_an_unhealthy_outlet(hours: Hours) -> None:
    assert [each.status for each in hours.ended] == [0, 0, 7], "\n".join(map(str, hours.ended))


def test_the_summary_names_the_likely_cause(hours: Hours) -> None:
    assert "Unhealthy" not in hours.ended[1].out
    lines = hours.ended[2].out.splitlines()
    (first,) = (number for number, line in enumerate(lines) if line.startswith("Unhealthy: "))
    text = re.sub(r"\s+", " ", " ".join(lines[first : first + 3]))
    assert text.startswith(
        "Unhealthy: birken: the feed /feeds/atom.xml answers 404 since 2026-09-30 13:00 UTC; articles"
    )
    assert all(len(line) <= 80 for line in lines[first : first + 3])


def test_health_json_of_run_and_job(hours: Hours) -> None:
    verdicts = [hours.health(run)["outlets"]["birken"]["verdict"] for run in range(3)]
    assert verdicts == ["learning", "learning", "unhealthy"]
    last = hours.health(2)
    assert json.loads((hours.job.folder / "health.json").read_text("utf-8")) == last
    assert last["changed"] == ["birken"]
    (finding,) = last["outlets"]["birken"]["findings"]
    assert (finding["kind"], finding["evidence"]["answer"]) == ("feed-gone", "404")
    assert finding["since"].startswith("2026-09-30T13:0")
    assert last["outlets"]["birken"]["figures"]["new_24h"] == len(
        [record for run in hours.job.runs for record in run.articles if record["version"]["number"] == 1]
    )


def test_run_json_has_the_verdict(hours: Hours) -> None:
    health = hours.job.runs[2].summary["health"]
    assert health["verdict"] == "unhealthy"
    assert [each["kind"] for each in health["unhealthy"]["birken"]] == ["feed-gone"]
    assert hours.job.runs[1].summary["health"] == {"verdict": "learning", "unhealthy": {}}


def test_the_metrics_file_agrees_with_run_json(hours: Hours) -> None:
    for run, samples, ended in zip(hours.job.runs, hours.metrics, hours.ended, strict=True):
        counts = run.summary["counts"]
        assert _sum(samples, "broadsheet_captures_total") == counts["captures"]
        assert _sum(samples, "broadsheet_rejections_total") == sum(counts["rejections"].values())
        written = _sum(samples, "broadsheet_articles_total") + _sum(samples, "broadsheet_versions_total")
        assert written == counts["articles"]
        assert _sum(samples, "broadsheet_unparsed_captures") == 0
        assert _sum(samples, "broadsheet_last_run_exit_status") == ended.status
    healthy = [_sum(samples, "broadsheet_outlet_healthy") for samples in hours.metrics]
    assert healthy == [1, 1, 0]
    kinds = {dict(labels)["kind"] for name, labels in hours.metrics[2] if name == "broadsheet_outlet_finding"}
    assert kinds == {"feed-gone"}


def _sum(samples: dict[Any, float], name: str) -> float:
    return sum(value for (each, _), value in samples.items() if each == name)


def test_the_command_shows_the_verdict(hours: Hours) -> None:
    ended = scrapy("health", hours.job.path)
    assert ended.status == 7, ended
    assert re.search(r"^birken +unhealthy +0 0 0 0 0 0 \d+ ", ended.out, re.MULTILINE)
    assert "birken: feed-gone since 2026-09-30 13:00 UTC" in ended.out
    assert all(len(line) <= 80 for line in ended.out.splitlines())


def test_the_command_reads_each_day_of_the_past(hours: Hours) -> None:
    assert job_folder(str(hours.job.path)) == job_folder(str(hours.job.folder)) == hours.job.folder
    document = hours.health(2)
    past = read_past(hours.job.folder / "ledger.sqlite3", document, 3)
    assert past == {"birken": [0, 0, document["outlets"]["birken"]["figures"]["new_24h"]]}


def test_the_command_says_what_is_missing(tmp_path: Path) -> None:
    ended = scrapy("health", tmp_path)
    assert ended.status == 2, ended
    assert ended.err.strip().endswith(f"{tmp_path} has no health.json: no run of the job has ended yet")
    for name in ("none", "none.toml"):
        with pytest.raises(UsageError, match="none"):
            job_folder(str(tmp_path / name))


# ---------------------------------------------------------------- one run at a time, and the endpoint


def test_of_two_runs_started_together_one_works_and_one_says_so(
    small_web: Callable[..., SampleWeb], new_job: Callable[..., JobFile], tmp_path: Path
) -> None:
    web = small_web("halvern")
    job = new_job(web, delay=0.2)
    log = tmp_path / "log"
    options = ("-s", "ALLOW_PRIVATE_ADDRESSES=1", "-s", "BROADSHEET_METRICS_PORT=0", "--logfile", log)
    with started("crawl", "news", "-a", f"job={job.path}", *options) as process:
        until(lambda: len(web.requests) > 3)
        ended = job.crawl()
        assert ended.status == 5, ended
        assert ended.err.strip().splitlines()[-1] == (
            f"scrapy: another run works on {job.folder} (process {process.pid}): let it end first"
        )
        assert ended.seconds < 30
        (address,) = re.findall(r"metrics are served at (http://127\.0\.0\.1:\d+/metrics)", log.read_text("utf-8"))
        with urllib.request.urlopen(address, timeout=10) as answer:
            assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
            samples = read(answer.read().decode())
        assert _sum(samples, "broadsheet_captures_total") >= 3
        assert _sum(samples, "broadsheet_waiting_addresses") > 0
        assert ("broadsheet_articles_total", (("crawl", "job"), ("outlet", "halvern"))) in samples


# ---------------------------------------------------------------- settings that cannot be used


def test_a_setting_that_cannot_be_used_is_a_usage_error() -> None:
    settings = ("-s", "BROADSHEET_WORKERS=abc", "-s", "BROADSHEET_NOW=tomorrow")
    ended = scrapy("archive", "http://127.0.0.1:9/", *settings)
    assert ended.status == 2, ended
    assert (
        ended.err.strip()
        .splitlines()[-1]
        .endswith(
            "BROADSHEET_WORKERS takes a whole number from 1 to 1024, not 'abc'; "
            "BROADSHEET_NOW takes an instant such as 2026-06-01T10:00:00Z, not 'tomorrow'"
        )
    )
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(("name", "bad"), [
    ("BROADSHEET_WORKERS", "0"), ("BROADSHEET_WORKERS", "1.5"), ("BROADSHEET_PARSE_SECONDS", "-1"),
    ("BROADSHEET_PARSE_SECONDS", "nan"), ("BROADSHEET_PARSE_MEGABYTES", "2G"), ("BROADSHEET_WARC_BYTES", ""),
    ("BROADSHEET_MAX_DISK", "-5"), ("BROADSHEET_CONNECT_TIMEOUT", "inf"), ("BROADSHEET_PORTS", "80,http"),
    ("BROADSHEET_PORTS", "80,70000"), ("BROADSHEET_METRICS_PORT", "65536"), ("BROADSHEET_METRICS_PORT", "all"),
    ("BROADSHEET_WEBHOOK", "ftp://x/"), ("BROADSHEET_WEBHOOK", "example.org/hook"), ("BROADSHEET_FAIL_ON", "ill"),
    ("ROBOTSTXT_OBEY", "maybe"), ("ALLOW_PRIVATE_ADDRESSES", "yes"),
    ("DOWNLOAD_DELAY", "fast"), ("CONCURRENT_REQUESTS", "0"),
])  # fmt: skip
def test_bad_values(name: str, bad: str) -> None:
    with pytest.raises(ConfigError, match=f"^{name} takes .*, not '{re.escape(bad)}'$"):
        check(_settings(**{name: bad}))


def test_good_values_and_all_bad_ones_in_one_line() -> None:
    check(_settings())
    check(_settings(
        BROADSHEET_METRICS_PORT="0", BROADSHEET_WEBHOOK="https://hooks.example/a?b=c", BROADSHEET_PORTS="80, 443",
        BROADSHEET_NOW="2026-06-01T10:00:00+02:00", BROADSHEET_FAIL_ON="unhealthy", ALLOW_PRIVATE_ADDRESSES="True",
        DOWNLOAD_DELAY="0", BROADSHEET_PARSE_SECONDS="2.5",
    ))  # fmt: skip
    with pytest.raises(ConfigError) as caught:
        check(_settings(BROADSHEET_WORKERS="x", BROADSHEET_MAX_DISK="y"))
    assert str(caught.value).count(" takes ") == 2
    assert "\n" not in str(caught.value)


def _settings(**values: str) -> Settings:
    settings = Settings()
    settings.setmodule("crawler.settings", "project")
    settings.setdict(values, "cmdline")
    return settings


# ---------------------------------------------------------------- deploy/


def test_what_is_deployed_calls_options_that_exist() -> None:
    """The unit and the crontab start a crawl as its help describes it."""
    root = Path(__file__).parents[2]
    options = scrapy("crawl", "--help").out
    for name in ("broadsheet@.service", "crontab"):
        text = (root / "deploy" / name).read_text("utf-8")
        commands = [line for line in text.splitlines() if "scrapy crawl news" in line and not line.startswith("#")]
        assert commands
        for option in re.findall(r"\s(--[a-z-]+)", commands[-1]):
            assert option in options
        statuses = re.search(r"^SuccessExitStatus=(.*)$|in 0\|([\d|]+)\)", text, re.MULTILINE)
        assert statuses is not None
        assert re.findall(r"\d", statuses[1] or statuses[2]) == ["3", "5", "6"]
