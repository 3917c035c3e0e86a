"""The people of the tests, each made with one line."""

from __future__ import annotations

import itertools
from typing import Any

from helpdesk import clock
from helpdesk.accounts.access import Role
from helpdesk.accounts.models import Department, Person, PersonRole
from helpdesk.channels.models import Channel
from helpdesk.db import db

_numbers = itertools.count(1)


def a_department(code: str = "FIX", **fields: Any) -> Department:
    """The department with this code, made when it is not there."""
    department = db.session.query(Department).filter_by(code=code).one_or_none()
    if department is None:
        department = Department(code=code, name=f"Department {code}", **fields)
        db.session.add(department)
        db.session.commit()
    return department


def a_person(*roles: Role, handle: str | None = None, department: Department | None = None, **fields: Any) -> Person:
    """Somebody with these roles."""
    handle = handle or f"person-{next(_numbers)}"
    fields.setdefault("name", handle.replace("-", " ").title())
    fields.setdefault("email", f"{handle}@example.org")
    fields.setdefault("languages", ["fr", "en"])
    person = Person(
        handle=handle, department_id=department.id if department else None, created_at=clock.now(), **fields
    )
    person.role_rows = [PersonRole(role=role) for role in roles]
    db.session.add(person)
    db.session.commit()
    return person


def a_channel(code: str = "web", kind: str = "webform", **fields: Any) -> Channel:
    """The channel with this code, made when it is not there."""
    channel = db.session.query(Channel).filter_by(code=code).one_or_none()
    if channel is None:
        channel = Channel(code=code, kind=kind, **fields)
        db.session.add(channel)
        db.session.commit()
    return channel


def sign_in(client: Any, person: Person) -> Any:
    """Make `client` the browser of `person`."""
    with client.session_transaction() as session:
        session["_user_id"] = person.get_id()
        session["_fresh"] = True
    return client
