"""What an administrator does with a job that failed for good: try it again, or set it aside."""

from __future__ import annotations

from helpdesk import clock, outbox
from helpdesk.accounts import auditing
from helpdesk.accounts.access import Can
from helpdesk.accounts.models import Person
from helpdesk.db import db
from helpdesk.errors import NotFound
from helpdesk.outbox import OutboxRow, RowState
from helpdesk.tickets.seeing import ensure_role


def try_again(row_id: int, *, by: Person) -> OutboxRow:
    """Let the workers have a failed row once more, with all its attempts. One that has moved on is left alone.

    Raises NotFound.
    """
    ensure_role(by, Can.ADMINISTER)
    row = _row(row_id)
    if row.state is RowState.FAILED:
        row.state, row.attempts, row.claimed_at, row.run_at = RowState.WAITING, 0, None, clock.now()
        outbox.nudge_after_commit(row.lane)
        auditing.note("job_tried_again", "job", row.id, by=by, job=row.job)
    return row


def set_aside(row_id: int, *, by: Person) -> OutboxRow:
    """Give a failed row up: it is shown no more, and removed with the rows that are done. Raises NotFound."""
    ensure_role(by, Can.ADMINISTER)
    row = _row(row_id)
    if row.state is RowState.FAILED:
        row.state, row.done_at = RowState.SET_ASIDE, clock.now()
        auditing.note("job_set_aside", "job", row.id, by=by, job=row.job)
    return row


def _row(row_id: int) -> OutboxRow:
    row = db.session.get(OutboxRow, row_id)
    if row is None:
        raise NotFound()
    return row
