"""Lines that are no part of an article, by how they begin or read, in the languages of the sites that were looked at.

Each pattern is meant for short lines only (the caller knows how short) and was added for lines that several sites
have; wording of a single site is the matter of site memory.
"""

from __future__ import annotations

import re


def _lines(*phrases: str, whole: bool = False) -> re.Pattern[str]:
    """Lines that begin with one of the phrases (alternatives, space for any white space), or consist of it."""
    alternatives = "|".join(part for phrase in phrases for part in phrase.strip("|").split("|"))
    return re.compile(rf"^\W*(?:{alternatives})" + (r"\W*$" if whole else ""), re.I)


SENTENCE_END = re.compile(r"[.!?…。！？।؟۔:;\"”»’')\]›]$")
"""How a sentence ends, in the scripts of the web."""

STOP = re.compile(r"[.!?…。！？।؟۔][\"”»’')\]›]*$")
"""The same without the ends that names and titles have too."""

READ_MORE_LABEL = _lines(
    "read (?:more|also|next|this next)|also read|see also|related(?: (?:coverage|articles?|stor(?:y|ies)|news|content|links|posts))?",
    "recommended(?: reading| for you)?|more on this(?: story)?|you (?:may|might) also like.*|don.t miss|trending(?: now)?|most (?:read|popular|viewed).*",
    "lire aussi|à lire aussi|sur le même (?:sujet|thème)|voir aussi|articles? liés?|à lire également",
    r"lesen sie auch|mehr zum thema|mehr zu.*|auch interessant|das (?:\w+ )?könnte.*interessieren|weiterlesen|mehr themen",
    "schon gelesen|lesetipps?|passend dazu|zum thema|leggi anche|potrebbe interessarti.*|articoli correlati",
    "noticias? relacionadas?|lee también|lea también|te puede interesar|más información|leia (?:também|mais)|veja também",
    "saiba mais|czytaj (?:też|także|więcej)|zobacz (?:też|także)|przeczytaj także|читайте также",
    "(?:материалы )?по теме|смотрите также|читайте також|lees ook|meer over.*|les også|læs også|läs (?:mer|också)",
    "(?:más|more|mehr|plus|mais|больше|ещё|еще|περισσότερα|المزيد) (?:sobre|on|zu|sur|по|για|حول|عن) (?:este|this|diesem|ce|этой|το|هذا)? ?(?:tema|topic|thema|sujet|теме|θέμα|الموضوع)",
    "lue myös|baca juga|ilgili haberler|関連記事|あわせて読みたい|相关阅读|相關新聞|延伸閱讀|관련 ?기사|اقرأ أيضا|इसे भी पढ़ें",
    whole=True,
)
"""A line that only announces links."""

READ_MORE = _lines(
    "read (?:more|also|next|the full)|also read|see also|more (?:on|from|about)|related|recommended|don.t miss",
    "lire aussi|à lire|a lire|voir aussi|lesen sie auch|lesen sie|mehr zum thema|lesetipp|mehr dazu|auch interessant",
    "leggi anche|lea también|lee también|te puede interesar|más información|ver también|leia também|leia mais",
    "saiba mais|veja também|czytaj (?:też|także|więcej)|zobacz (?:też|także)|читайте (?:также|ещё|еще)|смотрите также",
    "читайте також|lees ook|les også|læs også|läs mer|läs också|lue myös|watch:|listen:|video:|photos?:|photo gallery:",
    "in pictures|baca juga|okumadan geçmeyin|bunlar da ilginizi|関連記事|相关阅读|延伸閱讀|관련기사",
)
"""How a paragraph begins that sends the reader to another page; a fifth of it is a link."""

AD_LABEL = _lines(
    "advertisements?|adverts?|ad|anzeige|werbung|publicidad|publicité|publicidade|pubblicità|реклама|reklama|reklam",
    "annons|annonce|mainos|advertentie|广告|廣告|広告|광고|sponsored|scroll to continue(?: with content)?|continue reading",
    "(?:story|article) continues (?:below|after)(?: (?:this )?ad(?:vertisement)?)?",
    whole=True,
)

CONSENT = re.compile(
    r"externe[rn]? Inhalte? |Empfohlener (?:redaktioneller|externer) Inhalt|(?:Inhalte?|Beiträge) (?:anzeigen|erlauben|zulassen)$"
    r"|damit einverstanden, dass (?:mir|Ihnen)|personenbezogene Daten (?:können )?an Drittplattformen|^Ein Klick für den Datenschutz"
    r"|(?:accept|allow|enable) (?:all )?cookies|this (?:content|embed|video|article contains content) .{0,60}(?:cookies|consent)"
    r"|contenu (?:externe|bloqué)|contenido externo|contenuto esterno|conteúdo externo"
    r"|(?:would be|is) shown here|se mostraría|(?:wird|würde) hier (?:an)?gezeigt|s'afficherait ici|verrebbe mostrato|try refreshing your browser"
    r"|javascript (?:is|must be|to be) (?:disabled|enabled)|enable javascript|browser does not support",
    re.I,
)
"""Where an embed waits for consent, or a script did not run."""

BIO = re.compile(
    r"\b(?:is|was) (?:an?|the|our) (?:[\w-]+ ){0,6}(?:writer|reporter|journalist|editor|professor|researcher|author|columnist|"
    r"correspondent|fellow|lecturer|contributor|freelancer|analyst|blogger|historian)\b"
    r"|\bist (?:[\w-]+ ){0,6}(?:Redakteurin?|Korrespondentin?|Autorin?|Journalistin?|Reporterin?|Volontärin?)\b"
    r"|^(?:Korrespondentin?|Redakteurin?|Autorin?|Chefreporterin?|Reporterin?) [^.]{3,60}? (?:ist|schreibt|berichtet|arbeitet)\b"
    r"|\best (?:[\w-]+ ){0,4}(?:journaliste|correspondante?|rédacteur|rédactrice|chroniqueu(?:r|se))\b"
    r"|\bes (?:[\w-]+ ){0,4}(?:periodista|corresponsal|redactora?|escritora?)\b",
)
"""A sentence about who wrote the article."""

CREDIT = re.compile(
    r"\((?:image|images|photo|photos|picture|pictures|pic|foto|bild|credit|source|screenshot)\s?(?:s)?\s?[:/–-][^()]*\)\W*$"
    r"|(?:©|\bphoto(?:graph)?s? (?:by|credit|courtesy)|\bcredit:|\bimage (?:source|credit)|\bfoto:|\bfotos:|\b(?:beitrags|titel|symbol|archiv)?bild(?:er|quellen?|nachweise?|rechte)?:|getty images|^(?:image|photo|picture|video|pic|foto|fotos|bild|crédito|imagen|ảnh|фото|写真)s? ?[:：|/]|"
    r"\((?:AP|Reuters|AFP|EPA|Shutterstock)(?: |/)?(?:photo|/)[^()]*\)|"
    r"^\W*(?:image|photo|picture|slide|bild|foto) \d+ (?:of|von|de|di|/) \d+\W*$|\bpicture alliance\b|\bshutterstock\b|\bfile photo\b|\bscreengrab\b)",
    re.I,
)
"""A picture's caption or credit."""

TAIL = re.compile(
    r"contributed to this (?:report|story|article)|^\W*(?:additional )?reporting by\b|^\W*editing by\b|^\W*writing by\b"
    r"|^\W*(?:quellen?|sources?|fuentes?|fonte|fonti|źródło|kilde|källa|bron|zdroj|kaynak|источник|джерело)\s?:"
    r"|^\W*(?:mit (?:material|informationen) (?:von|der|des)|avec (?:afp|reuters|ap)\b|con información de)"
    r"|^\(?(?:dpa|afp|ap|reuters|apa|sda|epd|kna|ansa|efe|pap|ntb|tt|ritzau|belga|anp|lusa)(?:[/,; ]+\w{2,8}){0,3}\)?\W*$"
    r"|^\W*(?:associated press writers?)\b|our standards:|^©|\(c\) ?20\d\d|(?:all rights reserved|alle rechte vorbehalten|все права защищены|todos los derechos reservados|tous droits réservés|"
    r"tutti i diritti riservati|todos os direitos reservados|wszelkie prawa zastrzeżone|alle rechten voorbehouden|"
    r"με (?:την )?επιφύλαξη|جميع الحقوق محفوظة|tüm hakları saklıdır|all rights)"
    r"|^\W*(?:follow|like|find) (?:us|\w+|me)(?: \w+){0,3} on (?:facebook|twitter|instagram|x\b|youtube|tiktok|whatsapp|telegram|google)"
    r"|^\W*follow .{0,60}\bon (?:facebook|twitter|instagram|youtube|tiktok|google news)"
    r"|^\W*follow .{0,90}(?:@\w|https?://|www\.)|^\W*(?:e-?mail|contact|write to|reach) .{0,80}@"
    r"|^\W*(?:sign up|subscribe|click here|like this story|share this|you may also like|get in touch|got a story|do you have a story|for more stories|"
    r"for the latest|first published|originally published|this (?:article|story|post|piece) (?:was|is|has been|first|originally)|"
    r"stay up to date|join our|have your say|download (?:the|our)|listen to)\b|^mit agenturmaterial"
    r"|[.!?]\s(?:click|tap) here\b[^.]{0,40}\W*$|[.!?]\sklicken sie hier\W*$|[.!?]\scliquez ici\W*$"
    r"|\b(?:please subscribe|already a subscriber|bereits abonnent|déjà abonné|ya eres suscriptor|sei già abbonato)\b"
    r"|^\W*to (?:view|read|continue reading|see) (?:the|this) (?:full|whole|rest|entire|complete)\b"
    r"|^\W*this is a (?:breaking|developing) (?:news? )?story\b|^\W*submit your (?:letter|story|news|tip)|^\W*(?:do you )?want (?:to be informed|more (?:news|stories|like this))\b"
    r"|^\W*(?:möchten sie|gefällt (?:dir|ihnen|euch)|hat (?:dir|ihnen|euch)) (?:unser|der|den|dieser|diesen|das|die) .{1,60}\?"
    r"|il vous reste .{1,10} de cet article|^jetzt (?:abonnieren|lesen|testen)"
    r"|^\W*(?:abonnieren|folgen sie|suscríbete|síguenos|inscrivez-vous|abonnez-vous|suivez-nous|iscriviti|seguici|"
    r"подпис(?:ывайтесь|аться)|следите за|obserwuj nas|volg ons|abone ol|takip ed)",
    re.I,
)
"""What stands under an article: agencies, rights, invitations."""

BYLINE = re.compile(
    r"^\W*(?:by|von|par|por|di|da|door|av|af|od|przez|автор[ы]?|text|texto|texte|testo|από|του|της|بقلم|כתב|yazan|oleh|von:)[:\s]\s*[^\W\d_]",
    re.I,
)
"""A line that names who wrote the article."""

STAMP = re.compile(r"\b(?:[01]?\d|2[0-4])[:.][0-5]\d\b|\b(?:19|20)\d\d\b")
"""A time of day or a year."""

DATE = re.compile(
    r"^\W*(?:[^\W\d]+\W+){0,3}(?:\d{1,2}[:.]\d{2}(?:\s?[ap]\.?m\.?|\s?Uhr|h)?|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|"
    r"\d{1,2}\.?(?:st|nd|rd|th)?\s(?:de\s)?[^\W\d]{3,12}\.?,?\s(?:de\s)?20\d\d|[^\W\d]{3,12}\.?\s\d{1,2},\s20\d\d)"
    r"(?:[^\w.!?]+(?:[^\W\d]{1,10}|\d{1,2}[:.]\d{2}|20\d\d)){0,6}\W*$",
    re.I,
)
"""A line that is a date or a time of day, with a few words about it."""
