"""The administrator's first page: what needs a look."""

from __future__ import annotations

from flask import current_app
from flask.typing import ResponseReturnValue

from helpdesk.accounts.organisation import setting
from helpdesk.reports.attention import EXAMPLES, MOST_COUNTED, attention
from helpdesk.web.pages.admin.place import blueprint, page


@blueprint.get("")
def home() -> ResponseReturnValue:
    """Gaps in the directory, what failed, and which parts of Relais are away."""
    return page(
        "home.html",
        found=attention(current_app.extensions["relais_settings"]),
        automatic=setting("automatic_routing"),
        budget=setting("wrong_route_budget"),
        examples=EXAMPLES,
        most_counted=MOST_COUNTED,
    )
