"""A week's figures by the signed link of Monday's letter: no password, one sheet to read, and nothing to press.

Nobody is signed in by it. What its reader may not see any more, the link does not show either.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from helpdesk import clock
from helpdesk.accounts.entering import link_of
from helpdesk.accounts.models import LinkPurpose
from helpdesk.errors import NotFound
from helpdesk.reports.weekly import week_of
from helpdesk.web.pages.department import ALL
from helpdesk.web.weekly import facts

blueprint = Blueprint("week", __name__, url_prefix="/week")


@blueprint.get("/<secret>")
def sheet(secret: str) -> ResponseReturnValue:
    """`?week=` is any day of the week to show. 410 when the link is over."""
    link = link_of(secret, LinkPurpose.DEPARTMENT_WEEK)
    if link is None or link.person is None:
        return render_template("department/week_over.html"), 410
    try:
        due = week_of(link.person, link.subject_id or 0, request.args.get("week"), clock.now())
    except NotFound:
        return render_template("department/week_over.html"), 410
    code = due.department.code if due.department else ALL
    days: dict[str, Any] = {"from": due.week.start, "to": due.week.last}
    page = url_for("department.home", code=code, **days)
    if current_user.is_authenticated and current_user.id == link.person.id:
        return redirect(page)
    return render_template("department/week.html", page=page, **facts(due))
