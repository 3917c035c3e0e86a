"""What came to departments and where it went, what had to be done again, whether it helped, and what it was about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select

from helpdesk.db import db
from helpdesk.reports.periods import COMPARED, Period
from helpdesk.reports.response_times import Departments, Stages
from helpdesk.rollups.models import EVERY, DayCount
from helpdesk.routing.models import Topic
from helpdesk.routing.shares import Share

TOPICS_SHOWN = 5
COUNTED = ("declined", "returned", "reopened", "corrected", "helped", "not_helped", "withdrawn")
"""Kinds of `DayCount` that are told as one number."""


@dataclass(frozen=True)
class Flow:
    """Questions, over a period. `between`: (from, to) → how many were passed on; department 0 is nobody yet."""

    came_in: int
    answered: int
    handed_off: int
    declined: int
    passed_out: int
    passed_in: int
    between: Mapping[tuple[int, int], int]
    quality: Quality


@dataclass(frozen=True)
class Quality:
    """What had to be done again, of how many; and what the askers said of the answers."""

    returned: Share
    """Of the texts that approvers decided upon."""
    reopened: Share
    """Of the questions answered."""
    corrected: Share
    """Another text posted after the first, of all that were posted."""
    withdrawn: int
    """Official answers."""
    helped: Share
    """Of those who said whether it helped."""

    @property
    def not_helped(self) -> int:
        return self.helped.count - self.helped.hits


@dataclass(frozen=True)
class Theme:
    """A topic, how often it was asked about, and how often in the four periods before, in the mean (None: nothing is
    known of them at all)."""

    topic: Topic
    count: int
    before: float | None

    @property
    def is_new(self) -> bool:
        return self.before == 0


def flow(departments: Departments, period: Period, stages: Stages) -> Flow:
    counts = _counts(departments, period)
    between = _between(departments, period)
    here = (lambda department: True) if departments is None else set(departments).__contains__
    return Flow(
        came_in=stages["department"].started,
        answered=stages["department"].count,
        handed_off=stages["public"].outcomes["handed_off"],
        declined=counts["declined"],
        passed_out=sum(count for (from_, _), count in between.items() if here(from_)),
        passed_in=sum(count for (_, to), count in between.items() if to and here(to)),
        between=between,
        quality=_quality(counts, stages),
    )


def _quality(counts: Mapping[str, int], stages: Stages) -> Quality:
    said = counts["helped"] + counts["not_helped"]
    return Quality(
        returned=Share(counts["returned"], stages["validate"].count),
        reopened=Share(counts["reopened"], stages["department"].count),
        corrected=Share(counts["corrected"], stages["post"].count),
        withdrawn=counts["withdrawn"],
        helped=Share(counts["helped"], said),
    )


def _counts(departments: Departments, period: Period) -> Counter[str]:
    counted = select(DayCount.kind, func.sum(DayCount.count).label("sum")).group_by(DayCount.kind)
    kinds = DayCount.kind.in_(COUNTED), DayCount.other_id == 0
    return Counter(dict(db.session.execute(counted.where(*_on(period), _of(departments), *kinds)).all()))


def _between(departments: Departments, period: Period) -> dict[tuple[int, int], int]:
    """What was passed on from one department to another, these being either."""
    columns = (DayCount.department_id, DayCount.other_id)
    passed = select(*columns, func.sum(DayCount.count).label("sum")).group_by(*columns)
    passed = passed.where(DayCount.kind == "redirected", *_on(period), DayCount.department_id != DayCount.other_id)
    if departments is not None:
        ids = list(departments)
        passed = passed.where(or_(DayCount.department_id.in_(ids), DayCount.other_id.in_(ids)))
    return {(row.department_id, row.other_id): row[2] for row in db.session.execute(passed)}


def themes(departments: Departments, period: Period) -> Sequence[Theme]:
    """The topics asked about most."""
    now = _asked_about(departments, period)
    most = [topic for topic, _ in now.most_common(TOPICS_SHOWN)]
    past = _asked_about(departments, period.before(), DayCount.other_id.in_(most))
    rows = {topic.id: topic for topic in db.session.scalars(select(Topic).where(Topic.id.in_(most)))}
    return [Theme(rows[topic], now[topic], past[topic] / COMPARED if past else None) for topic in most if topic in rows]


def _asked_about(departments: Departments, period: Period, *wanted: ColumnElement[bool]) -> Counter[int]:
    asked = select(DayCount.other_id, func.sum(DayCount.count)).group_by(DayCount.other_id)
    asked = asked.where(DayCount.kind == "topic", *_on(period), _of(departments), *wanted)
    return Counter(dict(db.session.execute(asked).all()))


def _on(period: Period) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return DayCount.day >= period.start, DayCount.day < period.end


def _of(departments: Departments) -> ColumnElement[bool]:
    return DayCount.department_id.in_([EVERY] if departments is None else list(departments))
