"""What language a text is in, from a headline and from a sentence of it; all are invented."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.text import language

HEADLINES = {
    "en": "Council votes to close the old bridge",
    "de": "Stadtrat stimmt für die Sperrung der Brücke",
    "fr": "Le conseil municipal ferme le vieux pont",
    "es": "El ayuntamiento cierra el puente viejo",
    "pt": "A câmara municipal vai fechar a ponte velha",
    "it": "Il comune chiude il vecchio ponte della città",
    "ca": "L'ajuntament tanca el pont vell de la ciutat",
    "nl": "Gemeenteraad stemt voor sluiting van de oude brug",
    "sv": "Kommunen stänger den gamla bron efter översvämningen",
    "fi": "Kaupunki sulkee vanhan sillan tulvan jälkeen",
    "et": "Linn sulgeb pärast üleujutust vana silla",
    "is": "Borgin lokar gömlu brúnni eftir flóðið",
    "pl": "Rada miasta zamyka stary most po powodzi",
    "cs": "Město po povodni uzavře starý most",
    "sk": "Mesto po povodni uzavrie starý most, opravovať sa bude",
    "hu": "Az árvíz után lezárják a régi hidat",
    "ro": "Consiliul local închide podul vechi după inundații",
    "hr": "Grad zatvara stari most nakon poplave, kaže gradonačelnik",
    "tr": "Belediye selden sonra eski köprüyü kapatıyor",
    "lt": "Po potvynio miestas uždaro senąjį tiltą",
    "lv": "Pēc plūdiem pilsēta slēdz veco tiltu",
    "sq": "Bashkia mbyll urën e vjetër pas përmbytjes",
    "vi": "Thành phố đóng cửa cây cầu cũ sau trận lũ",
    "id": "Pemerintah kota menutup jembatan lama setelah banjir",
    "sw": "Mji wafunga daraja la zamani baada ya mafuriko",
    "ru": "Город закрывает старый мост после наводнения",
    "uk": "Місто закриває старий міст після повені",
    "bg": "Общината затваря стария мост след наводнението",
    "el": "Ο δήμος κλείνει την παλιά γέφυρα",
    "ar": "البلدية تغلق الجسر القديم بعد الفيضان",
    "fa": "شهرداری پل قدیمی را پس از سیل می‌بندد",
    "he": "העירייה סוגרת את הגשר הישן אחרי השיטפון",
    "hi": "बाढ़ के बाद पुराना पुल बंद किया जाएगा",
    "th": "เทศบาลปิดสะพานเก่าหลังน้ำท่วม",
    "ka": "ქალაქი ძველ ხიდს წყალდიდობის შემდეგ კეტავს",
    "hy": "Քաղաքը ջրհեղեղից հետո փակում է հին կամուրջը",
    "ja": "洪水のあと、市は古い橋を閉鎖する",
    "zh": "洪水过后，市政府关闭旧桥",
    "ko": "홍수 후 시는 오래된 다리를 폐쇄한다",
}

SENTENCES = {
    "en": "The bridge will stay closed until the spring, the mayor said on Monday, as money is lacking.",
    "de": "Die Brücke bleibt bis zum Frühling gesperrt, sagte die Bürgermeisterin am Montag, weil das Geld fehlt.",
    "fr": "Le pont restera fermé jusqu'au printemps, a dit la maire lundi, parce que l'argent manque pour les travaux.",
    "es": "El puente seguirá cerrado hasta la primavera, dijo la alcaldesa el lunes, porque falta dinero.",
    "pt": "A ponte vai continuar fechada até à primavera, disse a presidente na segunda-feira, porque não há dinheiro.",
    "it": "Il ponte resterà chiuso fino alla primavera, ha detto lunedì la sindaca, perché mancano i soldi.",
    "da": "Broen forbliver lukket indtil foråret, sagde borgmesteren mandag, fordi der ikke er penge.",
    "no": "Broa holdes stengt fram til våren, sa ordføreren mandag, fordi det ikke finnes penger til å reparere den.",
    "sv": "Bron hålls stängd till våren, sade kommunalrådet på måndagen, eftersom det saknas pengar.",
    "nl": "De brug blijft tot het voorjaar dicht, zei de burgemeester maandag, omdat er geen geld is voor het herstel.",
    "af": "Die brug bly tot die lente toe gesluit, het die burgemeester Maandag gesê, omdat daar nie geld is nie.",
    "gl": "A ponte seguirá pechada ata a primavera, dixo o luns a alcaldesa, porque non hai cartos para as obras.",
    "eu": "Zubia itxita egongo da udaberria arte, esan du alkateak astelehenean, dirurik ez dagoelako.",
    "sl": "Most bo zaprt do pomladi, je v ponedeljek povedala županja, ker ni denarja za popravila.",
    "mk": "Мостот ќе остане затворен до пролет, рече градоначалничката во понеделникот, бидејќи нема пари за поправка.",
    "sr": "Мост ће остати затворен до пролећа, рекла је у понедељак градоначелница, јер нема новца за поправку.",
    "be": "Мост застанецца закрытым да вясны, сказала ў панядзелак мэр, бо на рамонт няма грошай.",
    "kk": "Көпір көктемге дейін жабық болады, деп мәлімдеді дүйсенбіде қала әкімі, өйткені жөндеуге ақша жоқ.",
    "az": "Körpü yaza qədər bağlı qalacaq, bələdiyyə sədri bazar ertəsi bildirib, çünki təmir üçün pul yoxdur.",
    "ur": "میئر نے پیر کو کہا کہ پل بہار تک بند رہے گا کیونکہ مرمت کے لیے پیسے نہیں ہیں۔",
    "bn": "মেয়র সোমবার বলেছেন, মেরামতের টাকা নেই বলে সেতুটি বসন্ত পর্যন্ত বন্ধ থাকবে।",
    "ta": "பழுதுபார்க்க பணம் இல்லாததால் பாலம் வசந்த காலம் வரை மூடப்பட்டிருக்கும்.",
    "fil": "Mananatiling sarado ang tulay hanggang tagsibol, sabi ng alkalde noong Lunes, dahil walang pera.",
    "cy": "Bydd y bont ar gau tan y gwanwyn, meddai'r maer ddydd Llun, am nad oes arian i'w thrwsio.",
    "ga": "Beidh an droichead dúnta go dtí an t-earrach, a dúirt an méara Dé Luain, mar níl aon airgead ann.",
}  # fmt: skip


@pytest.mark.parametrize(("code", "text"), [*HEADLINES.items(), *SENTENCES.items()])
def test_text_alone(code: str, text: str) -> None:
    found = language.recognise(text)
    assert found.language == code
    assert found.score > 0.1


@pytest.mark.parametrize(("code", "text"), SENTENCES.items())
def test_a_declaration_that_is_right_stands(code: str, text: str) -> None:
    assert language.identify(text, declared=[code]) == code
    assert language.identify(HEADLINES.get(code, text), declared=[f"{code}-XX"]) == code


@pytest.mark.parametrize("code", ["fr", "it", "pt", "sv", "nl", "sr", "ur", "cy", "ga"])
def test_a_template_is_overruled_by_a_sentence(code: str) -> None:
    assert language.identify(SENTENCES[code], declared=["en-US"]) == code


@pytest.mark.parametrize(
    ("text", "declared", "found"),
    [
        ("Nope", "de", "de"),  # a word proves nothing
        ("Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt.", "en", "en"),
        ("Bokmål skrives i Norge, og det er ikke det samme som nynorsk, sier de som vet det.", "nb", "nb"),
        ("Most je zatvoren i bit će otvoren tek na proljeće, kaže gradonačelnica u ponedjeljak.", "bs", "bs"),
        ("Ko te piriti ka kati tonu i te takurua, e ai ki te koromatua i te Mane.", "mi", "mi"),
        ("Le pont restera fermé jusqu'au printemps, a dit la maire lundi.", "xx", "xx"),  # unknown to us, so not denied
    ],
)
def test_what_stands(text: str, declared: str, found: str) -> None:
    assert language.identify(text, declared=[declared]) == found


def test_nothing_to_go_by() -> None:
    for text in ("", "1234 — 56 %", "…", "\x00\ud800\uffff"):
        assert language.recognise(text)[:2] == (None, 0.0)


@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    found = language.recognise(text)
    assert (found.language is None) == (found.evidence == {})
    assert 0 <= found.score < 1


@pytest.mark.parametrize(
    "text",
    [
        "Gradsko veće je u utorak odlučilo da se stari most zatvori za saobraćaj do kraja godine.",
        "Градско веће је у уторак одлучило да се стари мост затвори за саобраћај до краја године.",
    ],
)
def test_serbian_stays_serbian_in_either_script(text: str) -> None:
    assert language.identify(text, declared=["sr"]) == language.identify(text, declared=["en", "sr-RS"]) == "sr"
    assert language.identify(text, declared=["sr-Latn"]) == "sr"


def test_serbo_croatian_in_latin_letters_has_one_name() -> None:
    assert language.recognise("Gradsko vijeće odlučilo zatvoriti stari most").language == "hr"
