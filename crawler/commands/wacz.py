"""``scrapy wacz``: a run as one file that ReplayWeb.page opens."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from crawler.commands.shared import examples
from crawler.status import ExitStatus
from pipelines.errors import BroadsheetError, ConfigError

EXAMPLES = """
  scrapy wacz output/rferl/runs/20261124T090000Z
  scrapy wacz output/rferl                       # every run of the job
  scrapy wacz output/rferl/runs/20261124T090000Z -o evidence.wacz --key key.pem

The package holds the run's WARC files as they are, an index, the list of articles with headline and text, and the
SHA-256 of each part. With --key (PEM, ECDSA P-384) it is signed as the WACZ authentication draft says:
  openssl ecparam -name secp384r1 -genkey -noout -out key.pem
exit status: 0 done, 1 a run is not complete, 2 usage
"""


class Command(ScrapyCommand):
    """Packs runs as WACZ files."""

    requires_crawler_process = False
    requires_project = True

    def syntax(self) -> str:
        return "[options] RUN-OR-JOB"

    def short_desc(self) -> str:
        return "Pack a run as one WACZ file for replay"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("-o", "--output", metavar="FILE", help="where it goes (default: RUN/RUN.wacz)")
        parser.add_argument("--key", metavar="PEM", help="sign with this private key")
        examples(parser, EXAMPLES)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 1:
            raise UsageError("name one run or job")
        try:
            self._pack(Path(args[0]), opts)
        except BroadsheetError as error:
            print(f"scrapy wacz: {error}", file=sys.stderr)
            self.exitcode = ExitStatus.of(error)

    def _pack(self, target: Path, opts: argparse.Namespace) -> None:
        from pipelines.flow.package import package
        from pipelines.flow.verify import runs_of

        try:
            key = Path(opts.key).read_bytes() if opts.key else None
        except OSError as error:
            raise ConfigError(f"cannot read the key {opts.key}: {error.strerror}") from error
        runs = runs_of(target)
        if opts.output and len(runs) > 1:
            raise ConfigError(f"{target} has {len(runs)} runs, and -o names one file: name one run")
        for run in runs:
            out = Path(opts.output) if opts.output else run / f"{run.name}.wacz"
            if out.suffix != ".wacz":
                raise ConfigError(f"{out} would be written over or misread: name the package FILE.wacz")
            if len(runs) > 1 and not any(run.glob("*.warc*")):
                continue  # a run in which nothing was fetched
            package(run, out, key=key)
            print(f"{out}: {out.stat().st_size / 1e6:.1f} MB")
