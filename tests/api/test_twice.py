"""The same thing sent twice, by one program or by two at once: it is done once, and who came second is told."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import func, select

from builders.api import Program, a_program
from builders.offers import a_manager, an_expert, an_offer, kinds
from helpdesk.db import db
from helpdesk.tickets.models import IntakeReceipt, Ticket

QUESTION = {"text": "Quand la fibre arrive-t-elle ?", "channel": "web"}


def how_many(model):
    return db.session.scalar(select(func.count()).select_from(model))


def at_once(app, *requests):
    """Send these (program, path, body, key) from as many threads at the same moment; the answers in their order."""
    answers, gate = [None] * len(requests), threading.Barrier(len(requests))

    def send(place, program, path, body, key):
        with app.app_context():
            gate.wait()
            answers[place] = Program(app, program.secret).post(path, body, key)
            db.session.remove()

    threads = [threading.Thread(target=send, args=(place, *each)) for place, each in enumerate(requests)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert None not in answers
    db.session.rollback()
    return answers


def test_a_key_answers_the_same_again(manager):
    first, again = manager.post("/questions", QUESTION, "k-1"), manager.post("/questions", QUESTION, "k-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.get_json() == again.get_json()
    assert how_many(Ticket) == 1


def test_a_key_with_another_body_is_refused(manager, ticket):
    manager.post("/questions", QUESTION, "k-1")
    for path, body in (("/questions", QUESTION | {"text": "Autre"}), (f"/tickets/{ticket}/triage", {"priority": "P1"})):
        response = manager.post(path, body, "k-1")
        assert response.status_code == 422
        assert response.get_json()["errors"][0]["field"] == "Idempotency-Key"
    assert how_many(Ticket) == 2


def test_a_key_belongs_to_its_person(app, manager):
    other = a_program(app, a_manager())
    first, second = manager.post("/questions", QUESTION, "k-1"), other.post("/questions", QUESTION, "k-1")
    assert first.get_json()["id"] != second.get_json()["id"]


def test_a_refusal_is_not_kept(manager):
    assert manager.post("/questions", QUESTION | {"channel": "nope"}, "k-1").status_code == 422
    assert manager.post("/questions", QUESTION, "k-1").status_code == 201


@pytest.mark.parametrize("key", ["a" * 201, "", "a\tb"])
def test_a_key_that_is_none_is_refused(manager, key):
    response = manager.post("/questions", QUESTION, key)
    assert response.status_code == 422
    assert how_many(IntakeReceipt) == 0


def test_a_repeated_change_is_made_once(app, manager, ticket):
    body = {"class": "question", "priority": "P1"}
    first = manager.post(f"/tickets/{ticket}/triage", body, "k-1")
    again = manager.post(f"/tickets/{ticket}/triage", body, "k-1")
    assert first.get_json() == again.get_json()
    row = db.session.scalar(select(Ticket).where(Ticket.ref == ticket))
    assert kinds(row).count("triaged") == 1


def test_two_at_once_with_one_key_open_one_ticket(app, manager):
    answers = at_once(app, *[(manager, "/questions", QUESTION, "k-1")] * 4)
    assert [answer.status_code for answer in answers] == [201] * 4
    assert len({answer.get_json()["ticket"]["ref"] for answer in answers}) == 1
    assert how_many(Ticket) == 1


def test_two_at_once_with_one_post_open_one_ticket(app, manager):
    body = QUESTION | {"external_id": "post-9"}
    answers = at_once(app, *[(manager, "/questions", body, None)] * 4)
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    assert len({answer.get_json()["id"] for answer in answers}) == 1
    assert how_many(Ticket) == 1


def test_four_at_once_get_four_references(app, manager):
    requests = [(manager, "/questions", QUESTION | {"external_id": f"post-{number}"}, None) for number in range(4)]
    answers = at_once(app, *requests)
    assert [answer.status_code for answer in answers] == [201] * 4
    assert len({answer.get_json()["ticket"]["ref"] for answer in answers}) == 4


def test_of_two_who_saw_the_same_version_the_second_is_told(app, manager, ticket):
    other = a_program(app, a_manager(handle="cm-02", name="Nora Second"))
    bodies = [{"class": "question", "priority": priority, "version": 1} for priority in ("P1", "P2")]
    path = f"/tickets/{ticket}/triage"
    answers = at_once(app, (manager, path, bodies[0], None), (other, path, bodies[1], None))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    loser = next(answer for answer in answers if answer.status_code == 409)
    assert loser.mimetype == "application/problem+json"
    row = db.session.scalar(select(Ticket).where(Ticket.ref == ticket))
    assert kinds(row) == ["received", "triaged"]


def test_who_comes_second_is_told_what_changed(app, manager, ticket):
    other = a_program(app, a_manager(handle="cm-02", name="Nora Second"))
    assert (
        other.post(f"/tickets/{ticket}/triage", {"class": "question", "priority": "P1", "version": 1}).status_code
        == 200
    )
    late = manager.post(f"/tickets/{ticket}/triage", {"class": "question", "priority": "P3", "version": 1})
    assert late.status_code == 409
    changed = late.get_json()["what_changed"]
    assert (changed["kind"], changed["by"], changed["state"], changed["version"]) == (
        "triaged", "Nora Second", "received", 2,
    )  # fmt: skip
    again = {"class": "question", "priority": "P3", "version": changed["version"]}
    assert manager.post(f"/tickets/{ticket}/triage", again).status_code == 200


def test_an_offer_accepted_twice_at_once_is_accepted_once(app, manager):
    expert = an_expert()
    offer = an_offer(expert)
    theirs = a_program(app, expert)
    answers = at_once(app, *[(theirs, f"/offers/{offer.id}/accept", {}, None)] * 2)
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert 200 in [answer.status_code for answer in answers]
    assert kinds(offer.ticket).count("accepted") == 1


def test_accepting_what_was_withdrawn_is_a_conflict(app, manager):
    expert, second = an_expert(), an_expert()
    offer = an_offer(expert)
    assert manager.post(f"/tickets/{offer.ticket.ref}/offers", {"person": second.handle}).status_code == 201
    late = a_program(app, expert).post(f"/offers/{offer.id}/accept")
    assert late.status_code in (403, 409)
    assert late.mimetype == "application/problem+json"
