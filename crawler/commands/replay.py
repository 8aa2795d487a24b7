"""``scrapy replay``: an archive opened in a browser on this machine, with the network off."""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import webbrowser
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError
from w3lib.url import safe_url_string

from crawler.commands.shared import examples
from crawler.status import ExitStatus
from pipelines.errors import BroadsheetError, ConfigError

if TYPE_CHECKING:
    from pipelines.flow.replay import Collection, Shown

EXAMPLES = """
  scrapy replay output/rferl/runs/20261124T090000Z
  scrapy replay output/rferl https://www.rferl.org/a/some-story/33001122.html
  scrapy replay evidence.wacz
  scrapy replay CC-NEWS-20261101.warc.gz --no-open --port 8080

Needs pywb, in an environment of its own: make replay-env. Where Chromium is installed, it is opened with an empty
profile and pywb for all its network: pages have their own addresses, nothing is rewritten, nothing leaves the machine.
Else, and with --rewritten, your own browser is sent to an address of pywb, which rewrites links and runs no module
scripts. Nothing in the archive is changed. Ctrl-C ends it.
exit status: 0 ended by you, 1 it could not be shown, 2 usage, or pywb is not there, 6 interrupted while it began
"""

ENVIRONMENT = "BROADSHEET_REPLAY_ENV"
"""The environment variable that names pywb's environment."""

CHECKOUT = Path(__file__).parents[2]

MISSING = (
    "pywb is not {where}: run `make replay-env` in the checkout; or drop the .wacz (`scrapy wacz` makes one) on"
    " https://replayweb.page"
)

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

WEB = ("http://", "https://")

HOST = "127.0.0.1"

COLLECTION = "archive"

CSP = "default-src 'unsafe-eval' 'unsafe-inline' 'self' data: blob: mediastream: ; form-action 'self'"
"""pywb's own would let the scripts of archived pages open websockets to anywhere."""

PATIENCE = 60.0
"""Seconds in which pywb has to answer; it takes two or three."""

LAST_LINES = 12

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")


class Command(ScrapyCommand):
    """Replays runs, packages and WARC files."""

    requires_crawler_process = False
    requires_project = True

    def syntax(self) -> str:
        return "[options] RUN|JOB|FILE.wacz|FILE.warc.gz... [URL]"

    def short_desc(self) -> str:
        return "Open a run in a browser as it was, offline"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--port", type=int, default=0, metavar="N", help="port of 127.0.0.1 (default: a free one)")
        parser.add_argument("--no-open", action="store_true", help="open no browser, only say the address")
        parser.add_argument("--chromium", metavar="PATH", help="the Chromium to open (default: the one installed)")
        parser.add_argument("--rewritten", action="store_true", help="open your own browser at the rewriting address")
        parser.add_argument(
            "--env", metavar="DIR", help=f"pywb's environment (default: {ENVIRONMENT}, then .venv-replay, then PATH)"
        )
        examples(parser, EXAMPLES)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        url = safe_url_string(args[-1]) if args and args[-1].lower().startswith(WEB) else None
        targets = [Path(name) for name in (args[:-1] if url else args)]
        if not targets:
            raise UsageError("name a run, a job or files")
        if opts.chromium and (opts.rewritten or opts.no_open):
            raise UsageError("--chromium is to be opened: leave out --rewritten and --no-open")
        if not 0 <= opts.port <= 65535:
            raise UsageError("--port takes a number from 0 to 65535")
        for number in ENDING:
            signal.signal(number, _interrupt)
        try:
            self.exitcode = _replay(targets, url, opts)
        except (BroadsheetError, OSError) as error:
            print(f"scrapy replay: {error}", file=sys.stderr)
            self.exitcode = ExitStatus.of(error)
        except KeyboardInterrupt:
            self.exitcode = ExitStatus.INTERRUPTED


def _interrupt(*_: Any) -> None:
    for one in ENDING:  # what is to be tidied up takes a second, and is bounded
        signal.signal(one, signal.SIG_IGN)
    raise KeyboardInterrupt


def _replay(targets: list[Path], url: str | None, opts: argparse.Namespace) -> ExitStatus:
    from pipelines.flow.replay import collect

    wayback = _wayback(opts.env)
    port = _port(opts.port)
    chromium = None if opts.no_open or opts.rewritten else _chromium(opts.chromium)
    with tempfile.TemporaryDirectory(prefix="broadsheet-replay-", ignore_cleanup_errors=True) as name:
        folder = Path(name).resolve()
        collection = collect(targets, folder)
        for note in collection.notes:
            print(f"scrapy replay: {note}", file=sys.stderr)
        with _serving(wayback, collection, port) as server, ExitStack() as stack:
            # Whatever a package says its pages are: nothing else is to stand in Chromium's command line.
            pages = (page for page in collection.pages if page.url.startswith(WEB) and not _CONTROL.search(page.url))
            first = _asked_for(url, port) if url else next(pages, None)
            address = f"http://{HOST}:{port}/{COLLECTION}/" + (f"{first.moment}/{first.url}" if first else "")
            _tell(collection)
            print(f"\nAt {address}\nCtrl-C ends it.", flush=True)
            try:
                browser = None
                if chromium:
                    command = [chromium, *_offline(port, folder), first.url if first else "about:blank"]
                    browser = stack.enter_context(_process(command, folder, "Chromium"))
                    browser.hint = " (--rewritten opens your own browser instead)"
                    print("Chromium has this archive for all its network; closing it ends this, too.", flush=True)
                elif not opts.no_open:
                    _open(address)
                while server.runs() and (browser is None or browser.runs()):
                    time.sleep(0.2)
            except KeyboardInterrupt:
                print()
    return ExitStatus.COMPLETE


def _tell(collection: Collection) -> None:
    """The pages, a line each: how it ended, headline, address."""
    number, shown = collection.number, len(collection.pages)
    counted = f"the last {shown} pages" if collection.more else f"{number} page{'' if number == 1 else 's'}"
    print(f"{collection.title}: {counted}")
    rows = [(_clean(page.ended, 24), _clean(page.headline, 60), _clean(page.url)) for page in collection.pages]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(2)]
    for ended, headline, url in rows:
        print("  " + "  ".join([ended.ljust(widths[0]), *([headline.ljust(widths[1])] if widths[1] else []), url]))
    if number > shown and not collection.more:
        print(f"  … and {number - shown} more")


def _clean(text: str, most: int | None = None) -> str:
    """What a page says may hold what commands a terminal, or be long."""
    text = _CONTROL.sub(" ", text)
    return f"{text[: most - 1]}…" if most and len(text) > most else text


# ---------------------------------------------------------------------- what is needed


def _wayback(named: str | None) -> Path:
    """pywb's command. Raises ``ConfigError`` that says how to come by it."""
    place = named or os.environ.get(ENVIRONMENT)
    if place:
        found = Path(place) / "bin" / "wayback"
        if not found.is_file():
            raise ConfigError(MISSING.format(where=f"in {place}"))
        return found.absolute()
    found = CHECKOUT / ".venv-replay" / "bin" / "wayback"
    if found.is_file():
        return found
    on_path = shutil.which("wayback")
    if on_path is None:
        raise ConfigError(MISSING.format(where="installed"))
    return Path(on_path).absolute()


def _chromium(named: str | None) -> str | None:
    """The Chromium that is to be opened, if there is one to be opened."""
    if named:
        found = shutil.which(named)
        if found is None:
            raise ConfigError(f"there is no Chromium at {named}")
        return str(Path(found).absolute())
    # As root it does not start, unless its sandbox is given up, which holds the archived scripts.
    if not _display() or os.geteuid() == 0:
        return None
    return next(filter(None, map(shutil.which, CHROMIUMS)), None)


def _display() -> bool:
    return sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _port(wanted: int) -> int:
    try:
        with socket.create_server((HOST, wanted)) as free:
            port: int = free.getsockname()[1]
            return port
    except OSError as error:
        raise ConfigError(
            f"port {wanted} cannot be had ({os.strerror(error.errno or 0)}): name another, or none"
        ) from error


# ---------------------------------------------------------------------- pywb


class _Running:
    """A program that was started, and what it says."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], log: Path) -> None:
        self.name, self.process, self.log = name, process, log
        self.hint = ""
        """What else to do, if it ends badly."""

    def runs(self) -> bool:
        """False when it ended well. Raises ``BroadsheetError`` with its last lines if it ended otherwise."""
        status = self.process.poll()
        if status:
            raise BroadsheetError(f"{self.name} ended with status {status}{self.hint}:\n{self.last_lines()}")
        return status is None

    def last_lines(self) -> str:
        lines = self.log.read_text("utf-8", "replace").splitlines()
        return "\n".join(f"  {line}" for line in lines[-LAST_LINES:])


@contextmanager
def _process(command: list[str], folder: Path, name: str) -> Iterator[_Running]:
    """A program in a session of its own, so that Ctrl-C does not reach it; at the end it is ended with its children."""
    environment = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
    log = folder / f"{name}.log"
    with log.open("wb") as out:
        try:
            process = subprocess.Popen(
                command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise ConfigError(f"cannot start {command[0]}: {error.strerror}") from error
    try:
        yield _Running(name, process, log)
    finally:
        for number, seconds in ((signal.SIGTERM, 5), (signal.SIGKILL, 5)):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, number)
            with suppress(subprocess.TimeoutExpired):
                process.wait(seconds)
                break
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # children that outlived it


@contextmanager
def _serving(wayback: Path, collection: Collection, port: int) -> Iterator[_Running]:
    """pywb with a collection, on loopback, from when it answers."""
    # YAML reads JSON.
    (collection.folder / "config.yaml").write_text(json.dumps(_config(collection)), "utf-8")
    command = [str(wayback), "--bind", HOST, "--port", str(port)]
    with _process(command, collection.folder, "pywb") as server:
        until = time.monotonic() + PATIENCE
        while server.runs():
            with suppress(OSError), socket.create_connection((HOST, port), timeout=1):
                break
            if time.monotonic() > until:
                raise BroadsheetError(f"pywb does not answer within {PATIENCE:.0f} s:\n{server.last_lines()}")
            time.sleep(0.1)
        else:
            raise BroadsheetError(f"pywb ended at once:\n{server.last_lines()}")
        yield server


def _config(collection: Collection) -> Mapping[str, Any]:
    """Indexes are asked in their order. As a proxy pywb gives every answer as it was."""
    sources = [
        {"name": folder.name, "index_paths": f"{folder}/", "archive_paths": f"{collection.archive}/"}
        for folder in collection.indexes
    ]
    return {
        "collections": {COLLECTION: {"sequence": sources}},
        "enable_auto_colls": False,
        "enable_auto_fetch": False,
        "framed_replay": False,
        "csp-header": CSP,
        "proxy": {"coll": COLLECTION, "enable_content_rewrite": False},
    }


def _asked_for(url: str, port: int) -> Shown:
    """The page that was named. Raises ``BroadsheetError`` if the archive has none."""
    from pipelines.flow.replay import Shown

    connection = http.client.HTTPConnection(HOST, port, timeout=PATIENCE)
    try:
        connection.request("GET", f"/{COLLECTION}/id_/{url}")
        answer = connection.getresponse()
        moment = answer.getheader("Memento-Datetime")
    except (OSError, http.client.HTTPException) as error:
        raise BroadsheetError(f"pywb does not say whether it has {url}: {error}") from error
    finally:
        connection.close()
    if moment is None:
        raise BroadsheetError(f"{url} is not in this archive")
    return Shown(url, f"{parsedate_to_datetime(moment):%Y%m%d%H%M%S}", "", str(answer.status))


# ---------------------------------------------------------------------- browsers


def _offline(port: int, folder: Path) -> list[str]:
    """Chromium with pywb for all its network: what is not in the archive is answered nowhere."""
    return [
        f"--user-data-dir={folder / 'profile'}",
        f"--proxy-server=http://{HOST}:{port}",
        "--proxy-bypass-list=<-loopback>",  # archived pages of loopback addresses come from the archive as well
        f"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE {HOST}",
        "--webrtc-ip-handling-policy=disable_non_proxied_udp",
        "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
        "--disable-quic",
        # pywb speaks TLS in the name of every site; nobody else is spoken to.
        "--ignore-certificate-errors",
        "--disable-features=DnsOverHttps,MediaRouter,DialMediaRouteProvider,OptimizationHints,Translate",
        "--disable-background-networking",
        "--disable-client-side-phishing-detection",
        "--disable-component-update",
        "--disable-default-apps",
        "--disable-domain-reliability",
        "--disable-extensions",
        "--disable-sync",
        "--no-default-browser-check",
        "--no-first-run",
        "--no-pings",
        "--password-store=basic",
    ]


def _open(address: str) -> None:
    if not _display():
        print("There is no display here to open a browser on.", flush=True)
    elif not webbrowser.open(address):
        print("There is no browser here that could be opened.", flush=True)
