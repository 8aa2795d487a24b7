"""A writer whose ids and clock are fixed."""

from collections.abc import Callable
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from pipelines.archive.writer import WarcWriter
from tests.pipelines.archive.exchanges import STARTED


@pytest.fixture
def writer(tmp_path: Path) -> Callable[..., WarcWriter]:
    def make(folder: Path = tmp_path, **changes: Any) -> WarcWriter:
        numbers, ticks = count(1), count()
        values: dict[str, Any] = {
            "prefix": "daily",
            "info": {"software": "Broadsheet/0.1", "robots": "obey", "operator": "A. Holm <holm@example.org>"},
            "host": "crawl1",
            "clock": lambda: STARTED + timedelta(seconds=next(ticks)),
            "new_id": lambda: f"urn:uuid:00000000-0000-4000-8000-{next(numbers):012d}",
            "reserve": 0,
        }
        return WarcWriter(folder, **{**values, **changes})

    return make
