"""Which blocks of the page are the article."""

from __future__ import annotations

import re
from collections.abc import Iterable

import lxml.html

from pipelines.text.blocks import HEADINGS, Block, Furniture, Walker
from pipelines.text.body import SENTENCE_END, container, is_prose
from pipelines.text.vocabulary import LEDE, names_of

_WORD = re.compile(r"\w+")
_LABEL = re.compile(
    r"""^\W*(?:read\s(?:more|also|next|this\snext)|also\sread|see\salso|related(?:\s(?:coverage|articles?|stories|story|news|content|links|posts|
    topics|reading))?|recommended(?:\sreading)?|more\son\sthis(?:\sstory)?|you\s(?:may|might)\salso\slike.*|don.t\smiss|trending(?:\snow)?|most\sread|
    lire\saussi|à\slire\saussi|sur\sle\smême\s(?:sujet|thème)|voir\saussi|articles?\sliés?|lesen\ssie\sauch|mehr\szum\sthema|mehr\szu.*|auch\sinteressant|das\skönnte.*interessieren|
    weiterlesen|mehr\sthemen|schon\sgelesen|lesetipps?|passend\sdazu|zum\sthema|leggi\sanche|potrebbe\sinteressarti.*|articoli\scorrelati|noticias?\srelacionadas?|lee\stambién|lea\stambién|te\spuede\sinteresar|
    más\sinformación|leia\s(?:também|mais)|veja\stambém|saiba\smais|czytaj\s(?:też|także|więcej)|zobacz\s(?:też|także)|przeczytaj\stakże|читайте\sтакже|
    (?:материалы\s)?по\sтеме|смотрите\sтакже|читайте\sтакож|lees\sook|meer\sover.*|les\sogså|læs\sogså|läs\s(?:mer|också)|lue\smyös|baca\sjuga|ilgili\shaberler|
    関連記事|あわせて読みたい|相关阅读|相關新聞|延伸閱讀|관련\s?기사|اقرأ\sأيضا|इसे\sभी\sपढ़ें)\W*$""",
    re.I | re.X,
)
_AD_LABEL = re.compile(
    r"^\W*(?:advertisements?|adverts?|ad|anzeige|werbung|publicidad|publicité|publicidade|pubblicità|реклама|reklama|reklam|"
    r"annons|annonce|mainos|advertentie|广告|廣告|広告|광고|sponsored|story continues below(?: advertisement)?|"
    r"article continues (?:below|after)(?: (?:this )?ad(?:vertisement)?)?|"
    r"scroll to continue(?: with content)?|continue reading)\W*$",
    re.I,
)
_CONSENT = re.compile(
    r"externe[rn]? Inhalte? |Empfohlener (?:redaktioneller|externer) Inhalt|(?:Inhalte?|Beiträge) (?:anzeigen|erlauben|zulassen)$"
    r"|damit einverstanden, dass (?:mir|Ihnen)|personenbezogene Daten (?:können )?an Drittplattformen|^Ein Klick für den Datenschutz"
    r"|(?:accept|allow|enable) (?:all )?cookies|this (?:content|embed|video|article contains content) .{0,60}(?:cookies|consent)"
    r"|contenu (?:externe|bloqué)|contenido externo|contenuto esterno|conteúdo externo|try refreshing your browser"
    r"|javascript (?:is|must be|to be) (?:disabled|enabled)|enable javascript|browser does not support",
    re.I,
)
_BIO = re.compile(
    r"\b(?:is|was) (?:an?|the|our) (?:[\w-]+ ){0,6}(?:writer|reporter|journalist|editor|professor|researcher|author|columnist|"
    r"correspondent|fellow|lecturer|contributor|freelancer|analyst|blogger|historian)\b"
    r"|\bist (?:[\w-]+ ){0,6}(?:Redakteurin?|Korrespondentin?|Autorin?|Journalistin?|Reporterin?|Volontärin?)\b"
    r"|\best (?:[\w-]+ ){0,4}(?:journaliste|correspondante?|rédacteur|rédactrice|chroniqueu(?:r|se))\b"
    r"|\bes (?:[\w-]+ ){0,4}(?:periodista|corresponsal|redactora?|escritora?)\b",
)
_CREDIT = re.compile(
    r"\((?:image|images|photo|photos|picture|pictures|pic|foto|bild|credit|source|screenshot)\s?(?:s)?\s?[:/–-][^()]*\)\W*$"
    r"|(?:©|\bphoto(?:graph)?s? (?:by|credit|courtesy)|\bcredit:|\bimage (?:source|credit)|\bfoto:|\bfotos:|\bbild:|getty images|^(?:image|photo|picture|video|pic|foto|fotos|bild|crédito|imagen|ảnh|фото|写真)s? ?[:：|/]|"
    r"\((?:AP|Reuters|AFP|EPA|Shutterstock)(?: |/)?(?:photo|/)[^()]*\)|"
    r"\bpicture alliance\b|\bshutterstock\b|\bfile photo\b|\bscreengrab\b)",
    re.I,
)
_TAIL = re.compile(
    r"contributed to this (?:report|story|article)|^\W*(?:additional )?reporting by\b|^\W*editing by\b|^\W*writing by\b"
    r"|^\W*(?:quellen?|sources?|fuentes?|fonte|fonti|źródło|kilde|källa|bron|zdroj|kaynak|источник|джерело)\s?:"
    r"|^\W*(?:mit (?:material|informationen) (?:von|der|des)|avec (?:afp|reuters|ap)\b|con información de)"
    r"|^\(?(?:dpa|afp|ap|reuters|apa|sda|epd|kna|ansa|efe|pap|ntb|tt|ritzau|belga|anp|lusa)(?:[/,; ]+\w{2,8}){0,3}\)?\W*$"
    r"|^\W*(?:associated press writers?)\b|our standards:|^©|\(c\) ?20\d\d|all rights reserved"
    r"|^\W*(?:follow|like|find) (?:us|\w+|me)(?: \w+){0,3} on (?:facebook|twitter|instagram|x\b|youtube|tiktok|whatsapp|telegram|google)"
    r"|^\W*follow .{0,60}\bon (?:facebook|twitter|instagram|youtube|tiktok|google news)"
    r"|^\W*follow .{0,90}(?:@\w|https?://|www\.)|^\W*(?:e-?mail|contact|write to|reach) .{0,80}@"
    r"|^\W*(?:sign up|subscribe|click here|like this story|share this|you may also like|get in touch|do you have a story|for more stories|"
    r"for the latest|first published|originally published|this (?:article|story|post|piece) (?:was|is|has been|first|originally)|"
    r"stay up to date|join our|have your say|download (?:the|our)|listen to)\b|^mit agenturmaterial"
    r"|il vous reste .{1,10} de cet article|^jetzt (?:abonnieren|lesen|testen)"
    r"|^\W*(?:abonnieren|folgen sie|suscríbete|síguenos|inscrivez-vous|abonnez-vous|suivez-nous|iscriviti|seguici|"
    r"подпис(?:ывайтесь|аться)|следите за|obserwuj nas|volg ons|abone ol|takip ed)",
    re.I,
)
_AFFIX = re.compile(r"\s[|–—-]\s|\s::\s|\s»\s")
_STAMP = re.compile(r"\b\d{1,2}[:.]\d{2}\b|\b(?:19|20)\d\d\b")
_READ_MORE = re.compile(
    r"""^\W*(?:read\s(?:more|also|next|the\sfull)|also\sread|see\salso|more\s(?:on|from|about)|related|recommended|don.t\smiss|lire\saussi|à\slire
    |a\slire|voir\saussi|lesen\ssie\sauch|lesen\ssie|mehr\szum\sthema|lesetipp|mehr\sdazu|auch\sinteressant|leggi\sanche|
    lea\stambién|lee\stambién|te\spuede\sinteresar|más\sinformación|ver\stambién|leia\stambém|leia\smais|saiba\smais|veja\stambém|czytaj\s(?:też|także|więcej)|
    zobacz\s(?:też|także)|читайте\s(?:также|ещё|еще)|смотрите\sтакже|читайте\sтакож|lees\sook|les\sogså|læs\sogså|läs\smer|läs\sockså|lue\smyös|
    watch:|listen:|video:|photos?:|photo\sgallery:|in\spictures|baca\sjuga|okumadan\sgeçmeyin|bunlar\sda\silginizi|関連記事|相关阅读|延伸閱讀|관련기사)""",
    re.I | re.X,
)


def key(text: str) -> str:
    """A text by its words alone, for comparison."""
    return " ".join(_WORD.findall(text.casefold()))


def titles(tree: lxml.html.HtmlElement) -> set[str]:
    """What the page's headline may be, by words."""
    found = set()
    for element in tree.iter("meta"):
        if (element.get("property") or element.get("name")) in ("og:title", "twitter:title"):
            found.add(key(element.get("content") or ""))
    for element in tree.iter("title"):
        text = element.text or ""
        found.add(key(text))
        found.update(key(part) for part in _AFFIX.split(text) if len(part) > 20)
        break
    headings = [key(element.text_content()) for element in tree.iter("h1")]
    if len(headings) == 1:
        found.add(headings[0])
    else:
        found.update(head for head in headings if any(head in title or title in head for title in found if title))
    return found - {""}


def described(tree: lxml.html.HtmlElement) -> str:
    """The page's descriptions of itself, by words."""
    return " | ".join(
        key(element.get("content") or "")
        for element in tree.iter("meta")
        if (element.get("property") or element.get("name")) in ("og:description", "description", "twitter:description")
    )


def article_blocks(tree: lxml.html.HtmlElement) -> list[Block]:
    return [block for block in judged(tree) if block.drop is None]


def judged(tree: lxml.html.HtmlElement) -> list[Block]:
    """All blocks of a page; those that are no part of the article say why."""
    body = tree.find("body")
    root = body if body is not None else tree
    blocks = Walker().walk(root)
    place = container(blocks, root)
    if place is None:
        for block in blocks:
            block.drop = "no-body"
        return blocks
    depth = 0
    element = place
    while element is not None and element is not root:
        depth += 1
        element = element.getparent()
    global LAST_PLACE
    LAST_PLACE = place
    inside = set(place.iter())
    heads = titles(tree)
    within = [block for block in blocks if block.element in inside]
    for block in blocks:
        if block.element not in inside:
            block.drop = "outside"
    for block in within:
        block.drop = _furniture(block, depth) or _links(block) or block.drop
        if block.drop is None and block.tag not in ("li", "td") and key(block.text) in heads:
            block.drop = "headline"
    _lists(within)
    _linked_headings(within)
    _captions(within)
    _edges(within)
    _orphans(within)
    _lede(blocks, within, described(tree), heads)
    return blocks


def _furniture(block: Block, depth: int) -> str | None:
    for part in block.furniture:
        if (
            part.depth > depth
            and not part.exempt
            and not (part.element.tag == "figure" and _in_figure_text(block, part))
        ):
            return part.kind
    return None


def _in_figure_text(block: Block, part: Furniture) -> bool:
    """A ``figure`` may hold a table or a quotation, which is text; its caption is not."""
    element = block.element
    while element is not None and element is not part.element:
        if element.tag in ("table", "blockquote", "pre", "ul", "ol"):
            return True
        element = element.getparent()
    return False


def _links(block: Block) -> str | None:
    share = block.links / len(block.text)
    if block.size < 45 and _LABEL.match(block.text):
        return "read-more"
    if share > 0.8 and block.tag in HEADINGS and block.size > 12:
        block.drop = "links?"
        return None
    if share > 0.8:
        return None if block.tag == "p" and block.size > 60 and block.text[-1] in ".!?。" else "links"
    if share > 0.2 and _READ_MORE.match(block.text):
        return "read-more"
    if share > 0.5 and block.tag != "li" and not SENTENCE_END.search(block.text):
        return "read-more"
    if _AD_LABEL.match(block.text):
        return "promo"
    if _CONSENT.search(block.text) and block.size < 500:
        return "consent"
    if block.size < 300 and block.tag not in HEADINGS:
        if _CREDIT.search(block.text):
            return "caption"
    if block.images and block.size < 450 and _under_picture(block):
        return "caption"
    return None


def _under_picture(block: Block) -> bool:
    """Whether a short block right after a picture shares a box with it that holds nothing else."""
    if block.tag in HEADINGS:
        return block.size > 200
    if block.tag not in ("p", "li") and block.size < 200:
        return True
    if block.size < 120 and not SENTENCE_END.search(block.text):
        block.drop = "caption?"
        return False
    box = block.element.getparent()
    if box is None or box.find(".//img") is None:
        return False
    return sum(len(text.strip()) for text in box.itertext()) < len(block.text) + 120


_LONGEST_TAIL = 6
"""Labels at the end of a body; more are a list that belongs to it."""


def _lists(blocks: list[Block]) -> None:
    """A list of links is navigation even where each entry has a word before its link."""
    lists: dict[lxml.html.HtmlElement, list[Block]] = {}
    for block in blocks:
        if block.tag == "li" and block.drop in (None, "links"):
            parent = block.element.getparent()
            if parent is not None:
                lists.setdefault(parent, []).append(block)
    for items in lists.values():
        text = sum(len(block.text) for block in items)
        links = sum(block.links for block in items)
        if len(items) <= 8 and links > 0.4 * text and links > 25 * len(items):
            ended = sum(block.text[-1] in ".!?。" for block in items)
            if ended < 0.3 * len(items):
                for block in items:
                    block.drop = "related"


def _linked_headings(blocks: list[Block]) -> None:
    """A heading that is a link belongs to the text if running text of its own box follows."""
    for index, block in enumerate(blocks):
        if block.drop == "links?":
            after = next((other for other in blocks[index + 1 :] if other.drop is None or other.drop == "links?"), None)
            same = after is not None and after.element.getparent() is block.element.getparent()
            block.drop = None if same and after is not None and is_prose(after) else "links"


def _captions(blocks: list[Block]) -> None:
    """Short lines under pictures are captions, unless the article consists of them: then they are its text."""
    doubtful = [block for block in blocks if block.drop == "caption?"]
    kept = sum(block.drop is None for block in blocks)
    for block in doubtful:
        block.drop = None if len(doubtful) > 3 and len(doubtful) > 0.3 * kept else "caption"


def _edges(blocks: list[Block]) -> None:
    """Short lines before the first and after the last running text are labels, bylines, dates."""
    kept = [block for block in blocks if block.drop is None]
    head = next((block.order for block in reversed(blocks) if block.drop == "headline" and block.tag == "h1"), -1)
    for block in kept:
        if is_prose(block) and not (_STAMP.search(block.text) and block.size < 80 and block.tag != "p"):
            break
        if block.tag in HEADINGS and block.order > head and block.tag != "h1":
            continue
        if SENTENCE_END.search(block.text) and block.size > 15 and block.tag in ("p", "li"):
            continue
        if not _names(block, LEDE):
            block.drop = "label"
    tail: list[Block] = []
    seen = sum(is_prose(block) and block.drop is None for block in kept)
    for block in reversed(kept):
        if block.drop:
            continue
        if _TAIL.search(block.text) and block.size < 300:
            block.drop = "credit"
            continue
        if _BIO.search(block.text) and block.size < 600 and seen > 3 and not tail:
            block.drop = "author"
            continue
        if is_prose(block) or (block.tag == "li" and block.size > 15 and block.links < 0.3 * len(block.text)):
            break
        if not SENTENCE_END.search(block.text) or block.tag in HEADINGS:
            tail.append(block)
        else:
            break
    if len(tail) <= _LONGEST_TAIL or sum(block.links for block in tail) > 0.1 * sum(len(block.text) for block in tail):
        for block in tail:
            block.drop = "label"


def _orphans(blocks: Iterable[Block]) -> None:
    """A heading under which nothing is left goes too."""
    pending: list[Block] = []
    emptied = False
    for block in blocks:
        if block.drop is None:
            if block.tag not in HEADINGS:
                pending.clear()
            elif pending and emptied:
                pending.pop().drop = "orphan"
                pending.append(block)
            else:
                pending.append(block)
            emptied = False
        elif block.drop in ("links", "read-more", "related"):
            emptied = True
    for block in pending:
        block.drop = "orphan"


def _names(block: Block, pattern: re.Pattern[str]) -> bool:
    element = block.element
    for _ in range(2):
        if element is None:
            return False
        if pattern.search(names_of(element.get("class"), element.get("id"))):
            return True
        element = element.getparent()
    return False


_LOOSE = frozenset({"related", "share", "author", "meta", "aside", "promo"})
"""Parts in which a standfirst may stand, when it says what the page's description says."""

RESTORED: set[int] = set()


def _lede(blocks: list[Block], within: list[Block], described: str, heads: set[str]) -> None:
    """Put back what stands between the headline and the body: the standfirst, a first paragraph apart."""
    RESTORED.clear()
    first = next((block.order for block in within if block.drop is None), None)
    if first is None:
        return
    start = None
    for block in reversed(blocks[:first]):
        if block.tag == "h1" or key(block.text) in heads:
            start = block.order
            break
    if start is None:
        return
    for block in blocks[start + 1 : first]:
        if block.drop != "outside":
            continue
        words = key(block.text)
        if words in heads or _links(block):
            continue
        told = len(words) > 20 and words[:60] in described
        if any(not part.exempt and not (told and part.kind in _LOOSE) for part in block.furniture):
            continue
        named = told or _names(block, LEDE)
        if _STAMP.search(block.text) and len(block.text) < 120:
            continue
        if block.tag in HEADINGS:
            wanted = named and block.size >= 25
        else:
            wanted = (block.size >= 60 and SENTENCE_END.search(block.text) is not None) or (named and block.size >= 25)
        if wanted:
            block.drop = None
            RESTORED.add(block.order)
