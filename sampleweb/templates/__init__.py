"""The CMS templates. Each module has `render(page) -> str` and `KNOWS`, what its pages tell."""

from __future__ import annotations

from collections.abc import Callable

from sampleweb.templates import blocks, broadcaster, classic, hydrated, portal, semantic, soup, twins, weblog
from sampleweb.templates.page import Knows, Page

RENDER: dict[str, Callable[[Page], str]] = {
    "blocks": blocks.render,
    "broadcaster": broadcaster.render,
    "classic": classic.render,
    "hydrated": hydrated.render,
    "portal": portal.render,
    "semantic": semantic.render,
    "soup": soup.render,
    "weblog": weblog.render,
}
KNOWS: dict[str, Knows] = {
    "blocks": blocks.KNOWS,
    "broadcaster": broadcaster.KNOWS,
    "classic": classic.KNOWS,
    "hydrated": hydrated.KNOWS,
    "portal": portal.KNOWS,
    "semantic": semantic.KNOWS,
    "soup": soup.KNOWS,
    "weblog": weblog.KNOWS,
}

__all__ = ["KNOWS", "RENDER", "Knows", "Page", "twins"]
