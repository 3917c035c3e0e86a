"""Who may find what: the keys written on a document, and the keys a person holds.

A first filter inside the index, so that a search looks at what the person may see and at little else. It
may let through more than the rules allow (an approver holds the key of the department at all times), never
less: results are fetched again through the person. Beside the keys of a ticket as a whole there are those of its
parts that fewer people read: notes are for the community managers' desk, who asked is for those who answer in public.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Select, select

from helpdesk.accounts.access import Can, Relation, Role, role_allowing
from helpdesk.accounts.models import Department, Person
from helpdesk.db import db

UNRESTRICTED = "unrestricted"
ASKERS = "askers"
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


def on_notes(
    *, restricted: bool, department_id: int | None, named: Iterable[int], involved: Iterable[int]
) -> frozenset[str]:
    """The keys of what is noted inside: for those to whom the page of the ticket opens with its history."""
    if restricted:
        return frozenset(map(of_person, named))
    headed = {of_head(person_id) for person_id in involved}
    return frozenset({UNRESTRICTED, f"heads:{of_department(department_id)}", *headed})


def on_asker(*, restricted: bool, named: Iterable[int]) -> frozenset[str]:
    """The keys of who asked."""
    return frozenset(map(of_named, named)) if restricted else frozenset({ASKERS})


def of_head(person_id: int) -> str:
    """Held by that person if they head a department."""
    return f"head:{person_id}"


def of_named(person_id: int) -> str:
    """Held by that person if their role lets them see who asked, once they are named on a restricted ticket."""
    return f"named:{person_id}"


def held_by(person: Person) -> frozenset[str]:
    """The keys with which `person` searches."""
    if not person.active:
        return frozenset()
    keys = {of_person(person.id)}
    if role_allowing(Can.SEE_OFFICIAL_ANSWERS, person.roles, {Relation.ANY}):
        keys.add(ANSWERS)
    if role_allowing(Can.SEE_TICKET, person.roles, {Relation.ANY}):
        keys.add(UNRESTRICTED)
    if role_allowing(Can.SEE_ASKER, person.roles, {Relation.ANY}):
        keys.add(ASKERS)
    if role_allowing(Can.SEE_ASKER, person.roles, {Relation.NAMED}):
        keys.add(of_named(person.id))
    if person.has(Role.HEAD):
        headed = set(map(of_department, db.session.scalars(_headed_by(person))))
        keys |= {of_head(person.id), *headed, *(f"heads:{key}" for key in headed)}
    if person.has(Role.APPROVER):
        keys.update({of_department(person.department_id), NO_DEPARTMENT})
    return frozenset(keys)


def _headed_by(person: Person) -> Select[int]:
    return select(Department.id).where(Department.head_id == person.id)
