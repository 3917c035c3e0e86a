"""`prepare`, used by `bin/serve`: tables up to date, demo loaded, and whether anybody can sign in."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from flask import Flask

from helpdesk.cli import AS_IT_IS
from helpdesk.commands import Commands, Result
from helpdesk.migrating import migrate


def register(commands: Commands) -> None:
    """An internal command: not listed by --help."""
    parser = commands.add_parser("prepare", description=__doc__)
    parser.add_argument("--demo", action="store_true", help="load the fictional organisation")
    parser.add_argument("--into", type=Path, metavar="FILE", help="write the JSON document there")
    parser.set_defaults(database=AS_IT_IS)


def run(args: argparse.Namespace, app: Flask) -> Result:
    """The document: `accounts` (rows of role, handle, password) and `first_administrator_link` (or null)."""
    from helpdesk import demo
    from helpdesk.accounts.entering import first_administrator_secret

    migrate(app)
    if args.demo:
        demo.load(app)
    accounts = [list(row) for row in demo.accounts()] if args.demo else []
    secret = None if args.demo else first_administrator_secret()
    base_url = app.extensions["relais_settings"].base_url
    document = {
        "accounts": accounts,
        "first_administrator_link": f"{base_url}/account/first/{secret}" if secret else None,
    }
    if args.into:
        args.into.touch(mode=0o600)
        args.into.write_text(json.dumps(document), encoding="utf-8")
    return Result(document=document)
