"""People, departments and roles: added and changed by an administrator or by the loading of a directory.

Every function is safe to repeat: it says whether the row was new, changed or unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import insert, literal, or_, select

from helpdesk import clock, outbox
from helpdesk.accounts import auditing
from helpdesk.accounts.access import Can, Role, role_allowing
from helpdesk.accounts.access import Relation as Standing
from helpdesk.accounts.models import Actor, Department, Person, PersonRole
from helpdesk.db import Base, db
from helpdesk.errors import BadInput, NotAllowed, Problem
from helpdesk.outbox import Lane
from helpdesk.tickets.events import reindex
from helpdesk.tickets.models import IndexChange

LONGEST_TEXT = 20_000  # characters of a column without a limit of its own
HANDLE = re.compile(r"[a-z0-9][a-z0-9._-]{0,58}[a-z0-9]")
LANGUAGES = ("fr", "en")
MOST_OPEN = 100


def ensure_administrator(by: Person | Actor) -> None:
    """Raise NotAllowed unless `by` administers (or is Relais itself, loading a file)."""
    if isinstance(by, Person) and role_allowing(Can.ADMINISTER, by.roles, {Standing.ANY}) is None:
        raise NotAllowed("may_not_administer")


def change(row: Base, values: Mapping[str, Any]) -> list[str]:
    """Set the columns that differ; their names."""
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, values[name])
    return changed


def unfit(model: type[Base], values: Mapping[str, Any]) -> list[Problem]:
    """The texts among `values` that the columns of `model` cannot hold: too long, or with a NUL character."""
    problems = []
    for name, value in values.items():
        if not isinstance(value, str):
            continue
        limit = getattr(model.__table__.c[name].type, "length", None) or LONGEST_TEXT
        if len(value) > limit:
            problems.append(Problem(name, "too_long", {"count": len(value), "limit": limit}))
        if "\0" in value:
            problems.append(Problem(name, "nul", {"position": value.index("\0") + 1}))
    return problems


def department_with(code: str) -> Department | None:
    return db.session.scalar(select(Department).where(Department.code == code))


def person_with(handle: str) -> Person | None:
    return db.session.scalar(select(Person).where(Person.handle == handle))


def person_called(words: str) -> Person:
    """The one active person whose handle, e-mail address or full name is `words`.

    Raises BadInput (field "person") when there is none, or when several people have that name.
    """
    words = words.strip()
    same = or_(Person.handle == words, Person.email == words.lower(), Person.name == words)
    found = db.session.scalars(select(Person).where(Person.active, same).order_by(Person.handle).limit(5)).all()
    exact = [person for person in found if words == person.handle or words.lower() == person.email]
    if len(exact or found) == 1:
        return (exact or found)[0]
    if found:
        handles = ", ".join(person.handle for person in found)
        raise BadInput([Problem("person", "several_people", {"handles": handles})])
    raise BadInput([Problem("person", "nobody_called", {"words": words})])


def put_department(code: str, *, by: Person | Actor, **values: Any) -> tuple[Department, str]:
    """The department `code` with these values; and "new", "changed" or "unchanged"."""
    ensure_administrator(by)
    code = code.strip()
    problems = []
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", code):
        problems.append(Problem("code", "bad_code"))
    if "name" in values and not str(values["name"]).strip():
        problems.append(Problem("name", "missing"))
    problems += unfit(Department, values)
    if problems:
        raise BadInput(problems)
    department = department_with(code)
    if department is None:
        department = Department(code=code, **{"name": code, **values})
        db.session.add(department)
        db.session.flush()
        auditing.note("department_added", "department", department.id, by=by, code=code)
        return department, "new"
    changed = change(department, values)
    if not changed:
        return department, "unchanged"
    auditing.note("department_changed", "department", department.id, by=by, columns=sorted(changed))
    if "name" in changed:
        reindex_department(department)
    return department, "changed"


def put_person(
    handle: str, *, by: Person | Actor, roles: Iterable[Role] | None = None, **values: Any
) -> tuple[Person, str]:
    """The person `handle` with these values and roles (None: as they are); and "new", "changed" or "unchanged".

    Raises BadInput with every value that cannot be taken.
    """
    ensure_administrator(by)
    handle = handle.strip()
    if "email" in values:  # one spelling per address, and none is not an empty one: addresses are unique
        values["email"] = (values["email"] or "").strip().lower() or None
    problems = _person_problems(handle, values)
    if problems:
        raise BadInput(problems)
    person = person_with(handle)
    if person is None:
        person = Person(handle=handle, created_at=clock.now(), **{"name": handle, "languages": ["fr"]} | values)
        db.session.add(person)
        db.session.flush()
        _set_roles(person, set(roles or ()), by)
        auditing.note("person_added", "person", person.id, by=by, handle=handle)
        reindex("person", person.id)
        return person, "new"
    changed = change(person, values)
    if roles is not None and _set_roles(person, set(roles), by):
        changed.append("roles")
    if not changed:
        return person, "unchanged"
    if "active" in changed and not person.active:
        person.session_epoch += 1  # whoever leaves is signed out everywhere
    auditing.note("person_changed", "person", person.id, by=by, columns=sorted(changed))
    reindex("person", person.id)
    return person, "changed"


def reindex_department(department: Department) -> None:
    """Its name is part of what its people are found by: read them again, in one statement however many they are."""
    theirs = select(literal("person"), Person.id).where(Person.department_id == department.id, Person.active)
    db.session.execute(insert(IndexChange).from_select(["kind", "entity_id"], theirs))
    outbox.nudge_after_commit(Lane.INDEX)


def _set_roles(person: Person, wanted: set[Role], by: Person | Actor) -> bool:
    """Give exactly the `wanted` roles. The last administrator keeps that role: nobody could give it back."""
    held = set(person.roles)
    if wanted == held:
        return False
    if Role.ADMINISTRATOR in held - wanted and _is_last_administrator(person):
        raise BadInput([Problem("roles", "last_administrator")])
    person.role_rows = [row for row in person.role_rows if row.role in wanted]
    person.role_rows.extend(PersonRole(role=role) for role in sorted(wanted - held))
    db.session.flush()
    auditing.note("roles_changed", "person", person.id, by=by, given=sorted(wanted - held), taken=sorted(held - wanted))
    return True


def _is_last_administrator(person: Person) -> bool:
    others = (
        select(PersonRole.person_id)
        .join(Person, Person.id == PersonRole.person_id)
        .where(PersonRole.role == Role.ADMINISTRATOR, Person.active, Person.id != person.id)
    )
    return db.session.scalar(others.limit(1)) is None


def _person_problems(handle: str, values: Mapping[str, Any]) -> list[Problem]:
    problems = []
    if not HANDLE.fullmatch(handle):
        problems.append(Problem("handle", "bad_handle"))
    if "name" in values and not str(values["name"] or "").strip():
        problems.append(Problem("name", "missing"))
    problems += unfit(Person, values)
    email = values.get("email")
    if email:
        try:
            validate_email(email, check_deliverability=False, test_environment=True)
        except EmailNotValidError:
            problems.append(Problem("email", "bad_email"))
        else:
            taken = db.session.scalar(select(Person.handle).where(Person.email == email, Person.handle != handle))
            if taken:
                problems.append(Problem("email", "email_taken", {"handle": taken}))
    languages = values.get("languages")
    if languages is not None and (not languages or not set(languages) <= set(LANGUAGES)):
        problems.append(Problem("languages", "unknown_language", {"known": ", ".join(LANGUAGES)}))
    most = values.get("max_open")
    if most is not None and not (isinstance(most, int) and 1 <= most <= MOST_OPEN):
        problems.append(Problem("max_open", "out_of_range", {"least": 1, "most": MOST_OPEN}))
    backup = db.session.get(Person, values["backup_id"]) if values.get("backup_id") else None
    if backup is not None and (backup.handle == handle or not backup.has(Role.EXPERT)):
        problems.append(Problem("backup", "delegate_cannot"))
    leaver = person_with(handle) if values.get("active") is False else None
    if leaver is not None and leaver.has(Role.ADMINISTRATOR) and _is_last_administrator(leaver):
        problems.append(Problem("active", "last_administrator"))
    return problems
