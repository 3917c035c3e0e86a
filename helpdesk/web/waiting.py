"""How much waits in each workplace of a person, as shown beside its name. Read once per request, and cheaply."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import g

from helpdesk.accounts.models import Person
from helpdesk.routing.my_offers import waiting_count
from helpdesk.tickets import queues
from helpdesk.tickets.approvers import awaiting_count
from helpdesk.tickets.workflow import Queue

# key of the count (also in the answer of /inbox/counts) -> how it is read
COUNTED: Mapping[str, Callable[[Person], int]] = {
    "triage": lambda person: by_queue(person)[Queue.TRIAGE],
    "publish": lambda person: by_queue(person)[Queue.PUBLISH],
    "questions": waiting_count,
    "approve": awaiting_count,
}


def by_queue(person: Person) -> dict[Queue, int]:
    """The counters of the working lists, read once per request."""
    if "queue_counts" not in g:
        g.queue_counts = {}
    if person.id not in g.queue_counts:
        g.queue_counts[person.id] = queues.counts(person)
    found: dict[Queue, int] = g.queue_counts[person.id]
    return found
