"""The official answers as a library: searched, filtered, paged. Read only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import joinedload

from helpdesk.accounts.models import Person
from helpdesk.answers.models import AnswerStatus, AnswerTopic, AnswerVersion, OfficialAnswer
from helpdesk.db import db
from helpdesk.errors import BadInput, NotFound, Problem
from helpdesk.routing.models import Topic
from helpdesk.tickets.models import Ticket, TicketNamed

STATUSES = ("in_force", "expired", "withdrawn", "superseded")
LONGEST_PAGE = 100


@dataclass(frozen=True)
class Item:
    """An official answer with the version in use and its status on that day ("expired" follows from the date)."""

    answer: OfficialAnswer
    version: AnswerVersion
    status: str


@dataclass(frozen=True)
class LibraryPage:
    items: list[Item]
    next_cursor: str | None = None


def visible(person: Person) -> ColumnElement[bool]:
    """What `person` may read here: all but the answers of restricted tickets on whose list they do not stand."""
    named = select(TicketNamed.ticket_id).where(TicketNamed.person_id == person.id)
    hidden = select(Ticket.id).where(Ticket.restricted, Ticket.id.not_in(named))
    return or_(OfficialAnswer.ticket_id.is_(None), OfficialAnswer.ticket_id.not_in(hidden))


def page(
    person: Person,
    *,
    today: date,
    status: str | None = None,
    topic: Topic | None = None,
    language: str | None = None,
    ids: list[int] | None = None,
    limit: int = 30,
    cursor: str | None = None,
) -> LibraryPage:
    """A page of the library, the newest first. `ids` keeps those only, as a search found them, in that order.

    Raises BadInput for a cursor that is not a number.
    """
    query = _in_use().where(visible(person))
    if status:
        query = query.where(_status_is(status, today))
    if topic is not None:
        about = select(AnswerTopic.official_answer_id).where(AnswerTopic.topic_id == topic.id)
        query = query.where(OfficialAnswer.id.in_(about))
    if language:
        query = query.where(OfficialAnswer.language == language)
    if ids is not None:
        found = db.session.execute(query.where(OfficialAnswer.id.in_(ids))).all()
        rows = sorted(found, key=lambda row: ids.index(row[0].id))
        return LibraryPage([_item(row, today) for row in rows])
    if cursor is not None:
        query = query.where(OfficialAnswer.id < _number(cursor))
    limit = max(1, min(limit, LONGEST_PAGE))
    rows = list(db.session.execute(query.order_by(OfficialAnswer.id.desc()).limit(limit + 1)).all())
    items = [_item(row, today) for row in rows[:limit]]
    return LibraryPage(items, str(items[-1].answer.id) if len(rows) > limit else None)


def answer_for(person: Person, code: str) -> OfficialAnswer:
    """The official answer `code` as `person` may see it. Raises NotFound."""
    answer = db.session.scalar(select(OfficialAnswer).where(OfficialAnswer.code == code, visible(person)))
    if answer is None:
        raise NotFound()
    return answer


def status_of(answer: OfficialAnswer, version: AnswerVersion, today: date) -> str:
    """The status in words of the library: in_force, expired, withdrawn or superseded."""
    if answer.status is AnswerStatus.IN_FORCE and version.review_by is not None and version.review_by < today:
        return "expired"
    return str(answer.status)


def topics_of(answer: OfficialAnswer) -> list[Topic]:
    query = select(Topic).join(AnswerTopic, AnswerTopic.topic_id == Topic.id)
    return list(db.session.scalars(query.where(AnswerTopic.official_answer_id == answer.id).order_by(Topic.code)))


def _item(row: Any, today: date) -> Item:
    answer, version = row
    return Item(answer, version, status_of(answer, version, today))


def _in_use() -> Select[OfficialAnswer, AnswerVersion]:
    """Each answer with its last version."""
    last = (
        select(func.max(AnswerVersion.version))
        .where(AnswerVersion.official_answer_id == OfficialAnswer.id)
        .correlate(OfficialAnswer)
        .scalar_subquery()
    )
    return (
        select(OfficialAnswer, AnswerVersion)
        .join(AnswerVersion, AnswerVersion.official_answer_id == OfficialAnswer.id)
        .where(AnswerVersion.version == last)
        .options(joinedload(OfficialAnswer.department))
    )


def _status_is(status: str, today: date) -> ColumnElement[bool]:
    if status == "expired":
        return (OfficialAnswer.status == AnswerStatus.IN_FORCE) & (AnswerVersion.review_by < today)
    if status == "in_force":
        current = or_(AnswerVersion.review_by.is_(None), AnswerVersion.review_by >= today)
        return (OfficialAnswer.status == AnswerStatus.IN_FORCE) & current
    if status not in STATUSES:
        raise BadInput([Problem("status", "invalid")])
    return OfficialAnswer.status == AnswerStatus(status)


def _number(cursor: str) -> int:
    if not cursor.isascii() or not cursor.isdigit() or len(cursor) > 18:
        raise BadInput([Problem("cursor", "invalid")])
    return int(cursor)
