"""Official answers that were approved elsewhere or before: sealed with the names and dates they came with."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from helpdesk.accounts.directory import department_with, person_with
from helpdesk.accounts.organisation import setting
from helpdesk.answers.recording import record_official_answer
from helpdesk.counts import Counts
from helpdesk.loading.entries import entries_of, found, take_each
from helpdesk.routing.topics import topic_with


def load(document: dict[str, Any], counts: Counts) -> None:
    """Translations may stand before what they translate, so originals are read first."""
    entries = sorted(entries_of(document, "answers"), key=_is_translation)
    take_each(entries, _answer, counts)


def _is_translation(entry: Any) -> bool:
    return isinstance(entry, dict) and bool(entry.get("translation_of"))


def _answer(entry: dict[str, Any]) -> str:
    if entry["validated_by"] == entry["author"]:
        raise ValueError("nobody approves their own answer")
    _row, what = record_official_answer(
        code=entry["id"],
        kind=entry.get("kind", "answer"),
        title=entry["title"],
        body=entry["body"],
        short=entry.get("short", ""),
        language=entry["lang"],
        visibility=entry.get("visibility", "public"),
        topics=[found(topic_with(code), "topic", code) for code in entry.get("topics", [])],
        department=found(department_with(entry["department"]), "department", entry["department"]),
        author=found(person_with(entry["author"]), "person", entry["author"]),
        approvers=[found(person_with(entry["validated_by"]), "person", entry["validated_by"])],
        approved_at=_noon(entry["validated_at"]),
        review_by=entry.get("review_by"),
        variables=entry.get("variables", []),
        withdrawn=entry.get("status") == "withdrawn",
        translation_of=entry.get("translation_of"),
    )
    return what


def _noon(value: Any) -> datetime:
    """A day stands for its noon, where the organisation is."""
    if isinstance(value, datetime):
        return value
    day = value if isinstance(value, date) else date.fromisoformat(str(value))
    return datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo(setting("timezone")))
