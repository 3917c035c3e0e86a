"""An organisation with something in every corner: a person of each role, a ticket in each state, and all around."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from builders.answers import a_submitted_draft, an_approved_ticket, an_official_answer
from builders.offers import a_draft, a_link, a_question, an_accepted_offer, an_offer
from builders.triage import a_topic, an_escalated_ticket
from helpdesk import clock
from helpdesk.accounts.absences import declare_absence
from helpdesk.accounts.access import Role
from helpdesk.accounts.entering import (
    FIRST_LINK_LASTS,
    WEEK_LINK_LASTS,
    create_link,
    create_token,
    password_link,
    set_password,
)
from helpdesk.accounts.models import SYSTEM, LinkPurpose, Person, TokenScope
from helpdesk.db import db, transaction
from helpdesk.notifications.models import Letter, LetterState
from helpdesk.publishing import posting
from helpdesk.routing.models import Offer
from helpdesk.tickets import closing, triaging
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.workflow import Outcome, State
from people import a_channel, a_department, a_person


@dataclass(frozen=True)
class Whole:
    """`people` by role; `tickets` by what is special about them: each state by its name, and a few more."""

    people: dict[Role, Person]
    tickets: dict[str, Ticket]
    offers: list[Offer]
    secrets: dict[str, str]

    @property
    def manager(self) -> Person:
        return self.people[Role.COMMUNITY_MANAGER]


def a_whole_organisation() -> Whole:
    """Everything, made with the real verbs."""
    department = a_department("FIX")
    people = {
        role: a_person(role, handle=f"{role}-01", department=department, name=f"Ms {role.name.title()}")
        for role in Role
    }
    with transaction():
        department.head = people[Role.HEAD]
    expert, manager = people[Role.EXPERT], people[Role.COMMUNITY_MANAGER]
    topic = a_topic()
    a_channel("forum", "discourse", account="forum.example.org")
    offered, held = an_offer(expert, by=manager), an_accepted_offer(expert, by=manager)
    a_draft(held)
    tickets = {
        "received": a_question(text="Bonjour, <script>alert(1)</script> مرحبا 🧑‍🚒, mon 06 12 34 56 78 ?"),
        "triaged": _triaged(manager, topic),
        "offered": offered.ticket,
        "answering": held.ticket,
        "validating": a_submitted_draft(expert=expert).ticket,
        "ready": an_approved_ticket(expert=expert, by=people[Role.APPROVER], channel=a_channel("forum")),
        "answered": _answered(expert, people),
        "closed": _closed(manager),
        "escalated": an_escalated_ticket(manager),
    }
    assert {ticket.state for ticket in tickets.values()} == set(State)
    an_official_answer(department=department, topics=[topic])
    return Whole(people, tickets, [offered, held], _loose_ends(people, offered))


def _triaged(manager: Person, topic: object) -> Ticket:
    ticket = a_question()
    with transaction():
        return triaging.triage(ticket, by=manager, class_="question", priority="P2", topics=[topic])


def _answered(expert: Person, people: dict[Role, Person]) -> Ticket:
    ticket = an_approved_ticket(expert=expert, by=people[Role.APPROVER], channel=a_channel("forum"))
    with transaction():
        posting.publish(ticket, by=people[Role.COMMUNITY_MANAGER], url="https://forum.example.org/t/fibre/12/3")
    return ticket


def _closed(manager: Person) -> Ticket:
    ticket = _triaged(manager, a_topic())
    with transaction():
        return closing.close(ticket, by=manager, outcome=Outcome.NO_REPLY, reason="spam")


def _loose_ends(people: dict[Role, Person], offered: Offer) -> dict[str, str]:
    """A token, links, a password, an absence and a letter; the secrets by what they open."""
    administrator, expert = people[Role.ADMINISTRATOR], people[Role.EXPERT]
    link = a_link(offered)
    now = clock.now()
    with transaction():
        _token, secret = create_token(administrator, TokenScope.FULL, by=administrator)
        set_password(administrator, "a long password indeed", by=SYSTEM)
        password = password_link(expert, by=administrator)
        first = create_link(LinkPurpose.FIRST_ADMINISTRATOR, None, FIRST_LINK_LASTS, subject_id=0)
        week = create_link(LinkPurpose.DEPARTMENT_WEEK, people[Role.HEAD], WEEK_LINK_LASTS, subject_id=0)
        declare_absence(expert, now + timedelta(days=3), now + timedelta(days=9), by=expert)
        db.session.add(
            Letter(
                kind="offer", key="offer-1", ticket_id=offered.ticket_id, person_id=expert.id, address=expert.email,
                language="fr", subject="Une question vous attend", text="Bonjour.", html="<p>Bonjour.</p>",
                message_id="<1@example.org>", created_at=now, state=LetterState.KEPT,
            )
        )  # fmt: skip
    return {"token": secret, "offer": link, "password": password, "first": first, "week": week}
