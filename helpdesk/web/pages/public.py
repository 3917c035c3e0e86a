"""What everyone outside sees: the form, and the page on which an asker follows a question."""

from __future__ import annotations

import hashlib
import re
import secrets
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
from helpdesk.intake.cleaning import LONGEST_TEXT, clean
from helpdesk.intake.receiving import receive
from helpdesk.intake.status_links import status_token, ticket_of_status_token
from helpdesk.publishing.following import progress_of
from helpdesk.web.bodies import one_kind_of_line, refuse_broken_text
from helpdesk.web.forms.public import QuestionForm
from helpdesk.web.language import language_now
from helpdesk.web.limits import PUBLIC_QUESTIONS, limiter
from helpdesk.web.protection import csrf
from helpdesk.web.signing_in import back_to
from helpdesk.web.wording import sentences_by_field

blueprint = Blueprint("public", __name__)
blueprint.before_request(refuse_broken_text)

NONCE = re.compile(r"[\w-]{16,40}", re.ASCII)
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
        return _refused(
            form, _("Many questions came from your connection. Wait a few minutes, then send this one again."), 429
        )
    if not form.validate():
        sentence = _("This page had been open for a long time. Your text is still here: send it again.")
        return _refused(form, sentence, 400)
    if form.website.data:
        # Nothing is stored; a person whose browser filled the field in by itself loses nothing and sends again.
        form.website.data = ""
        return _refused(form, _("A hidden field was filled in, perhaps by your browser. Please send again."), 422)
    return _take_in(form)


@blueprint.get("/status/<token>")
def status(token: str) -> ResponseReturnValue:
    """Where a question stands, for whoever holds its address. Shows nothing from inside."""
    ticket = ticket_of_status_token(token, _secret_key())
    if ticket is None:
        abort(404)
    address = current_app.extensions["relais_settings"].base_url + url_for("public.status", token=token)
    page = render_template("public/status.html", progress=progress_of(ticket), address=address)
    return _hidden_from_search_engines(page, 200)


@blueprint.get("/privacy")
def privacy() -> ResponseReturnValue:
    return render_template("public/privacy.html")


@blueprint.get("/accessibility")
def accessibility() -> ResponseReturnValue:
    return render_template("public/accessibility.html")


def _take_in(form: QuestionForm) -> ResponseReturnValue:
    text = one_kind_of_line(form.text.data)
    try:
        submission = clean(
            text=text,
            channel=WEB_FORM,
            now=clock.now(),
            external_id=_name_of(form.nonce.data or "", text),
            author={"email": form.email.data},
        )
        with transaction():
            form_channel()
            received = receive(submission, by=ASKER, origin="form", asker_language=language_now())
            token = status_token(received.ticket, _secret_key())
    except BadInput as refusal:
        return _corrections(form, refusal)
    flash(_("Thank you. We have your question."), "success")
    return back_to(url_for("public.status", token=token))


def _name_of(nonce: str, text: str) -> str | None:
    """What makes a second click the same question, and another text from the same page another question."""
    if not NONCE.fullmatch(nonce):
        return None
    return f"form-{nonce}-{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"


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
    if not NONCE.fullmatch(form.nonce.data or ""):
        form.nonce.data = secrets.token_urlsafe(16)
    context |= {"form": form, "longest": LONGEST_TEXT, "delay": setting("announced_delay_days")}
    return make_response(render_template("public/ask.html", **context), status)


def _hidden_from_search_engines(page: str, status: int) -> ResponseReturnValue:
    response = make_response(page, status)
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _secret_key() -> str:
    return str(current_app.extensions["relais_settings"].secret_key)
