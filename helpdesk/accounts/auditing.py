"""The log of what is done outside of tickets: sign-ins, people, roles, settings. Append-only, hash-chained."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select

from helpdesk import clock
from helpdesk.accounts.models import Actor, AuditEntry, Person
from helpdesk.db import db
from helpdesk.tickets.sealing import seal


def note(action: str, object_kind: str, object_id: int | None, *, by: Person | Actor, **facts: Any) -> AuditEntry:
    """Write down that `by` did `action` to an object. Facts are ids and short words, never secrets or free text."""
    session = db.session
    session.flush()
    last = session.scalar(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1).with_for_update())
    entry = AuditEntry(
        at=clock.now(),
        actor_id=by.id,
        action=action,
        object_kind=object_kind,
        object_id=object_id,
        facts=facts,
        previous_hash=last.hash if last else "",
    )
    entry.hash = entry_hash(entry)
    session.add(entry)
    session.flush()
    return entry


def entry_hash(entry: AuditEntry) -> str:
    return seal(
        entry.previous_hash,
        entry.at,
        entry.actor_id,
        entry.action,
        entry.object_kind,
        entry.object_id,
        entry.facts,
    )


def broken_entries() -> Iterator[AuditEntry]:
    """The entries that do not follow from the one before, in order."""
    previous = ""
    for entry in db.session.scalars(select(AuditEntry).order_by(AuditEntry.id).execution_options(yield_per=500)):
        if entry.previous_hash != previous or entry.hash != entry_hash(entry):
            yield entry
        previous = entry.hash
