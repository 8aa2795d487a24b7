"""What is not an article, and why. Each reason is described in ``docs/rejections.md``.

Most rules look at pages with little text only: a long text is an article whatever its page looks like.
"""

from __future__ import annotations

import re

import lxml.html

from pipelines.text import jsonld
from pipelines.text.blocks import Block, text_within
from pipelines.text.body import is_prose
from pipelines.text.hints import key
from pipelines.text.page import No
from pipelines.text.reading import Reading
from pipelines.text.structured import Markup

THIN = 700
"""Letters of running text below which a page has to show that it is an article. Of 1,230 public articles 3 % are
shorter; the longest section page, gallery or notice that was met had 716 after cleaning."""

FEW = 250
"""Letters of text on a page that says that something is not found; stories say so as well, and more."""

LISTED = 12
"""Links of a headline's length that make a page with little text a list. Median of section pages: 40; of short
articles with their "more news": 18, but those say that they are articles."""

_HEADLINE = 25
"""Letters of a link that may be a headline."""

_CHALLENGE = re.compile(
    r"_cf_chl_opt|_chl_opt|cf-challenge|challenge-platform|challenge-running|challenge-form|px-captcha|captcha-delivery|"
    r"perimeterx|distil_r_captcha|datadome|sec-if-cpt|_incapsula_resource|ddos-guard|aws-waf-token|hcaptcha\.com/1/api"
)
_CHALLENGE_TITLE = re.compile(
    r"^\W*(?:just a moment|attention required|access denied|checking your browser|are you (?:a )?(?:human|robot)|"
    r"please verify|security check|bot verification|pardon our interruption|one moment, please|ddos-guard|human verification)",
    re.I,
)
_SHELL = re.compile(
    r"enable javascript|javascript (?:is|must be) (?:required|disabled|enabled)|need(?:s)? (?:to enable )?javascript|"
    r"without javascript|requires javascript|javascript (?:aktivieren|einschalten)|activer javascript|"
    r"activar? javascript|javascript habilitado|включите javascript|attiva(?:re)? javascript",
    re.I,
)
_CONSENT_TEXT = re.compile(
    r"\bcookies?\b|\bconsent\b|tracking|nachverfolgung|einwilligung|rastreo|traceurs|куки|συγκατάθεση", re.I
)
_CONSENT_NAME = re.compile(r"consent|cookie|gdpr|privacy-?wall|pur-?abo|cmp\b", re.I)
_LOGIN = re.compile(
    r"\b(?:log ?in|sign ?in|subscribe|register|create (?:a free )?account|anmelden|registrieren|abonnieren|"
    r"connectez-vous|identifiez-vous|abonnez-vous|inicie? sesión|regístr|suscríb|accedi|abbonati|zaloguj|войдите|"
    r"oturum aç|giriş yap)\b",
    re.I,
)
_MISSING = re.compile(
    r"\b404\b|(?:page|article|story|content|file) (?:you (?:were|are) looking for|(?:was |is )?not found|no longer|does ?n.t exist|"
    r"could ?n.t be found|cannot be found|is unavailable|has been (?:removed|deleted|moved))|could(?: ?n.t| not) find "
    r"(?:the|that|this|your) page|not find the page|page not found|nicht gefunden|seite (?:existiert nicht|wurde nicht)|nicht finden|"
    r"page (?:introuvable|non trouvée)|n.existe (?:pas|plus)|página no (?:encontrada|existe)|no (?:hemos )?encontrado la página|"
    r"no se (?:ha )?encontr(?:ó|ado)|pagina non trovata|página não encontrada|strona nie (?:została znaleziona|istnieje)|"
    r"страниц[аы] не найден|не нашли нужную страницу|не существует|δεν βρέθηκε|η σελίδα δεν|الصفحة غير موجودة|لم نعثر على|لم يتم العثور|"
    r"sayfa bulunamadı|sidan (?:kunde|finns)|siden (?:blev|finnes|findes) ikke|pagina niet gevonden|ページが見つかりません|页面不存在|"
    r"페이지를 찾을 수 없",
    re.I,
)
_MISSING_TITLE = re.compile(
    r"^\W*(?:error )?404|not found|nicht gefunden|introuvable|no encontrad|non trovat|não encontrad|не найден|δεν βρέθηκε|غير موجود|"
    r"bulunamadı|hittades inte|ikke fundet|ikke funnet|niet gevonden|nie znaleziono",
    re.I,
)
_GALLERY = re.compile(
    r"(?:^|[\s_-])(?:galler(?:y|ies|ia)|slide-?show|photo-?gallery|bildergalerie|fotostrecke|diaporama|fotogaler[ií]a)(?:$|[\s_-])",
    re.I,
)
_GALLERY_TYPES = frozenset({"imagegallery", "mediagallery"})
_LIST_TYPES = frozenset({"collectionpage", "itemlist", "searchresultspage", "profilepage", "blog"})
_VIDEO = re.compile(r"(?:^|[\s_-])(?:video-?player|video-?container|jw-?player|player)(?:$|[\s_-])", re.I)


def verdict(reading: Reading, *, listing: bool = False) -> No | None:
    """Why a page is no article; None where it is one. ``listing``: the crawl fetched it for its links."""
    size = reading.prose
    if listing and (size < THIN or not reading.hints.evidence):
        return No("section", f"fetched as a listing, {size} letters of text")
    if size >= 2 * THIN:
        return None
    markup, hints = reading.markup, reading.hints
    title = markup.title
    if no := _challenge(markup, reading):
        return no
    if size < THIN and not hints.evidence:
        text = " ".join(block.text for block in reading.kept)
        told = _MISSING.search(text[:400] if text else _seen(reading))
        if _MISSING_TITLE.search(title) or (told and size < FEW):
            return No("soft-404", (title or text)[:120])
        if no := _consent(reading):
            return no
    if no := _listing(reading, size):
        return no
    if no := _gallery(reading, size):
        return no
    if no := _video(reading, size):
        return no
    if not reading.kept:
        return _empty(reading)
    return None


def _seen(reading: Reading) -> str:
    return " ".join(block.text for block in reading.blocks)[:2000]


def _challenge(markup: Markup, reading: Reading) -> No | None:
    if reading.hints.evidence:
        return None
    titled = _CHALLENGE_TITLE.search(markup.title)
    if titled or sum(len(block.text) for block in reading.blocks) < 1500:
        source = " ".join(
            (script.text or "")[:2000] + (script.get("src") or "") for script in markup.tree.iter("script")
        )
        names = " ".join(element.get("id") or "" for element in markup.tree.iter("form", "div", "p"))
        if _CHALLENGE.search(source.lower()) or _CHALLENGE.search(names.lower()):
            return No("bot-challenge", markup.title[:120] or None)
    if titled and reading.prose < 400:
        return No("bot-challenge", markup.title[:120])
    return None


def _consent(reading: Reading) -> No | None:
    """The page is the wall: right under its headline it asks for consent, and there is nothing else to read."""
    if reading.prose > 400:
        return None
    start = reading.head.order + 1 if reading.head else 0
    for block in [*reading.blocks[start : start + 4], *reading.kept]:
        if not (_CONSENT_TEXT.search(block.text) and is_prose(block)):
            continue
        element: lxml.html.HtmlElement | None = block.element
        while element is not None and element.tag != "body":
            if _CONSENT_NAME.search(f"{element.get('class')} {element.get('id')}"):
                rest = sum(other.size for other in reading.kept if is_prose(other) and other is not block)
                return No("consent-wall", block.text[:120]) if rest < 80 else None
            element = element.getparent()
    return None


def _listing(reading: Reading, size: int) -> No | None:
    """A list of other pages: many links of a headline's length, little text, and nothing that says "article"."""
    hints, markup = reading.hints, reading.markup
    kinds = frozenset().union(*(jsonld.types(node) for node in markup.nodes)) if markup.nodes else frozenset()
    if hints.evidence:
        return None
    kept = [block for block in reading.kept if is_prose(block)]
    links = sum(block.links >= 0.8 * len(block.text) and block.size >= _HEADLINE for block in reading.blocks)
    average = size / len(kept) if kept else 0.0
    if kinds & _LIST_TYPES and links >= 5 and size < THIN:
        return No("section", f"a {sorted(kinds & _LIST_TYPES)[0]} of {links} headlines")
    if links >= LISTED and size < 2 * THIN and average < 110 and _teasers(kept) > 0.4 * len(kept):
        return No("section", f"{links} headlines, {size} letters of text")
    if links >= 4 and not kept:
        return No("section", f"{links} headlines and no text")
    return None


def _teasers(kept: list[Block]) -> int:
    """Blocks that share a small box with a link."""
    count = 0
    for block in kept:
        box = block.element.getparent()
        if box is not None and box.find(".//a") is not None:
            count += text_within(box, 3 * len(block.text)) < 3 * len(block.text)
    return count


def _gallery(reading: Reading, size: int) -> No | None:
    markup = reading.markup
    if size >= THIN or "J" in reading.hints.evidence or (size >= 150 and "P" in reading.hints.evidence):
        return None
    for element in markup.tree.iter("div", "section", "ul", "ol", "figure", "article"):
        names = element.get("class")
        if names and _GALLERY.search(names):
            pictures = sum(1 for _ in element.iter("img", "amp-img"))
            if pictures >= 4 and size < 90 * pictures:
                return No("gallery", f"{pictures} pictures, {size} letters of text")
    if any(jsonld.types(node) & _GALLERY_TYPES for node in markup.nodes) and size < 400:
        return No("gallery", "described as an ImageGallery")
    return None


def _video(reading: Reading, size: int) -> No | None:
    markup = reading.markup
    if size >= 300:
        return None
    kind = (markup.first("og:type") or "").lower()
    types = frozenset().union(*(jsonld.types(node) for node in markup.nodes)) if markup.nodes else frozenset()
    if kind.startswith("video") or ("videoobject" in types and not markup.article):
        return No("video", "described as a video")
    if not reading.hints.evidence:
        for element in markup.tree.iter("video", "iframe"):
            if element.tag == "video" or _VIDEO.search(element.get("class") or ""):
                return No("video", f"a player and {size} letters of text")
    return None


def _empty(reading: Reading) -> No:
    markup = reading.markup
    text = _seen(reading)
    inert = " ".join(element.text_content() for element in markup.tree.iter("noscript"))[:2000]
    links = sum(block.links >= 0.8 * len(block.text) for block in reading.blocks)
    if (_SHELL.search(text) or _SHELL.search(inert)) and len(text) < 600 and links < 10:
        return No("empty-shell", "its text is made by scripts")
    if len(text) < 200 and sum(1 for _ in markup.tree.iter("script")) > 0 and links < 5 and not reading.hints.evidence:
        return No("empty-shell", f"{len(text)} letters of text")
    asked = any((element.get("type") or "").lower() == "password" for element in markup.tree.iter("input"))
    if asked and _LOGIN.search(text) and len(text) < 1500:
        return No("login-wall", text[:120])
    if key(text) and "article" in (markup.first("og:type") or "").lower():
        return No("no-text", "an article without text")
    return No("no-text", f"{links} links and no running text" if links else None)
