"""Some hundred questions answered over a year by the demo's organisation, through the verbs that everybody uses.

About ten events each: taken in, triaged, offered, accepted, drafted, submitted, approved, published and closed, with
declines, questions passed on, details asked for, drafts returned, and answers that had to be taken up again.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from bench._organisation import MANAGER
from helpdesk import clock
from helpdesk.accounts.access import Role
from helpdesk.accounts.directory import person_with
from helpdesk.accounts.models import ASKER, SYSTEM, Department, Person
from helpdesk.answers.approving import approve, eligible_approvers, return_draft
from helpdesk.answers.writing import save_draft, submit
from helpdesk.db import db, transaction
from helpdesk.intake.cleaning import clean
from helpdesk.intake.receiving import receive
from helpdesk.publishing.posting import publish
from helpdesk.routing.models import DeclineReason, Topic
from helpdesk.routing.offering import accept, decline, offer, redirect
from helpdesk.tickets import triaging
from helpdesk.tickets.closing import close, reopen
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.workflow import Outcome

YEAR = timedelta(weeks=52)
LONGEST = timedelta(days=40)
"""No life takes longer."""
STOPS = ("received", "triaged", "offered", "answering", "submitted", "ready")
"""How far questions are that are open now."""
WORDS = "Bonjour, ma box affiche D3 et redémarre sans cesse depuis lundi, que faut-il faire ?"
BODY = "Débranchez la box **dix secondes**, puis rebranchez-la ; si le voyant reste rouge, un technicien passe."
SHORT = "Débranchez la box dix secondes ; si le voyant reste rouge, un technicien passe."

Life = Iterator[timedelta]
"""Each step says how long after it the next one comes."""


@dataclass(frozen=True)
class Cast:
    """Who takes part, of one department that answers."""

    department: Department
    manager: Person
    experts: Sequence[Person]
    elsewhere: Person
    topics: Sequence[Topic]


def play(over: int, still_open: int, end: datetime) -> None:
    """Let `over` questions run to their end in the year before `end`, and `still_open` be under way then.

    The same every time for the same `end`.
    """
    chance = random.Random(1)
    casts = _casts()
    waiting: list[tuple[datetime, int, Life]] = []
    for number in range(over + still_open):
        stop = "end" if number < over else STOPS[number % len(STOPS)]
        back = chance.uniform(LONGEST / YEAR, 1.0) * YEAR if stop == "end" else timedelta(hours=chance.uniform(1, 100))
        life = _life(casts[number % len(casts)], stop, random.Random(number))
        waiting.append((end - back, number, life))
    heapq.heapify(waiting)
    while waiting:
        when, number, life = heapq.heappop(waiting)
        with clock.as_of(min(when, end)), transaction():
            pause = next(life, None)
        if pause is not None:
            heapq.heappush(waiting, (when + pause, number, life))


def _casts() -> list[Cast]:
    manager = person_with(MANAGER)
    assert manager is not None
    casts = []
    answering = select(Department).where(Department.active, Department.answers).order_by(Department.id)
    departments = db.session.scalars(answering).all()
    experts = {
        department.id: [
            person
            for person in db.session.scalars(select(Person).where(Person.department_id == department.id))
            if person.has(Role.EXPERT) and not person.absences
        ]
        for department in departments
    }
    for place, department in enumerate(departments):
        topics = db.session.scalars(select(Topic).where(Topic.department_id == department.id).order_by(Topic.id)).all()
        elsewhere = experts[departments[place - 1].id][0]
        casts.append(Cast(department, manager, experts[department.id], elsewhere, topics))
    return casts


def _life(cast: Cast, stop: str, chance: random.Random) -> Life:
    posted = clock.now() - timedelta(minutes=chance.randint(0, 30))
    said = clean(text=WORDS, channel="web", now=clock.now(), posted_at=posted.isoformat())
    ticket = receive(said, by=SYSTEM, origin="load").ticket
    if stop == "received":
        return
    yield _minutes(chance, 5, 90)
    topics = [chance.choice(cast.topics)] if cast.topics else []
    priority = chance.choices(("P2", "P3", "P4"), (1, 7, 2))[0]
    triaging.triage(
        ticket, by=cast.manager, class_="question", priority=priority, topics=topics, department=cast.department
    )
    if stop == "triaged":
        return
    yield _minutes(chance, 2, 60)
    yield from _answered(ticket, cast, stop, chance)
    if stop == "end" and chance.random() < 0.04:
        yield timedelta(days=chance.randint(1, 3))
        reopen(ticket, by=cast.manager, reason="La personne écrit que cela ne marche toujours pas.")
        yield _minutes(chance, 10, 200)
        yield from _answered(ticket, cast, stop, chance)
    if stop == "end":
        yield timedelta(days=7)
        close(ticket, by=cast.manager, outcome=Outcome.ANSWERED, reason="Sept jours sans nouvelle.")


def _answered(ticket: Ticket, cast: Cast, stop: str, chance: random.Random) -> Life:
    """From asking an expert to the answer where the question was asked."""
    expert, other = chance.sample(cast.experts, 2) if len(cast.experts) > 1 else (cast.experts[0], cast.elsewhere)
    asked = offer(ticket, expert, by=cast.manager)
    if stop == "offered":
        return
    yield _minutes(chance, 10, 600)
    fate = chance.random() if stop == "end" else 1.0
    if fate < 0.16:
        if fate < 0.1:
            decline(asked, by=expert, reason=DeclineReason.OVERLOADED)
        else:
            redirect(asked, by=expert, instead=None, department=cast.elsewhere.department)
        yield _minutes(chance, 10, 300)
        expert = other if fate < 0.1 else cast.elsewhere
        asked = offer(ticket, expert, by=cast.manager)
        yield _minutes(chance, 10, 600)
    accept(asked, by=expert)
    yield _minutes(chance, 20, 900)
    if chance.random() < 0.08 and not ticket.waiting_for_asker:
        yield from _detail(ticket, cast, chance)
    yield from _official(ticket, cast, expert, stop, chance)


def _detail(ticket: Ticket, cast: Cast, chance: random.Random) -> Life:
    triaging.ask_clarification(ticket, by=cast.manager, wording="Bonjour, de quelle couleur est le voyant ?")
    yield _minutes(chance, 60, 3000)
    reply = clean(text="Rouge, et il clignote.", channel="web", now=clock.now(), posted_at=clock.now().isoformat())
    triaging.record_reply(ticket, reply, by=ASKER)
    yield _minutes(chance, 20, 300)


def _official(ticket: Ticket, cast: Cast, expert: Person, stop: str, chance: random.Random) -> Life:
    times = 2 if stop == "end" and chance.random() < 0.12 else 1
    for time in range(times):
        draft = save_draft(ticket, by=expert, body=BODY, short=SHORT, title="Box", sources="Guide interne.")
        if stop == "answering":
            return
        yield _minutes(chance, 1, 120)
        submit(ticket, draft.revision, by=expert)
        if stop == "submitted":
            return
        yield _minutes(chance, 10, 500)
        approver = chance.choice(sorted(eligible_approvers(ticket), key=lambda person: person.id))
        if time + 1 < times:
            return_draft(ticket, draft.revision, by=approver, comment="Merci de dire où trouver le formulaire.")
            yield _minutes(chance, 20, 500)
    approve(ticket, draft.revision, by=approver)
    if stop == "ready":
        return
    yield _minutes(chance, 2, 90)
    publish(ticket, by=cast.manager)


def _minutes(chance: random.Random, least: int, most: int) -> timedelta:
    """Mostly short, now and then long, as people are."""
    return timedelta(minutes=least + (most - least) * chance.random() ** 2, seconds=chance.randint(0, 59))
