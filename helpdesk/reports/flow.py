"""What came to departments and where it went, what had to be done again, and what it was about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_, select

from helpdesk.db import db
from helpdesk.reports.periods import COMPARED, Period
from helpdesk.reports.response_times import Departments, Stages
from helpdesk.rollups.models import DayCount
from helpdesk.routing.models import Topic

TOPICS_SHOWN = 5


@dataclass(frozen=True)
class Flow:
    """Questions, over a period. `between`: (from, to) → how many were passed on; department 0 is nobody yet."""

    came_in: int
    answered: int
    declined: int
    returned: int
    reopened: int
    passed_out: int
    passed_in: int
    between: Mapping[tuple[int, int], int]


@dataclass(frozen=True)
class Theme:
    """A topic, how often it was asked about, and how often in the four periods before, in the mean."""

    topic: Topic
    count: int
    before: float

    @property
    def is_new(self) -> bool:
        return self.before == 0


def flow(departments: Departments, period: Period, stages: Stages) -> Flow:
    counts: Counter[str] = Counter()
    between: Counter[tuple[int, int]] = Counter()
    here = (lambda department: True) if departments is None else set(departments).__contains__
    touching = DayCount.kind != "topic"
    if departments is not None:
        touching &= or_(DayCount.department_id.in_(list(departments)), DayCount.other_id.in_(list(departments)))
    columns = (DayCount.kind, DayCount.department_id, DayCount.other_id)
    rows = db.session.execute(
        select(*columns, func.sum(DayCount.count).label("sum"))
        .where(DayCount.day >= period.start, DayCount.day < period.end, touching)
        .group_by(*columns)
    )
    for kind, from_, to, count in rows:
        if kind != "redirected":
            counts[kind] += count if here(from_) else 0
        elif from_ != to:
            between[from_, to] += count
    return Flow(
        came_in=stages["department"].started or stages["accept"].started,
        answered=stages["department"].count or stages["validate"].count,
        declined=counts["declined"],
        returned=counts["returned"],
        reopened=counts["reopened"],
        passed_out=sum(count for (from_, _), count in between.items() if here(from_)),
        passed_in=sum(count for (_, to), count in between.items() if to and here(to)),
        between=dict(between),
    )


def themes(departments: Departments, period: Period) -> Sequence[Theme]:
    """The topics asked about most."""
    now, past = _asked_about(departments, period), _asked_about(departments, period.before())
    most = [topic for topic, _ in now.most_common(TOPICS_SHOWN)]
    rows = {topic.id: topic for topic in db.session.scalars(select(Topic).where(Topic.id.in_(most)))}
    return [Theme(rows[topic], now[topic], past[topic] / COMPARED) for topic in most if topic in rows]


def _asked_about(departments: Departments, period: Period) -> Counter[int]:
    asked = select(DayCount.other_id, func.sum(DayCount.count)).group_by(DayCount.other_id)
    asked = asked.where(DayCount.kind == "topic", DayCount.day >= period.start, DayCount.day < period.end)
    if departments is not None:
        asked = asked.where(DayCount.department_id.in_(list(departments)))
    return Counter(dict(db.session.execute(asked).all()))
