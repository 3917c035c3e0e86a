"""What a department has open now: how many, how old, and who holds them. The only part that can still be changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, func, select

from helpdesk import clock
from helpdesk.accounts.access import Can, Relation, Role, role_allowing
from helpdesk.accounts.models import Department, Person
from helpdesk.db import db
from helpdesk.errors import NotFound
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.queues import MOST_COUNTED, OPEN_QUEUES
from helpdesk.tickets.seeing import visible_to

# Upper bounds of the age bands, in elapsed days since the question was received; the last band has none.
BANDS = (1, 2, 5, 10)


@dataclass(frozen=True)
class Band:
    """Open tickets received at least `from_days` and less than `to_days` days ago (None: no bound)."""

    from_days: int
    to_days: int | None
    count: int


@dataclass(frozen=True)
class Held:
    """How many open tickets one person holds, and since when the oldest is open. None: nobody holds them."""

    person: Person | None
    count: int
    oldest: datetime


@dataclass(frozen=True)
class Standing:
    """The state of a department at one instant. Counts stop at `queues.MOST_COUNTED`."""

    open_count: int
    late_count: int
    oldest: datetime | None
    bands: Sequence[Band]
    held: Sequence[Held]


def departments_of(person: Person) -> Sequence[Department]:
    """The departments whose page `person` may open: all of them, or those they head."""
    query = select(Department).where(Department.active, Department.answers).order_by(Department.name)
    if role_allowing(Can.SEE_ALL_DEPARTMENTS, person.roles, {Relation.ANY}) is None:
        if not person.has(Role.HEAD):
            return []
        query = select(Department).where(Department.head_id == person.id).order_by(Department.name)
    return db.session.scalars(query).all()


def department_for(person: Person, code: str | None) -> Department:
    """The department `code` as `person` may see it (None: their first). Raises NotFound."""
    for department in departments_of(person):
        if code is None or department.code == code:
            return department
    raise NotFound()


def standing(person: Person, department: Department) -> Standing:
    """Read the open tickets of `department` that `person` may see."""
    now = clock.now()
    open_tickets = select(Ticket.id, Ticket.opened_at, Ticket.due_at, Ticket.holder_id).where(
        Ticket.department_id == department.id, Ticket.queue.in_(OPEN_QUEUES), visible_to(person)
    )
    return Standing(
        open_count=_count(open_tickets),
        late_count=_count(open_tickets.where(Ticket.due_at < now)),
        oldest=db.session.scalar(open_tickets.with_only_columns(func.min(Ticket.opened_at))),
        bands=_bands(open_tickets, now),
        held=_held(open_tickets),
    )


def _count(query: Select[int, datetime, datetime | None, int | None]) -> int:
    some = query.limit(MOST_COUNTED).subquery()
    return db.session.scalar(select(func.count()).select_from(some)) or 0


def _bands(query: Select[int, datetime, datetime | None, int | None], now: datetime) -> list[Band]:
    bands = []
    for from_days, to_days in zip((0, *BANDS), (*BANDS, None), strict=True):
        aged = query.where(Ticket.opened_at <= now - timedelta(days=from_days))
        if to_days is not None:
            aged = aged.where(Ticket.opened_at > now - timedelta(days=to_days))
        bands.append(Band(from_days, to_days, _count(aged)))
    return bands


def _held(query: Select[int, datetime, datetime | None, int | None]) -> list[Held]:
    some = query.order_by(Ticket.opened_at).limit(MOST_COUNTED).subquery()
    rows = db.session.execute(
        select(some.c.holder_id, func.count(), func.min(some.c.opened_at)).group_by(some.c.holder_id)
    ).all()
    people = {
        person.id: person
        for person in db.session.scalars(select(Person).where(Person.id.in_([row[0] for row in rows if row[0]])))
    }
    held = [Held(people.get(holder_id), count, oldest) for holder_id, count, oldest in rows]
    return sorted(held, key=lambda row: (row.person is not None, -row.count, row.person.name if row.person else ""))
