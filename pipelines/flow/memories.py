"""Which site memory a capture is refined with.

A WARC notes each version of a site's memory when it starts to be used. The rule that the live crawl and every
later reading share: a capture is refined with the last memory of its site noted before it, else with the first
noted after it (it was held back), else with none.
"""

from __future__ import annotations

import shutil
import tempfile
from bisect import bisect
from pathlib import Path

from pipelines.model import Role
from pipelines.text.sites import SiteMemory

MEMORY_TYPE = "application/vnd.broadsheet.site-memory+json"
"""Content type of the metadata record that notes a memory."""

HISTORY_TYPE = "application/vnd.broadsheet.history+json"
"""Content type of the metadata record that notes which earlier version a capture was compared with."""

Place = tuple[str, int]
"""File name and offset of a record: names of one run's WARCs sort in the order of writing."""

EVERYWHERE: Place = ("", 0)
"""The place of a memory that holds for all captures."""


def wants_memory(role: Role, status: int) -> bool:
    """Whether a capture is refined with site memory: pages that may be articles are, all others never."""
    return status == 200 and role in (Role.ARTICLE, Role.SECTION)


class Memories:
    """The memories of all sites of a run, and where each starts to hold.

    Each memory also stands in a file of a folder of their own, so that a worker process reads it once
    instead of being sent it with every page. ``folder`` is made anew, and gone after ``close``.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._sites: dict[str, list[tuple[Place, SiteMemory]]] = {}
        self._folder = Path(tempfile.mkdtemp(prefix="broadsheet-")) if folder is None else folder
        shutil.rmtree(self._folder, ignore_errors=True)  # what a killed process left
        self._folder.mkdir(parents=True)

    def add(self, site: str, place: Place, memory: SiteMemory) -> None:
        known = self._sites.setdefault(site, [])
        known.append((place, memory))
        known.sort(key=lambda item: item[0])
        path = self._path(memory)
        if not path.exists():
            path.write_text(memory.to_json(), "utf-8")

    def at(self, site: str, place: Place) -> SiteMemory | None:
        """The memory that a capture at a place is refined with."""
        known = self._sites.get(site)
        if not known:
            return None
        return known[max(0, bisect(known, place, key=lambda item: item[0]) - 1)][1]

    def latest(self, site: str) -> SiteMemory | None:
        known = self._sites.get(site)
        return known[-1][1] if known else None

    def file(self, memory: SiteMemory | None) -> Path | None:
        return self._path(memory) if memory else None

    def _path(self, memory: SiteMemory) -> Path:
        return self._folder / f"{memory.digest}.json"

    def close(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
