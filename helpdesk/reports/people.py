"""The directory as an administrator reads it: found by words, role, department, or by what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, select

from helpdesk.accounts.access import Role
from helpdesk.accounts.models import Department, Person, PersonRole
from helpdesk.db import db
from helpdesk.reports.paging import Walk, walk
from helpdesk.routing.models import Skill, Topic
from helpdesk.search.text import fold

MOST_WORDS = 6
MOST_OFFERED = 200  # names offered beside a field where a person is named


# What may be missing of an active person, as a filter of the list.
LACKING: dict[str, ColumnElement[bool]] = {
    "email": Person.email.is_(None),
    "department": Person.department_id.is_(None),
    "roles": Person.id.not_in(select(PersonRole.person_id)),
    "skills": Person.id.in_(select(PersonRole.person_id).where(PersonRole.role == Role.EXPERT))
    & Person.id.not_in(select(Skill.person_id)),
}


@dataclass(frozen=True)
class Wanted:
    """Which people to list. `words` must all occur in name, short name, address or title; accents do not count."""

    words: str = ""
    role: Role | None = None
    department: Department | None = None
    lacking: str | None = None
    left: bool = False

    @property
    def is_everybody(self) -> bool:
        return self == Wanted()


def listed(wanted: Wanted, *, after: int | None = None, before: int | None = None, limit: int = 50) -> Walk[Person]:
    """A page of the people wanted, by name."""
    query = select(Person).where(Person.active.is_(not wanted.left))
    for word in fold(wanted.words).split()[:MOST_WORDS]:
        query = query.where(Person.directory_key.contains(word, autoescape=True))
    if wanted.role is not None:
        query = query.where(Person.id.in_(select(PersonRole.person_id).where(PersonRole.role == wanted.role)))
    if wanted.department is not None:
        query = query.where(Person.department_id == wanted.department.id)
    if wanted.lacking in LACKING:
        query = query.where(LACKING[wanted.lacking])
    order = (Person.directory_key, Person.id)
    return walk(query, Person, order, after=after, before=before, limit=limit)


def colleagues(department_id: int | None, role: Role) -> Sequence[Person]:
    """Active people with a role, of one department first: names to offer beside a field, not all there are."""
    having = select(PersonRole.person_id).where(PersonRole.role == role)
    query = select(Person).where(Person.active, Person.id.in_(having))
    nearest = (Person.department_id == department_id).desc() if department_id else Person.directory_key
    return db.session.scalars(query.order_by(nearest, Person.directory_key).limit(MOST_OFFERED)).all()


def levels_of(person: Person) -> dict[str, int]:
    """Topic code to level, for every topic `person` knows."""
    known = select(Topic.code, Skill.level).join(Topic, Topic.id == Skill.topic_id).where(Skill.person_id == person.id)
    return {row.code: row.level for row in db.session.execute(known.order_by(Topic.code))}
