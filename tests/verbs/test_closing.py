"""Closing needs a reason, sometimes a second person; reopening brings it back to the list to route."""

from __future__ import annotations

import pytest

from builders.triage import a_ticket, a_triaged_ticket, events_of
from helpdesk.accounts.access import Role
from helpdesk.db import db, transaction
from helpdesk.errors import BadInput, Conflict, NotAllowed
from helpdesk.routing import offering
from helpdesk.routing.models import OfferState
from helpdesk.tickets import closing, triaging
from helpdesk.tickets.models import Remark
from helpdesk.tickets.workflow import Kind, Outcome, Queue, State
from people import a_department, a_person


@pytest.fixture
def cm(app):
    return a_person(Role.COMMUNITY_MANAGER)


@pytest.fixture
def colleague(app):
    return a_person(Role.COMMUNITY_MANAGER)


def _close(ticket, by, outcome=Outcome.NO_REPLY, reason="Nothing is asked.", **given):
    with transaction():
        return closing.close(ticket, by=by, outcome=outcome, reason=reason, **given)


def test_a_question_without_a_question_is_closed_by_one_person(cm):
    ticket = _close(a_triaged_ticket(cm, class_="mockery"), cm)
    assert (ticket.state, ticket.outcome, ticket.queue) == (State.CLOSED, Outcome.NO_REPLY, Queue.CLOSED)
    assert ticket.closed_at is not None
    event = events_of(ticket)[-1]
    assert event.facts == {"outcome": "no_reply", "reason": "in_words"}
    assert db.session.get(Remark, event.id).text == "Nothing is asked."


@pytest.mark.parametrize("class_", ["complaint", "rumour"])
@pytest.mark.parametrize("outcome", [Outcome.NO_REPLY, Outcome.NO_DETAIL])
def test_a_complaint_or_rumour_is_closed_without_a_reply_by_somebody_else(cm, colleague, class_, outcome):
    ticket = a_triaged_ticket(cm, class_=class_)
    with pytest.raises(NotAllowed, match="second_person_needed"):
        _close(ticket, cm, outcome)
    assert ticket.state is State.RECEIVED
    assert _close(ticket, colleague, outcome).state is State.CLOSED


def test_calling_a_complaint_something_else_does_not_get_round_it(cm, colleague):
    ticket = a_triaged_ticket(cm, class_="complaint")
    with transaction():
        triaging.triage(ticket, by=cm, class_="spam", priority="P4", topics=[])
    with pytest.raises(NotAllowed, match="second_person_needed"):
        _close(ticket, cm)
    assert closing.needs_another_person(ticket, cm)
    assert not closing.needs_another_person(ticket, colleague)


def test_a_complaint_handed_off_in_private_needs_one_person(cm):
    assert _close(a_triaged_ticket(cm, class_="complaint"), cm, Outcome.HANDED_OFF).outcome is Outcome.HANDED_OFF


def test_what_is_not_triaged_is_not_closed_without_a_reply(cm):
    with pytest.raises(NotAllowed, match="triage_first"):
        _close(a_ticket(), cm)


@pytest.mark.parametrize("outcome", [Outcome.ANSWERED, Outcome.MERGED])
def test_nothing_is_called_answered_that_was_not(cm, outcome):
    with pytest.raises(BadInput):
        _close(a_triaged_ticket(cm), cm, outcome)


def test_a_reason_is_needed(cm):
    ticket = a_triaged_ticket(cm)
    with pytest.raises(BadInput):
        _close(ticket, cm, reason=" \n ")
    assert ticket.state is State.RECEIVED


def test_closing_takes_the_question_back_from_the_expert(cm):
    expert = a_person(Role.EXPERT, department=a_department())
    ticket = a_triaged_ticket(cm)
    with transaction():
        offer = offering.offer(ticket, expert, by=cm)
    _close(ticket, cm, Outcome.HANDED_OFF)
    assert offer.state is OfferState.WITHDRAWN
    assert ticket.holder_id is None


def test_a_stale_page_closes_nothing(cm, colleague):
    ticket = a_triaged_ticket(cm)
    with transaction():
        triaging.triage(ticket, by=colleague, class_="question", priority="P2", topics=[])
    with pytest.raises(Conflict) as refusal:
        _close(ticket, cm, version=2)
    assert refusal.value.what_changed["by"] == colleague.name


def test_reopening_brings_it_back_to_route(cm):
    ticket = _close(a_triaged_ticket(cm), cm)
    with transaction():
        closing.reopen(ticket, by=cm, reason="They wrote again.")
    assert (ticket.state, ticket.queue) == (State.RECEIVED, Queue.ROUTE)
    assert (ticket.outcome, ticket.closed_at) == (None, None)
    assert events_of(ticket)[-1].kind is Kind.REOPENED
    with pytest.raises(Conflict), transaction():
        closing.reopen(ticket, by=cm, reason="Again.")


def test_reopening_a_merged_ticket_parts_it_from_the_lead(cm):
    ticket, lead = a_ticket(), a_ticket("Autre chose")
    with transaction():
        triaging.merge(ticket, lead, by=cm)
    with transaction():
        closing.reopen(ticket, by=cm, reason="Not the same after all.")
    assert ticket.merged_into_id is None
