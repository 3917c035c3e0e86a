"""The past of the demo, played day by day while Relais is in use already."""

from __future__ import annotations

from datetime import date

from helpdesk import outbox
from helpdesk.db import transaction
from helpdesk.demo import reliving
from helpdesk.outbox import OutboxRow


def relive(row: OutboxRow) -> None:
    """Play the questions of one day, all or none."""
    with transaction():
        reliving.relive(date.fromisoformat(row.payload["day"]))
        outbox.finish(row)
