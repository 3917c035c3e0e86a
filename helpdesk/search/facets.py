"""What the staff's search can be narrowed to, as words of the index: "state:received", "department:3".

Whoever sees a ticket sees all of this, so that a filter tells nobody more than the page does.
"""

from __future__ import annotations

from collections.abc import Iterable

from helpdesk.answers.models import OfficialAnswer
from helpdesk.search.filter_words import Filter
from helpdesk.search.index import Narrowing
from helpdesk.tickets.models import Ticket

ANSWERS_ONLY = Narrowing(any_of=(frozenset({"kind:answer"}),))
TICKETS_ONLY = Narrowing(any_of=(frozenset({"kind:ticket"}),))


def word(facet: Filter, value: object) -> str:
    """How a value is written in the index."""
    return f"{facet}:{value}"


def of_ticket(ticket: Ticket, involved: Iterable[int]) -> frozenset[str]:
    """`involved`: those who were asked at some time, or wrote a draft."""
    values: list[tuple[Filter, object]] = [
        (Filter.KIND, "ticket"),
        (Filter.STATE, ticket.state.value),
        (Filter.CHANNEL, ticket.channel_id),
        (Filter.PRIORITY, ticket.priority),
        (Filter.LANGUAGE, ticket.language or "unknown"),
        (Filter.DEPARTMENT, ticket.department_id or "none"),
    ]
    if ticket.class_:
        values.append((Filter.CLASS, ticket.class_))
    values += [(Filter.TOPIC, row.topic_id) for row in ticket.topic_rows]
    values += [(Filter.EXPERT, person_id) for person_id in involved]
    return frozenset(word(*value) for value in values)


def of_answer(answer: OfficialAnswer) -> frozenset[str]:
    values: list[tuple[Filter, object]] = [
        (Filter.KIND, "answer"),
        (Filter.STATE, answer.status.value),
        (Filter.LANGUAGE, answer.language),
        (Filter.DEPARTMENT, answer.department_id or "none"),
        (Filter.EXPERT, answer.current.author_id),
    ]
    values += [(Filter.TOPIC, row.topic_id) for row in answer.topic_rows]
    return frozenset(word(*value) for value in values)
