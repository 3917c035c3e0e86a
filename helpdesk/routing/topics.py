"""Topics and skills: what people are asked about, and how well each is known by whom."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from helpdesk.accounts import auditing
from helpdesk.accounts.directory import change, ensure_administrator, unfit
from helpdesk.accounts.models import Actor, Department, Person
from helpdesk.db import db
from helpdesk.errors import BadInput, Problem
from helpdesk.routing.models import Skill, Topic
from helpdesk.tickets.events import reindex

MOST_SYNONYMS, LONGEST_SYNONYM = 200, 100  # per topic; characters
LEVELS = (1, 2, 3)  # can help out, knows it, is answerable for it


def topic_with(code: str) -> Topic | None:
    return db.session.scalar(select(Topic).where(Topic.code == code))


def put_topic(code: str, *, department: Department, by: Person | Actor, **values: Any) -> tuple[Topic, str]:
    """The topic `code` with these values (`label_fr`, `label_en`, `synonyms`, `active`); "new", "changed", …"""
    ensure_administrator(by)
    code = code.strip()
    problems = []
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,79}", code):
        problems.append(Problem("code", "bad_code"))
    problems += [
        Problem(name, "missing") for name in ("label_fr", "label_en") if name in values and not values[name].strip()
    ]
    problems += unfit(Topic, values)
    if "synonyms" in values:
        values["synonyms"] = list(dict.fromkeys(filter(None, map(str.strip, values["synonyms"]))))
        problems += _synonym_problems(values["synonyms"])
    if problems:
        raise BadInput(problems)
    topic = topic_with(code)
    values = {**values, "department_id": department.id}
    if topic is None:
        topic = Topic(code=code, **{"label_fr": code, "label_en": code, "synonyms": []} | values)
        db.session.add(topic)
        db.session.flush()
        auditing.note("topic_added", "topic", topic.id, by=by, code=code)
        reindex("topic", topic.id)
        return topic, "new"
    changed = change(topic, values)
    if not changed:
        return topic, "unchanged"
    auditing.note("topic_changed", "topic", topic.id, by=by, columns=sorted(changed))
    reindex("topic", topic.id)
    for skill in topic.skills:
        reindex("person", skill.person_id)
    return topic, "changed"


def _synonym_problems(synonyms: list[str]) -> list[Problem]:
    problems = []
    if len(synonyms) > MOST_SYNONYMS:
        problems.append(Problem("synonyms", "too_many", {"count": len(synonyms), "limit": MOST_SYNONYMS}))
    for word in synonyms:
        if len(word) > LONGEST_SYNONYM:
            problems.append(Problem("synonyms", "long_synonym", {"word": word[:30], "limit": LONGEST_SYNONYM}))
        if "\0" in word:
            problems.append(Problem("synonyms", "nul", {"position": word.index("\0") + 1}))
    return problems


def set_skills(person: Person, levels: Mapping[str, int], *, by: Person | Actor) -> bool:
    """Give `person` exactly these skills (topic code to level 1–3). True when something changed.

    Raises BadInput for a topic or level that does not exist.
    """
    ensure_administrator(by)
    topics = {topic.code: topic for topic in db.session.scalars(select(Topic).where(Topic.code.in_(levels)))}
    problems = [Problem("skills", "unknown_topic", {"code": code}) for code in levels if code not in topics]
    problems += [
        Problem("skills", "out_of_range", {"least": LEVELS[0], "most": LEVELS[-1]})
        for level in levels.values()
        if level not in LEVELS
    ]
    if problems:
        raise BadInput(problems)
    wanted = {topics[code].id: level for code, level in levels.items()}
    held = {skill.topic_id: skill for skill in db.session.scalars(select(Skill).where(Skill.person_id == person.id))}
    if wanted == {topic_id: skill.level for topic_id, skill in held.items()}:
        return False
    for topic_id, skill in held.items():
        if topic_id not in wanted:
            db.session.delete(skill)
    for topic_id, level in wanted.items():
        if topic_id in held:
            held[topic_id].level = level
        else:
            db.session.add(Skill(person_id=person.id, topic_id=topic_id, level=level))
    db.session.flush()
    auditing.note("skills_changed", "person", person.id, by=by, topics=sorted(levels))
    reindex("person", person.id)
    return True
