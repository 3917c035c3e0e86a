"""The working lists and their counts. Read only; the same cost for a million tickets as for a thousand.

A list walks one index and goes on from where the page before ended (keyset), never from an offset. Counts come from
`QueueCount`, which every move keeps; only what no counter can hold (late, mine, restricted) is counted, up to a bound.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, false, func, literal, select, tuple_, union_all
from sqlalchemy.orm import joinedload, lazyload

from helpdesk import clock
from helpdesk.accounts.access import Role
from helpdesk.accounts.models import Department, Person
from helpdesk.channels.models import Channel
from helpdesk.db import UTCDateTime, db
from helpdesk.errors import BadInput, Problem
from helpdesk.routing.models import Topic
from helpdesk.tickets.models import QueueCount, Ticket, TicketNamed, TicketTopic
from helpdesk.tickets.seeing import MAY_BE_NAMED, visible_to
from helpdesk.tickets.workflow import Queue

OPEN_QUEUES = (Queue.TRIAGE, Queue.ROUTE, Queue.EXPERT, Queue.APPROVAL, Queue.PUBLISH, Queue.RESTRICTED)
OVER = (Queue.ANSWERED, Queue.CLOSED)
MOST_COUNTED = 1_000  # beyond it the page says "1 000 and more"
LONGEST_PAGE = 200


@dataclass(frozen=True)
class Page:
    """Some tickets of a list, and the way to the next and to the previous ones (None: there are none)."""

    items: list[Ticket]
    next_cursor: str | None = None
    previous_cursor: str | None = None


@dataclass(frozen=True)
class Order:
    """A way to walk a list: columns of one index, all in one direction."""

    name: str
    columns: tuple[Any, ...]
    descending: bool = False


URGENT_FIRST = Order("urgent", (Ticket.priority, Ticket.opened_at, Ticket.id))
NEWEST_FIRST = Order("newest", (Ticket.state_since, Ticket.id), descending=True)
DUE_FIRST = Order("due", (Ticket.due_at, Ticket.id))


def page(
    person: Person,
    queue: Queue | None,
    *,
    department: Department | None = None,
    departments: Collection[int] | None = None,
    limit: int = 50,
    cursor: str | None = None,
    late: bool = False,
    mine: bool = False,
    topic: Topic | None = None,
    priority: str | None = None,
    channel: Channel | None = None,
) -> Page:
    """A page of what `person` may see of a list: most urgent first, then oldest; what is over, newest first.

    `queue` None: every open list. `late`: what is overdue, longest overdue first. `mine`: what the person follows.
    `departments`: only of these, by id. Raises BadInput for a cursor that no page of this list gave.
    """
    order = DUE_FIRST if late else NEWEST_FIRST if queue in OVER else URGENT_FIRST
    # What one person follows is little, and sorted as it is; all that is open is walked list by list, and so is what is
    # late in some departments: others may have much that is late.
    several = OPEN_QUEUES if queue is None and not mine and (not late or departments is not None) else ()
    query = select(Ticket).where(visible_to(person)) if several else _list(person, queue, late=late, mine=mine)
    if several and late:
        query = query.where(Ticket.due_at < clock.now())
    for column, row in (
        (Ticket.department_id, department),
        (Ticket.channel_id, channel),
    ):
        if row is not None:
            query = query.where(column == row.id)
    if departments is not None:
        query = query.where(Ticket.department_id.in_(list(departments)))
    if priority is not None:
        query = query.where(Ticket.priority == priority)
    if topic is not None:
        about = select(TicketTopic.ticket_id).where(TicketTopic.topic_id == topic.id)
        query = query.where(Ticket.id.in_(about))
    return walk(query, order, max(1, min(limit, LONGEST_PAGE)), cursor, several)


# Every page shows the counts: made once.
_COUNTED = (
    select(QueueCount.queue, func.sum(QueueCount.count))
    .where(QueueCount.queue != Queue.RESTRICTED)
    .group_by(QueueCount.queue)
)
_NAMED = (
    select(Ticket.queue, func.count())
    .join(TicketNamed, TicketNamed.ticket_id == Ticket.id)
    .where(TicketNamed.person_id == bindparam("person"), Ticket.restricted)
    .group_by(Ticket.queue)
)


def counts(person: Person, department: Department | None = None) -> dict[Queue, int]:
    """How many tickets of each list `person` may see; restricted ones only where they are named.

    For community managers and the committee: all, or those of `department`. For a head: those of their departments.
    """
    found = dict.fromkeys(Queue, 0)
    departments = _departments_counted(person, department)
    for queue, count in db.session.execute(_COUNTED if departments is None else _COUNTED.where(departments)):
        found[queue] = int(count)
    # The restricted tickets on whose list a person stands: few, found from the person, and theirs to see.
    if person.active and person.has(*MAY_BE_NAMED):
        named = _NAMED if department is None else _NAMED.where(Ticket.department_id == department.id)
        for queue, count in db.session.execute(named, {"person": person.id}):
            found[queue] += count
    return found


def late_count(person: Person) -> int:
    """How many tickets that `person` may see are overdue, counted up to MOST_COUNTED."""
    return _bounded(_list(person, None, late=True, mine=False))


def mine_count(person: Person) -> int:
    """How many open tickets `person` follows, counted up to MOST_COUNTED."""
    return _bounded(_list(person, None, late=False, mine=True))


# --- how ----------------------------------------------------------------------------------------------------------


def _list(person: Person, queue: Queue | None, *, late: bool, mine: bool) -> Select[Ticket]:
    query = select(Ticket).where(visible_to(person))
    if mine:
        query = query.where(Ticket.claimed_by_id == person.id)
    if late:
        return query.where(Ticket.due_at < clock.now())  # only open steps have a due time
    return query.where(Ticket.queue.in_(OPEN_QUEUES) if queue is None else Ticket.queue == queue)


def _departments_counted(person: Person, department: Department | None) -> ColumnElement[bool] | None:
    """None: all of them."""
    if person.active and person.has(Role.COMMUNITY_MANAGER, Role.COMMITTEE):
        return None if department is None else QueueCount.department_id == department.id
    if not person.active or not person.has(Role.HEAD):
        return false()
    headed = select(Department.id).where(Department.head_id == person.id)
    if department is not None:
        headed = headed.where(Department.id == department.id)
    return QueueCount.department_id.in_(headed)


def _bounded(query: Select[Ticket]) -> int:
    some = query.with_only_columns(Ticket.id).limit(MOST_COUNTED).subquery()
    return db.session.scalar(select(func.count()).select_from(some)) or 0


def walk(query: Select[Ticket], order: Order, limit: int, cursor: str | None, several: Sequence[Queue] = ()) -> Page:
    """A page of `query` in `order`, from `cursor` on. The rows come with their holder. Raises BadInput."""
    place = _read_cursor(cursor, order) if cursor else None
    backwards = place is not None and place[0]
    descending = order.descending != backwards
    if place is not None:
        columns = tuple_(*order.columns)
        values = tuple_(*(_bound(column, value) for column, value in zip(order.columns, place[1], strict=True)))
        query = query.where(columns < values if descending else columns > values)
    directed = [column.desc() if descending else column.asc() for column in order.columns]
    query = query.order_by(*directed)
    if several:
        few = _first_of_each(query, several, limit + 1)
        query = select(Ticket).where(Ticket.id.in_(few)).order_by(*directed)
    # The row shows who holds it by name; their roles and department would be two more queries.
    holder = joinedload(Ticket.holder).options(lazyload(Person.role_rows), lazyload(Person.department))
    rows = list(db.session.scalars(query.options(holder).limit(limit + 1)))
    more, rows = len(rows) > limit, rows[:limit]
    if backwards:
        rows.reverse()
    if not rows:
        return Page([])
    after = _cursor(order, rows[-1], backwards=False) if more or backwards else None
    before = _cursor(order, rows[0], backwards=True) if (more if backwards else place is not None) else None
    return Page(rows, after, before)


def _first_of_each(query: Select[Ticket], several: Sequence[Queue], limit: int) -> Select[int]:
    """The ids of the first `limit` of each list: one walk of the index each, instead of sorting all of them."""
    ids = query.with_only_columns(Ticket.id).limit(limit)
    firsts = [ids.where(Ticket.queue == queue).subquery() for queue in several]
    every = union_all(*(select(first.c.id) for first in firsts)).subquery()
    return select(every.c.id)


def _bound(column: Any, value: Any) -> ColumnElement[Any]:
    return literal(value, column.type)


def _cursor(order: Order, ticket: Ticket, *, backwards: bool) -> str:
    values = [getattr(ticket, column.key) for column in order.columns]
    plain = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    text = json.dumps([order.name, backwards, plain], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_cursor(cursor: str, order: Order) -> tuple[bool, list[Any]]:
    try:
        text = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        name, backwards, plain = json.loads(text)
        values = [
            datetime.fromisoformat(value) if isinstance(column.type, UTCDateTime) else column.type.python_type(value)
            for column, value in zip(order.columns, plain, strict=True)
        ]
        fits = name == order.name and isinstance(backwards, bool)
        fits = fits and all(not isinstance(value, datetime) or value.tzinfo for value in values)
    except (ValueError, TypeError, RecursionError) as error:
        raise BadInput([Problem("cursor", "invalid")]) from error
    if not fits:
        raise BadInput([Problem("cursor", "invalid")])
    return backwards, values
