"""`people add`, `people list`: accounts from the command line."""

from __future__ import annotations

import argparse
import getpass
import sys
from typing import Any

from flask import Flask
from sqlalchemy import select

from helpdesk.accounts.access import Role
from helpdesk.accounts.directory import department_with, put_person
from helpdesk.accounts.entering import set_password
from helpdesk.accounts.models import SYSTEM, Person
from helpdesk.commands import CommandRefused, Commands, Result
from helpdesk.db import db, transaction


def register(commands: Commands) -> None:
    parser = commands.add_parser("people", help="adds and lists accounts")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = actions.add_parser("add", help="adds a person, or changes one that is there")
    add.add_argument("handle", metavar="HANDLE", help="the stable short name, such as exp-fix-01")
    add.add_argument("--name", help="the full name")
    add.add_argument("--email", help="where letters go")
    add.add_argument("--title", help="the job title")
    add.add_argument("--department", metavar="CODE", help="the department's code")
    add.add_argument("--role", action="append", choices=[str(role) for role in Role], help="may be repeated")
    add.add_argument("--language", action="append", choices=["fr", "en"], help="answers in it; may be repeated")
    add.add_argument("--password", action="store_true", help="asks for a password (or reads it from standard input)")
    add.set_defaults(run=add_person)
    listing = actions.add_parser("list", help="lists everybody, by handle")
    listing.add_argument("--role", choices=[str(role) for role in Role], help="only people with this role")
    listing.set_defaults(run=list_people)


def add_person(args: argparse.Namespace, app: Flask) -> Result:
    """Add or change one person."""
    values: dict[str, Any] = {
        name: getattr(args, name) for name in ("name", "email", "title") if getattr(args, name) is not None
    }
    if args.language:
        values["languages"] = args.language
    password = read_password() if args.password else None
    with transaction():
        if args.department is not None:
            department = department_with(args.department)
            if department is None:
                raise CommandRefused(f"There is no department {args.department}.")
            values["department_id"] = department.id
        roles = [Role(role) for role in args.role] if args.role else None
        person, what = put_person(args.handle, by=SYSTEM, roles=roles, **values)
        if password is not None:
            set_password(person, password, by=SYSTEM)
    return Result(lines=[f"{person.handle}: {what}"], document=document(person) | {"result": what})


def list_people(args: argparse.Namespace, app: Flask) -> Result:
    """Everybody, or everybody with a role."""
    people = db.session.scalars(select(Person).order_by(Person.handle)).all()
    chosen = [person for person in people if not args.role or person.has(Role(args.role))]
    return Result(
        lines=[
            f"{person.handle:<20} {person.name:<32} {', '.join(sorted(person.roles))}"
            f"{'' if person.active else '  (left)'}"
            for person in chosen
        ],
        document=[document(person) for person in chosen],
    )


def document(person: Person) -> dict[str, Any]:
    return {
        "handle": person.handle,
        "name": person.name,
        "email": person.email,
        "title": person.title,
        "department": person.department.code if person.department else None,
        "roles": sorted(person.roles),
        "languages": person.languages,
        "active": person.active,
    }


def read_password() -> str:
    """A password typed twice at a terminal, or one line of standard input: never an argument others could see."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Once more: ") != password:
        raise CommandRefused("The two passwords differ; nothing was changed.")
    return password


def run(args: argparse.Namespace, app: Flask) -> Result:
    raise AssertionError("each action has its own function")
