"""What went out, what waits and what failed: letters, and the other jobs of the outbox."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from helpdesk.db import db
from helpdesk.errors import NotFound
from helpdesk.notifications.models import Letter, LetterState
from helpdesk.outbox import OutboxRow, RowState
from helpdesk.reports.paging import Walk, walk

MOST_COUNTED = 1_000
MOST_FAILED = 200


def letters(state: LetterState, *, after: int | None = None, before: int | None = None) -> Walk[Letter]:
    """A page of the letters in one state, the newest first."""
    query = select(Letter).where(Letter.state == state).options(joinedload(Letter.person), joinedload(Letter.ticket))
    return walk(query, Letter, (Letter.id,), after=after, before=before, descending=True)


def letter_with(letter_id: int) -> Letter:
    """Raises NotFound."""
    letter = db.session.get(Letter, letter_id)
    if letter is None:
        raise NotFound()
    return letter


def letter_counts() -> dict[LetterState, int]:
    """How many letters stand in each state, each counted up to MOST_COUNTED."""
    found = {}
    for state in LetterState:
        some = select(Letter.id).where(Letter.state == state).limit(MOST_COUNTED).subquery()
        found[state] = db.session.scalar(select(func.count()).select_from(some)) or 0
    return found


def failed_rows() -> Sequence[OutboxRow]:
    """The jobs that failed for good, the newest first; not more than MOST_FAILED."""
    query = select(OutboxRow).where(OutboxRow.state == RowState.FAILED)
    return db.session.scalars(query.order_by(OutboxRow.run_at.desc(), OutboxRow.id.desc()).limit(MOST_FAILED)).all()


def failed_count() -> int:
    """How many jobs failed for good, counted up to MOST_COUNTED."""
    some = select(OutboxRow.id).where(OutboxRow.state == RowState.FAILED).limit(MOST_COUNTED).subquery()
    return db.session.scalar(select(func.count()).select_from(some)) or 0
