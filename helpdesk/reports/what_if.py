"""What if there had been one more expert, another calendar, a tighter target: a department's last weeks played again.

Experts are a pool, in which nobody is named; whoever answers only now and then keeps their own questions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from helpdesk.accounts.models import Department
from helpdesk.accounts.organisation import setting
from helpdesk.db import db
from helpdesk.errors import BadInput, Problem
from helpdesk.reports.observed import Happened, Opening, happened
from helpdesk.reports.periods import WEEK, Period
from helpdesk.sla.models import CalendarVersion
from helpdesk.sla.promising import calendar_with
from helpdesk.sla.what_if.comparing import Blocks, Comparison, closest, compare
from helpdesk.sla.what_if.hours import Hours, whole
from helpdesk.sla.what_if.past import Observed, taken_apart
from helpdesk.sla.what_if.queue import Team

FEWEST_WEEKS, MOST_WEEKS = 2, 52
MOST_EXPERTS = 5
"""Added or taken away."""
MOST_QUESTIONS = 5_000
WARMING_UP = WEEK * 4
"""What was offered in this time before is played first: somebody has it in hand when the period begins."""
DRAWN_BY_WEEK = 8
"""From so many weeks on the interval is drawn from weeks, before that from days."""
NOW_AND_THEN = 0.25
"""Whoever has less than this part of an equal share of the questions is not in the pool."""
SATURDAY = 5

Marks = NDArray[np.bool_]


@dataclass(frozen=True)
class Changes:
    """`experts`: more, or fewer. `calendar`: a code, for everybody. `target`: minutes of working time, for every
    question that had one."""

    experts: int = 0
    calendar: str | None = None
    target: int | None = None

    def __bool__(self) -> bool:
        return bool(self.experts or self.calendar or self.target)


@dataclass(frozen=True)
class Trial:
    """`count` questions tell something, `open_late` of them are still open. `pool`: how many people take the questions;
    `others`: how many keep to their own. `shared`: the pool takes any question, else what each had: whichever comes
    closer to what happened. `comparison` is None when the questions are too few."""

    period: Period
    count: int
    open_late: int
    pool: int
    others: int
    usual_target: int | None
    shared: bool
    comparison: Comparison | None


def whole_weeks(count: int, today: date) -> Period:
    """The last `count` weeks that are over."""
    monday = today - timedelta(days=today.weekday())
    return Period(monday - WEEK * count, monday)


def calendars() -> Mapping[str, str]:
    """The calendars that can be read: code → name, by name."""
    codes = db.session.scalars(select(CalendarVersion.code).distinct())
    readable = {code: calendar for code in codes if (calendar := calendar_with(code))}
    names = {code: calendar.versions[-1].name or code for code, calendar in readable.items()}
    return dict(sorted(names.items(), key=lambda item: item[1]))


def what_if(department: Department, weeks: int, changes: Changes, now: datetime) -> Trial:
    """Play the last whole weeks again. Raises BadInput when the change leaves nobody to answer, for a calendar that
    does not open, and when there are too many questions for an answer while one waits."""
    zone = ZoneInfo(setting("timezone"))
    period = whole_weeks(weeks, now.astimezone(zone).date())
    first, end = (datetime.combine(day, time(), zone) for day in (period.start - WARMING_UP, period.end))
    opening = Opening(first, now)
    found = happened(department, first, end, now, opening)
    if len(found.rows) > MOST_QUESTIONS:
        raise BadInput([Problem("weeks", "too_many_to_replay", {"count": len(found.rows), "limit": MOST_QUESTIONS})])
    blocks = _blocks(period, zone)
    inside = [row for row in found.rows if row.offered >= blocks.edges[0]]
    pooled = _pooled(inside, len(found.hours))
    telling = [row for row in inside if row.counted and row.target]
    comparison, shared = None, True
    if pooled.any():
        past = taken_apart(found.rows, found.hours)
        teams = [_team(found.hours, pooled, ~pooled, roams=roams) for roams in (pooled, np.zeros_like(pooled))]
        shared = closest(past, teams) == 0
        target = changes.target * 60 if changes.target else None
        changed = _changed(found, pooled, changes, opening, shared=shared)
        comparison = compare(past, teams[0 if shared else 1], changed, blocks, target)
    return Trial(
        period=period,
        count=len(telling),
        open_late=sum(row.is_open for row in telling),
        pool=int(pooled.sum()),
        others=len({row.expert for row in inside}) - int(pooled.sum()),
        usual_target=Counter(row.target for row in telling).most_common(1)[0][0] if telling else None,
        shared=shared,
        comparison=comparison,
    )


def _blocks(period: Period, zone: ZoneInfo) -> Blocks:
    """Weeks, or for a short period days, of which those of a weekend stand in for each other only."""
    step = 7 if period.days >= DRAWN_BY_WEEK * 7 else 1
    days = [period.start + timedelta(days=day) for day in range(0, period.days + 1, step)]
    edges = np.array([whole(datetime.combine(day, time(), zone)) for day in days], dtype=np.int64)
    return Blocks(edges, [int(step == 1 and day.weekday() >= SATURDAY) for day in days[:-1]])


def _pooled(inside: Sequence[Observed], places: int) -> Marks:
    """Who takes any question: everybody but those who answer now and then."""
    counts = Counter(row.expert for row in inside)
    least = NOW_AND_THEN * len(inside) / max(1, len(counts))
    return np.array([counts[place] > 0 and counts[place] >= least for place in range(places)], dtype=bool)


def _changed(found: Happened, pooled: Marks, changes: Changes, opening: Opening, *, shared: bool) -> Team:
    """The team as it would be. Whoever comes or goes has the hours that most of the pool have."""
    try:
        hours = [opening[changes.calendar]] * len(found.hours) if changes.calendar else list(found.hours)
    except ValueError as error:
        raise BadInput([Problem("calendar", "calendar_never_opens")]) from error
    if pooled.sum() + changes.experts < 1:
        raise BadInput([Problem("experts", "nobody_left", {"count": int(pooled.sum())})])
    usual = Counter(id(hours[place]) for place in np.flatnonzero(pooled)).most_common(1)[0][0]
    alike = [int(place) for place in np.flatnonzero(pooled) if id(hours[place]) == usual]
    # Those with the usual hours go first; where more go than there are, others do.
    leaving = [*alike, *(int(place) for place in np.flatnonzero(pooled) if int(place) not in alike)]
    staying = pooled.copy()
    staying[leaving[: max(0, -changes.experts)]] = False
    coming = max(0, changes.experts)
    joining = np.arange(len(hours) + coming) >= len(hours)
    pool = np.concatenate([staying, np.ones(coming, dtype=bool)])
    keeps = np.concatenate([~pooled, np.zeros(coming, dtype=bool)])
    return _team([*hours, *[hours[alike[0]]] * coming], pool, keeps, roams=pool if shared else joining)


def _team(hours: Sequence[Hours], pooled: Marks, keeps: Marks, *, roams: Marks) -> Team:
    different = list({id(each): each for each in hours}.values())
    number = {id(each): place for place, each in enumerate(different)}
    place = np.array([number[id(each)] for each in hours], dtype=np.int64)
    return Team(different, place, pooled, keeps, roams)
