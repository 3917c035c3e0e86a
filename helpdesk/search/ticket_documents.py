"""One ticket as a document of the staff's search, and how people stand to it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Select, select

from helpdesk.answers.models import Draft
from helpdesk.db import db
from helpdesk.routing.models import Offer
from helpdesk.search import facets, reading_keys
from helpdesk.search.conversations import Part, Tier, language_of
from helpdesk.search.index import BREAK, TicketDocument
from helpdesk.tickets.models import Ticket, TicketNamed
from helpdesk.tickets.workflow import OPEN


@dataclass
class Standing:
    """Who is named on a ticket, and who was asked or wrote."""

    named: set[int] = field(default_factory=set)
    involved: set[int] = field(default_factory=set)


def standings(ticket_ids: Sequence[int]) -> defaultdict[int, Standing]:
    """Per ticket, in three queries."""
    found: defaultdict[int, Standing] = defaultdict(Standing)
    for ticket_id, people in named_on(ticket_ids).items():
        found[ticket_id].named = people
    involved = (select(Offer.ticket_id, Offer.person_id), select(Draft.ticket_id, Draft.author_id))
    for ticket_id, people in _people_of(ticket_ids, involved).items():
        found[ticket_id].involved = people
    return found


def named_on(ticket_ids: Sequence[int]) -> dict[int, set[int]]:
    return _people_of(ticket_ids, (select(TicketNamed.ticket_id, TicketNamed.person_id),))


def ticket_document(ticket: Ticket, standing: Standing, parts: Sequence[Part]) -> TicketDocument:
    """What is found of `ticket`, by whom, and narrowed how. `parts`: its conversation."""
    keys = keys_of(ticket, standing)
    return TicketDocument(
        ticket.id,
        _joined(parts, Tier.OPEN),
        keys[Tier.OPEN],
        language_of(parts),
        notes=_joined(parts, Tier.NOTES),
        notes_readers=keys[Tier.NOTES],
        asker=_joined(parts, Tier.ASKER),
        asker_readers=keys[Tier.ASKER],
        facets=facets.of_ticket(ticket, standing.involved),
        opened_at=ticket.opened_at,
        due_at=ticket.due_at if ticket.state in OPEN else None,
    )


def keys_of(ticket: Ticket, standing: Standing) -> dict[Tier, frozenset[str]]:
    """By tier, the keys of those who may read it."""
    restricted, department_id = ticket.restricted, ticket.department_id
    named, involved = standing.named, standing.involved
    return {
        Tier.OPEN: reading_keys.on_ticket(
            restricted=restricted, department_id=department_id, named=named, involved=involved
        ),
        Tier.NOTES: reading_keys.on_notes(
            restricted=restricted, department_id=department_id, named=named, involved=involved
        ),
        Tier.ASKER: reading_keys.on_asker(restricted=restricted, named=named),
    }


def _joined(parts: Iterable[Part], tier: Tier) -> str:
    return BREAK.join(part.text.replace(BREAK, " ") for part in parts if part.tier is tier)


def _people_of(ticket_ids: Sequence[int], queries: Iterable[Select[int, int]]) -> dict[int, set[int]]:
    found: defaultdict[int, set[int]] = defaultdict(set)
    for query in queries if ticket_ids else ():
        ticket_column = query.selected_columns[0]
        for ticket_id, person_id in db.session.execute(query.where(ticket_column.in_(ticket_ids))):
            found[ticket_id].add(person_id)
    return dict(found)
