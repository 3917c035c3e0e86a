"""When the present step is due, from the calendars and policies of the demo organisation."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from builders.offers import a_draft, a_manager, a_question, an_expert, an_offer
from builders.organisation import the_promises
from helpdesk import clock
from helpdesk.answers import writing
from helpdesk.db import db, transaction
from helpdesk.routing import offering
from helpdesk.sla import promising
from helpdesk.sla.models import PolicyVersion
from helpdesk.tickets import triaging
from people import a_department


@pytest.fixture
def clock_at(monkeypatch):
    def move(text):
        instant = datetime.fromisoformat(text).astimezone(UTC)
        monkeypatch.setattr(clock, "now", lambda: instant)
        return instant

    return move


@pytest.fixture
def promises(app):
    the_promises()


def _utc(text):
    return datetime.fromisoformat(text).astimezone(UTC)


def test_without_calendars_and_policies_nothing_is_due(app):
    assert a_question().due_at is None
    assert an_offer(an_expert()).due_at is None


def test_each_step_has_its_own_deadline(promises, clock_at):
    clock_at("2026-04-01T10:00:00+02:00")  # a Wednesday
    expert = an_expert(department=a_department("FAC", calendar="cal-bureau"))
    ticket = a_question()
    assert ticket.due_at == _utc("2026-04-01T11:00:00+02:00")  # web, normal: one hour to triage
    clock_at("2026-04-01T10:30:00+02:00")
    offer = an_offer(expert, ticket=ticket)
    assert offer.due_at == ticket.due_at == _utc("2026-04-01T15:30:00+02:00")  # four hours, lunch is not counted
    clock_at("2026-04-01T11:30:00+02:00")
    with transaction():
        offering.accept(offer, by=expert)
    assert ticket.due_at == _utc("2026-04-02T12:00:00+02:00")  # eight hours
    clock_at("2026-04-02T09:00:00+02:00")
    draft = a_draft(offer)
    with transaction():
        writing.submit(ticket, draft.revision, by=expert)
    assert ticket.due_at == _utc("2026-04-02T14:00:00+02:00")


def test_a_person_elsewhere_counts_in_their_own_hours(promises, clock_at):
    clock_at("2026-03-30T10:30:00+02:00")
    there = an_expert(department=a_department("BOX", calendar="cal-bureau"), calendar="cal-reunion")
    offer = an_offer(there)
    assert offer.due_at == _utc("2026-03-30T17:00:00+04:00")  # it is 12:30 there: lunch, then four hours


def test_another_priority_gives_another_target_to_the_same_clock(promises, clock_at):
    clock_at("2026-04-01T10:00:00+02:00")
    ticket = a_question()
    clock_at("2026-04-01T10:10:00+02:00")
    offer = an_offer(an_expert(department=a_department("FAC", calendar="cal-bureau")), ticket=ticket)
    assert offer.due_at == _utc("2026-04-01T15:10:00+02:00")  # web, normal: four hours, and lunch
    clock_at("2026-04-01T10:40:00+02:00")
    with transaction():
        triaging.triage(ticket, by=a_manager(), class_="question", priority="P2", topics=[])
    db.session.refresh(offer)
    assert ticket.due_at == offer.due_at == _utc("2026-04-01T11:10:00+02:00")  # urgent: one hour since it was asked


def test_a_changed_policy_is_used_from_then_on(promises, clock_at):
    clock_at("2026-04-01T10:00:00+02:00")
    kept = promising.policies()
    with transaction() as session:
        last = session.query(PolicyVersion).filter_by(code="sla-normal-conversation").one()
        document = {**last.document, "policies": [{**last.document["policies"][0], "targets": {"triage": 5}}]}
        session.add(PolicyVersion(code=last.code, version=2, position=last.position, document=document))
    assert a_question().due_at == _utc("2026-04-01T10:05:00+02:00")
    assert promising.policies() != kept


def test_policies_that_cannot_be_used_stop_nobody(promises, clock_at, caplog):
    with transaction() as session:
        session.query(PolicyVersion).filter_by(code="sla-defaut").delete()
    assert a_question().due_at is None
    assert "can't be used" in caplog.text
    assert db.session.query(PolicyVersion).count() == 7
