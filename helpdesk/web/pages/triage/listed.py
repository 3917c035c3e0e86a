"""The lists of the ticket page: topics by department, and everybody who may be asked; bounded, however many there are.

A list longer than MOST_LISTED helps nobody: then words narrow it down, typed into a form beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlalchemy import Select, or_, select

from helpdesk.accounts.access import Role
from helpdesk.accounts.models import Department, Person, PersonRole
from helpdesk.db import db
from helpdesk.routing.models import Topic
from helpdesk.search.text import fold

MOST_LISTED = 300
MOST_WORDS = 6
NO_DEPARTMENT = "—"


class TopicListed(NamedTuple):
    label: str
    department: str


class PersonListed(NamedTuple):
    handle: str
    name: str
    title: str
    department: str

    @property
    def words(self) -> str:
        return f"{self.name} – {self.title}" if self.title else self.name


@dataclass(frozen=True)
class People:
    """Those to choose from. `complete` False: there are too many to list all. `words`: what narrowed them down; `cut`:
    to still too many."""

    listed: list[PersonListed] = field(default_factory=list)
    complete: bool = True
    words: str = ""
    cut: bool = False

    def by_department(self) -> dict[str, list[tuple[str, str]]]:
        grouped: dict[str, list[tuple[str, str]]] = {}
        for person in self.listed:
            grouped.setdefault(person.department, []).append((person.handle, person.words))
        return grouped


_TOPICS = {
    language: select(Topic.id, label, Department.name).join(Topic.department).where(Topic.active).order_by(Topic.code)
    for language, label in (("en", Topic.label_en), ("fr", Topic.label_fr))
}


def topics(language: str) -> dict[int, TopicListed]:
    """Every topic in use."""
    rows = db.session.execute(_TOPICS["en" if language == "en" else "fr"])
    return {topic_id: TopicListed(*named) for topic_id, *named in rows}


def by_department(topics: Iterable[tuple[int, TopicListed]]) -> dict[str, list[tuple[int, str]]]:
    """Topics under the departments that answer for them: (id, label)."""
    grouped: dict[str, list[tuple[int, str]]] = {}
    for topic_id, topic in sorted(topics, key=lambda each: (each[1].department, each[1].label)):
        grouped.setdefault(topic.department, []).append((topic_id, topic.label))
    return grouped


def some_topics(
    topics: Mapping[int, TopicListed], words: str, always: Iterable[int]
) -> tuple[dict[int, TopicListed], bool]:
    """Those to list, and whether these are all: when there are too many, those of `words`, and `always` the ones that
    were chosen or suggested."""
    if len(topics) <= MOST_LISTED:
        return dict(topics), True
    wanted = fold(words).split()[:MOST_WORDS]
    found = [
        topic_id for topic_id, topic in topics.items() if wanted and _holds(f"{topic.label} {topic.department}", wanted)
    ]
    shown = {*always, *found[:MOST_LISTED]}
    return {topic_id: topic for topic_id, topic in topics.items() if topic_id in shown}, False


def _holds(text: str, wanted: Iterable[str]) -> bool:
    folded = fold(text)
    return all(word in folded for word in wanted)


def people(words: str = "") -> People:
    """Everybody who may be asked, by department and name; or those whose name, short name or title hold `words`."""
    # Sorted here: the database would sort tens of thousands before it says that they are too many.
    everybody = _found(_ASKED)
    if len(everybody) <= MOST_LISTED:
        return People(_sorted(everybody))
    wanted = fold(words).split()[:MOST_WORDS]
    if not wanted:
        return People(complete=False)
    some = _ASKED
    for word in wanted:
        some = some.where(Person.directory_key.contains(word, autoescape=True))
    found = _found(some)
    return People(_sorted(found[:MOST_LISTED]), complete=False, words=words, cut=len(found) > MOST_LISTED)


_ASKED: Select[str, str, str, str | None] = (
    select(Person.handle, Person.name, Person.title, Department.name)
    .outerjoin(Person.department)
    .where(
        Person.active,
        Person.id.in_(select(PersonRole.person_id).where(PersonRole.role.in_((Role.EXPERT, Role.HEAD)))),
        or_(Department.id.is_(None), Department.answers),
    )
    .limit(MOST_LISTED + 1)
)


def _found(query: Select[str, str, str, str | None]) -> list[PersonListed]:
    return [PersonListed(*row[:3], row[3] or NO_DEPARTMENT) for row in db.session.execute(query)]


def _sorted(found: Iterable[PersonListed]) -> list[PersonListed]:
    return sorted(found, key=lambda each: (each.department, each.name, each.handle))
