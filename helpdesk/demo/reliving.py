"""Plays what became of the questions of one past day, through the verbs that everybody uses, each at its own time.

What follows from an event (letters, suggestions) followed then: nothing of it is left to be done today. The matcher is
not asked either, for what it would say now knows what came later.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from helpdesk import clock, outbox
from helpdesk.accounts.models import ASKER, Department, Person
from helpdesk.answers.approving import approve, eligible_approvers, return_draft
from helpdesk.answers.models import OfficialAnswer
from helpdesk.answers.withdrawing import withdraw_answer
from helpdesk.answers.writing import latest_draft, submit
from helpdesk.db import db
from helpdesk.demo import past
from helpdesk.demo.past import Course
from helpdesk.demo.steps import COMMUNITY_MANAGERS, ask, draft_answer, first_there, person, publish_answer, triage_as
from helpdesk.publishing.judging import judge
from helpdesk.routing.models import DeclineReason, Offer
from helpdesk.routing.offering import accept, decline, offer, redirect
from helpdesk.tickets.closing import close, reopen
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.workflow import Outcome

DAY = "workers.demo.relive"
"""The job that plays one day."""
COMMENTS = ("Il manque le délai.", "Le lien n’allait pas où il fallait.", "C’était clair, mais trop tard pour nous.")


def announce() -> int:
    """Leave every day of the past to the workers, the newest first. Returns how many days."""
    days = past.days(clock.now())
    for day in days:
        outbox.put(DAY, outbox.Lane.BULK, key=f"past:{day}", day=day.isoformat())
    return len(days)


def relive(day: date) -> int:
    """Play the questions that came on `day`, inside the caller's transaction. Returns how many."""
    courses = past.courses_of(day, clock.now())
    waiting: list[tuple[datetime, int, Iterator[datetime]]] = []
    for number, course in enumerate(courses):
        heapq.heappush(waiting, (course.row["received_at"], number, _life(course)))
    with outbox.carried_out_before():
        while waiting:
            when, number, life = heapq.heappop(waiting)
            with clock.as_of(when):
                following = next(life, None)
            if following is not None:
                heapq.heappush(waiting, (following, number, life))
    return len(courses)


def _life(course: Course) -> Iterator[datetime]:
    """The life of one question: each step is taken when the one before said it would be."""
    times, row = course.times, course.row
    desk = [person(handle) for handle in COMMUNITY_MANAGERS]
    by, other = desk[row["received_at"].day % 3], desk[(row["received_at"].day + 1) % 3]
    ticket = ask(row)
    yield times["triage"]
    triage_as(ticket, row, by)
    if course.ending == "handed_off":
        yield times["close"]
        close(ticket, by=other, outcome=Outcome.HANDED_OFF, reason="Dossier personnel : suite en privé.")
        return
    yield times["offer"]
    asked = _offer(ticket, course.experts)
    if course.ending in ("declined", "redirected"):
        yield times["decline" if course.ending == "declined" else "redirect"]
        _refuse(asked, course)
        yield times["offer again"]
        asked = _offer(ticket, course.experts[1:], course.experts[:1])
    yield times["accept"]
    yield from _answer(ticket, asked, course, "")
    if course.ending == "reopened":
        yield times["reopen"]
        reopen(ticket, by=by, reason="L’auteur dit que cela ne suffit pas.")
        yield times["offer again"]
        asked = _offer(ticket, course.experts)
        yield times["accept again"]
        yield from _answer(ticket, asked, course, " again")
    if course.helped is not None:
        yield times["judge"]
        judge(ticket, helped=course.helped, comment="" if course.helped else COMMENTS[ticket.id % 3], by=ASKER)
    if course.ending == "withdrawn":
        yield times["withdraw"]
        answer = db.session.scalars(select(OfficialAnswer).where(OfficialAnswer.ticket_id == ticket.id)).one()
        withdraw_answer(answer, by=_approver(ticket), reason="La règle a changé depuis.")
    if "close" in times:
        yield times["close"]
        close(ticket, by=by, outcome=Outcome.ANSWERED, reason="Sept jours sans nouvelle : répondu.")


def _answer(ticket: Ticket, asked: Offer, course: Course, again: str) -> Iterator[datetime]:
    """From the acceptance to the post."""
    expert, times = asked.person, course.times
    row = _corrected(course.row) if again else course.row
    accept(asked, by=expert)
    yield times[f"submit{again}"]
    submit(ticket, draft_answer(ticket, row, expert).revision, by=expert)
    if course.ending == "returned":
        yield times["return"]
        draft = latest_draft(ticket)
        assert draft is not None
        return_draft(ticket, draft.revision, by=_approver(ticket), comment="Merci de dire le délai exact.")
        yield times["submit again"]
        row = _corrected(row)
        submit(ticket, draft_answer(ticket, row, expert).revision, by=expert)
    yield times[f"approve{again}"]
    draft = latest_draft(ticket)
    assert draft is not None
    approve(ticket, draft.revision, by=_approver(ticket))
    yield times[f"publish{again}"]
    publish_answer(ticket, {**row, "id": row["id"] + again.strip()}, person(COMMUNITY_MANAGERS[ticket.id % 3]))


def _offer(ticket: Ticket, experts: Sequence[str], fallback: Sequence[str] = ()) -> Offer:
    expert = first_there([*experts, *fallback]) or person(experts[0])
    return offer(ticket, expert, by=person(COMMUNITY_MANAGERS[ticket.id % 3]))


def _refuse(asked: Offer, course: Course) -> None:
    expert = asked.person
    if course.ending == "declined":
        decline(asked, by=expert, reason=DeclineReason.OVERLOADED, note="", instead=expert.backup)
        return
    right = person(course.experts[1]).department
    assert isinstance(right, Department)
    redirect(asked, by=expert, instead=None, department=right, note="Ce n’est pas pour nous.")


def _approver(ticket: Ticket) -> Person:
    approvers = eligible_approvers(ticket)
    return approvers[ticket.id % len(approvers)]


def _corrected(row: dict[str, Any]) -> dict[str, Any]:
    """The row with more said in its answer."""
    more = " Comptez cinq jours ouvrés."
    return {**row, "written": {**row["written"], "body": row["written"]["body"] + more}}
