# ruff: noqa: E501 (invented pages read better on one line)
"""Site memory: what it learns, and what it must never eat."""

import random

import pytest

from pipelines.model import Article, Capture, CaptureRef, Rejection
from pipelines.text.refine import explain, observe, refine
from pipelines.text.sites import SiteMemory, learn, site_of

NOTICE = "This station has been declared unwelcome by the ministry; listeners inland may have to pay a fine."
FALLBACK = "A post from another network would stand in this place if it had been possible to load it."
NOUNS = [
    "bridge",
    "ferry",
    "school",
    "market",
    "library",
    "harbour",
    "museum",
    "orchard",
    "tower",
    "canal",
    "theatre",
    "station",
]
VERBS = ["opens", "closes", "moves", "burns", "floods", "grows"]


def words(seed: int, count: int) -> str:
    dice = random.Random(seed)
    text = " ".join(dice.choice(NOUNS) for _ in range(count))
    return f"{text.capitalize()} {seed}."


def page(
    number: int, paragraphs: list[str], *, headline: str = "", body: str = "story", inside: str = "", name: str = ""
) -> Capture:
    title = headline or f"{NOUNS[number % 12].capitalize()} {VERBS[number // 12 % 6]} in town {number}"
    html = f"""<html><head><title>{title} | Coast Radio</title><meta property="og:type" content="article"></head><body>
    <div class="top"><div class="brand">Coast Radio</div><div class="sections"><a href="/a">Sea</a></div></div>
    <div class="page"><h1>{title}</h1><div class="{body}">{"".join(f"<p>{text}</p>" for text in paragraphs)}{inside}</div>
    <div class="note"><p>{NOTICE}</p></div></div></body></html>"""
    url = f"https://coast.example/{name or number}"
    ref = CaptureRef(
        filename="a.warc.gz", offset=number, length=1, record_id=f"urn:uuid:{url}", url=url,
        date="2026-09-16T12:00:00Z", type="response", payload_digest=None,
    )  # fmt: skip
    return Capture(ref=ref, status=200, headers=(("Content-Type", "text/html"),), payload=html.encode())


def story(number: int, count: int = 6) -> list[str]:
    return [words(100 * number + n, 14) for n in range(count)]


def memory_of(pages: list[Capture], previous: SiteMemory | None = None) -> SiteMemory:
    return learn("coast.example", previous, [seen for p in pages if (seen := observe(p)) is not None])


def text_of(capture: Capture, memory: SiteMemory | None) -> list[str]:
    found = refine(capture, memory)
    assert isinstance(found, Article), found
    return found.text.split("\n\n")


SITE = [page(number, story(number)) for number in range(1, 13)]


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://www.coast.example/a", "coast.example"),
        ("http://coast.example:80/", "coast.example"),
        ("https://coast.example:8443/", "coast.example:8443"),
        ("http://[broken", ""),
    ],
)
def test_site(url: str, site: str) -> None:
    assert site_of(url) == site


def test_furniture_is_known_and_explained() -> None:
    memory = memory_of(SITE)
    thin = page(50, [words(7, 9)])
    assert text_of(thin, memory) == [words(7, 9)]
    why = next(entry.reason for entry in explain(thin, memory) if entry.text == NOTICE)
    assert "12 of 12 articles" in why


def test_a_page_with_nothing_of_its_own_has_no_text() -> None:
    found = refine(page(51, []), memory_of(SITE))
    assert isinstance(found, Rejection) and found.reason == "no-text"


def test_a_line_in_the_body_of_most_articles_goes_from_all() -> None:
    post = f"<blockquote class=post><p>{FALLBACK}</p></blockquote>"
    pages = [page(number, story(number), inside=post) for number in range(1, 13)]
    assert FALLBACK in text_of(pages[0], None)
    assert text_of(pages[0], memory_of(pages)) == story(1)


def test_two_pages_that_share_a_paragraph_keep_it() -> None:
    shared = words(9, 20)
    pages = [*SITE, page(20, [*story(20), shared]), page(21, [*story(21), shared])]
    memory = memory_of(pages)
    assert shared in text_of(pages[-1], memory) and shared in text_of(pages[-2], memory)


def test_a_live_report_keeps_what_its_versions_share() -> None:
    versions = [page(30 + n, story(30, 5 + n), headline=f"Live: storm, update {n}", name="live") for n in range(9)]
    memory = memory_of([*SITE, *versions])
    for n, version in enumerate(versions):
        assert text_of(version, memory) == story(30, 5 + n)


def test_a_series_keeps_its_standing_paragraph() -> None:
    standing = "Every morning we tell you in five short paragraphs what the day will bring to the coast and its people."
    parts = [page(60 + n, [standing, *story(60 + n)], headline=f"Morning briefing: {words(n, 3)}") for n in range(9)]
    memory = memory_of([*SITE, *parts])
    for part in parts:
        assert text_of(part, memory)[0] == standing


def test_near_identical_articles_are_not_eaten() -> None:
    same = [words(n, 18) for n in range(4)]
    reports = [page(80 + n, [words(800 + n, 12), *same], headline=f"Ferry times for week {n}") for n in range(10)]
    memory = memory_of([*SITE, *reports])
    for n, report in enumerate(reports):
        assert text_of(report, memory) == [words(800 + n, 12), *same]


def test_a_second_template_and_a_redesign() -> None:
    memory = memory_of(SITE)
    other = [page(number, story(number), body="report-text") for number in range(100, 104)]
    for number, capture in zip(range(100, 104), other, strict=True):
        assert text_of(capture, memory) == story(number)
    memory = memory_of(other, memory)
    assert text_of(other[0], memory) == story(100)
    assert text_of(SITE[0], memory) == story(1)


def test_subtrees_without_text_are_not_walked_until_they_hold_some() -> None:
    pages = [page(number, story(number, 12)) for number in range(1, 13)]
    memory = memory_of(pages)
    assert memory.pruned and memory.places
    assert any(entry.reason.startswith("site: never") for entry in explain(pages[0], memory))
    moved = [page(number, story(number, 12), body="note") for number in range(200, 203)]
    late = memory_of(moved, memory)
    assert memory.pruned - late.pruned
    assert text_of(moved[0], late) == story(200, 12)


def test_order_does_not_matter_and_seeing_twice_is_seeing_once() -> None:
    seen = [observation for p in SITE if (observation := observe(p)) is not None]
    shuffled = random.Random(5).sample(seen, len(seen))
    memory = learn("coast.example", None, seen)
    assert learn("coast.example", None, shuffled) == memory
    assert learn("coast.example", None, [*seen, *seen]).digest == memory.digest
    assert learn("coast.example", memory, seen).pages == memory.pages


def test_json_is_canonical_and_bounded() -> None:
    memory: SiteMemory | None = None
    for start in range(0, 200, 50):
        noise = "".join(f'<div class="c{chr(97 + n % 26)}"><p>{words(n, 20)}</p></div>' for n in range(150))
        pages = [page(start + n, story(start + n), inside=noise) for n in range(20)]
        memory = memory_of(pages, memory)
    assert memory is not None
    text = memory.to_json()
    assert len(text.encode()) <= 64 * 1024
    again = SiteMemory.from_json(text)
    assert again.to_json() == text and again.digest == memory.digest and again == memory


def test_memory_of_nothing() -> None:
    memory = learn("coast.example", None, [])
    assert memory.pages == 0 and text_of(SITE[0], memory)[0] == story(1)[0]
