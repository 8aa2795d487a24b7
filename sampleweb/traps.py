"""Pages that are not articles, and links that lead nowhere, at each outlet; the home page links all."""

from __future__ import annotations

from dataclasses import dataclass

from sampleweb.outlets import Outlet
from sampleweb.words import words

TRAPS: dict[str, tuple[str, ...]] = {
    "halvern": ("gallery", "video", "missing"),
    "karu": ("empty-shell", "gone", "bot-challenge", "video"),
    "tarn": ("consent-wall", "soft-404", "gallery", "missing"),
    "birken": ("soft-404", "video", "consent-wall", "gone"),
    "faro": ("gallery", "soft-404", "missing", "bot-challenge"),
    "zarech": ("soft-404", "missing", "gallery"),
    "foni": ("video", "consent-wall", "missing"),
    "difaf": ("gallery", "empty-shell", "gone"),
}
"""Which kinds of trap each outlet has."""

STATIC = (
    "/legal",
    "/privacy",
    "/contact",
    "/jobs",
    "/about",
    "/newsletter",
    "/ads/book",
    "/search",
    "/p/1.html",
    "/p/2.html",
    "/p/3.html",
    "/p/7831.html",
)
"""Pages of the footers: not news, and not linked as news."""

_PATHS = {
    "gallery": "/gallery/40417-autumn-light.html",
    "video": "/video/51128-evening-report.html",
    "missing": "/2026/the-story-that-was-not.html",
    "gone": "/2026/withdrawn-story-22871.html",
    "soft-404": "/2026/moved-somewhere-19340.html",
    "consent-wall": "/choice/the-price-of-salt.html",
    "bot-challenge": "/long-read/the-last-lighthouse.html",
    "empty-shell": "/interactive/map-of-the-storm.html",
}
_OUTCOMES = {"missing": ("http-error", 404), "gone": ("http-error", 410)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trap:
    """One such page. `raw` is a whole document; otherwise `body` goes into the outlet's template."""

    path: str
    kind: str
    outcome: str
    status: int
    title: str
    body: str = ""
    raw: str = ""


def traps(outlet: Outlet) -> dict[str, Trap]:
    """The traps of an outlet by path."""
    made = (_trap(kind, outlet) for kind in TRAPS[outlet.key])
    return {trap.path: trap for trap in made}


def _trap(kind: str, outlet: Outlet) -> Trap:
    label = words(outlet.language)
    outcome, status = _OUTCOMES.get(kind, (kind, 200))
    title = {
        "gallery": label["gallery"],
        "video": label["video"],
        "consent-wall": label["consent_title"],
    }.get(kind, label["not_found"])
    body, raw = "", ""
    if kind == "gallery":
        body = _gallery(outlet)
        title = f"{label['gallery']}: {outlet.name}, 14 × {label['photo']}"
    elif kind == "video":
        title = f"{label['video']}: {outlet.name}"
        body = (
            '<div class="video-player" itemprop="video"><video controls poster="/media/v-1.svg">'
            '<source src="/media/report.mp4" type="video/mp4"></video></div>'
            f'<p class="duration">02:41</p><p>{label["video_text"]}</p>'
        )
    elif kind == "consent-wall":
        body = (
            f'<div class="consent"><p>{label["consent_text"]}</p><button>{label["accept"]}</button>'
            f"<button>{label['decline']}</button></div>"
        )
    elif kind == "bot-challenge":
        raw = _CHALLENGE
    elif kind == "empty-shell":
        raw = _SHELL.format(name=outlet.name, language=outlet.language)
    else:
        body = f'<p>{label["not_found_text"]}</p><p><a href="/">{label["home"]}</a></p>'
    return Trap(path=_PATHS[kind], kind=kind, outcome=outcome, status=status, title=title, body=body, raw=raw)


def _gallery(outlet: Outlet) -> str:
    label = words(outlet.language)
    rows = "".join(
        f'<figure class="slide"><img src="/media/g-{number}.svg" alt="">'
        f'<figcaption><span class="counter">{number}/14</span> {label["photo"]}: {outlet.agency}'
        "</figcaption></figure>"
        for number in range(1, 15)
    )
    return f'<div class="gallery photo-gallery" data-slides="14">{rows}</div>'


_CHALLENGE = """<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title>
<meta name="robots" content="noindex,nofollow"><meta http-equiv="refresh" content="390"></head>
<body><div class="main-wrapper" role="main"><h1>Checking your browser before accessing this site</h1>
<p id="challenge-running">This process is automatic. Please allow up to five seconds, and enable
JavaScript and cookies to continue.</p><noscript><p>Enable JavaScript to continue</p></noscript>
<form id="challenge-form" action="/cdn/challenge" method="POST"></form>
<div class="footer">Ray ID: 7d3c0ffee51a2b84</div></div>
<script>window._chl_opt={cType:"managed",cRay:"7d3c0ffee51a2b84"};</script></body></html>
"""
_SHELL = """<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8"><title>{name}</title>
<meta name="viewport" content="width=device-width,initial-scale=1"><script defer src="/static/js/main.8c1.js">
</script></head><body><noscript>You need to enable JavaScript to run this app.</noscript>
<div id="root"></div></body></html>
"""
