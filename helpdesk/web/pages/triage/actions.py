"""What is pressed on the ticket page: each reads one form and carries out one verb.

Somebody else was quicker, or something must be corrected: the page comes again with what changed, and keeps what was
typed. The same press twice (a double click, a reload) is done once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from helpdesk import clock
from helpdesk.accounts.models import Person
from helpdesk.answers.models import OfficialAnswer
from helpdesk.answers.reusing import reuse as reuse_answer
from helpdesk.db import db, transaction
from helpdesk.errors import BadInput, Conflict, NotAllowed, NotFound, Problem
from helpdesk.intake.cleaning import clean
from helpdesk.routing import merging, offering
from helpdesk.routing.models import Offer, Topic
from helpdesk.tickets import closing, events, seeing, triaging, unmerging
from helpdesk.tickets.models import Event, Question, Ticket
from helpdesk.tickets.workflow import Kind, Outcome
from helpdesk.web.bodies import one_kind_of_line
from helpdesk.web.forms import triage as forms
from helpdesk.web.pages.triage.shown import offer_choices, render, ticket_shown
from helpdesk.web.signing_in import back_to, me
from helpdesk.web.timeline import change_in_words
from helpdesk.web.wording import refusal, sentences_by_field

Verb = Callable[[Ticket, Any], None]


def carry_out(ref: str, form: forms.TicketForm, verb: Verb, done: str, kind: Kind) -> ResponseReturnValue:
    """Check the form, do `verb`, say `done`. `kind`: the event it appends, by which a second press is known."""
    shown = ticket_shown(me(), ref)
    if pressed_twice(ref, kind):
        return back_to(_page_or_inbox(ref))
    offer_choices(form, shown)
    try:
        if not form.validate():
            events.ensure_version(shown.ticket, seen_version())  # a choice may be wrong only because things moved on
            return render(shown, form, status=422)
        with transaction():
            verb(seeing.ticket_for(me(), ref), form)
    except Conflict as conflict:
        return render(ticket_shown(me(), ref), form, status=409, changed=_what_changed(conflict))
    except BadInput as wrong:
        refused = form.refuse(sentences_by_field(wrong.problems))
        return render(ticket_shown(me(), ref), form, status=422, refused=refused)
    except NotAllowed as no:
        return render(ticket_shown(me(), ref), form, status=403, refused=[refusal(no.code, **no.params)])
    flash(done, "success")
    return back_to(_page_or_inbox(ref))


def pressed_twice(ref: str, kind: Kind) -> bool:
    """Whether this very press was carried out a moment ago: the page's version is the one before one's own event."""
    version = seen_version()
    last = db.session.scalar(
        select(Event)
        .join(Ticket, Ticket.id == Event.ticket_id)
        .where(Ticket.ref == ref, Event.sequence > (version or 0), Event.actor_id.is_not(None))
        .order_by(Event.sequence)
        .limit(1)
    )
    if version is None or last is None or (last.kind, last.actor_id) != (kind, me().id):
        return False
    return (clock.now() - last.recorded_at).total_seconds() < DOUBLE_CLICK


DOUBLE_CLICK = 5  # seconds


def seen_version() -> int | None:
    """The version of the ticket that the page showed; None when it did not say."""
    return request.form.get("version", type=int)


def _what_changed(conflict: Conflict) -> list[str]:
    change = conflict.what_changed
    return [change_in_words(change) if isinstance(change, dict) else refusal(str(change))]


def _page_or_inbox(ref: str) -> str:
    """The ticket's page; the inbox when what was done took it out of one's sight."""
    try:
        seeing.ticket_for(me(), ref)
    except NotFound:
        return url_for("triage.inbox")
    return url_for("triage.ticket", ref=ref)


# --- the verbs ----------------------------------------------------------------------------------------------------


def claim(ref: str) -> ResponseReturnValue:
    def verb(ticket: Ticket, form: forms.TicketForm) -> None:
        triaging.claim(ticket, by=me())

    return carry_out(ref, forms.TicketForm(), verb, _("It is yours for a quarter of an hour."), Kind.CLAIMED)


def release(ref: str) -> ResponseReturnValue:
    def verb(ticket: Ticket, form: forms.TicketForm) -> None:
        triaging.release(ticket, by=me())

    return carry_out(ref, forms.TicketForm(), verb, _("Others can take it again."), Kind.RELEASED)


def triage(ref: str) -> ResponseReturnValue:
    def verb(ticket: Ticket, form: forms.TriageForm) -> None:
        chosen = {topic.id: topic for topic in db.session.scalars(select(Topic).where(Topic.id.in_(form.topic_ids)))}
        triaging.triage(
            ticket,
            by=me(),
            class_=form.class_.data,
            priority=form.priority.data,
            topics=[chosen[topic_id] for topic_id in form.topic_ids],
            sensitivity=form.sensitivity.data or None,
            language=form.language.data or None,
            version=seen_version(),
        )

    return carry_out(ref, forms.TriageForm(), verb, _("Triage is saved."), Kind.TRIAGED)


def offer(ref: str) -> ResponseReturnValue:
    def verb(ticket: Ticket, form: forms.OfferForm) -> None:
        expert = db.session.scalar(select(Person).where(Person.handle == form.person.data))
        if expert is None:
            raise BadInput([Problem("person", "invalid")])
        offering.offer(ticket, expert, by=me(), version=seen_version())

    return carry_out(ref, forms.OfferForm(), verb, _("The expert has been asked."), Kind.OFFERED)


def withdraw(ref: str) -> ResponseReturnValue:
    def verb(ticket: Ticket, form: forms.WithdrawForm) -> None:
        taken = db.session.scalar(
            select(Offer).where(Offer.ticket_id == ticket.id, Offer.id == _number(form.offer.data))
        )
        if taken is None:
            raise NotFound()
        reason = one_kind_of_line(form.reason.data)
        offering.withdraw(taken, by=me(), reason=reason, version=seen_version())

    return carry_out(ref, forms.WithdrawForm(), verb, _("The question is back with you."), Kind.WITHDRAWN)


def reuse(ref: str) -> ResponseReturnValue:
    def verb(ticket: Ticket, form: forms.ReuseForm) -> None:
        answer = db.session.get(OfficialAnswer, _number(form.answer.data))
        if answer is None:
            raise NotFound()
        reuse_answer(ticket, answer, by=me(), version=seen_version())

    return carry_out(ref, forms.ReuseForm(), verb, _("The official answer is ready to publish."), Kind.REUSED)


def clarification(ref: str) -> ResponseReturnValue:
    def verb(ticket: Ticket, form: forms.ClarificationForm) -> None:
        wording = one_kind_of_line(form.wording.data)
        triaging.ask_clarification(ticket, by=me(), wording=wording, version=seen_version())

    done = _("Noted. Post your question where the asker wrote, if that is not our own form.")
    return carry_out(ref, forms.ClarificationForm(), verb, done, Kind.CLARIFICATION_ASKED)


def reply(ref: str) -> ResponseReturnValue:
    def verb(ticket: Ticket, form: forms.ReplyForm) -> None:
        text = one_kind_of_line(form.text.data)
        submission = clean(text=text, channel=ticket.channel.code, now=clock.now())
        triaging.record_reply(ticket, submission, by=me())

    return carry_out(ref, forms.ReplyForm(), verb, _("The reply is on the thread."), Kind.ASKER_REPLIED)


def close(ref: str) -> ResponseReturnValue:
    def verb(ticket: Ticket, form: forms.CloseForm) -> None:
        reason = one_kind_of_line(form.reason.data)
        closing.close(ticket, by=me(), outcome=Outcome(form.outcome.data), reason=reason, version=seen_version())

    return carry_out(ref, forms.CloseForm(), verb, _("The question is closed."), Kind.CLOSED)


def reopen(ref: str) -> ResponseReturnValue:
    def verb(ticket: Ticket, form: forms.ReopenForm) -> None:
        closing.reopen(ticket, by=me(), reason=one_kind_of_line(form.reason.data), version=seen_version())

    return carry_out(ref, forms.ReopenForm(), verb, _("The question is open again."), Kind.REOPENED)


def merge(ref: str) -> ResponseReturnValue:
    def verb(ticket: Ticket, form: forms.MergeForm) -> None:
        other = form.into.data.strip().upper()
        try:
            into = seeing.ticket_for(me(), other)
        except NotFound:
            raise BadInput([Problem("into", "unknown_reference")]) from None
        reason = one_kind_of_line(form.reason.data or "")
        merging.merge(ticket, into, by=me(), reason=reason, version=seen_version())

    done = _("Merged: the asker will hear the answer to the other question.")
    return carry_out(ref, forms.MergeForm(), verb, done, Kind.MERGED)


def unmerge(ref: str) -> ResponseReturnValue:
    def verb(ticket: Ticket, form: forms.TicketForm) -> None:
        unmerging.unmerge(ticket, by=me(), version=seen_version())

    return carry_out(ref, forms.TicketForm(), verb, _("The question stands on its own again."), Kind.REOPENED)


def escalate(ref: str) -> ResponseReturnValue:
    def verb(ticket: Ticket, form: forms.EscalateForm) -> None:
        reason = one_kind_of_line(form.reason.data)
        triaging.escalate(ticket, by=me(), circuit=form.circuit.data, reason=reason, version=seen_version())

    done = _("From now on only you and the people of this circuit see this question.")
    return carry_out(ref, forms.EscalateForm(), verb, done, Kind.ESCALATED)


def release_restricted(ref: str) -> ResponseReturnValue:
    def verb(ticket: Ticket, form: forms.ReleaseForm) -> None:
        reason = one_kind_of_line(form.reason.data)
        triaging.release_escalated(ticket, by=me(), reason=reason, version=seen_version())

    done = _("The question is back on the normal path.")
    return carry_out(ref, forms.ReleaseForm(), verb, done, Kind.RELEASED_TO_ROUTE)


def original(ref: str) -> ResponseReturnValue:
    """The verbatim text, in the answer to the POST itself: no address shows it without a new record of the reading."""
    form = forms.OriginalForm()
    if not form.validate():
        return render(ticket_shown(me(), ref), form, status=422)
    with transaction():
        ticket = seeing.ticket_for(me(), ref)
        question = db.session.scalar(
            select(Question).where(Question.ticket_id == ticket.id, Question.id == _number(form.question.data))
        )
        if question is None:
            raise NotFound()
        verbatim = triaging.read_original(question, by=me(), reason=one_kind_of_line(form.reason.data))
    flash(_("Your reading of the original is on record."), "info")
    return render(ticket_shown(me(), ref), original=(question, verbatim))


def _number(value: str | None) -> int:
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 16 else 0


VIEWS: dict[str, Callable[[str], ResponseReturnValue]] = {
    view.__name__: view
    for view in (
        claim,
        release,
        triage,
        offer,
        withdraw,
        reuse,
        clarification,
        reply,
        close,
        reopen,
        merge,
        unmerge,
        escalate,
        release_restricted,
        original,
    )
}
