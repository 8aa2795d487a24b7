"""Each reason in the code is documented, and each documented reason exists."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]


JUDGES = ("clean", "lines", "groups", "edges", "remembered", "reading")
"""Modules that say why a block is left out."""


def in_code(pattern: str, modules: tuple[str, ...] = ("*",)) -> set[str]:
    return {
        name
        for module in modules
        for path in (ROOT / "pipelines" / "text").glob(f"{module}.py")
        for name in re.findall(pattern, path.read_text("utf-8"))
    }


def documented(page: str) -> set[str]:
    return set(re.findall(r"^\| `([a-z0-9?-]+)` \|", (ROOT / "docs" / page).read_text("utf-8"), re.M))


def test_rejections() -> None:
    settled = (ROOT / "pipelines" / "records" / "settle.py").read_text("utf-8")
    known = in_code(r"No\(\s*\"([a-z0-9-]+)\"") | set(re.findall(r"_reject(?:ion|ed)\(\w+, \"([a-z-]+)\"", settled))
    assert documented("rejections.md") == known | {"extract-error"}


def test_removals() -> None:
    own = in_code(r"\.drop = \"([a-z-]+)\"", JUDGES) | in_code(r"return \"([a-z-]+)\"", JUDGES)
    own |= {"outside", "no-body", "site"}
    kinds = set(
        re.findall(r"^    \"([a-z]+)\": r\"\"\"", (ROOT / "pipelines/text/vocabulary.py").read_text("utf-8"), re.M)
    )
    tags = {"aside", "form"}
    never_final = {"pull"}  # decided as "repeated", or kept
    missing = (own | kinds | tags) - never_final - documented("extraction.md")
    assert not missing
