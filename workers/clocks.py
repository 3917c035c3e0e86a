"""What a changed calendar or policy means for the tickets that are open, a few hundred at a time."""

from __future__ import annotations

from helpdesk import outbox
from helpdesk.accounts.models import Person
from helpdesk.db import transaction
from helpdesk.outbox import Lane, OutboxRow
from helpdesk.sla import retiming
from helpdesk.sla.versioning import RETIME
from helpdesk.tickets import retargeting


def retime(row: OutboxRow) -> None:
    """Write the deadlines of the next open tickets again, and leave the rest to another row."""
    with transaction():
        following = retiming.retime(row.payload["after"])
        if following is not None:
            outbox.put(RETIME, Lane.UPKEEP, calendar=row.payload["calendar"], after=following)
        outbox.finish(row)


def apply(row: OutboxRow) -> None:
    """Hold the next open tickets to the policies in force, in the name of who asked for it."""
    with transaction() as session:
        person = session.get_one(Person, row.payload["person"])
        following = retargeting.apply(row.payload["after"], by=person)
        if following is not None:
            outbox.put(retargeting.APPLY, Lane.UPKEEP, person=person.id, after=following)
        outbox.finish(row)
