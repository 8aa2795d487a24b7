"""Numbers for Prometheus: an endpoint while a crawl runs, a file for node_exporter when it has ended.

The text format (version 0.0.4) is written here; a client library would bring registries and threads for forty lines.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy import Spider, signals
from scrapy.exceptions import NotConfigured
from twisted.internet.error import CannotListenError
from twisted.web.resource import Resource
from twisted.web.server import Request, Site

from crawler import signals as ours
from crawler.status import exit_status
from crawler.watch.checkup import by_outlet
from crawler.watch.tally import OTHER
from pipelines import VERSION, clock
from pipelines.flow.files import atomically
from pipelines.model import Article, CaptureRef, Change, Outcome, Provenance

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from crawler.crawl import Crawl

logger = logging.getLogger(__name__)

CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"

Labels = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Metric:
    """A family of samples: one number for each set of labels."""

    name: str
    kind: str
    help: str
    values: dict[Labels, float] = field(default_factory=dict)

    def set(self, value: float, **labels: str) -> None:
        self.values[tuple(labels.items())] = value

    def inc(self, amount: float = 1, **labels: str) -> None:
        key = tuple(labels.items())
        self.values[key] = self.values.get(key, 0) + amount

    def lines(self) -> Iterator[str]:
        yield f"# HELP {self.name} {_escaped(self.help)}"
        yield f"# TYPE {self.name} {self.kind}"
        for labels, value in self.values.items():
            inside = ",".join(f'{name}="{_escaped(text, quotes=True)}"' for name, text in labels)
            yield f"{self.name}{{{inside}}} {_number(value)}" if inside else f"{self.name} {_number(value)}"


def exposition(metrics: Mapping[str, Metric]) -> str:
    """All of them in the text format. Families without samples are left out."""
    return "".join(f"{line}\n" for metric in metrics.values() if metric.values for line in metric.lines())


def _escaped(text: str, *, quotes: bool = False) -> str:
    text = text.replace("\\", "\\\\").replace("\n", "\\n")
    return text.replace('"', '\\"') if quotes else text


def _number(value: float) -> str:
    if math.isinf(value) or math.isnan(value):
        return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if value == int(value) else repr(float(value))


FAMILIES = (
    ("broadsheet_build_info", "gauge", "The version that runs; always 1."),
    ("broadsheet_captures_total", "counter", "Responses archived in this run."),
    ("broadsheet_written_bytes_total", "counter", "Bytes of responses written to WARC files in this run."),
    ("broadsheet_articles_total", "counter", "New articles recorded in this run."),
    ("broadsheet_versions_total", "counter", "New versions of known articles recorded in this run."),
    ("broadsheet_deletions_total", "counter", "Articles found deleted in this run."),
    ("broadsheet_rejections_total", "counter", "Captures of this run that are no article, by reason."),
    ("broadsheet_waiting_addresses", "gauge", "Addresses that wait to be fetched."),
    ("broadsheet_failed_addresses", "gauge", "Addresses given up in this run."),
    ("broadsheet_unparsed_captures", "gauge", "Captures that have no outcome yet."),
    ("broadsheet_run_start_timestamp_seconds", "gauge", "When this run, or the one before it, was begun."),
    ("broadsheet_last_run_end_timestamp_seconds", "gauge", "When the last run ended."),
    ("broadsheet_last_run_exit_status", "gauge", "Its exit status, see docs/operations.md."),
    ("broadsheet_last_run_duration_seconds", "gauge", "How long its last process took."),
    ("broadsheet_outlet_healthy", "gauge", "1 if the outlet does as well as usual or is still new, 0 if unhealthy."),
    ("broadsheet_outlet_finding", "gauge", "1 for each kind of thing that is wrong with an outlet."),
)


class Metrics:
    """Scrapy's extension."""

    def __init__(self, crawler: Crawler, port: int | None, file: Path | None) -> None:
        self._crawler = crawler
        self._crawl: Crawl = crawler.broadsheet  # type: ignore[attr-defined]
        self._port, self._file = port, file
        self._listening: Any = None
        self._captured = self._settled = 0
        self._metrics = {name: Metric(name, kind, text) for name, kind, text in FAMILIES}
        self._job = self._crawl.job.name
        self._metrics["broadsheet_build_info"].set(1, version=VERSION)
        self._begin()
        crawler.signals.connect(self._take_capture, ours.captured)
        crawler.signals.connect(self._take_outcome, ours.settled)
        crawler.signals.connect(self._opened, signals.spider_opened)
        crawler.signals.connect(self._stopped, signals.engine_stopped)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Metrics:
        port, file = crawler.settings["BROADSHEET_METRICS_PORT"], crawler.settings["BROADSHEET_METRICS_FILE"]
        if (port in (None, "") and not file) or not hasattr(crawler, "broadsheet"):
            raise NotConfigured  # without a word, or Scrapy warns of it in each run
        return cls(crawler, None if port in (None, "") else int(port), Path(file) if file else None)

    def _begin(self) -> None:
        """Outlets start at nought, so that rates hold from the first scrape on; a resumed run starts as it was left."""
        for outlet in self._crawl.job.outlets:
            for name in ("articles", "versions", "deletions"):
                self._metrics[f"broadsheet_{name}_total"].set(0, crawl=self._job, outlet=outlet.name)
        ledger, number = self._crawl.live.ledger, self._crawl.live.run.number
        sql = (
            "SELECT outlet, role, status, outcome, count(*), sum(length) FROM capture WHERE run = ?"
            " GROUP BY outlet, role, status, outcome"
        )
        for outlet, role, status, outcome, count, length in ledger.execute(sql, (number,)):
            self._count_capture(outlet, role, status or 0, count, length)
            self._captured += count
            self._settled += count * (outcome is not None)
            if outcome not in (None, "article"):
                labels = {"crawl": self._job, "outlet": outlet or OTHER}
                self._metrics["broadsheet_rejections_total"].inc(count, **labels, reason=outcome)
        if self._crawl.live.resumed:
            self._read_records()
        (started,) = ledger.execute("SELECT started FROM run WHERE id = ?", (number,)).fetchone()
        at = datetime.fromisoformat(started).timestamp()
        self._metrics["broadsheet_run_start_timestamp_seconds"].set(round(at, 3), crawl=self._job)

    def _read_records(self) -> None:
        """What the processes before this one recorded in the run."""
        folder = self._crawl.live.folder
        for outlet, records in by_outlet(folder / "articles.jsonl").items():
            for record in records:
                name = "articles" if record["version"]["number"] == 1 else "versions"
                self._metrics[f"broadsheet_{name}_total"].inc(crawl=self._job, outlet=outlet)
        for outlet, changes in by_outlet(folder / "changes.jsonl").items():
            gone = sum(change["kind"] == "deletion" for change in changes)
            self._metrics["broadsheet_deletions_total"].inc(gone, crawl=self._job, outlet=outlet)

    # ------------------------------------------------------------------ what happens

    def _take_capture(self, ref: CaptureRef, provenance: Provenance, status: int) -> None:
        self._captured += 1
        self._count_capture(provenance.outlet, str(provenance.role), status, 1, ref.length)

    def _count_capture(self, outlet: str | None, role: str, status: int, count: int, length: int) -> None:
        labels = {"crawl": self._job, "outlet": outlet or OTHER}
        kind = f"{status // 100}xx" if 100 <= status < 600 else "other"
        self._metrics["broadsheet_captures_total"].inc(count, **labels, role=role, status=kind)
        self._metrics["broadsheet_written_bytes_total"].inc(length, **labels)

    def _take_outcome(self, outcome: Outcome, change: Change | None) -> None:
        self._settled += 1
        labels = {"crawl": self._job, "outlet": outcome.outlet or OTHER}
        if not isinstance(outcome, Article):
            self._metrics["broadsheet_rejections_total"].inc(**labels, reason=outcome.reason)
        elif outcome.version.number == 1:
            self._metrics["broadsheet_articles_total"].inc(**labels)
        else:
            self._metrics["broadsheet_versions_total"].inc(**labels)
        if change is not None and change.kind == "deletion":
            self._metrics["broadsheet_deletions_total"].inc(**labels)

    def text(self) -> str:
        """The metrics as they stand."""
        self._crawl.tallies.total()  # brings the frontier's counts up to date
        for outlet, tally in self._crawl.tallies.outlets.items():
            labels = {"crawl": self._job, "outlet": outlet}
            self._metrics["broadsheet_waiting_addresses"].set(tally.waiting, **labels)
            self._metrics["broadsheet_failed_addresses"].set(tally.failed, **labels)
        self._metrics["broadsheet_unparsed_captures"].set(self._captured - self._settled, crawl=self._job)
        return exposition(self._metrics)

    # ------------------------------------------------------------------ the endpoint and the file

    def _opened(self, spider: Spider) -> None:
        if self._port is None:
            return
        from twisted.internet import reactor

        listen: Any = reactor
        try:
            port = listen.listenTCP(self._port, Site(_Root(self)), interface="127.0.0.1")  # type: ignore[no-untyped-call]
        except CannotListenError as error:  # another crawl may have it: no reason not to crawl
            logger.error("metrics cannot be served on port %s: %s", self._port, error)
            return
        self._listening = port
        logger.info("metrics are served at http://127.0.0.1:%d/metrics", port.getHost().port)

    def _stopped(self) -> None:
        if self._listening is not None:
            self._listening.stopListening()
            self._listening = None
        if self._file is not None:
            self._finish()
            try:
                self._file.parent.mkdir(parents=True, exist_ok=True)
                with atomically(self._file) as handle:
                    handle.write(self.text().encode())
                self._file.chmod(0o644)  # node_exporter is another user
            except OSError as error:
                logger.error("metrics cannot be written to %s: %s", self._file, error.strerror)

    def _finish(self) -> None:
        now = clock.now()
        for name, value in (
            ("end_timestamp_seconds", now),
            ("exit_status", exit_status(self._crawler)),
            ("duration_seconds", now - self._crawl.started),
        ):
            self._metrics[f"broadsheet_last_run_{name}"].set(round(float(value), 3), crawl=self._job)
        health = getattr(self._crawler, "broadsheet_health", None)
        if health is None or health.document is None:
            return
        for name, outlet in health.document["outlets"].items():
            labels = {"crawl": self._job, "outlet": name}
            self._metrics["broadsheet_outlet_healthy"].set(outlet["verdict"] != "unhealthy", **labels)
            for finding in outlet["findings"]:
                self._metrics["broadsheet_outlet_finding"].set(1, **labels, kind=finding["kind"])


class _Root(Resource):
    """``/metrics``, and nothing else."""

    def __init__(self, metrics: Metrics) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.putChild(b"metrics", _Page(metrics))  # type: ignore[arg-type]


class _Page(Resource):
    isLeaf = True

    def __init__(self, metrics: Metrics) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._metrics = metrics

    def render_GET(self, request: Request) -> bytes:
        request.setHeader(b"content-type", CONTENT_TYPE)  # type: ignore[no-untyped-call]
        return self._metrics.text().encode()
