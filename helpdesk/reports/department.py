"""What a department has open now: how many, how old, counted. The only part that can still be changed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, Subquery, func, select, union_all

from helpdesk import clock
from helpdesk.accounts.access import Can, Relation, Role, role_allowing
from helpdesk.accounts.models import Department, Person
from helpdesk.db import db
from helpdesk.errors import NotFound
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.queues import MOST_COUNTED, OPEN_QUEUES
from helpdesk.tickets.seeing import visible_to

SOON = timedelta(days=1)
"""What is due within this time is due soon."""


@dataclass(frozen=True)
class Bands:
    """Open tickets by their next deadline: past it, due soon, later or without one."""

    late: int
    soon: int
    later: int


@dataclass(frozen=True)
class Standing:
    """The state of departments at one instant. Counts stop at `queues.MOST_COUNTED`."""

    open_count: int
    bands: Bands
    oldest: datetime | None


def sees_all(person: Person) -> bool:
    """Whether `person` may see every department, and what belongs to none yet."""
    return role_allowing(Can.SEE_ALL_DEPARTMENTS, person.roles, {Relation.ANY}) is not None


def departments_of(person: Person) -> Sequence[Department]:
    """The departments whose page `person` may open: all of them, or those they head."""
    query = select(Department).where(Department.active, Department.answers).order_by(Department.name)
    if not sees_all(person):
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


def standing(person: Person, departments: Collection[int] | None) -> Standing:
    """Read the open tickets of `departments` (None: of all, and of none yet) that `person` may see."""
    now = clock.now()
    there = _open_tickets(person, departments)
    count = _count(select(there.c.id))
    late = _count(select(there.c.id).where(there.c.due_at < now))
    soon = _count(select(there.c.id).where(there.c.due_at >= now, there.c.due_at < now + SOON))
    return Standing(
        open_count=count,
        bands=Bands(late, soon, max(0, count - late - soon)),
        oldest=db.session.scalar(select(func.min(there.c.opened_at))),
    )


def _open_tickets(person: Person, departments: Collection[int] | None) -> Subquery:
    """List by list: a planner that thinks tickets evenly spread over the lists would read all there ever were."""
    rows = select(Ticket.id, Ticket.opened_at, Ticket.due_at, Ticket.holder_id).where(visible_to(person))
    if departments is not None:
        rows = rows.where(Ticket.department_id.in_(list(departments)))
    return union_all(*(rows.where(Ticket.queue == queue) for queue in OPEN_QUEUES)).subquery()


def _count(query: Select[int]) -> int:
    some = query.limit(MOST_COUNTED).subquery()
    return db.session.scalar(select(func.count()).select_from(some)) or 0
