"""Jobs that failed for good: try them again, or set them aside."""

from __future__ import annotations

from flask import flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from helpdesk.db import transaction
from helpdesk.mending import set_aside, try_again
from helpdesk.reports.outgoing import failed_rows
from helpdesk.web.pages.admin.place import LARGEST_ID, blueprint, page
from helpdesk.web.signing_in import back_to, me


@blueprint.get("/jobs")
def jobs() -> ResponseReturnValue:
    """Those that failed."""
    return page("jobs.html", rows=failed_rows())


@blueprint.post(f"/jobs/<int(max={LARGEST_ID}):row_id>/again")
def try_job_again(row_id: int) -> ResponseReturnValue:
    """Give it to the workers once more."""
    with transaction():
        try_again(row_id, by=me())
    flash(_("The job is tried again now."), "success")
    return back_to(url_for("admin.jobs"))


@blueprint.post(f"/jobs/<int(max={LARGEST_ID}):row_id>/aside")
def set_job_aside(row_id: int) -> ResponseReturnValue:
    """Leave it be."""
    with transaction():
        set_aside(row_id, by=me())
    flash(_("The job is set aside. It will not be tried again."), "success")
    return back_to(url_for("admin.jobs"))
