"""Everything the ticket page shows, read with few queries and through the person who looks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import BindParameter, bindparam, select
from sqlalchemy.orm import joinedload, lazyload, load_only
from sqlalchemy.orm.attributes import set_committed_value

from helpdesk import clock
from helpdesk.accounts.access import Can, Role, role_allowing, roles_ever_allowed
from helpdesk.accounts.models import Person
from helpdesk.answers.models import AnswerVersion, Draft
from helpdesk.db import db
from helpdesk.errors import NotFound
from helpdesk.publishing.models import Publication, PublicationState
from helpdesk.routing.models import Offer, OfferState
from helpdesk.tickets import closing, seeing
from helpdesk.tickets.models import Asker, Clarification, Event, Question, Remark, Ticket
from helpdesk.tickets.triaging import CLAIM_LASTS
from helpdesk.tickets.unmerging import can_be_unmerged
from helpdesk.tickets.workflow import MOVES, Kind, Outcome, State
from helpdesk.web import timeline
from helpdesk.web.forms import triage as forms
from helpdesk.web.labels import DECLINE_REASONS, label
from helpdesk.web.language import language_now
from helpdesk.web.pages.triage import listed
from helpdesk.web.pages.triage.advice import Advice, advice_for

LATEST_EVENTS = 200
BRIEF = 700  # characters
TOPICS_SUGGESTED = 2
OPEN_OFFERS = (OfferState.OFFERED, OfferState.ACCEPTED)
# What a button stands for, and the event it would append: shown if both the person and the workflow allow it.
ACTIONS: dict[str, tuple[Can, Kind]] = {
    "claim": (Can.TRIAGE, Kind.CLAIMED),
    "triage": (Can.TRIAGE, Kind.TRIAGED),
    "offer": (Can.OFFER, Kind.OFFERED),
    "withdraw": (Can.WITHDRAW_OFFER, Kind.WITHDRAWN),
    "reuse": (Can.REUSE, Kind.REUSED),
    "clarification": (Can.ASK_CLARIFICATION, Kind.CLARIFICATION_ASKED),
    "close": (Can.CLOSE, Kind.CLOSED),
    "merge": (Can.MERGE, Kind.MERGED),
    "escalate": (Can.ESCALATE, Kind.ESCALATED),
    "release": (Can.RELEASE_ESCALATED, Kind.RELEASED_TO_ROUTE),
    "unmerge": (Can.MERGE, Kind.REOPENED),
    "reopen": (Can.REOPEN, Kind.REOPENED),
    "original": (Can.READ_ORIGINAL, Kind.ORIGINAL_READ),
}


@dataclass
class Shown:
    """One ticket as one person sees it."""

    ticket: Ticket
    reader: Person
    able: set[str]
    sees_asker: bool
    questions: list[Question]
    clarifications: list[Clarification]
    offers: list[Offer]
    publications: list[Publication]
    draft: Draft | None
    topics: Mapping[int, listed.TopicListed]
    topic_ids: list[int]
    merged: list[tuple[str, str]]
    entries: list[timeline.Entry] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    advice: Advice | None = None
    people: listed.People = field(default_factory=listed.People)
    all_topics: bool = True
    """Whether every topic can be listed. If not, `topic_words` say which."""
    topic_words: str = ""

    def may(self, *names: str) -> bool:
        """Whether the reader can do any of these things now."""
        return not self.able.isdisjoint(names)

    @property
    def thread(self) -> list[tuple[str, Any]]:
        """What the public sees, in the order it happened: (kind, row)."""
        rows: list[tuple[str, Any, datetime]] = [("question", row, row.posted_at) for row in self.questions[:1]]
        later: list[tuple[str, Any, datetime]] = [("question", row, row.received_at) for row in self.questions[1:]]
        later += [("clarification", row, row.asked_at) for row in self.clarifications]
        later += [("published", row, row.posted_at) for row in self.publications]
        return [(kind, row) for kind, row, _at in rows + sorted(later, key=lambda each: each[2])]

    @property
    def is_brief(self) -> bool:
        """Whether the conversation is short enough to stay in sight while the other side is scrolled."""
        length = sum(len(row.text) for row in self.questions) + sum(len(row.wording) for row in self.clarifications)
        return length < BRIEF and not self.publications

    @property
    def offer(self) -> Offer | None:
        """The offer that is open, if any."""
        return next((offer for offer in reversed(self.offers) if offer.state in OPEN_OFFERS), None)

    @property
    def claimed_by_colleague(self) -> Person | None:
        """A colleague who took this question less than a quarter of an hour ago and has not triaged it yet."""
        ticket = self.ticket
        if ticket.triaged_at is not None or ticket.claimed_by_id in (None, self.reader.id):
            return None
        lasts = ticket.claimed_at is not None and clock.now() - ticket.claimed_at < CLAIM_LASTS
        return ticket.claimed_by if lasts else None


def ticket_shown(reader: Person, ref: str) -> Shown:
    """The ticket `ref` as `reader` may see it. Raises NotFound."""
    ticket = _ticket(ref)
    if ticket is None:
        raise NotFound()
    standing = seeing.relations(reader, ticket)
    roles = reader.roles if reader.active else frozenset[Role]()
    if role_allowing(Can.SEE_TICKET, roles, standing) is None:
        raise NotFound()
    able = {
        name
        for name, (can, kind) in ACTIONS.items()
        if ticket.state in MOVES[kind][0] and role_allowing(can, roles, standing) is not None
    }
    if role_allowing(Can.ASK_CLARIFICATION, roles, standing) is not None:
        able.add("reply")
    log = _log(ticket)
    kinds = {event.kind for event, _note in log}

    def happened(kind: Kind) -> bool:
        """Whether rows of this kind of event can exist: what the log does not tell is not looked for."""
        return kind in kinds or len(log) == LATEST_EVENTS

    shown = Shown(
        ticket=ticket,
        reader=reader,
        able=able,
        sees_asker=role_allowing(Can.SEE_ASKER, roles, standing) is not None,
        questions=_questions(ticket),
        clarifications=_clarifications(ticket) if happened(Kind.CLARIFICATION_ASKED) else [],
        offers=_offers(ticket) if happened(Kind.OFFERED) else [],
        publications=_publications(ticket) if happened(Kind.PUBLISHED) else [],
        draft=_latest_draft(ticket) if happened(Kind.DRAFTED) else None,
        topics=listed.topics(language_now()),
        topic_ids=[row.topic_id for row in ticket.topic_rows],
        merged=_merged(ticket, reader),
    )
    _narrow(shown)
    shown.entries = _entries(shown, log)
    if "close" in able:
        shown.outcomes = _possible_outcomes(shown, log)
    if {"offer", "reuse"} & able and ticket.state in (State.RECEIVED, State.OFFERED):
        labels = {topic_id: topic.label for topic_id, topic in shown.topics.items()}
        shown.advice = advice_for(ticket, reader, labels)
    if "offer" in able and shown.advice:
        shown.people = listed.people(request.args.get("who", ""))
    return shown


def render(
    shown: Shown,
    bound: forms.TicketForm | None = None,
    *,
    status: int = 200,
    refused: list[str] | None = None,
    changed: list[str] | None = None,
    original: tuple[Question, Any] | None = None,
) -> ResponseReturnValue:
    """The page. `bound`: the form that was sent and could not be carried out, kept as it was typed."""
    page = render_template(
        "triage/ticket.html",
        shown=shown,
        ticket=shown.ticket,
        forms=_forms(shown, bound),
        bound=bound.purpose if bound is not None else None,
        refused=refused or [],
        changed=changed or [],
        kept=_typed(bound) if bound is not None and bound.purpose not in shown.able else [],
        original=original,
        places=_places(shown),
        close_words=_why_fewer_outcomes,
        decline_word=lambda reason: label(DECLINE_REASONS, reason),
    )
    return page, status


# --- what is read -------------------------------------------------------------------------------------------------


def _name_only() -> tuple[Any, ...]:
    """People on this page are shown by name: all that is known of them would be much to read, and one more query."""
    return (load_only(Person.name), lazyload(Person.role_rows), lazyload(Person.department))


def _with_department() -> tuple[Any, ...]:
    return (lazyload(Person.role_rows), joinedload(Person.department))


# Made once: that takes longer than to carry them out.
_TICKET: BindParameter[int] = bindparam("ticket")
_ITSELF = (
    select(Ticket)
    .where(Ticket.ref == bindparam("ref"))
    .options(
        joinedload(Ticket.department),
        joinedload(Ticket.holder).options(*_name_only()),
        joinedload(Ticket.claimed_by).options(*_name_only()),
        joinedload(Ticket.topic_rows),
    )
)
_HAPPENED = (
    select(Event, Remark.text)
    .outerjoin(Remark, Remark.event_id == Event.id)
    .where(Event.ticket_id == _TICKET)
    .order_by(Event.sequence.desc())
    .limit(LATEST_EVENTS)
    .options(joinedload(Event.actor).options(*_name_only()))
)
_ASKED = (
    select(Question)
    .where(Question.ticket_id == _TICKET)
    .order_by(Question.id)
    .options(joinedload(Question.asker).joinedload(Asker.identity))
)
_OFFERED = (
    select(Offer)
    .where(Offer.ticket_id == _TICKET)
    .order_by(Offer.id)
    .options(
        joinedload(Offer.person).options(*_with_department()),
        joinedload(Offer.instead).options(*_name_only()),
    )
)


def _ticket(ref: str) -> Ticket | None:
    return db.session.execute(_ITSELF, {"ref": ref}).unique().scalar_one_or_none()


def _log(ticket: Ticket) -> list[tuple[Event, str | None]]:
    """The latest events, newest first, each with what was written to explain it."""
    return [(event, note) for event, note in db.session.execute(_HAPPENED, {"ticket": ticket.id})]


def _questions(ticket: Ticket) -> list[Question]:
    """What was asked, first to last, with who asked; the ticket's own list holds the same from now on."""
    asked = list(db.session.scalars(_ASKED, {"ticket": ticket.id}))
    set_committed_value(ticket, "questions", asked)
    return asked


def _clarifications(ticket: Ticket) -> list[Clarification]:
    rows = select(Clarification).where(Clarification.ticket_id == ticket.id).order_by(Clarification.id)
    return list(db.session.scalars(rows))


def _offers(ticket: Ticket) -> list[Offer]:
    return list(db.session.scalars(_OFFERED, {"ticket": ticket.id}))


def _publications(ticket: Ticket) -> list[Publication]:
    return list(
        db.session.scalars(
            select(Publication)
            .where(Publication.ticket_id == ticket.id, Publication.state == PublicationState.POSTED)
            .order_by(Publication.id)
            .options(
                joinedload(Publication.channel),
                joinedload(Publication.version).joinedload(AnswerVersion.official_answer),
            )
        )
    )


def _latest_draft(ticket: Ticket) -> Draft | None:
    if ticket.state in (State.RECEIVED, State.OFFERED, State.CLOSED):
        return None
    return db.session.scalar(
        select(Draft)
        .where(Draft.ticket_id == ticket.id)
        .order_by(Draft.revision.desc())
        .limit(1)
        .options(joinedload(Draft.author).options(*_with_department()))
    )


def _merged(ticket: Ticket, reader: Person) -> list[tuple[str, str]]:
    """Reference and first words of those closed because they ask the same."""
    merged = select(Ticket.ref, Ticket.excerpt).where(Ticket.merged_into_id == ticket.id, seeing.visible_to(reader))
    return [(ref, excerpt) for ref, excerpt in db.session.execute(merged.order_by(Ticket.id).limit(50))]


def _narrow(shown: Shown) -> None:
    """Take away the buttons that rules beside the workflow would refuse."""
    ticket, able = shown.ticket, shown.able
    if ticket.claimed_by_id == shown.reader.id or ticket.triaged_at is not None or shown.claimed_by_colleague:
        able.discard("claim")
    if ticket.waiting_for_asker or len(shown.clarifications) >= 2:
        able.discard("clarification")
    if not (ticket.waiting_for_asker or shown.clarifications):
        able.discard("reply")
    if ticket.priority == "P1":
        able.discard("merge")
    if not can_be_unmerged(ticket):
        able.discard("unmerge")
    if shown.offer is None:
        able.discard("withdraw")
    if ticket.sensitivity == "press" or ticket.circuit == "press":
        able.discard("offer")


def _entries(shown: Shown, log: list[tuple[Event, str | None]]) -> list[timeline.Entry]:
    """The log in sentences, with the names they need."""
    loaded = {offer.person_id: offer.person.name for offer in shown.offers}
    missing = timeline.people_in([event for event, _note in log]) - loaded.keys()
    if missing:
        names_of = select(Person.id, Person.name).where(Person.id.in_(missing))
        loaded |= dict(db.session.execute(names_of).all())
    into = shown.ticket.merged_into
    names = timeline.Names(loaded, {into.id: into.ref} if into is not None else {})
    return [timeline.entry(event, names, note) for event, note in log]


# --- what is asked ------------------------------------------------------------------------------------------------


def _forms(shown: Shown, bound: forms.TicketForm | None) -> dict[str, forms.TicketForm]:
    kinds = (
        forms.TriageForm,
        forms.OfferForm,
        forms.WithdrawForm,
        forms.ClarificationForm,
        forms.ReplyForm,
        forms.CloseForm,
        forms.MergeForm,
        forms.EscalateForm,
        forms.ReopenForm,
        forms.ReleaseForm,
        forms.OriginalForm,
    )
    made = {kind.purpose: kind(formdata=None) for kind in kinds if kind.purpose in shown.able}
    if bound is not None:
        made[bound.purpose] = bound
    for form in made.values():
        if isinstance(form, forms.TriageForm):
            _offer_topics(form, shown, is_fresh=form is not bound)
        else:
            offer_choices(form, shown)
    return made


def _offer_topics(form: forms.TriageForm, shown: Shown, *, is_fresh: bool) -> None:
    """The topics the form lists: all of them, or what is chosen, suggested and asked for by words."""
    if is_fresh:
        fill_in(form, shown)
    suggested = shown.advice.topic_ids if shown.advice else []
    shown.topic_words = request.args.get("about", "")
    some, shown.all_topics = listed.some_topics(shown.topics, shown.topic_words, [*form.topic_ids, *suggested])
    form.offer_choices(listed.by_department(some.items()))


def _typed(form: forms.TicketForm) -> list[str]:
    """The texts typed into a form that the page no longer has a place for."""
    return [field.data for field in form if field.type in ("TextAreaField", "StringField") and field.data]


def offer_choices(form: forms.TicketForm, shown: Shown) -> None:
    """Give a form the lists that come from the database or from the ticket."""
    if isinstance(form, forms.TriageForm):
        form.offer_choices(listed.by_department(shown.topics.items()))
    elif isinstance(form, forms.OfferForm):
        form.person.choices = forms.grouped(shown.people.by_department())
    elif isinstance(form, forms.CloseForm):
        form.offer_choices([str(outcome) for outcome in shown.outcomes])


def _possible_outcomes(shown: Shown, log: list[tuple[Event, str | None]]) -> list[Outcome]:
    """The outcomes with which the reader may close the ticket now."""
    ticket = shown.ticket
    triages = [event for event, _note in reversed(log) if event.kind is Kind.TRIAGED]
    alone = ticket.class_ is not None and not closing.decided_alone(triages, shown.reader)
    outcomes = closing.outcomes_of(ticket)
    return [outcome for outcome in outcomes if alone or outcome not in closing.WITHOUT_REPLY]


def _why_fewer_outcomes(shown: Shown) -> str:
    """What to say when not every outcome is offered; empty when all are."""
    if len(shown.outcomes) == len(closing.outcomes_of(shown.ticket)):
        return ""
    if shown.ticket.class_ is None:
        return str(_("To close it without a reply, triage it first."))
    return str(_("A complaint or a rumour is closed without a reply by a second person: ask a colleague."))


def fill_in(form: forms.TicketForm, shown: Shown) -> None:
    """Put into the triage form what was chosen, or what is suggested before anybody chose."""
    ticket = shown.ticket
    suggested = shown.advice.topic_ids[:TOPICS_SUGGESTED] if shown.advice else []
    chosen = shown.topic_ids or ([] if ticket.triaged_at else suggested)
    topics = [topic_id for topic_id in chosen if topic_id in shown.topics][: len(forms.TOPICS)]
    form["class_"].data = ticket.class_ or ""
    form["priority"].data = ticket.priority
    form["sensitivity"].data = ticket.sensitivity or ("personal_data" if ticket.personal_data else "")
    form["language"].data = ticket.language or ""
    for name, topic_id in zip(forms.TOPICS, topics, strict=False):
        form[name].data = topic_id


def _places(shown: Shown) -> dict[str, str | None]:
    """Pages about the same ticket elsewhere, as far as the reader has them."""
    roles = shown.reader.roles

    def place(endpoint: str, can: Can) -> str | None:
        there = endpoint in current_app.view_functions and not roles.isdisjoint(roles_ever_allowed(can))
        return url_for(endpoint, ref=shown.ticket.ref) if there else None

    return {
        "inbox": url_for("triage.inbox") if not roles.isdisjoint(roles_ever_allowed(Can.TRIAGE)) else None,
        "publish": place("publication.ticket", Can.PUBLISH),
        "approve": place("approval.ticket", Can.APPROVE),
    }
