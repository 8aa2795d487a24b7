"""`python -m sampleweb serve [--port N] [--day N | --clock ISO] [--rich] [--list]`."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Sequence

from sampleweb.clock import DEFAULT_CLOCK, day, parse
from sampleweb.incidents import SCENARIO
from sampleweb.web import DEFAULT_SEED, SampleWeb


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m sampleweb", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="serve the sample web until SIGTERM")
    serve.add_argument("--port", type=int, default=8080, help="0: any free port")
    serve.add_argument("--day", type=int, help="noon of day N, counted from 2026-09-01")
    serve.add_argument("--clock", type=parse, help="an ISO instant")
    serve.add_argument("--seed", type=int, default=DEFAULT_SEED)
    serve.add_argument("--scenario", action="store_true", help="with the incidents of the scenario")
    serve.add_argument("--rich", action="store_true", help="with the gallery of rich pages")
    serve.add_argument("--list", action="store_true", help="list the articles and leave")
    options = parser.parse_args(argv)
    clock = options.clock or (day(options.day) if options.day is not None else DEFAULT_CLOCK)
    web = SampleWeb(
        clock=clock,
        port=options.port,
        seed=options.seed,
        incidents=SCENARIO if options.scenario else (),
        rich=options.rich,
    )
    done = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: done.set())
    signal.signal(signal.SIGINT, lambda *_: done.set())
    with web:
        for outlet in web.outlets:
            print(f"{outlet.home}\t{outlet.language}\t{outlet.name}")
        if options.rich:
            print(f"{web.gallery.home}\t{web.gallery.language}\t{web.gallery.name}")
        if options.list:
            for item in web.articles():
                print(f"{item.url}\t{item.kind}\t{item.date_published}\t{item.headline}")
            return 0
        sys.stdout.flush()
        done.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
