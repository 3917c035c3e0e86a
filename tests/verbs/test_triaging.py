"""Claim, triage, escalate, merge, ask back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from builders.triage import a_ticket, a_topic, a_triaged_ticket, an_escalated_ticket, events_of
from helpdesk import clock
from helpdesk.accounts.access import Role
from helpdesk.accounts.models import ASKER, SYSTEM
from helpdesk.accounts.organisation import change_setting
from helpdesk.db import db, transaction
from helpdesk.errors import BadInput, Conflict, NotAllowed, NotFound
from helpdesk.intake.cleaning import clean
from helpdesk.routing import offering
from helpdesk.routing.models import OfferState
from helpdesk.tickets import closing, events, triaging
from helpdesk.tickets.models import Clarification, Remark
from helpdesk.tickets.seeing import ticket_for, visible_tickets
from helpdesk.tickets.workflow import Kind, Outcome, Queue, State
from people import a_department, a_person


@pytest.fixture
def cm(app):
    return a_person(Role.COMMUNITY_MANAGER)


@pytest.fixture
def colleague(app):
    return a_person(Role.COMMUNITY_MANAGER)


def _later(monkeypatch, **passed):
    now = clock.now() + timedelta(**passed)
    monkeypatch.setattr(clock, "now", lambda: now)


def _choices(**given):
    return {"class_": "question", "priority": "P3", "topics": [], **given}


def test_claiming_keeps_a_colleague_away_for_a_quarter_of_an_hour(cm, colleague, monkeypatch):
    ticket = a_ticket()
    with transaction():
        triaging.claim(ticket, by=cm)
    with pytest.raises(Conflict) as refusal, transaction():
        triaging.claim(ticket, by=colleague)
    assert refusal.value.what_changed["kind"] == "claimed"
    assert refusal.value.what_changed["by"] == cm.name
    _later(monkeypatch, minutes=16)
    with transaction():
        triaging.claim(ticket, by=colleague)
    assert ticket.claimed_by_id == colleague.id


def test_claiming_twice_is_claiming_once(cm):
    ticket = a_ticket()
    for _time in range(2):
        with transaction():
            triaging.claim(ticket, by=cm)
    assert [event.kind for event in events_of(ticket)] == [Kind.RECEIVED, Kind.CLAIMED]


def test_only_who_claimed_lets_go(cm, colleague):
    ticket = a_ticket()
    with transaction():
        triaging.claim(ticket, by=cm)
    with pytest.raises(NotAllowed, match="not_yours"), transaction():
        triaging.release(ticket, by=colleague)
    with transaction():
        triaging.release(ticket, by=cm)
    assert ticket.claimed_by_id is None
    assert ticket.holder_id is None


def test_triage_fills_the_ticket_and_moves_it_to_the_list_to_route(cm):
    department = a_department("FIX")
    topic = a_topic(department=department)
    ticket = a_ticket()
    with transaction():
        triaging.triage(ticket, by=cm, class_="question", priority="P2", topics=[topic], language="fr", version=1)
    assert (ticket.state, ticket.queue) == (State.RECEIVED, Queue.ROUTE)
    assert (ticket.class_, ticket.priority, ticket.language) == ("question", "P2", "fr")
    assert ticket.department_id == department.id
    assert ticket.triaged_at is not None
    assert ticket.claimed_by_id == cm.id
    facts = events_of(ticket)[-1].facts
    assert facts["previous_priority"] == "P3"
    assert facts["topics"] == [topic.id]
    assert facts["department_id"] == department.id


def test_topics_may_be_chosen_again(cm):
    first, second = a_topic("fibre.panne"), a_topic("fibre.debit")
    ticket = a_triaged_ticket(cm, topics=[first])
    with transaction():
        triaging.triage(ticket, by=cm, **_choices(topics=[second, first]))
    with transaction():
        triaging.triage(ticket, by=cm, **_choices(topics=[second]))
    assert [row.topic_id for row in ticket.topic_rows] == [second.id]


def test_every_wrong_choice_is_told_at_once(cm):
    ticket = a_ticket()
    wrong = {"class_": "gossip", "priority": "P9", "topics": [], "sensitivity": "odd", "language": "xx"}
    with pytest.raises(BadInput) as refusal, transaction():
        triaging.triage(ticket, by=cm, **wrong)
    assert [problem.field for problem in refusal.value.problems] == ["class", "priority", "sensitivity", "language"]
    assert events_of(ticket)[-1].kind is Kind.RECEIVED


def test_the_class_brings_its_sensitivity_unless_one_is_chosen(cm):
    assert a_triaged_ticket(cm, class_="press").sensitivity == "press"
    assert a_triaged_ticket(cm, class_="press", sensitivity="legal").sensitivity == "legal"
    assert a_triaged_ticket(cm, class_="question").sensitivity is None


def test_a_press_question_is_never_offered_to_an_expert(cm):
    expert = a_person(Role.EXPERT, department=a_department())
    ticket = a_triaged_ticket(cm, class_="press")
    with pytest.raises(NotAllowed, match="press_never_offered"), transaction():
        offering.offer(ticket, expert, by=cm)


def test_who_comes_second_is_told_what_the_first_did(cm, colleague):
    ticket = a_ticket()
    with transaction():
        triaging.triage(ticket, by=cm, version=1, **_choices(priority="P2"))
    with pytest.raises(Conflict) as refusal, transaction():
        triaging.triage(ticket, by=colleague, version=1, **_choices(priority="P4"))
    assert refusal.value.what_changed["kind"] == "triaged"
    assert refusal.value.what_changed["by"] == cm.name
    assert refusal.value.what_changed["version"] == 2
    assert ticket.priority == "P2"


def test_new_suggestions_do_not_make_an_open_page_stale(cm):
    ticket = a_ticket()
    with transaction():
        events.append(ticket, Kind.SUGGESTED, by=SYSTEM, decision_id=1, mode="propose")
    with transaction():
        triaging.triage(ticket, by=cm, version=1, **_choices())
    assert ticket.version == 3


def test_a_version_from_the_future_is_refused(cm):
    ticket = a_ticket()
    with pytest.raises(Conflict), transaction():
        triaging.triage(ticket, by=cm, version=7, **_choices())


@pytest.mark.parametrize("role", [Role.EXPERT, Role.APPROVER, Role.ADMINISTRATOR, Role.AMBASSADOR])
def test_others_do_not_triage_and_do_not_see_it(cm, role):
    ticket = a_ticket()
    with pytest.raises(NotFound), transaction():
        triaging.triage(ticket, by=a_person(role), **_choices())


def test_the_committee_looks_but_does_not_triage(app):
    ticket = a_ticket()
    with pytest.raises(NotAllowed), transaction():
        triaging.triage(ticket, by=a_person(Role.COMMITTEE), **_choices())


def test_an_escalated_ticket_exists_for_the_named_only(cm, colleague):
    lawyer = a_person(Role.APPROVER)
    change_setting("circuits", {"legal": [lawyer.handle]}, by=SYSTEM)
    db.session.commit()
    ticket = an_escalated_ticket(cm, "legal")
    assert ticket.restricted
    assert (ticket.state, ticket.circuit) == (State.ESCALATED, "legal")
    assert ticket_for(lawyer, ticket.ref) is ticket
    assert ticket_for(cm, ticket.ref) is ticket
    with pytest.raises(NotFound):
        ticket_for(colleague, ticket.ref)
    assert db.session.scalars(visible_tickets(colleague)).all() == []
    event = events_of(ticket)[-1]
    assert event.facts == {"circuit": "legal", "reason": "in_words"}
    assert db.session.get(Remark, event.id).text == "A formal notice by a lawyer."


def test_without_named_people_the_committee_and_the_hub_look_after_it(cm):
    hub = a_department("COM", answers=False)
    press_officer = a_person(Role.APPROVER, department=hub)
    chair = a_person(Role.COMMITTEE)
    other = a_person(Role.APPROVER, department=a_department("FIX"))
    ticket = an_escalated_ticket(cm, "press")
    assert {row.person_id for row in ticket.named_rows} == {cm.id, press_officer.id, chair.id}
    assert other.id not in {row.person_id for row in ticket.named_rows}


def test_escalating_takes_the_question_back_from_the_expert(cm):
    expert = a_person(Role.EXPERT, department=a_department())
    ticket = a_triaged_ticket(cm)
    with transaction():
        offer = offering.offer(ticket, expert, by=cm)
    with transaction():
        triaging.escalate(ticket, by=cm, circuit="security", reason="threat")
    assert offer.state is OfferState.WITHDRAWN
    assert ticket.holder_id is None
    with pytest.raises(NotFound):
        ticket_for(expert, ticket.ref)


def test_releasing_ends_the_restriction(cm, colleague):
    ticket = an_escalated_ticket(cm)
    with pytest.raises(NotFound), transaction():
        triaging.release_escalated(ticket, by=colleague, reason="no")
    with transaction():
        triaging.release_escalated(ticket, by=cm, reason="The lawyer agrees to a normal answer.")
    assert not ticket.restricted
    assert ticket.state is State.RECEIVED
    assert ticket_for(colleague, ticket.ref) is ticket


def test_an_unknown_circuit_or_no_reason_is_refused(cm):
    ticket = a_ticket()
    with pytest.raises(BadInput), transaction():
        triaging.escalate(ticket, by=cm, circuit="gossip", reason="x")
    with pytest.raises(BadInput), transaction():
        triaging.escalate(ticket, by=cm, circuit="legal", reason="  ")
    assert not ticket.restricted


def test_merging_closes_one_and_points_to_the_other(cm):
    ticket, lead = a_ticket(), a_ticket("La même question, posée avant.")
    with transaction():
        triaging.merge(ticket, lead, by=cm)
    assert (ticket.state, ticket.outcome) == (State.CLOSED, Outcome.MERGED)
    assert ticket.merged_into_id == lead.id
    assert lead.state is State.RECEIVED
    with transaction():
        assert triaging.merge(ticket, lead, by=cm) is ticket
    assert [event.kind for event in events_of(ticket)].count(Kind.MERGED) == 1


def test_not_merged_into_itself_a_closed_or_a_restricted_one(cm):
    ticket = a_ticket()
    closed = a_triaged_ticket(cm)
    with transaction():
        closing.close(closed, by=cm, outcome=Outcome.NO_REPLY, reason="praise")
    for into in (ticket, closed, an_escalated_ticket(cm)):
        with pytest.raises(BadInput), transaction():
            triaging.merge(ticket, into, by=cm)
    assert ticket.state is State.RECEIVED


def test_a_crisis_is_never_merged_away(cm):
    ticket, lead = a_triaged_ticket(cm, priority="P1"), a_ticket()
    with pytest.raises(NotAllowed, match="crisis_not_merged"), transaction():
        triaging.merge(ticket, lead, by=cm)


def test_the_asker_is_asked_back_at_most_twice(cm):
    ticket = a_ticket("ça marche pas")
    for number in range(2):
        with transaction():
            triaging.ask_clarification(ticket, by=cm, wording="Quelle box avez-vous ?")
        assert ticket.waiting_for_asker
        with pytest.raises(NotAllowed, match="already_asked"), transaction():
            triaging.ask_clarification(ticket, by=cm, wording="Et encore ?")
        reply = clean(text=f"La blanche ({number})", channel="web", now=clock.now())
        with transaction():
            triaging.record_reply(ticket, reply, by=ASKER)
        assert not ticket.waiting_for_asker
    with pytest.raises(NotAllowed, match="asked_twice"), transaction():
        triaging.ask_clarification(ticket, by=cm, wording="Et encore ?")
    assert all(row.answered_at for row in db.session.query(Clarification))


def test_a_reply_is_masked_and_kept_with_the_ticket(cm):
    ticket = a_ticket()
    reply = clean(text="Appelez-moi au 06 12 34 56 78.", channel="web", now=clock.now(), external_id="r-1")
    with transaction():
        question = triaging.record_reply(ticket, reply, by=cm)
    with transaction():
        assert triaging.record_reply(ticket, reply, by=cm) is question
    assert "06 12" not in question.text
    assert question.original.text == "Appelez-moi au 06 12 34 56 78."
    assert ticket.personal_data
    assert len(ticket.questions) == 2
    assert [event.kind for event in events_of(ticket)].count(Kind.ASKER_REPLIED) == 1


def test_a_late_reply_reopens_what_was_closed_for_lack_of_detail(cm):
    ticket = a_triaged_ticket(cm)
    with transaction():
        closing.close(ticket, by=cm, outcome=Outcome.NO_DETAIL, reason="silence")
    with transaction():
        reply = clean(text="Pardon, j’étais en vacances.", channel="web", now=clock.now())
        triaging.record_reply(ticket, reply, by=ASKER)
    assert ticket.state is State.RECEIVED
    assert ticket.outcome is None


def test_reading_the_original_is_recorded(cm):
    ticket = a_ticket("Mon numéro : 06 12 34 56 78")
    with transaction():
        original = triaging.read_original(ticket.question, by=cm, reason="To call them back.")
    assert "06 12 34 56 78" in original.text
    event = events_of(ticket)[-1]
    assert (event.kind, event.actor_id) == (Kind.ORIGINAL_READ, cm.id)
    assert db.session.get(Remark, event.id).text == "To call them back."
    with pytest.raises(NotAllowed), transaction():
        triaging.read_original(ticket.question, by=a_person(Role.COMMITTEE), reason="curious")
