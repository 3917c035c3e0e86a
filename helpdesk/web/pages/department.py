"""The department head's page: what is open, how old it is, and who holds it. Read in a minute, printable."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from helpdesk.accounts.access import Can
from helpdesk.reports.department import Band, department_for, departments_of, standing
from helpdesk.tickets import queues
from helpdesk.web.signing_in import demand, me

blueprint = Blueprint("department", __name__, url_prefix="/department")
blueprint.before_request(demand(Can.SEE_DEPARTMENT))

# From how many days on an age is shown as something to look at, and as something wrong.
CARE, ALARM = 2, 5


@blueprint.get("")
def home() -> ResponseReturnValue:
    """One department; `?code=` chooses which, `?cursor=` walks the list, `?late=1` keeps what is overdue."""
    departments = departments_of(me())
    department = department_for(me(), request.args.get("code"))
    late = request.args.get("late") == "1"
    page = queues.page(
        me(), None, department=department, late=late, cursor=request.args.get("cursor") or None, limit=50
    )
    now_open = standing(me(), department)
    return render_template(
        "department/home.html",
        departments=departments,
        department=department,
        standing=now_open,
        bands=[_band_row(band) for band in now_open.bands],
        page=page,
        late=late,
        most_counted=queues.MOST_COUNTED,
        address=lambda **changes: url_for(
            "department.home", **{"code": department.code, **({"late": "1"} if late else {}), **changes}
        ),
    )


def _band_row(band: Band) -> dict[str, object]:
    if band.to_days is None:
        label = _("over %(days)d days", days=band.from_days)
    elif band.from_days == 0:
        label = _("less than a day")
    else:
        label = ngettext("%(start)d to %(num)d day", "%(start)d to %(num)d days", band.to_days, start=band.from_days)
    tone = "alarm" if band.from_days >= ALARM else "care" if band.from_days >= CARE else "plain"
    return {"label": label, "value": band.count, "tone": tone}
