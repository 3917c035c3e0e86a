"""The first event of a ticket. What `events.append` does for every other one is done here for a ticket that is new.

Questions come in bursts, so this costs few plain statements: rows are inserted without the session's bookkeeping, each
once and with its last values. A test holds the result against `events` (same seal, same counts, same consequences).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, Table, bindparam, insert, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from helpdesk import outbox
from helpdesk.accounts.access import Role
from helpdesk.accounts.models import Actor, Person, Principal
from helpdesk.channels.models import Channel
from helpdesk.consequences import AT_ONCE, LATER, REINDEX
from helpdesk.db import Base, db
from helpdesk.outbox import Lane, OutboxRow
from helpdesk.sla import deadlines
from helpdesk.sla.timer import instant_of
from helpdesk.tickets.events import check_facts, sealed
from helpdesk.tickets.models import Event, IndexChange, Question, QuestionOriginal, QueueCount, Ticket
from helpdesk.tickets.workflow import Kind, State, next_state, queue_of


def _table(model: type[Base]) -> Table:
    return cast(Table, model.__table__)


# Statements made once: building one costs as much as carrying it out.
_TICKETS = _table(Ticket)
_INSERT_TICKET = insert(_TICKETS)
_SEAL_TICKET = update(_TICKETS).where(_TICKETS.c.id == bindparam("ticket")).values(last_hash=bindparam("seal"))
_INSERT_QUESTION = insert(_table(Question))
_INSERT_ORIGINAL = insert(_table(QuestionOriginal))
_INSERT_EVENT = insert(_table(Event))
_INSERT_ROWS = insert(_table(OutboxRow))
_INSERT_CHANGE = insert(_table(IndexChange))
_COUNT = {
    dialect: insert_or_update(_table(QueueCount)).on_conflict_do_update(
        index_elements=["queue", "department_id"], set_={"count": QueueCount.count + 1}
    )
    for dialect, insert_or_update in (("postgresql", postgresql_insert), ("sqlite", sqlite_insert))
}


IN_BULK = "load"  # the origin of questions read from a file


@dataclass(frozen=True)
class NewTicket:
    """A ticket that nobody has touched, as it was written: for whoever tells of it without reading it back."""

    id: int
    question_id: int
    ref: str
    channel: Channel
    excerpt: str
    language: str | None
    priority: str
    opened_at: datetime
    due_at: datetime | None
    personal_data: bool
    state: State = State.RECEIVED
    version: int = 1
    outcome: None = None
    class_: None = None
    sensitivity: None = None
    department: None = None
    holder: None = None
    closed_at: None = None
    waiting_for_asker: bool = False
    restricted: bool = False


def open_ticket(
    ticket: dict[str, Any],
    question: dict[str, Any],
    original: dict[str, Any],
    *,
    came_on: Channel,
    at: datetime,
    by: Person | Principal | Actor,
    role: Role | None,
    **facts: Any,
) -> NewTicket:
    """Write a ticket, its question and the verbatim text, and let `received` happen to it `at` this instant.

    The dicts hold column values; what the event decides (state, queue, version, due date, hash) is added here.
    `facts` are those of the event but for `question_id`. Raises IntegrityError when a unique value is taken, after
    which the caller rolls back what it began.
    """
    connection = db.session.connection()
    posted_at = instant_of(facts.get("posted_at")) or at
    settled = deadlines.at_first(came_on, ticket["priority"], posted_at, at)
    first = _first_step(at) | asdict(settled.step)
    ticket_id = _new_id(connection.execute(_INSERT_TICKET, ticket | first))
    question_id = _new_id(connection.execute(_INSERT_QUESTION, question | {"ticket_id": ticket_id}))
    connection.execute(_INSERT_ORIGINAL, original | {"question_id": question_id})
    event = _event(ticket_id, at, by, role, facts | settled.facts | {"question_id": question_id})
    event_id = _new_id(connection.execute(_INSERT_EVENT, event))
    connection.execute(_SEAL_TICKET, {"ticket": ticket_id, "seal": event["hash"]})
    connection.execute(_COUNT[connection.dialect.name], {"queue": first["queue"], "department_id": 0, "count": 1})
    nobody, many = question["asker_id"] is None, facts["origin"] == IN_BULK
    _what_follows(connection, ticket_id, event_id, at, _later(nobody_to_write_to=nobody, one_of_many=many))
    shown = {name: ticket[name] for name in ("ref", "excerpt", "language", "priority", "opened_at", "personal_data")}
    return NewTicket(ticket_id, question_id, channel=came_on, due_at=first["due_at"], **shown)


def _first_step(at: datetime) -> dict[str, Any]:
    """The columns that follow from the ticket being new."""
    state = next_state(None, Kind.RECEIVED)
    queue = queue_of(state, triaged=False)
    return {
        "version": 1,
        "state": state,
        "queue": queue,
        "state_since": at,
        "counted_queue": queue,
        "counted_department_id": 0,
    }


def _event(
    ticket_id: int, at: datetime, by: Person | Principal | Actor, role: Role | None, facts: dict[str, Any]
) -> dict[str, Any]:
    check_facts(Kind.RECEIVED, facts)
    values: dict[str, Any] = {
        "ticket_id": ticket_id,
        "sequence": 1,
        "kind": Kind.RECEIVED,
        "actor_id": by.id,
        "role": by.role if isinstance(by, Actor) else (role or "system"),
        "at": at,
        "recorded_at": at,
        "facts": facts,
        "previous_hash": "",
    }
    return values | {"hash": sealed(**values)}


def _later(*, nobody_to_write_to: bool, one_of_many: bool) -> list[tuple[Lane, str]]:
    """The jobs that follow and their lanes: no letter to nobody, and what comes in bulk delays nobody else."""
    jobs = [row for row in LATER[Kind.RECEIVED] if not (nobody_to_write_to and row[0] is Lane.LETTERS)]
    return [(Lane.BULK, job) for _lane, job in jobs] if one_of_many else jobs


def _what_follows(
    connection: Connection, ticket_id: int, event_id: int, at: datetime, later: list[tuple[Lane, str]]
) -> None:
    if AT_ONCE.get(Kind.RECEIVED):
        raise NotImplementedError("nothing can follow at once from a ticket's first event")
    state, done_at = outbox.state_at_first()
    rows = [
        {
            "lane": lane,
            "job": job,
            "payload": {"event_id": event_id},
            "state": state,
            "done_at": done_at,
            "run_at": at,
            "created_at": at,
        }
        for lane, job in later
    ]
    connection.execute(_INSERT_ROWS, rows)
    if state is outbox.RowState.WAITING:
        for lane, _job in later:
            outbox.nudge_after_commit(lane)
    if Kind.RECEIVED in REINDEX:
        connection.execute(_INSERT_CHANGE, {"kind": "ticket", "entity_id": ticket_id})
        outbox.nudge_after_commit(Lane.INDEX)


def _new_id(inserted: Any) -> int:
    return int(inserted.inserted_primary_key[0])
