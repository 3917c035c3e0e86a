"""Suggestions for a ticket: who, why, how sure, what is kept of it, and what is learned from what followed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from builders.answers import an_approver, an_official_answer
from builders.offers import a_draft, a_manager, a_question, an_expert
from builders.triage import a_topic, an_escalated_ticket, events_of
from helpdesk import clock
from helpdesk.accounts.models import Absence, OrganisationSetting
from helpdesk.answers import approving, writing
from helpdesk.db import db, transaction
from helpdesk.outbox import OutboxRow, RowState
from helpdesk.routing import learning, matching, offering, suggesting
from helpdesk.routing.confidence import Calibration, Confidence, Mode
from helpdesk.routing.models import Decision, DeclineReason, Offer, Skill
from helpdesk.routing.my_offers import reasons_of
from helpdesk.routing.reasons import ReasonKind
from helpdesk.search import following
from helpdesk.search.access import the_index
from helpdesk.tickets.events import reindex
from helpdesk.tickets.models import Event, Ticket
from helpdesk.tickets.triaging import triage
from helpdesk.tickets.workflow import Kind, State
from people import a_department
from workers.carrying import carry_out

pytestmark = pytest.mark.usefixtures("app")

TEXT = "Le décodeur affiche l’erreur T-105 et la télécommande ne répond plus depuis ce matin"


@pytest.fixture
def tv():
    """The one who knows set-top boxes."""
    return an_expert(
        handle="tv", profile="Décodeur, télécommande, erreur T-105, image figée", department=a_department("BOX")
    )


@pytest.fixture
def bills():
    return an_expert(handle="bills", profile="Facture, prélèvement, remboursement", department=a_department("FAC"))


def indexed(*people):
    with transaction():
        for person in people:
            reindex("person", person.id)
    following.follow(the_index())


def offer_to(ticket, person):
    with transaction():
        return offering.offer(ticket, person, by=a_manager())


def suggest_jobs():
    return db.session.scalars(
        select(OutboxRow.id).where(OutboxRow.job == "workers.routing.suggest").order_by(OutboxRow.id)
    ).all()


def carried_out(job, ticket, *, works=True):
    """Do a job as the worker does, in memory of its own, and read the ticket again."""
    ticket_id = ticket.id
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(db.session, "expunge_all", lambda: None)  # the people of the test stay at hand
        assert carry_out(job) is works
    return db.session.get(Ticket, ticket_id)


def decisions(ticket):
    return db.session.scalars(select(Decision).where(Decision.ticket_id == ticket.id).order_by(Decision.id)).all()


def test_the_right_person_is_suggested_with_reasons(tv, bills):
    indexed(tv, bills)
    said = matching.suggestions_for(a_question(TEXT))
    first = said.experts[0]
    assert first.person_id == tv.id
    words = {reason.kind: reason.data for reason in first.reasons}
    assert words[ReasonKind.CODE]["words"] == ["T-105"]
    assert {"décodeur", "télécommande"} <= set(words[ReasonKind.WORDS]["words"])
    assert said.mode is Mode.PROPOSE
    assert first.confidence is Confidence.SURE


def test_little_said_is_not_guessed(tv, bills):
    indexed(tv, bills)
    for text in ("ça marche pas", "help"):
        assert matching.suggestions_for(a_question(text)).mode is Mode.ABSTAIN


def test_a_text_is_matched_without_being_stored(tv):
    indexed(tv)
    before = db.session.scalar(select(func.count()).select_from(Event))
    said = matching.suggestions_for_text(TEXT)
    assert [expert.person_id for expert in said.experts] == [tv.id]
    assert said.language == "fr"
    assert db.session.scalar(select(func.count()).select_from(Event)) == before


def test_the_facts_of_today_count(tv, bills):
    other = an_expert(profile="Décodeur et télécommande", department=a_department("BOX"))
    indexed(tv, bills, other)
    ticket = a_question(TEXT)
    with transaction() as session:
        now = clock.now()
        session.add(Absence(person_id=tv.id, starts_at=now, ends_at=now + timedelta(days=3), delegate_id=bills.id))
    said = matching.suggestions_for(ticket)
    assert {expert.person_id for expert in said.experts} == {bills.id, other.id}
    assert said.not_chosen[0].person_id == tv.id
    assert said.not_chosen[0].why.kind is ReasonKind.ABSENCE


def test_whoever_declined_this_ticket_is_not_suggested_again(tv, bills):
    indexed(tv, bills)
    ticket = a_question(TEXT)
    offer = offer_to(ticket, tv)
    with transaction():
        offering.decline(offer, by=tv, reason=DeclineReason.OUT_OF_SCOPE)
    said = matching.suggestions_for(ticket)
    assert tv.id not in [expert.person_id for expert in said.experts]
    assert said.not_chosen[0].why.data == {"reason": "out_of_scope"}
    assert matching.suggestions_for(a_question(TEXT)).experts[0].person_id == tv.id


def test_topics_given_in_triage_move_those_who_declared_them_up(tv, bills):
    topic = a_topic("facture.lecture", bills.department)
    with transaction() as session:
        session.add(Skill(person_id=bills.id, topic_id=topic.id, level=3))
    indexed(tv, bills)
    ticket = a_question("Montant étrange sur la facture et décodeur en panne")
    with transaction():
        triage(ticket, by=a_manager(), class_="question", priority="P3", topics=[topic])
    first = matching.suggestions_for(ticket).experts[0]
    assert first.person_id == bills.id
    assert Kind.TRIAGED in [event.kind for event in events_of(ticket)]


def test_official_answers_that_look_fitting_say_whether_they_may_be_used(tv):
    for number in range(6):
        an_official_answer(f"Votre facture numéro {number} est dans l’espace client.", title="Lire sa facture")
    fitting = an_official_answer("Relancez l’association du décodeur, erreur T-105.", title="Erreur T-105")
    expired = an_official_answer(
        "Décodeur : ancienne consigne pour l’erreur T-105.",
        title="Erreur T-105 du décodeur",
        review_by=(clock.now() - timedelta(days=5)).date(),
        approved_at=clock.now() - timedelta(days=90),
    )
    english = an_official_answer("Restart the box, error T-105.", title="Error T-105", language="en")
    indexed(tv)
    said = {a.answer_id: a for a in matching.suggestions_for(a_question(TEXT)).official_answers}
    assert said[fitting.id].usable
    assert said[expired.id].why_not == "expired"
    assert english.id not in said or said[english.id].why_not == "other_language"


def test_the_worker_keeps_the_decision_and_an_event(tv, bills):
    indexed(tv, bills)
    ticket = a_question(TEXT)
    (job,) = suggest_jobs()
    ticket = carried_out(job, ticket)
    (decision,) = decisions(ticket)
    assert (decision.first_person_id, decision.mode, decision.engine) == (tv.id, "propose", matching.ENGINE)
    assert decision.suggestions["experts"][0]["reasons"]
    event = events_of(ticket)[-1]
    assert (event.kind, event.facts) == (Kind.SUGGESTED, {"decision_id": decision.id, "mode": "propose"})
    assert db.session.get(OutboxRow, job).state is RowState.DONE


def test_the_same_suggestions_are_not_kept_twice(tv, bills):
    indexed(tv, bills)
    ticket = a_question(TEXT)
    said = matching.suggestions_for(ticket)
    with transaction():
        assert suggesting.keep(ticket, said) is not None
    with transaction():
        assert suggesting.keep(ticket, said) is None
    assert len(decisions(ticket)) == 1


def test_a_job_done_twice_keeps_one_decision(tv):
    indexed(tv)
    ticket = a_question(TEXT)
    (job,) = suggest_jobs()
    ticket = carried_out(job, ticket)
    with transaction() as session:
        session.execute(update(OutboxRow).where(OutboxRow.id == job).values(state=RowState.WAITING))
    ticket = carried_out(job, ticket)
    assert len(decisions(ticket)) == 1


def test_suggestions_wait_for_an_index_that_knows_everybody(tv):
    ticket = a_question(TEXT)
    following.follow(the_index())
    with transaction():
        reindex("person", tv.id)
    (job,) = suggest_jobs()
    ticket = carried_out(job, ticket, works=False)
    assert decisions(ticket) == []
    row = db.session.get(OutboxRow, job)
    assert row.state is RowState.WAITING
    assert row.run_at > clock.now()
    following.follow(the_index())
    with transaction() as session:
        session.execute(update(OutboxRow).where(OutboxRow.id == job).values(run_at=clock.now()))
    ticket = carried_out(job, ticket)
    assert len(decisions(ticket)) == 1


def test_nothing_is_suggested_for_what_moved_on_or_is_restricted(tv):
    indexed(tv)
    offered = a_question(TEXT)
    offer_to(offered, tv)
    escalated = an_escalated_ticket(a_manager(), text=TEXT)
    before = decisions(offered)
    for job in suggest_jobs():
        offered = carried_out(job, offered)
    assert (decisions(offered), decisions(escalated)) == (before, [])


def test_what_was_on_the_table_is_kept_when_somebody_is_asked_before_the_worker_came(tv):
    indexed(tv)
    ticket = a_question(TEXT)
    assert decisions(ticket) == []
    offer = offer_to(ticket, tv)
    (decision,) = decisions(ticket)
    assert decision.first_person_id == tv.id
    assert reasons_of(offer)
    assert [event.kind for event in ticket.events][-2:] == [Kind.SUGGESTED, Kind.OFFERED]


def test_automatic_mode_asks_by_itself_once_it_is_allowed_to(tv, bills, monkeypatch):
    indexed(tv, bills)
    calibration = Calibration(shift=0.0, stretch=1.0, least_fit=0.0, least_fit_alone=0.0)
    known = learning.Experience(500, calibration, automatic_from=0.9)
    monkeypatch.setattr(matching, "experience", lambda: known)
    monkeypatch.setattr(matching, "probability", lambda signals, calibration: 0.97)

    def asked():
        ticket = a_question(TEXT)
        return carried_out(suggest_jobs()[-1], ticket)

    assert asked().state is State.RECEIVED
    with transaction() as session:
        session.add(OrganisationSetting(name="automatic_routing", value={"value": True}))
    assert asked().state is State.RECEIVED
    with transaction():
        a_department("BOX").automatic_routing = True
    ticket = asked()
    assert ticket.state is State.OFFERED
    offer = db.session.scalar(select(Offer).where(Offer.ticket_id == ticket.id))
    assert (offer.person_id, offer.mode) == (tv.id, "automatic")


# --- what is learned


def published_by(ticket, person):
    """A ticket whose text `person` wrote and which was posted."""
    offer = offer_to(ticket, person)
    with transaction():
        offering.accept(offer, by=person)
    draft = a_draft(offer, "La réponse.")
    with transaction():
        writing.submit(ticket, draft.revision, by=person)
    with transaction():
        approving.approve(ticket, draft.revision, by=an_approver(department=person.department))
    return ticket


def kept(ticket):
    with transaction():
        return suggesting.keep(ticket, matching.suggestions_for(ticket))


def learn_from(ticket, kind, **facts):
    """Let the event's lesson be taken, as the worker does."""
    event = Event(ticket_id=ticket.id, kind=kind, facts=facts)
    with transaction():
        learning.note(event)


def version_of(ticket):
    approved = next(event for event in events_of(ticket) if event.kind is Kind.APPROVED)
    return approved.facts["version_id"]


@pytest.mark.parametrize("answered_by_first", [True, False])
def test_a_decision_was_right_when_the_first_suggested_wrote_the_answer(tv, bills, answered_by_first):
    indexed(tv, bills)
    ticket = a_question(TEXT)
    decision = kept(ticket)
    published_by(ticket, tv if answered_by_first else bills)
    assert decision.right is None
    learn_from(ticket, Kind.PUBLISHED, version_id=version_of(ticket))
    assert decision.right is answered_by_first
    learn_from(ticket, Kind.PUBLISHED, version_id=version_of(ticket))
    assert learning.experience().decided == 1


@pytest.mark.parametrize(("reason", "right"), [("out_of_scope", False), ("unavailable", None)])
def test_only_a_decline_for_scope_says_that_the_suggestion_was_wrong(tv, reason, right):
    indexed(tv)
    ticket = a_question(TEXT)
    decision = kept(ticket)
    offer_to(ticket, tv)
    learn_from(ticket, Kind.DECLINED, person_id=tv.id, reason=reason)
    assert decision.right is right


def test_enough_decided_tickets_calibrate_the_probability(tv):
    indexed(tv)
    ticket = a_question(TEXT)
    said = matching.suggestions_for(ticket)
    with transaction() as session:
        for number in range(219):
            session.add(
                Decision(
                    ticket_id=ticket.id,
                    made_at=clock.now(),
                    engine=matching.ENGINE,
                    mode="propose",
                    suggestions=said.as_document(),
                    right=number % 2 == 0,
                )
            )
        session.add(OrganisationSetting(name=learning.KEPT_AS, value={"decided": 219, "curve": None}))
    decision = kept(ticket)
    offer_to(ticket, tv)
    learn_from(ticket, Kind.REDIRECTED, person_id=tv.id)
    assert decision.right is False
    assert learning.experience().decided == 220
    assert matching.suggestions_for(a_question(TEXT)).probability == pytest.approx(0.5, abs=0.05)
