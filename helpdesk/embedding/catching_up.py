"""Keeping the vectors of precedents up with the database: all of them once, then whatever changes.

It reads the same list of changes as the index, and keeps how far it came beside the vectors, so it goes on where it
was. What is a precedent, and what was asked there, is what the index says (`search.documents`).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from sqlalchemy import select

from helpdesk.answers.models import OfficialAnswer
from helpdesk.db import db
from helpdesk.embedding.model import BATCH, Vectors
from helpdesk.embedding.store import Store
from helpdesk.search import documents, following
from helpdesk.search.index import Document, PrecedentDocument
from helpdesk.tickets.models import Ticket

log = logging.getLogger(__name__)

CHANGES, WALKED = "changes", "walked"
READ_AT_ONCE = 100

Encode = Callable[[Sequence[str]], Vectors]

Table = type[OfficialAnswer] | type[Ticket]
Read = Callable[[Sequence[int]], Iterable[Document]]

# What is walked through the first time: the mark of how far, the table, and how its rows become documents.
WALKS: tuple[tuple[str, Table, Read], ...] = (
    ("answers", OfficialAnswer, documents.answers),
    ("tickets", Ticket, documents.tickets),
)


def catch_up(store: Store, encode: Encode, seconds: float) -> int:
    """Give vectors to precedents that lack them, for about so long. Returns how many were encoded.

    Raises sqlite3.Error for a torn store, IndexBusy while a transaction does not end.
    """
    deadline = time.monotonic() + seconds
    done = 0
    try:
        _begin(store)
        if store.mark(WALKED) is None:
            done += sum(_walk(store, encode, *walk, deadline) for walk in WALKS)
            if time.monotonic() < deadline:
                store.set_mark(WALKED, 1)
        done += _follow(store, encode, deadline)
    finally:
        db.session.rollback()  # the next look sees what was committed since
    return done


def _begin(store: Store) -> None:
    """What is kept of another life of the database is of no use; changes from here on are followed."""
    last = following.last_settled_change()
    known = store.mark(CHANGES)
    if known is not None and known > last:
        log.warning("the vectors are ahead of the database, which was replaced: making them anew")
        store.discard()
        known = None
    if known is None:
        store.set_mark(CHANGES, last)


def _walk(store: Store, encode: Encode, name: str, table: Table, read: Read, deadline: float) -> int:
    done = 0
    while time.monotonic() < deadline:
        after = store.mark(name) or 0
        ids = db.session.scalars(select(table.id).where(table.id > after).order_by(table.id).limit(READ_AT_ONCE)).all()
        if not ids:
            break
        done += _encoded(store, encode, _questions(read(ids)))
        store.set_mark(name, ids[-1])
    return done


def _follow(store: Store, encode: Encode, deadline: float) -> int:
    done = 0
    while time.monotonic() < deadline:
        batch = following.changes_after(store.mark(CHANGES) or 0)
        if not batch:
            break
        touched = {(change.kind, change.entity_id) for change in batch if change.kind in ("ticket", "answer")}
        changes = [change for change in documents.changes_for(touched) if change.key.startswith("precedent:")]
        store.remove(change.key for change in changes if change.document is None)
        done += _encoded(store, encode, _questions(change.document for change in changes if change.document))
        store.set_mark(CHANGES, batch[-1].id)
    return done


def _questions(read: Iterable[Document]) -> dict[str, str]:
    """Key → what was asked, of the precedents among these."""
    return {each.key: each.question for each in read if isinstance(each, PrecedentDocument)}


def _encoded(store: Store, encode: Encode, texts: Mapping[str, str]) -> int:
    lacking = store.lacking(texts)
    for start in range(0, len(lacking), BATCH):
        some = {key: texts[key] for key in lacking[start : start + BATCH]}
        store.put(some, encode(list(some.values())))
    return len(lacking)
