"""What page and host signal of the use of a text: gathered, and brought down to a verdict.

The rules, with the standard behind each signal, are in ``docs/rights.md``. Nothing here is legal advice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple
from urllib.parse import urljoin

from pipelines.model import Capture, HostSignals, Rights
from pipelines.text import access, jsonld
from pipelines.text.agents import ARCHIVES, BY_NAME, TRAINS
from pipelines.text.hostfiles import MAX_ADDRESS, policy_of, reservation_of, uses_of
from pipelines.text.structured import Markup, plain

MAX_VALUE = 500
"""Characters of a value that are recorded; all of it is read."""

MAX_VALUES = 20
"""Of one signal that are recorded."""

_NO_AI = frozenset({"noai", "noml"})
"""DeviantArt's noai (2022), Mojeek's noml (2023). ``noimageai`` speaks of pictures, which a text is not."""

_NOT_FOR_AGENT = _NO_AI | {"noindex", "none", "noarchive", "nocache"}
"""What, said to an agent of AI training by its name, forbids."""

_NO_COPIES = frozenset({"noarchive", "nocache", "noindex", "none"})
"""Copies are not to be kept and shown (noarchive; Bing's nocache), nor the page itself (noindex, none)."""

_CRAWLERS = ("googlebot", "googlebot-news", "bingbot", "msnbot", "slurp", "duckduckbot", "yandex")
_META = frozenset({"robots", "x-robots-tag", *_CRAWLERS, *BY_NAME})
"""Names of meta elements that speak to robots."""

_SIGNAL_META = frozenset({"content-signal", "content-usage"})

_DIRECTIVE = re.compile(
    r"""unavailable[_-]after\s*:\s*(?P<date>[^,;]*(?:,\s*\d[^,;]*)?)   # dates have commas and colons in them
      | (?P<limit>max-(?:snippet|image-preview|video-preview))\s*:\s*(?P<most>-?\w+)
      | (?P<agent>[\w.*-]+)(?:/[\w.]+)?\s*:(?!//)       # a version may follow it
      | (?P<word>[\w-]+)""",
    re.VERBOSE | re.IGNORECASE,
)

_CC = re.compile(
    r"""(?:^|(?<=[\s("'<,;:]))(?:(?:https?:)?//)?(?:www\.)?creativecommons\.org/(?:licenses|publicdomain)/
        (?P<terms>[a-z+-]+)""",
    re.VERBOSE | re.IGNORECASE,
)
_CC_NAME = re.compile(
    r"\s*(?:creative commons|cc)[ -]*(?P<terms>(?:0|zero|by|attribution)\b.*)", re.IGNORECASE | re.DOTALL
)
_RESTRICTED = re.compile(r"(?<![a-z])n[cd](?![a-z])|non-?\s?commercial|no-?\s?deriv", re.IGNORECASE)
_LINK = re.compile(r"<([^<>]*)>([^<]*)")
_REL = re.compile(r"""\brel\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s;,]+))""", re.IGNORECASE)
_TYPE = re.compile(r"""\btype\s*=\s*["']?application/rsl\+xml""", re.IGNORECASE)

Addressee = str
"""In lower case; empty: every robot."""


def read(page: Markup, capture: Capture) -> Rights:
    """The rights of a page. The same input gives the same, always."""
    host = capture.provenance.signals or HostSignals()
    headers = _headers(capture)
    x_robots_tag = headers.get("x-robots-tag", [])
    meta = page.meta
    spoken = sorted(_META & meta.keys()) if not _META.isdisjoint(meta) else []
    meta_robots = [(name, value) for name in spoken for value in meta[name]]
    by_header = {each for value in x_robots_tag for each in directives(value)}
    by_meta = {each for name, value in meta_robots for each in directives(value, "" if name in _ALL else name)}
    tdm = _tdm(page, headers, host)
    signals = [*headers.get("content-signal", ()), *headers.get("content-usage", ())]
    if not _SIGNAL_META.isdisjoint(meta):
        signals += [value for name in sorted(_SIGNAL_META & meta.keys()) for value in meta[name]]
    uses = _together(dict(host.uses), signals)
    licenses = _licenses(page, headers, host)
    known = host.robots_txt is not None

    everyone = ["robots.txt:*"] if host.everyone else []
    forbidden = [
        *(["robots.txt"] if TRAINS.intersection(host.agents) else []),
        *everyone,
        *(["x-robots-tag"] if _forbids_ai(by_header) else []),
        *(["meta-robots"] if _forbids_ai(by_meta) else []),
        *(["tdm-reservation"] if tdm.reservation == 1 else []),
        *(["content-signal"] if uses.get("ai_train") is False else []),
    ]
    permitted = [
        *(["tdm-reservation"] if tdm.reservation == 0 else []),
        *(["content-signal"] if uses.get("ai_train") else []),
        *(["license"] if licenses.open == "all" else []),
    ]
    no_copies = [
        *(["robots.txt"] if ARCHIVES.intersection(host.agents) else []),
        *everyone,
        *(["x-robots-tag"] if _forbids_copies(by_header) else []),
        *(["meta-robots"] if _forbids_copies(by_meta) else []),
    ]
    return Rights(
        verdict="forbidden" if forbidden else "permitted" if permitted else "unstated",
        forbidden_by=tuple(forbidden),
        permitted_by=tuple(permitted),
        archiving="forbidden" if no_copies else "permitted" if licenses.open else "unstated",
        archiving_forbidden_by=tuple(no_copies),
        robots_txt=host.robots_txt,
        robots_agents=host.agents if known else None,
        robots_everyone=host.everyone if known else None,
        x_robots_tag=_kept(x_robots_tag),
        meta_robots=_kept(f"{name}: {value}" for name, value in meta_robots),
        directives=tuple(
            f"{agent}: {word}" if agent else word for agent, word in sorted(by_header | by_meta)[: 3 * MAX_VALUES]
        ),
        tdm_reservation=tdm.reservation,
        tdm_policy=tdm.policy,
        tdm_source=tdm.source,
        tdm_file=host.tdm_file,
        content_signal=((host.content_signal,) if host.content_signal else ()) + _kept(signals),
        ai_train=uses.get("ai_train"),
        ai_input=uses.get("ai_input"),
        search=uses.get("search"),
        rsl=licenses.rsl,
        other_licenses=licenses.others,
        copyright_notice=_text(page, "copyrightNotice", "dcterms.rights", "dc.rights", "rights", "copyright"),
        copyright_holder=_text(page, "copyrightHolder", "dcterms.rightsholder"),
        usage_info=_text(page, "usageInfo"),
    )


_ALL = ("robots", "x-robots-tag")

_WANTED = frozenset({
    "x-robots-tag", "tdm-reservation", "tdm-policy", "content-signal", "content-usage", "link"
})  # fmt: skip


def _headers(capture: Capture) -> dict[str, list[str]]:
    """The values of headers that speak of rights, by lower-case name, in their order."""
    found: dict[str, list[str]] = {}
    for name, value in capture.headers:
        if (name := name.strip().lower()) in _WANTED:
            found.setdefault(name, []).append(value)
    return found


def _kept(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(_once(values))[:MAX_VALUES]


def _once(values: Iterable[str]) -> Iterator[str]:
    """Each value but the empty ones once, white space squeezed, as much as is recorded."""
    return iter(dict.fromkeys(short for value in values if (short := " ".join(value.split())[:MAX_VALUE])))


# ---------------------------------------------------------------------- robots


def directives(value: str, agent: Addressee = "") -> Iterator[tuple[Addressee, str]]:
    """The directives of one ``X-Robots-Tag`` or meta element, in lower case, each with the agent it is for.

    An agent's name with a colon holds for what comes after it, up to the next one (Google's "Robots meta tag,
    data-nosnippet, and X-Robots-Tag specifications"). Commas, semicolons and blanks part directives.
    """
    for found in _DIRECTIVE.finditer(value):
        if (date := found["date"]) is not None:
            yield agent, f"unavailable_after: {date.strip().lower()}"
        elif found["limit"]:
            yield agent, f"{found['limit']}:{found['most']}".lower()
        elif found["agent"]:
            name = found["agent"].lower()
            agent = "" if name in ("*", "robots", "all") else name
        else:
            yield agent, found["word"].lower()


def _forbids_ai(said: Iterable[tuple[Addressee, str]]) -> bool:
    return any(
        word in _NO_AI if not agent else word in _NOT_FOR_AGENT and agent in BY_NAME and BY_NAME[agent].token in TRAINS
        for agent, word in said
    )


def _forbids_copies(said: Iterable[tuple[Addressee, str]]) -> bool:
    return any(
        word in _NO_COPIES and (not agent or (agent in BY_NAME and BY_NAME[agent].token in ARCHIVES))
        for agent, word in said
    )


# ---------------------------------------------------------------------- TDMRep and uses


class _Tdm(NamedTuple):
    reservation: int | None
    policy: str | None
    source: Literal["meta", "header", "file"] | None


def _tdm(page: Markup, headers: dict[str, list[str]], host: HostSignals) -> _Tdm:
    """What the page says supersedes what its headers say, and that what the file says (TDMRep, "Processing priority").

    A value that is none is as if it were not there. Of several the reservation counts.
    """
    reservation: int | None = None
    policy: str | None = None
    source: Literal["meta", "header", "file"] | None = None
    for where, reservations, policies in (
        ("meta", page.meta.get("tdm-reservation", ()), page.meta.get("tdm-policy", ())),
        ("header", _listed(headers.get("tdm-reservation", ())), headers.get("tdm-policy", ())),
    ):
        said = [value for each in reservations if (value := reservation_of(each)) is not None]
        if source is None and said:
            reservation, source = max(said), where  # type: ignore[assignment]
        policy = policy or next((found for each in policies if (found := policy_of(each, page.url))), None)
    if source is None and host.tdm_reservation is not None:
        reservation, source = host.tdm_reservation, "file"
    policy = policy or host.tdm_policy
    return _Tdm(reservation, None if reservation == 0 else policy, source)


def _listed(values: Iterable[str]) -> list[str]:
    """Of a header that was sent more than once, and joined on its way."""
    return [part for value in values for part in value.split(",")]


def _together(robots: dict[str, bool], signals: Iterable[str]) -> dict[str, bool]:
    """What robots.txt and headers say of uses: of contradictions the refusal counts."""
    for value in signals:
        for use, wanted in uses_of(value).items():
            robots[use] = robots.get(use, True) and wanted
    return robots


# ---------------------------------------------------------------------- licences and copyright


class _Licenses(NamedTuple):
    rsl: tuple[str, ...]
    others: tuple[str, ...]
    open: Literal["all", "copies"] | None
    """What an open licence that is the page's own permits: all uses, or copies only."""


def _licenses(page: Markup, headers: dict[str, list[str]], host: HostSignals) -> _Licenses:
    rsl = [*host.rsl, *(_absolute(page, href) for href in access.rsl_links(page))]
    named: list[str] = []
    for value in headers.get("link", ()):
        for target, parameters in _LINK.findall(value):
            rel = _REL.search(parameters)
            if rel and "license" in (rel[1] or rel[2] or rel[3]).lower().split():
                (rsl if _TYPE.search(parameters) else named).append(_absolute(page, target))
    chosen = access.license_of(page)
    stated = access.stated_licenses(page)
    own = [*named, *stated, *([chosen] if chosen and not access.is_in_doubt(page) else [])]
    others = stated + [_absolute(page, href) for href in page.links.get("license", ())] + named
    return _Licenses(
        tuple(_once(rsl))[:MAX_VALUES],
        tuple(each for each in _once(others) if each != chosen and each not in rsl)[:MAX_VALUES],
        next((terms for each in own if (terms := _open(each))), None),
    )


def _absolute(page: Markup, href: str) -> str:
    try:
        return urljoin(page.url, href.strip())[:MAX_ADDRESS]
    except ValueError:
        return href[:MAX_ADDRESS]


def _open(license: str) -> Literal["all", "copies"] | None:
    """Creative Commons: any licence permits copies; those without NC and ND, and no rights reserved, all uses."""
    found = _CC.search(license) or _CC_NAME.match(license)
    if found is None:
        return None
    return "copies" if _RESTRICTED.search(found["terms"]) else "all"


def _text(page: Markup, name: str, *metas: str) -> str | None:
    """A statement of the article's JSON-LD, else of the first meta element that makes one."""
    value = jsonld.first(jsonld.resolve(page.article.get(name), page.index)) if page.article else None
    value = value or (page.first(*metas) if metas else None)
    return plain(value)[:MAX_VALUE] or None if value else None
