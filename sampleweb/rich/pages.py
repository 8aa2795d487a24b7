"""The pages of the gallery, each by one technique."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from html import escape

from sampleweb.clock import DAY_ZERO
from sampleweb.resource import Resource
from sampleweb.rich.maker import NAME, Maker, figure
from sampleweb.rich.model import RichPage
from sampleweb.rich.pictures import drawn, png, svg

BLANK = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
"""What stands in `src` until a picture is loaded."""


def srcset(make: Maker) -> RichPage:
    """Candidates by width, density, type and media."""
    small = make.picture("harbour-320.png", 320, 180, browser=False)
    middle = make.picture("harbour-640.png", 640, 360)
    large = make.picture("harbour-1280.png", 1280, 720, browser=False)
    widths = f'<img src="{small}" srcset="{small} 320w, {middle} 640w,\n {large} 1280w" sizes="(min-width: 900px) 640px, 100vw" width="640" height="360" alt="">'
    one = make.picture("mast.png", 300, 120)
    two, three = (make.picture(f"mast@{n}x.png", 300 * n, 120 * n, browser=False) for n in (2, 3))
    density = f'<img src="{one}" srcset="{one} 1x, {two} 2x,{three} 3x" alt="">'
    near = make.picture("quay,w_400.png", 400, 160)
    far = make.picture("quay,w_900.png", 900, 360, browser=False)
    commas = f'<img srcset="{near} 400w, {far} 900w" sizes="400px" alt="">'
    avif = make.picture("wide.avif", cdn=True)
    webp = make.picture("wide.webp", cdn=True, browser=False)
    jpeg = make.picture("wide.jpg", cdn=True, browser=False)
    types = f'<picture><source type="image/avif" srcset="{avif}"><source type="image/webp" srcset="{webp}"><img src="{jpeg}" width="640" height="360" alt=""></picture>'
    narrow = make.picture("square.webp", browser=False)
    broad = make.picture("pier-720.png", 720, 240)
    broad2 = make.picture("pier-1440.png", 1440, 480, browser=False)
    fallback = make.picture("square.jpg", browser=False)
    media = f'<picture><source media="(max-width: 700px)" srcset="{narrow}"><source media="(min-width: 701px)" srcset="{broad}, {broad2} 2x"><img src="{fallback}" alt=""></picture>'
    hint = make.picture("lamp-200.png", 200, 200)
    hint2 = make.picture("lamp-400.png", 400, 400, browser=False)
    candidates = f"{hint} 200w, {hint2} 400w"
    head = f'<link rel="preload" as="image" href="{hint}" imagesrcset="{candidates}" imagesizes="200px">\n'
    preloaded = f'<img src="{hint}" srcset="{candidates}" sizes="200px" width="200" height="200" alt="">'
    between = (figure(item) for item in (widths, density, commas, types, media, preloaded))
    return make.done(make.page(make.story(*between), head=head))


def css(make: Maker) -> RichPage:
    """Stylesheets that import stylesheets, and everything that url() can stand in."""
    folder = f"/css/{make.key}"

    def tile(name: str, *, browser: bool = True, cdn: bool = False) -> str:
        return make.picture(f"{name}.png", 120, 60, browser=browser, cdn=cdn)

    make.put(
        f"{folder}/deep/colours.css",
        f'.deep {{ height: 60px; background: #cde url("../../../{tile("deep").lstrip("/")}") repeat-x; }}\n',
    )
    make.put(f"{folder}/base.css", '@charset "utf-8";\n@import "deep/colours.css";\n.byline { font-style: italic; }\n')
    # A browser asks for these, but not for what they would show.
    make.put(f"{folder}/print.css", f"header {{ background: url({tile('printed', browser=False)}) }}\n")
    make.put(f"{folder}/huge.css", f"body {{ background: url({tile('huge', browser=False)}) }}\n")
    make.put(
        f"{folder}/layer.css", f"@layer theme {{ .layer {{ height: 60px; background: url({tile('layer')}); }} }}\n"
    )
    square, square2 = make.picture("square.webp"), make.picture("square.jpg", browser=False)
    decoy = make.decoy("/decoy/comment.png")
    main = make.put(
        f"{folder}/main.css",
        f"""@import "base.css";
@import url("print.css") print;
@import url(huge.css) screen and (min-width: 4000px);
@import url('layer.css') layer(theme) supports(display: grid);
/* .old {{ background: url({decoy}) }} */
:root {{ --paper: url({tile("variable")}); }}
.plain {{ height: 60px; background: url({tile("plain")}) }}
.quoted {{ height: 60px; background: URL( "{tile("quoted")}" ) no-repeat, linear-gradient(#eee, #bbb) }}
.density {{ height: 60px; background-image: image-set("{tile("set-1")}" 1x, "{tile("set-2", browser=False)}" 2x) }}
.prefixed {{ height: 60px; background-image: -webkit-image-set(url({tile("old-1")}) 1x, url({tile("old-2", browser=False)}) 2x) }}
.typed {{ height: 160px; background: image-set(url("{square}") type("image/webp"), url("{square2}") type("image/jpeg")) }}
.variable {{ height: 60px; background: var(--paper) }}
.escaped {{ height: 60px; background: url("{tile("it's")}") }}
ul.marks {{ list-style-image: url({tile("mark")}) }}
.before::before {{ content: url({tile("content")}) }}
.framed {{ border: 20px solid #999; border-image: url({tile("border")}) 20 round; height: 40px }}
.masked {{ height: 60px; background: #274; -webkit-mask: url({make.picture("mask.svg", 160, 60)}); mask: url({make.picture("mask.svg", 160, 60)}) }}
.plain:hover {{ background: url({tile("hover", browser=False)}) }}
.nobody {{ background: url({tile("unmatched", browser=False)}) }}
@media (max-width: 500px) {{ .plain {{ background: url({tile("narrow", browser=False)}) }} }}
""",
    )
    away = make.put(
        f"{folder}/cdn.css",
        f".away {{ height: 60px; background: url(../../img/{make.key}/{'away'}.png) }}\n",
        cdn=True,
    )
    tile("away", cdn=True)
    paper = make.put(f"{folder}/paper.css", f"article {{ background: url({tile('paper', browser=False)}) }}\n")
    head = (
        f'<link rel="stylesheet" href="{main}">\n<link rel="stylesheet" href="{away.removeprefix("http:")}">\n'
        f'<link media="print" rel="stylesheet" href="{paper}">\n'
        f"<style>.inside {{ height: 60px; background: url('{tile('inside')}') }}</style>\n"
        f'<!-- <link rel="stylesheet" href="{make.decoy("/decoy/comment.css")}"> -->\n'
    )
    names = [
        "deep",
        "layer",
        "plain",
        "quoted",
        "density",
        "prefixed",
        "typed",
        "variable",
        "escaped",
        "framed",
        "masked",
        "away",
        "inside",
    ]
    boxes = [f'<div class="{name}"></div>' for name in names]
    boxes.append(f'<div style="height: 60px; background-image: url(&quot;{tile("attribute")}&quot;)"></div>')
    boxes.append(f'<div style="height: 60px; background: url({tile("bare")})"></div>')
    boxes.append('<ul class="marks"><li></li></ul><div class="before"></div>')
    each = ["<div>" + "".join(boxes[start : start + 3]) + "</div>" for start in range(0, len(boxes), 3)]
    return make.done(make.page(make.story(*each), head=head))


def fonts(make: Maker) -> RichPage:
    """Letters and icons from elsewhere."""

    def font(name: str, *, browser: bool = True) -> str:
        return make.put(f"/fonts/{name}", drawn(name), cdn=True, browser=browser)

    lantern, lantern1 = font("lantern.woff2"), font("lantern.woff", browser=False)
    ember = font("ember.woff")
    ember2 = font("ember.woff2", browser=False)
    sheet = make.put(
        "/css/fonts/faces.css",
        f"""@font-face {{ font-family: Lantern; src: local("No Such Lantern"), url("{lantern}") format("woff2"), url("{lantern1}") format("woff"); font-display: block; }}
@font-face {{ font-family: Ember; src: url({ember}) format("woff"); font-display: block; }}
@font-face {{ font-family: Ember; src: url({ember2}) format("woff2"); unicode-range: U+0370-03FF; }}
h1, .large {{ font-family: Lantern, serif; }}
.byline, .small {{ font-family: Ember, serif; font-size: 20px; }}
""",
    )

    def icon(name: str, side: int) -> str:
        return make.picture(name, side, side, browser=False, kind="icon")

    touch, mask = icon("touch.png", 180), icon("mask.svg", 64)
    app = [make.picture(f"app-{side}.png", side, side, plain=False, browser=False, kind="icon") for side in (192, 512)]
    manifest = make.put(
        "/site.webmanifest",
        json.dumps(
            {"name": NAME, "icons": [{"src": src, "sizes": f"{n}x{n}"} for src, n in zip(app, (192, 512), strict=True)]}
        ),
        kind="manifest",
        browser=False,
    )
    head = (
        f'<link rel="preload" as="font" type="font/woff2" href="{lantern}" crossorigin>\n'
        f'<link rel="stylesheet" href="{sheet}">\n'
        f'<link rel="icon" sizes="32x32" href="{icon("icon-32.png", 32)}">\n'
        f'<link rel="shortcut icon" type="image/svg+xml" href="{icon("icon.svg", 32)}">\n'
        f'<link rel="apple-touch-icon" href="{touch}">\n<link rel="mask-icon" href="{mask}" color="#274">\n'
        f'<link rel="manifest" href="{manifest}">\n'
    )
    signs = '<div class="large" style="font-size: 60px" aria-hidden="true">LANTERNFIELD</div><div class="small" aria-hidden="true">EMBERS GLOW</div>'
    return make.done(make.page(make.story(signs), head=head))


LAZY = """const seen = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    const image = entry.target;
    seen.unobserve(image);
    if (image.dataset.srcset) image.srcset = image.dataset.srcset;
    if (image.dataset.src) image.src = image.dataset.src;
  }
}, { rootMargin: "200px" });
for (const image of document.querySelectorAll("img.lazy")) seen.observe(image);
"""


def lazy(make: Maker) -> RichPage:
    """Pictures that come when they are scrolled to."""
    script = make.put("/js/lazy.js", LAZY)
    first = make.picture("first.png", 640, 240)
    small, large = make.picture("second-480.png", 480, 200), make.picture("second-960.png", 960, 400, browser=False)
    inert = make.picture("inert.png", 320, 120, browser=False)
    behind = make.picture("behind.png", 640, 240)
    far = make.picture("far.png", 640, 240, cdn=True)
    poster = make.picture("poster.png", 640, 360)
    items = (
        f'<img class="lazy" src="{BLANK}" data-src="{first}" width="640" height="240" alt="">',
        f'<video poster="{poster}" preload="none" width="640" height="360"></video>',
        f'<img class="lazy" src="{BLANK}" data-src="{small}" data-srcset="{small} 480w, {large} 960w" sizes="480px" width="480" height="200" alt="">',
        f'<noscript><img src="{inert}" width="320" height="120" alt=""></noscript><img class="lazy" src="{BLANK}" data-src="{behind}" width="640" height="240" alt="">',
    )
    space = '<div style="height: 3600px" aria-hidden="true"></div>'
    below = figure(f'<img loading="lazy" src="{far}" width="640" height="240" alt="">')
    body = make.story(*map(figure, items)) + space + below
    return make.done(make.page(body, end=f'<script src="{script}" defer></script>\n'))


def base(make: Maker) -> RichPage:
    """Addresses that are relative to another place than the page's."""
    folder = "/shared/edition-7/"

    def drawing(name: str, side: int = 240) -> str:
        return make.put(f"{folder}img/{name}", png(f"base/{name}", side * 2, side)).removeprefix(folder)

    here, inner = drawing("here.png"), drawing("inner.png", 60)
    away = make.picture("away.png", 480, 160, cdn=True).removeprefix("http:")
    moved = make.picture("moved.png", 480, 160, cdn=True)
    leads = make.put(f"{folder}go/photo.png", answer=Resource(status=302, location=moved)).removeprefix(folder)
    sheet = make.put(
        f"{folder}style/edition.css",
        f"h1 {{ padding-left: 40px; background: url(../{drawing('rule.png', 16)}) no-repeat 0 50%; background-size: 32px 32px }}\n",
    ).removeprefix(folder)
    make.put(
        "/shared/frames/box.css",
        f'body {{ margin: 0; background: #eef url("../edition-7/{inner}") }} p {{ background: #fff }}\n',
    )
    make.put("/shared/frames/chart.svg", svg("base/chart", 300, 120))
    frame = make.put(
        "/shared/frames/box.html",
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Tides</title>\n'
        '<link rel="stylesheet" href="box.css"></head>\n<body><p>Tide table</p>'
        '<img src="chart.svg" width="300" height="120" alt=""></body></html>\n',
    )
    sprite = make.put(
        f"{folder}sprite.svg",
        '<svg xmlns="http://www.w3.org/2000/svg"><symbol id="lamp" viewBox="0 0 24 24">'
        '<path d="M6 6h12l-2 14H8z" fill="#a33"/><path d="M12 1l8 5H4z" fill="#333"/></symbol></svg>\n',
        kind="sprite",
    ).removeprefix(folder)
    assert frame.startswith("/shared/frames/")
    inset = "../frames/box.html"
    head = f'<base href="{folder}">\n<link rel="stylesheet" href="{sheet}">\n'
    items = (
        figure(f'<img src="{here}" width="480" height="240" alt="">'),
        figure(f'<img src="{away}" width="480" height="160" alt="">'),
        figure(f'<img src="{leads}" width="480" height="160" alt="">'),
        f'<iframe src="{inset}" width="640" height="200" title="Tides" style="border: 0"></iframe>',
        f'<svg width="120" height="120" aria-hidden="true"><use href="{sprite}#lamp"/></svg>',
    )
    return make.done(make.page(make.story(*items), head=head))


APP = """import { element } from "./dom.js";

const story = await (await fetch(`/api/stories/${document.documentElement.dataset.story}.json`)).json();
document.title = `${story.headline} - ${story.site}`;
const article = element("article", {},
  element("h1", {}, story.headline),
  element("p", { class: "byline" }, "By ",
    element("span", { class: "author", rel: "author" }, story.author), ", ",
    element("time", { datetime: story.published }, story.shown)),
  ...story.blocks.map((block) => block.image
    ? element("figure", {}, element("img", { src: block.image, width: block.width, height: block.height, alt: "" }))
    : element("p", {}, block.text)));
document.getElementById("root").append(article);
"""

DOM = """export function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}
"""


def app(make: Maker) -> RichPage:
    """An empty shell that a script fills with what it fetches."""
    make.put("/app/dom.js", DOM, plain=False)
    script, sheet = make.put("/app/main.js", APP), make.put("/app/app.css", "h1 { color: #246; }\n")
    pictures = [
        make.picture("app-one.png", 640, 240, plain=False),
        make.picture("app-two.png", 480, 200, plain=False, cdn=True),
    ]
    blocks: list[dict[str, object]] = []
    for number, text in enumerate(make.draft.paragraphs):
        blocks.append({"text": text})
        if number < len(pictures):
            blocks.append({"image": pictures[number], "width": (640, 480)[number], "height": (240, 200)[number]})
    make.put(
        "/api/stories/7.json",
        json.dumps(
            {
                "headline": make.draft.headline,
                "author": make.author,
                "published": make.published.isoformat(),
                "shown": f"{make.published:%d %B %Y, %H:%M} UTC",
                "site": NAME,
                "blocks": blocks,
            }
        ),
        plain=False,
    )
    html = (
        f'<!doctype html>\n<html lang="en" data-story="7">\n<head>\n<meta charset="utf-8">\n<title>{NAME}</title>\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<link rel="stylesheet" href="{sheet}">\n<style>#root {{ width: 720px; margin: 0 auto }} img {{ display: block }}</style>\n'
        f'<script type="module" src="{script}"></script>\n</head>\n<body>\n<div id="root"></div>\n'
        "<noscript>You need to enable JavaScript to read this page.</noscript>\n</body>\n</html>\n"
    )
    return make.done(html, outcome="empty-shell", count=0)


SCROLL = """const more = document.getElementById("more");
let batch = 0, busy = false;
async function load() {
  if (busy || batch >= Number(more.dataset.batches)) return;
  busy = true;
  const { items } = await (await fetch(`${more.dataset.from}${batch + 1}.json`)).json();
  for (const item of items) {
    const made = document.createElement(item.image ? "img" : "p");
    if (item.image) Object.assign(made, { width: 640, height: 200, alt: "", src: item.image });
    else made.textContent = item.text;
    more.before(made);
  }
  batch += 1;
  busy = false;
  if (batch >= Number(more.dataset.batches)) {
    more.textContent = more.dataset.end;
    more.id = "end";
    watch.disconnect();
  } else {
    watch.unobserve(more);
    watch.observe(more);
  }
}
const watch = new IntersectionObserver((entries) => entries.some((one) => one.isIntersecting) && load());
watch.observe(more);
"""


def scroll(make: Maker) -> RichPage:
    """More of the article whenever its end comes into view, three times."""
    script = make.put("/js/scroll.js", SCROLL)
    top = make.picture("top.png", 640, 640)
    shown, batches = 3, 3
    rest = make.draft.paragraphs[shown:]
    size = len(rest) // batches
    for number in range(batches):
        last = number == batches - 1
        texts = rest[number * size :] if last else rest[number * size : (number + 1) * size]
        picture = make.picture(f"batch-{number + 1}.png", 640, 200, plain=False)
        items = [{"text": texts[0]}, {"image": picture}, *({"text": text} for text in texts[1:])]
        make.put(f"/api/more/{number + 1}.json", json.dumps({"items": items}), plain=False)
    more = (
        f'<div id="more" data-from="/api/more/" data-batches="{batches}" data-end="&#9632;" '
        'style="height: 40px" aria-hidden="true"></div>'
    )
    body = make.story(figure(f'<img src="{top}" width="640" height="640" alt="">'), count=shown) + more
    return make.done(make.page(body, end=f'<script src="{script}" defer></script>\n'), count=shown)


CONSENT = """if (!document.cookie.includes("consent=")) {
  const box = document.createElement("div");
  box.id = "consent";
  box.setAttribute("role", "dialog");
  box.innerHTML = "<p>We and our 214 partners would like to keep cookies on your device.</p>" +
    "<button id=accept>Accept all</button> <button id=reject>Reject all</button>";
  document.body.append(box);
  box.addEventListener("click", (event) => {
    if (!event.target.id || event.target === box) return;
    document.cookie = `consent=${event.target.id}; path=/`;
    box.remove();
  });
}
"""


def consent(make: Maker) -> RichPage:
    """A banner that a script from elsewhere lays over the page."""
    script = make.put("/consent/consent.js", CONSENT, cdn=True)
    logo = make.picture("logo.png", 60, 60, cdn=True)
    sheet = make.put(
        "/consent/consent.css",
        "#consent { position: fixed; left: 0; right: 0; bottom: 0; padding: 24px 24px 24px 120px; color: #fff;\n"
        f"  background: #123 url({logo.removeprefix(make.cdn)}) no-repeat 24px 24px; }}\n",
        cdn=True,
    )
    photo = make.picture("photo.png", 640, 300)
    head = f'<link rel="stylesheet" href="{sheet}">\n'
    body = make.story(figure(f'<img src="{photo}" width="640" height="300" alt="">'))
    return make.done(make.page(body, head=head, end=f'<script async src="{script}"></script>\n'))


def odd(make: Maker) -> RichPage:
    """Requisites that do not come as one would wish."""

    def answer(name: str, resource: Resource, *, flaky: bool = False) -> str:
        if resource.status == 200:
            body = png(f"odd/{name}", 300, 100)
            resource = replace(resource, content_type="image/png", body=body, changed=DAY_ZERO)
        return make.put(f"/img/{make.key}/{name}", answer=resource, flaky=flaky)

    moved = make.picture("landed.png", 300, 100, cdn=True)
    same = png("odd/same", 300, 100)
    pictures = [
        answer("missing.png", Resource(status=404, body=b"<h1>Not found</h1>\n")),
        answer("flaky.png", Resource(), flaky=True),
        answer("slow.png", Resource(delay=1.0)),
        answer("moved.png", Resource(status=301, location=moved)),
        answer("chunked.png", Resource(framing="chunked")),
        make.put(f"/img/{make.key}/same-a.png", same),
        make.put(f"/img/{make.key}/same-b.png", same, cdn=True),
    ]
    sheet = make.put(
        "/css/odd/packed.css",
        answer=Resource(
            content_type="text/css",
            body=b"figure { border-left: 8px solid #c63 }\n" * 12,
            changed=DAY_ZERO,
            framing="gzip",
        ),
    )
    closed = make.put("/closed/badge.png", png("odd/badge", 24, 24), plain=False, disallowed=True)
    figures = [figure(f'<img src="{escape(src)}" width="300" height="100" alt="">') for src in pictures]
    figures.append(f'<img src="{closed}" width="24" height="24" alt="">')
    head = f'<link rel="stylesheet" href="{sheet}">\n'
    return make.done(make.page(make.story(*figures), head=head))


PAGES: dict[str, Callable[[Maker], RichPage]] = {
    "srcset": srcset,
    "css": css,
    "fonts": fonts,
    "lazy": lazy,
    "base": base,
    "app": app,
    "scroll": scroll,
    "consent": consent,
    "odd": odd,
}
