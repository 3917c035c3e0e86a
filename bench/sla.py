"""What reports on response times cost at 10 000, 100 000 and 1 000 000 tickets of ten events, as ratios to the first.

Some hundred questions are played through the real verbs over a year and copied (`_multiplying`). Two ways to grow are
measured. `wide`, as an organisation grows: a hundred times the tickets are ten times the departments and ten times the
years; the page of one department and of all departments over the usual 13 weeks may cost at most 1.5 times what it
cost. `dense`, the hard case: everything in the same departments and the same year; no goal. Reports over the whole log
are to take less than two seconds in either.

Each page is asked of the application itself, in turns over all sizes, in processor time of this process and of the
database's. Up to `--rebuild-up-to` tickets, every log is read (`following.rebuild`); beyond, the readings of each clock
are copied with the logs and only summed up. On SQLite a million tickets take some 15 GB of TMPDIR. Exit code 1 when a
goal is missed.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict

from sqlalchemy import create_engine

from bench._databases import Databases, databases
from bench._goals import Line
from bench._lives import play
from bench._multiplying import multiply
from bench._organisation import token_of_manager
from bench._report_pages import PAGES, REPORTS, Door, costs, door
from bench._serving import private_redis, scratch_folder
from bench._sweeping import DUE, sweeps
from helpdesk import clock, create_app
from helpdesk.accounts.models import TokenScope
from helpdesk.db import db
from helpdesk.rollups import following

SIZES = (10_000, 100_000, 1_000_000)
PLAYED, STILL_OPEN = 240, 6
PAGE_GOAL = 1.5  # the page over the usual period, at the last size against the first, grown wide
SWEEP_GOAL = 1.3  # noticing what fell due, with as many tickets due, at the last size against the first
REPORT_GOAL = 2.0  # seconds, over the whole log
GROWTHS = ("wide", "dense")

Part = Callable[[str, Mapping[int, Door], int], Iterator[Line]]
"""Measures something at each size: the way it grew, a door to each, rounds."""


def main() -> int:
    options = _options()
    lines: list[Line] = []
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(scratch_folder())
        redis_url = stack.enter_context(private_redis(folder / "redis"))
        kept = stack.enter_context(databases(folder, redis_url, postgresql=options.postgresql))
        token = _base(kept)
        for growth in options.growth:
            doors = {}
            for size in options.sizes:
                lines += _made(kept, growth, size, options)
                doors[size] = door(kept, f"{growth}{size}", token)
            for part in (each for each in PARTS if not options.parts or each.__name__ in options.parts):
                lines += part(growth, doors, options.rounds)
            for size in options.sizes:
                doors[size].close()
                kept.drop(f"{growth}{size}")
    return _report(lines, options.json)


def _base(kept: Databases) -> str:
    """The few questions that are really played. Returns an API token."""
    settings = kept.settings("base")
    token = token_of_manager(settings, TokenScope.FULL)
    with create_app(settings).app_context():
        play(PLAYED, STILL_OPEN, clock.now())
        following.rebuild()
        db.session.remove()
        db.engine.dispose()
    return token


def _made(kept: Databases, growth: str, size: int, options: argparse.Namespace) -> Iterator[Line]:
    """Make a database of this size. Yields what the rebuild cost."""
    name = f"{growth}{size}"
    settings = kept.copy("base", name)
    factor = size / options.sizes[0] if growth == "wide" else 1.0
    years = max(1, round(math.sqrt(factor)))
    engine = create_engine(settings.database_url)
    whole = size <= options.rebuild_up_to
    branches = max(1, round(factor / years))
    multiply(engine, size, branches=branches, years=years, readings=not whole, told=_tell)
    engine.dispose()
    with create_app(settings).app_context():
        began = time.process_time()
        if whole:
            following.rebuild(lambda done: _tell(f"{done:,} logs read") if done % 20_000 == 0 else None)
        else:
            following.sum_up_every_day()
        spent = 100_000 / size * (time.process_time() - began)
        db.session.remove()
        db.engine.dispose()
    kept.settle(name)
    what = "rebuild" if whole else "summing up"
    yield Line(size, f"{growth}: {what}, processor seconds per 100 000 tickets", spent, None, True, "tickets")


def pages(growth: str, doors: Mapping[int, Door], rounds: int) -> Iterator[Line]:
    """Pages and reports over a few months or two years: processor time, and how often that of the first size."""
    found = costs(doors, PAGES, rounds)
    first = min(doors)
    for page in PAGES:
        for size in doors:
            yield Line(
                size, f"{growth}: {page.name}, ms", 1000 * found[size][page.name].processor, None, True, "tickets"
            )
        for size in list(doors)[1:]:
            goal = PAGE_GOAL if page.usual and growth == "wide" and size == max(doors) else None
            ratio = found[size][page.name].processor / found[first][page.name].processor
            yield Line(size, f"{growth}: {page.name}, times {first:,}", ratio, goal, True, "tickets")


def reports(growth: str, doors: Mapping[int, Door], rounds: int) -> Iterator[Line]:
    """Reports over everything there ever was: processor seconds, which an idle machine takes one after the other, and
    the least of the elapsed ones."""
    found = costs(doors, REPORTS, max(3, rounds // 4))
    for page in REPORTS:
        for size in doors:
            cost = found[size][page.name]
            yield Line(size, f"{growth}: {page.name}, processor s", cost.processor, REPORT_GOAL, True, "tickets")
            yield Line(size, f"{growth}: {page.name}, elapsed s", cost.elapsed, None, True, "tickets")


def sweep(growth: str, doors: Mapping[int, Door], rounds: int) -> Iterator[Line]:
    """Noticing what fell due, with as many tickets due at every size."""
    found = sweeps(doors, rounds)
    first, last = min(doors), max(doors)
    what = f"{growth}: sweep with {DUE} tickets due"
    for size, cost in found.items():
        yield Line(size, f"{what}, ms", 1000 * cost, None, True, "tickets")
    for size in list(doors)[1:]:
        goal = SWEEP_GOAL if size == last else None
        yield Line(size, f"{what}, times {first:,}", found[size] / found[first], goal, True, "tickets")


PARTS: Sequence[Part] = (pages, reports, sweep)


def _tell(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def _report(lines: Sequence[Line], as_json: bool) -> int:
    reached = all(line.met for line in lines)
    if as_json:
        print(json.dumps({"lines": [asdict(line) for line in lines], "reached": reached}, indent=2))
    else:
        for line in lines:
            print(line.sentence())
    return 0 if reached else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/relais bench sla", description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="tickets (default: %(default)s)")
    parser.add_argument("--growth", nargs="+", choices=GROWTHS, default=GROWTHS, help="ways to grow (default: both)")
    parser.add_argument("--parts", nargs="+", choices=[part.__name__ for part in PARTS], help="(default: all)")
    parser.add_argument("--rounds", type=int, default=20, help="how often each page is asked (default: %(default)s)")
    parser.add_argument(
        "--rebuild-up-to", type=int, default=100_000, help="tickets whose logs are all read (default: %(default)s)"
    )
    parser.add_argument("--postgresql", action="store_true", help="on a private PostgreSQL instead of SQLite")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
