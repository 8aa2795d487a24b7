"""The gallery and the host that it takes pictures, fonts and scripts from."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from html import escape
from urllib.parse import unquote, urlsplit

from sampleweb.clock import DAY_ZERO, http_date
from sampleweb.incidents import Incident
from sampleweb.outlets import Outlet
from sampleweb.prose import Writer
from sampleweb.resource import Resource
from sampleweb.rich.maker import NAME, STYLE, Maker
from sampleweb.rich.model import RichPage
from sampleweb.rich.pages import PAGES
from sampleweb.rich.pictures import png
from sampleweb.translit import slugify

STAFF = ("Orla Pennyfeather", "Tobias Grensk", "Marit Solvane")

GALLERY = Outlet(
    key="gallery",
    name=NAME,
    host="127.0.0.20",
    language="en",
    locale="en_GB",
    template="gallery",
    path="/{date:%Y/%m/%d}/{slug}.html",
    staff=STAFF,
    agency="Meridia Press",
)
CDN = replace(GALLERY, key="gallery-cdn", host="127.0.0.21", template="gallery-cdn")

_LISTS = ("/", "/techniques/")


class Gallery:
    """Both hosts: `host(GALLERY)` and `host(CDN)` are what a server serves."""

    def __init__(self, seed: int, port: int) -> None:
        self.home = f"http://{GALLERY.host}:{port}"
        self.cdn = f"http://{CDN.host}:{port}"
        self.served: dict[str, Resource] = {}
        self.asked: Counter[str] = Counter()
        writer = Writer("en")
        pages = []
        for number, (key, render) in enumerate(PAGES.items()):
            published = DAY_ZERO + timedelta(days=19 + number, hours=8, minutes=7 * number)
            rng = random.Random(f"{seed}:gallery:{key}")
            draft = writer.draft(rng, published, length=12 if key == "scroll" else 7)
            path = GALLERY.article_path(
                section=draft.section, slug=slugify(draft.headline), number=number, published=published
            )
            author = STAFF[number % len(STAFF)]
            maker = Maker(key, published, draft, author, self.home, self.cdn, path, self.served)
            pages.append(render(maker))
        self.pages: tuple[RichPage, ...] = tuple(pages)
        self._flaky = {one.url for page in pages for one in page.requisites if one.flaky}
        self._listings()

    def host(self, outlet: Outlet) -> Host:
        """One of the two."""
        return Host(self, outlet, self.cdn if outlet is CDN else self.home)

    def answer(self, url: str) -> Resource:
        """What is at an address."""
        self.asked[url] += 1
        if url in self._flaky and self.asked[url] == 1:
            return Resource(status=503, body=b"<h1>503 Service Unavailable</h1>\n", retry=1)
        return self.served.get(url) or Resource(status=404, body=b"<h1>Not found</h1>\n")

    def _listings(self) -> None:
        newest = max(page.published for page in self.pages)
        for base in (self.home, self.cdn):
            robots = "User-agent: *\nDisallow: /closed/\nDisallow: /intern/\n"
            if base == self.home:
                robots += f"\nSitemap: {self.home}/sitemap.xml\n"
            self.served[f"{base}/robots.txt"] = _text("text/plain", robots, DAY_ZERO)
        self.served[f"{self.home}/favicon.ico"] = Resource(
            content_type="image/png", body=png("gallery/favicon", 16, 16), changed=DAY_ZERO
        )
        for path in _LISTS:
            self.served[self.home + path] = _text("text/html", self._list(path), newest)
        self.served[f"{self.home}/feeds/rss.xml"] = _text("application/rss+xml", self._rss(newest), newest)
        self.served[f"{self.home}/sitemap.xml"] = _text("application/xml", self._sitemap(), newest)

    def _list(self, path: str) -> str:
        rows = "".join(
            f'<li><a href="{urlsplit(page.url).path}">{escape(page.title)}</a> '
            f'<time datetime="{page.published.isoformat()}">{page.published:%d %B %Y}</time></li>\n'
            for page in reversed(self.pages)
        )
        title = NAME if path == "/" else f"Techniques - {NAME}"
        links = "".join(f'<a href="{other}">{other.strip("/") or "home"}</a> ' for other in _LISTS)
        return (
            f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
            '<link rel="alternate" type="application/rss+xml" href="/feeds/rss.xml">\n'
            f"<style>{STYLE}</style>\n</head>\n<body>\n<header>{links}</header>\n"
            f"<article><h1>{title}</h1>\n<ul>\n{rows}</ul></article>\n</body>\n</html>\n"
        )

    def _rss(self, newest: datetime) -> str:
        rows = "".join(
            f"<item><title>{escape(page.title)}</title><link>{escape(page.url)}</link>"
            f'<guid isPermaLink="true">{escape(page.url)}</guid><pubDate>{http_date(page.published)}</pubDate></item>\n'
            for page in reversed(self.pages)
        )
        return (
            '<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0"><channel>'
            f"<title>{NAME}</title><link>{self.home}/</link><description>{NAME}</description><language>en</language>"
            f"<lastBuildDate>{http_date(newest)}</lastBuildDate>\n{rows}</channel></rss>\n"
        )

    def _sitemap(self) -> str:
        rows = "".join(
            f"<url><loc>{escape(page.url)}</loc><lastmod>{page.published.isoformat()}</lastmod></url>\n"
            for page in self.pages
        )
        head = '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
        return f"{head}{rows}</urlset>\n"


class Host:
    """One of the gallery's hosts as a server sees it. The clock makes no difference to it."""

    def __init__(self, gallery: Gallery, outlet: Outlet, base: str) -> None:
        self.gallery, self.outlet, self.base = gallery, outlet, base

    def active(self, kind: str, now: datetime) -> Incident | None:
        """Nothing goes wrong here but what its pages are meant to show."""
        return None

    def respond(self, target: str, cookies: str, now: datetime) -> Resource:
        """The answer to GET `target`."""
        return self.gallery.answer(self.base + unquote(urlsplit(target).path))


def _text(kind: str, text: str, changed: datetime) -> Resource:
    return Resource(content_type=kind, body=text.encode(), changed=changed)
