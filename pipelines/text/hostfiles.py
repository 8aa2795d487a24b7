"""What the two files of a host that speak of rights, robots.txt and tdmrep.json, say of one of its pages.

Evaluated for a URL when it is fetched, so that the record tells what was signalled then. Pure, like all of ``text``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Literal, NamedTuple
from urllib.parse import urljoin, urlsplit

from pipelines.model import HostSignals
from pipelines.text.agents import AGENTS, BY_TOKEN, TRAINS
from pipelines.text.robotsrules import Pattern, Rules, targets
from pipelines.text.robotstxt import decode, fields, product_token, read_groups

ROBOTS_PATH = "/robots.txt"
TDMREP_PATH = "/.well-known/tdmrep.json"
"""TDM Reservation Protocol, final community group report of 10 May 2024, "TDM File on the Origin Server"."""

MAX_SIGNAL = 500
"""Characters of ``Content-Signal`` lines that are kept."""

MAX_ADDRESS = 2_000
"""Characters of an address that is kept."""

MAX_LICENSES = 8

MAX_TDM_BYTES = 512 * 1024
"""Of a tdmrep.json that is read; the same as of a robots.txt."""

MAX_TDM_RULES = 2_000
"""More would be a list of pages, which headers and meta elements are for."""

Use = Literal["ai_train", "ai_input", "search"]

_USES: Mapping[str, Use] = {
    "ai-train": "ai_train", "ai-training": "ai_train", "train-ai": "ai_train", "train-genai": "ai_train",
    "genai": "ai_train", "ai": "ai_train", "tdm": "ai_train",
    "ai-input": "ai_input", "ai-use": "ai_input", "ai-inference": "ai_input",
    "search": "search",
}  # fmt: skip
"""Names in Cloudflare's Content Signals and in the IETF's drafts of Content-Usage (aipref), old and new."""
_EVERY_USE = frozenset({"bots", "all"})
_VALUES = {"yes": True, "y": True, "no": False, "n": False}
_DROPPED = dict.fromkeys(map(ord, "\t\r\n"))
"""What browsers drop from addresses."""
_NO_ADDRESS = re.compile(r"[\0-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""What no address holds: control characters, ends of lines, halves of a character."""
_PAIR = re.compile(r"(?<![\w-])([A-Za-z][\w-]{0,40})\s*[=:]\s*[\"']?([A-Za-z]+)")
_PATTERN = re.compile(r"([/*][^\s,;=]*)[\s,;]+(.*)", re.DOTALL)


def origin_of(url: str) -> str:
    """What the two files speak for: scheme, host and port. Raises ``ValueError`` for what is no address."""
    parts = urlsplit(url)
    return f"{parts.scheme.lower()}://{parts.netloc.rpartition('@')[2].lower()}"


def uses_of(value: str) -> dict[Use, bool]:
    """What a ``Content-Signal`` or ``Content-Usage`` says; of contradictions the refusal counts."""
    found: dict[Use, bool] = {}
    every: bool | None = None
    for name, word in _PAIR.findall(value):
        name, wanted = name.lower().replace("_", "-"), _VALUES.get(word.lower())
        if wanted is None:
            continue
        if name in _EVERY_USE:
            every = wanted if every is None else every and wanted
        elif name in _USES:
            use = _USES[name]
            found[use] = found.get(use, True) and wanted
    if every is not None and "ai_train" not in found:
        found["ai_train"] = every
    return found


class _Signal(NamedTuple):
    """A line for uses."""

    line: str
    """As written."""
    says: str
    """Without its path."""
    where: Rules | None = None
    """Forbids the pages that it is for; None: all."""
    length: int = 0
    """Of its path."""


class RobotsSignals:
    """What a robots.txt says beside whether we may fetch: to AI agents, of uses, of licences.

    ``agent`` is the product token whose group the signals are taken from; without one of its own, that for ``*``.
    """

    def __init__(self, text: str, agent: str = "*") -> None:
        groups: dict[str, list[tuple[str, str]]] = {}
        for group in read_groups(text):
            for each in group.agents:
                groups.setdefault(each, []).extend(group.rules)
        self._everyone = Rules(_paths(groups.get("*", [])))
        self._named = _named(groups)
        ours = groups.get(product_token(agent), groups.get("*", []))
        lines = [*_before_groups(text), *(value for field, value in ours if field == "signal")]
        self._signals = sorted(map(_signal, lines), key=lambda signal: -signal.length)
        self._to_agents = _to_agents(groups)
        licenses = (value.split()[0][:MAX_ADDRESS] for field, value in fields(text) if field == "license" and value)
        self._rsl = tuple(dict.fromkeys(licenses))[:MAX_LICENSES]

    def of(self, url: str) -> HostSignals:
        """What is said of a page."""
        tokens = {token for rules, tokens in self._named if not rules.allow(url) for token in tokens}
        signals = _for_page(self._signals, url)
        uses = _most_specific(signals)
        for theirs in self._to_agents:
            if dict(_most_specific(_for_page(theirs, url))).get("ai_train") is False:
                signals = [*signals, *_for_page(theirs, url)]
                uses = tuple(sorted({**dict(uses), "ai_train": False}.items()))
        return HostSignals(
            robots_txt="rules",
            agents=tuple(agent.token for agent in AGENTS if agent.token in tokens) if tokens else (),
            everyone=not self._everyone.allow(url),
            content_signal="; ".join(" ".join(signal.line.split()) for signal in signals)[:MAX_SIGNAL] or None,
            uses=uses,
            rsl=self._rsl,
        )


def _named(groups: Mapping[str, list[tuple[str, str]]]) -> list[tuple[Rules, tuple[str, ...]]]:
    """The AI agents that have a group, by their rules: files tend to forbid them all at once."""
    by_rules: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for token in BY_TOKEN.keys() & groups.keys():
        by_rules.setdefault(_paths(groups[token]), []).append(BY_TOKEN[token].token)
    return [(Rules(rules), tuple(tokens)) for rules, tokens in by_rules.items() if rules]


def _signal(line: str) -> _Signal:
    if parts := _PATTERN.fullmatch(line):
        return _Signal(line, parts[2], Rules([("disallow", parts[1])]), len(parts[1]))
    return _Signal(line, line)


def _to_agents(groups: Mapping[str, list[tuple[str, str]]]) -> list[list[_Signal]]:
    """The signals in groups that name agents of training or data sets: what is refused to these is refused to training.

    The names stand before the lines; what is permitted to these is no permission for others.
    """
    names: dict[tuple[str, ...], list[str]] = {}
    for token in BY_TOKEN.keys() & groups.keys():
        if BY_TOKEN[token].token in TRAINS and (
            lines := [value for field, value in groups[token] if field == "signal"]
        ):
            names.setdefault(tuple(lines), []).append(BY_TOKEN[token].token)
    return [
        [signal._replace(line=f"{', '.join(sorted(tokens))}: {signal.line}") for signal in map(_signal, lines)]
        for lines, tokens in sorted(names.items())
    ]


def _for_page(signals: Iterable[_Signal], url: str) -> list[_Signal]:
    return [signal for signal in signals if signal.where is None or not signal.where.allow(url)]


def _most_specific(signals: Iterable[_Signal]) -> tuple[tuple[str, bool], ...]:
    """For each use, what the line with the longest path says (as of two rules of a robots.txt); of two as long, no."""
    found: dict[str, tuple[int, bool]] = {}
    for signal in signals:
        for use, wanted in uses_of(signal.says).items():
            if use not in found:
                found[use] = signal.length, wanted
            elif found[use][0] == signal.length:
                found[use] = signal.length, wanted and found[use][1]
    return tuple(sorted((use, wanted) for use, (_, wanted) in found.items()))


def _paths(rules: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple(rule for rule in rules if rule[0] in ("allow", "disallow"))


def _before_groups(text: str) -> list[str]:
    """Signals that stand above all groups, and so are meant for everyone."""
    found = []
    for field, value in fields(text):
        if field == "agent":
            break
        if field == "signal" and value:
            found.append(value)
    return found


# ---------------------------------------------------------------------- tdmrep.json


def reservation_of(value: Any) -> int | None:
    """A ``tdm-reservation``: 1, 0, or None for what is neither (the report: as if it were not set)."""
    if isinstance(value, str):
        value = value.strip()
        return int(value) if value in ("0", "1") else None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return int(value) if value in (0, 1) else None


def policy_of(value: Any, base: str) -> str | None:
    """A ``tdm-policy`` as a whole address; None for what is none."""
    if not isinstance(value, str) or len(value) > MAX_ADDRESS:
        return None
    value = value.strip().translate(_DROPPED)
    if not value or _NO_ADDRESS.search(value):
        return None
    try:
        address = urljoin(base, value)
        host = urlsplit(address).netloc
    except ValueError:
        return None
    return address if host and address.lower().startswith(("http://", "https://")) else None


class TdmRules:
    """The rules of a tdmrep.json; the first whose location matches a page speaks for it."""

    def __init__(self, body: bytes | str, url: str) -> None:
        """``url`` is where the file was found, to which policies may be relative. Raises ``ValueError``."""
        text = body if isinstance(body, str) else body[: MAX_TDM_BYTES + 1].decode("utf-8-sig")
        if len(text) > MAX_TDM_BYTES:
            raise ValueError(f"a tdmrep.json of more than {MAX_TDM_BYTES} bytes")
        try:
            found = json.loads(text.lstrip("\ufeff"))
        except RecursionError as error:
            raise ValueError("nested too deeply") from error
        if isinstance(found, dict):  # one rule, its brackets forgotten
            found = [found]
        if not isinstance(found, list):
            raise ValueError("a tdmrep.json is an array of rules")
        self._rules: list[tuple[Pattern, int | None, str | None]] = []
        for rule in found[:MAX_TDM_RULES]:
            location = rule.get("location") if isinstance(rule, dict) else None
            if not isinstance(location, str) or "tdm-reservation" not in rule:  # both are mandatory
                continue
            policy = policy_of(rule.get("tdm-policy"), url)
            self._rules.append((Pattern(location.strip()), reservation_of(rule["tdm-reservation"]), policy))

    def of(self, url: str) -> tuple[int | None, str | None]:
        """Reservation and policy of a page."""
        forms = tuple(targets(url))
        for location, reservation, policy in self._rules:
            if any(map(location.matches, forms)):
                return reservation, policy
        return None, None


# ---------------------------------------------------------------------- both


class Host:
    """What is known of one host's files. Nothing, to begin with."""

    def __init__(self) -> None:
        self.robots: RobotsSignals | Literal["none", "unavailable"] | None = None
        self.tdm: TdmRules | Literal["none"] | None = None

    def take(self, path: str, url: str, status: int, body: bytes) -> None:
        """Take a file as it was answered: what is no rules says so."""
        if path == ROBOTS_PATH:
            self.robots = robots_signals(status, body)
        elif path == TDMREP_PATH and (rules := tdm_rules(status, body, url)) is not None:
            self.tdm = rules

    def of(self, url: str) -> HostSignals | None:
        """What is said of a page; None where nothing is known of the host."""
        if self.robots is None and self.tdm is None:
            return None
        robots = self.robots
        signals = robots.of(url) if isinstance(robots, RobotsSignals) else HostSignals(robots_txt=robots)
        return with_tdm(signals, self.tdm, url)


def with_tdm(signals: HostSignals, tdm: TdmRules | Literal["none"] | None, url: str) -> HostSignals:
    """The signals, and what a tdmrep.json says of the page."""
    if tdm is None:
        return signals
    if tdm == "none":
        return replace(signals, tdm_file="none")
    reservation, policy = tdm.of(url)
    return replace(signals, tdm_file="rules", tdm_reservation=reservation, tdm_policy=policy)


def robots_answer(status: int) -> Literal["rules", "none", "unavailable"] | None:
    """What an answer for robots.txt is (RFC 9309, 2.3.1): 4xx says that there is none (401 and 403 too), but 429 "not
    now", as 5xx does. None for a redirect, which says nothing by itself."""
    if 200 <= status < 300:
        return "rules"
    if 300 <= status < 400:
        return None
    return "none" if 400 <= status < 500 and status != 429 else "unavailable"


def robots_signals(status: int, body: bytes) -> RobotsSignals | Literal["none", "unavailable"] | None:
    """From an answer for robots.txt; None for a redirect."""
    answer = robots_answer(status)
    return RobotsSignals(decode(body)) if answer == "rules" else answer


def tdm_rules(status: int, body: bytes, url: str) -> TdmRules | Literal["none"] | None:
    """From an answer for tdmrep.json: its rules, that there is none (a page instead of it, too), or None: not known."""
    if 200 <= status < 300:
        try:
            return TdmRules(body, url)
        except ValueError:
            return "none"
    return "none" if 400 <= status < 500 and status not in (408, 429) else None
