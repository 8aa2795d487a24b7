"""RSS 2.0, Atom and JSON Feed of an outlet."""

from __future__ import annotations

import json
from datetime import datetime
from html import escape

from sampleweb.archive import Archive, headline, revision
from sampleweb.clock import http_date
from sampleweb.model import Story

WINDOW = 15
"""Items in a feed; stories that only the feed names stay in it for good."""

PATHS = {
    "rss": ("/feeds/rss.xml", "application/rss+xml"),
    "atom": ("/feeds/atom.xml", "application/atom+xml"),
    "json": ("/feeds/feed.json", "application/feed+json"),
}


def items(archive: Archive, kind: str, now: datetime) -> list[Story]:
    """What the feed shows at `now`, newest first."""
    listed = archive.listed(now)[:WINDOW]
    pinned = [s for s in archive.listed(now, kind) if s.only_via == kind]
    return sorted(listed + pinned, key=lambda story: story.published, reverse=True)


def changed(archive: Archive, kind: str, now: datetime) -> datetime:
    """When the feed's items last changed."""
    return archive.changed(now, items(archive, kind, now), shifts=False)


def render(archive: Archive, kind: str, now: datetime, base: str) -> str:
    """The feed document."""
    return {"rss": _rss, "atom": _atom, "json": _json}[kind](archive, now, base)


def link(archive: Archive, story: Story, base: str) -> str:
    """An item's address, with the outlet's tracking parameters."""
    url = base + archive.path(story)
    utm = archive.outlet.utm
    return url + ("&" if "?" in url else "?") + utm if utm else url


def _summary(story: Story, now: datetime) -> str:
    texts = revision(story, now).paragraphs()
    return texts[0] if texts else ""


def _people(story: Story) -> list[str]:
    return [*story.authors, *([story.agency] if story.agency else [])]


def _rss(archive: Archive, now: datetime, base: str) -> str:
    outlet = archive.outlet
    rows = []
    for story in items(archive, "rss", now):
        creators = "".join(f"<dc:creator>{escape(name)}</dc:creator>" for name in _people(story))
        modified = outlet.local(story.modified(now) or story.published).isoformat()
        rows.append(
            f"<item><title>{escape(headline(story, now))}</title>"
            f"<link>{escape(link(archive, story, base))}</link>"
            f'<guid isPermaLink="true">{escape(base + archive.path(story))}</guid>'
            f"<pubDate>{http_date(story.published)}</pubDate>{creators}"
            f"<category>{escape(outlet.section_name(story.section))}</category>"
            f"<description>{escape(_summary(story, now))}</description>"
            f"<atom:updated>{modified}</atom:updated></item>"
        )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:atom="http://www.w3.org/2005/Atom"><channel>'
        f"<title>{escape(outlet.name)}</title><link>{base}/</link>"
        f"<description>{escape(outlet.name)}</description><language>{outlet.language}</language>"
        f"<lastBuildDate>{http_date(changed(archive, 'rss', now))}</lastBuildDate>\n"
        + "\n".join(rows)
        + "\n</channel></rss>\n"
    )


def _atom(archive: Archive, now: datetime, base: str) -> str:
    outlet = archive.outlet
    rows = []
    for story in items(archive, "atom", now):
        people = "".join(f"<author><name>{escape(n)}</name></author>" for n in _people(story))
        modified = story.modified(now) or story.published
        rows.append(
            f"<entry><title>{escape(headline(story, now))}</title>"
            f'<link rel="alternate" href="{escape(link(archive, story, base))}"/>'
            f"<id>tag:{outlet.key},2026:{story.number}</id>{people}"
            f"<published>{outlet.local(story.published).isoformat()}</published>"
            f"<updated>{outlet.local(modified).isoformat()}</updated>"
            f'<summary type="text">{escape(_summary(story, now))}</summary></entry>'
        )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{outlet.language}">'
        f"<title>{escape(outlet.name)}</title><id>tag:{outlet.key},2026:feed</id>"
        f'<link rel="self" href="{base}{PATHS["atom"][0]}"/><link href="{base}/"/>'
        f"<updated>{outlet.local(changed(archive, 'atom', now)).isoformat()}</updated>\n"
        + "\n".join(rows)
        + "\n</feed>\n"
    )


def _json(archive: Archive, now: datetime, base: str) -> str:
    outlet = archive.outlet
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": outlet.name,
        "home_page_url": f"{base}/",
        "feed_url": base + PATHS["json"][0],
        "language": outlet.language,
        "items": [
            {
                "id": str(story.number),
                "url": link(archive, story, base),
                "title": headline(story, now),
                "summary": _summary(story, now),
                "date_published": outlet.local(story.published).isoformat(),
                "date_modified": outlet.local(story.modified(now) or story.published).isoformat(),
                "authors": [{"name": name} for name in _people(story)],
                "tags": list(revision(story, now).keywords),
            }
            for story in items(archive, "json", now)
        ],
    }
    return json.dumps(feed, ensure_ascii=False, indent=1) + "\n"
