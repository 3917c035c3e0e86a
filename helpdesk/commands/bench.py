"""`bin/relais bench NAME`: run one of the benchmarks kept in `bench/`."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys

from flask import Flask

from config import PROJECT
from helpdesk.cli import AS_IT_IS
from helpdesk.commands import CommandRefused, Commands, Result

FOLDER = PROJECT / "bench"


def register(commands: Commands) -> None:
    """`bench NAME [ARGUMENTS]`: what follows the name goes to the benchmark."""
    parser = commands.add_parser("bench", help="runs a benchmark kept with the project (see bench/)")
    parser.add_argument("name", metavar="NAME", help="one of: " + (", ".join(names()) or "none yet"))
    parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="ARGUMENTS", help="for the benchmark")
    parser.set_defaults(database=AS_IT_IS)


def run(args: argparse.Namespace, app: Flask) -> Result:
    """Run it as a program of its own; with --json its stdout is the JSON document."""
    if args.name not in names():
        raise CommandRefused(f"There is no benchmark {args.name}; there are: {', '.join(names()) or 'none'}.")
    arguments = [argument for argument in args.arguments if argument != "--json"]
    as_json = args.json or arguments != args.arguments
    command = [sys.executable, "-P", "-m", f"{FOLDER.name}.{args.name}", *arguments, *["--json"] * as_json]
    sys.stdout.flush()
    done = subprocess.run(
        command,
        env=os.environ | {"PYTHONPATH": os.pathsep.join((str(FOLDER.parent), str(PROJECT)))},
        stdout=subprocess.PIPE if as_json else None,
        check=False,
    )
    if done.returncode not in (0, 1):
        raise CommandRefused(f"The benchmark {args.name} broke off (exit code {done.returncode}).")
    args.json = as_json
    return Result(document=json.loads(done.stdout) if as_json else None, exit_code=done.returncode)


def names() -> list[str]:
    """The benchmarks there are."""
    return sorted(path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_"))
