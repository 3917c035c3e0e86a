"""The commands of `bin/relais`: one small module each, found by itself.

A module in this folder is a command when it has two functions:

    def register(commands: Commands) -> None:
        \"\"\"Add one parser (or several) with `commands.add_parser(NAME, help=...)`.\"\"\"

    def run(args: argparse.Namespace, app: Flask) -> Result:
        \"\"\"Do it. Called inside `app.app_context()`, database migrated.\"\"\"

and that is all. For example, the whole of a command `greet`:

    def register(commands: Commands) -> None:
        parser = commands.add_parser("greet", help="says hello to a person")
        parser.add_argument("handle", metavar="HANDLE")

    def run(args: argparse.Namespace, app: Flask) -> Result:
        person = find_person(args.handle)
        if person is None:
            raise CommandRefused(f"Nobody has the handle {args.handle}.")
        return Result(lines=[f"Hello {person.name}."], document={"name": person.name})

What the frame (`helpdesk.cli`) does for every command, so that no module does it again:

- `--json` is added to every parser: `Result.document` goes to stdout as one JSON document instead of the
  lines. The document must be made of plain JSON values (dates as ISO 8601 text).
- A parser with sub-commands (`people add`) is made with `parser.add_subparsers(dest=..., required=True)`.
- A module with several top-level names may give each its own function: `parser.set_defaults(run=restore)`.
- `CommandRefused`, and the refusals of `helpdesk.errors`, become one line on stderr and exit code 1;
  `WrongUsage` becomes exit code 2. `Result.exit_code` 1 is for a command that did its work and found
  something wrong (`verify`, `doctor`). Anything else is a defect and ends with its traceback.
- Tables that do not exist yet are made (an empty data folder works); a database of an older version is
  refused with a sentence. A command that must see the database as it is sets
  `parser.set_defaults(database="as it is")`.
- A parser added without `help=` is internal: it works, and `--help` does not list it.

Progress of a long command may be printed on stderr while it runs; stdout belongs to the result.
Import what is slow (search, models) inside `run` or at the top as you like: a module is imported only for
`bin/relais` itself, never by the web server or the workers.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

# What `ArgumentParser.add_subparsers()` returns; argparse gives it no public name.
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


@dataclass(frozen=True)
class Result:
    """What a command hands back: lines for people, the same as one JSON document, and 0 or 1."""

    lines: Sequence[str] = ()
    document: Any = None
    exit_code: int = 0


class CommandRefused(Exception):
    """The command cannot be done; the message is one sentence that says what to do. Exit code 1."""


class WrongUsage(Exception):
    """The arguments make no sense together, which argparse could not see by itself. Exit code 2."""
