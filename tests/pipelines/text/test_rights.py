# ruff: noqa: E501 (a case a line)
"""Rights: a table of signals and what they come to; what is recorded of them; how the host's files are read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipelines.archive.fields import decode_provenance, encode_provenance
from pipelines.model import Article, Capture, CaptureRef, HostSignals, Provenance, Rights
from pipelines.text.agents import AGENTS, BY_NAME, BY_TOKEN, TRAINS
from pipelines.text.hostfiles import MAX_TDM_BYTES, Host, RobotsSignals, TdmRules, uses_of
from pipelines.text.refine import refine
from pipelines.text.rights import directives

URL = "https://www.news.example/politics/bridge.html?id=7"
BODY = "<p>The council agreed on Tuesday evening to rebuild the old bridge before winter.</p>" * 3

F, P, U = "forbidden", "permitted", "unstated"


def rights(
    head: str = "",
    headers: tuple[tuple[str, str], ...] = (),
    robots: str | bytes | None = None,
    tdm: Any = None,
    url: str = URL,
    body: str = "",
) -> Rights:
    """Of an article, with what its host's files say, as it comes out of a WARC. ``tdm``: the file, or what is in it."""
    host = Host()
    if robots is not None:
        host.take("/robots.txt", f"{url}/robots.txt", 200, robots.encode() if isinstance(robots, str) else robots)
    if tdm is not None:
        text = tdm if isinstance(tdm, bytes) else json.dumps(tdm).encode()
        host.take("/.well-known/tdmrep.json", "https://www.news.example/.well-known/tdmrep.json", 200, text)
    noted = encode_provenance(Provenance(signals=host.of(url)))
    ref = CaptureRef(
        filename="a.warc.gz", offset=7, length=99, record_id="urn:uuid:5f3c", url=url,
        date="2026-09-16T12:00:00Z", type="response", payload_digest=None,
    )  # fmt: skip
    page = f"<!DOCTYPE html><html lang=en><head><title>Bridge</title>{head}</head><body><article><h1>Bridge</h1>{BODY}{body}</article></body></html>"
    found = refine(
        Capture(
            ref=ref,
            status=200,
            headers=(("Content-Type", "text/html; charset=utf-8"), *headers),
            payload=page.encode(),
            provenance=decode_provenance(noted),
        )
    )
    assert isinstance(found, Article), found
    return found.rights


def meta(name: str, content: str) -> str:
    return f'<meta name="{name}" content="{content}">'


def x(*values: str) -> tuple[tuple[str, str], ...]:
    return tuple(("X-Robots-Tag", value) for value in values)


def agents(*names: str, rules: str = "Disallow: /") -> str:
    return "".join(f"User-agent: {name}\n" for name in names) + f"{rules}\n\nUser-agent: *\nDisallow: /intern/\n"


def rule(location: str, reservation: Any = 1, **more: Any) -> dict[str, Any]:
    return {"location": location, "tdm-reservation": reservation, **more}


LD = '<script type="application/ld+json">{"@type": "NewsArticle", "headline": "Bridge", %s}</script>'
BY, BY_NC = "https://creativecommons.org/licenses/by/4.0/", "https://creativecommons.org/licenses/by-nc-nd/4.0/"

# what is given; the verdict; what forbids; what permits
CASES: list[tuple[str, dict[str, Any], str, str, str]] = [
    ("nothing said, nothing known", {}, U, "", ""),
    ("nothing said", {"robots": "User-agent: *\nDisallow:\n", "tdm": []}, U, "", ""),
    # ---- robots.txt
    ("an agent of training", {"robots": agents("GPTBot")}, F, "robots.txt", ""),
    ("several agents in one group", {"robots": agents("GPTBot", "ClaudeBot", "CCBot")}, F, "robots.txt", ""),
    ("a data set", {"robots": agents("CCBot")}, F, "robots.txt", ""),
    ("a token that fetches nothing", {"robots": agents("Google-Extended")}, F, "robots.txt", ""),
    ("digits in a name", {"robots": agents("img2dataset")}, F, "robots.txt", ""),
    ("a blank in a name", {"robots": agents("Kangaroo Bot")}, F, "robots.txt", ""),
    ("odd case", {"robots": agents("gptBOT").replace("User-agent", "USER-AGENT")}, F, "robots.txt", ""),
    ("with a version", {"robots": agents("GPTBot/1.2")}, F, "robots.txt", ""),
    ("BOM and CR LF", {"robots": b"\xef\xbb\xbf" + agents("GPTBot").replace("\n", "\r\n").encode()}, F, "robots.txt", ""),
    ("search only", {"robots": agents("OAI-SearchBot", "PerplexityBot")}, U, "", ""),
    ("a person's agent only", {"robots": agents("ChatGPT-User", "Claude-User")}, U, "", ""),
    ("an ordinary search engine", {"robots": agents("Googlebot", "bingbot")}, U, "", ""),
    ("another path", {"robots": agents("GPTBot", rules="Disallow: /sport/")}, U, "", ""),
    ("this path", {"robots": agents("GPTBot", rules="Disallow: /politics/")}, F, "robots.txt", ""),
    ("this path by a pattern", {"robots": agents("GPTBot", rules="Disallow: /*.html?id=")}, F, "robots.txt", ""),
    ("an exception", {"robots": agents("GPTBot", rules="Disallow: /\nAllow: /politics/")}, U, "", ""),
    ("allowed by name", {"robots": agents("GPTBot", rules="Allow: /")}, U, "", ""),
    ("nothing disallowed by name", {"robots": agents("GPTBot", rules="Disallow:")}, U, "", ""),
    ("two groups of one agent", {"robots": agents("GPTBot", rules="Disallow: /a") + "\n" + agents("GPTBot")}, F, "robots.txt", ""),
    ("everyone", {"robots": "User-agent: *\nDisallow: /"}, F, "robots.txt:*", ""),
    ("everyone but one search engine", {"robots": "User-agent: Googlebot\nAllow: /\n\nUser-agent: *\nDisallow: /"}, F, "robots.txt:*", ""),
    ("everyone and by name", {"robots": "User-agent: *\nUser-agent: GPTBot\nDisallow: /"}, F, "robots.txt robots.txt:*", ""),
    ("a page instead of robots.txt", {"robots": "<html>User-agent: GPTBot\nDisallow: /"}, U, "", ""),
    ("a name in a comment", {"robots": "# User-agent: GPTBot\nUser-agent: *\nDisallow:"}, U, "", ""),
    ("crawl-delay between agents", {"robots": "User-agent: GPTBot\nCrawl-delay: 9\nUser-agent: CCBot\nDisallow: /"}, F, "robots.txt", ""),
    ("an oversized robots.txt", {"robots": "#" * 600_000 + "\n" + agents("GPTBot")}, U, "", ""),
    # ---- X-Robots-Tag
    ("noai", {"headers": x("noai")}, F, "x-robots-tag", ""),
    ("noai in a list", {"headers": x("noindex, NoAI,noimageai")}, F, "x-robots-tag", ""),
    ("semicolons", {"headers": x("nofollow; noai")}, F, "x-robots-tag", ""),
    ("blanks", {"headers": x("nofollow noai")}, F, "x-robots-tag", ""),
    ("in the second of two headers", {"headers": x("noindex", "noai")}, F, "x-robots-tag", ""),
    ("whatever the header's case", {"headers": (("x-ROBOTS-tag", "noai"),)}, F, "x-robots-tag", ""),
    ("noml", {"headers": x("noml")}, F, "x-robots-tag", ""),
    ("pictures only", {"headers": x("noimageai")}, U, "", ""),
    ("noindex, noarchive, none, nosnippet", {"headers": x("noindex, noarchive", "none, nosnippet, max-snippet:0")}, U, "", ""),
    ("noai for another robot", {"headers": x("otherbot: noai")}, U, "", ""),
    ("noindex for an AI agent", {"headers": x("GPTBot: noindex")}, F, "x-robots-tag", ""),
    ("an agent with its version", {"headers": x("GPTBot/1.2: noindex")}, F, "x-robots-tag", ""),
    ("later in an agent's list", {"headers": x("GPTBot: nofollow, noindex")}, F, "x-robots-tag", ""),
    ("another agent's list began", {"headers": x("GPTBot: nofollow, googlebot: noindex")}, U, "", ""),
    ("an agent in the middle", {"headers": x("nosnippet, CCBot: none")}, F, "x-robots-tag", ""),
    ("a search agent's noindex", {"headers": x("PerplexityBot: noindex")}, U, "", ""),
    ("noai after a date", {"headers": x("unavailable_after: Saturday, 25 Jun 2027 15:00:00 PST, noai")}, F, "x-robots-tag", ""),
    ("noai after a limit", {"headers": x("max-snippet: -1, max-image-preview:large, noai")}, F, "x-robots-tag", ""),
    ("an agent ends with its header", {"headers": x("otherbot: noindex", "noai")}, F, "x-robots-tag", ""),
    ("a word that has noai in it", {"headers": x("noaim")}, U, "", ""),
    # ---- meta
    ("meta", {"head": meta("robots", "noai")}, F, "meta-robots", ""),
    ("meta, odd case", {"head": '<META NAME="ROBOTS" CONTENT="NOAI, NOIMAGEAI">'}, F, "meta-robots", ""),
    ("two of them", {"head": meta("robots", "index, follow") + meta("robots", "noai")}, F, "meta-robots", ""),
    ("an AI agent's", {"head": meta("gptbot", "noindex")}, F, "meta-robots", ""),
    ("another's", {"head": meta("googlebot", "noai")}, U, "", ""),
    ("http-equiv", {"head": '<meta http-equiv="X-Robots-Tag" content="noai">'}, F, "meta-robots", ""),
    ("index, follow", {"head": meta("robots", "index, follow, max-image-preview:large")}, U, "", ""),
    # ---- TDMRep
    ("reserved by header", {"headers": (("TDM-Reservation", "1"),)}, F, "tdm-reservation", ""),
    ("not reserved by header", {"headers": (("tdm-reservation", " 0 "),)}, P, "", "tdm-reservation"),
    ("no such value", {"headers": (("tdm-reservation", "2"),)}, U, "", ""),
    ("a header joined on its way", {"headers": (("tdm-reservation", "1, 1"),)}, F, "tdm-reservation", ""),
    ("two headers that differ", {"headers": (("tdm-reservation", "0"), ("tdm-reservation", "1"))}, F, "tdm-reservation", ""),
    ("reserved by meta", {"head": meta("tdm-reservation", "1")}, F, "tdm-reservation", ""),
    ("meta supersedes header", {"head": meta("TDM-Reservation", "0"), "headers": (("tdm-reservation", "1"),)}, P, "", "tdm-reservation"),
    ("meta that says nothing", {"head": meta("tdm-reservation", "yes"), "headers": (("tdm-reservation", "1"),)}, F, "tdm-reservation", ""),
    ("header supersedes file", {"headers": (("tdm-reservation", "0"),), "tdm": [rule("/")]}, P, "", "tdm-reservation"),
    ("file", {"tdm": [rule("/")]}, F, "tdm-reservation", ""),
    ("file, not reserved", {"tdm": [rule("/", 0)]}, P, "", "tdm-reservation"),
    ("file, as text", {"tdm": [rule("/", "1")]}, F, "tdm-reservation", ""),
    ("file, as a truth value", {"tdm": [rule("/", True)]}, U, "", ""),
    ("file, 2", {"tdm": [rule("/", 2)]}, U, "", ""),
    ("file, for another path", {"tdm": [rule("/sport/")]}, U, "", ""),
    ("file, the first that matches", {"tdm": [rule("/politics/", 0), rule("/")]}, P, "", "tdm-reservation"),
    ("file, in the other order", {"tdm": [rule("/"), rule("/politics/", 0)]}, F, "tdm-reservation", ""),
    ("file, a star", {"tdm": [rule("/*/bridge")]}, F, "tdm-reservation", ""),
    ("file, an end that is none", {"tdm": [rule("/politics/bridge.html$")]}, U, "", ""),
    ("file, an end", {"tdm": [rule("/*id=7$")]}, F, "tdm-reservation", ""),
    ("file, case counts", {"tdm": [rule("/Politics/")]}, U, "", ""),
    ("file, an escape", {"tdm": [rule("/p%6Flitics/")]}, F, "tdm-reservation", ""),
    ("file, rules that are none", {"tdm": [1, None, {"tdm-reservation": 1}, {"location": "/"}, rule("/politics/")]}, F, "tdm-reservation", ""),
    ("file, its brackets forgotten", {"tdm": rule("/")}, F, "tdm-reservation", ""),
    ("file, BOM", {"tdm": b"\xef\xbb\xbf" + json.dumps([rule("/")]).encode()}, F, "tdm-reservation", ""),
    ("file, no JSON", {"tdm": b'[{"location": "/", "tdm-reservation": 1},]'}, U, "", ""),
    ("file, a page", {"tdm": b"<html>not here</html>"}, U, "", ""),
    ("file, no array", {"tdm": b'"1"'}, U, "", ""),
    # ---- Content-Signal and Content-Usage
    ("no training", {"robots": "User-agent: *\nContent-Signal: search=yes, ai-train=no\nAllow: /"}, F, "content-signal", ""),
    ("training", {"robots": "User-agent: *\nContent-Signal: ai-train=yes\nAllow: /"}, P, "", "content-signal"),
    ("search only is said", {"robots": "User-agent: *\nContent-Signal: search=yes, ai-input=no"}, U, "", ""),
    ("odd spacing and case", {"robots": "user-agent:*\ncontent-signal :Search = Yes ;AI-Train= NO"}, F, "content-signal", ""),
    ("without commas", {"robots": "User-agent: *\nContent-Signal: search=yes ai-train=no"}, F, "content-signal", ""),
    ("nonsense", {"robots": "User-agent: *\nContent-Signal: ai-train=maybe, train=no"}, U, "", ""),
    ("for another path", {"robots": "User-agent: *\nContent-Signal: /sport/ ai-train=no"}, U, "", ""),
    ("for this path", {"robots": "User-agent: *\nContent-Signal: ai-train=yes\nContent-Signal: /politics/ ai-train=no"}, F, "content-signal", ""),
    ("this path let out", {"robots": "User-agent: *\nContent-Signal: /politics/ ai-train=yes\nContent-Signal: ai-train=no"}, P, "", "content-signal"),
    ("a contradiction", {"robots": "User-agent: *\nContent-Signal: ai-train=yes\nContent-Signal: ai-train=no"}, F, "content-signal", ""),
    ("in another's group", {"robots": "User-agent: Googlebot\nContent-Signal: ai-train=no\n\nUser-agent: *\nDisallow:"}, U, "", ""),
    ("in a group of training agents", {"robots": "User-agent: GPTBot\nUser-agent: CCBot\nContent-Signal: search=yes, ai-train=no\nAllow: /\n\nUser-agent: *\nContent-Signal: ai-train=yes"}, F, "content-signal", ""),
    ("in that group, for another path", {"robots": "User-agent: GPTBot\nContent-Signal: /sport/ ai-train=no\nAllow: /"}, U, "", ""),
    ("in that group, permitted", {"robots": "User-agent: GPTBot\nContent-Signal: ai-train=yes\nAllow: /"}, U, "", ""),
    ("in a group of search agents", {"robots": "User-agent: PerplexityBot\nContent-Signal: ai-train=no\nAllow: /"}, U, "", ""),
    ("above all groups", {"robots": "Content-Signal: ai-train=no\nUser-agent: *\nDisallow:"}, F, "content-signal", ""),
    ("Content-Usage", {"robots": "User-agent: *\nContent-Usage: train-ai=n"}, F, "content-signal", ""),
    ("Content-Usage for a path", {"robots": "User-agent: *\nContent-Usage: train-ai=n\nContent-Usage: /politics/ train-ai=y"}, P, "", "content-signal"),
    ("all uses", {"headers": (("Content-Usage", "bots=n"),)}, F, "content-signal", ""),
    ("as a header", {"headers": (("content-signal", "ai-train=no"),)}, F, "content-signal", ""),
    ("a header against robots.txt", {"headers": (("Content-Signal", "ai-train=no"),), "robots": "User-agent: *\nContent-Signal: ai-train=yes"}, F, "content-signal", ""),
    # ---- licences
    ("an open licence", {"head": f'<link rel="license" href="{BY}">'}, P, "", "license"),
    ("an open licence in JSON-LD", {"head": LD % f'"license": "{BY}"'}, P, "", "license"),
    ("by its name", {"head": LD % '"license": "CC BY-SA 4.0"'}, P, "", "license"),
    ("in a header", {"headers": (("Link", f'<{BY}>; rel="license"'),)}, P, "", "license"),
    ("for no commerce", {"head": f'<link rel="license" href="{BY_NC}">'}, U, "", ""),
    ("in the text", {"body": f'<p>This work stands under <a rel="license" href="{BY}">CC BY 4.0</a>.</p>'}, P, "", "license"),
    ("at the foot", {"body": f'</article><footer><a rel="license" href="{BY}"><img src="by.png"></a></footer>'}, P, "", "license"),
    ("in a caption", {"body": f'<figure><figcaption>J. Holm <a rel="license" href="{BY}">CC BY</a></figcaption></figure>'}, U, "", ""),
    ("two in the text", {"body": f'<p><a rel="license" href="{BY}">CC BY</a> <a rel="license" href="/terms">terms</a></p>'}, U, "", ""),
    ("the second of two", {"head": LD % f'"license": ["https://news.example/terms", {{"@type": "CreativeWork", "url": "{BY}"}}]'}, P, "", "license"),
    ("an object with a name", {"head": LD % '"license": {"@type": "CreativeWork", "name": "CC BY 4.0"}'}, P, "", "license"),
    ("an object elsewhere", {"head": LD % '"license": {"@id": "#l"}' + f'<script type="application/ld+json">{{"@id": "#l", "@type": "CreativeWork", "url": "{BY}"}}</script>'}, P, "", "license"),
    ("its name in full", {"head": LD % '"license": "Creative Commons Attribution 4.0 International"'}, P, "", "license"),
    ("restricted, in full", {"head": LD % '"license": "Creative Commons Attribution-NonCommercial 4.0"'}, U, "", ""),
    ("restricted, with blanks", {"head": LD % '"license": "CC BY NC 4.0"'}, U, "", ""),
    ("restricted, later", {"head": LD % '"license": "Creative Commons Attribution (CC BY-ND 4.0)"'}, U, "", ""),
    ("another's bylaws", {"head": LD % '"license": "CC Bylaws"'}, U, "", ""),
    ("in Dublin Core, as a link", {"head": f'<link rel="DCTERMS.license" href="{BY}">'}, P, "", "license"),
    ("an address in an address", {"head": '<link rel="license" href="https://news.example/to?=creativecommons.org/licenses/by/4.0/">'}, U, "", ""),
    ("a host that ends like theirs", {"head": '<link rel="license" href="https://notcreativecommons.org/licenses/by/4.0/">'}, U, "", ""),
    ("maybe of a picture", {"body": f'<p><a rel="license" href="{BY}">Photo: CC BY</a></p>'}, U, "", ""),
    ("of their own", {"head": '<link rel="license" href="/terms">'}, U, "", ""),
    ("open, but reserved", {"head": f'<link rel="license" href="{BY}">' + meta("tdm-reservation", "1")}, F, "tdm-reservation", "license"),
    # ---- together
    ("everything forbids", {"robots": agents("GPTBot") + "Content-Signal: ai-train=no", "tdm": [rule("/")], "head": meta("robots", "noai"), "headers": x("noai")}, F, "robots.txt x-robots-tag meta-robots tdm-reservation content-signal", ""),
    ("one forbids, one permits", {"robots": agents("GPTBot"), "tdm": [rule("/", 0)]}, F, "robots.txt", "tdm-reservation"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "verdict", "forbidden", "permitted"), [pytest.param(*case[1:], id=case[0]) for case in CASES]
)
def test_verdict(given: dict[str, Any], verdict: str, forbidden: str, permitted: str) -> None:
    found = rights(**given)
    assert (found.verdict, found.forbidden_by, found.permitted_by) == (
        verdict, tuple(forbidden.split()), tuple(permitted.split()),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("given", "archiving", "by"),
    [
        ({}, U, ""),
        ({"headers": x("noarchive")}, F, "x-robots-tag"),
        ({"headers": x("googlebot: noarchive")}, U, ""),
        ({"head": meta("robots", "noindex, follow")}, F, "meta-robots"),
        ({"head": meta("robots", "none")}, F, "meta-robots"),
        ({"head": meta("robots", "nosnippet, noai")}, U, ""),
        ({"head": meta("ia_archiver", "noarchive")}, F, "meta-robots"),
        ({"robots": agents("ia_archiver")}, F, "robots.txt"),
        ({"robots": agents("archive.org_bot", "GPTBot")}, F, "robots.txt"),
        ({"robots": agents("GPTBot")}, U, ""),
        ({"robots": "User-agent: *\nDisallow: /politics"}, F, "robots.txt:*"),
        ({"head": f'<link rel="license" href="{BY_NC}">'}, P, ""),
        ({"head": f'<link rel="license" href="{BY}">' + meta("robots", "noarchive")}, F, "meta-robots"),
    ],
)
def test_archiving(given: dict[str, Any], archiving: str, by: str) -> None:
    found = rights(**given)
    assert (found.archiving, found.archiving_forbidden_by) == (archiving, tuple(by.split()))


# ---------------------------------------------------------------------- what is recorded


def test_not_known_is_not_nothing_said() -> None:
    unknown = rights()
    assert (unknown.robots_txt, unknown.robots_agents, unknown.robots_everyone, unknown.tdm_file) == (None,) * 4
    silent = rights(robots="", tdm=[])
    assert (silent.robots_txt, silent.robots_agents, silent.robots_everyone, silent.tdm_file) == (
        "rules",
        (),
        False,
        "rules",
    )
    assert rights(tdm=b"oops").tdm_file == "none"
    host = Host()
    host.take("/robots.txt", "", 404, b"")
    assert host.of(URL) == HostSignals(robots_txt="none")
    host.take("/robots.txt", "", 503, b"")
    host.take("/.well-known/tdmrep.json", "", 503, b"")
    assert host.of(URL) == HostSignals(robots_txt="unavailable")


def test_raw_values_stand_beside_plain_ones() -> None:
    found = rights(
        head=meta("robots", "noindex,  noai") + meta("GPTBot", "none"),
        headers=(*x("googlebot: nofollow, unavailable_after: 25-Jun-2027 15:00:00 PST", "max-snippet: 20"), ("Content-Usage", "train-ai=n")),
        robots="User-agent: GPTBot\nUser-agent: PerplexityBot\nDisallow: /\n\nUser-agent: *\nContent-Signal:  /politics/   search=yes,ai-input=no\nDisallow: /x\nLicense: https://news.example/rsl.xml\n",
    )  # fmt: skip
    assert found.robots_agents == ("GPTBot", "PerplexityBot") and found.robots_everyone is False
    assert found.x_robots_tag == ("googlebot: nofollow, unavailable_after: 25-Jun-2027 15:00:00 PST", "max-snippet: 20")
    assert found.meta_robots == ("gptbot: none", "robots: noindex, noai")
    assert found.directives == (
        "max-snippet:20", "noai", "noindex", "googlebot: nofollow",
        "googlebot: unavailable_after: 25-jun-2027 15:00:00 pst", "gptbot: none",
    )  # fmt: skip
    assert found.content_signal == ("/politics/ search=yes,ai-input=no", "train-ai=n")
    assert (found.ai_train, found.ai_input, found.search) == (False, False, True)
    assert found.rsl == ("https://news.example/rsl.xml",)


@pytest.mark.parametrize(
    ("given", "reservation", "policy", "source"),
    [
        ({}, None, None, None),
        ({"head": meta("tdm-reservation", "1") + meta("tdm-policy", "/terms.json")}, 1, "https://www.news.example/terms.json", "meta"),
        ({"headers": (("tdm-reservation", "1"), ("TDM-Policy", "terms.json"))}, 1, "https://www.news.example/politics/terms.json", "header"),
        ({"tdm": [rule("/", **{"tdm-policy": "../terms.json"})]}, 1, "https://www.news.example/terms.json", "file"),
        ({"tdm": [rule("/", **{"tdm-policy": "//rights.example/t"})]}, 1, "https://rights.example/t", "file"),
        ({"tdm": [rule("/", **{"tdm-policy": "javascript:void(0)"})]}, 1, None, "file"),
        ({"tdm": [rule("/", **{"tdm-policy": 7})]}, 1, None, "file"),
        ({"tdm": [rule("/", **{"tdm-policy": "/te\r\nrms"})]}, 1, "https://www.news.example/terms", "file"),
        ({"tdm": [rule("/", **{"tdm-policy": "/terms\0"})]}, 1, None, "file"),
        ({"tdm": [rule("/", **{"tdm-policy": "/\ud800"})]}, 1, None, "file"),
        ({"tdm": [rule("/", **{"tdm-policy": "http://[broken"})]}, 1, None, "file"),
        ({"tdm": [rule("/", 0, **{"tdm-policy": "/t"})]}, 0, None, "file"),
        ({"tdm": [rule("/", **{"tdm-policy": "/file"})], "headers": (("tdm-policy", "/header"),)}, 1, "https://www.news.example/header", "file"),
        ({"tdm": [rule("/", **{"tdm-policy": "/file"})], "head": meta("tdm-reservation", "1")}, 1, "https://www.news.example/file", "meta"),
    ],
)  # fmt: skip
def test_tdm_policy(given: dict[str, Any], reservation: int | None, policy: str | None, source: str | None) -> None:
    found = rights(**given)
    assert (found.tdm_reservation, found.tdm_policy, found.tdm_source) == (reservation, policy, source)


def test_signals_to_agents_are_recorded_with_their_names() -> None:
    found = rights(robots="User-agent: GPTBot\nUser-agent: CCBot\nContent-Signal: search=no, ai-train=no\nAllow: /")
    assert found.content_signal == ("CCBot, GPTBot: search=no, ai-train=no",)
    assert (found.ai_train, found.search) == (False, None)


def test_rsl_is_no_licence_and_licences_are_told_once() -> None:
    page = '<link rel="license" type="application/rsl+xml" href="/rsl.xml">' + f'<link rel="license" href="{BY}">'
    found = rights(
        page,
        headers=(
            ("Link", '<https://rights.example/r>; rel="license"; type="application/rsl+xml", </own>; rel=license'),
        ),
    )
    assert found.rsl == ("https://www.news.example/rsl.xml", "https://rights.example/r")
    assert found.other_licenses == ("https://www.news.example/own",) and found.permitted_by == ("license",)
    assert rights('<link rel="license" type="application/rsl+xml" href="/rsl.xml">').permitted_by == ()


def test_copyright_as_the_page_states_it() -> None:
    found = rights(
        LD
        % '"copyrightNotice": "© 2026 Example News", "copyrightHolder": {"@type": "Organization", "name": "Example News"}, "usageInfo": "https://www.news.example/terms"'
    )
    assert (found.copyright_notice, found.copyright_holder) == ("© 2026 Example News", "Example News")
    assert found.usage_info == "https://www.news.example/terms"
    found = rights(meta("DCTERMS.rights", "All rights reserved") + meta("dcterms.rightsHolder", "Example News"))
    assert (found.copyright_notice, found.copyright_holder) == ("All rights reserved", "Example News")


def test_the_group_that_is_ours_speaks_to_us() -> None:
    text = "User-agent: Broadsheet\nContent-Signal: ai-train=yes\n\nUser-agent: *\nContent-Signal: ai-train=no\n"
    assert RobotsSignals(text, "Broadsheet/1.0 (+https://example.org)").of(URL).uses == (("ai_train", True),)
    assert RobotsSignals(text).of(URL).uses == (("ai_train", False),)


# ---------------------------------------------------------------------- bounds and parts


def test_agents_are_told_apart() -> None:
    assert len(BY_TOKEN) == len(BY_NAME) == len(AGENTS)
    assert {"GPTBot", "CCBot", "Google-Extended", "Applebot-Extended"} <= TRAINS
    assert "PerplexityBot" not in TRAINS
    published = (Path(__file__).parents[3] / "docs" / "rights.md").read_text("utf-8")
    assert [agent for agent in AGENTS if f"`{agent.token}` ({agent.operator})" not in published] == []


@pytest.mark.parametrize(
    "body", [b"", b"[", b"\xff\xfe[", b"[" * 100_000, b"[" + b" " * MAX_TDM_BYTES + b"]", b"null", b"1"]
)
def test_what_is_no_tdmrep_json(body: bytes) -> None:
    with pytest.raises(ValueError):
        TdmRules(body, URL)


def test_directives_of_hostile_values() -> None:
    assert list(directives(":,;: , :x: ::")) == []
    assert len(list(directives("a: " * 10_000 + "b," * 10_000))) == 10_000
    assert uses_of("a" * 100_000) == uses_of("=" * 100_000) == uses_of("a " * 100_000) == {}
    found = rights(headers=x(*(f"a{n}: noindex" for n in range(1000)), "nofollow, " * 1000 + "noai"))
    assert (len(found.x_robots_tag), found.verdict) == (20, "forbidden"), "all is read, not all is recorded"
