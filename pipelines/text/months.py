"""Names of months in the languages of the news, and dates written with them."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

_TABLE = {
    "en": "january/jan february/feb march/mar april/apr may june/jun july/jul august/aug september/sep/sept "
        "october/oct november/nov december/dec",
    "de": "januar/jänner/jän februar/feber märz/mär/mrz april mai juni juli august september oktober/okt november "
        "dezember/dez",
    "fr": "janvier/janv février/févr/fév mars avril/avr mai juin juillet/juil août/aoû septembre/sept octobre/oct "
        "novembre/nov décembre/déc",
    "es": "enero/ene febrero/feb marzo/mar abril/abr mayo/may junio/jun julio/jul agosto/ago "
        "septiembre/setiembre/sep/set octubre/oct noviembre/nov diciembre/dic",
    "ca": "gener/gen febrer/febr març abril/abr maig juny juliol/jul agost/ag setembre/set octubre/oct "
        "novembre/nov desembre/des",
    "pt": "janeiro/jan fevereiro/fev março/mar abril/abr maio/mai junho/jun julho/jul agosto/ago setembro/set "
        "outubro/out novembro/nov dezembro/dez",
    "it": "gennaio/gen febbraio/feb marzo/mar aprile/apr maggio/mag giugno/giu luglio/lug agosto/ago "
        "settembre/set/sett ottobre/ott novembre/nov dicembre/dic",
    "nl": "januari/jan februari/feb maart/mrt april/apr mei juni/jun juli/jul augustus/aug september/sep "
        "oktober/okt november/nov december/dec",
    "da": "januar/jan februar/feb marts/mar april/apr maj juni/jun juli/jul august/aug september/sep oktober/okt "
        "november/nov december/dec",
    "no": "januar/jan februar/feb mars/mar april/apr mai juni/jun juli/jul august/aug september/sep oktober/okt "
        "november/nov desember/des",
    "sv": "januari/jan februari/feb mars/mar april/apr maj juni/jun juli/jul augusti/aug september/sep "
        "oktober/okt november/nov december/dec",
    "is": "janúar/jan febrúar/feb mars/mar apríl/apr maí júní/jún júlí/júl ágúst/ágú september/sep október/okt "
        "nóvember/nóv desember/des",
    "fi": "tammikuuta/tammikuu helmikuuta/helmikuu maaliskuuta/maaliskuu huhtikuuta/huhtikuu toukokuuta/toukokuu "
        "kesäkuuta/kesäkuu heinäkuuta/heinäkuu elokuuta/elokuu syyskuuta/syyskuu lokakuuta/lokakuu "
        "marraskuuta/marraskuu joulukuuta/joulukuu",
    "pl": "stycznia/styczeń/sty lutego/luty/lut marca/marzec kwietnia/kwiecień/kwi maja/maj czerwca/czerwiec/cze "
        "lipca/lipiec/lip sierpnia/sierpień/sie września/wrzesień/wrz października/październik/paź listopada/lis "
        "grudnia/grudzień/gru",
    "cs": "ledna/leden února/únor března/březen dubna/duben května/květen června/červen července/červenec "
        "srpna/srpen září října/říjen listopadu prosince/prosinec",
    "sk": "januára/január februára/február marca/marec apríla/apríl mája/máj júna/jún júla/júl augusta/august "
        "septembra októbra/október novembra decembra",
    "sl": "januarja/januar februarja/februar marca/marec aprila/april maja/maj junija/junij julija/julij "
        "avgusta/avgust septembra oktobra/oktober novembra decembra",
    "hr": "siječnja/siječanj veljače/veljača ožujka/ožujak travnja/travanj svibnja/svibanj lipnja/lipanj "
        "srpnja/srpanj kolovoza/kolovoz rujna/rujan listopada studenoga/studeni/studenog prosinca/prosinac",
    "hu": "január/jan február/febr március/márc április/ápr május/máj június/jún július/júl augusztus/aug "
        "szeptember/szept október/okt november/nov december/dec",
    "ro": "ianuarie/ian februarie/feb martie/mar aprilie/apr mai iunie/iun iulie/iul august/aug "
        "septembrie/sep/sept octombrie/oct noiembrie/nov/noi decembrie/dec",
    "lt": "sausio/sausis vasario/vasaris kovo/kovas balandžio/balandis gegužės/gegužė birželio/birželis "
        "liepos/liepa rugpjūčio/rugpjūtis rugsėjo/rugsėjis spalio/spalis lapkričio/lapkritis gruodžio/gruodis",
    "lv": "janvāris/janvārī februāris/februārī marts/martā aprīlis/aprīlī maijs/maijā jūnijs/jūnijā jūlijs/jūlijā "
        "augusts/augustā septembris/septembrī oktobris/oktobrī novembris/novembrī decembris/decembrī",
    "et": "jaanuar veebruar märts aprill mai juuni juuli august september oktoober november detsember",
    "ru": "января/январь/янв февраля/февраль/фев/февр марта/март/мар апреля/апрель/апр мая/май июня/июнь/июн "
        "июля/июль/июл августа/август/авг сентября/сентябрь/сен/сент октября/октябрь/окт ноября/ноябрь/ноя/нояб "
        "декабря/декабрь/дек",
    "uk": "січня/січень лютого/лютий березня/березень квітня/квітень травня/травень червня/червень липня/липень "
        "серпня/серпень вересня/вересень жовтня/жовтень листопада/листопад грудня/грудень",
    "bg": "януари/яну февруари/фев март/мар април/апр май юни/юн юли/юл август/авг септември/сеп октомври/окт "
        "ноември/ное декември/дек",
    "sr": "јануар/јануара/јан фебруар/фебруара/феб март/марта/мар април/априла/апр мај/маја јун/јуна јул/јула "
        "август/августа/авг септембар/септембра/сеп октобар/октобра/окт новембар/новембра/нов децембар/децембра/дец",
    "el": "ιανουαρίου/ιανουάριος/ιαν φεβρουαρίου/φεβρουάριος/φεβ μαρτίου/μάρτιος/μαρ απριλίου/απρίλιος/απρ "
        "μαΐου/μάιος/μαϊ/μαΐ ιουνίου/ιούνιος/ιουν ιουλίου/ιούλιος/ιουλ αυγούστου/αύγουστος/αυγ "
        "σεπτεμβρίου/σεπτέμβριος/σεπ/σεπτ οκτωβρίου/οκτώβριος/οκτ νοεμβρίου/νοέμβριος/νοε/νοεμ "
        "δεκεμβρίου/δεκέμβριος/δεκ",
    "tr": "ocak/oca şubat/şub mart/mar nisan/nis mayıs/may haziran/haz temmuz/tem ağustos/ağu eylül/eyl ekim/eki "
        "kasım/kas aralık/ara",
    "id": "januari/jan februari/feb maret/mar april/apr mei juni/jun juli/jul agustus/agu september/sep "
        "oktober/okt november/nov desember/des",
    "ar": "يناير/كانون_الثاني فبراير/شباط مارس/آذار أبريل/ابريل/نيسان مايو/أيار يونيو/يونيه/حزيران "
        "يوليو/يوليه/تموز أغسطس/اغسطس/آب سبتمبر/أيلول أكتوبر/اكتوبر/تشرين_الأول نوفمبر/تشرين_الثاني ديسمبر/كانون_الأول",
    "fa": "ژانویه فوریه مارس آوریل مه ژوئن ژوئیه اوت سپتامبر اکتبر نوامبر دسامبر",
    "he": "בינואר/ינואר בפברואר/פברואר במרץ/מרץ באפריל/אפריל במאי/מאי ביוני/יוני ביולי/יולי באוגוסט/אוגוסט "
        "בספטמבר/ספטמבר באוקטובר/אוקטובר בנובמבר/נובמבר בדצמבר/דצמבר",
    "hi": "जनवरी फरवरी मार्च अप्रैल मई जून जुलाई अगस्त सितंबर अक्टूबर नवंबर दिसंबर",
}  # fmt: skip
"""Twelve months a language, their forms parted by a slash (nominative, the case dates use, abbreviation)."""


_DIGITS = {zero + digit: str(digit) for zero in (0x660, 0x6F0, 0x966) for digit in range(10)}


def fold(text: str) -> str:
    """Lower case without accents, so that ``Août`` and ``aout``, ``Μαΐου`` and ``μαιου`` are one."""
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFD", text.casefold().translate(_DIGITS))
    return unicodedata.normalize("NFC", "".join(c for c in text if not "\u0300" <= c <= "\u036f")).replace("ı", "i")


def _names() -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for language, months in _TABLE.items():
        for number, forms in enumerate(months.split(), 1):
            for form in forms.split("/"):
                found.setdefault(fold(form.replace("_", " ")), {})[language] = number
    return found


MONTHS = _names()
"""Month numbers by folded name and language: *listopada* is November in Polish and October in Croatian."""

_MONTH = r"(?P<month>[^\W\d_]{3,14}(?: (?:الثاني|الأول|الاول))?)\.?"
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_DAY = r"(?P<day>\d{1,2})"
_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?<!\d){_DAY}(?:st|nd|rd|th|er|\.|º|ª|η|-?го)?\s*(?:de |del |of |d')?\s*{_MONTH},?\s*(?:de |del |του "
        rf")?{_YEAR}(?!\d)",
        rf"{_MONTH}\s*{_DAY}(?:st|nd|rd|th)?\s*,?\s*{_YEAR}(?!\d)",
        rf"(?<!\d){_YEAR}\.?\s*(?:m\. )?{_MONTH}\s*{_DAY}(?!\d)",
        r"(?<!\d)(?P<year>(?:19|20)\d\d)\s*[年년]\s*(?P<month>\d{1,2})\s*[月월]\s*(?P<day>\d{1,2})\s*[日일]?",
        r"(?<!\d)(?P<year>(?:19|20)\d\d)\s?[-/.]\s?(?P<month>\d{1,2})\s?[-/.]\s?(?P<day>\d{1,2})(?!\d)",
        r"(?<!\d)(?P<day>\d{1,2})\s?\.\s?(?P<month>\d{1,2})\s?\.\s?(?P<year>(?:19|20)\d\d)(?!\d)",
        r"(?<!\d)(?P<day>\d{1,2})\s?[/-]\s?(?P<month>\d{1,2})\s?[/-]\s?(?P<year>(?:19|20)\d\d)(?!\d)",
    )
)


def find(text: str, language: str = "") -> tuple[date, int] | None:
    """The first date written in a text, and where it ends."""
    folded = fold(text)
    best: tuple[int, date, int] | None = None
    for number, pattern in enumerate(_PATTERNS):
        for match in pattern.finditer(folded):
            if best and match.start() >= best[0]:
                break
            value = _date(match, language, slashed=number == len(_PATTERNS) - 1)
            if value:
                best = (match.start(), value, match.end())
                break
    return (best[1], best[2]) if best else None


def _date(match: re.Match[str], language: str, *, slashed: bool) -> date | None:
    year, day, name = int(match["year"]), int(match["day"]), match["month"]
    if name.isdigit():
        month = int(name)
        if slashed and (month > 12 or (day <= 12 and language.lower() in ("en-us", "en_us"))):
            day, month = month, day
    else:
        numbers = MONTHS.get(name)
        if not numbers:
            return None
        month = numbers.get(language[:2].lower()) or next(iter(numbers.values()))
    try:
        return date(year, month, day)
    except ValueError:
        return None
