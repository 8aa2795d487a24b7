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


@pytest.mark.parametrize(("text", "size"), [("500", 500), ("500M", 500 << 20), ("1.5G", 3 << 29), ("20 GiB", 20 << 30)])
def test_sizes_of_max_disk(text: str, size: int) -> None:
    settings = Settings()
    shared.take_max_disk(SimpleNamespace(settings=settings), SimpleNamespace(max_disk=text))  # type: ignore[arg-type]
    assert settings.getint("BROADSHEET_MAX_DISK") == size


@pytest.mark.parametrize("text", ["", "lots", "-1G", "5X"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        shared.take_max_disk(SimpleNamespace(settings=Settings()), SimpleNamespace(max_disk=text))  # type: ignore[arg-type]
