"""The page of one ticket: the public thread on one side, our own work on the other."""

from __future__ import annotations

from flask import current_app, redirect, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from helpdesk.accounts.access import Role
from helpdesk.accounts.models import Person
from helpdesk.db import db
from helpdesk.routing.models import Offer
from helpdesk.tickets import seeing
from helpdesk.tickets.models import Ticket
from helpdesk.web.pages.triage.shown import render, ticket_shown
from helpdesk.web.signing_in import me

DESK = (Role.COMMUNITY_MANAGER, Role.HEAD, Role.COMMITTEE)


def ticket(ref: str) -> ResponseReturnValue:
    """The page; experts and approvers, whose work has its own page, are sent there."""
    if not me().has(*DESK):
        elsewhere = own_page(seeing.ticket_for(me(), ref), me())
        if elsewhere is not None:
            return redirect(elsewhere)
    return render(ticket_shown(me(), ref))


def own_page(ticket: Ticket, person: Person) -> str | None:
    """Where an expert or an approver works on this ticket; None: here, as somebody named on a restricted one."""
    if ticket.restricted:
        return None
    offer_id = db.session.scalar(
        select(Offer.id)
        .where(Offer.ticket_id == ticket.id, Offer.person_id == person.id)
        .order_by(Offer.id.desc())
        .limit(1)
    )
    known = current_app.view_functions
    if offer_id is not None and "expert.question" in known:
        return url_for("expert.question", offer_id=offer_id)
    return url_for("approval.ticket", ref=ticket.ref) if "approval.ticket" in known else None
