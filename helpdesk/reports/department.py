"""What a department has open now: how many, how old, counted. The only part that can still be changed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
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
    open_tickets = select(Ticket.id, Ticket.opened_at, Ticket.due_at, Ticket.holder_id).where(
        Ticket.queue.in_(OPEN_QUEUES), visible_to(person)
    )
    if departments is not None:
        open_tickets = open_tickets.where(Ticket.department_id.in_(list(departments)))
    count = _count(open_tickets)
    late = _count(open_tickets.where(Ticket.due_at < now))
    soon = _count(open_tickets.where(Ticket.due_at >= now, Ticket.due_at < now + SOON))
    return Standing(
        open_count=count,
        bands=Bands(late, soon, max(0, count - late - soon)),
        oldest=db.session.scalar(open_tickets.with_only_columns(func.min(Ticket.opened_at))),
    )


def _count(query: Select[int, datetime, datetime | None, int | None]) -> int:
    some = query.limit(MOST_COUNTED).subquery()
    return db.session.scalar(select(func.count()).select_from(some)) or 0
