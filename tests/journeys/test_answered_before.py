"""What was answered before, with the answers of the demonstration: re-used, expired, and expiring while it waits."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from builders.answers import an_official_answer, at
from builders.offers import a_question, an_accepted_offer
from helpdesk import clock
from helpdesk.accounts.access import Role
from helpdesk.answers.models import OfficialAnswer
from helpdesk.answers.precedents import precedents_for, to_revise
from helpdesk.answers.reusing import reuse
from helpdesk.answers.validity import day_of
from helpdesk.db import db, transaction
from helpdesk.errors import NotAllowed
from helpdesk.publishing import posting
from helpdesk.routing import suggesting
from helpdesk.routing.matching import suggestions_for
from helpdesk.routing.models import Offer
from helpdesk.search.access import the_index
from helpdesk.search.following import follow
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.workflow import State
from people import a_channel, a_department, a_person, sign_in
from tests.rules.demo_data import questions, read


@pytest.fixture
def cm(app):
    return a_person(Role.COMMUNITY_MANAGER, locale="fr")


@pytest.fixture
def library(app, monkeypatch):
    """The answers of the demonstration in French, on the day they were written down."""
    at(monkeypatch, datetime(2026, 3, 20, 9, 0, tzinfo=UTC))
    home = a_department()
    author, approver = a_person(Role.EXPERT, department=home), a_person(Role.APPROVER, department=home)
    for answer in read("official_answers.yaml")["answers"]:
        if answer["kind"] == "answer" and answer["lang"] == "fr" and answer["status"] != "withdrawn":
            an_official_answer(
                answer["body"],
                code=answer["id"],
                title=answer["title"],
                department=home,
                author=author,
                approvers=[approver],
                review_by=answer["review_by"],
                approved_at=datetime.combine(answer["validated_at"], datetime.min.time(), UTC),
            )
    follow(the_index())
    return {row.code: row for row in db.session.scalars(select(OfficialAnswer))}


def asks(number: str, monkeypatch) -> Ticket:
    """The question of the demonstration, on its channel and its day."""
    row = next(q for q in questions("fr") if q["id"] == number)
    at(monkeypatch, row["received_at"])
    forum = a_channel("discourse", "discourse", account="https://forum.example.org")
    ticket = a_question(row["text"], channel=forum if row["channel"] == "discourse" else a_channel(), language="fr")
    follow(the_index())
    with transaction():
        suggesting.keep(ticket, suggestions_for(ticket))
    return ticket


def version_of(ticket: Ticket) -> int:
    return db.session.get_one(Ticket, ticket.id, populate_existing=True).version


def test_an_answer_in_force_is_proposed_first_and_posted_in_three_presses(client, cm, library, monkeypatch):
    ticket = asks("fr-021", monkeypatch)
    first = suggestions_for(ticket).official_answers[0]
    assert (first.answer_id, first.usable) == (library["oa-008"].id, True)
    desk = sign_in(client, cm)
    page = desk.get(f"/tickets/{ticket.ref}").text  # one: open it
    assert page.index("Voyant orange clignotant, code D3") < page.index("Qui pourrait répondre")
    assert "25 août 2026" in page
    chosen = {"answer": first.answer_id, "version": ticket.version}
    assert desk.post(f"/tickets/{ticket.ref}/reuse", data=chosen).status_code == 303  # two: use it
    posted = {"url": "https://forum.example.org/t/d3/12/2", "version": version_of(ticket)}
    reply = desk.post(f"/publish/{ticket.ref}", data=posted)  # three: it is posted
    assert reply.status_code in (200, 303), reply.text[:400]
    again = db.session.get_one(Ticket, ticket.id, populate_existing=True)
    assert again.state is State.ANSWERED
    assert db.session.scalar(select(Offer.id)) is None  # no expert was disturbed
    answer = db.session.get_one(OfficialAnswer, first.answer_id, populate_existing=True)
    assert answer.uses == 1
    lineage = desk.get("/answers/oa-008").text
    assert "1 fois" in lineage
    assert ticket.ref in lineage


def test_an_expired_answer_is_shown_cannot_be_posted_and_begins_the_new_one(client, cm, library, monkeypatch):
    ticket = asks("fr-016", monkeypatch)
    found = {each.answer_id: each for each in suggestions_for(ticket).official_answers}
    assert found[library["oa-007"].id].why_not == "expired"
    page = sign_in(client, cm).get(f"/tickets/{ticket.ref}").text
    card = page[page.index("Calendrier d") - 400 :][:2500]
    assert "is-unusable" in card
    assert f'name="answer" value="{library["oa-007"].id}"' not in page
    with pytest.raises(NotAllowed, match="answer_expired"), transaction():
        reuse(ticket, library["oa-007"], by=cm)
    revised = to_revise(precedents_for(ticket, day_of(clock.now())), "fr")
    assert revised is not None
    assert revised.answer.code == "oa-007"
    expert = a_person(Role.EXPERT, department=a_department(), locale="fr")
    offer = an_accepted_offer(expert, ticket=ticket, by=cm)
    form = sign_in(client, expert).get(f"/questions/{offer.id}").text
    assert "La 2G d&#39;Océliane s&#39;éteindra" in form or "La 2G d'Océliane s'éteindra" in form


def test_what_expires_while_it_waits_goes_back_to_be_validated(client, cm, library, monkeypatch):
    at(monkeypatch, datetime(2026, 3, 31, 15, 0, tzinfo=UTC))
    ticket = a_question("Le code PRINTEMPS26 ne marche pas, pourquoi ?", language="fr")
    follow(the_index())
    assert library["oa-018"].current.review_by == date(2026, 3, 31)
    assert suggestions_for(ticket).official_answers[0].answer_id == library["oa-018"].id
    with transaction():
        reuse(ticket, library["oa-018"], by=cm)
    at(monkeypatch, datetime(2026, 4, 1, 8, 0, tzinfo=UTC))
    desk = sign_in(client, cm)
    reply = desk.post(f"/publish/{ticket.ref}", data={"version": ticket.version})
    assert reply.status_code in (303, 403, 409, 422)
    again = db.session.get_one(Ticket, ticket.id, populate_existing=True)
    assert again.state is State.VALIDATING
    assert posting.publications_of(library["oa-018"]) == []
