"""Photographs of pages, live and replayed, and how much two of them differ: the measure of an archive.

    live = shoot(url)                             # the site as it is now
    shown = replayed([run / "x.warc.gz"], [url])  # the archive in pywb, with the network off
    shown[url].unanswered                         # what the page asked for and the archive has not
    replayed_in_replayweb(run / "x.wacz", [url])  # the same in ReplayWeb.page: compare with shoot_all(framed=True)
    difference(live.png, shown[url].png)          # share of pixels that a person sees to differ

Needs Chromium, node and what ``make replay-env`` installs; ``lacking()`` says what of it is not there.
"""

from __future__ import annotations

import base64
import json
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.replay.conftest import ENVIRONMENT, NODE_MODULES, run, serving
from tests.replay.showroom import Showroom

WIDTH, HEIGHT = 1280, 800

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")

LOOPBACK = {"direct": "127.0.0.0/8", "hosts": "127.*"}
"""All that a live page may ask: what needs no proxy, and what has an address at all."""

NOTHING = {"direct": "", "hosts": "127.0.0.1", "proxy": "http://127.0.0.1:9"}

BROWSERS_OWN = (".googleapis.com", ".google.com")
"""Chromium asks for these by itself, whatever it shows."""


CONFIG = """\
framed_replay: false
enable_auto_fetch: false
proxy:
  coll: archive
  use_banner: false
  use_head_insert: false
  enable_wombat: false
"""
"""pywb shows pages without a frame around them, and as a proxy leaves them as they are."""


@dataclass(frozen=True)
class Asked:
    """A request that a page made."""

    url: str
    type: str
    status: int
    """0: no answer."""
    error: str
    dated: bool
    """Whether the answer says that it is an archived one: of which instant, or with which headers once."""


@dataclass(frozen=True)
class Shot:
    """What was seen of a page: the whole of it at 1280 pixels wide, after it was scrolled to its end."""

    url: str
    png: bytes
    title: str
    text: str
    requests: tuple[Asked, ...]
    console: tuple[str, ...]
    """Errors."""
    refused: tuple[str, ...]
    """Addresses that were wanted from elsewhere than allowed; of all shots taken together."""
    unanswered: tuple[str, ...] = ()
    """Of a replay: what did not come from the archive. An archived 404 does."""

    @property
    def asked(self) -> set[str]:
        return {one.url for one in self.requests}


def lacking(*, pywb: bool = False) -> str | None:
    """Why no photographs can be taken here, or None."""
    if not CHROMIUM:
        return "no Chromium: apt-get install chromium"
    if not shutil.which("node"):
        return "no node"
    if not (NODE_MODULES / "playwright-core" / "package.json").exists():
        return f"npm's playwright-core not in {ENVIRONMENT.name} (make replay-env)"
    if pywb and not (ENVIRONMENT / "bin" / "wayback").exists():
        return f"pywb not in {ENVIRONMENT.name} (make replay-env)"
    return None


def shoot(url: str) -> Shot:
    """A page of the sample web, or of any loopback server."""
    return shoot_all([url])[url]


def shoot_all(
    urls: Iterable[str], *, framed: bool = False, network: dict[str, str] = LOOPBACK, wacz: Path | None = None
) -> dict[str, Shot]:
    """Several, each in a fresh profile of one browser; only hosts of `network` are asked.

    `framed`: within a frame that is as large as the window, and then as high as the page: what is fixed to the lower
    edge of a window stands at the end. `wacz`: in such frames of ReplayWeb.page."""
    wanted = list(urls)
    packages = {"run.wacz": wacz} if wacz else {}
    with tempfile.TemporaryDirectory(prefix="shots-") as name:
        ground = Path(name) / "ground.html"
        ground.write_text("<!doctype html><title>ground</title><body>", "utf-8")
        with Showroom(NODE_MODULES / "replaywebpage", {"ground.html": ground, **packages}) as room:
            pictures = [Path(name) / f"{number}.png" for number in range(len(wanted))]
            visits = [{"url": url, "png": str(png)} for url, png in zip(wanted, pictures, strict=True)]
            task: dict[str, Any] = {"visits": visits, "proxy": room.proxy, **network}
            if framed or wacz:
                task["ground"] = f"{room.base}ground.html"
            if wacz:
                at = f"{datetime.now(UTC):%Y%m%d%H%M%S}"
                task |= {"direct": urlsplit(room.base).netloc, "hosts": "127.0.0.1"}
                task["wacz"] = {"base": room.base, "source": f"{room.base}run.wacz", "at": at}
            seen = _node(task)["visits"]
            shots = {
                url: Shot(
                    url=url,
                    png=png.read_bytes() if png.exists() else b"",
                    title=one.get("title", ""),
                    text=one.get("text", ""),
                    requests=tuple(Asked(**ask) for ask in one["requests"] if ask["url"] != task.get("ground")),
                    console=tuple(one["console"]),
                    refused=tuple(target for target in room.refused if not _host(target).endswith(BROWSERS_OWN)),
                )
                for url, png, one in zip(wanted, pictures, seen, strict=True)
            }
            return {url: _judged(shot, room.base.rstrip("/"), {}) for url, shot in shots.items()} if wacz else shots


def difference(png_a: bytes, png_b: bytes) -> float:
    """The share of pixels that differ so that one would see it; what only one picture has, differs."""
    return differences([(png_a, png_b)])[0]


def differences(pairs: Sequence[tuple[bytes, bytes]]) -> list[float]:
    """The same of several pairs, in one browser."""
    unlike = [pair for pair in pairs if pair[0] != pair[1]]
    coded = [[base64.b64encode(png).decode() for png in pair] for pair in unlike]
    found = iter(_node({"compare": coded, **NOTHING})["differences"] if coded else ())
    return [0.0 if one == other else next(found) for one, other in pairs]


def replayed(archive: Path | Sequence[Path], urls: Iterable[str], *, rewritten: bool = False) -> dict[str, Shot]:
    """Pages as pywb gives them from WARC files (a run's folder, a .wacz or the files); nothing else is asked.

    pywb is the browser's proxy and gives every answer as it was: what this shows is the archive. `rewritten`: pywb's
    usual way, by addresses of its own and links made to lead there; module scripts do not run in it. The index
    is pywb's own, either way."""
    wanted = list(urls)
    with tempfile.TemporaryDirectory(prefix="replay-") as name:
        warcs = list(_warcs(archive, Path(name)))
        with wayback(warcs, Path(name)) as port:
            origin, captured = f"http://127.0.0.1:{port}", _index(Path(name))
            if rewritten:
                now = f"{datetime.now(UTC):%Y%m%d%H%M%S}"
                places = {url: f"{origin}/archive/{now}/{url}" for url in wanted}
                network = {"direct": f"127.0.0.1:{port}", "hosts": "127.0.0.1"}
            else:
                places = {url: url for url in wanted}
                network = {"direct": "", "hosts": "127.0.0.1", "proxy": origin}
            shots = shoot_all(places.values(), network=network)
        return {url: _judged(shots[place], origin, captured) for url, place in places.items()}


def _judged(shot: Shot, origin: str, captured: dict[str, set[str]]) -> Shot:
    """With what the archive did not answer. pywb dates its answers from the archive, but for those that scripts ask
    for: they are looked up in the index. A player's own scripts are not of the archive, and its 3xx that lead from
    one of its addresses to another are answered by where they lead."""
    missing = list(shot.refused)
    for one in shot.requests:
        own = one.url.startswith(f"{origin}/static/") or one.url.endswith("__wb_module_decl.js")
        leads = 300 <= one.status < 400 and one.url.startswith(origin)
        url = re.sub(re.escape(origin) + r"/(archive|w/[\w-]+(/:\w+)?)/\d+(\w+_)?/", "", one.url.partition("#")[0])
        known = {str(one.status), "revisit"} & captured.get(url, set())
        if not (one.dated or own or leads or known):
            missing.append(url)
    return Shot(**{**shot.__dict__, "unanswered": tuple(missing)})


def _index(folder: Path) -> dict[str, set[str]]:
    """Address → statuses in pywb's index."""
    found: dict[str, set[str]] = {}
    for line in (folder / "collections/archive/indexes/index.cdxj").read_text("utf-8").splitlines():
        entry = json.loads(line.split(" ", 2)[2])
        found.setdefault(entry["url"], set()).add(entry.get("status", "revisit"))
    return found


def replayed_in_replayweb(wacz: Path, urls: Iterable[str]) -> dict[str, Shot]:
    """Pages as ReplayWeb.page shows them from a package; compare with `shoot_all(..., framed=True)`."""
    return shoot_all(urls, wacz=wacz)


def _warcs(archive: Path | Sequence[Path], folder: Path) -> Iterator[Path]:
    for path in [archive] if isinstance(archive, Path) else archive:
        if path.is_dir():
            yield from sorted(path.rglob("*.warc.gz"))
        elif path.suffix == ".wacz":
            with zipfile.ZipFile(path) as package:
                for member in package.namelist():
                    if member.startswith("archive/") and ".warc" in member:
                        yield Path(package.extract(member, folder / "unpacked" / path.stem))
        else:
            yield path


@contextmanager
def wayback(warcs: Sequence[Path], folder: Path) -> Iterator[int]:
    """pywb with one collection, `archive`; its port."""
    tools = ENVIRONMENT / "bin"
    run([tools / "wb-manager", "init", "archive"], cwd=folder)
    run([tools / "wb-manager", "add", "archive", *(warc.absolute() for warc in warcs)], cwd=folder)
    (folder / "config.yaml").write_text(CONFIG, "utf-8")
    with serving(folder) as port:
        yield port


def _host(target: str) -> str:
    return target.rpartition("://")[2].partition("/")[0].partition(":")[0]


def _node(task: dict[str, Any]) -> dict[str, Any]:
    task |= {"modules": str(NODE_MODULES / "shoot.js"), "browser": CHROMIUM, "width": WIDTH, "height": HEIGHT}
    script = Path(__file__).with_name("shoot.mjs")
    found: dict[str, Any] = json.loads(run(["node", script], stdin=json.dumps(task), seconds=240))
    return found
