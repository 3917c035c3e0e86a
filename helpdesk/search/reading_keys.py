"""Who may find what: the keys written on a document, and the keys a person holds.

A first filter inside the index, so that a search looks at what the person may see and at little else. It
may let through more than the rules allow (an approver holds the key of the department at all times), never
less: results are fetched again through the person.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from helpdesk.accounts.access import Can, Relation, Role, role_allowing
from helpdesk.accounts.models import Department, Person
from helpdesk.db import db

UNRESTRICTED = "unrestricted"
ANSWERS = "answers"
NO_DEPARTMENT = "department:none"


def of_person(person_id: int) -> str:
    return f"person:{person_id}"


def of_department(department_id: int | None) -> str:
    return NO_DEPARTMENT if department_id is None else f"department:{department_id}"


def on_ticket(
    *, restricted: bool, department_id: int | None, named: Iterable[int], involved: Iterable[int]
) -> frozenset[str]:
    """The keys of a ticket. A restricted one is found by those named, and by nobody else."""
    if restricted:
        return frozenset(map(of_person, named))
    return frozenset({UNRESTRICTED, of_department(department_id), *map(of_person, {*named, *involved})})


def held_by(person: Person) -> frozenset[str]:
    """The keys with which `person` searches."""
    if not person.active:
        return frozenset()
    keys = {of_person(person.id)}
    if role_allowing(Can.SEE_OFFICIAL_ANSWERS, person.roles, {Relation.ANY}):
        keys.add(ANSWERS)
    if role_allowing(Can.SEE_TICKET, person.roles, {Relation.ANY}):
        keys.add(UNRESTRICTED)
    if person.has(Role.HEAD):
        headed = db.session.scalars(select(Department.id).where(Department.head_id == person.id))
        keys.update(map(of_department, headed))
    if person.has(Role.APPROVER):
        keys.update({of_department(person.department_id), NO_DEPARTMENT})
    return frozenset(keys)
