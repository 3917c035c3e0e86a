"""Channels: where questions are asked, and how long an answer may be there."""

from __future__ import annotations

from typing import Any

from flask import flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from helpdesk.channels.models import Channel
from helpdesk.channels.registry import channel_with, put_channel
from helpdesk.db import db
from helpdesk.errors import NotFound, Problem
from helpdesk.web.forms.admin_organisation import ChannelForm, NewChannelForm, shown_channel
from helpdesk.web.labels import CHANNEL_KINDS
from helpdesk.web.pages.admin.place import blueprint, clash, every_problem, page, save
from helpdesk.web.signing_in import back_to, me


@blueprint.get("/channels")
def channels() -> ResponseReturnValue:
    """All of them."""
    rows = db.session.scalars(select(Channel).order_by(Channel.active.desc(), Channel.code)).all()
    return page("channels.html", channels=rows, kinds=CHANNEL_KINDS)


@blueprint.route("/new/channel", methods=["GET", "POST"])
def new_channel() -> ResponseReturnValue:
    """Add one."""
    form = NewChannelForm(
        data={"accepts": True, "public": True, "posts_by_hand": True, "active": True, "kind": "manual"}
    )
    if form.validate_on_submit():
        channel = save(form, lambda: _add(form))
        if channel is not None:
            flash(_("The channel is added."), "success")
            return back_to(url_for("admin.channels"))
    return page("channel.html", form.status, form=form, channel=None)


def _add(form: NewChannelForm) -> Channel:
    with every_problem() as problems:
        if channel_with(form.code.data) is not None:
            problems.append(Problem("code", "code_taken"))
        return put_channel(form.code.data, by=me(), **_values(form))[0]
    raise AssertionError("every problem is raised")


@blueprint.route("/channels/<code>", methods=["GET", "POST"])
def channel(code: str) -> ResponseReturnValue:
    """One of them."""
    row = _found(code)
    form = ChannelForm(data=shown_channel(row))
    if not form.is_submitted():
        form.remember(shown_channel(row))
    elif form.validate():
        done = save(form, lambda: put_channel(code, by=me(), **_values(form)), now=lambda: shown_channel(_found(code)))
        if done is not None:
            flash(_("Nothing had changed.") if done[1] == "unchanged" else _("Saved."), "success")
            return back_to(url_for("admin.channels"))
    return page("channel.html", form.status, form=form, channel=row, clash=clash(form, "channel", row.id))


def _found(code: str) -> Channel:
    row = channel_with(code)
    if row is None:
        raise NotFound()
    return row


def _values(form: ChannelForm) -> dict[str, Any]:
    """What the form says, as `put_channel` takes it."""
    return {field.name: field.data for field in form.editable() if field.name != "code"}
