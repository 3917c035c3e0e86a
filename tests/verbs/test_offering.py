"""Asking an expert, and what the expert says."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest

from builders.offers import (
    a_link,
    a_manager,
    a_question,
    an_accepted_offer,
    an_expert,
    an_offer,
    kinds,
)
from helpdesk import clock
from helpdesk.accounts.absences import declare_absence
from helpdesk.accounts.access import Role
from helpdesk.accounts.models import ASKER, SYSTEM
from helpdesk.db import db, transaction
from helpdesk.errors import BadInput, Conflict, NotAllowed, NotFound
from helpdesk.outbox import OutboxRow
from helpdesk.routing import offering
from helpdesk.routing.models import Decision, DeclineReason, Offer, OfferState
from helpdesk.tickets.models import Event
from helpdesk.tickets.workflow import State
from people import a_department, a_person


@pytest.fixture
def expert(app):
    return an_expert(handle="ada")


@pytest.fixture
def manager(app):
    return a_manager(handle="cm")


def _codes(error):
    return [problem.code for problem in error.value.problems]


# --- offer ------------------------------------------------------------------------------------------------------------


def test_an_offer_gives_the_ticket_to_the_expert(expert, manager):
    ticket = a_question()
    offer = an_offer(expert, by=manager, ticket=ticket)
    assert offer.state is OfferState.OFFERED
    assert ticket.state is State.OFFERED
    assert ticket.holder is expert
    assert ticket.department is expert.department
    assert expert.last_offered_at is not None
    facts = ticket.events[-1].facts
    assert facts["offer_id"] == offer.id
    assert facts["person_id"] == expert.id
    assert ticket.events[-1].role == Role.COMMUNITY_MANAGER
    jobs = db.session.query(OutboxRow).filter_by(job="workers.letters.plan").all()
    assert ticket.events[-1].id in [row.payload["event_id"] for row in jobs]


def test_a_second_offer_withdraws_the_first(expert, manager):
    first = an_offer(expert, by=manager)
    second = an_offer(an_expert(handle="bob"), by=manager, ticket=first.ticket)
    assert first.state is OfferState.WITHDRAWN
    assert second.state is OfferState.OFFERED
    assert kinds(first.ticket) == ["received", "offered", "withdrawn", "offered"]


def test_offering_twice_to_the_same_expert_is_one_offer(expert, manager):
    first = an_offer(expert, by=manager)
    again = an_offer(expert, by=manager, ticket=first.ticket)
    assert again is first
    assert kinds(first.ticket) == ["received", "offered"]


def test_relais_itself_may_offer_in_automatic_mode(expert):
    ticket = a_question()
    with transaction():
        offering.offer(ticket, expert, by=SYSTEM, mode="automatic")
    assert ticket.events[-1].role == "system"
    assert ticket.events[-1].facts["mode"] == "automatic"


def test_the_asker_may_not_offer(expert):
    ticket = a_question()
    with pytest.raises(NotAllowed), transaction():
        offering.offer(ticket, expert, by=ASKER)


def test_an_expert_may_not_offer(expert):
    offer = an_offer(expert)
    with pytest.raises(NotAllowed), transaction():
        offering.offer(offer.ticket, an_expert(), by=expert)


def test_somebody_who_does_not_answer_questions_is_not_asked(manager):
    ticket = a_question()
    with pytest.raises(BadInput) as error, transaction():
        offering.offer(ticket, a_person(Role.ADMINISTRATOR), by=manager)
    assert _codes(error) == ["not_an_expert"]
    assert ticket.state is State.RECEIVED


def test_an_absent_expert_is_refused_with_who_stands_in(expert, manager):
    stand_in = an_expert(handle="bob")
    now = clock.now()
    with transaction():
        declare_absence(expert, now - timedelta(days=1), now + timedelta(days=3), by=expert, delegate=stand_in)
    with pytest.raises(BadInput) as error:
        an_offer(expert, by=manager)
    assert _codes(error) == ["absent"]
    assert error.value.problems[0].params["delegate"] == stand_in.name
    assert error.value.problems[0].params["delegate_handle"] == "bob"


def test_what_belongs_to_the_press_office_is_never_offered(expert, manager):
    ticket = a_question()
    with transaction():
        ticket.sensitivity = "press"
    for by in (manager, SYSTEM):
        with pytest.raises(NotAllowed) as error, transaction():
            offering.offer(ticket, expert, by=by)
        assert error.value.code == "press_never_offered"


def test_an_offer_from_a_stale_page_is_refused(expert, manager):
    ticket = a_question()
    seen = ticket.version
    an_offer(expert, by=manager, ticket=ticket)
    with pytest.raises(Conflict) as error, transaction():
        offering.offer(ticket, an_expert(), by=manager, version=seen)
    assert error.value.what_changed["kind"] == "offered"
    assert error.value.what_changed["by"] == manager.name


def test_the_choice_is_written_on_the_last_decision(expert, manager):
    ticket = a_question()
    with transaction() as session:
        session.add(Decision(ticket_id=ticket.id, made_at=clock.now(), engine="test", mode="propose", suggestions={}))
    an_offer(expert, by=manager, ticket=ticket)
    decision = db.session.query(Decision).one()
    assert decision.chosen_person_id == expert.id
    assert decision.chosen_at is not None


# --- accept -----------------------------------------------------------------------------------------------------------


def test_accepting_three_times_is_one_event(expert):
    offer = an_offer(expert)
    for _click in range(3):
        with transaction():
            offering.accept(offer, by=expert)
    assert offer.ticket.state is State.ANSWERING
    assert kinds(offer.ticket).count("accepted") == 1


def test_somebody_elses_offer_does_not_exist(expert):
    offer = an_offer(expert)
    other = an_expert()
    for verb in (
        lambda: offering.accept(offer, by=other),
        lambda: offering.decline(offer, by=other, reason=DeclineReason.OVERLOADED),
        lambda: offering.redirect(offer, by=other, instead=an_expert()),
        lambda: offering.accept(offer, by=a_manager()),
    ):
        with pytest.raises(NotFound), transaction():
            verb()
    assert kinds(offer.ticket) == ["received", "offered"]


def test_accepting_what_was_withdrawn_says_what_happened(expert, manager):
    offer = an_offer(expert, by=manager)
    with transaction():
        offering.withdraw(offer, by=manager)
    with pytest.raises(Conflict) as error, transaction():
        offering.accept(offer, by=expert)
    assert error.value.what_changed["kind"] == "withdrawn"
    assert error.value.what_changed["by"] == manager.name


def test_only_the_last_of_two_experts_may_accept(expert, manager):
    first = an_offer(expert, by=manager)
    bob = an_expert(handle="bob")
    second = an_offer(bob, by=manager, ticket=first.ticket)
    with pytest.raises(Conflict), transaction():
        offering.accept(first, by=expert)
    with transaction():
        offering.accept(second, by=bob)
    assert first.ticket.holder is bob


# --- decline ----------------------------------------------------------------------------------------------------------


def test_declining_brings_the_ticket_back_with_the_proposal(expert):
    offer, link = an_offer(expert), None
    link = a_link(offer)
    bob = an_expert(handle="bob")
    for _click in range(3):
        with transaction():
            offering.decline(
                offer, by=expert, reason=DeclineReason.OUT_OF_SCOPE, note=" Voir les réseaux. ", instead=bob
            )
    ticket = offer.ticket
    assert ticket.state is State.RECEIVED
    assert ticket.holder is None
    assert (offer.state, offer.reason, offer.instead) == (OfferState.DECLINED, DeclineReason.OUT_OF_SCOPE, bob)
    assert offer.note == "Voir les réseaux."
    assert kinds(ticket).count("declined") == 1
    assert ticket.events[-1].facts["instead_id"] == bob.id
    assert "réseaux" not in str(ticket.events[-1].facts)
    assert offering.offer_of_link(link) is None


def test_nobody_proposes_themselves(expert):
    offer = an_offer(expert)
    with pytest.raises(BadInput) as error, transaction():
        offering.decline(offer, by=expert, reason=DeclineReason.OVERLOADED, instead=expert)
    assert _codes(error) == ["same_person"]


def test_the_head_may_decline_for_an_absent_expert(expert):
    head = a_person(Role.HEAD, department=expert.department)
    with transaction():
        expert.department.head_id = head.id
    offer = an_offer(expert)
    with transaction():
        offering.decline(offer, by=head, reason=DeclineReason.UNAVAILABLE)
    assert offer.state is OfferState.DECLINED
    assert offer.ticket.events[-1].role == Role.HEAD


def test_an_accepted_question_is_passed_on_not_declined(expert):
    offer = an_accepted_offer(expert)
    with pytest.raises((Conflict, NotAllowed)), transaction():
        offering.decline(offer, by=expert, reason=DeclineReason.OVERLOADED)
    assert offer.state is OfferState.ACCEPTED


# --- redirect ---------------------------------------------------------------------------------------------------------


def test_a_colleague_of_the_department_is_asked_at_once(expert):
    bob = an_expert(handle="bob")
    offer = an_accepted_offer(expert)
    with transaction():
        result = offering.redirect(offer, by=expert, instead=bob)
    assert offer.state is OfferState.REDIRECTED
    assert result.next_offer is not None
    assert result.next_offer.person is bob
    assert offer.ticket.state is State.OFFERED
    assert offer.ticket.holder is bob
    assert offer.ticket.redirects == 1
    assert kinds(offer.ticket)[-2:] == ["redirected", "offered"]


def test_another_department_is_for_the_community_manager_to_confirm(expert):
    other = an_expert(department=a_department("MOB"))
    offer = an_offer(expert)
    with transaction():
        result = offering.redirect(offer, by=expert, instead=other)
    assert result.next_offer is None
    assert offer.ticket.state is State.RECEIVED
    assert offer.instead is other
    assert kinds(offer.ticket)[-1] == "redirected"


def test_a_department_can_be_proposed_without_naming_anyone(expert):
    offer = an_offer(expert)
    department = a_department("MOB")
    with transaction():
        offering.redirect(offer, by=expert, instead=None, department=department)
    assert offer.ticket.events[-1].facts["department_id"] == department.id
    assert offer.ticket.state is State.RECEIVED


def test_redirecting_needs_somebody(expert):
    offer = an_offer(expert)
    with pytest.raises(BadInput) as error, transaction():
        offering.redirect(offer, by=expert, instead=None)
    assert _codes(error) == ["missing"]


def test_the_fourth_redirect_asks_nobody_and_goes_to_the_community_manager(expert):
    people = [expert, *(an_expert() for _ in range(4))]
    offer = an_offer(expert)
    for now, following in itertools.pairwise(people[:4]):
        with transaction():
            result = offering.redirect(offer, by=now, instead=following)
        assert result.next_offer is not None
        offer = result.next_offer
    with transaction():
        result = offering.redirect(offer, by=people[3], instead=people[4])
    assert result.refused == "too_many_redirects"
    assert result.next_offer is None
    assert offer.ticket.state is State.RECEIVED
    assert offer.instead is people[4]
    assert offer.ticket.events[-1].facts["reason"] == "too_many_redirects"


def test_redirecting_twice_is_one_redirect(expert):
    bob = an_expert(handle="bob")
    offer = an_offer(expert)
    with transaction():
        first = offering.redirect(offer, by=expert, instead=bob)
    with transaction():
        again = offering.redirect(offer, by=expert, instead=bob)
    assert again.next_offer is first.next_offer
    assert offer.ticket.redirects == 1


# --- withdraw, end ----------------------------------------------------------------------------------------------------


def test_withdrawing_after_acceptance_needs_a_reason(expert, manager):
    offer = an_accepted_offer(expert)
    with pytest.raises(BadInput) as error, transaction():
        offering.withdraw(offer, by=manager)
    assert _codes(error) == ["missing"]
    with transaction():
        offering.withdraw(offer, by=manager, reason="Résolu au téléphone")
    assert offer.state is OfferState.WITHDRAWN
    assert offer.ticket.state is State.RECEIVED
    assert offer.note == "Résolu au téléphone"
    assert "téléphone" not in str([event.facts for event in db.session.query(Event)])


# --- links ------------------------------------------------------------------------------------------------------------


def test_a_link_is_good_for_its_offer_until_that_is_over(expert, manager):
    offer = an_offer(expert, by=manager)
    other = an_offer(an_expert(), by=manager)
    link = a_link(offer)
    assert offering.offer_of_link(link) is offer
    assert offering.offer_of_link(link) is not other
    with transaction():
        offering.accept(offer, by=expert, by_link=True)
    assert offering.offer_of_link(link) is offer
    assert offer.ticket.events[-1].facts["by_link"] is True
    with transaction():
        offering.withdraw(offer, by=manager, reason="autre")
    assert offering.offer_of_link(link) is None


def test_a_link_ends_with_time(expert, monkeypatch):
    offer = an_offer(expert)
    link = a_link(offer)
    later = clock.now() + timedelta(days=7, minutes=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert offering.offer_of_link(link) is None


def test_any_other_secret_opens_nothing(app):
    assert offering.offer_of_link("") is None
    assert offering.offer_of_link("x" * 43) is None
    assert db.session.query(Offer).count() == 0
