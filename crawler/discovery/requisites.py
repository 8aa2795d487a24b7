"""What a page needs to be shown as it was seen: styles, scripts, fonts, frames, images, icons, sound and film.

Pure functions from a document to the addresses of its parts, in the order in which they are needed. What is there for
another screen, or comes to be shown by scrolling, is in it too: nobody knows on which screen an archive will be looked
at. What a script asks for by addresses of its own making only a browser can find.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from html import unescape
from typing import TYPE_CHECKING, Any, Literal

from crawler.discovery.collect import Collector
from crawler.discovery.content import MAX_HTML, decode, sniff
from crawler.discovery.css import (
    KINDS,
    MAX_FOUND,
    Kind,
    Requisite,
    css_text,
    requisites_of_css,
    resolved,
)
from crawler.discovery.urls import absolute
from crawler.discovery.values import Discovered, Fetched
from crawler.discovery.words import MEDIA, words
from pipelines.model import Role

if TYPE_CHECKING:
    from crawler.jobs import Outlet

METHOD = "requisite"

MAX_DEPTH = 4
"""Steps from a page to a requisite: frame, style sheet, imported sheet, image. Pages of real sites need three."""

MAX_NESTED = 3
"""Documents within documents, by ``srcdoc``."""

MAX_SCRIPT = 5 * 2**20
"""Characters of a script that are looked at for the modules that it imports."""

MAX_SRCSET = 64 * 1024
"""Characters of a ``srcset`` that are read. Real ones have up to 4,000."""

SCREEN = 1280.0
"""Width in CSS pixels of the screen for which the first image of several is chosen; the others come later."""

_RANK = {kind: rank for rank, kind in enumerate(KINDS)}

Lazy = Literal["src", "srcset", "maybe"]

_SHOWN = words("stylesheet icon apple-touch-icon apple-touch-icon-precomposed mask-icon fluid-icon manifest preload"
               " modulepreload apple-touch-startup-image")  # fmt: skip
"""Relations of ``link`` that a browser loads for this page. ``prefetch``, ``prerender`` and ``next`` are for another
page, ``preconnect`` and ``dns-prefetch`` name hosts only."""

_AS: dict[str, Kind] = {
    "style": "style", "script": "script", "worker": "script", "font": "font", "image": "image", "document": "frame",
    "audio": "media", "video": "media", "track": "media",
}  # fmt: skip
_SCRIPTS = frozenset({"", "module", "text/javascript", "application/javascript", "text/ecmascript",
                      "application/x-javascript", "application/ecmascript"})  # fmt: skip
_IMAGES = MEDIA & words("jpg jpeg png gif webp avif svg ico bmp tif tiff")
_EXTENSION = re.compile(r"\.([A-Za-z0-9]{2,5})(?:[?#&!:/]|$)")

# Scripts that load images when they come into view keep their addresses in attributes of their own naming. These
# names, and what stands around them, were counted on 1,232 public news pages.
_LAZY_SRCSET = re.compile(r"(?:data|lazy)(?:-\w+)*-?(?:srcset|src-set|bgset)")
_LAZY_SRC = re.compile(
    r"(?:data-?|lazy-?|data-lazy-?)(?:\w+-)*"
    r"(?:\w{0,10}src|lazy|lazyload|original|bg|background|background-image|bg-image|poster|delayed-url|echo)"
    r"(?:-(?:retina|webp|large|medium|small|mobile|tablet|desktop|hd|hidpi|2x|property|fallback))*"
)
_LAZY_MAYBE = re.compile(
    r"data-(?:\w+-)*(?:image|img|photo|picture|thumb|thumbnail|avatar|hires|hi-res|highres|retina|large|full|fallback|"
    r"placeholder|cover|desktop|mobile|tablet|url|href|orig-file|large-file|medium-file)"
)
_BACKGROUND = re.compile(r"data-(?:\w+-)*(?:bg|background|bgset)(?:-|\b)")
_LAZY_ANYWHERE = re.compile(
    r"data-([a-z0-9_-]{0,40}?(?:src|srcset|bg|bgset|background|original|lazy|image|img|poster|thumb|photo|cover"
    r"|thumbnail))\s{0,9}=\s{0,9}(?:\"([^\"<>]{2,4000})\"|'([^'<>]{2,4000})'|([^\s\"'<>]{2,4000}))"
)

# Markup is read by its tokens and no tree is made of it, which takes a third of the time. Where a tag stands matters
# to two of the elements below only, what is no markup is left out, and broken nesting breaks nothing.
_REST = r"((?:[^>=]++|=\s*+(?:\"[^\"]*+\"|'[^']*+')?)*+)>?"
_RAW = re.compile(
    r"<(?:!--|(script|style|textarea|title|xmp|iframe|noembed|noframes)(?=[\s/>])" + _REST + ")", re.IGNORECASE
)
_TAG = re.compile(
    r"<(link|img|image|source|picture|video|audio|track|input|frame|object|embed|use|feimage|base|body|table|tr|td|th)"
    r"(?=[\s/])" + _REST, re.IGNORECASE,
)  # fmt: skip
_ATTRIBUTE = re.compile(r"([^\s\"'>/=]++)(?:\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s>\"']?[^\s>]*+)))?")
_STYLED = re.compile(r"style\s{0,9}=\s{0,9}(?:\"([^\"]{5,20000})\"|'([^']{5,20000})')")
_STYLED_ANYHOW = re.compile(_STYLED.pattern, re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#(?:\d{1,7}|[xX][0-9A-Fa-f]{1,6});?|[A-Za-z][A-Za-z0-9]{1,31}(?:;|(?![A-Za-z0-9=])))")
_ENDS = {name: re.compile(f"</{name}(?=[\\s/>])", re.IGNORECASE)
         for name in ("script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes")}  # fmt: skip

_SRCSET_URL = re.compile(r"[\s,]*+(\S++)")
_SRCSET_REST = re.compile(r"((?:[^,(]|\([^)]*+\)?)*+),?")
_DENSITY = re.compile(r"([\d.]{1,12})([wx])")
_LENGTH = re.compile(r"(?:^|[\s)])([\d.]{1,12})(px|vw|em|rem)$", re.IGNORECASE)
_CONDITION = re.compile(r"\(\s*(min|max)-width\s*:\s*([\d.]{1,12})(px|em|rem)\s*\)", re.IGNORECASE)
_PIXELS = {"px": 1.0, "em": 16.0, "rem": 16.0, "vw": SCREEN / 100}
_MODULE = re.compile(
    r"""\b(?:from|import)\s{0,9}\(?\s{0,9}(["'])((?:\.{0,2}/|https?://)[^"'`\\\s<>${}]{1,2000})\1"""
    r"""|\bnew\s{1,3}URL\(\s{0,9}(["'])([^"'`\\\s<>${}:]{1,2000})\3\s{0,9},\s{0,9}import\.meta\.url"""
)
_SHEET = re.compile(r"<\?xml-stylesheet\s[^>]{0,500}?href\s*=\s*([\"'])([^\"'<>]{1,2000})\1")
_LINK = re.compile(r"<([^<>]{1,2000})>((?:\s*;\s*[\w*-]{1,40}(?:\s*=\s*(?:\"[^\"]{0,200}\"|[^\s;,\"]{0,200}))?){0,20})")
_PARAMETER = re.compile(r";\s*([\w*-]{1,40})\s*=\s*\"?([^\";,]{0,200})")


# ---------------------------------------------------------------- the branch of the door


def read_requisites(page: Fetched, outlet: Outlet) -> Discovered:
    """What an article's page, or a requisite itself, needs: up to the outlet's limit, the most needed first."""
    limit = outlet.limits.requisites
    if limit <= 0:
        return Discovered()
    steps = page.depth + 1 if page.role is Role.REQUISITE else 1
    found = Collector(page, outlet)
    needed = _needed(page, found)
    if needed and steps > MAX_DEPTH:
        return found.done(f"requisites: {len(needed)} are not read, more than {MAX_DEPTH} steps from their page")
    needed.sort(key=lambda each: _RANK[each.kind])
    left = 0
    for url, _kind in needed:
        if len(found.candidates) < limit:
            found.add(url, Role.REQUISITE, METHOD, deeper=steps - page.depth, own_site=False, keep_parameters=True)
        else:
            left += 1
    if not needed:
        return found.done()
    notes = [f"requisites: {len(found.candidates)} found"]
    if left:
        notes.append(f"requisites: {left} more are left out, {limit} a page is the limit")
    return Discovered(candidates=tuple(found.candidates), notes=(*notes, *found.done().notes), beyond=left)


def _needed(page: Fetched, found: Collector) -> list[Requisite]:
    """What a fetched document needs, by what it is."""
    mime = page.header("content-type").partition(";")[0].strip().lower()
    if page.role is not Role.REQUISITE:
        return _of_page(page, found) if sniff(page.payload) == "html" else []
    ending = _ending(page.url)
    if mime == "text/css" or (ending == "css" and mime in ("", "text/plain", "application/octet-stream")):
        return requisites_of_css(css_text(page.payload, page.header("content-type"), page.encoding), page.url)
    if mime.endswith("javascript") or mime.endswith("ecmascript"):
        if b"import" not in page.payload:
            return []
        return requisites_of_script(decode(page.payload[:MAX_SCRIPT], page.header("content-type")), page.url)
    if mime == "image/svg+xml":
        return _of_page(page, found)
    if mime == "application/manifest+json" or (ending in ("webmanifest", "json") and "json" in mime):
        return requisites_of_manifest(page.payload, page.url)
    # "Not found" as a page with status 200, where an image was asked for, is no frame.
    if mime in ("text/html", "application/xhtml+xml") and ending not in MEDIA and sniff(page.payload) == "html":
        return _of_page(page, found)
    return []


def _of_page(page: Fetched, found: Collector) -> list[Requisite]:
    if len(page.payload) > MAX_HTML:
        found.note(f"page: only the first {MAX_HTML} bytes were read")
    gathered = _Gathering(page.url)
    for name, value in page.headers:
        if name.lower() == "link":
            gathered.link_header(value)
    text = decode(page.payload[:MAX_HTML], page.header("content-type"), page.encoding)
    for sheet in _SHEET.finditer(text[:65536]) if "<?xml-stylesheet" in text[:65536] else ():
        gathered.add(unescape(sheet[2]), "style")
    gathered.document(text, page.url)
    return gathered.done()


# ---------------------------------------------------------------- documents


def requisites_of_html(document: bytes | str, url: str) -> list[Requisite]:
    """What a page at `url` needs, in its order."""
    gathered = _Gathering(url)
    gathered.document(document if isinstance(document, str) else decode(document[:MAX_HTML]), url)
    return gathered.done()


def requisites_of_script(text: str, base: str) -> list[Requisite]:
    """The modules that a script at `base` imports by an address (not by a name), and the files it names beside it."""
    gathered = _Gathering(base)
    for found in _MODULE.finditer(text[:MAX_SCRIPT]):
        gathered.add(found[2] or found[4], "script" if found[2] else "other")
    return gathered.done()


def requisites_of_manifest(payload: bytes, url: str) -> list[Requisite]:
    """The icons that a web app manifest names."""
    gathered = _Gathering(url)
    try:
        manifest = json.loads(decode(payload[: 2**20]))
    except (ValueError, RecursionError):
        return []
    for owner in [manifest, *_dicts(manifest, "shortcuts")]:
        for icon in _dicts(owner, "icons"):
            if isinstance(icon.get("src"), str):
                gathered.add(icon["src"], "icon")
    return gathered.done()


def _dicts(owner: Any, key: str) -> list[dict[str, Any]]:
    """The objects in a list of a JSON object."""
    listed = owner.get(key) if isinstance(owner, dict) else None
    return [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []


class _Gathering:
    """The requisites of one page, each address once, as the most needed of what it is there for."""

    def __init__(self, base: str) -> None:
        self.base = base
        self._found: dict[str, Kind] = {}
        self._resolved: dict[tuple[str, str], str | None] = {}

    def done(self) -> list[Requisite]:
        return [Requisite(url, kind) for url, kind in self._found.items()]

    def add(self, written: str | None, kind: Kind) -> None:
        if not written or written[0] == "#" or written[:5].lower() == "data:":
            return
        key = (written, self.base)
        if key in self._resolved:
            url = self._resolved[key]
        else:
            url = self._resolved[key] = resolved(written, self.base)
        if url:
            self._take(url, kind)

    def _take(self, url: str, kind: Kind) -> None:
        known = self._found.get(url)
        if known is None:
            if len(self._found) < MAX_FOUND:
                self._found[url] = kind
        elif _RANK[kind] < _RANK[known]:
            self._found[url] = kind

    def css(self, text: str | None) -> None:
        if text and ("(" in text or "@" in text):
            for url, kind in requisites_of_css(text, self.base):
                self._take(url, kind)

    def srcset(self, value: str | None, sizes: str | None, *, matches: bool = True) -> None:
        """Take all candidates of a ``srcset``; that which fits the usual screen as one that is shown."""
        if not value:
            return
        candidates = read_srcset(value)
        first = _fitting(candidates, sizes) if matches else None
        for number, (written, _) in enumerate(candidates):
            self.add(written, "image" if number == first else "other")

    def link_header(self, value: str) -> None:
        """The ``Link`` header: what the server tells of the page before it comes."""
        for link in _LINK.finditer(value[:MAX_SRCSET]):
            attributes = {name.lower(): text for name, text in _PARAMETER.findall(link[2])}
            self._link(link[1], attributes.get("rel", ""), attributes.get("as", ""))

    def document(self, text: str, url: str, nested: int = 0) -> None:
        """Go through the markup of a document."""
        pieces, raw = _parted(text)
        markup = "".join(pieces)
        self.base = _base(markup, url)
        for name, attributes, content in raw:
            self._raw(name, _attributes(attributes), content, nested)
        around = ""
        for tag in _TAG.finditer(markup):
            name = tag[1].lower()
            if name in ("picture", "video", "audio"):
                around = name
            self._element(name, _attributes(tag[2]), around)
        if "(" in markup:
            for style in (_STYLED_ANYHOW if "STYLE=" in markup else _STYLED).finditer(markup):
                value = style[1] or style[2]
                if "(" in value and not (markup[style.start() - 1].isalnum() or markup[style.start() - 1] in "-_"):
                    self.css(_plain(value))
        for name, double, single, bare in _LAZY_ANYWHERE.findall(markup):
            name = f"data-{name}"
            if how := lazy(name):
                self._lazy(_plain(double or single or bare), how, "image", sure=_BACKGROUND.match(name) is not None)

    def _raw(self, name: str, attributes: dict[str, str], content: str, nested: int) -> None:
        """Take an element whose content is no markup."""
        if name == "style":
            self.css(content)
        elif name == "script":
            self._script(attributes, content)
        elif name == "iframe":
            self.add(attributes.get("src"), "frame")
            if (document := attributes.get("srcdoc")) and nested < MAX_NESTED:
                base = self.base
                self.document(document, base, nested + 1)
                self.base = base
            self._lazies(attributes, "frame")

    def _element(self, name: str, attributes: dict[str, str], around: str) -> None:
        get = attributes.get
        kind: Kind = "image"
        match name:
            case "img" | "image" | "feimage":
                self.add(get("src"), kind)
                if name != "img":
                    self.add(get("href") or get("xlink:href"), kind)
                self.srcset(get("srcset"), get("sizes"))
            case "link":
                self._link(get("href"), get("rel") or "", get("as") or "", get("imagesrcset"), get("imagesizes"))
                return
            case "source":
                kind = "media" if around in ("video", "audio") else "image"
                self.add(get("src"), kind)
                self.srcset(get("srcset"), get("sizes"), matches=_holds(get("media") or ""))
            case "video" | "audio" | "track" | "embed":
                kind = "media"
                self.add(get("src"), kind)
                self.add(get("poster"), "image")
            case "frame":
                kind = "frame"
                self.add(get("src"), kind)
            case "object":
                kind = "media"
                self.add(get("data"), kind)
            case "input":
                if (get("type") or "").strip().lower() == "image":
                    self.add(get("src"), kind)
                return
            case "use":
                self.add(get("href") or get("xlink:href"), kind)
                return
            case _:
                self.add(get("background"), kind)
                return
        self._lazies(attributes, kind)

    def _lazies(self, attributes: dict[str, str], kind: Kind) -> None:
        """Take what scripts will make of the attributes of an element that loads something."""
        for name, value in attributes.items():
            if name[:4] in ("data", "lazy") and (how := lazy(name)):
                self._lazy(value, how, "image" if "poster" in name else kind)

    def _script(self, attributes: dict[str, str], content: str) -> None:
        what = attributes.get("type", "").partition(";")[0].strip().lower()
        # Of another type, a script is not run, until a consent manager says so.
        kind: Kind = "script" if what in _SCRIPTS else "other"
        source = attributes.get("src") or attributes.get("href") or attributes.get("xlink:href")
        self.add(source, kind)
        if what == "module" and not source:
            for url, which in requisites_of_script(content, self.base):
                self._take(url, which)
        self._lazies(attributes, kind)

    def _link(
        self,
        href: str | None,
        rel: str,
        purpose: str,
        srcset: str | None = None,
        sizes: str | None = None,
    ) -> None:
        relations = frozenset(rel.lower().split()) & _SHOWN
        if not relations:
            return
        kind: Kind = "icon"
        if "stylesheet" in relations:
            kind = "style"
        elif "modulepreload" in relations:
            kind = "script"
        elif "preload" in relations:
            kind = _AS.get(purpose.strip().lower(), "other")
            self.srcset(srcset, sizes)
        elif "apple-touch-startup-image" in relations:
            kind = "other"
        self.add(href, kind)

    def _lazy(self, value: str, how: Lazy, kind: Kind, *, sure: bool | None = None) -> None:
        """Take what an attribute holds for a script, if it looks like an address."""
        value = value.strip()
        if not value or value[0] in "{[#<" or not ("/" in value or "." in value) or "{" in value:
            return
        if value[:4].lower() == "url(":
            self.css(value)
        elif how == "srcset":
            self.srcset(value, None)
        elif " " not in value and ((how == "src" if sure is None else sure) or _ending(value) in _IMAGES):
            self.add(value, kind)


def _parted(text: str) -> tuple[list[str], list[tuple[str, str, str]]]:
    """The markup of a document, and apart from it the elements whose content is none: name, attributes, content."""
    markup: list[str] = []
    raw: list[tuple[str, str, str]] = []
    at = 0
    while found := _RAW.search(text, at):
        markup.append(text[at : found.start()])
        if found[1] is None:
            at = found.end()
            if text.startswith((">", "->"), at):
                continue
            end = text.find("-->", at)
            at = len(text) if end < 0 else end + 3
            continue
        name = found[1].lower()
        closing = _ENDS[name].search(text, found.end())
        end = closing.start() if closing else len(text)
        raw.append((name, found[2], text[found.end() : end]))
        at = end
    markup.append(text[at:])
    return markup, raw


def _base(markup: str, url: str) -> str:
    """What relative addresses are relative to."""
    for tag in _TAG.finditer(markup) if "<base" in markup or "<BASE" in markup else ():
        if tag[1].lower() == "base" and (href := _attributes(tag[2]).get("href")):
            return absolute(href, url) or url
    return url


def _attributes(written: str) -> dict[str, str]:
    """The attributes of a tag: of two of the same name the first, as in HTML."""
    found: dict[str, str] = {}
    for name, double, single, bare in _ATTRIBUTE.findall(written):
        found.setdefault(name.lower(), _plain(double or single or bare))
    return found


def _plain(value: str) -> str:
    """An attribute's value with its character references resolved: ``&copy=1`` is none, as in HTML."""
    return _ENTITY.sub(lambda found: unescape(found[0]), value) if "&" in value else value


@lru_cache(maxsize=2048)
def lazy(name: str) -> Lazy | None:
    """What an attribute of that name holds for a script that loads images later."""
    if len(name) > 60:
        return None
    if _LAZY_SRCSET.fullmatch(name):
        return "srcset"
    if _LAZY_SRC.fullmatch(name):
        return "src"
    return "maybe" if _LAZY_MAYBE.fullmatch(name) else None


def _ending(url: str) -> str:
    """The extension of a file that an address names; of several, the last."""
    endings = _EXTENSION.findall(url[url.find("://") + 3 :].partition("/")[2] if "://" in url else url)
    return endings[-1].lower() if endings else ""


# ---------------------------------------------------------------- images for several screens


def read_srcset(value: str) -> list[tuple[str, str]]:
    """The candidates of a ``srcset``: address and descriptor. An address may hold commas, not end in one."""
    return list(_read_srcset(value[:MAX_SRCSET]))


def _read_srcset(value: str) -> Iterator[tuple[str, str]]:
    at = 0
    while found := _SRCSET_URL.match(value, at):
        written, at = found[1], found.end()
        descriptor = ""
        if written.endswith(","):
            written = written.rstrip(",")
        else:
            rest = _SRCSET_REST.match(value, at)
            assert rest is not None
            descriptor, at = rest[1].strip(), rest.end()
        yield written, descriptor


def _fitting(candidates: list[tuple[str, str]], sizes: str | None) -> int | None:
    """Which candidate a browser takes on a usual screen: the smallest that is large enough."""
    slot = _slot(sizes or "")
    ranked: list[tuple[float, int]] = []
    for number, (_, descriptor) in enumerate(candidates):
        size = _DENSITY.fullmatch(descriptor)
        value = _number(size[1]) if size else 1.0
        ranked.append((value / slot if size and size[2] == "w" else value, number))
    enough = [each for each in ranked if each[0] >= 1.0]
    return (min(enough) if enough else max(ranked))[1] if ranked else None


def _slot(sizes: str) -> float:
    """The width that an image has on a usual screen, by its ``sizes``."""
    for part in sizes[:4000].split(","):
        length = _LENGTH.search(part.strip())
        if length and _holds(part[: part.rfind(")") + 1]):
            return max(1.0, _number(length[1]) * _PIXELS[length[2].lower()])
    return SCREEN


def _holds(condition: str) -> bool:
    """Whether a media condition holds on a usual screen, as far as it asks for widths."""
    if re.match(r"\s*(?:not|print)\b", condition, re.IGNORECASE):
        return False
    for which, number, unit in _CONDITION.findall(condition):
        width = _number(number) * _PIXELS[unit.lower()]
        if width > SCREEN if which.lower() == "min" else width < SCREEN:
            return False
    return True


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


__all__ = [
    "Requisite", "read_requisites", "read_srcset", "requisites_of_css", "requisites_of_html",
    "requisites_of_manifest", "requisites_of_script",
]  # fmt: skip
