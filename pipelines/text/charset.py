"""Which charset a body is in. Declarations are hints that the bytes must bear out.

https://encoding.spec.whatwg.org/ says what a label means; the content says whether it is true.
"""

from __future__ import annotations

import re

PRESCAN = 8192
"""Bytes searched for a ``meta`` charset. The standard says 1024; pages with comments first put it later."""

SAMPLE = 60_000
"""Bytes of text on which charsets are judged when nothing else decides."""

_ALIASES = {
    "windows-1252": "ascii us-ascii iso-8859-1 iso8859-1 iso_8859-1 latin1 latin-1 l1 cp1252 x-cp1252 x-user-defined",
    "windows-1254": "iso-8859-9 iso8859-9 latin5 cp1254 x-cp1254",
    "windows-874": "iso-8859-11 tis-620 dos-874",
    "windows-1250": "cp1250 x-cp1250",
    "windows-1251": "cp1251 x-cp1251 win-1251 win1251",
    "windows-1253": "cp1253",
    "windows-1255": "cp1255",
    "windows-1256": "cp1256",
    "windows-1257": "cp1257",
    "windows-1258": "cp1258",
    "iso-8859-2": "iso8859-2 latin2 latin-2",
    "iso-8859-5": "iso8859-5",
    "iso-8859-7": "iso8859-7 greek",
    "iso-8859-8": "iso-8859-8-i hebrew logical",
    "iso-8859-15": "iso8859-15 latin9 latin-9",
    "gb18030": "gb2312 gbk gb_2312-80 x-gbk chinese",
    "big5": "big5-hkscs cn-big5 x-x-big5",
    "shift_jis": "shift-jis sjis x-sjis ms_kanji windows-31j",
    "euc-jp": "x-euc-jp eucjp",
    "euc-kr": "ks_c_5601-1987 korean ksc5601 cp949 windows-949",
    "utf-8": "utf8 unicode-1-1-utf-8 utf-8mb4",
    "utf-16le": "utf-16 unicode ucs-2 iso-10646-ucs-2",
}
_PLAIN = (
    "utf-16be iso-8859-3 iso-8859-4 iso-8859-6 iso-8859-10 iso-8859-13 iso-8859-14 iso-8859-16 "
    "koi8-r koi8-u iso-2022-jp ibm866 macintosh"
)
LABELS = {label: name for name, labels in _ALIASES.items() for label in (name, *labels.split())} | {
    name: name for name in _PLAIN.split()
}
"""Labels of the Encoding Standard that are met, and what each means. Any other label is no charset, whatever Python's
codec registry would make of it (``hex_codec``, ``idna``, ``utf-7``)."""

_CODECS = {
    "windows-874": "cp874",
    "big5": "big5hkscs",
    "shift_jis": "cp932",
    "euc-kr": "cp949",
    "macintosh": "mac_roman",
    "windows-1252": "cp1252",
}

_BY_LANGUAGE = {
    "windows-1251": "ru uk bg sr mk be kk ky mn tg tt",
    "windows-1250": "pl cs sk hu ro hr sl bs sq",
    "windows-1254": "tr az",
    "windows-1253": "el",
    "windows-1255": "he iw",
    "windows-1256": "ar fa ur",
    "windows-1257": "lt lv et",
    "windows-1258": "vi",
    "windows-874": "th",
    "gb18030": "zh",
    "shift_jis": "ja",
    "euc-kr": "ko",
}
_LEGACY = {language: name for name, languages in _BY_LANGUAGE.items() for language in languages.split()}
"""The charset that pages of a language used before UTF-8."""

_MULTIBYTE = ("gb18030", "big5", "shift_jis", "euc-jp", "euc-kr")
_CYRILLIC = ("windows-1251", "koi8-u", "iso-8859-5", "ibm866")

_META = re.compile(rb"<meta[^>]{0,300}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.I)
_XML = re.compile(rb"^\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{1,40})", re.I)
_LANG = re.compile(rb"<html[^>]{0,500}?\blang\s*=\s*[\"']?\s*([a-z]{2})", re.I)
_PARAMETER = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.I)
_MARKUP = re.compile(rb"<script\b.*?</script|<style\b.*?</style|<[^>]*>", re.I | re.S)


def charset_of(payload: bytes, content_type: str | None) -> str:
    """The charset a body is in, by its standard name."""
    for mark, name in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16le"), (b"\xfe\xff", "utf-16be")):
        if payload.startswith(mark):
            return name
    if payload[:400:2].count(0) > 150:
        return "utf-16be"
    if payload[1:400:2].count(0) > 150:
        return "utf-16le"
    declared = _declared(payload, content_type)
    if payload.isascii():
        return "iso-2022-jp" if "iso-2022-jp" in declared else "utf-8"
    valid, errors = _as_utf8(payload)
    if valid > 2 and errors * 50 <= valid:
        return "utf-8"
    if not errors:  # one or two characters may be anything: the declaration decides
        return next(iter(declared), "utf-8")
    return _judge(payload, [name for name in declared if name != "utf-8"])


def decode_text(payload: bytes, content_type: str | None) -> str:
    """The text of a body. Never fails; what cannot be read becomes U+FFFD."""
    name = charset_of(payload, content_type)
    text = payload.decode(_CODECS.get(name, name), "replace")
    return text.removeprefix("\ufeff").replace("\0", "")


def _declared(payload: bytes, content_type: str | None) -> list[str]:
    """Charsets that the header and the page name, in order of authority."""
    labels = []
    if content_type and (hit := _PARAMETER.search(content_type)):
        labels.append(hit[1])
    head = payload[:PRESCAN]
    for pattern in (_META, _XML):
        if found := pattern.search(head):
            label = found[1].decode("ascii", "replace").lower()
            labels.append("utf-8" if label.startswith("utf-16") else label)
    names = [LABELS.get(label.lower()) for label in labels]
    return list(dict.fromkeys(name for name in names if name))


def _as_utf8(payload: bytes) -> tuple[int, int]:
    """Characters beyond ASCII that read as UTF-8, and places that do not."""
    text = payload.decode("utf-8", "replace")
    errors = text.count("\ufffd")
    beyond = len(text) - len(text.encode("ascii", "ignore"))
    return beyond - errors, errors


def _judge(payload: bytes, declared: list[str]) -> str:
    """The charset of a body that is not UTF-8, by what the text would look like in each."""
    sample = _MARKUP.sub(b" ", payload[: 4 * SAMPLE])[:SAMPLE]
    if sample.isascii():  # only in scripts or attributes
        return declared[0] if declared else "windows-1252"
    lang = found[1].decode("ascii", "replace").lower() if (found := _LANG.search(payload[:PRESCAN])) else ""
    legacy = _LEGACY.get(lang)
    order = dict.fromkeys([*declared, *([legacy] if legacy else []), "windows-1252", *_CYRILLIC, *_MULTIBYTE])
    bonus = dict.fromkeys(declared, 0.02)
    if legacy:
        bonus[legacy] = bonus.get(legacy, 0.0) + 0.02
    return max(order, key=lambda name: _likeness(sample, name) + bonus.get(name, 0.0))


def _likeness(sample: bytes, name: str) -> float:
    """How much a sample looks like text when read in a charset: 0 (not at all) to 1."""
    text = sample.decode(_CODECS.get(name, name), "replace")
    beyond = [char for char in text if char > "\x7f"]
    if not beyond:
        return 0.0
    bad = sum(char == "\ufffd" or char < "\xa0" for char in beyond)
    if name in _MULTIBYTE:
        return _east_asian(text, beyond, bad, name)
    good = 0.0
    previous = " "
    for char in text:
        if char > "\x7f":
            if char.isalpha():
                # Inside a word small letters follow letters; a capital after a small one is a misreading.
                if not char.isupper() or not previous.isalpha() or previous.isupper():
                    good += 1.0
                if char.isupper() and previous.islower():
                    good -= 1.0
                if (
                    previous.isalpha()
                    and previous > "\x7f"
                    and ("\u0400" <= char <= "\u052f") != ("\u0400" <= previous <= "\u052f")
                ):
                    good -= 1.0
            elif char in "\xa0«»„“”‘’‚–—…€£§°·№•":
                good += 1.0
        previous = char
    score = good / len(beyond) - 2 * bad / len(beyond)
    letters = sum(char.isalpha() for char in text)
    latin = name not in _CYRILLIC and all(not "\u0370" <= char <= "\u1fff" for char in beyond[:2000] if char.isalpha())
    if latin and letters and sum(char.isalpha() for char in beyond) > 0.7 * letters:
        score -= 0.5  # Latin text has few letters beyond ASCII; this is another script, misread
    return score


def _east_asian(text: str, beyond: list[str], bad: int, name: str) -> float:
    """Likeness for the double-byte charsets, which overlap: each is told by the characters its language needs."""
    kana = sum("\u3040" <= char <= "\u30ff" for char in beyond) / len(beyond)
    hangul = sum("\uac00" <= char <= "\ud7a3" for char in beyond) / len(beyond)
    other = sum("\u4e00" <= c <= "\u9fa5" or "\u3000" <= c <= "\u301f" or "\uff00" <= c <= "\uff5e" for c in beyond)
    score = kana + hangul + other / len(beyond) - 5 * bad / len(beyond)
    # In a Western text a stray pair of bytes may read as an ideograph: then ASCII letters stand around it.
    around = zip(text, text[1:], text[2:], strict=False)
    lonely = sum(b > "\u2e00" and (a + c).isascii() and a.isalpha() and c.isalpha() for a, b, c in around)
    score -= 2 * lonely / len(beyond)
    if name == "euc-kr":
        return score if hangul > 0.7 else score - 0.5
    if name in ("shift_jis", "euc-jp"):
        return score if kana > 0.15 else score - 0.5
    return score - 0.03
