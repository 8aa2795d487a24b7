"""All stories of all outlets, from a seed: who publishes what when, and what becomes of it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache

from sampleweb.clock import DAY_ZERO, DEFAULT_CLOCK, HORIZON
from sampleweb.layout import article_blocks, live_blocks
from sampleweb.model import Block, Change, Removal, Revision, Story
from sampleweb.outlets import OUTLETS, Outlet
from sampleweb.prose import Draft, Writer
from sampleweb.translit import slugify

FIRST_NUMBER = 3104
STEP = 7


@lru_cache(maxsize=4)
def newsroom(seed: int) -> dict[str, tuple[Story, ...]]:
    """Every outlet's stories in order of publication; the same for the same seed."""
    writers: dict[str, Writer] = {}
    rooms: dict[str, list[Story]] = {}
    for outlet in OUTLETS:
        writer = writers.setdefault(outlet.language, Writer(outlet.language))
        rooms[outlet.key] = list(_stories(outlet, writer, seed))
    for number, when in enumerate((DAY_ZERO + timedelta(days=24, hours=9), DEFAULT_CLOCK + timedelta(days=5, hours=2))):
        _wire(rooms, writers["en"], random.Random(f"{seed}:wire:{number}"), when)
    return {
        key: tuple(sorted(stories, key=lambda story: (story.published, story.number))) for key, stories in rooms.items()
    }


def _stories(outlet: Outlet, writer: Writer, seed: int) -> Iterator[Story]:
    rng = random.Random(f"{seed}:{outlet.key}")
    yield _stub(outlet, writer, rng)
    number = FIRST_NUMBER
    specials = list(outlet.only_via)
    articles = 0
    for when in _instants(rng):
        kind = outlet.mix[(number - FIRST_NUMBER) // STEP % len(outlet.mix)]
        days = (when - DAY_ZERO).days
        articles += kind == "article"
        if outlet.live and articles % 9 == 8 and kind == "article":
            kind = "liveblog"
        elif outlet.paywall and articles % 6 == 4 and kind == "article":
            kind = "teaser"
        only_via = ""
        if specials and kind == "article" and days >= 20 + 3 * len(specials):
            only_via = specials.pop(0)
        yield _story(outlet, writer, rng, number, kind=kind, when=when, only_via=only_via)
        number += STEP


def _instants(rng: random.Random) -> Iterator[datetime]:
    """When an outlet publishes: about one story a day in the first month, then a few a day, with
    quiet weekends."""
    start = DAY_ZERO
    while start < HORIZON:
        weekend = start.weekday() >= 5
        if start < DEFAULT_CLOCK - timedelta(hours=12):
            count = 1 if weekend else rng.choice((1, 1, 2))
        else:
            count = rng.choice((1, 1, 2)) if weekend else rng.choice((2, 3, 3, 4))
        minutes = sorted(rng.sample(range(5 * 60, 20 * 60), count))
        yield from (start + timedelta(minutes=minute) for minute in minutes)
        start += timedelta(days=1)


def _story(
    outlet: Outlet,
    writer: Writer,
    rng: random.Random,
    number: int,
    *,
    kind: str,
    when: datetime,
    only_via: str,
) -> Story:
    if kind == "liveblog":
        draft = writer.live(rng, when, rng.randint(5, 9))
    else:
        length = {"flash": 1, "brief": 2, "teaser": 2}.get(kind, rng.randint(4, 9))
        draft = writer.draft(rng, when, length=length)
    authors = tuple(rng.sample(outlet.staff, min(len(outlet.staff), rng.choice((1, 1, 2)))))
    agency = outlet.agency if kind in ("flash", "brief") or rng.random() < 0.25 else ""
    if kind == "flash" or outlet.staff[0] == outlet.name:
        authors = ()
    return Story(
        outlet=outlet.key,
        number=number,
        slug=slugify(draft.headline),
        kind=kind,
        section=draft.section,
        authors=authors,
        agency=agency,
        published=when,
        revisions=_revisions(outlet, rng, kind, when, draft),
        caption=draft.caption,
        removal=_removal(rng, kind, when) if not only_via else None,
        only_via=only_via,
        free=kind != "teaser",
    )


def _stub(outlet: Outlet, writer: Writer, rng: random.Random) -> Story:
    """A page whose body is still empty: headline, picture, furniture, not a word of text."""
    when = DAY_ZERO + timedelta(hours=4)
    draft = writer.draft(rng, when, length=1)
    empty = Revision(
        at=when,
        change="new",
        headline=draft.headline,
        standfirst="",
        blocks=(),
        keywords=draft.keywords,
    )
    return Story(
        outlet=outlet.key,
        number=FIRST_NUMBER - 9,
        slug=slugify(draft.headline),
        kind="stub",
        section=draft.section,
        authors=(),
        agency="",
        published=when,
        revisions=(empty,),
        caption=draft.caption,
        only_via="more",
    )


def _revisions(outlet: Outlet, rng: random.Random, kind: str, when: datetime, draft: Draft) -> tuple[Revision, ...]:
    shown = outlet.standfirst and kind in ("article", "teaser")
    standfirst = draft.standfirst if shown else ""
    if kind == "liveblog":
        times = [when]
        for _ in draft.paragraphs[1:]:
            times.append(times[-1] + timedelta(minutes=rng.randint(12, 55)))
        return tuple(
            Revision(
                at=at,
                change="text" if number else "new",
                headline=draft.headline,
                standfirst=standfirst,
                keywords=draft.keywords,
                blocks=live_blocks(draft, [outlet.local(t) for t in times], number + 1),
            )
            for number, at in enumerate(times)
        )
    first = Revision(
        at=when,
        change="new",
        headline=draft.headline,
        standfirst=standfirst,
        blocks=article_blocks(draft, rng, kind),
        keywords=draft.keywords,
    )
    edits = [first]
    for _ in range(rng.choices((0, 1, 2), (70, 24, 6))[0]):
        changes: tuple[Change, ...] = ("text", "text", "headline", "metadata", "furniture")
        delay = timedelta(minutes=rng.choice((25, 70, 190, 420, 1300, 4000)) + rng.randint(0, 20))
        edits.append(_edit(edits[-1], rng.choice(changes), edits[-1].at + delay, draft, outlet))
    return tuple(edits)


def _edit(before: Revision, change: Change, at: datetime, draft: Draft, outlet: Outlet) -> Revision:
    number = 0 if before.change == "new" else 1
    if change == "headline" and before.headline == draft.headline:
        return replace(before, at=at, change=change, headline=draft.headline2)
    if change == "metadata":
        return replace(before, at=at, change=change, keywords=_more_keywords(before.keywords, outlet, draft))
    if change == "furniture":
        return replace(before, at=at, change=change, banner="banner2" if number else "banner")
    text = draft.additions[number]
    return replace(before, at=at, change="text", blocks=(*before.blocks, Block(kind="p", text=text)))


def _more_keywords(before: tuple[str, ...], outlet: Outlet, draft: Draft) -> tuple[str, ...]:
    """One keyword more: the section's name, or the outlet's if the story has that already."""
    name = outlet.section_name(draft.section)
    return (*before, outlet.name if name in before else name)


def _removal(rng: random.Random, kind: str, when: datetime) -> Removal | None:
    if kind == "liveblog" or rng.random() > 0.06 or when < DEFAULT_CLOCK - timedelta(days=4):
        return None
    at = max(when, DEFAULT_CLOCK) + timedelta(minutes=rng.randint(600, 7000))
    return Removal(at=at, how=rng.choice(("gone", "missing", "home")))


def _wire(rooms: dict[str, list[Story]], writer: Writer, rng: random.Random, when: datetime) -> None:
    """One agency story, printed word for word by every outlet that takes the wire."""
    draft = writer.draft(rng, when, length=6)
    blocks = tuple(Block(kind="p", text=text) for text in draft.paragraphs)
    takers = [outlet for outlet in OUTLETS if outlet.wire]
    for late, outlet in enumerate(takers):
        at = when + timedelta(minutes=17 * late)
        number = FIRST_NUMBER + 5 + (max(s.number for s in rooms[outlet.key]) - FIRST_NUMBER)
        revision = Revision(
            at=at,
            change="new",
            headline=draft.headline,
            standfirst="",
            blocks=blocks,
            keywords=draft.keywords,
        )
        rooms[outlet.key].append(
            Story(
                outlet=outlet.key,
                number=number,
                slug=slugify(draft.headline),
                kind="wire",
                section=draft.section,
                authors=(),
                agency=outlet.agency,
                published=at,
                revisions=(revision,),
                caption=draft.caption,
            )
        )
