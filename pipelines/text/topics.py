"""Keywords and sections: what the article is about, and where in the paper it stands."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

import lxml.html

from pipelines.text import jsonld, months
from pipelines.text.names import key
from pipelines.text.structured import Markup, plain, text_of

KEYWORD_META = (
    "news_keywords", "article:tag", "dc.subject", "dcterms.subject", "json-ld", "keywords", "parsely-tags",
    "sailthru.tags", "cxenseparse:recs:tags", "og:article:tag", "article.tags", "og:tag", "tags", "bt:keywords",
)  # fmt: skip
"""Where keywords are told, the best first: ``news_keywords`` was made for news, ``keywords`` may be the site's own."""

MAX_KEYWORDS = 60
"""More are a search engine's bait or a list of all tags."""

MAX_KEYWORD = 80
"""Characters; longer ones are sentences."""

_CODE = re.compile(
    r"^(?:[0-9a-f]{8}-[0-9a-f-]{20,}|[A-Z]{2,8}\d{2,3}|[A-Z]{2,6}:[A-Z0-9-]+|\d+|.*\bNLP (?:Category|Entity).*|"
    r"[a-z_]+[=:]\d+|"
    r"(?:section|category|primary region|region|type|layout|template|sentiment|subject)\b\s?:?\s?.*:.*)$",
    re.I,
)
_PREFIX = re.compile(
    r"^(?:#\s*|(?:topics?|tags?|sections?|organi[sz]ations?|persons?|people|places?|locations?|keywords?|"
    r"category)\s?[/:]\s*)",
    re.I,
)
_NAMED = re.compile(r"tag|topic|keyword|thema|theme|tema|schlagw|mots-cles|etiquet|этикет|temat|emne|ämne", re.I)
_LIST_NAME = re.compile(
    r"\b(?:article|post|entry|story)?[-_]?(?:tags?|topics|keywords|themen|schlagworte)(?:[-_]?(?:list|links|cloud|"
    r"items|wrapper|container|block))?\b",
    re.I,
)
_TAG_HREF = re.compile(
    r"/(?:tags?|topics?|category|haberleri|themen?|thema|temas?|sujets?|emne|etiket(?:ler)?|keywords?|konu|amnen?|"
    r"argomenti|topicos|hashtag|schlagwort(?:e)?|stichwort|tagged|label)/",
    re.I,
)
_FURNITURE = frozenset({"nav", "header", "footer", "aside", "form"})

SECTION_META = (
    "article:section",
    "og:article:section",
    "parsely-section",
    "cxenseparse:recs:category",
    "dc.type.section",
    "section",
    "category",
    "article.section",
    "sailthru.section",
    "cxense:section",
)


def keywords(page: Markup, *, people: Collection[str]) -> tuple[str, ...]:
    """The keywords of the first source that has any."""
    without = {key(name) for name in people} | {key(page.title), ""}
    for name in KEYWORD_META:
        if name == "json-ld":
            values, alone = [plain(t) for t in jsonld.strings(_terms(page.article.get("keywords")))], False
        else:
            values, alone = [plain(v) for v in page.meta.get(name, ())], name != "article:tag"
        found = _settle([k for v in values for k in (split(v) if alone or len(values) == 1 else [v])], without)
        if found and not _from_address(found, page.url):
            return found
    return _settle(_links(page), without)


def _from_address(found: tuple[str, ...], url: str) -> bool:
    """Whether a program made the keywords of the address: single words, nearly all of them in it."""
    slug = set(re.split(r"[^a-z0-9]+", months.fold(url)))
    return len(found) >= 5 and sum(months.fold(word) in slug for word in found) >= 0.8 * len(found)


def _terms(value: Any) -> Any:
    """JSON-LD keywords: strings, or DefinedTerm objects."""
    if isinstance(value, dict):
        return value.get("name") or value.get("keywords") or value.get("@list")
    return value


def split(value: str) -> list[str]:
    """A list written as one string; a comma parts, where there is none a semicolon or bar."""
    for separator in (",", ";", "|", "،", "、"):
        if separator in value:
            parts = value.split(separator)
            return parts if separator != "," else [p for part in parts for p in part.split(";")]
    return [value]


def _settle(values: list[str], without: Collection[str]) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for value in values:
        text = _PREFIX.sub("", value).strip(" \t\"'“”„.,;|#-")
        letters = key(text)
        if (
            letters in without
            or letters in found
            or not 2 <= len(text) <= MAX_KEYWORD
            or _CODE.match(value)
            or _CODE.match(text)
        ):
            continue
        found[letters] = text
    texts = list(found.values())
    codes = sum(bool(re.fullmatch(r"[A-Z0-9_:-]{2,16}", text)) for text in texts)
    if len(texts) >= 5 and codes > 0.7 * len(texts):
        return ()  # a wire's subject codes, not words
    if len(texts) == 1 and texts[0].count("-") >= 4 and texts[0].count(" ") >= 4:
        return ()  # slugs parted by spaces
    return tuple(texts[:MAX_KEYWORDS])


def _links(page: Markup) -> list[str]:
    """The tag list that readers see: links marked ``rel=tag``, else those to tag pages, or in an element named after
    tags, in one list of the article."""
    groups: dict[lxml.html.HtmlElement, list[str]] = {}
    marked: list[str] = []
    labels: dict[lxml.html.HtmlElement, str] = {}
    passed_headline = not page.headings
    for link in page.tree.iter("h1", "a"):
        if link.tag == "h1":
            passed_headline = True
            continue
        is_tag = "tag" in (link.get("rel") or "").split()
        if not is_tag and not passed_headline:
            continue
        holder = None if is_tag else _list_of(link, labels, to_tag=bool(_TAG_HREF.search(link.get("href") or "")))
        if not is_tag and holder is None:
            continue
        text = text_of(link)
        if not 2 <= len(text) <= MAX_KEYWORD or _in_furniture(link):
            continue
        if holder is None:
            marked.append(text)
        else:
            groups.setdefault(holder, []).append(text)
    return marked or max(groups.values(), key=len, default=[])


def _list_of(
    link: lxml.html.HtmlElement, labels: dict[lxml.html.HtmlElement, str], *, to_tag: bool
) -> lxml.html.HtmlElement | None:
    """The list of tags that a link stands in; None for a link within a sentence or to something else."""
    for count, node in enumerate(link.iterancestors()):
        if count > 5 or node.tag in _ENDS:
            break
        name = labels.get(node)
        if name is None:
            label = f"{node.get('class') or ''} {node.get('id') or ''} {node.get('data-component') or ''}"
            name = labels[node] = "list" if _LIST_NAME.search(label) else "named" if _NAMED.search(label) else ""
        if name == "list" or (to_tag and (name or node.tag in ("ul", "ol"))):
            return node
        if to_tag and count and len(node) > 1 and not (node.text or "").strip():
            return node
    return None


_ENDS = frozenset({"p", "article", "main", "body", "td"})


def _in_furniture(element: lxml.html.HtmlElement) -> bool:
    return any(node.tag in _FURNITURE for node in element.iterancestors())


def sections(page: Markup, *, site_names: Collection[str]) -> tuple[str, ...]:
    """Where the article stands in the paper, as JSON-LD, meta elements, breadcrumbs or category links say it."""
    values = [plain(v) for v in jsonld.strings(page.article.get("articleSection"))]
    for name in SECTION_META:
        if values:
            break
        values = [plain(v) for v in page.meta.get(name, ())]
    if not values:
        without = (
            {key(name) for name in site_names} | {key(h.text) for h in page.headings} | {key(page.title), "home", ""}
        )
        values = [value for value in _crumbs(page) or _categories(page) if key(value) not in without][-2:]
    found: dict[str, str] = {}
    for value in values:
        for part in re.split(r"\s*[>|»]\s*", value) if value.count(">") + value.count("»") else [value]:
            if 2 <= len(part) <= MAX_KEYWORD and not part.startswith(("http:", "https:")) and not _CODE.match(part):
                found.setdefault(key(part), part)
    found.pop("", None)
    return tuple(found.values())[:10]


def _crumbs(page: Markup) -> list[str]:
    """The breadcrumb without home page and article: ``BreadcrumbList``, else the links of an element so named."""
    for node in page.nodes:
        for part in jsonld.walk(node):
            if "breadcrumblist" in jsonld.types(part):
                items = part.get("itemListElement")
                steps = [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
                texts = [plain(jsonld.first(step.get("name") or step.get("item")) or "") for step in steps]
                return [text for text in texts[1:] if text and not text.startswith("http")]
    for holder in page.speaking:
        label = f"{holder.get('class') or ''} {holder.get('id') or ''} {holder.get('aria-label') or ''}"
        if "readcrumb" not in label and "crumbs" not in label:
            continue
        links = [link for link in holder.iter("a") if not _HOME.fullmatch(link.get("href") or "")]
        if links:
            return [text_of(link) for link in links]
    return _plain_crumbs(page)


def _plain_crumbs(page: Markup) -> list[str]:
    """*Home » Politics*: a link to the home page, an arrow, and the links after it."""
    for home in page.tree.iter("a"):
        if not _HOME.fullmatch(home.get("href") or "") or (home.tail or "").strip() not in _ARROWS:
            continue
        found = []
        for link in home.itersiblings():
            if link.tag == "a":
                found.append(text_of(link))
            if (link.tail or "").strip() not in _ARROWS:
                break
        if found:
            return found
    return []


def _categories(page: Markup) -> list[str]:
    """Links marked as the article's category, as WordPress and its kin write them."""
    links: list[lxml.html.HtmlElement] = []
    for element in page.speaking:
        if element.tag == "a" and "category" in (element.get("rel") or ""):
            links.append(element)
        elif "cat-links" in (element.get("class") or ""):
            links += [link for link in element.iter("a") if link not in links]
    return [text_of(link) for link in links[:5] if not any(n.tag in _BESIDE for n in link.iterancestors())]


_BESIDE = frozenset({"nav", "footer", "aside"})
_ARROWS = frozenset({"»", "›", ">", "→", "/", ">>", "::"})
_HOME = re.compile(r"(?:https?:)?(?://[^/]+)?/?(?:index\.\w+)?")
