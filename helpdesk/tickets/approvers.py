"""Who may make a text official: the rule, once as a pure function, once as a condition for lists.

The default rule of the domain (1.6): an approver of the ticket's department, or its head. Nobody whose words are in
the text. Where that leaves nobody, any other approver of the organisation. Of a restricted ticket, those named only.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, func, or_, select
from sqlalchemy.orm import aliased

from helpdesk.accounts.access import Role
from helpdesk.accounts.models import Department, Person, PersonRole
from helpdesk.answers.models import AnswerVersion, Draft
from helpdesk.db import db
from helpdesk.tickets.models import Ticket, TicketNamed
from helpdesk.tickets.workflow import Queue, State

MOST_COUNTED = 100


@dataclass(frozen=True)
class Candidate:
    """An active person who may approve some text: an approver, or the head of a department."""

    person_id: int
    department_id: int | None
    is_approver: bool
    heads: frozenset[int] = frozenset()


def eligible(
    candidates: Iterable[Candidate],
    *,
    department_id: int | None,
    authors: Collection[int],
    named: Collection[int] | None = None,
) -> set[int]:
    """The ids of those who may approve. `named`: the short list of a restricted ticket; None when it is not.

    Pure. An author is never among them, whatever else they are.
    """
    others = [each for each in candidates if each.person_id not in authors]
    if named is not None:
        return {each.person_id for each in others if each.person_id in named}
    approvers = {each.person_id for each in others if each.is_approver}
    if department_id is None:
        return approvers
    near = {
        each.person_id
        for each in others
        if department_id in each.heads or (each.is_approver and each.department_id == department_id)
    }
    return near or approvers


def authors_of(ticket: Ticket) -> set[int]:
    """Everyone whose words are in the ticket's text: who saved a revision, and who wrote what it was begun from."""
    rows = db.session.execute(
        select(Draft.author_id, AnswerVersion.author_id)
        .outerjoin(AnswerVersion, AnswerVersion.id == Draft.from_version_id)
        .where(Draft.ticket_id == ticket.id)
    )
    return {author for row in rows for author in row if author is not None}


def eligible_ids(ticket: Ticket, among: Iterable[Candidate] | None = None) -> set[int]:
    """The ids of those who may approve the text of `ticket`, were it submitted now.

    `among`: the candidates of the organisation, for whoever asks about many tickets and has read them once.
    """
    named = None
    if ticket.restricted:
        named = set(db.session.scalars(select(TicketNamed.person_id).where(TicketNamed.ticket_id == ticket.id)))
    return eligible(
        candidates() if among is None else among,
        department_id=ticket.department_id,
        authors=authors_of(ticket),
        named=named,
    )


def eligible_approvers(ticket: Ticket) -> list[Person]:
    """Those who may approve the text of `ticket`, by name."""
    return list(db.session.scalars(select(Person).where(Person.id.in_(eligible_ids(ticket))).order_by(Person.name)))


def candidates() -> list[Candidate]:
    """Approvers and heads of departments; a head acts in that role, so must have it (or be an approver)."""
    rows = db.session.execute(
        select(Person.id, Person.department_id, PersonRole.role)
        .join(PersonRole)
        .where(Person.active, PersonRole.role.in_((Role.APPROVER, Role.HEAD)))
    ).all()
    heads: dict[int, set[int]] = {}
    for department_id, head_id in db.session.execute(select(Department.id, Department.head_id)):
        if head_id is None:
            continue
        heads.setdefault(head_id, set()).add(department_id)
    approvers = {person_id for person_id, _department, role in rows if role is Role.APPROVER}
    return [
        Candidate(person_id, department_id, person_id in approvers, frozenset(heads.get(person_id, ())))
        for person_id, department_id in {(person_id, department_id) for person_id, department_id, _role in rows}
    ]


def awaiting(person: Person) -> ColumnElement[bool]:
    """The condition on `Ticket` that keeps what waits for an approval `person` may give: `eligible` as a query."""
    if not person.active or not person.has(Role.APPROVER, Role.HEAD):
        return false()
    named = exists().where(TicketNamed.ticket_id == Ticket.id, TicketNamed.person_id == person.id)
    headed = Ticket.department_id.in_(select(Department.id).where(Department.head_id == person.id))
    ways: list[ColumnElement[bool]] = [headed]
    if person.has(Role.APPROVER):
        ways += [Ticket.department_id == person.department_id, Ticket.department_id.is_(None), ~_somebody_near()]
    return and_(
        Ticket.state == State.VALIDATING,
        ~_has_words_of(person.id),
        or_(and_(Ticket.restricted.is_(False), or_(*ways)), and_(Ticket.restricted.is_(True), named)),
    )


def awaiting_count(person: Person) -> int:
    """How many texts wait for a decision of `person`, counted up to MOST_COUNTED."""
    some = select(Ticket.id).where(Ticket.queue == Queue.APPROVAL, awaiting(person)).limit(MOST_COUNTED).subquery()
    return db.session.scalar(select(func.count()).select_from(some)) or 0


def _has_words_of(person_id: Any) -> ColumnElement[bool]:
    return exists(
        select(Draft.id)
        .outerjoin(AnswerVersion, AnswerVersion.id == Draft.from_version_id)
        .where(
            Draft.ticket_id == Ticket.id,
            or_(Draft.author_id == person_id, AnswerVersion.author_id == person_id),
        )
        .correlate_except(Draft, AnswerVersion)
    )


def _somebody_near() -> ColumnElement[bool]:
    """Whether the ticket's own department has an approver or a head who wrote none of it."""
    other, role = aliased(Person), aliased(PersonRole)
    is_head = other.id == (
        select(Department.head_id).where(Department.id == Ticket.department_id).correlate(Ticket).scalar_subquery()
    )
    in_department = and_(role.role == Role.APPROVER, other.department_id == Ticket.department_id)
    return exists(
        select(other.id)
        .join(role, role.person_id == other.id)
        .where(
            other.active,
            role.role.in_((Role.APPROVER, Role.HEAD)),
            or_(in_department, is_head),
            ~_has_words_of(other.id),
        )
        .correlate(Ticket)
    )
