"""Every error Broadsheet raises on purpose.

::

    BroadsheetError            the message says what happened and what to do
    ├── ConfigError            a job file, option or setting cannot be used: correct it and start again
    ├── ArchiveError           a WARC cannot be read or is not what it claims to be
    │   └── RecordError        one record of it is damaged; the rest can be read
    ├── CaptureError           what was fetched could not be written: stop, nothing acknowledged is lost
    │   └── DiskFullError      no space (or the limit set by the user): make room, start again
    ├── LedgerError            the ledger cannot be used
    │   └── BusyError          another process works on this job: let it finish
    └── ExtractError           the parser gave up on one page (time, memory or a crash)

``CaptureError`` is deliberately no ``OSError``: Scrapy takes those for network errors and would
fetch the page again, and again, while the disk stays full.
"""


class BroadsheetError(Exception):
    """Base of all errors that Broadsheet raises on purpose."""


class ConfigError(BroadsheetError):
    """A job file, command-line option or setting cannot be used."""


class ArchiveError(BroadsheetError):
    """A WARC file cannot be read, or is not what it claims to be."""


class RecordError(ArchiveError):
    """One record is damaged; the records around it may still be read."""


class CaptureError(BroadsheetError):
    """What was fetched could not be written to the archive."""


class DiskFullError(CaptureError):
    """No space is left, or the limit that the user set is reached."""


class LedgerError(BroadsheetError):
    """The ledger is damaged, of an unknown version, or not writable."""


class BusyError(LedgerError):
    """Another process holds the job's lock."""


class ExtractError(BroadsheetError):
    """The parser could not finish a page within its limits of time and memory."""
