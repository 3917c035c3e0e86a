"""Answering with an official answer that is in force: nobody writes, nobody approves again, nobody is disturbed."""

from __future__ import annotations

from datetime import date

from helpdesk import clock
from helpdesk.accounts.access import Can
from helpdesk.accounts.models import Person
from helpdesk.answers.ledger import is_intact, last_version, was_withdrawn
from helpdesk.answers.lengths import choose_variant
from helpdesk.answers.models import AnswerKind, AnswerStatus, AnswerVersion, OfficialAnswer
from helpdesk.answers.validity import day_of, is_expired
from helpdesk.channels.models import Channel
from helpdesk.db import db
from helpdesk.errors import BadInput, NotAllowed
from helpdesk.tickets import events, seeing
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.workflow import Kind

OWN_PAGE = "webform"  # this kind of channel is answered on the asker's own status page, which has no limit


def usable(answer: OfficialAnswer, *, today: date, language: str | None, channel: Channel | None) -> str | None:
    """Why `answer` may not be posted as it is; None when it may.

    `today` is the day where the organisation is. Codes: withdrawn, superseded, internal, holding_needs_variables,
    expired, other_language, too_long. A language that is not known rules nothing out; nor does no channel.
    """
    version = last_version(answer.id)
    reason = out_of_use(answer, version, today)
    if reason or version is None:
        return reason or "withdrawn"
    if language is not None and answer.language != language:
        return "other_language"
    return None if channel is None or fits(version, channel) else "too_long"


def out_of_use(answer: OfficialAnswer, version: AnswerVersion | None, today: date) -> str | None:
    """Why nothing may post this version anywhere today; None when it is in force."""
    if answer.status is AnswerStatus.WITHDRAWN or was_withdrawn(answer):
        return "withdrawn"
    if answer.status is not AnswerStatus.IN_FORCE:
        return "superseded"
    if answer.kind is AnswerKind.LINES_TO_TAKE or answer.visibility != "public":
        return "internal"
    if answer.kind is AnswerKind.HOLDING or (version is not None and version.variables):
        return "holding_needs_variables"
    return "expired" if version is not None and is_expired(version.review_by, today) else None


def fits(version: AnswerVersion, channel: Channel) -> bool:
    """Whether a variant of this text can be posted on `channel` whole."""
    if channel.kind == OWN_PAGE:
        return True
    try:
        choose_variant(
            channel.kind,
            version.plain,
            version.short,
            max_chars=channel.max_characters,
            url_counts_as=channel.url_counts_as,
        )
    except BadInput:
        return False
    return True


def reuse(ticket: Ticket, answer: OfficialAnswer, *, by: Person, version: int | None = None) -> AnswerVersion:
    """Make `ticket` ready to publish with the version of `answer` in use. Raises NotAllowed `answer_…` with why not."""
    role = seeing.ensure(by, Can.REUSE, ticket)
    events.ensure_version(ticket, version)
    today = day_of(clock.now())
    reason = usable(answer, today=today, language=ticket.language, channel=ticket.channel)
    if reason:
        raise NotAllowed(f"answer_{reason}")
    text = last_version(answer.id)
    if text is None or not is_intact(text):
        raise NotAllowed("answer_altered")
    answer.uses += 1
    ticket.holder = None
    db.session.flush()
    events.append(
        ticket,
        Kind.REUSED,
        by=by,
        role=role,
        version_id=text.id,
        digest=text.text_sha256,
        seal=text.hash,
        official_answer_id=answer.id,
    )
    return text
