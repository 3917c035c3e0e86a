"""`token create`, `token revoke`: keys to the API."""

from __future__ import annotations

import argparse

from flask import Flask

from helpdesk.accounts.directory import person_with
from helpdesk.accounts.entering import create_token, revoke_token
from helpdesk.accounts.models import SYSTEM, TokenScope
from helpdesk.commands import CommandRefused, Commands, Result
from helpdesk.db import transaction
from helpdesk.errors import NotFound


def register(commands: Commands) -> None:
    parser = commands.add_parser("token", help="makes and ends API tokens")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    create = actions.add_parser("create", help="makes a token, which is shown once")
    create.add_argument("--person", required=True, metavar="HANDLE", help="the token acts with this person's roles")
    create.add_argument("--scope", choices=[str(scope) for scope in TokenScope], default="full")
    create.set_defaults(run=create_for)
    revoke = actions.add_parser("revoke", help="ends a token at once")
    revoke.add_argument("id", type=int, metavar="ID")
    revoke.set_defaults(run=revoke_one)


def create_for(args: argparse.Namespace, app: Flask) -> Result:
    """Make a token of a person."""
    with transaction():
        person = person_with(args.person)
        if person is None or not person.active:
            raise CommandRefused(f"Nobody active has the handle {args.person}.")
        token, secret = create_token(person, TokenScope(args.scope), by=SYSTEM)
        document = {"id": token.id, "token": secret, "person": person.handle, "scope": str(token.scope)}
    return Result(lines=[secret, f"Token {document['id']}. It is not shown again."], document=document)


def revoke_one(args: argparse.Namespace, app: Flask) -> Result:
    """End a token."""
    try:
        with transaction():
            token = revoke_token(args.id, by=SYSTEM)
    except NotFound as error:
        raise CommandRefused(f"There is no token {args.id}.") from error
    return Result(lines=[f"Token {token.id} is revoked."], document={"id": token.id, "revoked": True})


def run(args: argparse.Namespace, app: Flask) -> Result:
    raise AssertionError("each action has its own function")
