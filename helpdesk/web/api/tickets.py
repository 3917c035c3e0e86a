"""Tickets: reading, triage, drafts, submission, approval and publication."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from helpdesk import clock
from helpdesk.accounts.directory import person_with
from helpdesk.accounts.models import Department
from helpdesk.answers.approving import approve, return_draft
from helpdesk.answers.writing import save_draft, submit
from helpdesk.channels.registry import channel_with
from helpdesk.db import db
from helpdesk.errors import BadInput, Problem
from helpdesk.publishing.posting import publish
from helpdesk.routing.matching import suggestions_for
from helpdesk.routing.models import Topic
from helpdesk.routing.offering import offer
from helpdesk.search.facets import TICKETS_ONLY, word
from helpdesk.search.filter_words import Filter
from helpdesk.search.finding import find
from helpdesk.search.index import IndexUnusable, Narrowing
from helpdesk.search.narrowing import sought
from helpdesk.tickets import listing, seeing, triaging
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.workflow import State
from helpdesk.web.api.authority import actor
from helpdesk.web.api.blueprint import api, described
from helpdesk.web.api.changing import Answer, changing
from helpdesk.web.api.documents import (
    answer_document,
    offer_document,
    publication_document,
    ticket_detail,
    ticket_document,
)
from helpdesk.web.api.matches import unavailable
from helpdesk.web.api.schemas import (
    MOST_PER_PAGE,
    ApprovalInSchema,
    ApprovedSchema,
    DraftInSchema,
    OfferInSchema,
    OfferSchema,
    PublicationInSchema,
    PublicationSchema,
    RevisionSchema,
    SubmissionSchema,
    SuggestionsSchema,
    TicketDetailSchema,
    TicketSchema,
    TicketsQuery,
    TriagedSchema,
    TriageSchema,
    page_of,
)
from helpdesk.web.suggested import suggestions_document


def the_ticket(ref: str) -> Ticket:
    return seeing.ticket_for(actor(), ref)


@api.get("/tickets")
@api.input(TicketsQuery, location="query", arg_name="query")
@api.output(page_of(TicketSchema), description="Newest first")
@described("List the tickets you may see")
def tickets(query: dict[str, Any]) -> Any:
    """With `q`: among the best matches of a search for these words and filters, as typed into the search box."""
    refs = _found(query) if query.get("q") else None
    page = listing.page(
        actor(),
        state=State(query["state"]) if "state" in query else None,
        department=query.get("department"),
        assignee=query.get("assignee"),
        topic=query.get("topic"),
        priority=query.get("priority"),
        late=query.get("late"),
        refs=refs,
        limit=query["limit"],
        cursor=query.get("cursor"),
    )
    return {"items": [ticket_document(ticket) for ticket in page.items], "next_cursor": page.next_cursor}


def _found(query: dict[str, Any]) -> list[str]:
    """The references of the best matches, among those that the other filters let through."""
    facets = [word(facet, query[facet]) for facet in (Filter.STATE, Filter.PRIORITY) if facet in query]
    for facet, model in ((Filter.DEPARTMENT, Department), (Filter.TOPIC, Topic)):
        if facet in query and "\0" not in query[facet]:
            row_id = db.session.scalar(select(model.id).where(model.code == query[facet]))
            facets.append(word(facet, row_id or "nobody"))
    narrowing = Narrowing(any_of=tuple(frozenset({facet}) for facet in facets), late=query.get("late"))
    what = sought(query["q"], actor(), clock.now()).within(TICKETS_ONLY).within(narrowing)
    return [item.ticket.ref for item in find(actor(), what, limit=MOST_PER_PAGE).items if item.ticket]


@api.get("/tickets/<ref>")
@api.output(TicketDetailSchema)
@described("Read one ticket with all that belongs to it")
def ticket(ref: str) -> Any:
    return ticket_detail(the_ticket(ref), actor())


@api.get("/tickets/<ref>/suggestions")
@api.output(SuggestionsSchema)
@described("Who could answer, why, and why not the others", 503)
def suggestions(ref: str) -> Any:
    try:
        return suggestions_document(suggestions_for(the_ticket(ref)), actor())
    except IndexUnusable as error:
        return unavailable(error)


@api.post("/tickets/<ref>/triage")
@api.input(TriageSchema, arg_name="body")
@api.output(TriagedSchema)
@described("Say what the question is", 409, 413, 415)
@changing
def triage(ref: str, body: dict[str, Any]) -> Answer:
    """What is not given stays as it is; a class that was never given is `question`."""
    row = the_ticket(ref)
    triaging.triage(
        row,
        by=actor(),
        class_=body.get("class_") or row.class_ or "question",
        priority=body.get("priority") or row.priority,
        topics=_topics(body["topics"]) if "topics" in body else _present_topics(row),
        sensitivity=body.get("sensitivity", row.sensitivity),
        language=body.get("language") or row.language,
        version=body.get("version"),
    )
    return ticket_document(row), 200


@api.post("/tickets/<ref>/offers")
@api.input(OfferInSchema, arg_name="body")
@api.output(OfferSchema, status_code=201)
@described("Ask an expert to answer", 409, 413, 415)
@changing
def offers(ref: str, body: dict[str, Any]) -> Answer:
    row = the_ticket(ref)
    expert = person_with(body["person"])
    if expert is None:
        raise BadInput([Problem("person", "unknown_person", {"handle": body["person"]})])
    return offer_document(offer(row, expert, by=actor(), version=body.get("version"))), 201


@api.post("/tickets/<ref>/drafts")
@api.input(DraftInSchema, arg_name="body")
@api.output(RevisionSchema, status_code=201)
@described("Keep a text as the next revision", 409, 413, 415)
@changing
def drafts(ref: str, body: dict[str, Any]) -> Answer:
    row = the_ticket(ref)
    draft = save_draft(row, by=actor(), **body)
    return {"revision": draft.revision, "ticket": ticket_document(row)}, 201


@api.post("/tickets/<ref>/submission")
@api.input(SubmissionSchema, arg_name="body")
@api.output(RevisionSchema)
@described("Hand a revision over for approval", 409, 413, 415)
@changing
def submission(ref: str, body: dict[str, Any]) -> Answer:
    row = the_ticket(ref)
    draft = submit(row, body["revision"], by=actor(), version=body.get("version"))
    return {"revision": draft.revision, "ticket": ticket_document(row)}, 200


@api.post("/tickets/<ref>/approval")
@api.input(ApprovalInSchema, arg_name="body")
@api.output(ApprovedSchema)
@described("Approve the submitted revision, or return it with a comment", 409, 413, 415)
@changing
def approval(ref: str, body: dict[str, Any]) -> Answer:
    row = the_ticket(ref)
    decided = {"by": actor(), "comment": body.get("comment", ""), "version": body.get("version")}
    answer = None
    if body["decision"] == "approve":
        answer = answer_document(approve(row, body["revision"], **decided))
    else:
        return_draft(row, body["revision"], **decided)
    return {"decision": body["decision"], "official_answer": answer, "ticket": ticket_document(row)}, 200


@api.post("/tickets/<ref>/publications")
@api.input(PublicationInSchema, arg_name="body")
@api.output(PublicationSchema, status_code=201)
@described("Record that the approved text was posted", 409, 413, 415)
@changing
def publications(ref: str, body: dict[str, Any]) -> Answer:
    """`matches_approved` says whether `text` is what was approved; null when it is not given."""
    row = the_ticket(ref)
    channel = channel_with(body["channel"])
    if channel is None:
        raise BadInput([Problem("channel", "unknown_channel")])
    publication = publish(
        row,
        by=actor(),
        channel=channel,
        url=body.get("url"),
        posted_text=body.get("text"),
        version=body.get("version"),
    )
    return publication_document(publication), 201


def _topics(codes: list[str]) -> list[Topic]:
    found = {topic.code: topic for topic in db.session.scalars(select(Topic).where(Topic.code.in_(codes)))}
    if missing := [code for code in codes if code not in found]:
        raise BadInput([Problem("topics", "unknown_topic", {"code": code}) for code in missing])
    return [found[code] for code in dict.fromkeys(codes)]


def _present_topics(row: Ticket) -> list[Topic]:
    ids = [each.topic_id for each in row.topic_rows]
    return list(db.session.scalars(select(Topic).where(Topic.id.in_(ids))))
