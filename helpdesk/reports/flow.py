"""What came to departments and where it went, what had to be done again, whether it helped, and what it was about."""

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
from helpdesk.routing.shares import Share

TOPICS_SHOWN = 5


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
    """In one statement, over the counts of the days."""
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
        came_in=stages["department"].started,
        answered=stages["department"].count,
        handed_off=stages["public"].outcomes["handed_off"],
        declined=counts["declined"],
        passed_out=sum(count for (from_, _), count in between.items() if here(from_)),
        passed_in=sum(count for (_, to), count in between.items() if to and here(to)),
        between=dict(between),
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


def themes(departments: Departments, period: Period) -> Sequence[Theme]:
    """The topics asked about most."""
    now, past = _asked_about(departments, period), _asked_about(departments, period.before())
    most = [topic for topic, _ in now.most_common(TOPICS_SHOWN)]
    rows = {topic.id: topic for topic in db.session.scalars(select(Topic).where(Topic.id.in_(most)))}
    return [Theme(rows[topic], now[topic], past[topic] / COMPARED if past else None) for topic in most if topic in rows]


def _asked_about(departments: Departments, period: Period) -> Counter[int]:
    asked = select(DayCount.other_id, func.sum(DayCount.count)).group_by(DayCount.other_id)
    asked = asked.where(DayCount.kind == "topic", DayCount.day >= period.start, DayCount.day < period.end)
    if departments is not None:
        asked = asked.where(DayCount.department_id.in_(list(departments)))
    return Counter(dict(db.session.execute(asked).all()))
