"""`bin/relais rebuild reports`: the figures of reports, made anew from the event log while the service runs."""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING

from helpdesk.commands import CommandRefused, Commands, Result
from helpdesk.rollups import following
from helpdesk.search.index import IndexBusy

if TYPE_CHECKING:
    from flask import Flask


def register(commands: Commands) -> None:
    parser = commands.add_parser("rebuild", help="makes what is derived from the event log anew")
    what = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
    what.add_parser("reports", help="the figures of reports")


def run(args: argparse.Namespace, app: Flask) -> Result:
    started = time.monotonic()
    try:
        tickets = following.rebuild(_tell if sys.stderr.isatty() else lambda done: None)
        following.follow()
    except IndexBusy as error:
        raise CommandRefused(f"The figures can't be rebuilt now: {error}. Try again in a moment.") from error
    seconds = round(time.monotonic() - started, 1)
    document = {"tickets": tickets, "seconds": seconds}
    return Result([f"The figures of {tickets} tickets were made anew in {seconds} s."], document)


def _tell(done: int) -> None:
    print(f"\r{done} tickets read", end="", file=sys.stderr, flush=True)
