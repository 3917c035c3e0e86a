"""The community manager's working day: the inbox, and the page of one ticket."""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from helpdesk.accounts.access import Can
from helpdesk.web.pages.triage.actions import VIEWS
from helpdesk.web.pages.triage.clocks import clocks
from helpdesk.web.pages.triage.lists import counts, inbox
from helpdesk.web.pages.triage.page import ticket
from helpdesk.web.pages.triage.words import around
from helpdesk.web.signing_in import demand

blueprint = Blueprint("triage", __name__)

TICKET = "/tickets/<ref>"
COUNTS = "triage.counts"  # asked by every workplace page: answers nothing to who has no inbox

blueprint.add_app_template_filter(around)
blueprint.add_url_rule("/inbox", "inbox", inbox)
blueprint.add_url_rule("/inbox/counts", "counts", counts)
blueprint.add_url_rule(TICKET, "ticket", ticket)
blueprint.add_url_rule(f"{TICKET}/clocks", "clocks", clocks)
for name, view in VIEWS.items():
    blueprint.add_url_rule(f"{TICKET}/{name.replace('_', '-')}", name, view, methods=["POST"])


@blueprint.before_request
def check() -> ResponseReturnValue | None:
    """The inbox is for who triages; a ticket's page for who may, in some relation, see a ticket."""
    if request.endpoint == COUNTS:
        return None
    can = Can.TRIAGE if request.endpoint == "triage.inbox" else Can.SEE_TICKET
    return demand(can)()
