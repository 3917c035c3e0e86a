"""Taking apart two questions that were merged and do not ask the same after all."""

from __future__ import annotations

from helpdesk.accounts.access import Can
from helpdesk.accounts.models import Person
from helpdesk.errors import NotAllowed
from helpdesk.tickets import events, seeing
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.workflow import OPEN, Kind

UNMERGED = "unmerged"
"""The reason kept with the event."""


def can_be_unmerged(ticket: Ticket) -> bool:
    """Until the other question is answered: then whoever asked has been told."""
    return ticket.merged_into is not None and ticket.merged_into.state in OPEN


def unmerge(ticket: Ticket, *, by: Person, version: int | None = None) -> Ticket:
    """Give `ticket` a life of its own again, as triaged before. Raises NotAllowed `not_merged` or `lead_answered`."""
    role = seeing.ensure(by, Can.MERGE, ticket)
    events.ensure_version(ticket, version)
    if ticket.merged_into is None:
        raise NotAllowed("not_merged")
    if not can_be_unmerged(ticket):
        raise NotAllowed("lead_answered")
    ticket.outcome, ticket.closed_at, ticket.merged_into = None, None, None
    events.append(ticket, Kind.REOPENED, by=by, role=role, reason=UNMERGED)
    return ticket
