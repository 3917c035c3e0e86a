"""How many questions a second the API takes in, beside a bare Flask and SQLAlchemy insert measured in the same run.

What runs: the web server of Relais (gunicorn with the options of `bin/serve`) on SQLite with the demo's organisation,
its policies and calendars, and a private Redis. The job workers do not run: they would take the processor from both
sides in turns. Beside it, under the same gunicorn options, `_bare_insert.py`: one row per request and nothing else.
Four clients, each a process with one open connection, post the same bodies to one and then to the other, in
rounds; each round gives one ratio. Exit code 1 when the median ratio misses the goal.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path

from bench._clients import CLIENTS, Door, rate
from bench._organisation import token_of_manager
from bench._serving import private_redis, program_environment, scratch_folder, web_server
from config import Settings

GOAL = 0.5


def main() -> int:
    options = _options()
    with scratch_folder() as folder, _two_doors(folder, options.web_workers) as (bare, ours):
        for door in (bare, ours):
            rate(door, 2, "warm")
        rounds = []
        for number in range(options.rounds):
            # In turns, and now one first, now the other: the machine may be busy with something else.
            pair = (bare, ours) if number % 2 else (ours, bare)
            rates = {door.name: rate(door, options.seconds, f"round{number}") for door in pair}
            rounds.append((rates[bare.name], rates[ours.name]))
            if not options.json:
                print(f"round {number + 1}: bare {rounds[-1][0]:.0f}/s, Relais {rounds[-1][1]:.0f}/s", flush=True)
    return _report(rounds, options.json)


@contextlib.contextmanager
def _two_doors(folder: Path, web_workers: int) -> Iterator[tuple[Door, Door]]:
    with contextlib.ExitStack() as servers:
        url = servers.enter_context(private_redis(folder / "redis"))
        extra = {"RELAIS_DATA_DIR": str(folder / "data"), "REDIS_URL": url, "WEB_WORKERS": str(web_workers)}
        extra |= {"BARE_DATABASE": str(folder / "bare.db"), "LOG_LEVEL": "WARNING"}
        settings = Settings.load(extra)
        token = token_of_manager(settings)
        environment = program_environment(extra)
        bare = servers.enter_context(web_server("bench._bare_insert:app", settings, environment, folder / "bare.log"))
        ours = servers.enter_context(web_server("wsgi:app", settings, environment, folder / "ours.log"))
        headers = {"Authorization": f"Bearer {token}"}
        yield Door("bare", bare, headers), Door("Relais", ours, headers)


def _report(rounds: list[tuple[float, float]], as_json: bool) -> int:
    bare, ours = (statistics.median(column) for column in zip(*rounds, strict=True))
    ratio = statistics.median(mine / theirs for theirs, mine in rounds)
    document = {
        "clients": CLIENTS,
        "rounds": len(rounds),
        "bare_per_second": round(bare, 1),
        "relais_per_second": round(ours, 1),
        "ratios": [round(mine / theirs, 3) for theirs, mine in rounds],
        "ratio": round(ratio, 3),
        "goal": GOAL,
        "reached": ratio >= GOAL,
    }
    if as_json:
        print(json.dumps(document, indent=2))
    else:
        print(f"{CLIENTS} clients, medians of {len(rounds)} rounds: bare {bare:.0f}/s, Relais {ours:.0f}/s")
        print(f"ratio {ratio:.2f} (goal: at least {GOAL}): {'reached' if ratio >= GOAL else 'missed'}")
    return 0 if ratio >= GOAL else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/relais bench intake", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7, help="how many times each is measured (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=3.0, help="how long each time (default: %(default)s)")
    parser.add_argument("--web-workers", type=int, default=2, help="processes of each server (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
