"""All links of a page within a scope: for the archive of a whole site, where everything is wanted and not only news."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from crawler.discovery.collect import Collector
from crawler.discovery.content import one_line
from crawler.discovery.likeness import is_media, is_waste
from crawler.discovery.listings import MAX_HREF, MAX_LINKS
from crawler.discovery.markup import base_of, parsed
from crawler.discovery.urls import absolute, host_of, identity
from crawler.discovery.values import Discovered, Fetched
from pipelines.model import Role

if TYPE_CHECKING:
    from crawler.jobs import Outlet


def read_links(page: Fetched, outlet: Outlet) -> Discovered:
    """The links of a page that stay in the outlet's scope, in the page's order."""
    found = Collector(page, outlet)
    if page.depth >= outlet.limits.depth:
        return found.done("page: as deep as was asked for")
    root = parsed(page, found)
    if root is None:
        return found.done("page: no HTML in it")
    base = base_of(root, page.url)
    for count, element in enumerate(root.iter("a", "area"), 1):
        if count > MAX_LINKS:
            found.note(f"page: only the first {MAX_LINKS} links were read")
            break
        href = element.get("href")
        url = absolute(href, base) if href and href[0] != "#" and len(href) <= MAX_HREF else None
        if url is None:
            continue
        if not in_scope(url, outlet):
            found.left_out["out of scope"] += 1
        elif is_waste(identity(url)) and not is_media(url):
            found.left_out["to log-ins, shares and the like"] += 1
        else:
            title = one_line(" ".join(element.text_content().split()), 200)
            found.add(url, Role.ARTICLE, "link", title=title, keep_parameters=True)
    return found.done(f"page: {len(found.candidates)} links followed")


def in_scope(url: str, outlet: Outlet) -> bool:
    """Whether a URL lies where the outlet's scope says."""
    if outlet.scope == "host":
        return urlsplit(url).netloc == urlsplit(outlet.home).netloc
    if outlet.scope == "prefix":
        return url.startswith(outlet.home[: outlet.home.rindex("/") + 1])
    own, host = host_of(outlet.home).removeprefix("www."), host_of(url)
    return host == own or host.endswith("." + own)
