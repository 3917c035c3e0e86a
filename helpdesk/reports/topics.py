"""Topics with who knows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from helpdesk.accounts.access import Role
from helpdesk.accounts.models import Department, Person, PersonRole
from helpdesk.db import db
from helpdesk.routing.models import Skill, Topic

MOST_KNOWING = 200


@dataclass(frozen=True)
class Known:
    """A topic, and how many active experts know it at all (levels 1 to 3) and answer for it (level 3)."""

    topic: Topic
    experts: int
    answerable: int


def by_department() -> list[tuple[Department, list[Known]]]:
    """Every topic under its department, in the order of their names."""
    topics = db.session.scalars(
        select(Topic)
        .join(Department)
        .options(joinedload(Topic.department))
        .order_by(Department.name, Topic.active.desc(), Topic.code)
    ).all()
    counts = experts_by_topic()
    groups: dict[int, tuple[Department, list[Known]]] = {}
    for topic in topics:
        _department, known = groups.setdefault(topic.department_id, (topic.department, []))
        known.append(Known(topic, *counts.get(topic.id, (0, 0))))
    return list(groups.values())


def experts_by_topic() -> dict[int, tuple[int, int]]:
    """Topic id to the number of active experts who know it, and of those who answer for it."""
    experts = select(PersonRole.person_id).where(PersonRole.role == Role.EXPERT)
    counted = (
        select(Skill.topic_id, func.count(), func.count().filter(Skill.level == 3))
        .join(Person, Person.id == Skill.person_id)
        .where(Person.active, Person.id.in_(experts))
        .group_by(Skill.topic_id)
    )
    return {topic_id: (everybody, answerable) for topic_id, everybody, answerable in db.session.execute(counted)}


def thinly_known() -> list[Known]:
    """The active topics of departments that answer, known by no expert or by one: the emptiest first."""
    counts = experts_by_topic()
    topics = db.session.scalars(
        select(Topic)
        .join(Department)
        .where(Topic.active, Department.active, Department.answers)
        .options(joinedload(Topic.department))
        .order_by(Topic.code)
    )
    known = [Known(topic, *counts.get(topic.id, (0, 0))) for topic in topics]
    return sorted((each for each in known if each.experts < 2), key=lambda each: each.experts)


def who_knows(topic: Topic) -> Sequence[Skill]:
    """The skills of active people in a topic, the most answerable first; not more than MOST_KNOWING."""
    return db.session.scalars(
        select(Skill)
        .join(Person, Person.id == Skill.person_id)
        .where(Skill.topic_id == topic.id, Person.active)
        .options(joinedload(Skill.person))
        .order_by(Skill.level.desc(), Person.directory_key)
        .limit(MOST_KNOWING)
    ).all()
