"""Exit statuses of the commands."""

from __future__ import annotations

from enum import IntEnum

from pipelines.errors import BusyError, ConfigError, DiskFullError


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

    @classmethod
    def of(cls, error: BaseException | None) -> ExitStatus:
        """The status that tells of an error."""
        kinds = {DiskFullError: cls.DISK_FULL, BusyError: cls.BUSY, ConfigError: cls.USAGE}
        return next((status for kind, status in kinds.items() if isinstance(error, kind)), cls.ERROR)
