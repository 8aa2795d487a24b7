"""robots.txt and the sitemaps it names: plain, news, an index of a gzipped one."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from datetime import datetime
from html import escape

from sampleweb.archive import Archive, headline
from sampleweb.model import Story

CANARY = "/intern/"
"""Disallowed in every robots.txt, linked from every home page, named in every sitemap."""

NEWS_WINDOW = 20
"""Items in a news sitemap."""

_XMLNS = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
PATHS = {
    "plain": ("/sitemap.xml",),
    "index": ("/sitemap_index.xml", "/sitemaps/articles.xml.gz", "/sitemaps/pages.xml"),
    "news": ("/sitemap-news.xml", "/sitemap.xml"),
    "none": (),
}


def robots(archive: Archive, base: str, *, closed: bool = False) -> str:
    """robots.txt; `closed` disallows everything."""
    outlet = archive.outlet
    lines = ["User-agent: *", "Disallow: /" if closed else f"Disallow: {CANARY}"]
    if outlet.crawl_delay:
        lines.append(f"Crawl-delay: {outlet.crawl_delay}")
    if outlet.content_signal:
        lines.append(f"Content-Signal: {outlet.content_signal}")
    if outlet.forbids_agents:
        lines += ["", *(f"User-agent: {agent}" for agent in outlet.forbids_agents), "Disallow: /"]
    named = PATHS[outlet.sitemap][:1] if outlet.sitemap == "index" else PATHS[outlet.sitemap]
    lines += ["", *(f"Sitemap: {base}{path}" for path in named)]
    return "\n".join(lines) + "\n"


def shown(archive: Archive, path: str, now: datetime) -> list[Story]:
    """The stories that a sitemap names, newest first."""
    if path == "/sitemap-news.xml":
        listed = archive.listed(now)[:NEWS_WINDOW]
        pinned = [s for s in archive.listed(now, "news-sitemap") if s.only_via == "news-sitemap"]
        return listed + pinned
    if path == "/sitemaps/pages.xml":
        return []
    return archive.listed(now, "gz-sitemap" if path.endswith(".gz") else "sitemap")


def changed(archive: Archive, path: str, now: datetime) -> datetime:
    """When the sitemap's items last changed."""
    if path == "/sitemap_index.xml":
        path = "/sitemaps/articles.xml.gz"
    return archive.changed(now, shown(archive, path, now), shifts=False)


def render(archive: Archive, path: str, now: datetime, base: str) -> bytes:
    """The document, gzipped if its name says so."""
    stories = shown(archive, path, now)
    if path == "/sitemap_index.xml":
        stamp = changed(archive, path, now).isoformat()
        text = (
            f"{_HEAD}<sitemapindex {_XMLNS}>"
            + "".join(
                f"<sitemap><loc>{base}{part}</loc><lastmod>{stamp}</lastmod></sitemap>" for part in PATHS["index"][1:]
            )
            + "</sitemapindex>\n"
        )
    elif path == "/sitemap-news.xml":
        text = _news(archive, stories, now, base)
    else:
        pages = ["/", CANARY + "rota.html"]
        if path.endswith(".gz"):
            pages = []
        text = (
            f"{_HEAD}<urlset {_XMLNS}>\n"
            + "".join(f"<url><loc>{base}{page}</loc></url>\n" for page in pages)
            + "".join(_urls(archive, stories, now, base))
            + "</urlset>\n"
        )
    data = text.encode()
    return gzip.compress(data, mtime=0) if path.endswith(".gz") else data


def _urls(archive: Archive, stories: Iterable[Story], now: datetime, base: str) -> Iterable[str]:
    for story in stories:
        modified = archive.outlet.local(story.modified(now) or story.published).isoformat()
        yield (f"<url><loc>{escape(base + archive.path(story))}</loc><lastmod>{modified}</lastmod></url>\n")


def _news(archive: Archive, stories: Iterable[Story], now: datetime, base: str) -> str:
    outlet = archive.outlet
    rows = "".join(
        f"<url><loc>{escape(base + archive.path(story))}</loc><news:news><news:publication>"
        f"<news:name>{escape(outlet.name)}</news:name>"
        f"<news:language>{outlet.language}</news:language></news:publication>"
        f"<news:publication_date>{outlet.local(story.published).isoformat()}"
        f"</news:publication_date><news:title>{escape(headline(story, now))}</news:title>"
        f"</news:news><lastmod>"
        f"{outlet.local(story.modified(now) or story.published).isoformat()}</lastmod></url>\n"
        for story in stories
    )
    return f'{_HEAD}<urlset {_XMLNS} xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">\n{rows}</urlset>\n'
