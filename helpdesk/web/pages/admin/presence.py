"""When somebody is away, and who stands in."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from helpdesk import clock
from helpdesk.accounts.absences import declare_absence, end_absence
from helpdesk.accounts.access import Role
from helpdesk.accounts.models import Absence, Person
from helpdesk.db import db, transaction
from helpdesk.errors import NotFound
from helpdesk.reports.people import colleagues
from helpdesk.web.forms.admin_people import AbsenceForm
from helpdesk.web.language import time_zone
from helpdesk.web.pages.admin.people import found_person
from helpdesk.web.pages.admin.place import LARGEST_ID, blueprint, every_problem, page, person_named, save
from helpdesk.web.signing_in import back_to, me

FIELDS = {"starts_at": "first_day", "ends_at": "last_day"}
PAST_SHOWN = 10


@blueprint.route("/people/<handle>/absences", methods=["GET", "POST"])
def person_absences(handle: str) -> ResponseReturnValue:
    """Absences under way, to come and over; and a form to add one, in whole days."""
    whom = found_person(handle)
    form = AbsenceForm()
    if form.validate_on_submit() and save(form, lambda: _declare(form, handle), names=FIELDS) is not None:
        flash(_("The absence is noted. Nobody sends them questions meanwhile."), "success")
        return back_to(url_for("admin.person_absences", handle=handle))
    now = clock.now()
    rows = sorted(whom.absences, key=lambda row: row.starts_at)
    over = [row for row in rows if row.ends_at <= now][-PAST_SHOWN:]
    return page(
        "absences.html",
        form.status,
        form=form,
        whom=whom,
        coming=[row for row in rows if row.ends_at > now],
        over=over[::-1],
        last_day=lambda row: (row.ends_at - timedelta(seconds=1)).astimezone(ZoneInfo(time_zone())).date(),
        first_day=lambda row: row.starts_at.astimezone(ZoneInfo(time_zone())).date(),
        offered=colleagues(whom.department_id, Role.EXPERT),
    )


def _declare(form: AbsenceForm, handle: str) -> Absence:
    with every_problem() as problems:
        return declare_absence(
            found_person(handle),
            _midnight(form.first_day.data),
            _midnight(form.last_day.data + timedelta(days=1)),
            by=me(),
            delegate=person_named("delegate", form.delegate.data, problems),
            reason=form.reason.data,
        )
    raise AssertionError("every problem is raised")


def _midnight(day: date) -> datetime:
    """The first instant of a day where the organisation is."""
    return datetime.combine(day, time(), ZoneInfo(time_zone()))


@blueprint.post(f"/people/<handle>/absences/<int(max={LARGEST_ID}):absence_id>/end")
def end_person_absence(handle: str, absence_id: int) -> ResponseReturnValue:
    """They are back, or will not go."""
    with transaction():
        end_absence(_absence_of(found_person(handle), absence_id), by=me())
    flash(_("The absence is over."), "success")
    return back_to(url_for("admin.person_absences", handle=handle))


def _absence_of(whom: Person, absence_id: int) -> Absence:
    absence = db.session.get(Absence, absence_id)
    if absence is None or absence.person_id != whom.id:
        raise NotFound()
    return absence
