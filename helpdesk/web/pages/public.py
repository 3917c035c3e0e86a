"""What everyone outside sees: the form, and the page on which an asker follows a question."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, current_app, flash, make_response, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_limiter import RateLimitExceeded

from helpdesk import clock
from helpdesk.accounts.models import ASKER
from helpdesk.accounts.organisation import setting
from helpdesk.channels.opening import WEB_FORM, form_channel
from helpdesk.db import transaction
from helpdesk.errors import BadInput
from helpdesk.intake.cleaning import LONGEST_TEXT, Submission, clean
from helpdesk.intake.receiving import receive
from helpdesk.intake.status_links import status_token, ticket_of_status_token
from helpdesk.publishing.following import leading_ticket, progress_of
from helpdesk.publishing.judging import LONGEST_COMMENT, comment_of, judge, judgement_of
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.triaging import record_reply
from helpdesk.web.bodies import one_kind_of_line, refuse_broken_text
from helpdesk.web.forms.public import JudgementForm, QuestionForm, ReplyForm
from helpdesk.web.language import language_now
from helpdesk.web.limits import PUBLIC_QUESTIONS, limiter
from helpdesk.web.nonces import name_of, nonce_for
from helpdesk.web.protection import csrf
from helpdesk.web.signing_in import back_to
from helpdesk.web.wording import sentences_by_field

blueprint = Blueprint("public", __name__)
blueprint.before_request(refuse_broken_text)

FIELDS = {"text": "text", "author.email": "email"}  # problem → field of the form; others stand above it


@blueprint.get("/")
def ask() -> ResponseReturnValue:
    return _form_page(QuestionForm(formdata=None), 200)


@blueprint.post("/")
@csrf.exempt
def send() -> ResponseReturnValue:
    """Take a question in. Exempt from the general check only so that a stale page keeps what was typed: the form
    checks its own token, and whoever asks acts with nobody's rights.
    """
    form = QuestionForm()
    try:
        with limiter.limit(PUBLIC_QUESTIONS):
            pass
    except RateLimitExceeded:
        return _refused(form, too_many(), 429)
    if not form.validate():
        return _refused(form, stale(), 400)
    if form.website.data:
        # Nothing is stored; a person whose browser filled the field in by itself loses nothing and sends again.
        form.website.data = ""
        return _refused(form, _("A hidden field was filled in, perhaps by your browser. Please send again."), 422)
    return _take_in(form)


@blueprint.get("/status/<token>")
def status(token: str) -> ResponseReturnValue:
    """Where a question stands, for whoever holds its address. Shows nothing from inside."""
    return _status_page(token, ReplyForm(formdata=None), 200)


@blueprint.post("/status/<token>")
@csrf.exempt
def reply(token: str) -> ResponseReturnValue:
    """Take in the detail that was asked for. Exempt for the same reason as `send`."""
    ticket, form = _ticket(token), ReplyForm()
    try:
        with limiter.limit(PUBLIC_QUESTIONS):
            pass
    except RateLimitExceeded:
        return _status_page(token, form, 429, refused=too_many())
    if not form.validate():
        return _status_page(token, form, 400, refused=stale())
    try:
        with transaction():
            leading = leading_ticket(ticket)
            record_reply(leading, _submission(form, leading.channel.code, "reply"), by=ASKER)
    except BadInput as refusal:
        form.text.errors = [sentence for found in sentences_by_field(refusal.problems).values() for sentence in found]
        return _status_page(token, form, 422)
    flash(_("Thank you. Your reply has reached our teams."), "success")
    return back_to(url_for("public.status", token=token))


@blueprint.post("/status/<token>/judgement")
@csrf.exempt
def judged(token: str) -> ResponseReturnValue:
    """Keep whether the answer helped. Exempt for the same reason as `send`."""
    ticket, form = _ticket(token), JudgementForm()
    try:
        with limiter.limit(PUBLIC_QUESTIONS):
            pass
    except RateLimitExceeded:
        return _status_page(token, ReplyForm(formdata=None), 429, judgement=form, refused=too_many())
    if not form.validate():
        return _status_page(token, ReplyForm(formdata=None), 400, judgement=form, refused=stale())
    try:
        with transaction():
            judge(ticket, helped=form.helped.data == "yes", comment=form.comment.data or "", by=ASKER)
    except BadInput as refusal:
        form.comment.errors = [each for found in sentences_by_field(refusal.problems).values() for each in found]
        return _status_page(token, ReplyForm(formdata=None), 422, judgement=form)
    flash(_("Thank you. The team that answered will read it."), "success")
    return back_to(url_for("public.status", token=token, _anchor="judgement"))


@blueprint.get("/privacy")
def privacy() -> ResponseReturnValue:
    return render_template("public/privacy.html")


@blueprint.get("/accessibility")
def accessibility() -> ResponseReturnValue:
    return render_template("public/accessibility.html")


def _take_in(form: QuestionForm) -> ResponseReturnValue:
    try:
        submission = _submission(form, WEB_FORM, "form", email=form.email.data)
        with transaction():
            form_channel()
            received = receive(submission, by=ASKER, origin="form", asker_language=language_now())
            token = status_token(received.ticket, _secret_key())
    except BadInput as refusal:
        return _corrections(form, refusal)
    flash(_("Thank you. We have your question."), "success")
    return back_to(url_for("public.status", token=token))


def _submission(form: QuestionForm | ReplyForm, channel: str, door: str, email: str | None = None) -> Submission:
    text = one_kind_of_line(form.text.data)
    name = name_of(door, form.nonce.data, text)
    return clean(text=text, channel=channel, now=clock.now(), external_id=name, author={"email": email})


def _corrections(form: QuestionForm, refusal: BadInput) -> ResponseReturnValue:
    if any(problem.field == "channel" for problem in refusal.problems):
        return _refused(form, _("This form is closed for the moment. Keep your text and come back later."), 503)
    for name, sentences in sentences_by_field(refusal.problems).items():
        form[FIELDS.get(name, "text")].errors = sentences
    return _form_page(form, 422)


def _refused(form: QuestionForm, sentence: str, status: int) -> ResponseReturnValue:
    """The form again, with everything that was typed and one sentence on why."""
    return _form_page(form, status, refused=sentence)


def _form_page(form: QuestionForm, status: int, **context: Any) -> ResponseReturnValue:
    form.nonce.data = nonce_for(form.nonce.data)
    context |= {"form": form, "longest": LONGEST_TEXT, "delay": setting("announced_delay_days")}
    return make_response(render_template("public/ask.html", **context), status)


def _status_page(token: str, form: ReplyForm, status: int, **context: Any) -> ResponseReturnValue:
    """Never to be found by a search engine: its address is a secret between the asker and us."""
    ticket = _ticket(token)
    form.nonce.data = nonce_for(form.nonce.data)
    address = current_app.extensions["relais_settings"].base_url + url_for("public.status", token=token)
    progress = progress_of(ticket)
    said = judgement_of(ticket.question, progress.answer.version_id) if progress.answer else None
    if "judgement" not in context:
        context["judgement"] = JudgementForm(formdata=None, comment=comment_of(said) if said else "")
    context |= {"progress": progress, "address": address, "form": form, "said": said, "token": token}
    context["longest_comment"] = LONGEST_COMMENT
    response = make_response(render_template("public/status.html", **context), status)
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _ticket(token: str) -> Ticket:
    ticket = ticket_of_status_token(token, _secret_key())
    if ticket is None:
        abort(404)
    return ticket


def _secret_key() -> str:
    return str(current_app.extensions["relais_settings"].secret_key)


def too_many() -> str:
    return str(_("Many questions came from your connection. Wait a few minutes, then send this one again."))


def stale() -> str:
    return str(_("This page had been open for a long time. Your text is still here: send it again."))
