"""Whether the settings can be used, told before anything starts."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from pipelines.errors import ConfigError

Check = Callable[[Any], object]
"""Takes a value, and raises ``ValueError`` or ``TypeError`` with what may stand there."""


def _number(least: float, kind: type[int] | type[float] = float, most: float = math.inf) -> Check:
    what = f"{'a whole number' if kind is int else 'a number'} from {least:g}"
    if most < math.inf:
        what += f" to {most:g}"

    def check(value: Any) -> None:
        try:
            number = kind(value)
            fits = least <= number <= most and math.isfinite(number)
        except (TypeError, ValueError, OverflowError):
            fits = False
        if not fits:
            raise ValueError(what)

    return check


def _switch(value: Any) -> None:
    if value is not None and str(value).strip() not in ("0", "1", "True", "False", "true", "false"):
        raise ValueError("1 or 0")


def _ports(value: Any) -> None:
    parts = value.split(",") if isinstance(value, str) else list(value)
    if not parts or not all(0 < int(part) < 65_536 for part in parts):
        raise ValueError("port numbers, separated by commas")


def _web_address(value: Any) -> None:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or (parts.port is not None and not parts.port):
        raise ValueError("an http(s) address")


def _one_of(*names: str) -> Check:
    def check(value: Any) -> None:
        if value not in names:
            raise ValueError(" or ".join(repr(name) for name in names))

    return check


def instant(value: str) -> datetime:
    """``BROADSHEET_NOW``; without an offset it is UTC."""
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError("an instant such as 2026-06-01T10:00:00Z") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


EXPLAINED: Mapping[Check, str] = {_ports: "port numbers, separated by commas", _web_address: "an http(s) address"}
"""What to say of checks that fail by an error of Python's own."""

OPTIONAL: Mapping[str, Check] = {
    "BROADSHEET_NOW": instant,
    "BROADSHEET_WEBHOOK": _web_address,
    "BROADSHEET_METRICS_PORT": _number(0, int, 65_535),
    "BROADSHEET_BROWSER_MODE": _one_of("auto", "always"),
    "BROADSHEET_FAIL_ON": _one_of("unhealthy"),
    "BROADSHEET_PORTS": _ports,
}
"""Settings that may be left empty, which turns off what they are for."""

REQUIRED: Mapping[str, Check] = {
    "ALLOW_PRIVATE_ADDRESSES": _switch,
    "ROBOTSTXT_OBEY": _switch,
    "BROADSHEET_TDMREP": _switch,
    "DOWNLOAD_VERIFY_CERTIFICATES": _switch,
    "DOWNLOAD_DELAY": _number(0),
    "CONCURRENT_REQUESTS_PER_DOMAIN": _number(1, int),
    "CONCURRENT_REQUESTS": _number(1, int),
    "DOWNLOAD_TIMEOUT": _number(0.001),
    "DOWNLOAD_MAXSIZE": _number(0, int),
    "BROADSHEET_WORKERS": _number(1, int, 1024),
    "BROADSHEET_PARSE_SECONDS": _number(0.1),
    "BROADSHEET_PARSE_MEGABYTES": _number(1, int),
    "BROADSHEET_WARC_BYTES": _number(1, int),
    "BROADSHEET_MAX_DISK": _number(0, int),
    "BROADSHEET_LONGEST_WAIT": _number(0),
    "BROADSHEET_REQUISITE_DELAY": _number(0),
    "BROADSHEET_BROWSER_PAGES": _number(1, int, 64),
    "BROADSHEET_BROWSER_SECONDS": _number(1),
    "BROADSHEET_BROWSER_REQUESTS": _number(1, int),
    "BROADSHEET_BROWSER_BYTES": _number(1, int),
    "BROADSHEET_BROWSER_SANDBOX": _switch,
    "BROADSHEET_MAX_HEAD_BYTES": _number(1024, int),
    "BROADSHEET_MAX_INTERIM": _number(0, int),
    "BROADSHEET_CONNECT_TIMEOUT": _number(0.001),
    "BROADSHEET_IDLE_TIMEOUT": _number(0.001),
}
"""Settings that have a value; those without a default in ``crawler.settings`` may be missing."""


def check(settings: Mapping[str, Any]) -> None:
    """Raises ``ConfigError``, in one line, for settings that cannot be used."""
    found = []
    for checks, optional in ((REQUIRED, False), (OPTIONAL, True)):
        for name, each in checks.items():
            value = settings.get(name)
            if value is None or (optional and value == ""):
                continue
            try:
                each(value)
            except (ValueError, TypeError, AttributeError) as error:
                found.append(f"{name} takes {EXPLAINED.get(each, error)}, not {str(value)[:80]!r}")
    if found:
        raise ConfigError("; ".join(found))
