"""The article's language: from its text alone, and as the page declares it, held against the text.

A declaration is right on most pages and wrong in one way: a template's ``lang="en"`` on a page in another language.
So the text is asked first: its function words, its script and its letters, and CLD2. Nothing is loaded but what is
installed, and the same text gives the same answer on any machine.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pycld2

from pipelines.text.function_words import LETTERS, WORDS
from pipelines.text.words import words

SAMPLE = 1_000
"""Characters of the text that are looked at: about 160 words, more than the answer needs."""

VOTE = 1.5
"""What CLD2's answer weighs, in function words: less than two of them, so that it does not take a headline for English
for the names in it."""

LENGTH = 150
"""Characters from which CLD2's answer weighs more, in proportion to the length."""

CERTAIN = 3.0
"""What a script weighs that one language of the news is written in."""

MIN_SCORE = 0.1
"""Score below which nothing is said of a text whose page declares nothing."""

DOUBT = 2.0
"""How much more must speak for another language than for the declared one to overrule it."""

MIN_TO_OVERRULE = 4.0
"""What must speak for a language that overrules the declared one: CLD2 and three function words of a headline, say."""

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
_ONE = {
    "el": "el", "hy": "hy", "he": "he", "pa": "pa", "gu": "gu", "ta": "ta", "te": "te", "kn": "kn", "ml": "ml",
    "si": "si", "th": "th", "lo": "lo", "my": "my", "ka": "ka", "km": "km", "kana": "ja", "hani": "zh", "ko": "ko",
}  # fmt: skip


class Recognised(NamedTuple):
    """What a text by itself is taken for."""

    language: str | None
    """A plain subtag; Bokmål and Nynorsk are ``no``, Serbo-Croatian in Latin letters is ``hr``."""
    score: float
    """From 0, a guess, to 1: how far the evidence for the language is ahead of that for the next one."""
    evidence: Mapping[str, float]
    """What speaks for each language, in function words."""
    cld2: str | None
    """What CLD2 says by itself."""


def normalise(tag: str) -> str | None:
    """A BCP 47 tag in its usual form: ``en_us`` is ``en-US``; None for what is no tag."""
    match = _TAG.match(tag.strip())
    if not match:
        return None
    language, script, region = match.groups()
    language = _PREFERRED.get(language.lower(), language.lower())
    return "-".join([language, *([script.title()] if script else []), *([region.upper()] if region else [])])


def recognise(text: str) -> Recognised:
    """The language of a text from nothing but itself, be it only a headline.

    Function words of a language, each counted once, stand beside the answer of CLD2, and letters that a language does
    not have speak against it. The score is the difference between the best two sums, by the best and one more; where
    not one function word confirms what CLD2 says, 0.5 at most.
    """
    sample = _ODD.sub(" ", text[:SAMPLE])
    folded = sample.casefold()
    evidence: defaultdict[str, float] = defaultdict(float)
    for word in set(words(folded)):
        for language in _LANGUAGES_OF.get(word, ()):
            evidence[language] += 1
    script, guess = _script(sample), _cld2(sample)
    unconfirmed = guess if guess in WORDS and guess not in evidence and script not in _ONE else None
    if guess:
        evidence[guess] += VOTE * max(1.0, len(sample) / LENGTH)
    if script in _ONE:
        evidence[_ONE[script]] += CERTAIN
    letters = set(folded)
    for language in evidence:
        wanted, excluded = LETTERS.get(language, ("", ""))
        if not letters.isdisjoint(excluded):
            evidence[language] *= 0.3
        elif not letters.isdisjoint(wanted):
            evidence[language] *= 1.3
    if not evidence:
        return Recognised(None, 0.0, {}, None)
    ranked = sorted(evidence.items(), key=lambda item: (-item[1], _ORDER.get(item[0], len(_ORDER)), item[0]))
    best, most = ranked[0]
    second = ranked[1][1] if len(ranked) > 1 else 0.0
    if unconfirmed == best:
        most, second = min(most, 1.0), min(second, 1.0)
    return Recognised("fil" if best == "tl" else best, round((most - second) / (most + 1), 3), evidence, guess)


def identify(text: str, *, declared: Sequence[str], found: Recognised | None = None) -> str | None:
    """The language of a text as a plain subtag (``en``), given what its page declares, most trusted first.

    The declaration stands unless the text speaks against it clearly; of several declarations the one that the text
    agrees with. None where neither says anything. ``found``: what the text was recognised as, if that is known.
    """
    found = found or recognise(text)
    languages = list(dict.fromkeys(tag.split("-")[0] for value in declared if (tag := normalise(value))))
    if not languages:
        return found.language if found.score >= MIN_SCORE else None
    most = max(found.evidence.values(), default=0.0)
    for language in languages:
        if _speaks_for(language, found) * DOUBT >= most:
            return language
    first, script = _alias(languages[0]), _script(text)
    denied = first in WORDS or (first in _DETECTED and found.cld2 != first) or script in _ONE
    # A language that we know no words of proves nothing: Latin is what fills an empty template.
    trusted = _alias(found.language or "") in WORDS or script in _ONE
    return found.language if most >= MIN_TO_OVERRULE and denied and trusted else languages[0]


def _speaks_for(language: str, found: Recognised) -> float:
    """Evidence for a declared language: Serbian is written in Latin letters, too, and then found as ``hr``."""
    names = (_alias(language), "hr") if language in ("sr", "cnr") else (_alias(language),)
    return max(found.evidence.get(name, 0.0) for name in names)


def _alias(language: str) -> str:
    """The language under whose words another one is found: Bokmål's under its macro language, say."""
    return {"nb": "no", "nn": "no", "bs": "hr", "cnr": "sr", "fil": "tl"}.get(language, language)


def _cld2(text: str) -> str | None:
    """The answer of CLD2 as one of our subtags."""
    try:
        _, _, found = pycld2.detect(text, isPlainText=True, bestEffort=True)
    except pycld2.error:
        return None
    code = str(found[0][1])
    if code == "un" or code.startswith("xx"):
        return None
    language = _CLD2.get(code, code.partition("-")[0])
    if language == "sr" and _script(text) == "latn":
        return "hr"
    return "ckb" if language == "ku" and _script(text) == "arab" else language


_CLD2 = {"iw": "he", "nb": "no", "nn": "no", "fil": "tl", "jw": "jv", "bs": "hr", "sr-ME": "hr"}
"""Codes of CLD2 under which we know no words, or that have been withdrawn."""

_ODD = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff\U0001fffe-\U0010ffff]")
"""What CLD2 refuses: control characters and what is no character."""

_DETECTED = frozenset(code for name, code in pycld2.LANGUAGES if name in frozenset(pycld2.DETECTED_LANGUAGES))
"""Languages that CLD2 would name. What is declared to be one of which neither it nor we know words is not denied."""

_ORDER = {language: place for place, language in enumerate(WORDS)}
"""Of two languages for which as much speaks, the one with more news comes first."""

_LANGUAGES_OF: dict[str, tuple[str, ...]] = {}
for _language, _words in WORDS.items():
    for _word in _words:
        _LANGUAGES_OF[_word] = (*_LANGUAGES_OF.get(_word, ()), _language)


def _script(text: str) -> str | None:
    """The script of most letters; any kana makes a Han text Japanese."""
    counts: Counter[str] = Counter()
    for char, number in Counter(text).items():
        if not char.isalpha():
            continue
        if char < "\u0250" or "\u1e00" <= char <= "\u1eff":
            counts["latn"] += number
            continue
        counts[next((name for name, first, last in _SCRIPTS if first <= char <= last), "other")] += number
    if not counts:
        return None
    kana, han = counts["kana"], counts["hani"]
    if kana and kana >= 0.05 * (han + kana) and han + kana > counts["latn"]:
        return "kana"
    return counts.most_common(1)[0][0]
