"""`bin/relais reindex`: the search index, built anew from the database while the service runs."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

from helpdesk.commands import CommandRefused, Commands, Result
from helpdesk.search import following
from helpdesk.search.access import the_index
from helpdesk.search.index import IndexBusy

if TYPE_CHECKING:
    from flask import Flask


def register(commands: Commands) -> None:
    commands.add_parser("reindex", help="rebuilds the search index from the database, then swaps it in")


def run(args: argparse.Namespace, app: Flask) -> Result:
    started = time.monotonic()
    index = the_index()
    try:
        following.rebuild(index)
        read = following.follow(index)
    except IndexBusy as error:
        raise CommandRefused(f"The index can't be rebuilt now: {error}. Try again in a moment.") from error
    seconds = round(time.monotonic() - started, 1)
    document = {"seconds": seconds, "watermark": index.watermark(), "read_meanwhile": read}
    return Result([f"The index was rebuilt in {seconds} s."], document)
