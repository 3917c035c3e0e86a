"""The page about one offer, at whatever step it is: everything the template shows, read once."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from helpdesk.accounts.access import Can
from helpdesk.answers import writing
from helpdesk.answers.differences import differences
from helpdesk.answers.markup import to_html
from helpdesk.answers.models import Draft, OfficialAnswer
from helpdesk.answers.precedents import Precedent, last_return, precedents_for, to_revise
from helpdesk.db import db
from helpdesk.publishing.models import Publication, PublicationState
from helpdesk.routing.models import DeclineReason, OfferState
from helpdesk.routing.my_offers import proposals_of, reasons_of
from helpdesk.routing.wording import reason_in_words, why_answer_is_not_usable
from helpdesk.tickets import seeing
from helpdesk.tickets.models import Clarification, Question, QuestionOriginal
from helpdesk.tickets.workflow import State
from helpdesk.web.answering.channels import lengths_for
from helpdesk.web.answering.colleagues import choices_for, with_departments
from helpdesk.web.answering.desk import Desk
from helpdesk.web.changes import change_in_words
from helpdesk.web.forms.expert import AnswerForm, DeclineForm, RedirectForm
from helpdesk.web.suggested import in_readers_words

MOST_VERSIONS = 50


@dataclass
class Shown:
    """What a POST that was refused, or that only looks, adds to the page."""

    answer: AnswerForm | None = None
    decline: DeclineForm | None = None
    redirect: RedirectForm | None = None
    changed: Any = None  # the `what_changed` of a Conflict
    originals: list[QuestionOriginal] | None = None
    refused: str = ""
    status: int = 200


def stage_of(desk: Desk) -> str:
    """asked, answering, handed_over or over."""
    state, ticket_state = desk.offer.state, desk.ticket.state
    if state is OfferState.OFFERED and ticket_state is State.OFFERED:
        return "asked"
    if state is OfferState.ACCEPTED and ticket_state is State.ANSWERING:
        return "answering"
    if state is OfferState.ACCEPTED and ticket_state in (State.VALIDATING, State.READY):
        return "handed_over"
    return "over"


def show(desk: Desk, shown: Shown | None = None) -> ResponseReturnValue:
    """The page, and its status."""
    shown = shown or Shown()
    stage = stage_of(desk)
    ticket = desk.ticket
    precedents = precedents_for(ticket, writing.today()) if stage in ("asked", "answering") else []
    drafts = writing.drafts_of(ticket)
    context: dict[str, Any] = {
        "desk": desk,
        "offer": desk.offer,
        "ticket": ticket,
        "stage": stage,
        "utterances": utterances(desk),
        "reasons": reasons(desk),
        "precedents": [_card(each) for each in precedents],
        "drafts": drafts[:MOST_VERSIONS],
        "comparison": _comparison(drafts),
        "changed": change_in_words(shown.changed) if shown.changed is not None else None,
        "refused": shown.refused,
        "originals": shown.originals,
        "may_read_original": not desk.by_link
        and ticket.personal_data
        and seeing.may(desk.by, Can.READ_ORIGINAL, ticket),
        "kept_text": shown.answer.body.data if shown.answer and stage != "answering" else "",
    }
    if stage in ("asked", "answering"):
        context |= _ways_out(desk, shown)
    if stage == "answering":
        context |= _writing_desk(desk, shown, drafts, precedents)
    if stage in ("handed_over", "over"):
        context |= _what_became_of_it(desk, drafts)
    return render_template("expert/question.html", **context), shown.status


def utterances(desk: Desk) -> list[Question | Clarification]:
    """What was said in public and back, in order: questions, replies, and what we asked for."""
    clarifications = db.session.scalars(select(Clarification).where(Clarification.ticket_id == desk.ticket.id))
    said: list[tuple[Any, Question | Clarification]] = [(each.posted_at, each) for each in desk.ticket.questions]
    said += [(each.asked_at, each) for each in clarifications]
    return [each for _when, each in sorted(said, key=lambda pair: pair[0])]


def reasons(desk: Desk) -> list[dict[str, Any]]:
    """Why this person: who named them, what the matcher found, or at least who chose them."""
    words = in_readers_words()
    said: list[dict[str, Any]] = []
    for proposal in proposals_of(desk.offer):
        if proposal.note:
            text = _("%(name)s named you: “%(note)s”", name=proposal.person.name, note=proposal.note)
        else:
            text = _("%(name)s named you.", name=proposal.person.name)
        said.append({"kind": "history", "text": text})
    said += [reason_in_words(reason, words, to_them=True) for reason in reasons_of(desk.offer)]
    if not said and desk.offer.offered_by is not None and desk.offer.offered_by_id != desk.by.id:
        said.append({"kind": "history", "text": _("%(name)s chose you.", name=desk.offer.offered_by.name)})
    return said


def _card(precedent: Precedent) -> dict[str, Any]:
    why_not = precedent.why_not
    if why_not == "too_long":
        said = _("Too long for this channel")
    elif why_not == "holding_needs_variables":
        said = _("To be completed first")
    else:
        said = why_answer_is_not_usable(why_not, in_readers_words()) if why_not else ""
    return {
        "id": precedent.answer.id,
        "title": precedent.version.title,
        "html": precedent.version.html,
        "review_by": precedent.version.review_by,
        "approved_at": precedent.version.approved_at,
        "why_not": said,
        "expired": why_not == "expired",
    }


def _ways_out(desk: Desk, shown: Shown) -> dict[str, Any]:
    groups = choices_for(desk.offer)
    redirect = shown.redirect or RedirectForm(formdata=None)
    redirect.offer_choices(with_departments(groups), _("Choose…"))
    context: dict[str, Any] = {"redirect_form": redirect, "redirect_open": shown.redirect is not None}
    if desk.offer.state is OfferState.OFFERED:
        decline = shown.decline or DeclineForm(formdata=None)
        decline.offer_choices(groups, _("Nobody in particular"))
        context |= {"decline_form": decline, "decline_open": shown.decline is not None}
        context["decline_reasons"] = decline_reasons()
    return context


def decline_reasons() -> list[tuple[str, str, str]]:
    """Code, words and icon of each reason to say no, as the expert says it."""
    said = {
        DeclineReason.OUT_OF_SCOPE: (_("Not my field"), "signpost-split"),
        DeclineReason.UNAVAILABLE: (_("I am not available"), "calendar-x"),
        DeclineReason.OVERLOADED: (_("I have too much in hand"), "hourglass-split"),
        DeclineReason.MISSING_INFORMATION: (_("Information is missing"), "question-circle"),
        DeclineReason.CONFLICT_OF_INTEREST: (_("I have a conflict of interest"), "shield-lock"),
    }
    return [(str(code), words, icon) for code, (words, icon) in said.items()]


# --- writing --------------------------------------------------------------------------------------------------------


def _writing_desk(desk: Desk, shown: Shown, drafts: list[Draft], precedents: list[Precedent]) -> dict[str, Any]:
    last = drafts[0] if drafts else None
    form, begun_from, restored, left_over = shown.answer, None, False, ""
    if form is None:
        form = AnswerForm(formdata=None)
        begun_from, restored, left_over = _prefill(desk, form, last, precedents)
    returned = last_return(desk.ticket)
    body = form.body.data or ""
    return {
        "answer_form": form,
        "begun_from": begun_from,
        "restored": restored,
        "left_over": left_over,
        "last": last,
        "clash": differences(last.body, body) if shown.changed is not None and last and body != last.body else None,
        "returned": returned,
        "since_return": differences(returned.draft.body, body) if returned and body != returned.draft.body else None,
        "preview_html": to_html(body) if body.strip() else "",
        "lengths": lengths_for(desk.ticket, body, form.short.data or ""),
    }


def _prefill(
    desk: Desk, form: AnswerForm, last: Draft | None, precedents: list[Precedent]
) -> tuple[Precedent | None, bool, str]:
    """Fill the editor with what is nearest to the expert's mind: what they typed, else saved, else an answer to
    revise. Says which answer it was begun from, whether typed text came back, and typed text that did not fit in.
    """
    ticket, revision = desk.ticket, last.revision if last else 0
    form.revision.data, form.page.data = str(revision), secrets.token_hex(8)
    form.language.data = ticket.language if ticket.language in writing.LANGUAGES else writing.LANGUAGES[0]
    form.review_by.data = writing.default_review_date()
    scratch = writing.scratch_of(ticket, desk.by)
    form.seen.data = scratch.saved_at.isoformat() if scratch else ""
    chosen = request.args.get("begin", type=int)
    begun_from = next((each for each in precedents if each.answer.id == chosen), None)
    if begun_from is None and scratch is not None and scratch.based_on_revision == revision:
        form.put_back(scratch.fields)
        return _precedent_of(form, precedents), True, ""
    left_over = str(scratch.fields.get("body", "")) if scratch is not None else ""
    if begun_from is None and last is not None:
        form.fill(last)
        return None, False, "" if left_over == last.body else left_over
    begun_from = begun_from or to_revise(precedents, ticket.language)
    if begun_from is not None:
        version = begun_from.version
        form.title.data, form.body.data, form.short.data = version.title, version.body, version.short
        form.sources.data = version.sources
        form.from_version.data = str(version.id)
    return begun_from, False, left_over


def _precedent_of(form: AnswerForm, precedents: list[Precedent]) -> Precedent | None:
    return next((each for each in precedents if str(each.version.id) == form.from_version.data), None)


def _comparison(drafts: list[Draft]) -> dict[str, Any] | None:
    """The differences that `?compare=n` asks for: revision n against the one before."""
    wanted = request.args.get("compare", type=int)
    later = next((each for each in drafts if each.revision == wanted), None)
    if later is None:
        return None
    earlier = next((each for each in drafts if each.revision < later.revision), None)
    return {
        "later": later,
        "earlier": earlier,
        "body": differences(earlier.body if earlier else "", later.body),
        "short": differences(earlier.short if earlier else "", later.short) if later.short else [],
    }


# --- afterwards -----------------------------------------------------------------------------------------------------


def _what_became_of_it(desk: Desk, drafts: list[Draft]) -> dict[str, Any]:
    """The text as it stands, and where it was posted."""
    ticket = desk.ticket
    official = db.session.scalar(
        select(OfficialAnswer).where(OfficialAnswer.ticket_id == ticket.id).order_by(OfficialAnswer.id.desc()).limit(1)
    )
    posted = db.session.scalars(
        select(Publication).where(Publication.ticket_id == ticket.id, Publication.state == PublicationState.POSTED)
    ).all()
    mine = [draft for draft in drafts if draft.author_id == desk.by.id]
    approved = official.current if official and official.versions and ticket.state is not State.VALIDATING else None
    handed = drafts[0] if drafts and desk.offer.state is OfferState.ACCEPTED else mine[0] if mine else None
    text = approved.html if approved else to_html(handed.body) if handed else ""
    return {"text_html": text, "is_approved": approved is not None, "publications": posted}
