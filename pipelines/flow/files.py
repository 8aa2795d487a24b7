"""Which WARC files a person means."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pipelines.errors import ConfigError

SUFFIXES = (".warc", ".warc.gz", ".warc.zst", ".warc.open", ".warc.gz.open")
"""Names of WARC files; ``.open`` is one that is not sealed yet."""


def warc_files(names: Iterable[str | Path]) -> list[Path]:
    """The files named, and those in the folders named, in order of their names.

    Raises ``ConfigError`` for what does not exist, and where no WARC is found.
    """
    found: list[Path] = []
    for name in names:
        path = Path(name)
        if path.is_dir():
            inside = sorted(file for file in path.rglob("*.warc*") if file.name.endswith(SUFFIXES))
            if not inside:
                raise ConfigError(f"no WARC file (*{', *'.join(SUFFIXES[:3])}) in {path}")
            found += inside
        elif path.exists():
            found.append(path)
        else:
            raise ConfigError(f"{path} does not exist")
    return list(dict.fromkeys(found))
