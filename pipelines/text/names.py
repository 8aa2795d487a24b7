"""Names of people as bylines write them: parted, freed of what is not name, and told from organisations."""

from __future__ import annotations

import re
from collections.abc import Collection

MAX_NAME = 80
"""Characters of a name; the longest on the public sets, of a person with two double names, has 44."""

MAX_WORDS = 7
"""Words of a person's name."""

_BY = re.compile(
    r"^(?:(?:written|reported|story|words|text|posted|published|analysis|opinion|article|photos?|interview|"
    r"geschrieben|verfasst|"
    r"ein (?:artikel|beitrag|interview|kommentar)|eine analyse|une? article|propos recueillis|escrito|publicado|"
    r"redatto|articolo)\s+)?"
    r"(?:by|von|par|por|door|av|af|di|da|de la mano de|tekst|text|texte|testo|tekijä|autor(?:a|en|in|i)?|auteurs?|"
    r"autore|author(?:s|\(s\))?|"
    r"от|автор[ы]?|текст|автори|napsal[a]?|yazan|oleh|penulis|reporter|byline|كتب|بقلم|από|του|της|文|記者|撰文|作者|기자)"
    r"(?:\s*[:：]\s*|\s+)",
    re.I,
)
_LABEL = re.compile(
    r"^(?:by|von|par|por|text|texte|autor(?:en|in)?|authors?|auteur|автор|posted by|written by)\s*:?$", re.I
)
_SPLIT = re.compile(
    r"\s*(?:[;|/•·\n]|\s&\s|\s\+\s|,?\s+(?:and|And|AND|und|Und|UND|et|y|e|en|og|och|ja|i|oraz|a|и|та|и|και|ve|dan|"
    r"with|mit|avec|con|med|met)\s+|\s*،\s*|\s+و\s+|、|，)\s*"
)
_SUFFIX = re.compile(r"^(?:jr|sr|ii|iii|iv|phd|ph\.d|md|m\.d|mba|esq|dr|msc|ma|mpp|rn|ma|jd|cfa|obe|mbe)\.?$", re.I)
_NOISE = re.compile(
    r"(?:https?:|www\.|[\w.+-]+@[\w-]+\.\w+|@\w+|\b\d{1,4}[./:-]\d{1,2}|\b(?:19|20)\d\d\b|"
    r"\b(?:hours?|minutes?|mins?|days?|weeks?|months?|years?)\s+ago\b|\bvor \d+ (?:minuten|stunden|tagen)|\bil y a\b|"
    r"\b(?:updated|published|last modified|aktualisiert|veröffentlicht|stand|read more|min read|comments?|"
    r"subscribe|follow)\b).*$",
    re.I | re.S,
)
_ABOUT = re.compile(
    r"^(?:about(?: the)? author:?|über(?: den autor| die autorin)?|more (?:about|from|by)|mehr (?:über|von)|view "
    r"all posts by|all posts by|"
    r"posts by|alle artikel von|follow|archiv anzeigen|read more|ein (?:beitrag|artikel|gastbeitrag) von|blog "
    r"?beitrag von|guest post by|"
    r"(?:und|&|and)?\s*(?:fotos?|photos?|interview|bilder?|videos?)\s*[:&]?(?=\s)|(?:und|&|and)(?=\s))\s*:?\s*",
    re.I,
)
_CREDIT = re.compile(
    r"^(?:bild|bilder|foto|fotos|photo|photos|image|credit|picture|video|illustration|grafik|getty|imago|"
    r"symbolbild|copyright|©|"
    r"фото|фотография|foto:|reviewed by|edited by|medically|fact.checked)\b|©",
    re.I,
)
_REVIEWED = re.compile(
    r"\s*(?:medically |technically )?(?:reviewed|edited|fact.checked|updated|translated|illustrations?|photos?|"
    r"fotos?) by\b.*$",
    re.I | re.S,
)
_DIGITS = re.compile(r"\s+\d.*$|^\d{4}(?=[A-ZÄÖÜ])|(?<=[a-zäöü])(?:19|20)\d\d$", re.S)
_LAST_ROLE = re.compile(
    r"(?:,?\s+(?:(?:senior|staff|chief|content|marketing|news|sports|managing|contributing|freelance|political|"
    r"executive|associate)\s+)*"
    r"(?:writer|reporter|editor|correspondent|columnist|contributor|journalist|producer|coordinator|manager|"
    r"director|author|redakteur(?:in)?|autor(?:in)?|"
    r"기자|특파원|記者|记者))+$",
    re.I,
)
_ADDRESS = re.compile(r"https?://\S+|www\.\S+")
_BRACKET = re.compile(r"\s*[(\[{（][^()\[\]{}（）]{0,80}[)\]}）]\s*")
_ROLE = re.compile(
    r"\b(?:reporter|editor|correspondent|columnist|journalist|writer|contributor|producer|analyst|chief|staff|"
    r"senior|intern|"
    r"professor|director|president|minister|ceo|founder|author of|politics|business|fellow|"
    r"redakteur|redakteurin|korrespondent|korrespondentin|volontär|chefredakteur|ressortleiter|autorin|"
    r"journaliste|rédacteur|rédactrice|correspondant|envoyée?|periodista|corresponsal|redactor|giornalista|"
    r"inviato|corrispondente|"
    r"verslaggever|redacteur|journalistin|корреспондент|обозреватель|журналист|редактор|muhabir|muhabiri|"
    r"dziennikarz|redaktor|novinář|jornalista|repórter|toimittaja|wartawan|kolumnist|kolumnistin)\b",
    re.I,
)
_AGENCY_WORDS = re.compile(
    r"\b(?:agency|agencies|agence|\w*agentur|agenturen|πρακτορείο|وكالة|agencia|agencias|agenzia|agência|"
    r"agentschap|ajans[ıi]?|newswire|newsroom|news\s?desk|"
    r"redaktion|redakcja|redakce|redazione|redaction|rédaction|redacción|redacao|redação|redactie|redaktionen|"
    r"editorial|editors|staff|team|"
    r"desk|press|media|news|newspaper|magazine|tv|radio|online|digital|service|services|correspondents?|"
    r"reporters?|writers?|"
    r"редакция|агентство|агенция|служба|новости|haber|gazetesi|zeitung|nachrichten|journal|herald|tribune|times|"
    r"group|gmbh|inc|ltd|llc|ag|foundation|institute|university|ministry|association|committee|council|network|"
    r"admin|administrator|webmaster|editor|guest|user|anonymous|unknown|publisher|webdesk|"
    r"staff writer|contributors?)\b",
    re.I,
)
AGENCIES = frozenset({
    "aa", "aap", "afp", "agi", "ana", "anadoluajansı", "anadoluagency", "anadoluajansi", "ani", "ansa", "antara",
    "ap", "apa", "associatedpress",
    "atsats", "ats", "belga", "bernama", "bloomberg", "bns", "bta", "canadianpress", "thecanadianpress", "cna",
    "cnnwire",
    "cp", "ctk", "čtk", "dapd", "dpa", "dpainfocom", "dpatmn", "deutschepresseagentur", "dts", "efe", "epd",
    "europapress", "gna",
    "hina", "ians", "interfax", "iina", "itartass", "jiji", "jijipress", "keystonesda", "kna", "kyodo",
    "kyodonews", "lapresse", "lusa", "mti", "nan",
    "ntb", "ots", "pa", "pamedia", "pressassociation", "paphotos", "pap", "pti", "rbb", "reuters", "thomsonreuters",
    "ria", "rianovosti", "ritzau", "sapa", "sda", "sdaats", "sid", "sputnik", "stt", "tanjug", "tasr", "tass",
    "theassociatedpress",
    "thepress", "tt", "unian", "upi", "ukrinform", "xinhua", "yonhap", "тасс", "интерфакс", "риановости",
    "рианьюс", "уніан", "укрінформ",
    "共同通信", "時事通信", "新华社", "新華社", "연합뉴스", "αποσπασμα", "αμπε", "αφπ", "رويترز", "وكالات", "أفب",
})  # fmt: skip
"""News agencies by the letters of their names, and the marks they sign with."""

_DOMAIN = re.compile(r"^[\w-]+(?:\.[\w-]+)*\.(?:[a-z]{2,4}|online|news|info)(?:\b|$)", re.I)
_WORD = re.compile(r"[^\W\d_][\w'’.-]*")


def key(text: str) -> str:
    """Letters and digits only, case folded."""
    return "".join(c for c in text.casefold() if c.isalnum())


def part(byline: str) -> list[str]:
    """The names of a byline, in order; what is no name is left out."""
    text = _REVIEWED.sub("", _BRACKET.sub(" ", _ADDRESS.sub(" ", byline)).strip())
    if _CREDIT.search(text):
        return []
    for _ in range(2):
        text = _ABOUT.sub("", _BY.sub("", text))
    names: list[str] = []
    for piece in _SPLIT.split(text):
        names += _commas(piece)
    found: list[str] = []
    for name in map(clean, names):
        if name and name not in found:
            found.append(name)
    return found


def _commas(piece: str) -> list[str]:
    """A comma parts names, or a name from its role, place or degree."""
    parts = [p.strip() for p in piece.split(",") if p.strip()]
    if len(parts) < 2:
        return parts
    kept: list[str] = []
    for text in parts:
        if _SUFFIX.match(text):
            continue
        if kept and (_ROLE.search(text) or (len(text.split()) == 1 and key(text) not in AGENCIES)):
            continue  # "Ann Lee, Economics Editor", "Ann Lee, London"
        kept.append(text)
    return kept


def clean(name: str) -> str | None:
    """A name without what surrounds it; None where nothing remains that could be a name."""
    text = _LAST_ROLE.sub("", _DIGITS.sub("", _NOISE.sub("", name)).strip())
    text = _BY.sub("", text.strip()) if not _LABEL.match(text.strip()) else ""
    text = (
        re.split(r"\s+[-–—|]\s+|\s+(?:for|für|pour|in|aus)\s+(?=[A-ZÄÖÜ])", text)[0]
        if _ROLE.search(text) or " - " in text
        else text
    )
    text = text.strip(" \t,;:|/·•*–—-.…\"'„“”‚‘’»«>")
    if text.count("«") > text.count("»"):
        text += "»"
    if not 2 <= len(text) <= MAX_NAME or not any(c.isalpha() for c in text) or _LABEL.match(text) or text[0].isdigit():
        return None
    if len(text.split()) > MAX_WORDS or any(c in "{}<>=%$#?!" for c in text):
        return None
    return _recase(text)


def _recase(text: str) -> str:
    """Capitals only as a byline's style: STEVE PEOPLES; marks such as AFP stay."""
    if text.isupper() and " " in text and len(text) > 8 and not _DOMAIN.match(text):
        return " ".join("-".join(p.capitalize() for p in word.split("-")) for word in text.split())
    return text


def is_organisation(name: str, site_keys: Collection[str]) -> bool:
    """Whether a name is that of an agency, a desk or the site itself."""
    letters = key(name)
    if (
        not letters
        or letters in AGENCIES
        or letters in site_keys
        or (_DOMAIN.match(name.replace(" ", "")) and "." in name and " " not in name)
    ):
        return True
    if letters.removeprefix("the") in site_keys or any(
        len(k) >= 4 and (letters.startswith(k) or letters.endswith(k)) for k in site_keys
    ):
        return True
    if _AGENCY_WORDS.search(name):
        return True
    return any(key(word) in AGENCIES and word.isupper() and len(word) > 2 for word in name.split())
