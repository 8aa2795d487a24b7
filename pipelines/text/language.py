"""The article's language: what the page declares, held against the text itself.

The declaration is right on most pages and wrong in one way: a template's ``lang="en"`` on a page in another language.
So the text is asked only whether it agrees. Its script, its letters and its commonest words answer that; nothing is
learnt or loaded, and the same text gives the same answer on any machine.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from pipelines.text.function_words import LETTERS, WORDS

SAMPLE = 4_000
"""Characters of the text that are looked at: about 600 words, more than the answer needs."""

MIN_WORDS = 8
"""Words below which a text in a script of several languages says nothing."""

MIN_SHARE = 0.06
"""Share of the words that must be a language's function words; running news text has .20 to .45 of its own
language's, agglutinating ones .06 to .15."""

MIN_CLEAR_SHARE = 0.03
"""Share that is enough where no other language comes near: Turkish and Zulu use endings where others use words."""

MARGIN = 1.05
"""How much more function words than of the second language decide, where nothing is declared."""

DOUBT = 2.0
"""How much more of another language's function words there must be than of the declared one's to overrule it."""

MIN_WORDS_TO_OVERRULE = 20
"""Words below which a text in the declared script never overrules its page: a headline may hold a foreign quotation."""

_TAG = re.compile(r"^([a-zA-Z]{2,3})(?:[-_]([A-Za-z]{4}))?(?:[-_]([A-Za-z]{2}|\d{3}))?(?:[-_.].*)?$")
_PREFERRED = {
    "iw": "he", "in": "id", "ji": "yi", "mo": "ro", "tl": "fil", "jp": "ja", "ua": "uk", "cz": "cs", "gr": "el",
    "kr": "ko", "cn": "zh", "dk": "da", "vn": "vi", "eng": "en", "deu": "de", "ger": "de", "fra": "fr", "fre": "fr",
    "spa": "es", "por": "pt", "ita": "it", "rus": "ru", "zho": "zh", "jpn": "ja", "nld": "nl", "pol": "pl", "tur": "tr",
}  # fmt: skip
"""Withdrawn and three-letter codes, and the country codes that sites write for languages."""

_SCRIPTS = (
    ("el", "\u0370", "\u03ff"), ("cyrl", "\u0400", "\u052f"), ("hy", "\u0530", "\u058f"), ("he", "\u0590", "\u05ff"),
    ("arab", "\u0600", "\u077f"), ("deva", "\u0900", "\u097f"), ("bn", "\u0980", "\u09ff"), ("pa", "\u0a00", "\u0a7f"),
    ("gu", "\u0a80", "\u0aff"), ("ta", "\u0b80", "\u0bff"), ("te", "\u0c00", "\u0c7f"), ("kn", "\u0c80", "\u0cff"),
    ("ml", "\u0d00", "\u0d7f"), ("si", "\u0d80", "\u0dff"), ("th", "\u0e00", "\u0e7f"), ("lo", "\u0e80", "\u0eff"),
    ("bo", "\u0f00", "\u0fff"), ("my", "\u1000", "\u109f"), ("ka", "\u10a0", "\u10ff"), ("am", "\u1200", "\u137f"),
    ("km", "\u1780", "\u17ff"), ("kana", "\u3040", "\u30ff"), ("hani", "\u3400", "\u9fff"), ("ko", "\uac00", "\ud7af"),
)  # fmt: skip
_SEVERAL = frozenset({"latn", "cyrl", "arab", "deva"})
_SHARED = {"deva": ("hi", "mr", "ne"), "el": ("el",), "am": ("am", "ti"), "bn": ("bn", "as"), "he": ("he", "yi")}
_WORD = re.compile(r"[^\W\d_]+")


def normalise(tag: str) -> str | None:
    """A BCP 47 tag in its usual form: ``en_us`` is ``en-US``; None for what is no tag."""
    match = _TAG.match(tag.strip())
    if not match:
        return None
    language, script, region = match.groups()
    language = _PREFERRED.get(language.lower(), language.lower())
    return "-".join([language, *([script.title()] if script else []), *([region.upper()] if region else [])])


def identify(text: str, *, declared: Sequence[str]) -> str | None:
    """The language of a text as a plain subtag (``en``), given what its page declares, most trusted first.

    The declaration stands unless the text speaks against it clearly; of several declarations the one that the text
    agrees with. None where neither says anything.
    """
    languages = list(dict.fromkeys(tag.split("-")[0] for value in declared if (tag := normalise(value))))
    sample = text[:SAMPLE]
    scores = _scores(sample)
    if not scores:
        return languages[0] if languages else None
    best, share = max(scores.items(), key=lambda item: item[1])
    for language in languages:
        if scores.get(_alias(language), 0.0) * DOUBT >= share:
            return language
    if (
        languages
        and share < 1.0
        and (len(_WORD.findall(sample)) < MIN_WORDS_TO_OVERRULE or _alias(languages[0]) not in WORDS)
    ):
        return languages[0]
    second = max((value for language, value in scores.items() if language != best), default=0.0)
    return best if share >= second * MARGIN else (languages[0] if languages else None)


def _alias(language: str) -> str:
    """Bokmål under its macro language, the standards of Serbo-Croatian under one."""
    return {"nb": "no", "nn": "no", "bs": "hr", "cnr": "sr", "fil": "tl"}.get(language, language)


def _scores(text: str) -> dict[str, float]:
    """Languages that the text can be in, with the share of its words that say so; empty where it says nothing."""
    script = _script(text)
    if script is None:
        return {}
    if script == "kana":
        return {"ja": 1.0}
    if script == "hani":
        return {"zh": 1.0}
    if script not in _SEVERAL:
        return dict.fromkeys(_SHARED.get(script, (script,)), 1.0)
    words = [word.casefold() for word in _WORD.findall(text)]
    if len(words) < (MIN_WORDS if script == "latn" else MIN_WORDS // 2):
        return {}
    counts = Counter(words)
    letters = set("".join(counts))
    shares: dict[str, float] = {}
    for language, known in WORDS.items():
        wanted, excluded = LETTERS.get(language, ("", ""))
        share = sum(counts[word] for word in known if word in counts) / len(words)
        if excluded and not letters.isdisjoint(excluded):
            share *= 0.6
        if wanted and not letters.isdisjoint(wanted):
            share *= 1.3
        shares[language] = min(share, 0.99)
    ranked = sorted(shares.values(), reverse=True)
    clear = ranked[0] >= MIN_CLEAR_SHARE and ranked[0] >= 4 * ranked[1]
    return shares if ranked[0] >= MIN_SHARE or clear else {}


def _script(text: str) -> str | None:
    """The script of most letters; any kana makes a Han text Japanese."""
    counts: Counter[str] = Counter()
    for char in text[:1_000]:
        if not char.isalpha():
            continue
        if char < "\u0250" or "\u1e00" <= char <= "\u1eff":
            counts["latn"] += 1
            continue
        counts[next((name for name, first, last in _SCRIPTS if first <= char <= last), "other")] += 1
    if not counts:
        return None
    if (
        counts["kana"]
        and counts["kana"] >= 0.05 * (counts["hani"] + counts["kana"])
        and counts["hani"] + counts["kana"] > counts["latn"]
    ):
        return "kana"
    return counts.most_common(1)[0][0]
