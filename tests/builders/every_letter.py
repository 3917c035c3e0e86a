"""A week of questions that brings about every kind of letter, played with the real verbs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from builders.answers import a_head, an_approver
from builders.letters import look_at_the_clocks, tell_the_week, work
from builders.offers import a_manager, a_question, an_expert
from builders.organisation import the_promises
from helpdesk import clock
from helpdesk.accounts.access import Role
from helpdesk.accounts.models import ASKER, Person
from helpdesk.answers import approving, withdrawing, writing
from helpdesk.answers.models import Draft
from helpdesk.db import db, transaction
from helpdesk.intake.cleaning import clean
from helpdesk.publishing import posting
from helpdesk.routing import offering
from helpdesk.routing.models import DeclineReason
from helpdesk.tickets import triaging
from helpdesk.tickets.models import Ticket
from people import a_department, a_person

LEA = {"handle": "lea_fictive35", "name": "Léa Fictive", "email": "lea.fictive@example.net"}
TEXT = "Bonjour, rappelez-moi au 06 12 34 56 78 : quand la fibre arrive-t-elle à Port-Lannévez ?"


@dataclass
class Cast:
    """Who plays, all of them reading the same language."""

    manager: Person
    expert: Person
    colleague: Person
    approver: Person


def the_cast(locale: str) -> Cast:
    return Cast(
        a_manager(handle="manager", locale=locale),
        an_expert(handle="expert", locale=locale),
        an_expert(handle="colleague", locale=locale),
        an_approver(handle="approver", locale=locale),
    )


def play(cast: Cast, language: str) -> None:
    """Let it all happen, and the workers follow after each step."""
    _asked_around(cast, a_question(TEXT, author=LEA, language=language))
    ticket = a_question(TEXT, author=LEA, language=language)
    _answered(cast, ticket)
    _escalated(cast, a_question(TEXT, author=LEA, language=language))
    _warned(cast, a_question(TEXT, author=LEA, language=language))
    _week(cast, a_question(TEXT, author=LEA, language=language))


def _asked_around(cast: Cast, ticket: Ticket) -> None:
    with transaction():
        triaging.ask_clarification(ticket, by=cast.manager, wording="Dans quelle commune ?")
    work()
    with transaction():
        triaging.record_reply(ticket, clean(text="Au 06 12 34 56 78.", channel="web", now=clock.now()), by=ASKER)
        offer = offering.offer(ticket, cast.expert, by=cast.manager)
    work()
    with transaction():
        offering.decline(offer, by=cast.expert, reason=DeclineReason.OVERLOADED, note="Semaine chargée.")
    work()
    with transaction():
        offer = offering.offer(ticket, cast.expert, by=cast.manager)
        passed_on = offering.redirect(offer, by=cast.expert, instead=cast.colleague, note="Plutôt pour vous.")
    work()
    with transaction():
        assert passed_on.next_offer is not None
        offering.withdraw(passed_on.next_offer, by=cast.manager, reason="Réglé au téléphone.")
    work()


def _answered(cast: Cast, ticket: Ticket) -> None:
    with transaction():
        offer = offering.offer(ticket, cast.expert, by=cast.manager)
        offering.accept(offer, by=cast.expert)
    draft = _written(cast, ticket, "La fibre arrive en **juin**.")
    with transaction():
        approving.return_draft(ticket, draft.revision, by=cast.approver, comment="Plus court, s’il vous plaît.")
    work()
    draft = _written(cast, ticket, "La fibre arrive en **juillet**.")
    with transaction():
        answer = approving.approve(ticket, draft.revision, by=cast.approver)
    work()
    with transaction():
        withdrawing.withdraw_answer(answer, by=cast.approver, reason="La date était fausse.")
        posting.send_back(ticket, by=cast.manager)
    work()
    with transaction():
        approving.return_draft(ticket, draft.revision, by=cast.approver, comment="La date, s’il vous plaît.")
    draft = _written(cast, ticket, "La fibre arrive en **août**.")
    with transaction():
        approving.approve(ticket, draft.revision, by=cast.approver)
        posting.publish(ticket, by=cast.manager)
    work()


def _written(cast: Cast, ticket: Ticket, body: str) -> Draft:
    with transaction():
        draft = writing.save_draft(ticket, by=cast.expert, body=body, sources="Plan", title="Arrivée de la fibre")
        writing.submit(ticket, draft.revision, by=cast.expert)
    work()
    return draft


def _escalated(cast: Cast, ticket: Ticket) -> None:
    a_person(Role.COMMITTEE, handle="committee", locale=cast.manager.locale)
    with transaction():
        triaging.escalate(ticket, by=cast.manager, circuit="legal", reason="Un avocat a écrit.")
    work()
    db.session.rollback()


def _warned(cast: Cast, ticket: Ticket) -> None:
    """Somebody is asked, and three days later has not said a word."""
    the_promises()
    with transaction():
        offering.offer(ticket, cast.expert, by=cast.manager)
    work()
    with clock.as_of(clock.now() + timedelta(days=3)):
        look_at_the_clocks()
        work()


def _week(cast: Cast, ticket: Ticket) -> None:
    """A department, and the Monday after next."""
    a_head(a_department("WEEK"), handle="head", locale=cast.manager.locale)
    expert = an_expert(handle="weekly", department=a_department("WEEK"), locale=cast.manager.locale)
    with transaction():
        offering.offer(ticket, expert, by=cast.manager)
    work()
    now = clock.now()
    with clock.as_of(datetime.combine(now + timedelta(days=14 - now.weekday()), time(12), UTC)):
        tell_the_week()
        work()
