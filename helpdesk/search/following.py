"""Keeping the index up with the database, and building it anew.

Every business transaction that changes something findable also writes an `index_change`, whose number is
the sequence the index follows. The index keeps the last number it contains in the same commit as the
documents, so after any crash it goes on exactly where it was.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

from sqlalchemy import func, select, text

from helpdesk.db import db
from helpdesk.search import documents
from helpdesk.search.index import Index, IndexBusy, IndexUnusable
from helpdesk.tickets.models import IndexChange

log = logging.getLogger(__name__)

BATCH = 500
PATIENCE = 10.0  # seconds
# Each statement looks at what is committed when it begins: the isolation level is READ COMMITTED.
_WRITING = text(
    """SELECT virtualtransaction FROM pg_locks WHERE granted AND mode = 'RowExclusiveLock'
    AND relation = 'index_change'::regclass
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
)


def follow(index: Index, seconds: float | None = None) -> int:
    """Bring `index` up to the last change, or as far as `seconds` allow. Returns how many changes were read.

    An index that can't be used, or that belongs to another life of the database, is built anew.
    Raises IndexBusy when another process is writing, or a transaction does not end.
    """
    started = time.monotonic()
    done = 0
    if _is_out_of_step(index):
        rebuild(index)
    while seconds is None or time.monotonic() - started < seconds:
        batch = changes_after(index.watermark())
        if not batch:
            break
        changes = documents.changes_for({(change.kind, change.entity_id) for change in batch})
        index.apply(changes, watermark=batch[-1].id)
        done += len(batch)
        _let_go()
    return done


def rebuild(index: Index) -> None:
    """Build the index anew from the database, while the old one goes on serving, and swap it in."""
    started = time.monotonic()
    _let_go()
    mark = last_settled_change()
    index.rebuild(documents.every_document(), watermark=mark)
    _let_go()
    log.info("index rebuilt in %.1f s up to change %s", time.monotonic() - started, mark)


def lag(index: Index) -> int:
    """How many changes the index has not read yet. Raises IndexUnusable."""
    waiting = select(func.count()).select_from(IndexChange).where(IndexChange.id > index.watermark())
    return db.session.scalar(waiting) or 0


def knows_everybody(index: Index) -> bool:
    """Whether the index has read every change to people, topics and answers: what suggestions rest on."""
    unread = select(IndexChange.id).where(IndexChange.id > index.watermark(), IndexChange.kind != "ticket")
    return db.session.scalar(unread.limit(1)) is None


def _is_out_of_step(index: Index) -> bool:
    try:
        watermark = index.watermark()
    except IndexUnusable as unusable:
        log.warning("%s: building it anew", unusable)
        return True
    if watermark > _last_change():
        log.warning("the index is ahead of the database, which was replaced: building it anew")
        return True
    return False


def changes_after(watermark: int, limit: int = BATCH) -> Sequence[IndexChange]:
    """The next changes, in order, `limit` at most: nothing can come before them now. Raises IndexBusy."""
    end = last_settled_change()
    after = select(IndexChange).where(IndexChange.id > watermark, IndexChange.id <= end)
    return db.session.scalars(after.order_by(IndexChange.id).limit(limit)).all()


def _last_change() -> int:
    return db.session.scalar(select(func.max(IndexChange.id))) or 0


def last_settled_change() -> int:
    """The last change, once no slower transaction can put one with a lower number before it.

    PostgreSQL gives numbers before it commits, so number 11 can be seen before number 10. Whoever has a number holds a
    lock on the table until they commit; those who do so now are waited for, and those who come later have higher
    numbers. SQLite lets one transaction write at a time, so nothing can come in between. Raises IndexBusy when they
    do not end.
    """
    last = _last_change()
    if db.engine.dialect.name != "postgresql":
        return last
    deadline = time.monotonic() + PATIENCE
    slower = set(db.session.scalars(_WRITING))
    while slower:
        if time.monotonic() > deadline:
            raise IndexBusy(f"{len(slower)} transactions have been writing for {PATIENCE:.0f} s")
        time.sleep(0.005)
        slower.intersection_update(db.session.scalars(_WRITING))
    return last


def _let_go() -> None:
    """End the reading transaction: the next batch sees what was committed since."""
    db.session.rollback()
