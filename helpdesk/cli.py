"""`bin/relais`: the frame around the commands of `helpdesk.commands`.

Exit codes: 0 done, 1 refused or failed, 2 wrong usage. Results go to stdout, everything else to stderr.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import pkgutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import helpdesk.commands
from config import ConfigurationError, Settings
from helpdesk.commands import CommandRefused, Commands, Result, WrongUsage
from helpdesk.errors import RelaisError
from helpdesk.starting import without_collecting

if TYPE_CHECKING:
    from flask import Flask

DONE, FAILED, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130
AS_IT_IS = "as it is"


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, do one command, print its result. Returns the exit code."""
    with without_collecting():
        parser = build_parser()
    args = parser.parse_args(arguments)
    if args.data:
        os.environ["RELAIS_DATA_DIR"] = str(Path(args.data).expanduser().absolute())
        os.environ.pop("RELAIS_DATA_DIR_FILE", None)
    try:
        result = _carry_out(args)
        _show(result, as_json=args.json)
    except ConfigurationError as error:
        return _complain("These settings need attention:", *(f"  {problem}" for problem in error.problems))
    except (CommandRefused, RelaisError) as error:
        return _complain(_sentence(error))
    except WrongUsage as error:
        _complain(f"bin/relais {args.command}: {error}")
        return WRONG_USAGE
    except BrokenPipeError:  # the reader (head, less) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except KeyboardInterrupt:
        return INTERRUPTED
    return result.exit_code


def build_parser() -> argparse.ArgumentParser:
    """The whole command line, with every command that `helpdesk.commands` holds."""
    parser = argparse.ArgumentParser(prog="bin/relais", description="The operator's tool of Relais.")
    parser.add_argument("--data", metavar="DIR", help="the data folder (default: RELAIS_DATA_DIR, else var/)")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of text")
    commands = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND", required=True)
    for module in _modules():
        _register(module, commands)
    return parser


def _modules() -> Iterator[ModuleType]:
    for found in pkgutil.iter_modules(helpdesk.commands.__path__):
        yield importlib.import_module(f"{helpdesk.commands.__name__}.{found.name}")


def _register(module: ModuleType, commands: Commands) -> None:
    """Let the module add its parsers, then give each what all commands share."""
    earlier = set(commands.choices)
    module.register(commands)
    for name, parser in commands.choices.items():
        if name not in earlier:
            if parser.get_default("run") is None:
                parser.set_defaults(run=module.run)
            _accept_json(parser)


def _accept_json(parser: argparse.ArgumentParser) -> None:
    """`--json` is understood after the command and its sub-commands too."""
    if not any("--json" in action.option_strings for action in parser._actions):
        # SUPPRESS: a --json given before the command must not be forgotten here
        parser.add_argument(
            "--json",
            action="store_true",
            default=argparse.SUPPRESS,
            help="print one JSON document instead of text",
        )
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                _accept_json(below)


def _carry_out(args: argparse.Namespace) -> Result:
    from sqlalchemy.exc import DatabaseError, InterfaceError, OperationalError

    from helpdesk import create_app

    with without_collecting():
        app = create_app(Settings.load())
    with app.app_context():
        try:
            if getattr(args, "database", None) != AS_IT_IS:
                _make_database_ready(app)
            result = args.run(args, app)
        except (DatabaseError, InterfaceError) as error:
            if not isinstance(error, InterfaceError | OperationalError) and type(error) is not DatabaseError:
                raise  # a statement that is wrong is a defect, not an unusable database
            raise CommandRefused(f"The database cannot be used: {str(error.orig).strip()}") from error
        finally:
            _let_go()
    if not isinstance(result, Result):
        raise TypeError(f"the command {args.command} returned {result!r}, not a Result")
    return result


def _let_go() -> None:
    """Close every connection to the database."""
    from helpdesk.db import db

    db.session.remove()
    for engine in db.engines.values():
        engine.dispose()


def _make_database_ready(app: Flask) -> None:
    """Make the tables of an empty database; refuse one that another version of Relais made."""
    from helpdesk import revisions
    from helpdesk.migrating import migrate

    current, newest = revisions.current(), revisions.newest()
    if current is None:
        migrate(app)
    elif current != newest:
        raise CommandRefused(
            f"The database is at version {current} and this Relais works with {newest}: "
            "start bin/serve once, which brings it up to date."
        )


def _show(result: Result, *, as_json: bool) -> None:
    if as_json:
        text = json.dumps(result.document, ensure_ascii=False, indent=2, allow_nan=False)
        sys.stdout.buffer.write(text.encode("utf-8", errors="backslashreplace") + b"\n")
    else:
        for line in result.lines:
            print(line)
    sys.stdout.flush()


def _sentence(error: Exception) -> str:
    """What is said for a refusal: its own words, or its kind when it has none."""
    if isinstance(error, CommandRefused):
        return str(error)
    kind = {"NotAllowed": "Not allowed", "NotFound": "Not found", "Conflict": "Changed by someone else"}
    return ": ".join(part for part in (kind.get(type(error).__name__, "Refused"), str(error)) if part)


def _complain(*lines: str) -> int:
    print(*lines, sep="\n", file=sys.stderr)
    return FAILED
