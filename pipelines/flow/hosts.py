"""What hosts say of rights where no crawl of ours has noted it: robots.txt and tdmrep.json in the same file."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from urllib.parse import urlsplit

from pipelines.model import Capture
from pipelines.text.decode import decode_content
from pipelines.text.hostfiles import ROBOTS_PATH, TDMREP_PATH, Host, origin_of

MOST_HOSTS = 1_000
"""Hosts kept, the last that were met: at some 10 kB each, 10 MB."""

MOST_MOVED = 20
"""Hosts that one file may speak for."""


class Hosts:
    """The hosts of one file, in its order: a page is judged by what was answered before it."""

    def __init__(self) -> None:
        self._hosts: OrderedDict[str, Host] = OrderedDict()
        self._moved: OrderedDict[str, tuple[str, ...]] = OrderedDict()
        """The hosts that have been redirected to an address for their file (RFC 9309, 2.3.1.2)."""

    def told(self, capture: Capture) -> Capture:
        """The capture with what is known of its host; one that is the host's own word is remembered."""
        try:
            parts, origin = urlsplit(capture.ref.url), origin_of(capture.ref.url)
        except ValueError:
            return capture
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
        origins = (*self._moved.pop(capture.ref.url, ()), origin)
        if 300 <= capture.status < 400:
            self._move(origins, capture)
            return
        for each in dict.fromkeys(origins):
            host = self._hosts.setdefault(each, Host())
            host.take(path, capture.ref.url, capture.status, body)
        while len(self._hosts) > MOST_HOSTS:
            self._hosts.popitem(last=False)

    def _move(self, origins: tuple[str, ...], capture: Capture) -> None:
        target = capture.leads_to()
        if target is not None and target != capture.ref.url:
            self._moved[target] = (*self._moved.pop(target, ()), *origins)[:MOST_MOVED]
            while len(self._moved) > MOST_HOSTS:
                self._moved.popitem(last=False)
