"""How a person stands to a ticket, what they may see, and the first line of every verb.

What a person may not see does not exist for them: tickets are fetched *through* the person.
"""

from __future__ import annotations

from functools import lru_cache

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, false, or_, select

from helpdesk.accounts.access import Can, Relation, Role, role_allowing
from helpdesk.accounts.models import Department, Person
from helpdesk.accounts.permitting import ensure_role as ensure_role
from helpdesk.answers.models import Draft
from helpdesk.db import db
from helpdesk.errors import NotAllowed, NotFound
from helpdesk.routing.models import Offer, OfferState
from helpdesk.tickets import approvers
from helpdesk.tickets.models import Ticket, TicketNamed
from helpdesk.tickets.workflow import State

MAY_BE_NAMED = (Role.COMMUNITY_MANAGER, Role.EXPERT, Role.APPROVER, Role.HEAD, Role.COMMITTEE)
"""Who sees a restricted ticket when they stand on its list."""


# Every page and every verb about a ticket asks for these: made once.
_OFFERS_TO = select(Offer.state).where(Offer.ticket_id == bindparam("ticket"), Offer.person_id == bindparam("person"))
_WRITERS = select(Draft.author_id).where(Draft.ticket_id == bindparam("ticket"))


def relations(person: Person, ticket: Ticket) -> set[Relation]:
    """Every way `person` stands to `ticket`. A restricted ticket is nobody's by role alone."""
    session = db.session
    found: set[Relation] = set()
    # A list of names stands and falls with the restriction.
    if ticket.restricted and session.get(TicketNamed, (ticket.id, person.id)) is not None:
        found.add(Relation.NAMED)
    offers = session.scalars(_OFFERS_TO, {"ticket": ticket.id, "person": person.id}).all()
    drafts = session.scalars(_WRITERS, {"ticket": ticket.id}).all()
    if ticket.restricted and Relation.NAMED not in found:
        return found
    found.add(Relation.ANY)
    if OfferState.OFFERED in offers:
        found.add(Relation.OFFERED)
    if OfferState.ACCEPTED in offers:
        found.add(Relation.HOLDER)
    if offers or person.id in drafts:
        found.add(Relation.INVOLVED)
    if ticket.department is not None and ticket.department.head_id == person.id:
        found.add(Relation.DEPARTMENT)
    if person.id in drafts:
        found.add(Relation.AUTHOR)
    elif ticket.state is State.VALIDATING and person.has(Role.APPROVER, Role.HEAD) and may_approve(person, ticket):
        found.add(Relation.APPROVING)
    return found


def may_approve(person: Person, ticket: Ticket) -> bool:
    """Whether `person` is among those who may approve this ticket's text: never anyone whose words are in it."""
    return person.active and person.id in approvers.eligible_ids(ticket)


def ensure(by: Person, can: Can, ticket: Ticket) -> Role:
    """The role by which `by` may do this to `ticket`. Raises NotFound when they may not even see it, or NotAllowed."""
    standing = relations(by, ticket)
    role = role_allowing(can, by.roles, standing) if by.active else None
    if role is not None:
        return role
    if by.active and role_allowing(Can.SEE_TICKET, by.roles, standing):
        raise NotAllowed(f"may_not_{can}")
    raise NotFound()


def may(person: Person, can: Can, ticket: Ticket) -> bool:
    """Whether a button for this should be shown: the same answer as `ensure`."""
    return person.active and role_allowing(can, person.roles, relations(person, ticket)) is not None


def visible_to(person: Person) -> ColumnElement[bool]:
    """The condition on `Ticket` that keeps what `person` may see: the query form of `Can.SEE_TICKET`."""
    if not person.active:
        return false()
    ways = _ways(person.id, person.roles)
    return or_(ways, approvers.awaiting(person)) if person.has(Role.APPROVER, Role.HEAD) else ways


@lru_cache(maxsize=1024)
def _ways(person_id: int, roles: frozenset[Role]) -> ColumnElement[bool]:
    """What somebody sees by these roles, but for what waits for their approval. Putting the condition together takes
    longer than reading by it, and it says nothing that could change."""
    open_to_roles = Ticket.restricted.is_(False)
    ways: list[ColumnElement[bool]] = []
    if roles & {Role.COMMUNITY_MANAGER, Role.COMMITTEE}:
        ways.append(open_to_roles)
    if roles & {Role.EXPERT, Role.HEAD}:
        ways.append(and_(open_to_roles, exists().where(Offer.ticket_id == Ticket.id, Offer.person_id == person_id)))
    if roles & {Role.APPROVER, Role.EXPERT, Role.HEAD, Role.AMBASSADOR}:
        ways.append(and_(open_to_roles, exists().where(Draft.ticket_id == Ticket.id, Draft.author_id == person_id)))
    if Role.HEAD in roles:
        headed = select(Department.id).where(Department.head_id == person_id)
        ways.append(and_(open_to_roles, Ticket.department_id.in_(headed)))
    if roles & set(MAY_BE_NAMED):
        ways.append(exists().where(TicketNamed.ticket_id == Ticket.id, TicketNamed.person_id == person_id))
    return or_(false(), *ways)


def visible_tickets(person: Person) -> Select[Ticket]:
    """A query of the tickets `person` may see."""
    return select(Ticket).where(visible_to(person))


def ticket_for(person: Person, ref: str) -> Ticket:
    """The ticket `ref` as seen by `person`. Raises NotFound when there is none or they may not see it."""
    ticket = db.session.scalar(select(Ticket).where(Ticket.ref == ref))
    if ticket is None or not may(person, Can.SEE_TICKET, ticket):
        raise NotFound()
    return ticket
