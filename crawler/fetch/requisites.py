"""Who needs whom: the requisites of each page in the ledger, and at the end what of a page is missing.

What was found in a document is noted in the transaction that puts it into the frontier, so a kill parts neither. Only
addresses are kept here; what became of them say the frontier and the captures. Nothing is held in memory.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from scrapy import Request

from crawler.discovery import Discovered
from crawler.discovery.requisites import MAX_DEPTH
from crawler.discovery.urls import normalise
from crawler.fetch.frontier import AGAIN
from crawler.fetch.outcome import status_in_words
from pipelines.model import ONWARD, Candidate, Role
from pipelines.records.ledger import Ledger, State

Missing = tuple[str, str]
"""An address, and why it is not in the archive as it should be."""

TOO_MANY = "#"
"""Begins a key that is no address: ``#7`` are seven requisites that were too many."""

_NEEDED = """
    WITH RECURSIVE needed(key) AS (
        SELECT key FROM requisite WHERE page = ?
        UNION SELECT requisite.key FROM needed JOIN requisite ON requisite.page = needed.key
    )
"""
"""All that a page needs, by way of its style sheets, frames and redirects, too. Circles end."""

_STATE = """
    SELECT needed.key, frontier.url, frontier.state, frontier.reason, capture.status, capture.whole
    FROM needed LEFT JOIN frontier ON frontier.key = needed.key
    LEFT JOIN capture ON capture.id = (SELECT max(id) FROM capture WHERE url = frontier.url)
    ORDER BY frontier.id
"""


class Requisites:
    """The requisites of a job's pages."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def note(self, page: str, found: Discovered, limit: int) -> Discovered:
        """Keep what the document at the address `page` needs and where it sends its reader; gives what of it is to be
        fetched.

        What a page needs counts together with what its style sheets and frames need: beyond `limit`, nothing is
        fetched. What has been found before in the same document is forgotten, unless nothing is found now.
        """
        key = _key(page)
        needed = [each for each in found.candidates if _needs(each)]
        if not needed and not found.beyond:
            return found
        root = self._root(key)
        self._ledger.execute("DELETE FROM requisite WHERE page = ?", (key,))
        room = limit if root == key else limit - self._count(root, limit)
        kept: list[Candidate] = []
        beyond = found.beyond
        for candidate in found.candidates:
            if candidate.role is Role.REQUISITE and candidate.method not in ONWARD:
                if room <= 0:
                    beyond += 1
                    continue
                room -= 1
            kept.append(candidate)
        keys = [_key(each.url) for each in kept if _needs(each)]
        if beyond:
            keys.append(f"{TOO_MANY}{beyond}")
        for each in keys:
            self._ledger.execute("INSERT OR IGNORE INTO requisite VALUES (?, ?)", (key, each))
        return dataclasses.replace(found, candidates=tuple(kept), beyond=beyond)

    def _root(self, key: str) -> str:
        """The page for which a requisite was first wanted; of a page, itself."""
        for _ in range(4 * MAX_DEPTH):  # there may be redirects between
            sql = "SELECT source_url FROM frontier WHERE key = ? AND role = 'requisite'"
            row = self._ledger.execute(sql, (key,)).fetchone()
            if row is None or not row[0]:
                break
            key = _key(row[0])
        return key

    def _count(self, page: str, most: int) -> int:
        sql = f"{_NEEDED} SELECT count(*) FROM (SELECT 1 FROM needed WHERE substr(key, 1, 1) <> ? LIMIT ?)"
        count: int = self._ledger.execute(sql, (page, TOO_MANY, most)).fetchone()[0]
        return count

    # ------------------------------------------------------------------ the end

    def needed(self, page: str) -> list[str]:
        """The keys, in the frontier, of all that a page needs."""
        rows = self._ledger.execute(f"{_NEEDED} SELECT key FROM needed", (_key(page),))
        return [key for (key,) in rows if not key.startswith(TOO_MANY)]

    def missing(self, page: str) -> list[Missing]:
        """What of all that a page needs is not in the archive, and why, in the order in which it was found."""
        return list(self._missing(page))

    def complete(self, page: str) -> bool:
        """Whether a page is in the archive, and nothing is missing of it."""
        row = self._ledger.execute("SELECT state, reason, url FROM frontier WHERE key = ?", (_key(page),)).fetchone()
        if row is None or _why(row[0], row[1], *self._last(row[2])):
            return False
        return next(self._missing(page), None) is None

    def _missing(self, page: str) -> Iterator[Missing]:
        for key, url, state, reason, status, whole in self._ledger.execute(_NEEDED + _STATE, (_key(page),)):
            if key.startswith(TOO_MANY):
                yield page, f"{key[1:]} more are beyond the limit"
                continue
            if status is None and state == State.DONE:
                status, whole = self._last(url)
            if why := _why(state, reason, status, whole):
                yield url or key, why

    def _last(self, url: str) -> tuple[int | None, int | None]:
        """Status and wholeness of the last capture of an address, as it was found or as Scrapy writes it."""
        sql = "SELECT status, whole FROM capture WHERE url IN (?, ?) ORDER BY id DESC LIMIT 1"
        row = self._ledger.execute(sql, (url, Request(url).url)).fetchone()
        return row or (None, None)


def _needs(candidate: Candidate) -> bool:
    """Whether a page is not whole without what it names: its requisites, and the page that it sends its reader to."""
    return candidate.role is Role.REQUISITE or candidate.method in ONWARD


def _key(url: str) -> str:
    """Of an address, or of an address that a chain of redirects came back to."""
    url = url.removesuffix(AGAIN.format(""))
    return normalise(url) or url


def _why(state: int | None, reason: str | None, status: int | None, whole: int | None) -> str:
    """Why something is missing; nothing if it is not."""
    if state is None:
        return "never asked for"
    if state == State.DONE:
        if status is None:
            return "not in the archive"
        if status >= 400:
            return status_in_words(status).removeprefix("HTTP status ")
        return "" if whole else "cut off"
    if state in (State.FAILED, State.REFUSED):
        return reason or ("refused" if state == State.REFUSED else "failed")
    return f"not fetched: {reason}" if reason else "not fetched yet"


__all__ = ["Missing", "Requisites"]
