"""Working hours: calendars, each version of them, and single days that are not as usual."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from zoneinfo import available_timezones

from flask import flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from helpdesk import clock
from helpdesk.accounts.models import Department, Person
from helpdesk.db import db
from helpdesk.errors import BadInput, NotFound, Problem
from helpdesk.sla.calendar_document import DAYS
from helpdesk.sla.models import CalendarVersion
from helpdesk.sla.public_holidays import NAMED, known_sets
from helpdesk.sla.versioning import days_of, put_calendar, put_day, versions_of
from helpdesk.web.forms.admin_clocks import CalendarForm, DayForm, NewCalendarForm, hours_typed, shown_calendar
from helpdesk.web.pages.admin.place import blueprint, clash, page, save
from helpdesk.web.signing_in import back_to, me


@blueprint.get("/calendars")
def calendars() -> ResponseReturnValue:
    """All of them, with who works by each."""
    codes = db.session.scalars(select(CalendarVersion.code).distinct().order_by(CalendarVersion.code)).all()
    return page("calendars.html", calendars=[(versions_of(code), _users(code)) for code in codes], week_of=week_of)


@blueprint.route("/new/calendar", methods=["GET", "POST"])
def new_calendar() -> ResponseReturnValue:
    """Add one."""
    form = NewCalendarForm(data={"timezone": "Europe/Paris", "valid_from": clock.now().date()})
    if form.validate_on_submit():
        row = save(form, lambda: _add(form), names=_names(form.code.data))
        if row is not None:
            flash(_("The calendar is added. Next: say on the page of a department or a person that they work by it."))
            return back_to(url_for("admin.calendar", code=row.code))
    return _page(form, None)


@blueprint.route("/calendars/<code>", methods=["GET", "POST"])
def calendar(code: str) -> ResponseReturnValue:
    """One of them: new hours from a day to come."""
    last = _found(code)
    shown = shown_calendar(last.document["calendars"][0])
    tomorrow = clock.now().date() + timedelta(days=1)
    form = CalendarForm(data={**shown, "valid_from": max(tomorrow, last.valid_from + timedelta(days=1))})
    if not form.is_submitted():
        form.remember(shown)
    elif form.validate():
        row = save(
            form,
            lambda: put_calendar(form.entry(code), by=me()),
            now=lambda: shown_calendar(_found(code).document["calendars"][0]),
            names=_names(code),
        )
        if row is not None:
            flash(_("Saved as version %(number)s.", number=row.version), "success")
            return back_to(url_for("admin.calendar", code=code))
    return _page(form, last)


@blueprint.route("/calendars/<code>/day", methods=["GET", "POST"])
def calendar_day(code: str) -> ResponseReturnValue:
    """Other hours on one day."""
    last = _found(code)
    form = DayForm(data={"day": clock.now().date()})
    if form.validate_on_submit():
        values: dict[str, Any] = {"reason": form.reason.data, "by": me()}
        row = save(form, lambda: put_day(code, form.day.data, hours_typed(form.hours.data), **values))
        if row is not None:
            flash(_("Written. Clocks that are over keep their figures and show the difference."), "success")
            return back_to(url_for("admin.calendar", code=code))
    return page("calendar_day.html", form.status, form=form, calendar=last)


def week_of(entry: Mapping[str, Any]) -> list[tuple[str, str, list[str]]]:
    """The week of a version in as few lines as it takes: from which day to which, and the hours."""
    groups: list[tuple[str, str, list[str]]] = []
    for day in DAYS:
        hours = entry["hours"].get(day, [])
        if groups and groups[-1][2] == hours:
            groups[-1] = (groups[-1][0], day, hours)
        else:
            groups.append((day, day, hours))
    return groups


def _add(form: NewCalendarForm) -> CalendarVersion:
    if versions_of(form.code.data):
        raise BadInput([Problem("code", "code_taken")])
    return put_calendar(form.entry(form.code.data), by=me())


def _page(form: CalendarForm, last: CalendarVersion | None) -> ResponseReturnValue:
    return page(
        "calendar.html",
        form.status,
        form=form,
        calendar=last,
        versions=list(reversed(versions_of(last.code))) if last else [],
        exceptions=days_of(last.code) if last else [],
        zones=sorted(available_timezones()),
        sets=[*NAMED, *known_sets()],
        days=DAYS,
        week_of=week_of,
        clash=clash(form, "calendar", last.id if last else None),
    )


def _names(code: str) -> dict[str, str]:
    """Which field of the form a problem of the document belongs to."""
    place = f"calendars.{code}"
    plain = ("timezone", "valid_from", "holidays", "holiday_hours", "closed_on", "extra_closed")
    found = {f"{place}.{name}": name for name in plain} | {f"{place}.hours.{day}": day for day in DAYS}
    return found | {f"{place}.hours": "mon", place: "code", f"{place}.holidays.dates": "dates"}


def _found(code: str) -> CalendarVersion:
    versions = versions_of(code)
    if not versions:
        raise NotFound()
    return versions[-1]


def _users(code: str) -> list[str]:
    departments = db.session.scalars(select(Department.name).where(Department.calendar == code, Department.active))
    people = db.session.scalars(select(Person.name).where(Person.calendar == code, Person.active))
    return [*departments, *people]
