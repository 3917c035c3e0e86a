"""Merging and taking apart through the API: who may, what forbids it, and what is kept of it."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from builders.api import a_program
from builders.offers import an_expert
from helpdesk.db import db, transaction
from helpdesk.tickets import closing
from helpdesk.tickets.models import Remark, Ticket
from helpdesk.tickets.workflow import Outcome

FIBRE = "Quand la fibre arrive-t-elle ?"


def ok(response, status=200):
    assert response.status_code == status, response.get_data(as_text=True)
    return response.get_json()


def opened(program, text=FIBRE):
    return ok(program.post("/questions", {"text": text, "channel": "web"}), 201)["ticket"]["ref"]


def refused(response, status):
    assert response.status_code == status, response.get_data(as_text=True)
    assert response.mimetype == "application/problem+json"
    return response.get_json()


def test_merged_and_taken_apart_again(manager, ticket):
    lead = opened(manager)
    merged = ok(manager.post(f"/tickets/{ticket}/merge", {"into": lead, "version": 1}))
    assert (merged["state"], merged["outcome"], merged["merged_into"]) == ("closed", "merged", lead)
    whole = ok(manager.get(f"/tickets/{ticket}"))
    assert whole["merged_into"] == lead
    assert whole["events"][-1]["kind"] == "merged"
    assert whole["events"][-1]["facts"].keys() == {"into_ticket_id"}
    apart = ok(manager.post(f"/tickets/{ticket}/unmerge", {"version": merged["version"]}))
    assert (apart["state"], apart["outcome"], apart["merged_into"]) == ("received", None, None)


def test_the_same_key_merges_once(manager, ticket):
    lead = opened(manager)
    answers = [ok(manager.post(f"/tickets/{ticket}/merge", {"into": lead}, "k-merge")) for _again in range(2)]
    assert answers[0] == answers[1]
    assert [event["kind"] for event in ok(manager.get(f"/tickets/{ticket}"))["events"]] == ["received", "merged"]


@pytest.mark.parametrize(
    ("text", "other", "sign", "said"),
    [
        ("Ma box affiche R-14", "Ma box affiche R-21", "other_code", "R14 / R21"),
        ("Mon forfait en Suisse ?", "Mon forfait en Tunisie ?", "other_place", "Switzerland / Tunisia"),
        ("Fin de l'ADSL : date ?", "Fin de la 2G : date ?", "other_technology", "ADSL / 2G"),
        ("Le technicien n'est pas venu", "Le technicien est venu", "denied", "yes"),
    ],
)
def test_what_conflicts_needs_a_reason_which_is_kept(manager, text, other, sign, said):
    ticket, lead = opened(manager, text), opened(manager, other)
    for nothing in ({}, {"reason": None}, {"reason": " \n "}):
        response = manager.post(f"/tickets/{ticket}/merge", {"into": lead} | nothing, **{"Accept-Language": "en"})
        [error] = refused(response, 422)["errors"]
        assert (error["field"], error["code"]) == ("reason", "vetoed")
        assert said in error["detail"]
    assert ok(manager.get(f"/tickets/{ticket}"))["state"] == "received"
    ok(manager.post(f"/tickets/{ticket}/merge", {"into": lead, "reason": "Une même panne, deux modèles."}))
    facts = ok(manager.get(f"/tickets/{ticket}"))["events"][-1]["facts"]
    assert (facts["vetoes"], facts["reason"]) == ([sign], "in_words")
    assert [remark.text for remark in db.session.scalars(select(Remark))] == ["Une même panne, deux modèles."]


def test_what_is_refused_and_how(app, manager, ticket):
    lead = opened(manager)
    assert refused(manager.post(f"/tickets/{ticket}/merge", {}), 422)["errors"][0]["field"] == "into"
    for nowhere in ("R-1999-000001", "nonsense", ticket):
        assert refused(manager.post(f"/tickets/{ticket}/merge", {"into": nowhere}), 422)["errors"][0]["field"] == "into"
    assert refused(manager.post(f"/tickets/{ticket}/merge", {"into": lead, "version": 99}), 409)
    assert refused(manager.post(f"/tickets/{ticket}/unmerge"), 403)["code"] == "not_merged"
    stranger = a_program(app, an_expert())
    for path, body in ((f"/tickets/{ticket}/merge", {"into": lead}), (f"/tickets/{ticket}/unmerge", {})):
        refused(stranger.post(path, body), 404)


def close(ref):
    row = db.session.scalars(select(Ticket).where(Ticket.ref == ref)).one()
    with transaction():
        closing.close(row, by=row.claimed_by, outcome=Outcome.HANDED_OFF, reason="x")


def test_not_apart_once_the_other_is_over(manager, ticket):
    lead = opened(manager)
    ok(manager.post(f"/tickets/{ticket}/merge", {"into": lead}))
    ok(manager.post(f"/tickets/{lead}/triage", {"class": "question"}))
    close(lead)
    assert refused(manager.post(f"/tickets/{ticket}/unmerge"), 403)["code"] == "lead_answered"
