"""Taking questions in: every door ends here.

One question costs few statements, because many may come at once: what is looked up is looked up together, and nothing
is read back. Those who take in at the same time take turns, so what was looked up holds until the end of the
transaction, and whatever is refused is refused before the first row: a caller may go on with the next question.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, select

from helpdesk import clock
from helpdesk.accounts.access import Can, Role
from helpdesk.accounts.models import Actor, Person, Principal
from helpdesk.channels.models import Channel
from helpdesk.db import db
from helpdesk.errors import BadInput, Problem
from helpdesk.intake.askers import asker_of
from helpdesk.intake.cleaning import Submission
from helpdesk.intake.excerpts import excerpt
from helpdesk.intake.references import next_reference, wait_for_turn
from helpdesk.intake.status_links import new_public_id
from helpdesk.tickets import seeing
from helpdesk.tickets.models import Question, Ticket
from helpdesk.tickets.opening import NewTicket, open_ticket
from helpdesk.tickets.sealing import text_digest

NORMAL = "P3"  # until triage
_CHANNEL_AND_QUESTION = (
    select(Channel, Question.id)
    .outerjoin(Question, and_(Question.channel_id == Channel.id, Question.external_id == bindparam("external_id")))
    .where(Channel.code == bindparam("code"))
)


@dataclass(frozen=True)
class Received:
    """A question that has been taken in, now or (`is_new` false) before."""

    question_id: int
    ticket_id: int
    ref: str
    is_new: bool
    opened: NewTicket | None = None  # what is known of a new ticket without reading it

    @property
    def question(self) -> Question:
        """The row, read when asked for."""
        return db.session.get_one(Question, self.question_id)

    @property
    def ticket(self) -> Ticket:
        """The row, read when asked for."""
        return db.session.get_one(Ticket, self.ticket_id)


@dataclass(frozen=True)
class _Door:
    """How a question came in, and who brought it."""

    by: Person | Principal | Actor
    role: Role | None
    origin: str  # form, paste, api, load: a word of the log
    pasted: bool = False
    asker_language: str | None = None


def receive(
    submission: Submission, *, by: Person | Principal | Actor, origin: str, asker_language: str | None = None
) -> Received:
    """Open a ticket for a question, or give back the one opened when the same `(channel, external_id)` came before.

    `origin` is "form", "api" or "load"; `asker_language` the language to write to the asker in, when it is known
    better than from the text. Raises NotAllowed, and BadInput when the channel is not there or takes no questions.
    """
    role = None if isinstance(by, Actor) else seeing.ensure_role(by, Can.INTAKE)
    return _take_in(submission, _Door(by, role, origin, asker_language=asker_language))


def paste(submission: Submission, *, by: Person) -> Received:
    """Take in a public post that a community manager copied.

    Raises NotAllowed, and BadInput with "already_received" (and the `ref` of the ticket, if `by` may see it) when a
    question with this link is there already, from whatever door.
    """
    role = seeing.ensure_role(by, Can.PASTE_QUESTION)
    return _take_in(submission, _Door(by, role, "paste", pasted=True))


def _take_in(submission: Submission, door: _Door) -> Received:
    wait_for_turn()
    channel, question_id = _channel_and_question(submission)
    if question_id is not None:
        return _received_before(question_id)
    if door.pasted:
        _refuse_known_link(submission, door.by)
    return _open(submission, channel, door)


def _channel_and_question(submission: Submission) -> tuple[Channel, int | None]:
    """The channel, and the id of the question that came on it with the same `external_id`, in one statement."""
    values = {"code": submission.channel, "external_id": submission.external_id}
    row = db.session.execute(_CHANNEL_AND_QUESTION, values).first()
    if row is None or not (row[0].active and row[0].accepts):
        raise BadInput([Problem("channel", "unknown_channel")])
    return row[0], row[1]


def _received_before(question_id: int) -> Received:
    row = db.session.execute(
        select(Ticket.id, Ticket.ref).join(Question, Question.ticket_id == Ticket.id).where(Question.id == question_id)
    ).one()
    return Received(question_id, row.id, row.ref, is_new=False)


def _refuse_known_link(submission: Submission, by: Person | Principal | Actor) -> None:
    if submission.canonical_url is None:
        return
    ticket = db.session.scalar(
        select(Ticket).join(Question, Question.ticket_id == Ticket.id)
        .where(Question.link == submission.canonical_url).order_by(Question.id).limit(1)
    )  # fmt: skip
    if ticket is None:
        return
    if isinstance(by, Person) and seeing.may(by, Can.SEE_TICKET, ticket):
        raise BadInput([Problem("url", "already_received", {"ref": ticket.ref})])
    raise BadInput([Problem("url", "already_received_elsewhere")])


def _open(submission: Submission, channel: Channel, door: _Door) -> Received:
    now = clock.now()
    ref = next_reference(now)
    asker_id = asker_of(submission, now=now, language=door.asker_language)
    masked = bool(submission.findings) or submission.masked_subject != submission.subject
    digest = text_digest(submission.text)
    opened = open_ticket(
        _ticket(submission, channel, ref, now) | {"personal_data": masked},
        _question(submission, channel, door, now) | {"asker_id": asker_id, "digest": digest},
        {"subject": submission.subject, "text": submission.text},
        came_on=channel,
        at=now,
        by=door.by,
        role=door.role,
        digest=digest,
        channel=channel.code,
        language=submission.language,
        masked=masked,
        origin=door.origin,
        **posting_facts(submission),
    )
    return Received(opened.question_id, opened.id, ref, is_new=True, opened=opened)


def posting_facts(submission: Submission) -> dict[str, Any]:
    """When the asker posted, for the log: public clocks count from it. A time in the future was brought back."""
    facts: dict[str, Any] = {"posted_at": submission.posted_at.isoformat()} if submission.posted_at else {}
    return facts | ({"posted_in_future": True} if submission.posted_in_future else {})


def _ticket(submission: Submission, channel: Channel, ref: str, now: datetime) -> dict[str, Any]:
    return {
        "ref": ref,
        "public_id": new_public_id(),
        "opened_at": now,
        "channel_id": channel.id,
        "excerpt": excerpt(submission.masked, submission.masked_subject),
        "language": submission.language,
        "priority": NORMAL,
    }


def _question(submission: Submission, channel: Channel, door: _Door, now: datetime) -> dict[str, Any]:
    return {
        "channel_id": channel.id,
        "external_id": submission.external_id,
        "url": submission.url,
        "link": submission.canonical_url,
        "pasted_link": submission.canonical_url if door.pasted else None,
        "subject": submission.masked_subject,
        "text": submission.masked,
        "language": submission.language,
        "posted_at": submission.posted_at or now,
        "received_at": now,
        "fingerprint": submission.fingerprint,
        "entered_by_id": door.by.id,
    }
