"""The tickets behind a figure: what was counted, newest first, as far as the reader may see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, Select, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, aliased

from helpdesk.accounts.models import Person
from helpdesk.errors import NotFound
from helpdesk.publishing.models import Judgement
from helpdesk.reports.periods import Period
from helpdesk.reports.response_times import RAN_TO_THE_END, STAGES, Departments
from helpdesk.rollups.counting import bounds
from helpdesk.rollups.models import ClockReading
from helpdesk.tickets import queues
from helpdesk.tickets.models import Event, Ticket
from helpdesk.tickets.seeing import visible_to
from helpdesk.tickets.workflow import Kind

SHOWN = 50

RUNNING, OPEN_LATE, ENDED, STARTED = "running", "open_late", "ended", "started"
"""No outcomes of a clock: it runs, it runs and is late, it ran to its end however that was, it began."""
BY_NUMBER = queues.Order("number", (Ticket.id,), descending=True)


def behind(
    person: Person,
    departments: Departments,
    period: Period,
    stage: str,
    outcome: str,
    now: datetime,
    cursor: str | None = None,
) -> queues.Page:
    """The tickets with such a clock, or to which such a thing happened.

    Raises NotFound for a stage that does not exist, BadInput for a wrong cursor.
    """
    if outcome in HAPPENED:
        counted = HAPPENED[outcome](departments, period)
    elif stage not in STAGES:
        raise NotFound()
    else:
        wanted = [ClockReading.clock == stage, *_ended_so(outcome, period, now)]
        if departments is not None:
            wanted.append(ClockReading.department_id.in_(list(departments)))
        counted = select(ClockReading.ticket_id).where(*wanted)
    return queues.walk(select(Ticket).where(visible_to(person), Ticket.id.in_(counted)), BY_NUMBER, SHOWN, cursor)


def _ended_so(outcome: str, period: Period, now: datetime) -> list[ColumnElement[bool]]:
    if outcome in (RUNNING, OPEN_LATE):
        late = [ClockReading.due_at < now] if outcome == OPEN_LATE else []
        return [ClockReading.day.is_(None), *late]
    if outcome == STARTED:
        return [ClockReading.started_on >= period.start, ClockReading.started_on < period.end]
    outcomes = RAN_TO_THE_END if outcome == ENDED else {outcome}
    return [ClockReading.day >= period.start, ClockReading.day < period.end, ClockReading.outcome.in_(outcomes)]


# --- what clocks do not tell ------------------------------------------------------------------------------------------

Counted = Callable[[Departments, Period], Select[int]]


def _events(kind: Kind, period: Period) -> Select[int]:
    return select(Event.ticket_id).where(Event.kind == kind, *_within(Event.at, period))


def _within(column: InstrumentedAttribute[datetime], period: Period) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return column >= bounds(period.start)[0], column < bounds(period.last)[1]


def _of_ticket(departments: Departments) -> ColumnElement[bool]:
    """Tickets of these departments, as the figures count them."""
    return true() if departments is None else Ticket.department_id.in_(list(departments))


def _person_of(departments: Departments, name: str) -> ColumnElement[bool]:
    """Events whose fact `name` is a person of these departments."""
    people = select(Person.id)
    people = people if departments is None else people.where(Person.department_id.in_(list(departments)))
    named: ColumnElement[bool] = Event.facts[name].as_integer().in_(people)
    return named


def _happened(kind: Kind) -> Counted:
    def counted(departments: Departments, period: Period) -> Select[int]:
        return _events(kind, period).join(Ticket, Ticket.id == Event.ticket_id).where(_of_ticket(departments))

    return counted


def _declined(departments: Departments, period: Period) -> Select[int]:
    return _events(Kind.DECLINED, period).where(_person_of(departments, "person_id"))


def _passed_out(departments: Departments, period: Period) -> Select[int]:
    query = _events(Kind.REDIRECTED, period).where(_person_of(departments, "person_id"))
    return query if departments is None else query.where(~_goes_to(departments))


def _passed_in(departments: Departments, period: Period) -> Select[int]:
    query = _events(Kind.REDIRECTED, period).where(_goes_to(departments))
    return query if departments is None else query.where(~_person_of(departments, "person_id"))


def _goes_to(departments: Departments) -> ColumnElement[bool]:
    """Events that pass a question on to these departments, or to somebody there."""
    to = Event.facts["department_id"].as_integer()
    there = to.is_not(None) if departments is None else to.in_(list(departments))
    return or_(there.is_(True), _person_of(departments, "instead_id").is_(True))


def _corrected(departments: Departments, period: Period) -> Select[int]:
    """Posted in the period, and not for the first time; what is said while nobody knows is no answer."""
    first = aliased(Event)
    again = (
        select(first.id)
        .where(first.ticket_id == Event.ticket_id, first.kind == Kind.PUBLISHED, first.sequence < Event.sequence)
        .where(first.facts["holding"].as_boolean().is_not(True))
        .exists()
    )
    return _happened(Kind.PUBLISHED)(departments, period).where(again)


def _judged(helped: bool) -> Counted:
    def counted(departments: Departments, period: Period) -> Select[int]:
        said = select(Judgement.ticket_id).join(Ticket, Ticket.id == Judgement.ticket_id)
        return said.where(Judgement.helped.is_(helped), *_within(Judgement.said_at, period), _of_ticket(departments))

    return counted


HAPPENED: Mapping[str, Counted] = {
    "returned": _happened(Kind.RETURNED),
    "reopened": _happened(Kind.REOPENED),
    "corrected": _corrected,
    "helped": _judged(True),
    "not_helped": _judged(False),
    "turned_down": _declined,
    "passed_out": _passed_out,
    "passed_in": _passed_in,
}
"""In the place of an outcome: the tickets to which it happened, in any stage."""
