"""What happened on a day, counted from the log: declines, redirects, what was done again, what helped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime, timedelta
from datetime import time as midnight
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, func, select

from helpdesk.accounts.models import AuditEntry, Person
from helpdesk.accounts.organisation import setting
from helpdesk.answers.ledger import WITHDRAWN
from helpdesk.answers.models import OfficialAnswer
from helpdesk.db import db
from helpdesk.rollups.models import NO_DEPARTMENT
from helpdesk.tickets.models import Event, Ticket, TicketTopic
from helpdesk.tickets.workflow import Kind

REDIRECTED = "redirected"
COUNTED = {
    Kind.DECLINED: "declined",
    Kind.REDIRECTED: REDIRECTED,
    Kind.RETURNED: "returned",
    Kind.REOPENED: "reopened",
}
CORRECTED, HELPED, NOT_HELPED = "corrected", "helped", "not_helped"
LOOKED_AT = (*COUNTED, Kind.PUBLISHED, Kind.JUDGED)
Counted = tuple[int, str, int]
"""(department, kind, other_id) of a `DayCount`."""


def counts_of(day: date) -> Iterator[dict[str, Any]]:
    """The `DayCount`s of a local day, from the log."""
    begin, end = bounds(day)
    found: Counter[Counted] = Counter()
    for part in (_happened, _published_again, _judged, _withdrawn, _topics):
        found.update(part(begin, end))
    for (department, kind, other), count in found.items():
        yield day_count(day, department, kind, other, count)


def day_count(day: date, department: int, kind: str, other: int, count: int) -> dict[str, Any]:
    """The columns of a `DayCount`."""
    return {"day": day, "department_id": department, "kind": kind, "other_id": other, "count": count}


def counted_on(tickets: Collection[int]) -> set[date]:
    """The local days on which these tickets count for something else than their clocks: as received, and where
    something that is counted happened to them."""
    opened = select(Ticket.opened_at).where(Ticket.id.in_(list(tickets)))
    happened = select(Event.at).where(Event.ticket_id.in_(list(tickets)), Event.kind.in_(LOOKED_AT))
    return {_local_day(at) for query in (opened, happened) for at in db.session.scalars(query)}


def withdrawn_on(answers: Collection[int]) -> set[date]:
    """The local days on which these official answers were withdrawn."""
    if not answers:
        return set()
    when = _withdrawals().with_only_columns(AuditEntry.at).where(AuditEntry.object_id.in_(list(answers)))
    return {_local_day(at) for at in db.session.scalars(when)}


def every_counted_day() -> set[date]:
    """The days on which only something that no clock tells of may have happened."""
    judged = select(Event.at).where(Event.kind == Kind.JUDGED)
    withdrawn = _withdrawals().with_only_columns(AuditEntry.at)
    return {_local_day(at) for query in (judged, withdrawn) for at in db.session.scalars(query)}


def bounds(day: date) -> tuple[datetime, datetime]:
    """The instants at which a local day begins and ends."""
    zone = ZoneInfo(setting("timezone"))
    return (
        datetime.combine(day, midnight(), zone),
        datetime.combine(day + timedelta(days=1), midnight(), zone),
    )


def _local_day(instant: datetime) -> date:
    return instant.astimezone(ZoneInfo(setting("timezone"))).date()


def _happened(begin: datetime, end: datetime) -> Iterator[Counted]:
    """For the department of who was asked, else for the ticket's; what was passed on says to which department, 0
    where nobody is asked there yet."""
    events = _events(begin, end, COUNTED)
    named = {row.facts[name] for row in events for name in ("person_id", "instead_id") if row.facts.get(name)}
    rows = db.session.execute(select(Person.id, Person.department_id).where(Person.id.in_(named))).all()
    departments = dict(rows)
    for row in events:
        asked = departments.get(row.facts.get("person_id")) or row.department_id or NO_DEPARTMENT
        instead = row.facts.get("department_id") or departments.get(row.facts.get("instead_id")) or NO_DEPARTMENT
        yield asked, COUNTED[row.kind], instead if row.kind is Kind.REDIRECTED else 0


def _published_again(begin: datetime, end: datetime) -> Iterator[Counted]:
    """Another text in the place of one that was posted before. What is said while nobody knows is no answer."""
    today = [row for row in _events(begin, end, (Kind.PUBLISHED,)) if not row.facts.get("holding")]
    tickets = {row.ticket_id for row in today}
    posted = select(Event.ticket_id, Event.sequence, Event.facts).where(
        Event.ticket_id.in_(tickets), Event.kind == Kind.PUBLISHED
    )
    first: dict[int, int] = {}
    for ticket_id, sequence, facts in db.session.execute(posted):
        if not facts.get("holding"):
            first[ticket_id] = min(sequence, first.get(ticket_id, sequence))
    for row in today:
        if first[row.ticket_id] < row.sequence:
            yield row.department_id or NO_DEPARTMENT, CORRECTED, 0


def _judged(begin: datetime, end: datetime) -> Iterator[Counted]:
    """The last word of each asker, on the day on which it was said."""
    today = _events(begin, end, (Kind.JUDGED,))
    tickets = {row.ticket_id for row in today}
    said = select(Event.id, Event.facts).where(Event.ticket_id.in_(tickets), Event.kind == Kind.JUDGED)
    last = {row.facts["judgement_id"]: row.id for row in db.session.execute(said.order_by(Event.id))}
    for row in today:
        if last[row.facts["judgement_id"]] == row.id:
            yield row.department_id or NO_DEPARTMENT, HELPED if row.facts["helped"] else NOT_HELPED, 0


def _withdrawn(begin: datetime, end: datetime) -> Iterator[Counted]:
    query = _withdrawals().where(AuditEntry.at >= begin, AuditEntry.at < end)
    for department in db.session.scalars(query):
        yield department or NO_DEPARTMENT, "withdrawn", 0


def _withdrawals() -> Any:
    """The department of each official answer that was withdrawn."""
    return (
        select(OfficialAnswer.department_id)
        .join(AuditEntry, AuditEntry.object_id == OfficialAnswer.id)
        .where(AuditEntry.object_kind == "official_answer", AuditEntry.action == WITHDRAWN)
    )


def _topics(begin: datetime, end: datetime) -> dict[Counted, int]:
    received = (
        select(Ticket.department_id, TicketTopic.topic_id, func.count().label("count"))
        .join(TicketTopic, TicketTopic.ticket_id == Ticket.id)
        .where(Ticket.opened_at >= begin, Ticket.opened_at < end, Ticket.restricted.is_(False))
        .group_by(Ticket.department_id, TicketTopic.topic_id)
    )
    rows = db.session.execute(received)
    return {(row.department_id or NO_DEPARTMENT, "topic", row.topic_id): row[2] for row in rows}


def _events(begin: datetime, end: datetime, kinds: Collection[Kind]) -> Sequence[Row[Any]]:
    return db.session.execute(
        select(Event.kind, Event.facts, Event.ticket_id, Event.sequence, Event.id, Ticket.department_id)
        .join(Ticket, Ticket.id == Event.ticket_id)
        .where(Event.kind.in_(kinds), Event.at >= begin, Event.at < end, Ticket.restricted.is_(False))
    ).all()
