"""The people an expert may name: those the matcher thought of first, then their own department, then the others."""

from __future__ import annotations

from flask_babel import gettext as _
from sqlalchemy import select

from helpdesk import clock
from helpdesk.accounts.access import Role
from helpdesk.accounts.models import Absence, Department, Person, PersonRole
from helpdesk.db import db
from helpdesk.routing.models import Offer
from helpdesk.routing.my_offers import others_suggested

DEPARTMENT = "department:"

Groups = dict[str, list[tuple[str, str]]]


def people_who_answer() -> list[Person]:
    """Everybody active who may be asked, by name."""
    asked = select(PersonRole.person_id).where(PersonRole.role.in_((Role.EXPERT, Role.HEAD)))
    return list(db.session.scalars(select(Person).where(Person.active, Person.id.in_(asked)).order_by(Person.name)))


def choices_for(offer: Offer) -> Groups:
    """Short name and label of each colleague, in groups; those who are away say so."""
    away = _away()
    suggested = others_suggested(offer)
    people = [each for each in people_who_answer() if each.id != offer.person_id]
    first = sorted((each for each in people if each.id in suggested), key=lambda each: suggested.index(each.id))
    groups: Groups = {_("Suggested for this question"): [_choice(each, away) for each in first]}
    own = offer.person.department_id
    for person in sorted(people, key=lambda each: (each.department_id != own, _department(each), each.name)):
        if person.id not in suggested:
            groups.setdefault(_department(person) or _("Without a department"), []).append(_choice(person, away))
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


def _choice(person: Person, away: set[int]) -> tuple[str, str]:
    label = f"{person.name}, {person.title}" if person.title else person.name
    return person.handle, _("%(name)s (away)", name=label) if person.id in away else label


def _department(person: Person) -> str:
    return person.department.name if person.department else ""
