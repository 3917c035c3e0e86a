"""Tidying what has done its service."""

from __future__ import annotations

import logging
from datetime import timedelta

from sqlalchemy import delete

from helpdesk import clock
from helpdesk.answers.models import Scratch
from helpdesk.db import transaction
from helpdesk.outbox import OutboxRow, RowState
from helpdesk.routing.models import Replay
from helpdesk.tickets.models import IntakeReceipt

log = logging.getLogger(__name__)

KEEP_DONE_ROWS = timedelta(days=7)
KEEP_RECEIPTS = timedelta(days=2)
KEEP_SCRATCHES = timedelta(days=30)
KEEP_REPLAYS = timedelta(days=90)


def tidy() -> None:
    """Remove outbox rows done or set aside, old API receipts, old replays and abandoned typing.

    Failed rows stay until somebody looks.
    """
    now = clock.now()
    with transaction() as session:
        session.execute(
            delete(OutboxRow).where(
                OutboxRow.state.in_((RowState.DONE, RowState.SET_ASIDE)), OutboxRow.done_at < now - KEEP_DONE_ROWS
            )
        )
        session.execute(delete(IntakeReceipt).where(IntakeReceipt.created_at < now - KEEP_RECEIPTS))
        session.execute(delete(Replay).where(Replay.asked_at < now - KEEP_REPLAYS))
        session.execute(delete(Scratch).where(Scratch.saved_at < now - KEEP_SCRATCHES))
    log.info("tidied")
