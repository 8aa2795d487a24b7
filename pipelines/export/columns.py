"""The columns of a record, generated from its class: an Arrow schema, and the features that Hugging Face declares.

Strings stay as they are in the record, dates too. Beside them stand what can be reckoned from ``date_published``
without inventing anything: the instant, where the page told one, and the day.
"""

from __future__ import annotations

import dataclasses
import enum
import types
import typing
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from pipelines.errors import ConfigError
from pipelines.model import Article

if TYPE_CHECKING:
    import pyarrow as pa

PUBLISHED = ("published_at", "published_date")
DUPLICATES = ("duplicate_of", "cluster_id")

UNIQUE = frozenset({
    "id", "url", "canonical_url", "headline", "alternative_headline", "description", "text", "date_published_raw",
    "image", "warc.offset", "warc.length", "warc.record_id", "warc.date", "warc.payload_digest", "warc.refers_to",
    "http.etag", "http.location", "discovery.title", "discovery.date", "extraction.text_digest", "version.previous_id",
    "published_at", "cluster_id",
})  # fmt: skip
"""Columns whose values hardly repeat, so that a dictionary of them would only be in the way."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Published(NamedTuple):
    """What is known of when an article came out."""

    at: int | None
    """Milliseconds since 1970, where the page tells an instant."""
    day: int | None
    """Days since 1970, as the page writes the date: in its own time zone."""


def published(text: str | None) -> Published:
    """Read ``date_published``. A time without offset is no instant, so only its day is known."""
    if not text:
        return Published(None, None)
    try:
        found = datetime.fromisoformat(text)
        at = None if found.tzinfo is None else millis(found)
        return Published(at, found.date().toordinal() - _EPOCH.toordinal())
    except (ValueError, OverflowError):
        return Published(None, None)


def millis(moment: datetime) -> int:
    """Milliseconds since 1970; without offset it is taken for UTC."""
    since = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000


def day_of(days: int) -> date:
    return date.fromordinal(days + _EPOCH.toordinal())


def arrow() -> Any:
    """The module ``pyarrow``. Raises ``ConfigError`` where it is not installed."""
    try:
        import pyarrow
        import pyarrow.json
        import pyarrow.parquet
    except ImportError:
        raise ConfigError("Parquet needs pyarrow: pip install -e '.[export]' in the checkout") from None
    return pyarrow


# ---------------------------------------------------------------------- Arrow


def record_schema(record: type = Article) -> pa.Schema:
    """The record as Arrow has it, and nothing beside it."""
    return arrow().schema(_fields(record))


def schema(*, duplicates: bool = False) -> pa.Schema:
    """The columns of an exported file: those of the record, then what is derived."""
    pa = arrow()
    columns = list(record_schema())
    columns += [pa.field("published_at", pa.timestamp("ms", tz="UTC")), pa.field("published_date", pa.date32())]
    if duplicates:
        columns += [pa.field(name, pa.string()) for name in DUPLICATES]
    return pa.schema(columns)


def _fields(record: type) -> list[Any]:
    hints = typing.get_type_hints(record)
    return [arrow().field(field.name, _type(hints[field.name])) for field in dataclasses.fields(record)]


def _type(hint: Any) -> Any:
    pa = arrow()
    plain = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
    if hint in plain:
        return plain[hint]
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return pa.struct(_fields(hint))
    if isinstance(hint, type) and issubclass(hint, enum.StrEnum):
        return pa.string()
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        kinds = {type(arg) for arg in args}
        if len(kinds) == 1:
            return _type(kinds.pop())
    if origin is tuple:
        return pa.list_(_type(args[0]))
    if origin in (types.UnionType, typing.Union):
        rest = [arg for arg in args if arg is not types.NoneType]
        if len(rest) == 1:
            return _type(rest[0])
    raise TypeError(f"no column for {hint!r}")


def with_dictionary(columns: pa.Schema) -> list[str]:
    """The paths of the columns, as Parquet names them, for which a dictionary of values pays."""
    return [path for name, path in _leaves("", "", columns) if name not in UNIQUE]


def _leaves(name: str, path: str, fields: Any) -> Iterator[tuple[str, str]]:
    pa = arrow()
    for field in fields:
        kind, below, place = field.type, f"{name}{field.name}", f"{path}{field.name}"
        if pa.types.is_list(kind):
            kind, place = kind.value_type, f"{place}.list.element"
        if pa.types.is_struct(kind):
            yield from _leaves(f"{below}.", f"{place}.", [kind.field(number) for number in range(kind.num_fields)])
        else:
            yield below, place


# ---------------------------------------------------------------------- Hugging Face


def features(columns: pa.Schema) -> list[dict[str, Any]]:
    """The columns as the header of a dataset card declares them."""
    return [{"name": field.name, **_feature(field.type)} for field in columns]


def _feature(kind: Any) -> dict[str, Any]:
    pa = arrow()
    if pa.types.is_list(kind):
        inner = _feature(kind.value_type)
        return {"list": inner.get("struct") or inner["dtype"]}
    if pa.types.is_struct(kind):
        return {"struct": features([kind.field(number) for number in range(kind.num_fields)])}
    return {"dtype": {"double": "float64", "date32[day]": "date32"}.get(str(kind), str(kind))}


def main() -> None:
    """Print the columns, as ``docs/schema/article.parquet.txt`` has them."""
    print(schema(duplicates=True).to_string(show_field_metadata=False, show_schema_metadata=False))


if __name__ == "__main__":
    main()
