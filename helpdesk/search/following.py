"""Keeping the index up with the database, and building it anew.

Every business transaction that changes something findable also writes an `index_change`, whose number is
the sequence the index follows. The index keeps the last number it contains in the same commit as the
documents, so after any crash it goes on exactly where it was.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import Any, TypeVar

from sqlalchemy import Select, func, select, text

from helpdesk.db import db
from helpdesk.search import documents
from helpdesk.search.index import Index, IndexUnusable
from helpdesk.tickets.models import IndexChange

_Query = TypeVar("_Query", bound=Select[*tuple[Any, ...]])

log = logging.getLogger(__name__)

BATCH = 500


def follow(index: Index, seconds: float | None = None) -> int:
    """Bring `index` up to the last change, or as far as `seconds` allow. Returns how many changes were read.

    An index that can't be used, or that belongs to another life of the database, is built anew.
    Raises IndexBusy when another process is writing.
    """
    started = time.monotonic()
    done = 0
    if _is_out_of_step(index):
        rebuild(index)
    while seconds is None or time.monotonic() - started < seconds:
        batch = _changes_after(index.watermark())
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
    mark = _last_change()
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


def _changes_after(watermark: int) -> Sequence[IndexChange]:
    return db.session.scalars(
        _settled(select(IndexChange).where(IndexChange.id > watermark)).order_by(IndexChange.id).limit(BATCH)
    ).all()


def _last_change() -> int:
    return db.session.scalar(_settled(select(func.max(IndexChange.id)))) or 0


def _settled(query: _Query) -> _Query:
    """Without the changes that a slower transaction with a lower number could still precede.

    PostgreSQL gives numbers before it commits, so number 11 can be seen before number 10: only rows older
    than every running transaction count. SQLite lets one transaction write at a time, so nothing can come
    in between.
    """
    if db.engine.dialect.name != "postgresql":
        return query
    return query.where(text("age(index_change.xmin) > age(pg_snapshot_xmin(pg_current_snapshot())::xid)"))


def _let_go() -> None:
    """End the reading transaction: the next batch sees what was committed since."""
    db.session.rollback()
