"""Commands that make records again do so within the limits of the settings: the crawl did, too."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from scrapy.exceptions import UsageError
from scrapy.settings import Settings

from crawler.commands import extract, rebuild, shared, verify


def test_limits_are_those_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}
    monkeypatch.setattr(shared, "Workers", lambda number, **limits: asked.update(limits, number=number))
    settings = Settings({"BROADSHEET_PARSE_SECONDS": "2.5", "BROADSHEET_PARSE_MEGABYTES": "900"})
    shared.workers_of(SimpleNamespace(settings=settings), 3, preload=("x",))  # type: ignore[arg-type]
    assert asked == {"number": 3, "seconds": 2.5, "megabytes": 900, "preload": ("x",)}
    with pytest.raises(UsageError):
        shared.workers_of(SimpleNamespace(settings=settings), 0)  # type: ignore[arg-type]


@pytest.mark.parametrize("module", [extract, rebuild, verify], ids=lambda module: module.__name__)
def test_every_command_asks_for_them(module: Any) -> None:
    assert module.workers_of is shared.workers_of
    assert not hasattr(module, "Workers")
