"""What a crawl of the sample web should end up with.

The rules:

- The text is every text element of the body in the order of the page: paragraphs, subheads, list
  items (one paragraph each, without bullet), table cells (one each), block quotes, the subheads and
  paragraphs of a live blog's updates (not their time labels). A standfirst that readers see
  between headline and body is part of the text, as its first paragraph.
- Not text: headline, kicker, byline, dates, captions, embeds and their fallback lines, pull
  quotes (they repeat the text), related links, "see also" lines, newsletter boxes, author bios,
  notices, labels, the paywall box.
- Authors are people. An agency in the byline is `agency`.
- `date_published` is an instant with the outlet's offset where the page itself knows it, else the
  plain day (an address with a date in it, a wall-clock time without a zone).
- `date_modified`, `section`, `keywords` are None or empty where the page does not tell them.
- Aliases (AMP and print twins, short links, tracking parameters, an old host) are the same article.
- A wire story is printed by several outlets: one record at each, all with the same text.
- Listings are all there are; a crawl need not meet each (a tag page may be linked from one story only).
- "static" pages (legal notice, contact) are no news: any rejection of them is right, as is never
  fetching them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sampleweb.listings import count
from sampleweb.model import Event, Expected, Story
from sampleweb.outlets import Outlet
from sampleweb.site import Site
from sampleweb.sitemaps import CANARY
from sampleweb.templates import KNOWS
from sampleweb.traps import STATIC


def expected(site: Site, now: datetime) -> Iterator[Expected]:
    """The expectation of every page of a site that is online at `now`, articles first."""
    outlet = site.outlet
    for story in site.archive.stories:
        if story.current(now) is not None:
            yield article(site, story, now)
    yield Expected(outlet=outlet.key, url=f"{site.base}/", outcome="section", kind="home")
    for first in site.lists:
        kind = "tag" if "/tag/" in first else "author" if "/author/" in first else "section"
        for number in range(1, count(site, first, now) + 1):
            yield Expected(
                outlet=outlet.key,
                url=site.base + site.page_path(first, number),
                outcome="section",
                kind=kind,
            )
    for trap in site.traps.values():
        yield Expected(
            outlet=outlet.key,
            url=site.base + trap.path,
            outcome=trap.outcome,
            kind=trap.kind,
            status=trap.status,
        )
    for path in STATIC:
        yield Expected(outlet=outlet.key, url=site.base + path, outcome="static", kind="static")
    yield Expected(outlet=outlet.key, url=f"{site.base}{CANARY}rota.html", outcome="disallowed", kind="canary")


def article(site: Site, story: Story, now: datetime) -> Expected:
    """The expectation of one story, which must be online at `now`."""
    outlet = site.outlet
    redesign = site.active("redesign", now)
    knows = KNOWS[redesign.detail if redesign else outlet.template]
    revision = story.current(now)
    assert revision is not None
    published = outlet.local(story.published)
    modified = story.modified(now)
    url = site.base + site.archive.path(story)
    return Expected(
        outlet=outlet.key,
        url=url,
        canonical_url=url,
        aliases=site.aliases(story),
        outcome="no-text" if story.kind == "stub" else "article",
        kind=story.kind,
        headline=revision.headline,
        paragraphs=revision.paragraphs(),
        authors=story.authors,
        agency=story.agency or None,
        date_published=published.isoformat() if knows.date == "instant" else published.date().isoformat(),
        date_modified=outlet.local(modified).isoformat() if modified and knows.modified else None,
        published_at=story.published,
        language=outlet.language,
        section=outlet.section_name(story.section) if knows.section else None,
        keywords=revision.keywords if knows.keywords else (),
        publisher=outlet.name,
        is_accessible_for_free=story.free if knows.paywall else None,
        only_via=story.only_via or None,
        wire=story.kind == "wire",
        boilerplate=furniture(outlet, story),
    )


def furniture(outlet: Outlet, story: Story) -> tuple[str, ...]:
    """Lines that stand on the story's page and must not be in its text."""
    from sampleweb.templates import broadcaster
    from sampleweb.words import words

    label = words(outlet.language)
    keys = (
        "newsletter_title",
        "newsletter_text",
        "cookie",
        "comments_text",
        "footer",
        "embed",
        "embed_text",
        "ad_text",
        "paywall",
        "loading",
        "skip",
    )
    lines = [label[key] for key in keys] + [story.caption]
    lines += [label["bio"].format(name=name) for name in story.authors]
    if outlet.template == "broadcaster":
        lines += [
            broadcaster.KICKER,
            broadcaster.BIO,
            *broadcaster.NOTICE,
            "16x9 Image",
            "Accessibility links",
            "XS",
            "SM",
            "MD",
            "LG",
        ]
    return tuple(lines)


def events(site: Site, start: datetime, end: datetime) -> Iterator[Event]:
    """Publications, edits and deletions after `start`, up to and including `end`."""
    for story in site.archive.stories:
        url = site.base + site.archive.path(story)
        for revision in story.revisions:
            removed = story.removal is not None and revision.at >= story.removal.at
            if start < revision.at <= end and not removed:
                yield Event(
                    at=revision.at,
                    kind="publication" if revision.change == "new" else "edit",
                    change=revision.change,
                    outlet=site.outlet.key,
                    url=url,
                )
        if story.removal is not None and start < story.removal.at <= end:
            yield Event(
                at=story.removal.at,
                kind="deletion",
                change=story.removal.how,
                outlet=site.outlet.key,
                url=url,
            )
