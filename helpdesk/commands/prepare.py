"""`prepare`, used by `bin/serve`: tables up to date, demo loaded, and whether anybody can sign in."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from flask import Flask, url_for

from config import Settings
from helpdesk.accounts.entering import first_administrator_secret
from helpdesk.cli import AS_IT_IS
from helpdesk.commands import Commands, Result
from helpdesk.migrating import migrate


def register(commands: Commands) -> None:
    """An internal command: not listed by --help."""
    parser = commands.add_parser("prepare", description=__doc__)
    parser.add_argument("--demo", action="store_true", help="load the fictional organisation")
    parser.add_argument("--past", action="store_true", help="with the weeks before, played by the workers")
    parser.add_argument("--into", type=Path, metavar="FILE", help="write the JSON document there")
    parser.set_defaults(database=AS_IT_IS)


def run(args: argparse.Namespace, app: Flask) -> Result:
    """The document: `accounts` (rows of role, handle, password) and `first_administrator_link` (or null)."""
    migrate(app)
    accounts: list[list[str]] = []
    link: str | None = None
    if args.demo:
        from helpdesk import demo

        demo.load(app, past=args.past)
        accounts = [list(row) for row in demo.accounts()]
    else:
        secret = first_administrator_secret()
        link = _address(app, "account.first_administrator", secret=secret) if secret else None
    document = {"accounts": accounts, "first_administrator_link": link}
    if args.into:
        args.into.touch(mode=0o600)
        args.into.write_text(json.dumps(document), encoding="utf-8")
    return Result(document=document)


def _address(app: Flask, page: str, **values: str) -> str:
    """The full address of a page, as people reach it."""
    settings: Settings = app.extensions["relais_settings"]
    with app.test_request_context(base_url=settings.base_url):
        return url_for(page, _external=True, **values)
