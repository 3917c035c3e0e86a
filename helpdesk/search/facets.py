"""What the staff's search can be narrowed to, as words of the index: "state:received", "department:3".

Whoever sees a ticket sees all of this, so that a filter tells nobody more than the page does.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from helpdesk.answers.models import OfficialAnswer
from helpdesk.search.index import Narrowing
from helpdesk.tickets.models import Ticket


class Facet(StrEnum):
    KIND = "kind"
    STATE = "state"
    DEPARTMENT = "department"
    EXPERT = "expert"
    TOPIC = "topic"
    CHANNEL = "channel"
    PRIORITY = "priority"
    LANGUAGE = "language"
    CLASS = "class"


ANSWERS_ONLY = Narrowing(any_of=(frozenset({"kind:answer"}),))
TICKETS_ONLY = Narrowing(any_of=(frozenset({"kind:ticket"}),))


def word(facet: Facet, value: object) -> str:
    """How a value is written in the index."""
    return f"{facet}:{value}"


def of_ticket(ticket: Ticket, involved: Iterable[int]) -> frozenset[str]:
    """`involved`: those who were asked at some time, or wrote a draft."""
    values: list[tuple[Facet, object]] = [
        (Facet.KIND, "ticket"),
        (Facet.STATE, ticket.state.value),
        (Facet.CHANNEL, ticket.channel_id),
        (Facet.PRIORITY, ticket.priority),
        (Facet.LANGUAGE, ticket.language or "unknown"),
        (Facet.DEPARTMENT, ticket.department_id or "none"),
    ]
    if ticket.class_:
        values.append((Facet.CLASS, ticket.class_))
    values += [(Facet.TOPIC, row.topic_id) for row in ticket.topic_rows]
    values += [(Facet.EXPERT, person_id) for person_id in involved]
    return frozenset(word(*value) for value in values)


def of_answer(answer: OfficialAnswer) -> frozenset[str]:
    values: list[tuple[Facet, object]] = [
        (Facet.KIND, "answer"),
        (Facet.STATE, answer.status.value),
        (Facet.LANGUAGE, answer.language),
        (Facet.DEPARTMENT, answer.department_id or "none"),
        (Facet.EXPERT, answer.current.author_id),
    ]
    values += [(Facet.TOPIC, row.topic_id) for row in answer.topic_rows]
    return frozenset(word(*value) for value in values)
