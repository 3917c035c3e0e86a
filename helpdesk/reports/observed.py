"""What happened in a department, question by question, as far as it can be played again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import aliased

from helpdesk.accounts.models import Department, Person
from helpdesk.db import db
from helpdesk.reports.response_times import KEPT, LATE, RAN_TO_THE_END
from helpdesk.rollups.models import ClockReading
from helpdesk.sla.promising import calendar_with
from helpdesk.sla.what_if.hours import Hours, hours_of, whole
from helpdesk.sla.what_if.past import NO_TARGET, Observed

AHEAD = timedelta(days=180)
"""How far calendars are looked up after the present, for what is handed over later than it was."""
RUNNING = "running"


class Opening:
    """Working hours by the code of their calendar, each looked up once, from `first` until well after `now`."""

    def __init__(self, first: datetime, now: datetime) -> None:
        self._from, self._until = first, now + AHEAD
        self._known: dict[str | None, Hours] = {}

    def __getitem__(self, code: str | None) -> Hours:
        """All hours where no calendar has this code, as the clocks do. Raises ValueError when it never opens."""
        if code not in self._known:
            self._known[code] = hours_of(calendar_with(code) if code else None, self._from, self._until)
        return self._known[code]


@dataclass(frozen=True)
class Happened:
    """Questions offered from `first` to before `end`. `hours` are those of each place in the team; whose place is
    whose is not told."""

    rows: Sequence[Observed]
    hours: Sequence[Hours]


def happened(department: Department, first: datetime, end: datetime, now: datetime, opening: Opening) -> Happened:
    """Read the answers of `department`, those that are being written included. Answers that wait for the asker, and
    those that were cut short, are left out."""
    rows = [row for row in _answers(department.id, first) if first <= row.offered_at < end]
    places = {owner: place for place, owner in enumerate(sorted({row.owner_id for row in rows}))}
    people = db.session.scalars(select(Person).where(Person.id.in_(places)))
    own = {person.id: person.calendar for person in people}
    hours = [opening[own.get(owner) or department.calendar] for owner in places]
    return Happened([_observed(row, places[row.owner_id], hours, now) for row in rows], hours)


def _answers(department: int, first: datetime) -> Sequence[Any]:
    """Answers that were still being written at `first` or later, each with the offer that was accepted."""
    answer, offer = aliased(ClockReading), aliased(ClockReading)
    accepted = and_(
        offer.ticket_id == answer.ticket_id,
        offer.cycle == answer.cycle,
        offer.clock == "accept",
        offer.owner_id == answer.owner_id,
        offer.ended_at == answer.started_at,
        offer.outcome.in_(RAN_TO_THE_END),
    )
    return db.session.execute(
        select(
            answer.owner_id,
            answer.outcome,
            answer.started_at.label("accepted_at"),
            answer.ended_at,
            answer.due_at,
            answer.seconds,
            answer.target_seconds,
            # What somebody took on without being asked was offered when it was accepted.
            func.coalesce(offer.started_at, answer.started_at).label("offered_at"),
            func.coalesce(offer.seconds, 0).label("reaction"),
        )
        .join(offer, accepted, isouter=True)
        .where(
            answer.department_id == department,
            answer.clock == "answer",
            answer.owner_id.is_not(None),
            or_(answer.day >= first.date(), answer.day.is_(None)),
            answer.outcome.in_([*RAN_TO_THE_END, RUNNING]),
        )
    ).all()


def _observed(row: Any, place: int, hours: Sequence[Hours], now: datetime) -> Observed:
    """What is open counts once it is late: leaving it out would hide the worst."""
    accepted, is_open = whole(row.accepted_at), row.outcome == RUNNING
    handed_over = whole(now if is_open else row.ended_at)
    spent = row.seconds
    if is_open:
        spent = int(np.diff(hours[place].passed(np.array([accepted, handed_over])))[0])
        counted = row.due_at is not None and row.due_at < now
    else:
        counted = row.outcome in (KEPT, LATE)
    return Observed(
        offered=whole(row.offered_at),
        accepted=accepted,
        handed_over=max(handed_over, accepted),
        reaction=row.reaction,
        spent=spent,
        expert=place,
        target=row.target_seconds or NO_TARGET,
        counted=counted,
        is_open=is_open,
    )
