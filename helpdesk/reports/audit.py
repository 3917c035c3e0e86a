"""The log of what was done outside of tickets, as an administrator reads it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from helpdesk.accounts.models import AuditEntry, Department, Person, Token
from helpdesk.channels.models import Channel
from helpdesk.db import db
from helpdesk.reports.paging import walk
from helpdesk.routing.models import Topic

# What the objects of entries are called, by their kind.
OBJECTS: dict[str, tuple[type[Any], Any]] = {
    "person": (Person, Person.name),
    "department": (Department, Department.name),
    "topic": (Topic, Topic.code),
    "channel": (Channel, Channel.code),
}


@dataclass(frozen=True)
class Line:
    """An entry with the names of who acted (None: Relais itself) and of what was acted upon (None: has no name)."""

    entry: AuditEntry
    actor: Person | None
    subject: str | None
    handle: str | None  # of the person acted upon


@dataclass(frozen=True)
class Lines:
    """Some lines of the log, newest first, and the ids to go on from."""

    rows: list[Line]
    after: int | None
    before: int | None


def lines(
    *,
    person: Person | None = None,
    action: str | None = None,
    after: int | None = None,
    before: int | None = None,
) -> Lines:
    """A page of the log: everything, what `person` did, or one kind of action."""
    query = select(AuditEntry)
    if person is not None:
        query = query.where(AuditEntry.actor_id == person.id)
    if action:
        query = query.where(AuditEntry.action == action)
    page = walk(query, AuditEntry, (AuditEntry.id,), after=after, before=before, descending=True)
    return Lines(_named(page.rows), page.after, page.before)


def latest_about(kind: str, object_id: int) -> Line | None:
    """The last thing done to an object, if anything was."""
    query = select(AuditEntry).where(AuditEntry.object_kind == kind, AuditEntry.object_id == object_id)
    entry = db.session.scalar(query.order_by(AuditEntry.id.desc()).limit(1))
    return _named([entry])[0] if entry is not None else None


def _named(entries: Iterable[AuditEntry]) -> list[Line]:
    entries = list(entries)
    owners = _owners_of_tokens(entries)
    wanted: dict[str, set[int]] = {kind: set() for kind in OBJECTS}
    for entry in entries:
        if entry.actor_id:
            wanted["person"].add(entry.actor_id)
        if entry.object_kind in wanted and entry.object_id:
            wanted[entry.object_kind].add(entry.object_id)
    wanted["person"] |= set(owners.values())
    people = {row.id: row for row in db.session.scalars(select(Person).where(Person.id.in_(wanted["person"])))}
    names = {
        (kind, row_id): name
        for kind, (model, column) in OBJECTS.items()
        if wanted[kind]
        for row_id, name in db.session.execute(select(model.id, column).where(model.id.in_(wanted[kind])))
    }
    found = []
    for entry in entries:
        kind, object_id = entry.object_kind, entry.object_id
        if kind == "token" and object_id is not None:
            kind, object_id = "person", owners.get(object_id)
        about = people.get(object_id) if kind == "person" and object_id is not None else None
        actor = people.get(entry.actor_id) if entry.actor_id is not None else None
        found.append(Line(entry, actor, names.get((kind, object_id or 0)), about.handle if about else None))
    return found


def _owners_of_tokens(entries: Iterable[AuditEntry]) -> dict[int, int]:
    ids = [entry.object_id for entry in entries if entry.object_kind == "token" and entry.object_id]
    owners = select(Token.id, Token.person_id).where(Token.id.in_(ids))
    return {row.id: row.person_id for row in db.session.execute(owners)}
