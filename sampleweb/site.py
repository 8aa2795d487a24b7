"""One outlet as a site: from a request target and an instant to a resource."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from sampleweb import feeds, listings, sitemaps
from sampleweb.archive import Archive, headline, tag_slug
from sampleweb.clock import DAY_ZERO
from sampleweb.incidents import Incident
from sampleweb.model import Story
from sampleweb.outlets import SECTIONS, Outlet
from sampleweb.resource import Resource
from sampleweb.templates import RENDER, twins
from sampleweb.templates.page import Link, Page
from sampleweb.translit import slugify
from sampleweb.traps import STATIC, traps
from sampleweb.words import words

TRACKING = ("utm_", "fbclid", "gclid")
"""Query parameters that make no difference to a page."""


class Site:
    """All pages of one outlet."""

    def __init__(
        self,
        outlet: Outlet,
        stories: tuple[Story, ...],
        port: int,
        incidents: tuple[Incident, ...] = (),
    ) -> None:
        self.outlet = outlet
        self.archive = Archive(outlet, stories)
        self.base = f"http://{outlet.host}:{port}"
        self.old_base = f"http://{outlet.old_host}:{port}" if outlet.old_host else ""
        self.incidents = tuple(i for i in incidents if i.outlet == outlet.key)
        self.traps = traps(outlet)
        self.words = words(outlet.language)
        self.lists = listings.lists(self)

    def active(self, kind: str, now: datetime) -> Incident | None:
        """The incident of that kind that is going on."""
        return next((i for i in self.incidents if i.kind == kind and i.active(now)), None)

    def turned(self, kind: str, now: datetime) -> datetime:
        """When an incident of that kind last began or ended."""
        moments = [i.start for i in self.incidents if i.kind == kind]
        moments += [i.end for i in self.incidents if i.kind == kind and i.end is not None]
        return max((moment for moment in moments if moment <= now), default=DAY_ZERO)

    # -- addresses ---------------------------------------------------------------------------

    def section_path(self, section: str) -> str:
        """Where a section starts; "archive" is all of them."""
        slug = section if section == "archive" else quote(self.outlet.section_slug(section))
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
            (key, value)
            for key, value in parse_qsl(parts.query, keep_blank_values=True)
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
            return self._story(story, now, cookies, target, "amp" if amp else "print" if "print" in options else "")
        return listings.answer(self, path, options, now) or self.not_found()

    def _special(self, path: str, options: dict[str, str], now: datetime) -> Resource | None:
        """robots.txt, feeds, sitemaps, pictures, traps, redirects."""
        if path == "/robots.txt":
            closed = self.active("robots", now) is not None
            text = sitemaps.robots(self.archive, self.base, closed=closed)
            changed = self.turned("robots", now)
            return Resource(content_type="text/plain", body=text.encode(), changed=changed)
        if path == "/.well-known/tdmrep.json" and self.outlet.tdm_policy:
            rule = {"location": "/", "tdm-reservation": 1, "tdm-policy": self.outlet.tdm_policy}
            return Resource(content_type="application/json", body=json.dumps([rule]).encode(), changed=DAY_ZERO)
        for kind in self.outlet.feeds:
            if path == feeds.PATHS[kind][0]:
                if self.active("dead-feed", now):
                    return self.not_found()
                text = feeds.render(self.archive, kind, now, self.base)
                changed = feeds.changed(self.archive, kind, now)
                return Resource(content_type=feeds.PATHS[kind][1], body=text.encode(), changed=changed)
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
            return self.page(html, DAY_ZERO, trap.status)
        if path.startswith(sitemaps.CANARY):
            body = f"<p>{self.words['contact']}</p>"
            return self.page(self._plain(self.words["intern"], body, path, now), DAY_ZERO)
        if path in STATIC:
            body = f"<p>{self.words['footer']}</p>"
            return self.page(self._plain(self.words["imprint"], body, path, now), DAY_ZERO)
        return None

    def not_found(self, status: int = 404) -> Resource:
        """An honest "not found"."""
        body = f"<h1>{self.words['not_found']}</h1><p>{self.words['not_found_text']}</p>"
        return Resource(status=status, body=body.encode(self.outlet.charset, "xmlcharrefreplace"))

    def page(self, html: str, changed: datetime, status: int = 200) -> Resource:
        """An HTML answer in the outlet's encoding."""
        return Resource(
            status=status,
            body=html.encode(self.outlet.charset, "xmlcharrefreplace"),
            changed=changed,
        )

    # -- pages -------------------------------------------------------------------------------

    def render(self, now: datetime) -> Callable[[Page], str]:
        """The template in force."""
        redesign = self.active("redesign", now)
        return RENDER[redesign.detail if redesign else self.outlet.template]

    def nav(self) -> tuple[Link, ...]:
        """The main menu."""
        home = Link(title=self.words["home"], href="/")
        names = {section: self.words[section] for section in (*SECTIONS, "archive")}
        return (home, *(Link(title=n, href=self.section_path(s)) for s, n in names.items()))

    def link(self, story: Story, now: datetime) -> Link:
        """A teaser of the story, with its headline as of `now`."""
        return Link(title=headline(story, now), href=self.archive.path(story))

    def _plain(self, title: str, body: str, path: str, now: datetime) -> str:
        return self.render(now)(
            Page(
                outlet=self.outlet,
                words=self.words,
                base=self.base,
                kind="plain",
                title=title,
                canonical=self.base + path,
                nav=self.nav(),
                body=body,
            )
        )

    def article_page(self, story: Story, now: datetime) -> Page:
        """What the template of an article is given."""
        revision = story.current(now)
        assert revision is not None
        outlet = self.outlet
        before = self.archive.before(story, 7)
        tags = tuple(Link(title=word, href=f"/tag/{quote(tag_slug(word))}/") for word in revision.keywords)
        return Page(
            outlet=outlet,
            words=self.words,
            base=self.base,
            kind="article",
            title=revision.headline,
            canonical=self.base + self.archive.path(story),
            nav=self.nav(),
            story=story,
            revision=revision,
            published=story.published,
            modified=story.modified(now),
            tags=tags,
            related=tuple(self.link(s, story.published) for s in before[:3]),
            latest=tuple(self.link(s, story.published) for s in before[3:]),
            authors=tuple(Link(title=name, href=f"/author/{quote(slugify(name))}/") for name in story.authors),
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
        shown = {"amp": twins.amp, "print": twins.print_version}.get(twin) or self.render(now)
        html = shown(page)
        found = self.page(html, max(revision.at, self.turned("redesign", now)))
        tag = self.outlet.robots_tag
        return replace(found, headers=(*found.headers, ("X-Robots-Tag", tag))) if tag else found


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
