"""The WARC files a person means, wherever they lie: in folders, in WACZ packages, on web servers, in object stores.

What is remote is read by fsspec, in the order of the file and piece by piece; nothing is downloaded whole where the
server lets parts of a file be read.
"""

from __future__ import annotations

import errno
import glob
import gzip
import io
import os
import pickle
import shutil
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal, cast
from urllib.parse import urlsplit

import zstandard

from pipelines.archive.reader import Item
from pipelines.archive.scan import Warc
from pipelines.errors import ArchiveError, ConfigError
from pipelines.flow.files import SUFFIXES, warcs_in

PACKAGE = ".wacz"

BLOCK = 4 << 20
"""Bytes that are asked of a server at a time."""

PAUSES = (0.5, 2.0, 8.0)
"""Seconds to wait before a read that failed is tried again."""

_WILD = frozenset("*[")
"""In a path. An address may have brackets round an IPv6 host, and ``?`` before its query."""


@dataclass(frozen=True, slots=True)
class Remote:
    """A WARC on a server, or in a package, which may be on a server."""

    place: str
    """Its path or address, or that of the package."""
    member: str = ""
    """Its name within the package."""

    @property
    def name(self) -> str:
        return (self.member or urlsplit(self.place).path or self.place).rpartition("/")[2]

    @property
    def parent(self) -> str:
        """The package, or the folder of its address."""
        return self.place if self.member else self.place.rpartition("/")[0]

    @property
    def near(self) -> bool:
        """It can be read again for nothing."""
        return not is_remote(self.place)

    def __str__(self) -> str:
        return f"{self.place}!{self.member}" if self.member else self.place

    def open(self, mode: Literal["rb"] = "rb", buffering: Literal[0] = 0) -> IO[bytes]:
        handle = open_place(self.place)
        return cast("IO[bytes]", _Member(handle, self.member)) if self.member else handle

    def beside(self, filename: str) -> Remote | None:
        """Another WARC of the same package."""
        if not self.member:
            return None
        found = Remote(self.place, f"{self.member.rpartition('/')[0]}/{filename}".lstrip("/"))
        return found if found in package(self.place) else None


@dataclass(frozen=True, slots=True)
class Source:
    """What is worked on as a whole: a WARC, or a package of them."""

    place: Path | str
    """An absolute path, or an address."""

    @property
    def identity(self) -> str:
        """What tells it from all others."""
        return str(self.place)

    @property
    def name(self) -> str:
        return self.place.name if isinstance(self.place, Path) else Remote(self.place).name

    @property
    def state(self) -> list[int] | None:
        """Size and time of change of a local file; those of a remote one would cost a request."""
        if not isinstance(self.place, Path):
            return None
        status = self.place.stat()
        return [status.st_size, status.st_mtime_ns]

    def warcs(self) -> Sequence[Warc]:
        """The WARCs in it. Raises ``ArchiveError`` for a package that cannot be read or has none."""
        if self.name.lower().endswith(PACKAGE):
            return package(str(self.place))
        return [self.place if isinstance(self.place, Path) else Remote(self.place)]


# ---------------------------------------------------------------------- what is meant


def sources(names: Iterable[str | Path]) -> list[Source]:
    """The files and addresses named, those that a pattern fits, and those in the folders named, by name.

    Raises ``ConfigError`` for a local file that does not exist, for patterns and folders without any WARC, and where
    what reads such addresses is not installed.
    """
    found: list[Source] = []
    for name in names:
        text = str(name)
        if text.startswith("file://") and "::" not in text:
            text = text.removeprefix("file://")
        found += _remote(text) if is_remote(text) else _local(Path(os.path.abspath(text)))  # noqa: PTH100 (links keep their names)
    return list(dict.fromkeys(found))


def listed(name: str, prefix: str = "") -> list[str]:
    """The lines of a list of paths, packed or not, such as the ``warc.paths.gz`` of Common Crawl.

    ``prefix`` is put before lines that are no whole address. Raises ``ConfigError`` for a list that cannot be read.
    """
    try:
        with open_place(name) as handle:
            data = handle.read()
        text = (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode()
    except (OSError, EOFError, ValueError) as error:
        raise ConfigError(f"cannot read the list {name}: {error}") from error
    lines = [line.strip() for line in text.splitlines()]
    return [line if is_remote(line) else prefix + line for line in lines if line and not line.startswith("#")]


def is_remote(name: str) -> bool:
    """Whether it is an address and no path."""
    return "://" in name


def _local(path: Path) -> list[Source]:
    if path.is_dir():
        files = sorted([*warcs_in(path), *path.rglob(f"*{PACKAGE}")])
        if not files:
            raise ConfigError(f"no WARC file (*{', *'.join(SUFFIXES[:3])}) and no *{PACKAGE} in {path}")
        return [Source(file) for file in files]
    if path.exists():
        return [Source(path)]
    if _WILD.intersection(str(path)):
        matches = sorted(Path(match) for match in glob.glob(str(path), recursive=True))  # noqa: PTH207 (any root)
        if matches:
            return [source for match in matches for source in _local(match)]
        raise ConfigError(f"no file is like {path}")
    raise ConfigError(f"{path} does not exist")


def _remote(address: str) -> list[Source]:
    system, path = _system(address)  # even if nothing is asked of it yet: better now than in the middle
    pattern, folder = "*" in address, address.endswith("/")
    if not (pattern or folder):
        return [Source(address)]
    try:
        inside = system.glob(path) if pattern else system.find(path)
    except Exception as error:
        raise ConfigError(f"cannot list {address}: {_said(error)}") from error
    wanted = sorted(name for name in inside if pattern or name.endswith((*SUFFIXES, PACKAGE)))
    if not wanted:
        raise ConfigError(f"no WARC file at {address}")
    return [Source(system.unstrip_protocol(name)) for name in wanted]


def package(place: str) -> list[Remote]:
    """The WARCs of a WACZ, in order of their names. Raises ``ArchiveError``."""
    try:
        with open_place(place) as handle, zipfile.ZipFile(handle) as archive:
            names = sorted(name for name in archive.namelist() if name.startswith("archive/"))
    except (OSError, zipfile.BadZipFile) as error:
        raise ArchiveError(f"cannot read {place}: {error}") from error
    found = [Remote(place, name) for name in names if name.endswith(SUFFIXES)]
    if not found:
        raise ArchiveError(f"{place} holds no WARC file in archive/")
    return found


# ---------------------------------------------------------------------- reading


def open_place(place: str) -> IO[bytes]:
    """A path or an address, to be read and sought in. Raises ``OSError``; ``ConfigError`` where nothing reads such."""
    if not is_remote(place):
        return Path(place).open("rb", buffering=0)
    return cast("IO[bytes]", io.BufferedReader(_Patient(place), 1 << 16))


def _system(address: str) -> tuple[Any, str]:
    """The file system of an address, and its path there."""
    try:
        from fsspec.core import url_to_fs
    except ImportError:
        raise ConfigError(f"to read {address}, install what reads addresses: pip install -e '.[remote]'") from None
    try:
        system, path = url_to_fs(address)
    except (ImportError, ValueError) as error:
        raise ConfigError(f"cannot read {address}: {error}") from None
    return system, path


class _Patient(io.RawIOBase):
    """A remote file. A read that fails is tried again; what is raised in the end is an ``OSError``."""

    def __init__(self, place: str) -> None:
        self._place, self._at = place, 0
        self._handle: Any = None
        self._again(lambda: None)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._at = int(self._again(lambda: self._handle.seek(offset, whence)))
        return self._at

    def readinto(self, buffer: Any) -> int:
        data = self._again(lambda: self._read(len(buffer)))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def _read(self, number: int) -> bytes:
        data: bytes = self._handle.read(number)
        size = getattr(self._handle, "size", None)
        if size is not None and len(data) < min(number, size - self._at):  # or it would pass for the end of the file
            raise OSError(f"the answer ended {size - self._at - len(data)} bytes before the end of the file")
        return data

    def close(self) -> None:
        if self._handle is not None:
            self._handle.close()
        super().close()

    def _again(self, act: Any) -> Any:
        for pause in (*PAUSES, None):
            try:
                if self._handle is None:
                    self._handle = _opened(self._place)
                    self._handle.seek(self._at)
                return act()
            except FileNotFoundError:
                raise FileNotFoundError(errno.ENOENT, "there is no such file", self._place) from None
            except (PermissionError, ConfigError):
                raise
            except Exception as error:  # each file system has errors of its own
                self._handle = None
                if pause is None:
                    raise OSError(f"{_said(error)} (tried {len(PAUSES) + 1} times)") from error
                time.sleep(pause)
        return None


def _opened(place: str) -> Any:
    system, path = _system(place)
    handle = system.open(path, "rb", block_size=BLOCK, cache_type="readahead")
    if getattr(handle, "seekable", lambda: False)() and _seeks(handle):
        return handle
    copy = tempfile.TemporaryFile()  # noqa: SIM115 (whoever asked closes it)
    try:
        with handle:  # a server that gives whole files only
            shutil.copyfileobj(handle, copy, BLOCK)
        size = system.size(path)
        if size is not None and copy.tell() < size:
            raise OSError(f"the answer ended {size - copy.tell()} bytes before the end of the file")
    except BaseException:
        copy.close()
        raise
    return copy


def _seeks(handle: Any) -> bool:
    try:
        handle.seek(1)
        handle.seek(0)
    except (ValueError, OSError, NotImplementedError):
        return False
    return True


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__


class _Member(io.RawIOBase):
    """A file in a package; both are closed together."""

    def __init__(self, handle: IO[bytes], member: str) -> None:
        self._package = handle
        try:
            self._file = zipfile.ZipFile(handle).open(member)  # noqa: SIM115
        except (KeyError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
            handle.close()
            raise OSError(f"{member}: {error}") from error

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._file.tell()

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._file.read(len(buffer))
        except (zipfile.BadZipFile, EOFError, zlib.error) as error:
            raise OSError(f"the package is damaged: {error}") from error
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._file.close()
        self._package.close()
        super().close()


# ---------------------------------------------------------------------- kept while it is worked on


class Spools:
    """What was read of remote files, kept in temporary files (zstd), so that each is read once.

    Only what was wanted of them is kept, and only until ``close``.
    """

    def __init__(self) -> None:
        self._files: dict[Warc, IO[bytes]] = {}

    def items(self, path: Warc, read: Callable[[], Iterator[Item]]) -> Iterator[Item]:
        """The items of a file, read at the first time, whole."""
        if path not in self._files:
            spool: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
            self._files[path] = spool
            with zstandard.ZstdCompressor(level=1).stream_writer(spool, closefd=False) as packed:
                for item in read():
                    pickle.dump(item, packed, pickle.HIGHEST_PROTOCOL)
        spool = self._files[path]
        spool.seek(0)
        with zstandard.ZstdDecompressor().stream_reader(spool, closefd=False) as unpacked:
            lines = io.BufferedReader(unpacked)
            while lines.peek(1):
                yield pickle.load(lines)

    def close(self) -> None:
        for spool in self._files.values():
            spool.close()
        self._files.clear()
