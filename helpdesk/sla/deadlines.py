"""When the present step of a ticket is due, by the organisation's calendars and policies as kept in the database."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy import Text, cast, func, literal, select, union_all

from helpdesk.accounts.models import Department, Person
from helpdesk.channels.models import Channel
from helpdesk.db import db
from helpdesk.errors import BadInput
from helpdesk.sla import calendar_document, policy
from helpdesk.sla.calendar import Calendar, due, elapsed
from helpdesk.sla.models import CalendarVersion, PolicyVersion
from helpdesk.tickets.models import Event, Ticket
from helpdesk.tickets.workflow import Kind, State

log = logging.getLogger(__name__)

Segment = tuple[datetime, datetime | None]  # a clock ran from, until; None: it is running

STAGES: dict[State, str] = {
    State.RECEIVED: "triage",  # qualifying it and choosing whom to ask are one wait for who asked
    State.OFFERED: "accept",
    State.ANSWERING: "answer",
    State.VALIDATING: "validate",
    State.READY: "post",
}
# What changes a deadline without a change of state: another priority, and the pause while the asker is waited for.
RETIMED = frozenset({Kind.TRIAGED, Kind.CLARIFICATION_ASKED, Kind.ASKER_REPLIED})
# Every policy and calendar as it was written, in one statement, made once: each question that comes in asks for them.
_WRITTEN = union_all(
    select(
        literal("policy").label("kind"),
        PolicyVersion.code.label("code"),
        PolicyVersion.version.label("place"),
        cast(PolicyVersion.document, Text).label("document"),
    ),
    select(
        literal("calendar"),
        CalendarVersion.code,
        func.row_number().over(order_by=CalendarVersion.valid_from),
        cast(CalendarVersion.document, Text),
    ),
).order_by("kind", "place")
_RUNS = frozenset({Kind.ACCEPTED, Kind.RETURNED, Kind.ASKER_REPLIED})
_STOPS = frozenset({Kind.SUBMITTED, Kind.CLARIFICATION_ASKED})


def due_for(
    ticket: Ticket, stage: str, start: datetime, department: Department | None, person: Person | None = None
) -> datetime | None:
    """When `stage` ("triage", "accept", "answer", "validate", "post") is due if it starts at `start`, in UTC.

    Where the policy says "department", the calendar is the person's own if they have one, else the department's.
    None: no policy applies, it promises nothing for this stage, or its calendar is not known.
    """
    return _due_over(ticket, stage, [(start, None)], department, person)


def present_due(ticket: Ticket, kind: Kind, at: datetime) -> datetime | None:
    """When the step that `ticket` is in after `kind` happened at `at` is due. None as for `due_for`, or paused.

    The answer's clock goes on where it was after a return or a reply of the asker, and stands still while the
    asker is waited for. Another priority gives another target to the same clock.
    """
    stage = STAGES.get(ticket.state)
    if stage is None:
        return None
    with db.session.no_autoflush:  # the caller is about to write the ticket, and once is enough
        segments: list[Segment] = [(ticket.state_since, None)]
        if stage == "answer":
            segments = _answering(ticket, kind, at)
        department = db.session.get(Department, ticket.department_id) if ticket.department_id else None
        person = ticket.holder if stage in ("accept", "answer") else None
        return _due_over(ticket, stage, segments, department, person)


def first_due(channel: Channel, priority: str, at: datetime) -> datetime | None:
    """When a question that came on `channel` at this instant is to be triaged. None: nothing is promised."""
    promised = _promised()
    chosen = promised.policy_of(channel, priority, class_=None)
    minutes = policy.target(chosen, "triage") if chosen else None
    if chosen is None or minutes is None:
        return None
    calendar = promised.calendar_with(policy.calendar_code(chosen, "triage", policy.REAL_TIME))
    return due(calendar, at, minutes) if calendar else None


def _answering(ticket: Ticket, kind: Kind, at: datetime) -> list[Segment]:
    """When the answer's clock has been running since the offer was accepted; `kind` is not in the log yet."""
    if kind is Kind.ACCEPTED:
        return [(at, None)]
    turns = _RUNS | _STOPS
    past = select(Event.kind, Event.at).where(Event.ticket_id == ticket.id, Event.kind.in_(turns))
    changes = [(row.kind, row.at) for row in db.session.execute(past.order_by(Event.sequence))]
    accepted = max((place for place, change in enumerate(changes) if change[0] is Kind.ACCEPTED), default=0)
    changes = changes[accepted:] + ([(kind, at)] if kind in turns else [])
    ends: list[datetime | None] = [when for _, when in changes[1:]]
    return [
        (when, end) for (what, when), end in zip(changes, [*ends, None], strict=True) if what in _RUNS and when != end
    ]


def _due_over(
    ticket: Ticket, stage: str, segments: list[Segment], department: Department | None, person: Person | None
) -> datetime | None:
    promised = _promised()
    chosen = promised.policy_for(ticket)
    left: float | None = policy.target(chosen, stage) if chosen else None
    if chosen is None or left is None:
        return None
    own = (person.calendar if person else None) or (department.calendar if department else None)
    calendar = promised.calendar_with(policy.calendar_code(chosen, stage, own or policy.REAL_TIME))
    if calendar is None:
        return None
    for start, end in segments:
        spent = elapsed(calendar, start, end) if end else None
        if spent is None or spent >= left:
            return due(calendar, start, left)
        left -= spent
    return None


@dataclass(frozen=True)
class Promised:
    """What the organisation promises, as it stands in the database: `policies` None when it has none or they clash."""

    policies: policy.PolicyBook | None
    calendars: dict[str, tuple[str, ...]]  # per code, the documents of its versions, oldest first

    def policy_for(self, ticket: Ticket) -> policy.Policy | None:
        """The policy that applies to `ticket` as it is now. None: the organisation has none."""
        return self.policy_of(ticket.channel, ticket.priority, ticket.class_)

    def policy_of(self, channel: Channel, priority: str, class_: str | None) -> policy.Policy | None:
        """The policy for what came on `channel`. None: the organisation has none."""
        book = self.policies
        if book is None:
            return None
        name = channel.code if channel.code in book.class_of_channel else channel.kind
        return policy.choose(book, priority=priority, channel=name, **{"class": class_})

    def calendar_with(self, code: str) -> Calendar | None:
        """The calendar with this code and all its versions. None when there is none, or it can't be read."""
        documents = self.calendars.get(code)
        return _calendar(code, documents) if documents else None


def policy_for(ticket: Ticket) -> policy.Policy | None:
    """See `Promised.policy_for`."""
    return _promised().policy_for(ticket)


def policies() -> policy.PolicyBook | None:
    """The policies in force: the last version of each. None when there are none, or they can't be read together."""
    return _promised().policies


def calendar_with(code: str) -> Calendar | None:
    """See `Promised.calendar_with`."""
    return _promised().calendar_with(code)


def _promised() -> Promised:
    rows = db.session.connection().execute(_WRITTEN)
    return _read(tuple((row.kind, row.code, row.document) for row in rows))


@lru_cache(maxsize=4)
def _read(written: tuple[tuple[str, str, str], ...]) -> Promised:
    """What was written (kind, code, document; versions in order), read once for as long as nobody writes another."""
    latest = {code: document for kind, code, document in written if kind == "policy"}
    calendars: dict[str, tuple[str, ...]] = {}
    for kind, code, document in written:
        if kind == "calendar":
            calendars[code] = (*calendars.get(code, ()), document)
    return Promised(_policy_book(tuple(latest.values())) if latest else None, calendars)


def _policy_book(documents: tuple[str, ...]) -> policy.PolicyBook | None:
    read = [json.loads(document) for document in documents]
    classes: dict[str, list[str]] = {}
    for document in read:
        classes |= document.get("channel_classes") or {}
    entries = [entry for document in read for entry in document.get("policies") or ()]
    try:
        return policy.from_document({"policies": entries, "channel_classes": classes})
    except BadInput as error:
        log.error("the response-time policies can't be used: %s", error)
        return None


@lru_cache(maxsize=64)
def _calendar(code: str, documents: tuple[str, ...]) -> Calendar | None:
    try:
        books = [calendar_document.from_document(json.loads(document)) for document in documents]
    except BadInput as error:
        log.error("the calendar %s can't be used: %s", code, error)
        return None
    return Calendar(code, tuple(version for book in books for version in book[code].versions))
