"""Pages that list stories: home, sections, the archive, tags, authors, with their paging."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from sampleweb import feeds, sitemaps
from sampleweb.archive import headline, tag_slug
from sampleweb.clock import DAY_ZERO
from sampleweb.model import Story
from sampleweb.outlets import SECTIONS
from sampleweb.resource import Resource
from sampleweb.templates.page import Link, Page
from sampleweb.translit import slugify

if TYPE_CHECKING:
    from sampleweb.site import Site

HOME_ITEMS = 12
"""Stories on a home page."""

Keep = Callable[[Story], bool]
Lists = dict[str, tuple[str, Keep]]


def lists(site: Site) -> Lists:
    """Sections, tags and authors: first path -> title and what belongs to it."""
    label = site.words
    found: Lists = {site.section_path(section): (label[section], _in_section(section)) for section in SECTIONS}
    found[site.section_path("archive")] = (label["archive"], _everything)
    for word in sorted({w for s in site.archive.stories for w in _keywords(s)}):
        found[f"/tag/{quote(tag_slug(word))}/"] = (f"{label['tag_page']} {word}", _with(word))
    for name in site.outlet.staff:
        path = f"/author/{quote(slugify(name))}/"
        keep = _written_by("" if name == site.outlet.name else name)
        found[path] = (f"{label['author_page']} {name}", keep)
    return found


def count(site: Site, first: str, now: datetime) -> int:
    """How many pages the listing at `first` has; a tag that nobody used yet has none."""
    return -(-len(_members(site, first, now)) // site.outlet.per_page)


def answer(site: Site, path: str, options: dict[str, str], now: datetime) -> Resource | None:
    """The listing at `path`, a redirect to its proper spelling, or None."""
    if path == "/":
        return _home(site, now)
    asked = options.get("page", "1")
    first, number = path, int(asked) if asked.isdigit() else 1
    if "/page/" in path:
        first, _, tail = path.partition("/page/")
        if not tail.strip("/").isdigit():
            return None
        number = int(tail.strip("/"))
    for spelt in (first, first + "/", first.rstrip("/")):
        if spelt in site.lists:
            if spelt != first and "/page/" not in path:
                return Resource(status=301, location=site.base + site.page_path(spelt, number))
            return _section(site, spelt, number, now)
    return None


def _members(site: Site, first: str, now: datetime) -> list[Story]:
    members = site.archive.listed(now, keep=site.lists[first][1])
    if first == site.section_path("archive"):
        pinned = [s for s in site.archive.listed(now, "page-3") if s.only_via == "page-3"]
        spot = 2 * site.outlet.per_page
        members[spot + 1 : spot + 1] = pinned
    return members


def _section(site: Site, first: str, number: int, now: datetime) -> Resource | None:
    title, keep = site.lists[first]
    if not _members(site, first, now):
        return None
    pages, size = count(site, first, now), site.outlet.per_page
    if not 1 <= number <= pages:
        return None
    shown = _members(site, first, now)[(number - 1) * size : number * size]
    turn = [site.page_path(first, n) for n in range(1, pages + 1)]
    page = Page(
        outlet=site.outlet,
        words=site.words,
        base=site.base,
        kind="list",
        title=title,
        canonical=site.base + turn[number - 1],
        nav=site.nav(),
        teasers=tuple(site.link(story, now) for story in shown),
        previous=turn[number - 2] if number > 1 else "",
        next=turn[number] if number < pages else "",
        numbers=tuple(Link(title=str(n), href=p) for n, p in enumerate(turn, 1)),
        feeds=_feeds(site),
    )
    changed = site.archive.changed(now, shown, shifts=True, keep=keep)
    if site.outlet.page_link == "numbers" and pages > 1:  # the numbers tell of a new last page
        changed = max(changed, site.archive.changed(now, _members(site, first, now)[:1], shifts=True, keep=keep))
    return site.page(site.render(now)(page), max(changed, site.turned("redesign", now)))


def _home(site: Site, now: datetime) -> Resource:
    listed = site.archive.listed(now, "home")
    shown = [s for s in listed if not s.only_via][:HOME_ITEMS] + [s for s in listed if s.only_via]
    shown.sort(key=lambda story: story.published, reverse=True)
    teasers = []
    for number, story in enumerate(shown):
        link = site.link(story, now)
        if site.outlet.utm and number % 4 == 1:  # some links carry tracking parameters
            link = Link(title=link.title, href=feeds.link(site.archive, story, ""))
        teasers.append(link)
    page = Page(
        outlet=site.outlet,
        words=site.words,
        base=site.base,
        kind="list",
        title=site.outlet.name,
        canonical=f"{site.base}/",
        nav=site.nav(),
        teasers=tuple(teasers),
        more=_more(site),
        feeds=_feeds(site),
    )
    changed = site.archive.changed(now, shown, shifts=True)
    return site.page(site.render(now)(page), max(changed, site.turned("redesign", now)))


def _feeds(site: Site) -> tuple[tuple[str, str], ...]:
    return tuple((feeds.PATHS[kind][1], feeds.PATHS[kind][0]) for kind in site.outlet.feeds)


def _more(site: Site) -> tuple[Link, ...]:
    """Links under the fold: old and short addresses, traps, the page robots.txt forbids."""
    old = [story for story in site.archive.stories if not story.only_via][2:5]
    stub = next(story for story in site.archive.stories if story.kind == "stub")
    made = [
        Link(title=headline(old[0], DAY_ZERO), href=f"/go/{old[0].number}"),
        Link(title=headline(stub, DAY_ZERO), href=site.archive.path(stub)),
    ]
    if site.old_base:
        path = site.old_base + site.archive.path(old[1])
        made.append(Link(title=headline(old[1], DAY_ZERO), href=path))
    twin = site.amp_path(old[2]) or site.print_path(old[2])
    if twin:
        made.append(Link(title=headline(old[2], DAY_ZERO), href=twin))
    made += [Link(title=trap.title, href=trap.path) for trap in site.traps.values()]
    made.append(Link(title=site.words["intern"], href=sitemaps.CANARY + "rota.html"))
    return tuple(made)


def _everything(_: Story) -> bool:
    return True


def _in_section(section: str) -> Keep:
    return lambda story: story.section == section


def _with(word: str) -> Keep:
    return lambda story: word in _keywords(story)


def _keywords(story: Story) -> set[str]:
    """All that the story ever has, so that an edit does not move it between tag pages."""
    return {word for revision in story.revisions for word in revision.keywords}


def _written_by(name: str) -> Keep:
    """Stories by that person; for an outlet that signs itself (no name), all unsigned ones."""
    return lambda story: name in story.authors if name else not story.authors
