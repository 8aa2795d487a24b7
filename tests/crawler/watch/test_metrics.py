"""The text format of the metrics, and that the reader which checks it is strict."""

from __future__ import annotations

import math

import pytest

from crawler.watch.metrics import FAMILIES, Metric, exposition
from tests.crawler.watch.strict import read


def test_names_and_kinds_follow_the_conventions() -> None:
    metrics = {name: Metric(name, kind, text) for name, kind, text in FAMILIES}
    for metric in metrics.values():
        metric.inc(3, crawl="all", outlet="x")
    samples = read(exposition(metrics))
    assert len(samples) == len(FAMILIES)
    assert set(samples.values()) == {3}


def test_labels_and_help_are_escaped() -> None:
    metric = Metric("a_total", "counter", "back\\slash,\nand a line")
    odd = 'a "quoted" \\ name\nof Ζεύς'
    metric.inc(0.5, outlet=odd)
    metric.inc(outlet=odd)
    assert read(exposition({"a_total": metric})) == {("a_total", (("outlet", odd),)): 1.5}


@pytest.mark.parametrize(("value", "text"), [
    (1.0, "1"), (1795551718.25, "1795551718.25"), (math.inf, "+Inf"), (1e16, "10000000000000000"), (-0.5, "-0.5"),
])  # fmt: skip
def test_numbers(value: float, text: str) -> None:
    metric = Metric("a", "gauge", "a")
    metric.set(value)
    assert exposition({"a": metric}).splitlines()[-1] == f"a {text}"


def test_families_without_samples_are_left_out() -> None:
    assert exposition({"a": Metric("a", "gauge", "a")}) == ""


@pytest.mark.parametrize("text", [
    "a 1",
    "# HELP a x\n# TYPE a gauge\na 1",
    "# HELP a x\n# TYPE a gauge\na{b=c} 1\n",
    "# HELP a x\n# TYPE a counter\na 1\n",
    "# HELP a x\n# TYPE a gauge\na 1\na 2\n",
    '# HELP a x\n# TYPE a gauge\na{job="x"} 1\n',
    "# HELP a_ms x\n# TYPE a_ms gauge\na_ms 1\n",
    "# TYPE a gauge\na 1\n",
])  # fmt: skip
def test_the_reader_is_strict(text: str) -> None:
    with pytest.raises(AssertionError):
        read(text)
