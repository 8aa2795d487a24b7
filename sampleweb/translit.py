"""Latin slugs for headlines in other scripts."""

from __future__ import annotations

import re
import unicodedata

_PAIRS = {
    "а": "a",
    "б": "b",
    "в": "v",
    "г": "g",
    "д": "d",
    "е": "e",
    "ё": "e",
    "ж": "zh",
    "з": "z",
    "и": "i",
    "й": "y",
    "к": "k",
    "л": "l",
    "м": "m",
    "н": "n",
    "о": "o",
    "п": "p",
    "р": "r",
    "с": "s",
    "т": "t",
    "у": "u",
    "ф": "f",
    "х": "kh",
    "ц": "ts",
    "ч": "ch",
    "ш": "sh",
    "щ": "sch",
    "ъ": "",
    "ы": "y",
    "ь": "",
    "э": "e",
    "ю": "yu",
    "я": "ya",
    "α": "a",
    "ά": "a",
    "β": "v",
    "γ": "g",
    "δ": "d",
    "ε": "e",
    "έ": "e",
    "ζ": "z",
    "η": "i",
    "ή": "i",
    "θ": "th",
    "ι": "i",
    "ί": "i",
    "ϊ": "i",
    "κ": "k",
    "λ": "l",
    "μ": "m",
    "ν": "n",
    "ξ": "x",
    "ο": "o",
    "ό": "o",
    "π": "p",
    "ρ": "r",
    "σ": "s",
    "ς": "s",
    "τ": "t",
    "υ": "y",
    "ύ": "y",
    "ϋ": "y",
    "φ": "f",
    "χ": "ch",
    "ψ": "ps",
    "ω": "o",
    "ώ": "o",
    "ä": "ae",
    "ö": "oe",
    "ü": "ue",
    "ß": "ss",
}
_TABLE = str.maketrans(_PAIRS)


def latin(text: str) -> str:
    """`text` (lower case) with Cyrillic, Greek and German letters spelt in ASCII."""
    return text.translate(_TABLE)


def slugify(text: str, limit: int = 8) -> str:
    """A slug of at most `limit` words; Arabic keeps its letters, as its sites do."""
    if any("\u0600" <= letter <= "\u06ff" for letter in text):
        return "-".join(re.findall(r"\w+", text)[:limit])
    plain = unicodedata.normalize("NFKD", latin(text.lower())).encode("ascii", "ignore").decode()
    return "-".join(re.findall(r"[a-z0-9]+", plain)[:limit])
