"""Topics, and how well each person knows them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from helpdesk.accounts.directory import department_with, person_with
from helpdesk.accounts.models import SYSTEM
from helpdesk.counts import Counts
from helpdesk.db import db
from helpdesk.loading.entries import entries_of, found, take_each
from helpdesk.routing.models import Skill
from helpdesk.routing.topics import put_topic, set_skills

SCHEMA = "demo-topics/1"


def load(document: dict[str, Any], counts: Counts) -> None:
    take_each(entries_of(document, "topics"), _topic, counts)


def load_skills(organisation: dict[str, Any], counts: Counts) -> None:
    """Read the `topics` of each person of an organisation; its topics must be there."""
    people = [entry for entry in entries_of(organisation, "people") if isinstance(entry, dict) and entry.get("topics")]
    take_each(people, _skills, counts)


def read(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The code of each topic, and its words as `load` would put them. Raises as dictionaries and lists do."""
    return [(entry["id"], _words(entry)) for entry in entries_of(document, "topics")]


def _topic(entry: dict[str, Any]) -> str:
    department = found(department_with(entry["department"]), "department", entry["department"])
    return put_topic(entry["id"], department=department, by=SYSTEM, **_words(entry))[1]


def _words(entry: dict[str, Any]) -> dict[str, Any]:
    synonyms = [str(word) for word in entry.get("synonyms", [])]
    return {"label_fr": entry["fr"], "label_en": entry["en"], "synonyms": synonyms}


def _skills(entry: dict[str, Any]) -> str:
    person = found(person_with(entry["id"]), "person", entry["id"])
    knew_nothing = db.session.scalar(select(Skill.topic_id).where(Skill.person_id == person.id).limit(1)) is None
    if not set_skills(person, entry["topics"], by=SYSTEM):
        return "unchanged"
    return "new" if knew_nothing else "changed"
