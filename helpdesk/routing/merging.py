"""Merging two questions that somebody looked at: what forbids it is told first, and they may know better."""

from __future__ import annotations

from helpdesk.accounts.models import Person
from helpdesk.routing.duplicates import VETOES, Found, against_it
from helpdesk.routing.earlier import text_of
from helpdesk.routing.meaning import meaning_of
from helpdesk.tickets import triaging
from helpdesk.tickets.models import Ticket


def merge(ticket: Ticket, into: Ticket, *, by: Person, reason: str = "", version: int | None = None) -> Ticket:
    """Close `ticket` because `into` asks the same (see `triaging.merge`).

    Where codes, places, technologies or denials conflict, somebody may know better, and says why: without `reason`,
    BadInput with what conflicts.
    """
    vetoes = conflicts_between(ticket, into)
    return triaging.merge(ticket, into, by=by, reason=reason, vetoes=vetoes, version=version)


def conflicts_between(ticket: Ticket, other: Ticket) -> list[Found]:
    """What forbids that one answer serves both."""
    mine, theirs = (meaning_of(text_of(each), each.language) for each in (ticket, other))
    return [found for found in against_it(mine, theirs) if found.sign in VETOES]
