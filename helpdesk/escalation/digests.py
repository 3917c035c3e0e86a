"""What somebody is to be told of clocks, gathered into one letter for each person: never a storm.

A first notice goes at once; while letters go out, what follows waits a little for what else there is to say, the less
the more urgent it is. What is over by then is not told.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import joinedload

from helpdesk.accounts.access import Can
from helpdesk.accounts.models import Department, Person
from helpdesk.db import db
from helpdesk.errors import Conflict
from helpdesk.escalation.models import Notice, Part, Passing
from helpdesk.routing.models import Offer, OfferState
from helpdesk.sla import measuring
from helpdesk.sla.explaining import AT_ONCE, whole_logs
from helpdesk.sla.promising import Promised, promised
from helpdesk.sla.segments import Clock
from helpdesk.sla.timer import read
from helpdesk.tickets import seeing
from helpdesk.tickets.models import Ticket

GATHERED_FOR: Mapping[str, timedelta] = {"P1": timedelta(), "P2": timedelta(minutes=5)}
"""How long after a letter the next one waits for more, by the most urgent priority in it."""
USUALLY_GATHERED_FOR = timedelta(minutes=30)
IN_A_STATEMENT = 500


@dataclass(frozen=True)
class Line:
    """One clock of one ticket that somebody is told of.

    `due_at`: when its target is or was used up. `sees`: whether the reader may open the ticket; somebody who stands in
    may not, and reads nothing of it. `whose`: the person it waits for, else the department. `offer_id`: the reader's
    own offer.
    """

    ticket: Ticket
    clock: str
    percent: int
    part: Part
    passed_at: datetime
    due_at: datetime | None
    sees: bool
    whose: str | None
    offer_id: int | None = None

    @property
    def late(self) -> bool:
        return self.percent >= 100


@dataclass(frozen=True)
class Digest:
    """What one person is told: lines with the worst first, and the notices that are settled by it (also those that
    are over, or said by a later one)."""

    person: Person
    lines: tuple[Line, ...]
    notice_ids: tuple[int, ...]

    @property
    def key(self) -> str:
        """The name of the letter."""
        return f"digest:{self.person.id}:{max(self.notice_ids)}"

    @property
    def only_offer_id(self) -> int | None:
        """The reader's own offer, when this is about nothing else: the letter then brings a link that opens it."""
        return self.lines[0].offer_id if len(self.lines) == 1 else None


def waiting_people(now: datetime) -> list[int]:
    """The ids of those to be told something now, who have waited longest first."""
    waiting = (
        select(Notice.person_id, func.min(Notice.priority).label("priority"), func.min(Notice.ready_at).label("since"))
        .where(Notice.settled_at.is_(None), Notice.ready_at <= now)
        .group_by(Notice.person_id)
    )
    rows = db.session.execute(waiting.order_by("since", Notice.person_id)).all()
    told = (
        select(Notice.person_id, func.max(Notice.settled_at).label("at"))
        .where(Notice.person_id.in_([row.person_id for row in rows]), Notice.letter_id.is_not(None))
        .group_by(Notice.person_id)
    )
    last = {row.person_id: row.at for row in db.session.execute(told)}
    return [
        row.person_id
        for row in rows
        if row.person_id not in last
        or now >= last[row.person_id] + GATHERED_FOR.get(row.priority, USUALLY_GATHERED_FOR)
    ]


def digest_of(person_id: int, now: datetime) -> Digest:
    """What there is to tell this person now. Raises ValueError when nothing waits."""
    person = db.session.get_one(Person, person_id)
    notices = db.session.scalars(
        select(Notice)
        .join(Notice.passing)
        .where(Notice.person_id == person_id, Notice.settled_at.is_(None), Notice.ready_at <= now)
        .order_by(Passing.passed_at, Notice.id)
        .options(joinedload(Notice.passing).joinedload(Passing.ticket))
    ).all()
    if not notices:
        raise ValueError(f"nothing waits for person {person_id}")
    highest = {(each.passing.ticket_id, each.passing.clock, each.passing.place): each for each in notices}
    clocks = _open_clocks({ticket_id for ticket_id, _clock, _place in highest}, now)
    lines = []
    for key, notice in highest.items():
        line = _line(notice, person, clocks[key], now) if key in clocks and person.active else None
        if line is not None:
            lines.append(line)
    lines.sort(key=lambda line: (-line.percent, line.ticket.priority, line.due_at or now))
    return Digest(person, tuple(lines), tuple(notice.id for notice in notices))


def hold(digest: Digest) -> None:
    """Hold the notices to the end of the transaction. Raises Conflict when somebody else settles them meanwhile."""
    for some in _in_parts(digest.notice_ids):
        waiting = select(Notice.id).where(Notice.id.in_(some), Notice.settled_at.is_(None))
        if len(db.session.scalars(waiting.with_for_update()).all()) != len(some):
            raise Conflict("changed_meanwhile")


def settle(digest: Digest, letter_id: int | None, now: datetime) -> None:
    """Note that these notices, which are held, need no telling any more."""
    for some in _in_parts(digest.notice_ids):
        db.session.execute(
            update(Notice)
            .where(Notice.id.in_(some))
            .values(settled_at=now, letter_id=letter_id)
            .execution_options(synchronize_session=False)
        )


def _open_clocks(ticket_ids: Collection[int], now: datetime) -> dict[tuple[int, str, int], Clock]:
    """The clocks of these tickets that still run or pause."""
    found, ids = {}, sorted(ticket_ids)
    for first in range(0, len(ids), AT_ONCE):
        for ticket_id, log in whole_logs(ids[first : first + AT_ONCE]).items():
            for clock in read(log, now=now).clocks:
                if clock.is_open:
                    found[ticket_id, clock.name, clock.place] = clock
    return found


def _line(notice: Notice, person: Person, clock: Clock, now: datetime) -> Line | None:
    passing, known = notice.passing, promised()
    sees = seeing.may(person, Can.SEE_TICKET, passing.ticket)
    if not sees and passing.ticket.restricted:
        return None
    own = select(func.max(Offer.id)).where(
        Offer.ticket_id == passing.ticket_id,
        Offer.person_id == person.id,
        Offer.state.in_((OfferState.OFFERED, OfferState.ACCEPTED)),
    )
    return Line(
        ticket=passing.ticket,
        clock=passing.clock,
        percent=passing.percent,
        part=notice.part,
        passed_at=passing.passed_at,
        due_at=_due_at(clock, known, now),
        sees=sees,
        whose=_whose(clock, passing.ticket),
        offer_id=db.session.scalar(own) if clock.person == person.id else None,
    )


def _due_at(clock: Clock, known: Promised, now: datetime) -> datetime | None:
    held_to = measuring.held_to(clock, known.calendar_with, now)
    return measuring.due_at(clock, known.calendar_with, held_to)


def _whose(clock: Clock, ticket: Ticket) -> str | None:
    person = db.session.get(Person, clock.person) if clock.person else None
    if person is not None:
        return person.name
    department = db.session.get(Department, clock.department) if clock.department else ticket.department
    return department.name if department else None


def _in_parts(ids: Sequence[int]) -> Iterable[Sequence[int]]:
    return (ids[start : start + IN_A_STATEMENT] for start in range(0, len(ids), IN_A_STATEMENT))
