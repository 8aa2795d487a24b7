"""Exit statuses of the commands."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from pipelines.errors import BusyError, ConfigError, DiskFullError

if TYPE_CHECKING:
    from scrapy.crawler import Crawler


class ExitStatus(IntEnum):
    """How a crawl ended; the exit status of ``scrapy crawl`` and ``scrapy archive``."""

    COMPLETE = 0
    ERROR = 1
    USAGE = 2
    PARTIAL = 3
    """Ended, but some addresses could not be fetched."""
    DISK_FULL = 4
    BUSY = 5
    """Another run of the job is working."""
    INTERRUPTED = 6
    """Stopped by a signal or a limit of Scrapy's; start again to go on."""
    UNHEALTHY = 7
    """Ended (it would be 0 or 3), but an outlet is unhealthy, and ``--fail-on unhealthy`` was given."""

    @classmethod
    def of(cls, error: BaseException | None) -> ExitStatus:
        """The status that tells of an error."""
        kinds = {DiskFullError: cls.DISK_FULL, BusyError: cls.BUSY, ConfigError: cls.USAGE}
        return next((status for kind, status in kinds.items() if isinstance(error, kind)), cls.ERROR)


def exit_status(crawler: Crawler) -> ExitStatus:
    """How a crawl ended for the shell: as the crawl says, unless the job is to fail on outlets that do badly."""
    status: ExitStatus | None = crawler.broadsheet.status  # type: ignore[attr-defined]
    if status is None:
        return ExitStatus.ERROR
    health = getattr(crawler, "broadsheet_health", None)
    fail = crawler.settings["BROADSHEET_FAIL_ON"] == "unhealthy" and health is not None and health.unhealthy
    return ExitStatus.UNHEALTHY if fail and status in (ExitStatus.COMPLETE, ExitStatus.PARTIAL) else status
