"""The people an expert may name: those the matcher thought of first, then their own department, then the others."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, or_, select

from helpdesk import clock
from helpdesk.accounts.access import Role
from helpdesk.accounts.models import Absence, Department, Person, PersonRole
from helpdesk.db import db
from helpdesk.routing.models import Offer
from helpdesk.routing.my_offers import others_suggested

DEPARTMENT = "department:"
MOST_LISTED = 300
"""People in one list. Beyond, one's own department and whoever was suggested are listed, and the other departments."""

Groups = dict[str, list[tuple[str, str]]]


class Colleague(NamedTuple):
    id: int
    handle: str
    name: str
    title: str
    department_id: int | None
    department: str


def people_who_answer(
    near: int | None, always: Collection[int] = (), roles: Collection[Role] = (Role.EXPERT, Role.HEAD)
) -> list[Colleague]:
    """Everybody active with one of the `roles`, by name; where they are too many to list, those of the department
    `near` and those with the ids in `always`."""
    everybody = _colleagues(roles)
    if len(everybody) > MOST_LISTED:
        everybody = _colleagues(roles, or_(Person.department_id == near, Person.id.in_(always)))[:MOST_LISTED]
    return sorted(everybody, key=lambda each: (each.name, each.handle))


def _colleagues(roles: Collection[Role], *which: ColumnElement[bool]) -> list[Colleague]:
    asked = select(PersonRole.person_id).where(PersonRole.role.in_(roles))
    facts = (Person.id, Person.handle, Person.name, Person.title, Person.department_id, Department.name)
    query = select(*facts).outerjoin(Person.department).where(Person.active, Person.id.in_(asked), *which)
    return [Colleague(*row[:5], row[5] or "") for row in db.session.execute(query.limit(MOST_LISTED + 1))]


def choices_for(offer: Offer) -> Groups:
    """Short name and label of each colleague, in groups; those who are away say so."""
    away = _away()
    suggested = others_suggested(offer)
    own = offer.person.department_id
    people = [each for each in people_who_answer(own, suggested) if each.id != offer.person_id]
    first = sorted((each for each in people if each.id in suggested), key=lambda each: suggested.index(each.id))
    groups: Groups = {_("Suggested for this question"): [_choice(each, away) for each in first]}
    for person in sorted(people, key=lambda each: (each.department_id != own, each.department, each.name)):
        if person.id not in suggested:
            groups.setdefault(person.department or _("Without a department"), []).append(_choice(person, away))
    return {name: choices for name, choices in groups.items() if choices}


def with_departments(groups: Groups) -> Groups:
    """The same, and every department that answers: for a question that one can't place with a person."""
    query = select(Department).where(Department.active, Department.answers).order_by(Department.name)
    departments = [(DEPARTMENT + each.code, each.name) for each in db.session.scalars(query)]
    return {**groups, _("A department, without naming anyone"): departments} if departments else groups


def named(handle: str) -> Person | None:
    """The person with this short name. None: nobody is named, or nobody is called so."""
    return db.session.scalar(select(Person).where(Person.handle == handle)) if handle else None


def department_named(value: str) -> Department | None:
    if not value.startswith(DEPARTMENT):
        return None
    return db.session.scalar(select(Department).where(Department.code == value.removeprefix(DEPARTMENT)))


def _away() -> set[int]:
    now = clock.now()
    return set(db.session.scalars(select(Absence.person_id).where(Absence.starts_at <= now, Absence.ends_at > now)))


def _choice(person: Colleague, away: set[int]) -> tuple[str, str]:
    label = f"{person.name}, {person.title}" if person.title else person.name
    return person.handle, _("%(name)s (away)", name=label) if person.id in away else label
