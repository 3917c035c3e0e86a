"""How good routing is, week by week: read from the decisions kept and the event log.

A ticket counts once, in the week in which the suggestions were made that were on the table when somebody was first
asked; or, when nobody was asked, the last ones. Costs depend on the weeks read. Nothing is said of a person: the shares
are of everybody together, and none is told of fewer than `shares.TOLD_FROM`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, case, func, literal, select
from sqlalchemy.orm import aliased
from sqlalchemy.sql.elements import SQLCoreOperations

from helpdesk import clock
from helpdesk.accounts.organisation import setting
from helpdesk.db import db
from helpdesk.routing.budget import MOST, Outcome
from helpdesk.routing.confidence import LIKELY_FROM, SURE_FROM, Confidence, Mode, in_words
from helpdesk.routing.models import Decision, Offer, OfferState
from helpdesk.routing.shares import TOLD_FROM, Share
from helpdesk.tickets.models import Event
from helpdesk.tickets.workflow import Kind

WEEKS = 12
MOST_WEEKS = 52
EDGES = (0.0, 0.2, 0.4, 0.5, LIKELY_FROM, 0.7, 0.8, SURE_FROM, 0.9, 0.95)
"""Where the bins of the curve begin; the words for a probability change at some of them."""
WRONG = (OfferState.DECLINED, OfferState.REDIRECTED, OfferState.EXPIRED)
SAID_YES = (OfferState.ACCEPTED, OfferState.DONE)


@dataclass
class Week:
    """What happened to the suggestions of one week."""

    start: datetime
    suggested: int = 0
    """Tickets for which suggestions were made."""
    abstained: int = 0
    automatic: int = 0
    """Tickets for which Relais asked by itself."""
    first: Share = field(default_factory=Share)
    """Decided tickets, and how often the first suggestion was who answered."""
    automatic_right: Share = field(default_factory=Share)
    asked: int = 0
    """Tickets that were offered to somebody."""
    said_yes: Share = field(default_factory=Share)
    """First offers that were answered, and how many with yes."""
    declines: Counter[str] = field(default_factory=Counter)
    """Coded reason → how often."""
    redirects: int = 0
    lost: list[timedelta] = field(default_factory=list)
    """From each offer that was declined, passed on or ran out to the next one."""

    @property
    def lost_hours(self) -> float | None:
        """Half of the wrong offers cost more than this; None when there are too few to tell."""
        if len(self.lost) < TOLD_FROM:
            return None
        return median(each.total_seconds() for each in self.lost) / 3600

    @property
    def redirects_per_ticket(self) -> float | None:
        return self.redirects / self.asked if self.asked >= TOLD_FROM else None

    @property
    def declines_per_ticket(self) -> float | None:
        return self.declines.total() / self.asked if self.asked >= TOLD_FROM else None

    @property
    def automatic_wrong(self) -> Share:
        return Share(self.automatic_right.count - self.automatic_right.hits, self.automatic_right.count)

    @property
    def abstention(self) -> Share:
        return Share(self.abstained, self.suggested)

    @property
    def automatic_rate(self) -> Share:
        return Share(self.automatic, self.suggested)


@dataclass(frozen=True)
class Point:
    """A bin of the calibration curve: what was said on average, and what came of it."""

    predicted: float
    observed: Share


@dataclass(frozen=True)
class Quality:
    """The weeks, oldest first, the same together, and what depends on how sure the matcher was."""

    weeks: Sequence[Week]
    total: Week
    bands: dict[Confidence, Share]
    curve: Sequence[Point]


def quality(count: int = WEEKS) -> Quality:
    """The last `count` weeks, the present one included."""
    starts = week_starts(clock.now(), count, ZoneInfo(setting("timezone")))
    weeks = [Week(start) for start in starts[:-1]]
    bins: dict[int, tuple[float, Share]] = {}
    bands = dict.fromkeys(Confidence, Share())
    for row in _decisions(starts):
        week, outcome = weeks[row.week], Share(row.tickets if row.right else 0, row.tickets)
        week.suggested += row.tickets
        week.abstained += row.tickets if row.mode == Mode.ABSTAIN else 0
        week.automatic += row.tickets if row.mode == Mode.AUTOMATIC else 0
        if row.right is None:
            continue
        week.first += outcome
        if row.mode == Mode.AUTOMATIC:
            week.automatic_right += outcome
        if row.mode != Mode.ABSTAIN:
            bands[in_words(EDGES[row.bin])] += outcome
        said, seen = bins.get(row.bin, (0.0, Share()))
        bins[row.bin] = (said + row.said, seen + outcome)
    _add_events(weeks, starts)
    _add_offers(weeks, starts)
    return Quality(weeks, _together(weeks), bands, list(_points(bins)))


def week_starts(now: datetime, count: int, zone: ZoneInfo) -> list[datetime]:
    """Monday, midnight, of the last `count` weeks and of the one that follows."""
    today = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    monday = today - timedelta(days=today.weekday())
    return [(monday + timedelta(weeks=week + 1 - count)).replace(tzinfo=zone) for week in range(count + 1)]


def outcomes() -> list[Outcome]:
    """The probability and the outcome of the last decided suggestions, oldest first."""
    rows = db.session.execute(
        select(Decision.probability, Decision.right)
        .where(Decision.right.is_not(None))
        .order_by(Decision.id.desc())
        .limit(MOST)
    ).all()
    return [(probability or 0.0, bool(right)) for probability, right in reversed(rows)]


# --- how it is read ---------------------------------------------------------------------------------------------------


def _number_of_week(instant: SQLCoreOperations[datetime], starts: Sequence[datetime]) -> ColumnElement[int]:
    last = literal(len(starts) - 2)
    earlier = [(instant < end, number) for number, end in enumerate(starts[1:-1])]
    return case(*earlier, else_=last) if earlier else last


def _decisions(starts: Sequence[datetime]) -> Sequence[Row[Any]]:
    """Tickets by week, mode, bin of probability and outcome, with the sum of what was said."""
    number = case(
        *((Decision.probability < end, place) for place, end in enumerate(EDGES[1:])), else_=literal(len(EDGES) - 1)
    ).label("bin")
    week = _number_of_week(Decision.made_at, starts).label("week")
    rows = (
        select(week, Decision.mode, number, Decision.right, Decision.probability)
        .where(Decision.made_at >= starts[0], Decision.made_at < starts[-1], ~_outdone())
        .subquery()  # grouped outside: a database may not see that two expressions with parameters are the same
    )
    groups = (rows.c.week, rows.c.mode, rows.c.bin, rows.c.right)
    counted = select(*groups, func.count().label("tickets"), func.sum(rows.c.probability).label("said"))
    return db.session.execute(counted.group_by(*groups)).all()


def _outdone() -> ColumnElement[bool]:
    """Another decision of the same ticket counts instead: the first that was acted upon, else the last made."""
    other = aliased(Decision)
    acted_upon_first = other.chosen_at.is_not(None) & (Decision.chosen_at.is_(None) | (other.id < Decision.id))
    made_later = Decision.chosen_at.is_(None) & other.chosen_at.is_(None) & (other.id > Decision.id)
    return select(other.id).where(other.ticket_id == Decision.ticket_id, acted_upon_first | made_later).exists()


def _points(bins: dict[int, tuple[float, Share]]) -> Iterator[Point]:
    """The bins in order, each with the next ones until it holds enough; too few at the end join the last."""
    points: list[tuple[float, Share]] = []
    for place in sorted(bins):
        said, seen = bins[place]
        if points and points[-1][1].count < TOLD_FROM:
            points[-1] = (points[-1][0] + said, points[-1][1] + seen)
        else:
            points.append((said, seen))
    if len(points) > 1 and points[-1][1].count < TOLD_FROM:
        said, seen = points.pop()
        points[-1] = (points[-1][0] + said, points[-1][1] + seen)
    return (Point(said / seen.count, seen) for said, seen in points if seen.count >= TOLD_FROM)


def _add_events(weeks: Sequence[Week], starts: Sequence[datetime]) -> None:
    week, reason = _number_of_week(Event.at, starts).label("week"), Event.facts["reason"].as_string().label("reason")
    within = (Event.at >= starts[0], Event.at < starts[-1])
    said = select(week, Event.kind, reason).where(Event.kind.in_((Kind.DECLINED, Kind.REDIRECTED)), *within).subquery()
    groups = (said.c.week, said.c.kind, said.c.reason)
    for row in db.session.execute(select(*groups, func.count().label("times")).group_by(*groups)):
        if row.kind is Kind.REDIRECTED:
            weeks[row.week].redirects += row.times
        else:
            weeks[row.week].declines[row.reason] += row.times
    asked = select(week, Event.ticket_id).where(Event.kind == Kind.OFFERED, *within).subquery()
    for number, tickets in db.session.execute(
        select(asked.c.week, func.count(asked.c.ticket_id.distinct())).group_by(asked.c.week)
    ):
        weeks[number].asked = tickets


def _add_offers(weeks: Sequence[Week], starts: Sequence[datetime]) -> None:
    week, other = _number_of_week(Offer.offered_at, starts).label("week"), aliased(Offer)
    within = (Offer.offered_at >= starts[0], Offer.offered_at < starts[-1])
    same_ticket = other.ticket_id == Offer.ticket_id
    following = select(func.min(other.offered_at)).where(same_ticket, other.id > Offer.id).scalar_subquery()
    wrong = select(week, Offer.offered_at, following.label("next_at")).where(Offer.state.in_(WRONG), *within)
    for row in db.session.execute(wrong):
        if row.next_at is not None:
            weeks[row.week].lost.append(row.next_at - row.offered_at)
    is_first = ~select(other.id).where(same_ticket, other.id < Offer.id).exists()
    answered = select(week, Offer.state).where(is_first, Offer.state.in_((*WRONG, *SAID_YES)), *within).subquery()
    groups = (answered.c.week, answered.c.state)
    for number, state, offers in db.session.execute(select(*groups, func.count()).group_by(*groups)):
        weeks[number].said_yes += Share(offers if state in SAID_YES else 0, offers)


def _together(weeks: Sequence[Week]) -> Week:
    total = Week(weeks[0].start)
    for week in weeks:
        for name in ("suggested", "abstained", "automatic", "first", "automatic_right", "asked", "said_yes",
                     "redirects"):  # fmt: skip
            setattr(total, name, getattr(total, name) + getattr(week, name))
        total.declines += week.declines
        total.lost += week.lost
    return total
