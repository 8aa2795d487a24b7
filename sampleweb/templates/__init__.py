"""The CMS templates. Each module has `render(page) -> str` and `KNOWS`, what its pages tell."""

from __future__ import annotations

from collections.abc import Callable

from sampleweb.templates import broadcaster, hydrated, soup, twins, weblog
from sampleweb.templates.page import Knows, Page

RENDER: dict[str, Callable[[Page], str]] = {
    "broadcaster": broadcaster.render,
    "hydrated": hydrated.render,
    "soup": soup.render,
    "weblog": weblog.render,
}
KNOWS: dict[str, Knows] = {
    "broadcaster": broadcaster.KNOWS,
    "hydrated": hydrated.KNOWS,
    "soup": soup.KNOWS,
    "weblog": weblog.KNOWS,
}

__all__ = ["KNOWS", "RENDER", "Knows", "Page", "twins"]
