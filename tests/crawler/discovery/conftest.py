"""Making pages, and asking what they lead to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from crawler.discovery import Discovered, Fetched, discover
from crawler.jobs import Outlet
from pipelines.model import Role

HOME = "https://news.example/"


class Answer:
    """What was found, easy to compare."""

    def __init__(self, found: Discovered) -> None:
        self.candidates = found.candidates
        self.notes = " | ".join(found.notes)

    def urls(self, role: Role | None = None, method: str | None = None) -> list[str]:
        """The addresses, without the outlet's own host."""
        return [
            each.url.removeprefix("https://news.example")
            for each in self.candidates
            if role in (None, each.role) and method in (None, each.method)
        ]


@pytest.fixture
def ask() -> Callable[..., Answer]:
    """A function of a body and what it was fetched for."""

    def ask(body: str | bytes, role: Role, url: str = HOME, outlet: Outlet | None = None, **page: Any) -> Answer:
        payload = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
        outlet = outlet or Outlet(name="news", home=HOME)
        return Answer(discover(Fetched(url=url, payload=payload, role=role, **page), outlet))

    return ask
