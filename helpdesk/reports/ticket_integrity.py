"""Whether each ticket is what its log says: the log itself, and every row that an event vouches for.

Pure: rows in (anything with the columns as attributes), faults out. `integrity` brings the rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from helpdesk.answers.models import ApprovalDecision
from helpdesk.answers.writing import draft_digest
from helpdesk.publishing import proof
from helpdesk.publishing.models import Verdict
from helpdesk.routing.models import OfferState
from helpdesk.sla.timer import instant_of
from helpdesk.tickets.checking import log_fault
from helpdesk.tickets.sealing import text_digest
from helpdesk.tickets.workflow import Kind, queue_of


@dataclass(frozen=True)
class Fault:
    """Something that is not as the log says: a kind ("event.hash"), the table and id of the row, and the ticket."""

    kind: str
    table: str
    row: int
    ref: str


@dataclass
class Story:
    """One ticket with every row that belongs to it."""

    ticket: Any
    events: list[Any] = field(default_factory=list)
    questions: list[Any] = field(default_factory=list)
    originals: dict[int, Any] = field(default_factory=dict)
    drafts: list[Any] = field(default_factory=list)
    approvals: list[Any] = field(default_factory=list)
    offers: list[Any] = field(default_factory=list)
    publications: list[Any] = field(default_factory=list)
    judgements: list[Any] = field(default_factory=list)
    versions: dict[int, Any] = field(default_factory=dict)  # those that the log or a publication names

    def told(self, *kinds: Kind) -> list[Any]:
        return [event for event in self.events if event.kind in kinds]


def faults_of(story: Story) -> Iterator[Fault]:
    """Every fault of one ticket: its log and itself first, then what the log vouches for."""
    ref = story.ticket.ref
    found = log_fault(story.ticket, story.events)
    if found is not None:
        code, event = found
        table, row = ("event", event.id) if event is not None else ("ticket", story.ticket.id)
        yield Fault(f"{table}.{code}", table, row, ref)
    for check in (_ticket, _questions, _drafts, _approvals, _offers, _publications, _versions, _judgements):
        for kind, table, row in check(story):
            yield Fault(kind, table, row, ref)


Found = Iterator[tuple[str, str, int]]


def _ticket(story: Story) -> Found:
    ticket = story.ticket
    queue = queue_of(ticket.state, triaged=ticket.triaged_at is not None)
    if (ticket.queue, ticket.counted_queue) != (queue, queue):
        yield "ticket.queue", "ticket", ticket.id
    if ticket.counted_department_id != (ticket.department_id or 0):
        yield "ticket.department", "ticket", ticket.id


def _questions(story: Story) -> Found:
    """Each question is named once by the log, with the digest of the verbatim text (as long as it was not erased)."""
    told = {event.facts["question_id"]: event for event in story.told(Kind.RECEIVED, Kind.ASKER_REPLIED)}
    erased = bool(story.told(Kind.ERASED))
    yield from _missing("question", told, story.questions)
    for question in story.questions:
        event = told.get(question.id)
        if event is None:
            yield "question.unknown", "question", question.id
            continue
        original = story.originals.get(question.id)
        digests = {event.facts["digest"], question.digest}
        if original is not None:
            digests.add(text_digest(original.text))
        if len(digests) > 1 or (original is None and not erased):
            yield "question.digest", "question", question.id
        posted = instant_of(event.facts.get("posted_at")) or (event.at if event.kind is Kind.RECEIVED else None)
        if posted is not None and posted != question.posted_at:
            yield "question.posted_at", "question", question.id


def _drafts(story: Story) -> Found:
    """Each revision was saved by an event, or came with a text that was sent back; and is what it was then."""
    told: dict[int, set[tuple[int, str]]] = {}
    for event in story.told(Kind.DRAFTED, Kind.SUBMITTED, Kind.REVERTED):
        if "draft_id" in event.facts:
            facts = (event.facts["revision"], event.facts["digest"])
            told.setdefault(event.facts["draft_id"], set()).add(facts)
    yield from _missing("draft", told, story.drafts)
    saved = {event.facts["draft_id"]: event.actor_id for event in story.told(Kind.DRAFTED)}
    for draft in story.drafts:
        digest = draft_digest(
            title=draft.title,
            body=draft.body,
            short=draft.short,
            sources=draft.sources,
            language=draft.language,
            review_by=draft.review_by,
            own_knowledge=draft.own_knowledge,
        )
        if draft.id not in told:
            yield "draft.unknown", "draft", draft.id
        elif told[draft.id] != {(draft.revision, draft.digest)} or draft.digest != digest:
            yield "draft.digest", "draft", draft.id
        elif saved.get(draft.id, draft.author_id) != draft.author_id:
            yield "draft.author", "draft", draft.id


def _approvals(story: Story) -> Found:
    """Each decision is told by the log: on this draft, by this person, and not by one of the text's authors."""
    words = {Kind.APPROVED: ApprovalDecision.APPROVE, Kind.RETURNED: ApprovalDecision.RETURN}
    told = {event.facts["approval_id"]: event for event in story.told(*words)}
    authors = {draft.id: draft.author_id for draft in story.drafts}
    yield from _missing("approval", told, story.approvals)
    for approval in story.approvals:
        event = told.get(approval.id)
        if event is None:
            yield "approval.unknown", "approval", approval.id
            continue
        said = (event.facts["draft_id"], event.actor_id, words[event.kind])
        own = authors.get(approval.draft_id) == approval.approver_id
        if own or said != (approval.draft_id, approval.approver_id, approval.decision):
            yield "approval.decision", "approval", approval.id


# What an event makes of the offer it names.
_OFFER_AFTER = {
    Kind.OFFERED: OfferState.OFFERED,
    Kind.ACCEPTED: OfferState.ACCEPTED,
    Kind.DECLINED: OfferState.DECLINED,
    Kind.REDIRECTED: OfferState.REDIRECTED,
    Kind.WITHDRAWN: OfferState.WITHDRAWN,
    Kind.EXPIRED: OfferState.EXPIRED,
}
# What an event makes of every offer of its ticket that is in one of these states.
_OFFERS_AFTER = {
    Kind.PUBLISHED: ({OfferState.ACCEPTED}, OfferState.DONE),
    Kind.CLOSED: ({OfferState.OFFERED, OfferState.ACCEPTED}, OfferState.WITHDRAWN),
    Kind.MERGED: ({OfferState.OFFERED, OfferState.ACCEPTED}, OfferState.WITHDRAWN),
    Kind.ESCALATED: ({OfferState.OFFERED, OfferState.ACCEPTED}, OfferState.WITHDRAWN),
}


def offers_told(events: Sequence[Any]) -> dict[int, tuple[int, OfferState]]:
    """Where the log leaves each offer: id to (person, state)."""
    told: dict[int, tuple[int, OfferState]] = {}
    for event in events:
        if event.kind in _OFFER_AFTER:
            told[event.facts["offer_id"]] = (event.facts["person_id"], _OFFER_AFTER[event.kind])
        elif event.kind in _OFFERS_AFTER:
            before, after = _OFFERS_AFTER[event.kind]
            for offer_id, (person_id, state) in told.items():
                if state in before:
                    told[offer_id] = (person_id, after)
    return told


def _offers(story: Story) -> Found:
    told = offers_told(story.events)
    yield from _missing("offer", told, story.offers)
    for offer in story.offers:
        if offer.id not in told:
            yield "offer.unknown", "offer", offer.id
        elif told[offer.id] != (offer.person_id, offer.state):
            yield "offer.state", "offer", offer.id


def _publications(story: Story) -> Found:
    """Each publication is told by the log, of the version that the log approved, with the verdict it was given."""
    told = {event.facts["publication_id"]: event for event in story.told(Kind.PUBLISHED)}
    yield from _missing("publication", told, story.publications)
    for publication in story.publications:
        event = told.get(publication.id)
        if event is None:
            yield "publication.unknown", "publication", publication.id
            continue
        facts = event.facts
        said = (facts["version_id"], facts["digest"], facts["verdict"], facts.get("posted_digest"), event.actor_id)
        found = (
            publication.version_id,
            publication.approved_digest,
            str(publication.verdict),
            publication.posted_digest,
            publication.posted_by_id,
        )
        text = publication.posted_text
        if said != found or (text is not None and proof.digest(text) != publication.posted_digest):
            yield "publication.digest", "publication", publication.id
        elif (publication.verdict is Verdict.UNSEEN) != (publication.posted_digest is None):
            yield "publication.verdict", "publication", publication.id
        elif publication.version_id not in _decided_before(story, event):
            yield "publication.approval", "publication", publication.id


def _decided_before(story: Story, published: Any) -> set[int]:
    """The version that the last decision before this event made official."""
    earlier = [
        event.facts["version_id"]
        for event in story.told(Kind.APPROVED, Kind.REUSED)
        if event.sequence < published.sequence
    ]
    return set(earlier[-1:])


def _versions(story: Story) -> Found:
    """The seals that the log repeats are those of the ledger."""
    for event in story.told(Kind.APPROVED, Kind.REUSED):
        version = story.versions.get(event.facts["version_id"])
        said = (event.facts["seal"], event.facts["digest"])
        if version is None or said != (version.hash, version.text_sha256):
            yield "version.seal", "answer_version", event.facts["version_id"]
        elif event.kind is Kind.APPROVED and version.draft_id != event.facts["draft_id"]:
            yield "version.draft", "answer_version", version.id


def _judgements(story: Story) -> Found:
    """Each is the last word that the log has of it."""
    told = {event.facts["judgement_id"]: event for event in story.told(Kind.JUDGED)}
    yield from _missing("judgement", told, story.judgements)
    for row in story.judgements:
        event = told.get(row.id)
        if event is None:
            yield "judgement.unknown", "judgement", row.id
            continue
        facts = event.facts
        said = (facts["question_id"], facts["version_id"], facts["helped"], event.at)
        if said != (row.question_id, row.version_id, row.helped, row.said_at):
            yield "judgement.said", "judgement", row.id


def _missing(table: str, told: dict[int, Any], rows: Sequence[Any]) -> Found:
    present = {row.id for row in rows}
    for row_id in told:
        if row_id not in present:
            yield f"{table}.missing", table, row_id
