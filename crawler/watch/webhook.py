"""Tells an address of the user's when an outlet becomes unhealthy or recovers: ``BROADSHEET_WEBHOOK``.

It is the user's own server, so none of the crawl's rules (robots.txt, the address guard, the archive) apply. The run is
over by then: whatever goes wrong here is logged, and tried again by the next run.
"""

from __future__ import annotations

import json
import logging
import threading
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from scrapy import signals
from scrapy.exceptions import NotConfigured

from pipelines import VERSION

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from crawler.watch.checkup import Health

logger = logging.getLogger(__name__)

SECONDS = 10.0
"""For the whole exchange."""

TOLD = ".webhook.json"
"""In the job's folder: the unhealthy outlets that the address was told of last."""


class Webhook:
    """Scrapy's extension."""

    def __init__(self, crawler: Crawler, url: str) -> None:
        self._health: Health = crawler.broadsheet_health  # type: ignore[attr-defined]
        self._job: Path = crawler.broadsheet.live.folder.parent.parent  # type: ignore[attr-defined]
        self._url = url
        crawler.signals.connect(self._stopped, signals.engine_stopped)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Webhook:
        url = crawler.settings["BROADSHEET_WEBHOOK"]
        if not url or not hasattr(crawler, "broadsheet_health"):
            raise NotConfigured  # without a word, or Scrapy warns of it in each run
        return cls(crawler, url)

    def _stopped(self) -> None:
        if self._health.document is not None:
            tell(self._url, self._health.document, self._job / TOLD)


def tell(url: str, document: dict[str, Any], told: Path, seconds: float = SECONDS) -> bool:
    """Send a verdict if other outlets are unhealthy than those that were told last. Whether it arrived."""
    unhealthy = sorted(name for name, each in document["outlets"].items() if each["verdict"] == "unhealthy")
    if unhealthy == _last(told):
        return False
    failure = ["no answer in time"]
    # A thread, since a server that drips a byte now and then keeps a socket's time-out from ever striking.
    sender = threading.Thread(target=_send, args=(url, document, seconds, failure), daemon=True)
    sender.start()
    sender.join(seconds)
    host = urlsplit(url).hostname  # the rest may be a secret
    if failure:
        logger.warning("the webhook at %s was not told: %s; the next run tries again", host, failure[0])
        return False
    try:
        told.write_text(json.dumps(unhealthy) + "\n", "utf-8")
    except OSError as error:
        logger.warning("%s cannot be written, the webhook will be told again: %s", told, error.strerror)
    logger.info("the webhook at %s was told: %s", host, document["verdict"])
    return True


def _last(told: Path) -> list[str]:
    try:
        value = json.loads(told.read_text("utf-8"))
    except (OSError, ValueError):
        return []
    return value if isinstance(value, list) else []


class _Direct(HTTPRedirectHandler):
    """A redirect would turn the POST into a GET, which tells nobody anything."""

    def redirect_request(self, *arguments: Any) -> None:
        return None


def _send(url: str, document: dict[str, Any], seconds: float, failure: list[str]) -> None:
    body = json.dumps(document, ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json", "User-Agent": f"Broadsheet/{VERSION}"}
    try:
        with build_opener(_Direct).open(Request(url, body, headers), timeout=seconds):
            failure.clear()
    except HTTPError as error:
        failure[:] = [f"it answered {error.code}"]
    except (OSError, HTTPException, ValueError) as error:
        failure[:] = [str(getattr(error, "reason", error))]
