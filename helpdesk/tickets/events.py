"""The event log of a ticket: append-only, one writer, hash-chained. The one truth everything else reads.

`append` is the only function that changes `Ticket.state`. Events carry ids and words from short lists, never free
text: texts live in rows that can be masked or erased, so the log stays whole when somebody's data goes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from functools import cache
from importlib import import_module
from typing import Any, cast

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from helpdesk import clock, outbox
from helpdesk.accounts.access import Role
from helpdesk.accounts.models import Actor, Person
from helpdesk.consequences import AT_ONCE, LATER, REINDEX
from helpdesk.db import db
from helpdesk.errors import Conflict
from helpdesk.outbox import Lane
from helpdesk.sla import deadlines
from helpdesk.sla.segments import Happening
from helpdesk.tickets.models import Event, IndexChange, QueueCount, Ticket
from helpdesk.tickets.sealing import seal
from helpdesk.tickets.workflow import FACTS, Kind, NotPossible, Queue, State, next_state, queue_of

WORD = re.compile(r"[\w.:@/+\-]{0,120}")
# What changes nothing that a person decides upon: a page opened before it is not out of date.
QUIET = frozenset({Kind.SUGGESTED, Kind.ORIGINAL_READ, Kind.RETARGETED, Kind.JUDGED})


def append(
    ticket: Ticket,
    kind: Kind,
    *,
    by: Person | Actor,
    role: Role | None = None,
    at: datetime | None = None,
    **facts: Any,
) -> Event:
    """Let `kind` happen to `ticket`: next state or refusal, event row, counters, index, outbox. Does not commit.

    The first event of a ticket is written with it, by `opening.open_ticket`.

    `by` acts in `role` (what `seeing.ensure` returned; None for the asker and for Relais itself). `at`: when it
    happened, when that is not now; never later than now. What the clocks that it starts are held to is added to its
    facts, so that the log says it. Raises Conflict when the workflow has no such move from the present state,
    ValueError when the facts are not those of this kind.
    """
    check_facts(kind, facts)
    session = db.session()
    now = clock.now()
    before = ticket.state
    try:
        state = next_state(before, kind)
    except NotPossible as error:
        raise Conflict(last_change(ticket)) from error
    if before is not state:
        ticket.state, ticket.state_since = state, now
    _move_between_queues(session, ticket)
    happened = min(at or now, now)
    if kind not in deadlines.STILL:
        settled = deadlines.settle(ticket, Happening(kind, happened, now, facts))
        facts |= settled.facts
        ticket.due_at, ticket.warn_at, ticket.used = settled.step.due_at, settled.step.warn_at, settled.step.used
    ticket.version += 1
    event = Event(
        sequence=ticket.version,
        kind=kind,
        actor_id=by.id,
        role=by.role if isinstance(by, Actor) else (role or "system"),
        at=happened,
        recorded_at=now,
        facts=facts,
        previous_hash=ticket.last_hash,
    )
    event.ticket_id = ticket.id
    event.hash = event_hash(event)
    ticket.last_hash = event.hash
    session.add(event)
    session.flush()  # the ticket's version check refuses the second of two people here
    _what_follows(session, ticket, event)
    return event


def event_hash(event: Event) -> str:
    """The seal of one event, over all its columns and the seal of the one before."""
    return sealed(
        event.ticket_id,
        event.sequence,
        event.kind,
        event.actor_id,
        event.role,
        event.at,
        event.recorded_at,
        event.facts,
        event.previous_hash,
    )


def sealed(
    ticket_id: int,
    sequence: int,
    kind: Kind,
    actor_id: int | None,
    role: str,
    at: datetime,
    recorded_at: datetime,
    facts: dict[str, Any],
    previous_hash: str,
) -> str:
    """The seal of an event with these columns."""
    return seal(previous_hash, ticket_id, sequence, str(kind), actor_id, str(role), at, recorded_at, facts)


def check_facts(kind: Kind, facts: dict[str, Any]) -> None:
    """Raise ValueError unless the facts are those of `kind` and hold ids and short words only."""
    required, allowed = FACTS[kind]
    missing, unknown = required - facts.keys(), facts.keys() - required - allowed
    if missing or unknown:
        raise ValueError(f"{kind}: missing facts {sorted(missing)}, unknown facts {sorted(unknown)}")
    for name, value in facts.items():
        for item in value if isinstance(value, list) else [value]:
            if not (item is None or isinstance(item, bool | int) or (isinstance(item, str) and WORD.fullmatch(item))):
                raise ValueError(f"{kind}: {name} must be an id or a short word, not {item!r}")


def ensure_version(ticket: Ticket, version: int | None) -> None:
    """Raise Conflict when the ticket moved on since the page or client saw it. None: not said, not checked.

    Quiet events (new suggestions, the original read) do not count: they change nothing that is decided upon.
    """
    if version is None or version == ticket.version:
        return
    if not 0 <= version < ticket.version:  # nobody was ever shown it; and a database may have no such number
        raise Conflict(last_change(ticket))
    seen_since = db.session.scalars(
        select(Event.kind).where(Event.ticket_id == ticket.id, Event.sequence > version)
    ).all()
    if not QUIET.issuperset(seen_since):
        raise Conflict(last_change(ticket))


def last_change(ticket: Ticket) -> dict[str, Any]:
    """What the last event that matters was, for who came second: kind, who, when, state and version now."""
    event = db.session.scalar(
        select(Event)
        .where(Event.ticket_id == ticket.id, Event.kind.not_in(QUIET))
        .order_by(Event.sequence.desc())
        .limit(1)
    )
    if event is None:
        return {"kind": None, "state": str(ticket.state), "version": ticket.version}
    return {
        "kind": str(event.kind),
        "by": event.actor.name if event.actor else event.role,
        "at": event.at.isoformat(),
        "state": str(ticket.state),
        "version": ticket.version,
    }


def reindex(kind: str, entity_id: int) -> None:
    """Ask the search index to read a row again ("person", "ticket", "answer") after the commit."""
    db.session.add(IndexChange(kind=kind, entity_id=entity_id))
    outbox.nudge_after_commit(Lane.INDEX)


def _what_follows(session: Session, ticket: Ticket, event: Event) -> None:
    for lane, job in LATER.get(event.kind, ()):
        outbox.put(job, lane, event_id=event.id)
    if event.kind in REINDEX:
        reindex("ticket", ticket.id)
    for name in AT_ONCE.get(event.kind, ()):
        follower(name)(ticket, event)


@cache
def follower(name: str) -> Callable[[Ticket, Event], None]:
    """The function that a dotted name of `consequences.AT_ONCE` stands for."""
    module, _dot, function = name.rpartition(".")
    return cast(Callable[[Ticket, Event], None], getattr(import_module(module), function))


def _move_between_queues(session: Session, ticket: Ticket) -> None:
    """Put the ticket in the working list of its state, and keep the counts of both lists."""
    queue = queue_of(ticket.state, triaged=ticket.triaged_at is not None)
    ticket.queue = queue
    new = (Queue.RESTRICTED if ticket.restricted else queue, ticket.department_id or 0)
    old = (ticket.counted_queue, ticket.counted_department_id)
    if new == old:
        return
    _count(session, *old, -1)
    _count(session, *new, 1)
    ticket.counted_queue, ticket.counted_department_id = new


def _count(session: Session, queue: Any, department_id: int, change: int) -> None:
    changed = session.execute(
        update(QueueCount)
        .where(QueueCount.queue == queue, QueueCount.department_id == department_id)
        .values(count=QueueCount.count + change)
    )
    if changed.rowcount:  # type: ignore[attr-defined]
        return
    insert = postgresql_insert if session.get_bind().dialect.name == "postgresql" else sqlite_insert
    row = insert(QueueCount).values(queue=queue, department_id=department_id, count=change)
    session.execute(
        row.on_conflict_do_update(index_elements=["queue", "department_id"], set_={"count": QueueCount.count + change})
    )


def fold(events: list[Event]) -> State | None:
    """The state that a log leads to, by the table alone. Raises NotPossible for a log that could not be."""
    state: State | None = None
    for event in events:
        state = next_state(state, event.kind)
    return state
