"""The same page by the signed link of a letter: no password, one offer, and nothing else.

Opening the link changes nothing, because mail scanners open links; only buttons act. Nobody is signed in by it.
"""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for
from flask import redirect as see
from flask.typing import ResponseReturnValue
from flask_login import current_user

from helpdesk.errors import NotFound
from helpdesk.routing.offering import offer_of_old_link
from helpdesk.web.answering import acting
from helpdesk.web.answering.desk import Desk, LinkOver
from helpdesk.web.answering.page import show
from helpdesk.web.errors import answer as error_page

blueprint = Blueprint("answer_link", __name__, url_prefix="/answer/<secret>")


@blueprint.errorhandler(LinkOver)
def over(_error: LinkOver) -> ResponseReturnValue:
    """What became of the offer, for whoever holds its link; no word of the question itself."""
    offer = offer_of_old_link((request.view_args or {}).get("secret", ""))
    if offer is None:
        return error_page(404, NotFound())
    own_page = url_for("expert.question", offer_id=offer.id)
    return render_template("expert/link_over.html", offer=offer, own_page=own_page), 410


@blueprint.get("")
def question(secret: str) -> ResponseReturnValue:
    desk = Desk.by_link_of(secret)
    if current_user.is_authenticated and current_user.id == desk.by.id:
        return see(url_for("expert.question", offer_id=desk.offer.id))
    return show(desk)


@blueprint.post("/accept")
def accept(secret: str) -> ResponseReturnValue:
    return acting.accept(Desk.by_link_of(secret))


@blueprint.post("/decline")
def decline(secret: str) -> ResponseReturnValue:
    return acting.decline(Desk.by_link_of(secret))


@blueprint.post("/redirect")
def redirect(secret: str) -> ResponseReturnValue:
    return acting.redirect(Desk.by_link_of(secret))


@blueprint.post("/save")
def save(secret: str) -> ResponseReturnValue:
    return acting.save(Desk.by_link_of(secret))


@blueprint.post("/submit")
def submit(secret: str) -> ResponseReturnValue:
    return acting.submit(Desk.by_link_of(secret))


@blueprint.post("/autosave")
def autosave(secret: str) -> ResponseReturnValue:
    return acting.autosave(Desk.by_link_of(secret))


@blueprint.post("/preview")
def preview(secret: str) -> ResponseReturnValue:
    return acting.preview(Desk.by_link_of(secret))
