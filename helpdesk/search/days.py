"""Days as people type them: 2026, 2026-03, 2026-03-14, 14/03/2026, yesterday, 7d. Pure."""

from __future__ import annotations

import re
from datetime import date, timedelta

from helpdesk.search.text import fold

_YEAR, _MONTH = re.compile(r"(\d{4})"), re.compile(r"(\d{4})-(\d{1,2})")
_MONTH_FIRST = re.compile(r"(\d{1,2})/(\d{4})")
_DAY, _DAY_FIRST = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})"), re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_AGO = re.compile(r"(\d{1,4})\s?(d|j|w|s|m)")
_DAYS_IN = {"d": 1, "j": 1, "w": 7, "s": 7, "m": 30}
_NAMED = {"today": 0, "aujourd'hui": 0, "aujourdhui": 0, "yesterday": 1, "hier": 1, "avant-hier": 2}


def days(typed: str, today: date) -> tuple[date, date] | None:
    """The first day meant, and the first day after; None when it is no day.

    A year or a month is all its days; `7d` (`7j`) is the day a week ago, `2w` (`2s`) that two weeks ago, `1m` that
    thirty days ago. Days and months are read in French order where slashes are.
    """
    typed = fold(typed.strip())
    try:
        if found := _YEAR.fullmatch(typed):
            year = int(found[1])
            return date(year, 1, 1), date(year + 1, 1, 1)
        if found := _MONTH.fullmatch(typed):
            return _month(int(found[1]), int(found[2]))
        if found := _MONTH_FIRST.fullmatch(typed):
            return _month(int(found[2]), int(found[1]))
        day = _one_day(typed, today)
        return (day, day + timedelta(days=1)) if day else None
    except (ValueError, OverflowError):
        return None


def _one_day(typed: str, today: date) -> date | None:
    if found := _DAY.fullmatch(typed):
        return date(int(found[1]), int(found[2]), int(found[3]))
    if found := _DAY_FIRST.fullmatch(typed):
        return date(int(found[3]), int(found[2]), int(found[1]))
    if found := _AGO.fullmatch(typed):
        return today - timedelta(days=int(found[1]) * _DAYS_IN[found[2]])
    return today - timedelta(days=_NAMED[typed]) if typed in _NAMED else None


def _month(year: int, month: int) -> tuple[date, date]:
    first = date(year, month, 1)
    return first, date(year + month // 12, month % 12 + 1, 1)
