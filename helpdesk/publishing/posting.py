"""Posting: what is put where the question was asked is what was approved, still in force, word for word.

Nothing is taken on trust. Each time, the log of the ticket is checked from its first event, the decision that made the
text official is looked up in it, and the text is sealed again and compared with that decision.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from helpdesk import clock
from helpdesk.accounts.access import Can, Role
from helpdesk.accounts.models import Person
from helpdesk.accounts.organisation import setting
from helpdesk.answers import ledger
from helpdesk.answers.lengths import CHARACTERS, Length, Variant, choose_variant, measure
from helpdesk.answers.models import AnswerKind, AnswerVersion, OfficialAnswer
from helpdesk.answers.reusing import OWN_PAGE, out_of_use
from helpdesk.answers.validity import day_of
from helpdesk.channels.models import Channel
from helpdesk.db import db
from helpdesk.errors import BadInput, Conflict, NotAllowed, Problem
from helpdesk.intake.links import canonical_link
from helpdesk.publishing import proof, reverting
from helpdesk.publishing.models import Publication, PublicationState, Verdict
from helpdesk.publishing.permalinks import problem_of
from helpdesk.tickets import events, seeing
from helpdesk.tickets.approvers import authors_of
from helpdesk.tickets.checking import fresh_log, log_fault
from helpdesk.tickets.models import Event, Question, Ticket
from helpdesk.tickets.workflow import Kind, State

LONGEST_POSTED_TEXT = 40_000


@dataclass(frozen=True)
class Publishable:
    """The text a ticket may be answered with, or why there is none.

    `refusal`: not_ready, log_broken, altered, approved_by_author, withdrawn, superseded, internal,
    holding_needs_variables, expired; None when `version` may be posted now.
    """

    version: AnswerVersion | None
    refusal: str | None


def publishable(ticket: Ticket, *, now: datetime) -> Publishable:
    """What may be posted for `ticket` at `now`, derived again from its log and from the ledger."""
    log = fresh_log(ticket)
    if log_fault(ticket, log) is not None:
        return Publishable(None, "log_broken")
    if ticket.state is not State.READY:
        return Publishable(None, "not_ready")
    decision = next(event for event in reversed(log) if event.kind in (Kind.APPROVED, Kind.REUSED))
    version = db.session.get(AnswerVersion, decision.facts["version_id"])
    if version is None or not _is_what_was_decided(version, decision):
        return Publishable(version, "altered")
    if decision.kind is Kind.APPROVED and _approved_by_author(ticket, version, decision):
        return Publishable(version, "approved_by_author")
    answer = version.official_answer
    if reason := out_of_use(answer, version, day_of(now)):
        return Publishable(version, reason)
    last = ledger.last_version(answer.id)
    return Publishable(version, None if last is not None and last.id == version.id else "superseded")


def _is_what_was_decided(version: AnswerVersion, decision: Event) -> bool:
    decided = (decision.facts["digest"], decision.facts["seal"])
    return ledger.is_intact(version) and (version.text_sha256, version.hash) == decided


def _approved_by_author(ticket: Ticket, version: AnswerVersion, decision: Event) -> bool:
    authors = authors_of(ticket) | {version.author_id}
    return decision.actor_id in authors or not authors.isdisjoint(version.approver_ids)


def text_for(ticket: Ticket, channel: Channel) -> Variant:
    """The text to post on `channel`, whole, with its length as the channel counts it.

    On the asker's own page it is the answer itself. Elsewhere the answer if it fits, else its short variant, with the
    organisation's signature when there is one and room for it. Raises BadInput when neither fits, NotAllowed
    `publish_…` when nothing may be posted.
    """
    found = publishable(ticket, now=clock.now())
    if found.version is None or found.refusal:
        raise NotAllowed(f"publish_{found.refusal}")
    return variant_of(found.version, channel)


def variant_of(version: AnswerVersion, channel: Channel, which: str | None = None) -> Variant:
    """The variant of `version` that fits `channel`; `which` ("body", "short") asks for that one. Raises BadInput."""
    return variant_to_be(version.plain, version.short, channel, which)


def variant_to_be(plain: str, short: str, channel: Channel, which: str | None = None) -> Variant:
    """The same for a text that is not sealed yet: what an approver is shown."""
    if channel.kind == OWN_PAGE:
        return Variant(plain, "body", Length(len(plain), None, CHARACTERS))
    bare = {"body": plain, "short": short}
    signed = {name: _signed(text) for name, text in bare.items()}
    try:
        return _fitting(signed, channel, which)
    except BadInput:
        if signed == bare:
            raise
    return _fitting(bare, channel, which)  # the answer matters more than the name under it


def _signed(text: str) -> str:
    signature = str(setting("signature")).strip()
    return f"{text}\n\n{signature}" if text.strip() and signature else text


def _fitting(texts: dict[str, str], channel: Channel, which: str | None) -> Variant:
    limits = {"max_chars": channel.max_characters, "url_counts_as": channel.url_counts_as}
    if which is None:
        return choose_variant(channel.kind, texts["body"], texts["short"], **limits)
    if not texts.get(which):
        raise BadInput([Problem("variant", "invalid")])
    length = measure(channel.kind, texts[which], **limits)
    if not length.fits:
        figures = {"count": length.count, "limit": length.limit, "unit": length.unit}
        raise BadInput([Problem(which, "too_long_for_channel", figures)])
    return Variant(texts[which], which, length)


def publish(
    ticket: Ticket,
    *,
    by: Person,
    channel: Channel | None = None,
    url: str | None = None,
    posted_text: str | None = None,
    variant: str | None = None,
    version: int | None = None,
) -> Publication:
    """Record that the approved text of `ticket` stands where it was asked: by hand at `url`, or on its own page.

    Recording the same post twice returns the first record. Raises NotAllowed `publish_…` when the text may not be
    posted (a text that expired, was withdrawn or altered then goes back to validation), Conflict when somebody else
    acted first, BadInput for the channel, the link or a text that does not fit.
    """
    role = seeing.ensure(by, Can.PUBLISH, ticket)
    place = channel or ticket.channel
    same = _recorded_already(ticket, place, by, url)
    if same is not None:
        return same
    events.ensure_version(ticket, version)
    if ticket.state is not State.READY:
        raise Conflict(events.last_change(ticket))
    found = publishable(ticket, now=clock.now())
    if found.version is None or found.refusal:
        raise reverting.refused(ticket, found.refusal or "altered", by=by)
    question = _question_on(ticket, place)
    link = _link_of(url, place, question)
    chosen = variant_of(found.version, place, variant)
    publication = _publication(ticket, question, place, found.version, chosen, by)
    publication.url, publication.link = (url.strip(), link) if url and link else (None, None)
    _compare(publication, chosen.text, posted_text, question)
    db.session.add(publication)
    db.session.flush()
    ticket.holder = None
    _append_published(ticket, publication, place, by, role)
    return publication


def send_back(ticket: Ticket, *, by: Person, version: int | None = None) -> None:
    """Put a text that may no longer be posted back in validation. Raises Conflict when it may be posted after all."""
    role = seeing.ensure(by, Can.PUBLISH, ticket)
    events.ensure_version(ticket, version)
    found = publishable(ticket, now=clock.now())
    if found.refusal not in reverting.GO_BACK:
        raise Conflict(events.last_change(ticket))
    reverting.revert(ticket, found.refusal, by=by, role=role)


# --- how --------------------------------------------------------------------------------------------------------------


def _recorded_already(ticket: Ticket, channel: Channel, by: Person, url: str | None) -> Publication | None:
    """The publication `by` has just recorded, when this is the same one again: a second click."""
    if ticket.state is not State.ANSWERED:
        return None
    last = db.session.scalar(
        select(Publication).where(Publication.ticket_id == ticket.id).order_by(Publication.id.desc()).limit(1)
    )
    link = canonical_link(url) if url else None
    if last is None or (last.posted_by_id, last.channel_id, last.link) != (by.id, channel.id, link):
        return None
    return last


def _question_on(ticket: Ticket, channel: Channel) -> Question:
    """The question that was asked on `channel`. Answers go where somebody asked, and nowhere else."""
    if not channel.active:
        raise BadInput([Problem("channel", "unknown_channel")])
    question = next((each for each in ticket.questions if each.channel_id == channel.id), None)
    if question is None:
        raise BadInput([Problem("channel", "not_asked_there")])
    return question


def needs_link(channel: Channel) -> bool:
    """Whether "I have posted it" must say where: in public, but not on our own page."""
    return channel.public and channel.kind != OWN_PAGE


def _link_of(url: str | None, channel: Channel, question: Question) -> str | None:
    """The permalink in its one spelling. Raises BadInput: missing, bad_link, other_site, already_posted."""
    url = (url or "").strip()
    if not url or channel.kind == OWN_PAGE:
        if needs_link(channel):
            raise BadInput([Problem("url", "missing_permalink")])
        return None
    asked = [question.url] if question.url else []
    if code := problem_of(url, kind=channel.kind, account=channel.account, question_urls=asked):
        raise BadInput([Problem("url", code)])
    link = canonical_link(url)
    other = db.session.scalar(
        select(Ticket.ref).join(Publication, Publication.ticket_id == Ticket.id).where(Publication.link == link)
    )
    if other is not None:
        raise BadInput([Problem("url", "already_posted", {"ref": other})])
    return link


def _publication(
    ticket: Ticket, question: Question, channel: Channel, version: AnswerVersion, variant: Variant, by: Person
) -> Publication:
    return Publication(
        ticket_id=ticket.id,
        question_id=question.id,
        channel_id=channel.id,
        version_id=version.id,
        variant=variant.which,
        mode="own_page" if channel.kind == OWN_PAGE else "manual",
        state=PublicationState.POSTED,
        approved_digest=proof.digest(variant.text),
        posted_by_id=by.id,
        posted_at=clock.now(),
    )


def _compare(publication: Publication, approved: str, posted_text: str | None, question: Question) -> None:
    """Note whether what was posted is what was approved, and what differs."""
    if publication.mode == "own_page":  # the page shows the sealed text itself
        publication.verdict, publication.posted_digest = Verdict.EQUAL, publication.approved_digest
        return
    posted = (posted_text or "").strip()
    if not posted:
        publication.verdict = Verdict.UNSEEN
        return
    if len(posted) > LONGEST_POSTED_TEXT:
        figures = {"count": len(posted), "limit": LONGEST_POSTED_TEXT}
        raise BadInput([Problem("posted_text", "too_long", figures)])
    if "\x00" in posted:
        raise BadInput([Problem("posted_text", "nul", {"position": posted.index("\x00") + 1})])
    comparison = compare_posted(approved, posted, question)
    publication.posted_text, publication.posted_digest = posted, proof.digest(posted)
    publication.verdict = Verdict(comparison.verdict)
    if comparison.verdict != "equal":
        publication.differences = [{"kind": piece.kind, "text": piece.text} for piece in comparison.pieces]


def compare_posted(approved: str, posted: str, question: Question) -> proof.Comparison:
    """The posted text against the approved one: a mention of the asker may open it, our signature may be left out."""
    handle = question.asker.identity.handle if question.asker and question.asker.identity else None
    mentions = [handle, f"@{handle.lstrip('@')}"] if handle else []
    comparison = proof.compare(approved, posted, mentions=mentions)
    signature = str(setting("signature")).strip()
    if comparison.verdict == "different" and signature and approved.endswith(signature):
        unsigned = proof.compare(approved[: -len(signature)].rstrip(), posted, mentions=mentions)
        if unsigned.verdict != "different":
            return unsigned
    return comparison


def _append_published(ticket: Ticket, publication: Publication, channel: Channel, by: Person, role: Role) -> None:
    facts: dict[str, Any] = {"posted_digest": publication.posted_digest} if publication.posted_digest else {}
    version = db.session.get_one(AnswerVersion, publication.version_id)
    if version.official_answer.kind is AnswerKind.HOLDING:
        facts["holding"] = True  # said while nobody knows: it never counts as an answer
    events.append(
        ticket,
        Kind.PUBLISHED,
        by=by,
        role=role,
        publication_id=publication.id,
        version_id=publication.version_id,
        digest=publication.approved_digest,
        verdict=str(publication.verdict),
        channel=channel.code,
        **facts,
    )


def publications_of(answer: OfficialAnswer) -> list[Publication]:
    """Where the texts of an official answer were posted, newest first."""
    query = (
        select(Publication)
        .join(AnswerVersion, AnswerVersion.id == Publication.version_id)
        .where(AnswerVersion.official_answer_id == answer.id)
    )
    return list(db.session.scalars(query.order_by(Publication.posted_at.desc(), Publication.id.desc()).limit(200)))
