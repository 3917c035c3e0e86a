"""How a ticket ends without an answer of its own, and how it comes back."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from helpdesk import clock
from helpdesk.accounts.access import Can
from helpdesk.accounts.models import Person
from helpdesk.db import db
from helpdesk.errors import BadInput, NotAllowed, Problem
from helpdesk.tickets import events, remarks, seeing
from helpdesk.tickets.classes import TWO_PEOPLE
from helpdesk.tickets.models import Event, Ticket
from helpdesk.tickets.workflow import Kind, Outcome, State

# Merging has its own verb, because it names the other ticket.
OUTCOMES = (Outcome.NO_REPLY, Outcome.HANDED_OFF, Outcome.NO_DETAIL)
WITHOUT_REPLY = (Outcome.NO_REPLY, Outcome.NO_DETAIL)


def outcomes_of(ticket: Ticket) -> tuple[Outcome, ...]:
    """The outcomes with which the ticket may be closed as it stands."""
    return (Outcome.ANSWERED,) if ticket.state is State.ANSWERED else OUTCOMES


def close(ticket: Ticket, *, by: Person, outcome: Outcome, reason: str, version: int | None = None) -> Ticket:
    """End the ticket. A complaint or a rumour is closed without a reply by somebody else than who triaged it.

    Raises BadInput for an outcome that does not fit, and NotAllowed `triage_first` or `second_person_needed`.
    """
    role = seeing.ensure(by, Can.CLOSE, ticket)
    events.ensure_version(ticket, version)
    if outcome not in outcomes_of(ticket):
        raise BadInput([Problem("outcome", "invalid")])
    reason = remarks.checked(reason)
    if outcome in WITHOUT_REPLY:
        if ticket.class_ is None:
            raise NotAllowed("triage_first")
        if needs_another_person(ticket, by):
            raise NotAllowed("second_person_needed")
    ticket.outcome, ticket.closed_at = outcome, clock.now()
    ticket.holder, ticket.waiting_for_asker = None, False
    event = events.append(ticket, Kind.CLOSED, by=by, role=role, outcome=str(outcome), reason=remarks.code_of(reason))
    remarks.keep(event, reason)
    return ticket


def reopen(ticket: Ticket, *, by: Person, reason: str, version: int | None = None) -> Ticket:
    """Take up again what was answered or closed. The ticket waits to be routed, as triaged before."""
    role = seeing.ensure(by, Can.REOPEN, ticket)
    events.ensure_version(ticket, version)
    reason = remarks.checked(reason)
    ticket.outcome, ticket.closed_at, ticket.merged_into = None, None, None
    event = events.append(ticket, Kind.REOPENED, by=by, role=role, reason=remarks.code_of(reason))
    remarks.keep(event, reason)
    return ticket


def needs_another_person(ticket: Ticket, by: Person) -> bool:
    """Whether `by` may not close this without a reply: they triaged it, and it is or was a complaint or a rumour.

    What it was counts too, so that nobody gets round the rule by calling it something else first.
    """
    triages = db.session.scalars(
        select(Event).where(Event.ticket_id == ticket.id, Event.kind == Kind.TRIAGED).order_by(Event.sequence)
    ).all()
    return decided_alone(triages, by)


def decided_alone(triages: Sequence[Event], by: Person) -> bool:
    """The rule itself. `triages`: the ticket's triage events, oldest first."""
    if not any(event.facts.get("class") in TWO_PEOPLE for event in triages):
        return False
    return triages[-1].actor_id == by.id
