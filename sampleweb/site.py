"""One outlet as a site: from a request target and an instant to a resource."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from sampleweb import feeds, sitemaps
from sampleweb.archive import Archive, headline, tag_slug
from sampleweb.clock import DAY_ZERO
from sampleweb.incidents import Incident
from sampleweb.model import Story
from sampleweb.outlets import SECTIONS, Outlet
from sampleweb.templates import RENDER, twins
from sampleweb.templates.page import Link, Page
from sampleweb.traps import STATIC, traps
from sampleweb.translit import slugify
from sampleweb.words import words

HOME_ITEMS = 12
"""Stories on a home page."""

TRACKING = ("utm_", "fbclid", "gclid")
"""Query parameters that make no difference to a page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """An answer, before it is put on the wire."""

    status: int = 200
    content_type: str = "text/html"
    body: bytes = b""
    changed: datetime | None = None
    location: str = ""
    cookie: str = ""


class Site:
    """All pages of one outlet."""

    def __init__(
        self, outlet: Outlet, stories: tuple[Story, ...], port: int,
        incidents: tuple[Incident, ...] = (),
    ) -> None:
        self.outlet = outlet
        self.archive = Archive(outlet, stories)
        self.base = f"http://{outlet.host}:{port}"
        self.old_base = f"http://{outlet.old_host}:{port}" if outlet.old_host else ""
        self.incidents = tuple(i for i in incidents if i.outlet == outlet.key)
        self.traps = traps(outlet)
        self.words = words(outlet.language)

    def active(self, kind: str, now: datetime) -> Incident | None:
        """The incident of that kind that is going on."""
        return next((i for i in self.incidents if i.kind == kind and i.active(now)), None)

    # -- addresses ---------------------------------------------------------------------------

    def section_path(self, section: str) -> str:
        """Where a section starts; "archive" is all of them."""
        slug = section if section == "archive" else self.outlet.section_slug(section)
        if self.outlet.template == "broadcaster":
            return "/z/630" if section == "archive" else f"/z/{slug}"
        return f"/{slug}" if self.outlet.template == "hydrated" else f"/{slug}/"

    def page_path(self, first: str, number: int) -> str:
        """Page `number` of the listing that starts at `first`."""
        if number == 1:
            return first
        if self.outlet.page_link == "numbers":
            return f"{first}?page={number}"
        return f"{first.rstrip('/')}/page/{number}/"

    def amp_path(self, story: Story) -> str:
        return self.archive.path(story).rstrip("/") + "/amp" if self.outlet.amp else ""

    def print_path(self, story: Story) -> str:
        path = self.archive.path(story)
        if not self.outlet.print_twin:
            return ""
        return path + ("&" if "?" in path else "?") + "print=1"

    def aliases(self, story: Story) -> tuple[str, ...]:
        """Every other address that leads to the story."""
        path = self.archive.path(story)
        found = [f"{self.base}/go/{story.number}"]
        if self.outlet.utm:
            found.append(feeds.link(self.archive, story, self.base))
        found += [self.base + twin for twin in (self.amp_path(story), self.print_path(story)) if twin]
        if self.old_base:
            found.append(self.old_base + path)
        return tuple(found)

    # -- answering ---------------------------------------------------------------------------

    def respond(self, target: str, cookies: str, now: datetime) -> Resource:
        """The answer to GET `target` at `now`."""
        if self.active("down", now):
            return Resource(status=503, body=b"<h1>503 Service Unavailable</h1>\n")
        parts = urlsplit(target)
        query = [
            (key, value) for key, value in parse_qsl(parts.query, keep_blank_values=True)
            if not key.startswith(TRACKING)
        ]
        path = quote(unquote(parts.path), safe="/?=&-._~")
        options = dict(query)
        special = self._special(path, options, now)
        if special is not None:
            return special
        amp = self.outlet.amp and path.endswith("/amp")
        key = path.removesuffix("/amp") if amp else path
        if "id" in options:
            key += f"?id={options['id']}"
        story = self.archive.by_path(key)
        if story is not None:
            return self._story(story, now, cookies, target, "amp" if amp else
                               "print" if "print" in options else "")
        return self._listing(path, options, now) or self.not_found()

    def _special(self, path: str, options: dict[str, str], now: datetime) -> Resource | None:
        """robots.txt, feeds, sitemaps, pictures, traps, redirects."""
        if path == "/robots.txt":
            closed = self.active("robots", now)
            text = sitemaps.robots(self.archive, self.base, closed=closed is not None)
            changed = closed.start if closed else DAY_ZERO
            return Resource(content_type="text/plain", body=text.encode(), changed=changed)
        for kind in self.outlet.feeds:
            if path == feeds.PATHS[kind][0]:
                if self.active("dead-feed", now):
                    return self.not_found()
                text = feeds.render(self.archive, kind, now, self.base)
                changed = feeds.changed(self.archive, kind, now)
                return Resource(
                    content_type=feeds.PATHS[kind][1], body=text.encode(), changed=changed
                )
        if path in sitemaps.PATHS[self.outlet.sitemap]:
            return Resource(
                content_type="application/gzip" if path.endswith(".gz") else "application/xml",
                body=sitemaps.render(self.archive, path, now, self.base),
                changed=sitemaps.changed(self.archive, path, now),
            )
        if path.startswith("/media/") and path.endswith(".svg"):
            return Resource(content_type="image/svg+xml", body=_picture(path), changed=DAY_ZERO)
        if path == "/consent":
            back = options.get("back", "/")
            back = back if back.startswith("/") and not back.startswith("//") else "/"
            return Resource(status=302, location=self.base + back, cookie="consent=yes; Path=/")
        if path.startswith("/go/") and path[4:].isdigit():
            story = self.archive.by_number(int(path[4:]))
            if story is not None and now >= story.published:
                return Resource(status=301, location=self.base + self.archive.path(story))
        trap = self.traps.get(path)
        if trap is not None:
            html = trap.raw or self._plain(trap.title, trap.body, path, now)
            return self._html(html, DAY_ZERO, trap.status)
        if path.startswith(sitemaps.CANARY):
            body = f"<p>{self.words['contact']}</p>"
            return self._html(self._plain(self.words["intern"], body, path, now), DAY_ZERO)
        if path in STATIC:
            body = f"<p>{self.words['footer']}</p>"
            return self._html(self._plain(self.words["imprint"], body, path, now), DAY_ZERO)
        return None

    def not_found(self, status: int = 404) -> Resource:
        """An honest "not found"."""
        body = f"<h1>{self.words['not_found']}</h1><p>{self.words['not_found_text']}</p>"
        return Resource(status=status, body=body.encode(self.outlet.charset, "xmlcharrefreplace"))

    def _html(self, html: str, changed: datetime, status: int = 200) -> Resource:
        return Resource(
            status=status, body=html.encode(self.outlet.charset, "xmlcharrefreplace"),
            changed=changed,
        )

    # -- pages -------------------------------------------------------------------------------

    def _render(self, now: datetime) -> Callable[[Page], str]:
        redesign = self.active("redesign", now)
        return RENDER[redesign.detail if redesign else self.outlet.template]

    def _nav(self) -> tuple[Link, ...]:
        home = Link(title=self.words["home"], href="/")
        names = {section: self.words[section] for section in (*SECTIONS, "archive")}
        return (home, *(Link(title=n, href=self.section_path(s)) for s, n in names.items()))

    def _link(self, story: Story, now: datetime) -> Link:
        return Link(title=headline(story, now), href=self.archive.path(story))

    def _plain(self, title: str, body: str, path: str, now: datetime) -> str:
        return self._render(now)(Page(
            outlet=self.outlet, words=self.words, base=self.base, kind="plain", title=title,
            canonical=self.base + path, nav=self._nav(), body=body,
        ))

    def article_page(self, story: Story, now: datetime) -> Page:
        """What the template of an article is given."""
        revision = story.current(now)
        assert revision is not None
        outlet = self.outlet
        before = self.archive.before(story, 7)
        tags = tuple(
            Link(title=word, href=f"/tag/{quote(tag_slug(word))}/") for word in revision.keywords
        )
        return Page(
            outlet=outlet, words=self.words, base=self.base, kind="article",
            title=revision.headline, canonical=self.base + self.archive.path(story),
            nav=self._nav(), story=story, revision=revision, published=story.published,
            modified=story.modified(now), tags=tags,
            related=tuple(self._link(s, story.published) for s in before[:3]),
            latest=tuple(self._link(s, story.published) for s in before[3:]),
            authors=tuple(
                Link(title=name, href=f"/author/{quote(slugify(name))}/") for name in story.authors
            ),
            amp=self.base + self.amp_path(story) if outlet.amp else "",
            print=self.print_path(story),
        )

    def _story(self, story: Story, now: datetime, cookies: str, target: str, twin: str) -> Resource:
        if now < story.published:
            return self.not_found()
        revision = story.current(now)
        if revision is None:
            assert story.removal is not None
            if story.removal.how == "home":
                return Resource(status=302, location=f"{self.base}/")
            return self.not_found(410 if story.removal.how == "gone" else 404)
        if story.section == self.outlet.consent_section and "consent=yes" not in cookies:
            return Resource(status=302, location=f"{self.base}/consent?back={quote(target, safe='')}")
        page = self.article_page(story, now)
        if twin:
            html = twins.amp(page) if twin == "amp" else twins.print_version(page)
        else:
            html = self._render(now)(page)
        redesign = self.active("redesign", now)
        changed = max(revision.at, redesign.start) if redesign else revision.at
        return self._html(html, changed)

    # -- listings ----------------------------------------------------------------------------

    def lists(self) -> dict[str, tuple[str, Callable[[Story], bool]]]:
        """Sections, tags and authors: first path -> title and what belongs to it."""
        label = self.words
        found: dict[str, tuple[str, Callable[[Story], bool]]] = {
            self.section_path(section): (label[section], _in_section(section))
            for section in SECTIONS
        }
        found[self.section_path("archive")] = (label["archive"], lambda story: True)
        for word in sorted({w for s in self.archive.stories for w in s.revisions[0].keywords}):
            found[f"/tag/{quote(tag_slug(word))}/"] = (f"{label['tag_page']} {word}", _with(word))
        for name in self.outlet.staff:
            path = f"/author/{quote(slugify(name))}/"
            found[path] = (f"{label['author_page']} {name}", _written_by(name))
        return found

    def count(self, first: str, now: datetime) -> int:
        """How many pages the listing at `first` has."""
        return max(1, -(-len(self._members(first, now)) // self.outlet.per_page))

    def _members(self, first: str, now: datetime) -> list[Story]:
        members = self.archive.listed(now, keep=self.lists()[first][1])
        if first == self.section_path("archive"):
            pinned = [s for s in self.archive.listed(now, "page-3") if s.only_via == "page-3"]
            spot = 2 * self.outlet.per_page
            members[spot + 1:spot + 1] = pinned
        return members

    def _listing(self, path: str, options: dict[str, str], now: datetime) -> Resource | None:
        if path == "/":
            return self._home(now)
        first, number = path, int(options.get("page", "1")) if options.get("page", "1").isdigit() else 1
        if "/page/" in path:
            head, _, tail = path.partition("/page/")
            if not tail.strip("/").isdigit():
                return None
            first, number = head, int(tail.strip("/"))
        known = self.lists()
        for spelt in (first, first + "/", first.rstrip("/")):
            if spelt in known:
                if spelt != first and number == 1:
                    return Resource(status=301, location=self.base + spelt)
                return self._section(spelt, number, now)
        return None

    def _section(self, first: str, number: int, now: datetime) -> Resource | None:
        title, keep = self.lists()[first]
        count, size = self.count(first, now), self.outlet.per_page
        if not 1 <= number <= count:
            return None
        shown = self._members(first, now)[(number - 1) * size:number * size]
        turn = [self.page_path(first, n) for n in range(1, count + 1)]
        page = Page(
            outlet=self.outlet, words=self.words, base=self.base, kind="list", title=title,
            canonical=self.base + turn[number - 1], nav=self._nav(),
            teasers=tuple(self._link(story, now) for story in shown),
            previous=turn[number - 2] if number > 1 else "",
            next=turn[number] if number < count else "",
            numbers=tuple(Link(title=str(n), href=p) for n, p in enumerate(turn, 1)),
        )
        return self._html(
            self._render(now)(page), self._listing_changed(now, shown, keep)
        )

    def _home(self, now: datetime) -> Resource:
        shown = self.archive.listed(now, "home")
        first = [s for s in shown if not s.only_via][:HOME_ITEMS]
        shown = sorted(first + [s for s in shown if s.only_via], key=lambda s: s.published,
                       reverse=True)
        suffix = self.outlet.utm
        teasers = []
        for number, story in enumerate(shown):
            link = self._link(story, now)
            if suffix and number % 4 == 1:  # some links carry tracking parameters
                link = Link(title=link.title, href=feeds.link(self.archive, story, ""))
            teasers.append(link)
        page = Page(
            outlet=self.outlet, words=self.words, base=self.base, kind="list",
            title=self.outlet.name, canonical=f"{self.base}/", nav=self._nav(),
            teasers=tuple(teasers), more=self._more(now), feeds=tuple(
                (feeds.PATHS[kind][1], feeds.PATHS[kind][0]) for kind in self.outlet.feeds
            ),
        )
        changed = self._listing_changed(now, shown, lambda story: True)
        return self._html(self._render(now)(page), changed)

    def _more(self, now: datetime) -> tuple[Link, ...]:
        """Links under the fold: old and short addresses, traps, the page robots.txt forbids."""
        old = [story for story in self.archive.stories if not story.only_via][2:5]
        stub = next(story for story in self.archive.stories if story.kind == "stub")
        made = [
            Link(title=headline(old[0], DAY_ZERO), href=f"/go/{old[0].number}"),
            Link(title=headline(stub, DAY_ZERO), href=self.archive.path(stub)),
        ]
        if self.old_base:
            path = self.old_base + self.archive.path(old[1])
            made.append(Link(title=headline(old[1], DAY_ZERO), href=path))
        if self.outlet.amp or self.outlet.print_twin:
            twin = self.amp_path(old[2]) or self.print_path(old[2])
            made.append(Link(title=headline(old[2], DAY_ZERO), href=twin))
        made += [Link(title=trap.title, href=trap.path) for trap in self.traps.values()]
        made.append(Link(title=self.words["intern"], href=sitemaps.CANARY + "rota.html"))
        return tuple(made)

    def _listing_changed(
        self, now: datetime, shown: list[Story], keep: Callable[[Story], bool]
    ) -> datetime:
        changed = self.archive.changed(now, shown, shifts=True, keep=keep)
        redesign = self.active("redesign", now)
        return max(changed, redesign.start) if redesign else changed


def _in_section(section: str) -> Callable[[Story], bool]:
    return lambda story: story.section == section


def _with(word: str) -> Callable[[Story], bool]:
    return lambda story: word in story.revisions[0].keywords


def _written_by(name: str) -> Callable[[Story], bool]:
    return lambda story: name in story.authors


def _picture(path: str) -> bytes:
    """A drawn placeholder: hills under a sky whose colours come from the name."""
    hue = sum(path.encode()) * 7 % 360
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 360" width="640" height="360">'
        f'<rect width="640" height="360" fill="hsl({hue},45%,78%)"/>'
        f'<circle cx="{80 + hue}" cy="90" r="36" fill="hsl({hue},80%,92%)"/>'
        f'<path d="M0 300 Q160 {140 + hue % 90} 320 270 T640 220 V360 H0Z" '
        f'fill="hsl({(hue + 120) % 360},30%,45%)"/></svg>'
    ).encode()
