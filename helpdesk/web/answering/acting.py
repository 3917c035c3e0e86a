"""What an expert's buttons do. Each reads the form, runs one verb in one transaction, and answers with a page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, jsonify, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from helpdesk.answers import writing
from helpdesk.answers.markup import to_html
from helpdesk.answers.models import AnswerVersion, Draft
from helpdesk.db import db, transaction
from helpdesk.errors import BadInput, Conflict, NotAllowed, NotFound, Problem, RelaisError
from helpdesk.routing import offering
from helpdesk.routing.models import DeclineReason
from helpdesk.routing.offering import Redirected
from helpdesk.tickets import events, triaging
from helpdesk.web.answering import colleagues
from helpdesk.web.answering.channels import lengths_for
from helpdesk.web.answering.desk import Desk
from helpdesk.web.answering.page import Shown, show
from helpdesk.web.changes import change_in_words
from helpdesk.web.forms.expert import AnswerForm, DeclineForm, RedirectForm
from helpdesk.web.signing_in import back_to
from helpdesk.web.wording import refusal, sentences_by_field

READ_TO_ANSWER = "to_answer"  # why an expert reads the words as they came


def version_seen() -> int | None:
    """The version of the ticket that the page was made from."""
    return request.form.get("version", type=int)


# --- yes or no ------------------------------------------------------------------------------------------------------


def accept(desk: Desk) -> ResponseReturnValue:
    def verb(now: Desk) -> None:
        offering.accept(now.offer, by=now.by, by_link=now.by_link, version=version_seen())

    return _decide(desk, verb, Shown(), lambda _nothing: None)


def decline(desk: Desk) -> ResponseReturnValue:
    form = DeclineForm()

    def verb(now: Desk) -> None:
        word = request.form.get("reason", "")
        if word not in set(DeclineReason):
            raise BadInput([Problem("note", "choose_a_reason")])
        offering.decline(
            now.offer,
            by=now.by,
            reason=DeclineReason(word),
            note=form.note.data or "",
            instead=_person(form.instead.data),
            version=version_seen(),
        )

    def thank(_nothing: Any) -> None:
        flash(_("Thank you for saying so. The community manager asks somebody else."), "success")

    return _decide(desk, verb, Shown(decline=form), thank)


def redirect(desk: Desk) -> ResponseReturnValue:
    form = RedirectForm()

    def verb(now: Desk) -> Redirected:
        value = form.instead.data or ""
        department = colleagues.department_named(value)
        return offering.redirect(
            now.offer,
            by=now.by,
            instead=None if department else _person(value),
            department=department,
            note=form.note.data or "",
            version=version_seen(),
        )

    return _decide(desk, verb, Shown(redirect=form), _say_where_it_went)


def _say_where_it_went(result: Redirected) -> None:
    if result.refused:
        flash(refusal(result.refused), "warning")
    elif result.next_offer is not None:
        flash(_("Passed on: %(name)s is asked now.", name=result.next_offer.person.name), "success")
    else:
        flash(_("Your proposal is with the community manager, who decides."), "success")


def _person(handle: str | None) -> Any:
    person = colleagues.named(handle or "")
    if handle and person is None:
        raise BadInput([Problem("instead", "not_an_expert", {"name": handle[:60]})])
    return person


def _decide(desk: Desk, verb: Callable[[Desk], Any], shown: Shown, said: Callable[[Any], None]) -> ResponseReturnValue:
    """Run a verb on the offer; on refusal the same page again, with why and what was typed."""
    try:
        with transaction():
            result = verb(desk.again())
    except Conflict as error:
        return show(desk, Shown(changed=error.what_changed or "changed_meanwhile", status=409))
    except NotAllowed:  # a stale tab: the buttons of this page were right when it was made
        return show(desk, Shown(changed=events.last_change(desk.ticket), status=409))
    except BadInput as error:
        form = shown.decline or shown.redirect
        if form is not None:
            put_beside_fields(form, error)
        shown.status = 422
        return show(desk, shown)
    said(result)
    return back_to(desk.url())


# --- the text -------------------------------------------------------------------------------------------------------


def save(desk: Desk) -> ResponseReturnValue:
    """Keep a revision."""
    form = AnswerForm()
    kept = _keep(desk, form)
    if not isinstance(kept, Draft):
        return kept
    flash(_("Version %(revision)s is saved.", revision=kept.revision), "success")
    return back_to(desk.url() + "#write")


def submit(desk: Desk) -> ResponseReturnValue:
    """Keep a revision, then hand it over; when that is refused, the revision is kept all the same."""
    form = AnswerForm()
    kept = _keep(desk, form)
    if not isinstance(kept, Draft):
        return kept
    revision = kept.revision
    if desk.must_sign_in:
        flash(_("Your text is saved. Sign in to hand it over: this question is sensitive."), "warning")
        return back_to(desk.url() + "#write")
    try:
        with transaction():
            now = desk.again()
            writing.submit(now.ticket, revision, by=now.by)
    except Conflict as error:
        return _clash(desk, form, error)
    except BadInput as error:
        return _refused(desk, form, error)
    flash(_("Handed over to the approver. Thank you."), "success")
    return back_to(desk.url())


def _keep(desk: Desk, form: AnswerForm) -> Draft | ResponseReturnValue:
    """The saved revision, or the page that says why there is none, with what was typed."""
    if not form.validate_on_submit():
        return show(desk, Shown(answer=_up_to_date(desk, form), status=422))
    try:
        with transaction():
            now = desk.again()
            return writing.save_draft(
                now.ticket,
                by=now.by,
                body=form.body.data or "",
                short=form.short.data or "",
                sources=form.sources.data or "",
                title=form.title.data or "",
                language=form.language.data,
                review_by=form.review_by.data,
                own_knowledge=bool(form.own_knowledge.data),
                from_version=_version(form.from_version.data),
                version=version_seen(),
            )
    except (Conflict, NotAllowed) as error:
        return _clash(desk, form, error)
    except BadInput as error:
        return _refused(desk, form, error)


def _version(text: str | None) -> AnswerVersion | None:
    return db.session.get(AnswerVersion, int(text)) if text and text.isdecimal() and len(text) < 10 else None


def _clash(desk: Desk, form: AnswerForm, error: Conflict | NotAllowed) -> ResponseReturnValue:
    """Somebody acted first: what they did, and the typed text still in the editor, now based on what there is."""
    what = error.what_changed if isinstance(error, Conflict) else events.last_change(desk.ticket)
    shown = Shown(answer=_up_to_date(desk, form), changed=what or "changed_meanwhile", status=409)
    return show(desk, shown)


def _refused(desk: Desk, form: AnswerForm, error: BadInput) -> ResponseReturnValue:
    put_beside_fields(form, error)
    return show(desk, Shown(answer=_up_to_date(desk, form), status=422))


def _up_to_date(desk: Desk, form: AnswerForm) -> AnswerForm:
    """The form with what was typed, as a page opened now: the next save is meant to follow the last revision."""
    last = writing.latest_draft(desk.ticket)
    scratch = writing.scratch_of(desk.ticket, desk.by)
    form.revision.data = str(last.revision if last else 0)
    form.seen.data = scratch.saved_at.isoformat() if scratch else ""
    return form


def put_beside_fields(form: Any, error: BadInput) -> None:
    """Show each refusal at its field; what has no field here stands at the first one."""
    for name, sentences in sentences_by_field(error.problems).items():
        field = form[name] if name in form else next(iter(form))
        field.errors = [*field.errors, *sentences]


# --- while typing ---------------------------------------------------------------------------------------------------


def autosave(desk: Desk) -> ResponseReturnValue:
    """Keep what is being typed: `{"saved_at"}`, or 409 `{"message"}` rather than overwrite anything."""
    form = AnswerForm()
    revision = form.revision.data or ""
    try:
        with transaction():
            now = desk.again()
            scratch = writing.keep_scratch(
                now.ticket,
                by=now.by,
                fields=form.typed(),
                based_on_revision=int(revision) if revision.isdecimal() and len(revision) < 7 else 0,
                page=form.page.data or "",
                seen=form.seen.data or "",
            )
            saved_at = scratch.saved_at
    except BadInput as error:
        said = [text for texts in sentences_by_field(error.problems).values() for text in texts]
        return jsonify(message=" ".join(said)), 422
    except Conflict as error:
        return jsonify(message=change_in_words(error.what_changed)), 409
    except (NotAllowed, NotFound):
        return jsonify(message=_("This question is not yours to answer any more. Your text is kept here.")), 409
    return jsonify(saved_at=saved_at.isoformat())


def preview(desk: Desk) -> ResponseReturnValue:
    """The text as it will be read, and its length for each channel. Changes nothing."""
    body, short = (request.form.get(name, "").replace("\r\n", "\n") for name in ("body", "short"))
    return jsonify(html=to_html(body), lengths=lengths_for(desk.ticket, body, short))


def original(desk: Desk) -> ResponseReturnValue:
    """The words as they came, personal data included. Each reading is kept in the log."""
    if desk.by_link:
        raise NotFound()
    try:
        with transaction():
            now = desk.again()
            read = [triaging.read_original(each, by=now.by, reason=READ_TO_ANSWER) for each in now.ticket.questions]
    except RelaisError as error:
        if isinstance(error, NotFound):
            raise
        return show(desk, Shown(refused=_("The original is for the person who answers."), status=403))
    return show(desk, Shown(originals=[each for each in read if each is not None]))
