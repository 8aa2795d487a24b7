"""A small language for choosing records: ``word_count >= 200 and not (outlet = 'herald' or license is null)``.

Fields are those of the record, with dots for what is inside (``publisher.domain``); through a list a field means any
of its values (``keywords = 'flood'``, ``authors.name contains 'holm'``). Operators are ``= != < <= > >=``, ``in (…)``,
``contains`` (a part of the text, whatever its case) and ``is null``; ``and``, ``or``, ``not`` and brackets join them.
What is null is neither equal nor unequal to anything, as in SQL.
"""

from __future__ import annotations

import dataclasses
import operator
import re
import types
import typing
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from typing import Any

from pipelines.errors import ConfigError
from pipelines.model import Article

Test = Callable[[dict[str, Any]], bool | None]
"""What a record says to it: yes, no, or null."""

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\")|(?P<number>-?\d+(?:\.\d+)?(?![\w.]))"
    r"|(?P<word>[A-Za-z_][\w.]*)|(?P<sign><=|>=|!=|<>|==|[=<>(),]))"
)
_SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "==": operator.eq, "!=": operator.ne, "<>": operator.ne,
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_CONSTANTS = {"true": True, "false": False}
_KINDS = {str: "a text", int: "a number", float: "a number", bool: "true or false"}

DEEPEST = 50
"""Brackets within brackets that are followed."""


def parse(expression: str) -> Callable[[dict[str, Any]], bool]:
    """A test of records (as read from JSON). Raises ``ConfigError`` that says where the expression is wrong."""
    parser = _Parser(expression)
    test = parser.whole()
    return lambda record: test(record) is True


def fields(record: type = Article, prefix: str = "") -> dict[str, type]:
    """The fields that can be asked for, dotted, and the type of their values."""
    found: dict[str, type] = {}
    for name, hint in typing.get_type_hints(record).items():
        kind = _kind(hint)
        if dataclasses.is_dataclass(kind):
            found |= fields(kind, f"{prefix}{name}.")
        else:
            found[f"{prefix}{name}"] = kind
    return found


def _kind(hint: Any) -> type:
    """The type of a field's values: without null, of a list that of its items."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return next(_kind(arg) for arg in args if arg is not types.NoneType)
    if origin is tuple:
        return _kind(args[0])
    return type(args[0]) if origin is typing.Literal else hint


class _Parser:
    def __init__(self, expression: str) -> None:
        self._expression = expression
        self._fields = fields()
        self._tokens = list(self._split())
        self._at = 0
        self._deep = 0

    def _split(self) -> Iterator[tuple[str, str, int]]:
        end = len(self._expression.rstrip())
        place = 0
        while place < end:
            found = _TOKEN.match(self._expression, place)
            if not found:
                raise self._error("cannot be read", place)
            assert found.lastgroup is not None
            yield found.lastgroup, found[found.lastgroup], found.start(found.lastgroup)
            place = found.end()

    def _error(self, what: str, place: int | None = None) -> ConfigError:
        if place is None:
            place = self._tokens[self._at][2] if self._at < len(self._tokens) else len(self._expression)
        rest = self._expression[place:].strip()
        where = f"at {rest[:30]!r}" if rest else "at its end"
        return ConfigError(f"--where {self._expression!r}: {where}: {what}")

    def _next(self, *wanted: str) -> str | None:
        """Take the next token if it is one of these, whatever its case."""
        if self._at < len(self._tokens):
            kind, text, _ = self._tokens[self._at]
            if kind in ("word", "sign") and text.lower() in wanted:
                self._at += 1
                return text.lower()
        return None

    def _need(self, *wanted: str) -> None:
        if self._next(*wanted) is None:
            raise self._error(f"{' or '.join(wanted)} is missing")

    def whole(self) -> Test:
        test = self._any()
        if self._at < len(self._tokens):
            raise self._error("and, or or the end was expected")
        return test

    def _any(self) -> Test:
        tests = [self._all()]
        while self._next("or"):
            tests.append(self._all())
        return _joined(tests, True) if len(tests) > 1 else tests[0]

    def _all(self) -> Test:
        tests = [self._one()]
        while self._next("and"):
            tests.append(self._one())
        return _joined(tests, False) if len(tests) > 1 else tests[0]

    def _one(self) -> Test:
        self._deep += 1
        try:
            if self._deep > DEEPEST:
                raise self._error("too many brackets")
            if self._next("not"):
                return _inverse(self._one())
            if self._next("("):
                test = self._any()
                self._need(")")
                return test
            return self._comparison()
        finally:
            self._deep -= 1

    def _comparison(self) -> Test:
        name, kind = self._field()
        values = _getter(name)
        if sign := self._next(*_SIGNS):
            compare, value = _SIGNS[sign], self._value(name, kind)
            return _any_of(values, lambda found: compare(found, value))
        if self._next("is"):
            absent = not self._next("not")
            self._need("null")
            return lambda record: (not any(value is not None for value in values(record))) == absent
        negated = self._next("not") is not None
        test: Test
        if self._next("in"):
            self._need("(")
            chosen = {self._value(name, kind)}
            while self._next(","):
                chosen.add(self._value(name, kind))
            self._need(")")
            test = _any_of(values, lambda found: found in chosen)
        elif self._next("contains"):
            if kind is not str:
                raise self._error(f"{name} is {_KINDS[kind]}, and contains is for texts")
            part = str(self._value(name, kind)).casefold()
            test = _any_of(values, lambda found: part in found.casefold())
        else:
            raise self._error("one of = != < <= > >= in contains is was expected")
        return _inverse(test) if negated else test

    def _field(self) -> tuple[str, type]:
        if self._at >= len(self._tokens) or self._tokens[self._at][0] != "word":
            raise self._error("the name of a field was expected")
        name = self._tokens[self._at][1]
        if name not in self._fields:
            inside = [field for field in self._fields if field.startswith(f"{name}.")]
            near = inside or get_close_matches(name, self._fields, 3)
            hint = f"; there {'are' if inside else 'is'} {', '.join(near)}" if near else ""
            raise self._error(f"the record has no field {name}{hint}")
        self._at += 1
        return name, self._fields[name]

    def _value(self, name: str, kind: type) -> Any:
        """A constant of a field's type."""
        value: Any = None
        if self._at < len(self._tokens):
            form, text, _ = self._tokens[self._at]
            if form == "text":
                value = text[1:-1].replace(text[0] * 2, text[0])
            elif form == "number":
                value = float(text) if "." in text else int(text)
            elif form == "word":
                value = _CONSTANTS.get(text.lower())
        wanted = (int, float) if kind in (int, float) else kind
        if not isinstance(value, wanted) or (isinstance(value, bool) and kind is not bool):
            quoted = " in quotes" if kind is str else ""
            raise self._error(f"{name} is compared with {_KINDS[kind]}{quoted}")
        self._at += 1
        return value


def _joined(tests: list[Test], decisive: bool) -> Test:
    """``or`` if true decides, ``and`` if false does."""

    def joined(record: dict[str, Any]) -> bool | None:
        outcome: bool | None = not decisive
        for test in tests:
            found = test(record)
            if found is decisive:
                return decisive
            if found is None:
                outcome = None
        return outcome

    return joined


def _inverse(test: Test) -> Test:
    def inverse(record: dict[str, Any]) -> bool | None:
        found = test(record)
        return None if found is None else not found

    return inverse


def _any_of(values: Callable[[dict[str, Any]], list[Any]], test: Callable[[Any], bool]) -> Test:
    def any_of(record: dict[str, Any]) -> bool | None:
        there = [value for value in values(record) if value is not None]
        return any(map(test, there)) if there else None

    return any_of


def _getter(name: str) -> Callable[[dict[str, Any]], list[Any]]:
    """The values of a field: one, or through lists any number."""
    steps = name.split(".")

    def values(record: dict[str, Any]) -> list[Any]:
        found: list[Any] = [record]
        for step in steps:
            reached = [value.get(step) for value in found if isinstance(value, dict)]
            found = []
            for value in reached:
                found += value if isinstance(value, list) else [value]
        return found

    return values
