"""Writing an answer: saved revisions never change, what is being typed is kept apart, and submitting has conditions."""

from __future__ import annotations

import calendar
import json
from collections.abc import Mapping
from datetime import date

from sqlalchemy import delete, select

from helpdesk import clock
from helpdesk.accounts.access import Can
from helpdesk.accounts.models import Person
from helpdesk.answers.lengths import choose_variant
from helpdesk.answers.markup import to_plain
from helpdesk.answers.models import AnswerVersion, Draft, Scratch
from helpdesk.answers.reusing import OWN_PAGE
from helpdesk.answers.validity import day_of
from helpdesk.db import db
from helpdesk.errors import BadInput, Conflict, NotFound, Problem
from helpdesk.intake.masking import mask
from helpdesk.tickets import events, seeing
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.sealing import seal
from helpdesk.tickets.workflow import Kind, State

LANGUAGES = ("fr", "en")
LONGEST = {"title": 200, "body": 20_000, "short": 2_000, "sources": 4_000}
LONGEST_SCRATCH = 200_000  # characters of JSON
REVIEW_AFTER_MONTHS = 6


def save_draft(
    ticket: Ticket,
    *,
    by: Person,
    body: str,
    short: str = "",
    sources: str = "",
    title: str = "",
    language: str | None = None,
    review_by: date | None = None,
    own_knowledge: bool | None = None,
    from_version: AnswerVersion | None = None,
    version: int | None = None,
) -> Draft:
    """Keep the text as the next revision; the same text by the same person again is the same revision.

    `review_by`: the last day it may be used, half a year from today when not given. `own_knowledge`: the facts
    need no source; when not said, having given no source says so. `from_version`: what the text was begun from.
    Raises BadInput for what can't be kept, Conflict when the ticket moved on.
    """
    role = seeing.ensure(by, Can.WRITE, ticket)
    texts = _sound({"title": title, "body": body, "short": short, "sources": sources})
    language = language or (ticket.language if ticket.language in LANGUAGES else None) or LANGUAGES[0]
    if language not in LANGUAGES:
        raise BadInput([Problem("language", "unknown_language", {"known": ", ".join(LANGUAGES)})])
    review_by = review_by or default_review_date()
    own_knowledge = not texts["sources"] if own_knowledge is None else own_knowledge
    _take_turns(ticket)
    digest = draft_digest(**texts, language=language, review_by=review_by, own_knowledge=own_knowledge)
    last = latest_draft(ticket)
    if last is not None and last.digest == digest and last.author_id == by.id:
        forget_scratch(ticket, by)
        return last
    events.ensure_version(ticket, version)
    draft = Draft(
        ticket=ticket,
        revision=last.revision + 1 if last else 1,
        author=by,
        language=language,
        review_by=review_by,
        own_knowledge=own_knowledge,
        digest=digest,
        created_at=clock.now(),
        from_version_id=from_version.id if from_version else last.from_version_id if last else None,
        **texts,
    )
    db.session.add(draft)
    db.session.flush()  # gives the draft its id
    events.append(
        ticket, Kind.DRAFTED, by=by, role=role, draft_id=draft.id, revision=draft.revision, digest=draft.digest
    )
    forget_scratch(ticket, by)
    return draft


def submit(ticket: Ticket, revision: int, *, by: Person, version: int | None = None) -> Draft:
    """Hand the last revision over to an approver. Submitting it again changes nothing and returns it.

    Raises BadInput with everything that is missing: a body, sources or "own knowledge", a review date that is not
    past, no personal data, and a variant that fits the ticket's channel. Conflict when it is not the last revision.
    """
    role = seeing.ensure(by, Can.SUBMIT, ticket)
    _take_turns(ticket)
    draft = db.session.scalar(select(Draft).where(Draft.ticket_id == ticket.id, Draft.revision == revision))
    if draft is None:
        raise NotFound()
    last = latest_draft(ticket)
    if ticket.state is State.VALIDATING and last is draft and draft.author_id == by.id:
        return draft
    events.ensure_version(ticket, version)
    if last is not draft:
        raise Conflict(events.last_change(ticket))
    problems = obstacles(draft)
    if problems:
        raise BadInput(problems)
    events.append(
        ticket, Kind.SUBMITTED, by=by, role=role, draft_id=draft.id, revision=draft.revision, digest=draft.digest
    )
    return draft


def obstacles(draft: Draft) -> list[Problem]:
    """What stands in the way of submitting this draft, in the order of the fields. Empty: nothing."""
    problems = []
    if not draft.body.strip():
        problems.append(Problem("body", "missing"))
    for field, text in (("title", draft.title), ("body", draft.body), ("short", draft.short)):
        found = [text[finding.start : finding.end] for finding in mask(text).findings]
        if found:
            problems.append(Problem(field, "personal_data", {"found": " · ".join(dict.fromkeys(found))}))
    if draft.body.strip():
        problems += _too_long_for_its_channel(draft)
    if not draft.sources.strip() and not draft.own_knowledge:
        problems.append(Problem("sources", "sources_or_own_knowledge"))
    if draft.review_by is None:
        problems.append(Problem("review_by", "missing"))
    elif draft.review_by < today():
        problems.append(Problem("review_by", "review_date_past"))
    return problems


def latest_draft(ticket: Ticket) -> Draft | None:
    """The last saved revision, whoever wrote it."""
    return db.session.scalar(select(Draft).where(Draft.ticket_id == ticket.id).order_by(Draft.revision.desc()).limit(1))


def drafts_of(ticket: Ticket) -> list[Draft]:
    """Every saved revision, the last first."""
    query = select(Draft).where(Draft.ticket_id == ticket.id).order_by(Draft.revision.desc())
    return list(db.session.scalars(query))


def draft_digest(
    *, title: str, body: str, short: str, sources: str, language: str, review_by: date | None, own_knowledge: bool
) -> str:
    """SHA-256 (hexadecimal) over everything an approver decides upon."""
    day = review_by.isoformat() if review_by else None
    return seal("", title, body, short, sources, language, day, own_knowledge)


# --- what is being typed --------------------------------------------------------------------------------------------


def keep_scratch(
    ticket: Ticket, *, by: Person, fields: Mapping[str, str], based_on_revision: int, page: str = "", seen: str = ""
) -> Scratch:
    """Keep what `by` is typing, so that a lost connection loses nothing. No event, no new version.

    `page` names the open page it comes from, `seen` is the `saved_at` (ISO) of the scratch that page was opened
    with. Raises Conflict rather than overwrite what another page keeps: when a newer revision was saved
    ("newer_revision"), or another page kept something since ("typed_elsewhere").
    """
    seeing.ensure(by, Can.WRITE, ticket)
    last = latest_draft(ticket)
    if based_on_revision != (last.revision if last else 0):
        raise Conflict("newer_revision")
    kept = {**_sound(fields, limits={}), "page": page[:40]}
    size = len(json.dumps(kept, ensure_ascii=False))
    if size > LONGEST_SCRATCH:
        raise BadInput([Problem("body", "too_long", {"count": size, "limit": LONGEST_SCRATCH})])
    scratch = scratch_of(ticket, by)
    if scratch is None:
        scratch = Scratch(ticket_id=ticket.id, person_id=by.id)
        db.session.add(scratch)
    elif scratch.fields.get("page") != kept["page"] and scratch.saved_at.isoformat() != seen:
        raise Conflict("typed_elsewhere")
    scratch.fields, scratch.based_on_revision, scratch.saved_at = kept, based_on_revision, clock.now()
    db.session.flush()
    return scratch


def scratch_of(ticket: Ticket, person: Person) -> Scratch | None:
    """What `person` was typing on this ticket and did not save."""
    return db.session.scalar(select(Scratch).where(Scratch.ticket_id == ticket.id, Scratch.person_id == person.id))


def forget_scratch(ticket: Ticket, person: Person) -> None:
    """It was saved, or is not wanted any more."""
    db.session.execute(delete(Scratch).where(Scratch.ticket_id == ticket.id, Scratch.person_id == person.id))


# --- dates ----------------------------------------------------------------------------------------------------------


def today() -> date:
    """The day where the organisation is."""
    return day_of(clock.now())


def default_review_date() -> date:
    return months_after(today(), REVIEW_AFTER_MONTHS)


def months_after(day: date, months: int) -> date:
    """The same day of a later month, or that month's last day."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


# --- how ------------------------------------------------------------------------------------------------------------


def _take_turns(ticket: Ticket) -> None:
    """Where two may write at once (PostgreSQL), the second waits here, and then sees what the first did."""
    db.session.execute(select(Ticket.id).where(Ticket.id == ticket.id).with_for_update())


def _too_long_for_its_channel(draft: Draft) -> list[Problem]:
    channel = draft.ticket.channel
    if channel.kind == OWN_PAGE:
        return []
    try:
        choose_variant(
            channel.kind,
            to_plain(draft.body),
            draft.short,
            max_chars=channel.max_characters,
            url_counts_as=channel.url_counts_as,
        )
    except BadInput as error:
        return error.problems
    return []


def _sound(fields: Mapping[str, str], limits: Mapping[str, int] = LONGEST) -> dict[str, str]:
    """The texts with lines ended one way. Raises BadInput for what no database keeps or is too long."""
    texts = {name: text.replace("\r\n", "\n") for name, text in fields.items()}
    problems = []
    for name, text in texts.items():
        limit = limits.get(name)
        broken = next((place for place, sign in enumerate(text) if "\ud800" <= sign <= "\udfff"), None)
        if "\x00" in text:
            problems.append(Problem(name, "nul", {"position": text.index("\x00") + 1}))
        elif broken is not None:
            problems.append(Problem(name, "half_character", {"position": broken + 1}))
        elif limit is not None and len(text) > limit:
            problems.append(Problem(name, "too_long", {"count": len(text), "limit": limit}))
    if problems:
        raise BadInput(problems)
    return texts
