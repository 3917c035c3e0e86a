"""Calendars as people write them (YAML or JSON), checked and made into `calendar.Calendar`.

A document has `calendars` (each entry one version), `calendar_changes` (new versions said as a change to
the one before) and `holiday_sets`. Every mistake is reported at once, with the place where it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from helpdesk.errors import BadInput, Problem
from helpdesk.sla.calendar import Calendar, CalendarBook, Interval, Version
from helpdesk.sla.promise import CODE
from helpdesk.sla.public_holidays import is_known

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPOKEN_DAYS = {
    "lundi": 0, "mardi": 1, "mercredi": 2, "jeudi": 3, "vendredi": 4, "samedi": 5, "dimanche": 6, "monday": 0,
    "tuesday": 1, "wednesday": 2, "thursday": 3, "friday": 4, "saturday": 5, "sunday": 6,
}  # fmt: skip
_INTERVAL = re.compile(r"([01]\d|2[0-3]):([0-5]\d)\s*[-–]\s*((?:[01]\d|2[0-3]):[0-5]\d|24:00)")
_SPOKEN_CHANGE = re.compile(rf"({'|'.join(_SPOKEN_DAYS)})\s+({_INTERVAL.pattern}(?:,?\s+{_INTERVAL.pattern})*)", re.I)
NO_HOLIDAYS = "none"


def from_document(document: Mapping[str, Any]) -> CalendarBook:
    """The calendars of a document. Raises `BadInput` with every problem; fields are paths
    (`calendars.com.hours.mon`).
    """
    problems: list[Problem] = []
    sets = _holiday_sets(document.get("holiday_sets") or {}, problems)
    versions = [_version(entry, sets, problems) for entry in _entries(document, "calendars", problems)]
    found = _grouped([version for version in versions if version], problems)
    for change in _entries(document, "calendar_changes", problems):
        _apply(change, found, problems)
    if problems:
        raise BadInput(problems)
    return CalendarBook({code: Calendar(code, tuple(group)) for code, group in found.items()})


def _entries(document: Mapping[str, Any], name: str, problems: list[Problem]) -> list[Mapping[str, Any]]:
    written = document.get(name) or ()
    if isinstance(written, list | tuple) and all(isinstance(entry, Mapping) for entry in written):
        return list(written)
    problems.append(Problem(name, "not_a_list"))
    return []


def hours_of(written: Any, place: str, problems: list[Problem]) -> tuple[Interval, ...]:
    """The intervals of one day ("09:00-12:30"), in order; what is wrong with them is noted for `place`."""
    return _intervals(written, place, problems)


def recorded(version: Version, at: datetime | None) -> Version:
    """The version as written down `at` this instant (None: from the beginning)."""
    return replace(version, recorded_at=at)


def calendar_from_entries(entries: Iterable[Mapping[str, Any]]) -> Calendar:
    """One calendar from its stored versions, each as written by `to_entry`."""
    book = from_document({"calendars": list(entries)})
    (calendar,) = book.calendars.values()
    return calendar


def to_entry(version: Version) -> dict[str, Any]:
    """One version as an entry that needs no holiday sets beside it and holds only JSON values."""
    return {
        "id": version.code,
        "name": version.name,
        "version": version.number,
        "valid_from": version.valid_from.isoformat(),
        "timezone": version.zone.key,
        "hours": {DAYS[day]: [written(part) for part in parts] for day, parts in enumerate(version.hours) if parts},
        "holidays": {"set": version.holiday_set, "dates": sorted(day.isoformat() for day in version.holiday_dates)},
        "holiday_hours": [written(part) for part in version.holiday_hours],
        "closed_on": [f"{month:02}-{day:02}" for month, day in sorted(version.closed_on)],
        "extra_closed": sorted(day.isoformat() for day in version.extra_closed),
    }


# --- one version ---------------------------------------------------------------------------------------


def _version(entry: Mapping[str, Any], sets: Mapping[str, frozenset[date]], problems: list[Problem]) -> Version | None:
    code = str(entry.get("id") or "")
    place = f"calendars.{code}"
    before = len(problems)
    if not code:
        problems.append(Problem("calendars", "missing_id"))
    elif not CODE.fullmatch(code):
        problems.append(Problem(place, "bad_code", {"value": code[:60]}))
    hours = _week(entry.get("hours") or {}, f"{place}.hours", problems)
    if not any(hours) and len(problems) == before:
        problems.append(Problem(f"{place}.hours", "empty_calendar"))
    set_name, dates = _chosen_holidays(entry.get("holidays"), sets, f"{place}.holidays", problems)
    zone = _zone(entry.get("timezone"), f"{place}.timezone", problems)
    valid_from = _date(entry.get("valid_from"), f"{place}.valid_from", problems)
    holiday_hours = _intervals(entry.get("holiday_hours") or (), f"{place}.holiday_hours", problems)
    closed_on = _days_of_year(entry.get("closed_on") or (), f"{place}.closed_on", problems)
    extra = _dates(entry.get("extra_closed"), f"{place}.extra_closed", problems)
    number = entry.get("version", 1)
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        problems.append(Problem(f"{place}.version", "bad_version"))
    if len(problems) > before or zone is None or valid_from is None:
        return None
    return Version(
        code=code,
        number=number,
        valid_from=valid_from,
        zone=zone,
        hours=hours,
        name=str(entry.get("name") or code),
        holiday_set=set_name,
        holiday_dates=dates,
        holiday_hours=holiday_hours,
        closed_on=closed_on,
        extra_closed=extra,
    )


def _week(hours: Any, place: str, problems: list[Problem]) -> tuple[tuple[Interval, ...], ...]:
    if not isinstance(hours, Mapping):
        problems.append(Problem(place, "bad_hours", {"value": str(hours)[:40]}))
        return ((),) * 7
    problems += [Problem(f"{place}.{day}", "unknown_day", {"value": str(day)[:40]}) for day in hours if day not in DAYS]
    return tuple(_intervals(hours.get(day) or (), f"{place}.{day}", problems) for day in DAYS)


def _intervals(written: Any, place: str, problems: list[Problem]) -> tuple[Interval, ...]:
    """Intervals in order; touching ones are allowed, overlapping or backward ones refused."""
    found: list[Interval] = []
    if not isinstance(written, str | list | tuple):
        problems.append(Problem(place, "bad_hours", {"value": str(written)[:40]}))
        return ()
    for text in [written] if isinstance(written, str) else written:
        match = _INTERVAL.fullmatch(str(text).strip())
        opening, closing = (_minutes(part) for part in re.split(r"\s*[-–]\s*", str(text).strip())) if match else (0, 0)
        if opening >= closing:
            problems.append(Problem(place, "bad_hours", {"value": str(text)[:40]}))
        else:
            found.append((opening, closing))
    found.sort()
    for (_, closing), (opening, _) in pairwise(found):
        if opening < closing:
            problems.append(Problem(place, "overlapping_hours"))
    return tuple(found)


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def written(interval: Interval) -> str:
    """An interval as people write it: 09:00-12:30."""
    return "-".join(f"{minutes // 60:02}:{minutes % 60:02}" for minutes in interval)


def _zone(name: Any, place: str, problems: list[Problem]) -> ZoneInfo | None:
    try:
        return ZoneInfo(str(name or ""))
    except (KeyError, ValueError, OSError):  # absent, malformed, or a folder of zones
        problems.append(Problem(place, "unknown_zone", {"value": str(name)[:40]}))
        return None


def _date(value: Any, place: str, problems: list[Problem]) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        problems.append(Problem(place, "bad_date", {"value": str(value)[:40]}))
        return None


def _dates(written: Any, place: str, problems: list[Problem]) -> frozenset[date]:
    """A list of dates. Anything else is refused, a lone date too: it would be read letter by letter."""
    if written is None:
        return frozenset()
    if not isinstance(written, list | tuple):
        problems.append(Problem(place, "not_a_list_of_dates", {"value": str(written)[:40]}))
        return frozenset()
    return frozenset(day for day in (_date(value, place, problems) for value in written) if day)


def _days_of_year(written: Any, place: str, problems: list[Problem]) -> frozenset[tuple[int, int]]:
    found = set()
    if not isinstance(written, list | tuple):
        problems.append(Problem(place, "not_a_list_of_dates", {"value": str(written)[:40]}))
        return frozenset()
    for value in written:
        day = _date(f"2024-{value}", place, problems)  # a leap year: closing on 29 February is possible
        if day:
            found.add((day.month, day.day))
    return frozenset(found)


# --- holidays ------------------------------------------------------------------------------------------


def _holiday_sets(written: Any, problems: list[Problem]) -> dict[str, frozenset[date]]:
    """Each set with the days of those it inherits."""
    if not isinstance(written, Mapping):
        problems.append(Problem("holiday_sets", "bad_holiday_sets"))
        return {}
    return {name: _inherited(name, written, (), problems) for name in written}


def _inherited(
    name: str, written: Mapping[str, Any], below: tuple[str, ...], problems: list[Problem]
) -> frozenset[date]:
    place = f"holiday_sets.{name}"
    entry = written.get(name)
    if name in below or not isinstance(entry, Mapping):
        problems.append(Problem(place, "inherits_itself" if name in below else "unknown_holidays", {"value": name}))
        return frozenset()
    own = {
        day for key, days in entry.items() if key != "inherits" for day in _dates_of_year(key, days, place, problems)
    }
    parent = entry.get("inherits")
    above = _inherited(str(parent), written, (*below, name), problems) if parent else frozenset()
    return above | own


def _dates_of_year(year: Any, days: Any, place: str, problems: list[Problem]) -> frozenset[date]:
    """The days listed for a year: dates, and of that year."""
    found = _dates(days, f"{place}.{year}", problems)
    problems += [
        Problem(f"{place}.{year}", "date_of_another_year", {"value": day.isoformat()})
        for day in sorted(found)
        if str(day.year) != str(year)
    ]
    return found


def _chosen_holidays(
    chosen: Any, sets: Mapping[str, frozenset[date]], place: str, problems: list[Problem]
) -> tuple[str, frozenset[date]]:
    """A set by name, `none`, or what `to_entry` wrote."""
    if isinstance(chosen, Mapping):
        name, dates = str(chosen.get("set") or NO_HOLIDAYS), _dates(chosen.get("dates"), f"{place}.dates", problems)
        if name != NO_HOLIDAYS and not dates and not is_known(name):
            problems.append(Problem(place, "unknown_holidays", {"value": name[:40]}))
        return name, dates
    if chosen is None or chosen == NO_HOLIDAYS:
        return NO_HOLIDAYS, frozenset()
    if not isinstance(chosen, str) or (chosen not in sets and not is_known(chosen)):
        problems.append(Problem(place, "unknown_holidays", {"value": str(chosen)[:40]}))
    listed = sets.get(str(chosen), frozenset())
    return str(chosen) if listed or is_known(str(chosen)) else NO_HOLIDAYS, listed


# --- several versions ----------------------------------------------------------------------------------


def _grouped(versions: list[Version], problems: list[Problem]) -> dict[str, list[Version]]:
    found: dict[str, list[Version]] = {}
    for version in versions:
        found.setdefault(version.code, []).append(version)
    for code, group in found.items():
        group.sort(key=lambda version: version.valid_from)
        _check_order(code, group, problems)
    return found


def _check_order(code: str, group: list[Version], problems: list[Problem]) -> None:
    """Numbers rise with the dates from which the versions are valid."""
    for earlier, later in pairwise(group):
        if earlier.number >= later.number or earlier.valid_from >= later.valid_from:
            problems.append(Problem(f"calendars.{code}.version", "versions_out_of_order"))


def _apply(change: Mapping[str, Any], found: dict[str, list[Version]], problems: list[Problem]) -> None:
    """Add the version that a change describes: by `hours` of some days, or in words ("vendredi
    08:30-18:00").
    """
    code = str(change.get("calendar") or "")
    place = f"calendar_changes.{code}"
    if code not in found:
        problems.append(Problem(place, "unknown_calendar", {"value": code[:40]}))
        return
    spoken = {
        DAYS[_SPOKEN_DAYS[match.group(1).lower()]]: [part.group() for part in _INTERVAL.finditer(match.group(2))]
        for match in _SPOKEN_CHANGE.finditer(str(change.get("change") or ""))
    }
    hours = change.get("hours") or spoken
    if not hours or not isinstance(hours, Mapping):
        problems.append(Problem(place, "change_not_understood", {"value": str(change.get("change"))[:80]}))
        return
    last = found[code][-1]
    entry = to_entry(last)
    entry |= {
        "version": change.get("version", last.number + 1),
        "valid_from": change.get("valid_from"),
        "hours": {**entry["hours"], **hours},
    }
    version = _version(entry, {}, problems)
    if version:
        found[code].append(version)
        _check_order(code, found[code][-2:], problems)
