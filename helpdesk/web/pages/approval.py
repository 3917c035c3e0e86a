"""The approver's page: one text after another, with what it answers and what changed. Cleared by keyboard."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from helpdesk.accounts.access import Can
from helpdesk.answers import comparing
from helpdesk.answers.approving import approve, last_revert, return_draft, submitted_draft
from helpdesk.answers.lengths import Variant
from helpdesk.answers.markup import to_html, to_plain
from helpdesk.answers.models import Draft
from helpdesk.db import db, transaction
from helpdesk.errors import BadInput, Conflict, NotFound
from helpdesk.publishing.posting import variant_to_be
from helpdesk.tickets import approvers, queues, seeing
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.queues import Page
from helpdesk.tickets.workflow import Queue, State
from helpdesk.web.bodies import one_kind_of_line
from helpdesk.web.forms.approval import APPROVE, DecisionForm
from helpdesk.web.signing_in import back_to, demand, me
from helpdesk.web.timeline import change_in_words
from helpdesk.web.wording import refusal, sentence, sentences_by_field

blueprint = Blueprint("approval", __name__, url_prefix="/approve")
blueprint.before_request(demand(Can.APPROVE))

AT_ONCE = 25


def waiting(cursor: str | None = None) -> Page:
    """What waits for a decision the reader may take: never their own text."""
    query = select(Ticket).where(approvers.awaiting(me()), Ticket.queue == Queue.APPROVAL)
    return queues.walk(query, queues.URGENT_FIRST, AT_ONCE, cursor)


@blueprint.get("")
def queue() -> ResponseReturnValue:
    """The texts that wait, the first of them open; `?cursor=` walks on."""
    page = waiting(request.args.get("cursor") or None)
    if not page.items:
        return render_template("approval/empty.html")
    return _show(page.items[0], page)


@blueprint.get("/<ref>")
def ticket(ref: str) -> ResponseReturnValue:
    return _show(seeing.ticket_for(me(), ref), waiting())


@blueprint.post("/<ref>")
def decide(ref: str) -> ResponseReturnValue:
    """Approve the text or return it. A refused attempt on one's own text is kept in the log by the verb itself."""
    form = DecisionForm()
    form.comment.data = one_kind_of_line(form.comment.data)
    if not form.validate():
        return _show(seeing.ticket_for(me(), ref), waiting(), form, status=422)
    given: dict[str, Any] = {"by": me(), "comment": form.comment.data, "version": form.version.data}
    try:
        with transaction():
            verb = approve if form.decision.data == APPROVE else return_draft
            verb(_ticket(ref), form.revision.data or 0, **given)
    except Conflict as conflict:
        return _overtaken(conflict, form), 409
    except BadInput as wrong:
        for name, sentences in sentences_by_field(wrong.problems).items():
            field = form[name] if name in form._fields else form.comment
            field.errors = [*field.errors, *sentences]
        return _show(seeing.ticket_for(me(), ref), waiting(), form, status=422)
    if form.decision.data == APPROVE:
        flash(_("%(ref)s is approved: the community managers can publish it.", ref=ref), "success")
    else:
        flash(_("%(ref)s is back with its author.", ref=ref), "success")
    return back_to(url_for("approval.queue"))


def _ticket(ref: str) -> Ticket:
    """The ticket by its reference, whether or not the reader still sees it: the verb decides, and keeps a trace."""
    found = db.session.scalar(select(Ticket).where(Ticket.ref == ref))
    if found is None:
        raise NotFound()
    return found


def _overtaken(conflict: Conflict, form: DecisionForm) -> str:
    what = conflict.what_changed
    changes = [change_in_words(what)] if isinstance(what, dict) else [refusal(str(what))]
    return render_template(
        "errors/409.html", changes=changes, back_url=url_for("approval.queue"), kept_text=form.comment.data
    )


def _show(ticket: Ticket, page: Page, form: DecisionForm | None = None, *, status: int = 200) -> ResponseReturnValue:
    draft = submitted_draft(ticket)
    if draft is None or ticket.state is not State.VALIDATING:
        raise NotFound()
    form = form or DecisionForm(formdata=None)
    refs = [each.ref for each in page.items]
    place = refs.index(ticket.ref) if ticket.ref in refs else -1
    following = page.items[place + 1] if place + 1 < len(page.items) else None
    words = render_template(
        "approval/review.html",
        ticket=ticket,
        draft=draft,
        html=to_html(draft.body),
        variant=_variant(ticket, draft),
        too_long=_too_long(ticket, draft),
        decided=_decided(draft),
        precedent=_precedent(draft),
        reverted=_reverted(ticket),
        page=page,
        following=following,
        able=seeing.may(me(), Can.APPROVE, ticket),
        own=me().id in approvers.authors_of(ticket),
        form=form,
    )
    return words, status


def _variant(ticket: Ticket, draft: Draft) -> Variant | None:
    """What would be posted where the question was asked, if the text were approved."""
    try:
        return variant_to_be(to_plain(draft.body), draft.short, ticket.channel)
    except BadInput:
        return None


def _too_long(ticket: Ticket, draft: Draft) -> list[str]:
    try:
        variant_to_be(to_plain(draft.body), draft.short, ticket.channel)
    except BadInput as wrong:
        return [sentence(problem) for problem in wrong.problems]
    return []


def _decided(draft: Draft) -> dict[str, Any] | None:
    approval = comparing.last_decided(draft)
    return {"approval": approval, "change": comparing.changes(approval.draft, draft)} if approval else None


def _precedent(draft: Draft) -> dict[str, Any] | None:
    version = comparing.begun_from(draft)
    if version is None:
        return None
    return {"version": version, "answer": version.official_answer, "change": comparing.changes(version, draft)}


def _reverted(ticket: Ticket) -> str | None:
    event = last_revert(ticket)
    return refusal(f"publish_{event.facts['reason']}") if event is not None else None
