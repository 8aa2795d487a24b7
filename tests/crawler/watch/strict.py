"""A strict reader of Prometheus' text format 0.0.4, by its specification."""

from __future__ import annotations

import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
_SAMPLE = re.compile(rf"({NAME})(?:\{{({_LABEL}(?:,{_LABEL})*)\}})? (\S+)")
_HELP = re.compile(rf"# HELP ({NAME}) ((?:[^\\\n]|\\[\\n])*)")
_TYPE = re.compile(rf"# TYPE ({NAME}) (counter|gauge|histogram|summary|untyped)")

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def read(text: str) -> Samples:
    """Name and labels → value. Raises ``AssertionError`` for whatever promtool would complain of."""
    assert text.endswith("\n")
    kinds: dict[str, str] = {}
    helps: set[str] = set()
    order: list[str] = []
    found: Samples = {}
    for line in text.splitlines():
        if line.startswith("# HELP"):
            name, words = _matched(_HELP, line).groups()
            assert name not in helps, f"second HELP of {name}"
            assert words.strip(), f"no help for {name}"
            helps.add(name)
        elif line.startswith("# TYPE"):
            name, kind = _matched(_TYPE, line).groups()
            assert name not in kinds, f"second TYPE of {name}"
            assert name not in order, f"TYPE of {name} after its samples"
            kinds[name] = kind
        else:
            name, inside, value = _matched(_SAMPLE, line).groups()
            assert name in kinds, f"no TYPE of {name}"
            assert name in helps, f"no HELP of {name}"
            assert (kinds[name] == "counter") == name.endswith("_total"), f"{name} is a {kinds[name]}"
            assert not re.search(r"_(?:ms|milliseconds|minutes|hours|days|kb|kilobytes|megabytes)(?:_|$)", name), name
            if not order or order[-1] != name:
                assert name not in order, f"samples of {name} are apart"
                order.append(name)
            labels = tuple(
                (key, raw[1:-1].replace("\\\\", "\0").replace('\\"', '"').replace("\\n", "\n").replace("\0", "\\"))
                for key, raw in (pair.split("=", 1) for pair in re.findall(_LABEL, inside or ""))
            )
            assert len({key for key, _ in labels}) == len(labels), f"a label twice: {line}"
            assert not {key for key, _ in labels} & {"job", "instance"}, "Prometheus sets these itself"
            assert (name, labels) not in found, f"twice: {line}"
            found[name, labels] = float(value)
    return found


def _matched(pattern: re.Pattern[str], line: str) -> re.Match[str]:
    match = pattern.fullmatch(line)
    assert match is not None, f"not in the text format: {line!r}"
    return match
