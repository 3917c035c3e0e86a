"""Forms about working hours and response-time policies, and what they show of the latest versions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, DateField, SelectField
from wtforms.validators import InputRequired

from helpdesk.sla.calendar_document import DAYS
from helpdesk.sla.policy import ALWAYS_REAL, CLOCKS, CONDITIONS, DEPARTMENT
from helpdesk.web.clock_wording import CLOCKS as NAMES
from helpdesk.web.clock_wording import FACTS
from helpdesk.web.forms.admin import AdministrationForm
from helpdesk.web.forms.fields import IntegerField, LineField, ParagraphField

needed = InputRequired(_l("Please fill in this field."))
SEPARATORS = re.compile(r"[,;\s]+")
NO_HOLIDAYS = "none"
WORKING = tuple(clock for clock in CLOCKS if clock not in ALWAYS_REAL)


class CalendarForm(AdministrationForm):
    """One version: its hours by day, its holidays, and from when it holds."""

    name = LineField(_l("Name"), validators=[needed])
    timezone = LineField(_l("Time zone"), validators=[needed])
    valid_from = DateField(_l("Holds from"), validators=[needed])
    mon = LineField(_l("Monday"))
    tue = LineField(_l("Tuesday"))
    wed = LineField(_l("Wednesday"))
    thu = LineField(_l("Thursday"))
    fri = LineField(_l("Friday"))
    sat = LineField(_l("Saturday"))
    sun = LineField(_l("Sunday"))
    holidays = LineField(_l("Public holidays of"))
    dates = ParagraphField(_l("Public holidays, if you list them yourself"))
    holiday_hours = LineField(_l("Hours on public holidays"))
    closed_on = ParagraphField(_l("Closed every year on"))
    extra_closed = ParagraphField(_l("Closed on"))

    def entry(self, code: str) -> dict[str, Any]:
        """What the form says, as a document's entry."""
        return {
            "id": code,
            "name": self.name.data,
            "timezone": self.timezone.data,
            "valid_from": self.valid_from.data,
            "hours": {day: hours_typed(self[day].data) for day in DAYS if self[day].data},
            "holidays": {"set": self.holidays.data or NO_HOLIDAYS, "dates": self.dates.lines},
            "holiday_hours": hours_typed(self.holiday_hours.data),
            "closed_on": self.closed_on.lines,
            "extra_closed": self.extra_closed.lines,
        }


class NewCalendarForm(CalendarForm):
    code = LineField(_l("Code"), validators=[needed])


class DayForm(AdministrationForm):
    """Other hours on one day."""

    day = DateField(_l("Day"), validators=[needed])
    hours = LineField(_l("Hours on that day"))
    reason = LineField(_l("Why"))


def hours_typed(words: str | None) -> list[str]:
    """ "09:00-12:30, 13:30-17:30" as a list; spaces around the dash do no harm."""
    closed_up = re.sub(r"\s*[-–]\s*", "-", words or "")
    return [part for part in SEPARATORS.split(closed_up) if part]


def shown_calendar(entry: Mapping[str, Any]) -> dict[str, Any]:
    """What the form shows of a version, as `calendar_document.to_entry` gives it."""
    holidays = entry["holidays"]
    return {
        "name": entry["name"],
        "timezone": entry["timezone"],
        **{day: ", ".join(entry["hours"].get(day, ())) for day in DAYS},
        "holidays": "" if holidays["set"] == NO_HOLIDAYS else holidays["set"],
        "dates": "\n".join(holidays["dates"]),
        "holiday_hours": ", ".join(entry["holiday_hours"]),
        "closed_on": "\n".join(entry["closed_on"]),
        "extra_closed": "\n".join(entry["extra_closed"]),
    }


class PolicyForm(AdministrationForm):
    """One policy: its place among the others, what it is for, and what it promises for each clock."""

    order = IntegerField(_l("Place"), validators=[needed])
    retired = BooleanField(_l("Not in use any more"))

    def entry(self, code: str) -> dict[str, Any]:
        """What the form says, as a document's entry."""
        said = {fact: values_typed(self[f"if_{fact}"].data) for fact in CONDITIONS}
        written = {
            "id": code,
            "order": self.order.data,
            "applies_to": {fact: each[0] if len(each) == 1 else each for fact, each in said.items() if each},
            "calendar": {clock: self[f"in_{clock}"].data for clock in WORKING if self[f"in_{clock}"].data},
            "targets": {
                clock: self[f"target_{clock}"].data for clock in CLOCKS if self[f"target_{clock}"].data is not None
            },
        }
        return written | ({"retired": True} if self.retired.data else {})


for _fact in CONDITIONS:
    setattr(PolicyForm, f"if_{_fact}", LineField(FACTS[_fact]))
for _clock in CLOCKS:
    setattr(PolicyForm, f"target_{_clock}", IntegerField(NAMES[_clock]))
    if _clock in WORKING:
        setattr(PolicyForm, f"in_{_clock}", SelectField(NAMES[_clock], choices=[], default=""))


class NewPolicyForm(PolicyForm):
    code = LineField(_l("Code"), validators=[needed])


def values_typed(words: str | None) -> list[str]:
    """ "P1, P2" as a list."""
    return [part for part in re.split(r"[,;\n]+\s*", (words or "").strip()) if part]


def shown_policy(entry: Mapping[str, Any]) -> dict[str, Any]:
    """What the form shows of a policy."""
    conditions, targets, calendars = (entry.get(name) or {} for name in ("applies_to", "targets", "calendar"))
    return {
        "order": entry["order"],
        "retired": bool(entry.get("retired")),
        **{f"if_{fact}": _joined(conditions.get(fact)) for fact in CONDITIONS},
        **{f"target_{clock}": targets.get(clock) for clock in CLOCKS},
        **{f"in_{clock}": calendars.get(clock) or "" for clock in WORKING},
    }


def _joined(wanted: Any) -> str:
    return ", ".join(map(str, wanted)) if isinstance(wanted, list) else str(wanted or "")


def calendars_for_clocks(codes: list[str]) -> list[tuple[str, Any]]:
    """The calendars that a clock of a policy may count in."""
    return [
        ("", _l("As usual")),
        (DEPARTMENT, _l("The department’s")),
        *((code, code) for code in codes),
    ]
