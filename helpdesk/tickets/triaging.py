"""What a community manager does with a question before anybody answers it, and the back and forth with the asker."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from helpdesk import clock
from helpdesk.accounts.access import Can
from helpdesk.accounts.models import ASKER, SYSTEM, Actor, Department, Person
from helpdesk.db import db
from helpdesk.errors import BadInput, Conflict, NotAllowed, Problem
from helpdesk.routing.duplicates import Found
from helpdesk.routing.models import Topic
from helpdesk.tickets import circuits, events, remarks, seeing
from helpdesk.tickets.classes import CIRCUITS, CLASSES, PRIORITIES, SENSITIVITIES
from helpdesk.tickets.models import (
    Clarification,
    Question,
    QuestionOriginal,
    Ticket,
    TicketNamed,
    TicketTopic,
)
from helpdesk.tickets.sealing import text_digest
from helpdesk.tickets.workflow import OPEN, Kind, Outcome, State

if TYPE_CHECKING:
    from helpdesk.intake.cleaning import Submission

CLAIM_LASTS = timedelta(minutes=15)
LANGUAGES = ("fr", "en")
MOST_CLARIFICATIONS = 2
LONGEST_WORDING = 2_000


def claim(ticket: Ticket, *, by: Person) -> Ticket:
    """Take a new question, so that nobody else starts on it. Taken by a colleague less than 15 minutes ago: Conflict.

    Claiming one's own again changes nothing.
    """
    role = seeing.ensure(by, Can.TRIAGE, ticket)
    now = clock.now()
    lasts = ticket.claimed_at is not None and now - ticket.claimed_at < CLAIM_LASTS
    if ticket.claimed_by_id == by.id and lasts:
        return ticket
    if ticket.claimed_by_id not in (None, by.id) and lasts:
        raise Conflict(events.last_change(ticket))
    ticket.claimed_by, ticket.claimed_at, ticket.holder = by, now, by
    events.append(ticket, Kind.CLAIMED, by=by, role=role, person_id=by.id)
    return ticket


def release(ticket: Ticket, *, by: Person) -> Ticket:
    """Let go of a question one had taken. Not taken, or by somebody else: NotAllowed."""
    role = seeing.ensure(by, Can.TRIAGE, ticket)
    if ticket.claimed_by_id != by.id:
        raise NotAllowed("not_yours")
    ticket.claimed_by, ticket.claimed_at, ticket.holder = None, None, None
    events.append(ticket, Kind.RELEASED, by=by, role=role, person_id=by.id)
    return ticket


def triage(
    ticket: Ticket,
    *,
    by: Person,
    class_: str,
    priority: str,
    topics: Sequence[Topic],
    sensitivity: str | None = None,
    language: str | None = None,
    department: Department | None = None,
    version: int | None = None,
) -> Ticket:
    """Say what a question is, how urgent, about what, and how delicate. May be said again later.

    Without a `sensitivity`, that of the class holds; without a `department`, that of the first topic. Who triages
    first follows the ticket from then on. Raises BadInput with every value that is not on its list.
    """
    role = seeing.ensure(by, Can.TRIAGE, ticket)
    events.ensure_version(ticket, version)
    _check_choices(class_, priority, sensitivity, language)
    previous = ticket.priority
    ticket.class_, ticket.priority, ticket.language = class_, priority, language
    ticket.sensitivity = sensitivity or CLASSES[class_].sensitivity
    ticket.department = department or next((topic.department for topic in topics), ticket.department)
    _set_topics(ticket, topics)
    ticket.triaged_at = ticket.triaged_at or clock.now()
    if ticket.claimed_by_id is None:
        ticket.claimed_by, ticket.claimed_at = by, clock.now()
    facts: dict[str, Any] = {"class": class_, "topics": [topic.id for topic in topics], "priority": priority}
    if previous != priority:
        facts["previous_priority"] = previous
    optional = {"sensitivity": ticket.sensitivity, "language": language}
    facts |= {name: value for name, value in optional.items() if value}
    if ticket.department is not None:
        ticket.department_id = ticket.department.id
        facts["department_id"] = ticket.department.id
    events.append(ticket, Kind.TRIAGED, by=by, role=role, **facts)
    return ticket


def escalate(ticket: Ticket, *, by: Person, circuit: str, reason: str, version: int | None = None) -> Ticket:
    """Take a ticket out of the normal path: only `by` and the circuit's people see it from now on.

    Open offers end with it (`routing.ending` follows the event).
    """
    role = seeing.ensure(by, Can.ESCALATE, ticket)
    events.ensure_version(ticket, version)
    if circuit not in CIRCUITS:
        raise BadInput([Problem("circuit", "invalid")])
    reason = remarks.checked(reason)
    already = {row.person_id for row in ticket.named_rows}
    named = {by.id} | {person.id for person in circuits.people_of(circuit)}
    ticket.named_rows += [TicketNamed(person_id=person_id) for person_id in sorted(named - already)]
    ticket.restricted, ticket.circuit, ticket.holder = True, circuit, None
    event = events.append(ticket, Kind.ESCALATED, by=by, role=role, circuit=circuit, reason=remarks.code_of(reason))
    remarks.keep(event, reason)
    return ticket


def release_escalated(ticket: Ticket, *, by: Person, reason: str, version: int | None = None) -> Ticket:
    """Give a restricted ticket back to the normal path: the restriction and its list of names end."""
    role = seeing.ensure(by, Can.RELEASE_ESCALATED, ticket)
    events.ensure_version(ticket, version)
    reason = remarks.checked(reason)
    ticket.restricted, ticket.circuit, ticket.named_rows = False, None, []
    event = events.append(ticket, Kind.RELEASED_TO_ROUTE, by=by, role=role, reason=remarks.code_of(reason))
    remarks.keep(event, reason)
    return ticket


def merge(
    ticket: Ticket,
    into: Ticket,
    *,
    by: Person,
    reason: str = "",
    vetoes: Sequence[Found] = (),
    version: int | None = None,
) -> Ticket:
    """Close `ticket` because `into` asks the same: whoever asked hears the answer of `into`.

    Refused for a crisis, and into a ticket that is itself, restricted, or no longer open. `vetoes` say that they are
    not the same: then the reason why they are is needed, and kept.
    """
    role = seeing.ensure(by, Can.MERGE, ticket)
    seeing.ensure(by, Can.MERGE, into)
    if ticket.merged_into_id == into.id:
        return ticket
    events.ensure_version(ticket, version)
    if into.id == ticket.id or into.restricted or into.state not in OPEN:
        raise BadInput([Problem("into", "not_a_lead", {"ref": into.ref})])
    if ticket.priority == "P1":
        raise NotAllowed("crisis_not_merged")
    if vetoes and not reason.strip():
        raise BadInput([Problem("reason", "vetoed", {"conflicts": tuple(vetoes)})])
    facts: dict[str, Any] = {"vetoes": [str(found.sign) for found in vetoes]} if vetoes else {}
    if reason := reason.strip() and remarks.checked(reason):
        facts["reason"] = remarks.code_of(reason)
    ticket.merged_into, ticket.outcome, ticket.closed_at = into, Outcome.MERGED, clock.now()
    ticket.holder, ticket.waiting_for_asker = None, False
    event = events.append(ticket, Kind.MERGED, by=by, role=role, into_ticket_id=into.id, **facts)
    remarks.keep(event, reason)
    return ticket


def ask_clarification(ticket: Ticket, *, by: Person, wording: str, version: int | None = None) -> Clarification:
    """Ask the asker for a detail, in words meant for the public. At most twice; not while a reply is awaited."""
    role = seeing.ensure(by, Can.ASK_CLARIFICATION, ticket)
    events.ensure_version(ticket, version)
    wording = remarks.checked(wording, "wording", longest=LONGEST_WORDING)
    asked = select(func.count()).select_from(Clarification).where(Clarification.ticket_id == ticket.id)
    if ticket.waiting_for_asker:
        raise NotAllowed("already_asked")
    if (db.session.scalar(asked) or 0) >= MOST_CLARIFICATIONS:
        raise NotAllowed("asked_twice")
    clarification = Clarification(ticket_id=ticket.id, asked_by_id=by.id, wording=wording, asked_at=clock.now())
    db.session.add(clarification)
    db.session.flush()  # gives it its id
    ticket.waiting_for_asker = True
    events.append(ticket, Kind.CLARIFICATION_ASKED, by=by, role=role, clarification_id=clarification.id)
    return clarification


def record_reply(ticket: Ticket, submission: Submission, *, by: Person | Actor) -> Question:
    """Add what the asker wrote back; written by themselves (ASKER) or entered for them by a community manager.

    The same message again (channel and external id) is returned as it is. A reply to a ticket that was closed for
    lack of detail opens it again.
    """
    if isinstance(by, Actor) and by is not ASKER:
        raise NotAllowed(f"may_not_{Can.ASK_CLARIFICATION}")
    role = seeing.ensure(by, Can.ASK_CLARIFICATION, ticket) if isinstance(by, Person) else None
    known = _question_of(ticket, submission.external_id)
    if known is not None:
        return known
    question = _reply_row(ticket, submission, by)
    db.session.add(question)
    db.session.flush()  # gives it its id
    waiting = db.session.scalar(
        select(Clarification)
        .where(Clarification.ticket_id == ticket.id, Clarification.answered_at.is_(None))
        .order_by(Clarification.id.desc())
        .limit(1)
    )
    ticket.waiting_for_asker = False
    ticket.personal_data = ticket.personal_data or bool(submission.findings)
    facts: dict[str, Any] = {"question_id": question.id, "digest": question.digest}
    if submission.posted_at is not None:
        facts["posted_at"] = submission.posted_at.isoformat()
    if submission.posted_in_future:
        facts["posted_in_future"] = True
    if waiting is not None:
        waiting.answered_at = clock.now()
        facts["clarification_id"] = waiting.id
    no_detail = ticket.state is State.CLOSED and ticket.outcome is Outcome.NO_DETAIL
    events.append(ticket, Kind.ASKER_REPLIED, by=by, role=role, **facts)
    if no_detail:
        ticket.outcome, ticket.closed_at = None, None
        events.append(ticket, Kind.REOPENED, by=SYSTEM, reason="asker_replied")
    return question


def read_original(question: Question, *, by: Person, reason: str) -> QuestionOriginal | None:
    """The verbatim text, with personal data. Every reading is an event. None: it was erased since."""
    ticket = question.ticket
    role = seeing.ensure(by, Can.READ_ORIGINAL, ticket)
    reason = remarks.checked(reason)
    event = events.append(
        ticket,
        Kind.ORIGINAL_READ,
        by=by,
        role=role,
        question_id=question.id,
        reason=remarks.code_of(reason),
    )
    remarks.keep(event, reason)
    return question.original


# --- how ----------------------------------------------------------------------------------------------------------


def _check_choices(class_: str, priority: str, sensitivity: str | None, language: str | None) -> None:
    problems = [
        Problem(field, "missing" if not value and needed else "invalid")
        for field, value, known, needed in (
            ("class", class_, CLASSES, True),
            ("priority", priority, PRIORITIES, True),
            ("sensitivity", sensitivity, SENSITIVITIES, False),
            ("language", language, LANGUAGES, False),
        )
        if (needed or value is not None) and value not in known
    ]
    if problems:
        raise BadInput(problems)


def _set_topics(ticket: Ticket, topics: Sequence[Topic]) -> None:
    wanted = {topic.id for topic in topics}
    for row in [row for row in ticket.topic_rows if row.topic_id not in wanted]:
        ticket.topic_rows.remove(row)
    present = {row.topic_id for row in ticket.topic_rows}
    ticket.topic_rows += [TicketTopic(topic_id=topic_id) for topic_id in sorted(wanted - present)]


def _question_of(ticket: Ticket, external_id: str | None) -> Question | None:
    if external_id is None:
        return None
    return db.session.scalar(
        select(Question).where(Question.channel_id == ticket.channel_id, Question.external_id == external_id)
    )


def _reply_row(ticket: Ticket, submission: Submission, by: Person | Actor) -> Question:
    now = clock.now()
    return Question(
        ticket=ticket,
        asker=ticket.question.asker,
        channel_id=ticket.channel_id,
        external_id=submission.external_id,
        url=submission.url,
        link=submission.canonical_url,
        subject=submission.masked_subject,
        text=submission.masked,
        language=submission.language,
        posted_at=submission.posted_at or now,
        received_at=now,
        fingerprint=submission.fingerprint,
        digest=text_digest(submission.text),
        entered_by_id=by.id,
        original=QuestionOriginal(subject=submission.subject, text=submission.text),
    )
