"""The article's language: what the page declares, held against its text."""

from __future__ import annotations

import re
from collections.abc import Sequence

_TAG = re.compile(r"^([a-zA-Z]{2,3})(?:[-_]([A-Za-z]{4}))?(?:[-_]([A-Za-z]{2}|\d{3}))?(?:[-_].*)?$")
_OLD = {
    "iw": "he",
    "in": "id",
    "ji": "yi",
    "no": "no",
    "jp": "ja",
    "ua": "uk",
    "cz": "cs",
    "gr": "el",
    "kr": "ko",
    "cn": "zh",
    "dk": "da",
    "se": "sv",
    "vn": "vi",
}


def normalise(tag: str) -> str | None:
    """A BCP 47 tag in its usual form: ``en_us`` is ``en-US``; None for what is no tag."""
    match = _TAG.match(tag.strip())
    if not match:
        return None
    language, script, region = match.groups()
    language = _OLD.get(language.lower(), language.lower())
    parts = [language, *([script.title()] if script else []), *([region.upper()] if region else [])]
    return "-".join(parts)


def identify(text: str, *, declared: Sequence[str]) -> str | None:
    """The language of a text, given what its page declares (``html lang``, ``og:locale`` …), in order."""
    tags = [tag for value in declared if (tag := normalise(value))]
    return tags[0].split("-")[0] if tags else None
