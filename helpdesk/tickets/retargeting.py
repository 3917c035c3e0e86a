"""Holding open tickets to the policies in force: a deed of its own, with an event on each ticket that it changes."""

from __future__ import annotations

from helpdesk import outbox
from helpdesk.accounts import auditing
from helpdesk.accounts.access import Can
from helpdesk.accounts.models import Person
from helpdesk.outbox import Lane
from helpdesk.sla.retiming import AT_ONCE, changes_of, open_tickets
from helpdesk.tickets import events, seeing
from helpdesk.tickets.workflow import Kind

APPLY = "workers.clocks.apply"


def ask_to_apply(*, by: Person) -> None:
    """Have the policies in force applied to every open ticket by a worker. Raises NotAllowed."""
    seeing.ensure_role(by, Can.ADMINISTER)
    auditing.note("policies_applied", "policy", None, by=by)
    outbox.put(APPLY, Lane.UPKEEP, person=by.id, after=0)


def apply(after: int, *, by: Person) -> int | None:
    """Hold the next open tickets to the policies in force. Returns the id to go on after; None at the end.

    A clock keeps its origin and its pauses. One found past its new target is late because of the change, which is
    counted against nobody; one that was late stays so.
    """
    role = seeing.ensure_role(by, Can.ADMINISTER)
    tickets = open_tickets(after)
    for ticket, changes in changes_of(tickets):
        events.append(ticket, Kind.RETARGETED, by=by, role=role, promises=[each.after.word for each in changes])
    return tickets[-1].id if len(tickets) == AT_ONCE else None
