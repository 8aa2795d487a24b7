"""What hosts say of rights where no crawl of ours has noted it: robots.txt and tdmrep.json in the same file."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from urllib.parse import urlsplit

from pipelines.model import Capture
from pipelines.text.decode import decode_content
from pipelines.text.hostfiles import ROBOTS_PATH, TDMREP_PATH, Host

MOST_HOSTS = 1_000
"""Hosts kept, the last that were met: at some 10 kB each, 10 MB."""


class Hosts:
    """The hosts of one file, in its order: a page is judged by what was answered before it."""

    def __init__(self) -> None:
        self._hosts: OrderedDict[str, Host] = OrderedDict()

    def told(self, capture: Capture) -> Capture:
        """The capture with what is known of its host; one that is the host's own word is remembered."""
        try:
            parts = urlsplit(capture.ref.url)
        except ValueError:
            return capture
        origin = f"{parts.scheme.lower()}://{parts.netloc.lower()}"
        if parts.path in (ROBOTS_PATH, TDMREP_PATH) and not parts.query:
            self._take(origin, parts.path, capture)
        elif (host := self._hosts.get(origin)) is not None and (signals := host.of(capture.ref.url)) is not None:
            self._hosts.move_to_end(origin)
            return replace(capture, provenance=replace(capture.provenance, signals=signals))
        return capture

    def _take(self, origin: str, path: str, capture: Capture) -> None:
        if capture.truncated or capture.ref.type == "revisit":
            return
        try:
            body = decode_content(capture)
        except ValueError:
            return
        host = self._hosts.setdefault(origin, Host())
        host.take(path, capture.ref.url, capture.status, body)
        while len(self._hosts) > MOST_HOSTS:
            self._hosts.popitem(last=False)
