"""Puts a page together: each address it names is served, and stands in the truth, by the same call."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import datetime
from html import escape

from sampleweb.clock import DAY_ZERO
from sampleweb.prose import Draft
from sampleweb.resource import Resource
from sampleweb.rich.model import Requisite, RichPage
from sampleweb.rich.pictures import TYPES, drawn, png, svg

STYLE = """
body { margin: 0; background: #fbfaf7; color: #222; font: 17px/1.5 serif; }
header, article, footer { width: 720px; margin: 0 auto; padding: 12px 0; }
h1 { font-size: 34px; line-height: 1.2; margin: 8px 0; }
figure { margin: 16px 0; }
img { display: block; background: #ddd; }
.byline { color: #666; }
"""
"""How every page of the gallery is laid out, in the page itself."""


@dataclass
class Maker:
    """One page in the making."""

    key: str
    published: datetime
    draft: Draft
    author: str
    home: str  # http://127.0.0.20:8080
    cdn: str  # http://127.0.0.21:8080
    path: str
    served: dict[str, Resource] = field(default_factory=dict)
    """Address → answer; shared by all pages."""
    requisites: dict[str, Requisite] = field(default_factory=dict)
    decoys: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.home + self.path

    @property
    def loose_cdn(self) -> str:
        """The other host as pages name it that leave the scheme open."""
        return self.cdn.removeprefix("http:")

    # -- what a page needs ---------------------------------------------------------------------

    def put(
        self,
        path: str,
        body: bytes | str = b"",
        *,
        kind: str = "",
        cdn: bool = False,
        plain: bool = True,
        browser: bool = True,
        answer: Resource | None = None,
        flaky: bool = False,
        disallowed: bool = False,
    ) -> str:
        """Serve `body` (or `answer`) at `path`, and expect it to be asked for. Returns the path on the
        page's own host, the whole address on the other."""
        url = (self.cdn if cdn else self.home) + path
        extension = path.rpartition(".")[2]
        mime = TYPES[extension]
        guess = {"css": "style", "js": "script", "json": "data", "html": "frame"}.get(extension, mime.partition("/")[0])
        data = body.encode() if isinstance(body, str) else body
        resource = answer or Resource(content_type=mime, body=data, changed=DAY_ZERO)
        if cdn:
            resource = replace(resource, headers=(("Access-Control-Allow-Origin", "*"), *resource.headers))
        self.served[url] = resource
        self.requisites[url] = Requisite(
            url=url,
            kind=kind or guess,
            plain=plain,
            browser=browser,
            status=resource.status,
            redirects=resource.location,
            flaky=flaky,
            disallowed=disallowed,
        )
        return url if cdn else path

    def picture(
        self, name: str, width: int = 320, height: int = 180, *, cdn: bool = False, plain: bool = True,
        browser: bool = True, kind: str = "",
    ) -> str:  # fmt: skip
        """A picture of this page, drawn by its name; avif, jpg and webp are those of `files/`."""
        stem, _, extension = name.rpartition(".")
        if extension == "svg":
            body = svg(f"{self.key}/{name}", width, height)
        elif extension == "png":
            body = png(f"{self.key}/{name}", width, height)
        else:
            body = drawn(f"{stem.rpartition('/')[2]}.{extension}")
        return self.put(f"/img/{self.key}/{name}", body, cdn=cdn, plain=plain, browser=browser, kind=kind)

    def decoy(self, path: str) -> str:
        """An address that only looks as if it were asked for."""
        self.decoys.append(self.home + path)
        return path

    # -- the page ------------------------------------------------------------------------------

    def byline(self) -> str:
        stamp = self.published.isoformat()
        return (
            f'<p class="byline">By <span class="author" rel="author">{escape(self.author)}</span>, '
            f'<time datetime="{stamp}">{self.published:%d %B %Y, %H:%M} UTC</time></p>'
        )

    def page(self, body: str, *, head: str = "", end: str = "", attributes: str = "") -> str:
        """An article page: `body` stands between the byline and the end of the article."""
        title = escape(self.draft.headline)
        data = {
            "@context": "https://schema.org",
            "@type": "NewsArticle",
            "headline": self.draft.headline,
            "datePublished": self.published.isoformat(),
            "author": [{"@type": "Person", "name": self.author}],
            "publisher": {"@type": "NewsMediaOrganization", "name": NAME},
        }
        return (
            f'<!doctype html>\n<html lang="en"{attributes}>\n<head>\n<meta charset="utf-8">\n'
            f"<title>{title} - {NAME}</title>\n"
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f'<link rel="canonical" href="{self.url}">\n<meta property="og:type" content="article">\n'
            f"<style>{STYLE}</style>\n"
            f'<script type="application/ld+json">{json.dumps(data)}</script>\n{head}</head>\n<body>\n'
            f'<header><a href="{self.home}/">{NAME}</a></header>\n<article>\n<h1>{title}</h1>\n{self.byline()}\n'
            f"{body}\n</article>\n<footer>{NAME}: everything here is made up.</footer>\n{end}</body>\n</html>\n"
        )

    def story(self, *between: str, count: int | None = None) -> str:
        """The paragraphs, with `between` after the first, the second, ..."""
        lines = []
        for number, text in enumerate(self.draft.paragraphs[:count]):
            lines.append(f"<p>{escape(text)}</p>")
            lines += between[number : number + 1]
        lines += between[len(self.draft.paragraphs[:count]) :]
        return "\n".join(lines)

    def done(self, html: str, *, outcome: str = "article", count: int | None = None) -> RichPage:
        """Serve the page; `count` of its paragraphs are in the page as it is sent."""
        self.served[self.url] = Resource(body=html.encode(), changed=self.published)
        if not any(one.kind == "icon" for one in self.requisites.values()):
            url = f"{self.home}/favicon.ico"  # browsers ask for it where no other is named
            self.requisites[url] = Requisite(url=url, kind="icon", plain=False, browser=False)
        texts = self.draft.paragraphs
        return RichPage(
            key=self.key,
            url=self.url,
            title=self.draft.headline,
            headline=self.draft.headline,
            author=self.author,
            published=self.published,
            outcome=outcome,
            paragraphs=texts[:count],
            outcome_browser="article",
            paragraphs_browser=texts,
            requisites=tuple(self.requisites.values()),
            decoys=tuple(self.decoys),
        )


NAME = "The Lanternfield Gallery"


def figure(inner: str) -> str:
    """A picture among paragraphs."""
    return f"<figure>{inner}</figure>"
