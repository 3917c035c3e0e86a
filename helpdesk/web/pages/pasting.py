"""Pasting a public post by hand: the door for every network that has no other."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select
from wtforms.fields.choices import SelectChoice

from helpdesk import clock
from helpdesk.accounts.access import Can
from helpdesk.channels.models import Channel
from helpdesk.db import db, transaction
from helpdesk.errors import BadInput, Problem
from helpdesk.intake.channel_of_link import channel_of_link
from helpdesk.intake.cleaning import LONGEST_TEXT, Submission, clean
from helpdesk.intake.receiving import paste as take_in
from helpdesk.web.bodies import one_kind_of_line, refuse_broken_text
from helpdesk.web.forms.pasting import PasteForm
from helpdesk.web.forms.triage import listed
from helpdesk.web.language import time_zone
from helpdesk.web.nonces import name_of, nonce_for
from helpdesk.web.protection import csrf
from helpdesk.web.signing_in import back_to, demand, me
from helpdesk.web.wording import sentences_by_field

blueprint = Blueprint("pasting", __name__)
blueprint.before_request(demand(Can.PASTE_QUESTION))
blueprint.before_request(refuse_broken_text)

FIELDS = {"author.handle": "author"}  # problem → field of the form, where the names differ


@blueprint.get("/paste")
def paste() -> ResponseReturnValue:
    """The form, filled in as far as a bookmark gave it (`?url=&text=&author=`)."""
    form = PasteForm(formdata=None)
    form.url.data = request.args.get("url", "")
    form.text.data = request.args.get("text", "")
    form.author.data = request.args.get("author", "")
    return _form_page(form, 200)


@blueprint.post("/paste")
@csrf.exempt
def save() -> ResponseReturnValue:
    """Take the post in. Exempt from the general check only so that a stale page keeps what was typed: the form checks
    its own token.
    """
    form = PasteForm()
    form.channel.choices = _choices(_channels())
    if not form.validate():
        if not form.errors.keys() - {"csrf_token"}:
            sentence = _("This page had been open for a long time. Nothing is lost: save again.")
            return _form_page(form, 400, refused=sentence)
        return _form_page(form, 422)
    try:
        submission = _submission(form)
        with transaction():
            received = take_in(submission, by=me())
    except BadInput as refusal:
        return _corrections(form, refusal)
    flash(_("The post is taken in.") if received.is_new else _("This post is here already."), "success")
    return back_to(url_for("triage.ticket", ref=received.ref))


def _submission(form: PasteForm) -> Submission:
    """What was pasted, checked. The channel not chosen is told from the link."""
    text = one_kind_of_line(form.text.data)
    code = form.channel.data or None
    if code is None and form.url.data:
        guessed = channel_of_link(form.url.data, _channels())
        code = guessed.code if guessed else None
    posted_at: datetime | None = form.posted_at.data
    return clean(
        text=text,
        channel=code,
        now=clock.now(),
        external_id=name_of("paste", form.nonce.data, form.url.data, text),
        url=form.url.data,
        posted_at=posted_at.replace(tzinfo=ZoneInfo(time_zone())) if posted_at else None,
        author={"handle": form.author.data},
    )


def _corrections(form: PasteForm, refusal: BadInput) -> ResponseReturnValue:
    problems = refusal.problems
    for name, sentences in sentences_by_field(problems).items():
        name = FIELDS.get(name, name)
        form[name if name in form else "text"].errors = sentences
    return _form_page(form, 422, known=_known(problems))


def _known(problems: list[Problem]) -> str | None:
    """The reference of the ticket that this post opened before."""
    return next((problem.params["ref"] for problem in problems if problem.code == "already_received"), None)


def _form_page(form: PasteForm, status: int, **context: Any) -> ResponseReturnValue:
    form.nonce.data = nonce_for(form.nonce.data)
    if not form.posted_at.raw_data and form.posted_at.data is None:
        form.posted_at.data = clock.now().astimezone(ZoneInfo(time_zone())).replace(tzinfo=None)
    form.channel.choices = _choices(_channels())
    form.channel.data = form.channel.data or ""
    context |= {"form": form, "longest": LONGEST_TEXT, "zone": time_zone(), "bookmark": _bookmark()}
    return make_response(render_template("pasting/paste.html", **context), status)


def _channels() -> list[Channel]:
    """Those a post can stand on, by name."""
    return list(
        db.session.scalars(
            select(Channel)
            .where(Channel.active, Channel.accepts, Channel.kind.not_in(("webform", "email")), Channel.code != "import")
            .order_by(Channel.code)
        )
    )


def _choices(channels: list[Channel]) -> list[SelectChoice]:
    named = [(channel.code, " · ".join(filter(None, (channel.code, channel.account)))) for channel in channels]
    return listed([("", _("Told from the link")), *named])


def _bookmark() -> str:
    """The address of a bookmark that opens this page with the post being read."""
    target = url_for("pasting.paste", _external=True)
    return (
        f"javascript:(()=>{{const e=encodeURIComponent;open('{target}?url='+e(location.href)"
        "+'&text='+e(String(getSelection())))})()"
    )
