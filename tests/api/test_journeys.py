"""Questions carried from end to end by programs alone, each with the token of the person it acts for."""

from __future__ import annotations

from datetime import timedelta

import pytest

from builders.answers import an_approver, an_official_answer, at, in_days
from builders.api import a_program
from builders.offers import a_manager, an_expert
from builders.triage import a_topic
from helpdesk import clock
from helpdesk.accounts.access import Role
from helpdesk.accounts.models import TokenScope
from helpdesk.db import db, transaction
from helpdesk.search import access, following
from people import a_channel, a_department, a_person

TEXT = "Bonjour, mon adresse 12 rue des Ormeaux est introuvable sur la carte de la fibre, que faire ?"


@pytest.fixture
def programs(app):
    """The programs of a community manager, an expert, an approver and a web site that only takes questions in."""
    a_channel("web")
    a_channel("forum", "discourse", account="forum.example.org")
    a_topic("fibre.adresse")
    site = a_program(app, a_manager(handle="site"), TokenScope.INTAKE)
    return {
        "site": site,
        "manager": a_program(app, a_manager(handle="cm-01")),
        "expert": a_program(app, an_expert(handle="exp-01")),
        "approver": a_program(app, an_approver(handle="val-01")),
    }


def ok(response, status=200):
    assert response.status_code == status, response.get_data(as_text=True)
    return response.get_json()


def asked(programs, channel="forum", **more):
    body = {"text": TEXT, "channel": channel, "external_id": "post-12", "url": "https://forum.example.org/t/a/12/1"}
    return ok(programs["site"].post("/questions", body | more), 201)


def written(programs, ref, body="Écrivez-nous : votre adresse sera ajoutée en **dix jours**."):
    """The expert is asked, says yes and hands a text over. Returns the revision."""
    offer = ok(programs["manager"].post(f"/tickets/{ref}/offers", {"person": "exp-01"}), 201)
    ok(programs["expert"].post(f"/offers/{offer['id']}/accept"))
    draft = {"body": body, "sources": "Plan de déploiement", "review_by": in_days(90).isoformat()}
    revision = ok(programs["expert"].post(f"/tickets/{ref}/drafts", draft), 201)["revision"]
    ok(programs["expert"].post(f"/tickets/{ref}/submission", {"revision": revision}))
    return revision


def test_first_answer_end_to_end(programs):
    opened = asked(programs)
    ref = opened["ticket"]["ref"]
    manager, approver = programs["manager"], programs["approver"]
    triaged = ok(
        manager.post(f"/tickets/{ref}/triage", {"class": "question", "priority": "P2", "topics": ["fibre.adresse"]})
    )
    assert (triaged["class"], triaged["priority"], triaged["topics"]) == ("question", "P2", ["fibre.adresse"])
    assert ok(manager.get("/tickets", state="received"))["items"][0]["ref"] == ref
    revision = written(programs, ref)
    assert ok(approver.get(f"/tickets/{ref}"))["state"] == "validating"
    approved = ok(approver.post(f"/tickets/{ref}/approval", {"revision": revision, "decision": "approve"}))
    assert approved["official_answer"]["body"].startswith("Écrivez-nous")
    assert approved["ticket"]["state"] == "ready"
    body = {
        "channel": "forum",
        "url": "https://forum.example.org/t/a/12/2",
        "text": "Écrivez-nous : votre adresse sera ajoutée en dix jours.",
    }
    posted = ok(manager.post(f"/tickets/{ref}/publications", body), 201)
    assert posted["matches_approved"] is True
    whole = ok(manager.get(f"/tickets/{ref}"))
    assert whole["state"] == "answered"
    assert [event["kind"] for event in whole["events"]] == [
        "received", "triaged", "offered", "accepted", "drafted", "submitted", "approved", "published",
    ]  # fmt: skip
    assert [event["sequence"] for event in whole["events"]] == list(range(1, 9))
    assert whole["version"] == 8
    assert whole["official_answer"]["id"] == approved["official_answer"]["id"]
    assert {"triage", "accept", "answer", "validate", "post", "public"} <= {each["clock"] for each in whole["clocks"]}
    assert all(each["segments"][-1]["to"] for each in whole["clocks"])
    [version] = ok(manager.get(f"/official-answers/{whole['official_answer']['id']}/versions"))["items"]
    assert (version["author"], version["approvers"]) == ("exp-01", ["val-01"])
    assert len(version["hash"]) == len(version["text_sha256"]) == 64


def test_a_changed_figure_is_seen_and_recorded(programs):
    ref = asked(programs)["ticket"]["ref"]
    revision = written(programs, ref)
    ok(programs["approver"].post(f"/tickets/{ref}/approval", {"revision": revision, "decision": "approve"}))
    body = {
        "channel": "forum",
        "url": "https://forum.example.org/t/a/12/2",
        "text": "Écrivez-nous : votre adresse sera ajoutée en huit jours.",
    }
    posted = ok(programs["manager"].post(f"/tickets/{ref}/publications", body), 201)
    assert (posted["matches_approved"], posted["verdict"]) == (False, "different")
    assert posted["differences"]


def test_reuse_proposes_what_is_in_force_and_greys_what_has_expired(app, programs, monkeypatch):
    now = clock.now()
    text = "Votre adresse sera ajoutée à la carte de la fibre sous dix jours."
    usable = an_official_answer(text, title="Adresse introuvable sur la carte", review_by=in_days(60))
    expired = an_official_answer(text, title="Adresse introuvable", review_by=(now + timedelta(days=1)).date())
    at(monkeypatch, now + timedelta(days=5))
    _index()
    ref = asked(programs)["ticket"]["ref"]
    suggested = ok(programs["manager"].get(f"/tickets/{ref}/suggestions"))
    assert set(suggested) == {"mode", "experts", "not_chosen", "official_answers", "similar_tickets"}
    answers = {answer["id"]: answer for answer in suggested["official_answers"]}
    assert (answers[usable.code]["usable"], answers[usable.code]["why_not"]) == (True, None)
    assert answers[expired.code]["usable"] is False
    assert answers[expired.code]["why_not"]
    assert ok(programs["manager"].get(f"/official-answers/{expired.code}"))["status"] == "expired"
    found = ok(programs["manager"].get("/official-answers", q="adresse carte", status="in_force"))["items"]
    assert [answer["id"] for answer in found] == [usable.code]


def test_a_text_that_expired_after_its_approval_cannot_be_posted(programs, monkeypatch):
    ref = asked(programs)["ticket"]["ref"]
    revision = written(programs, ref)
    ok(programs["approver"].post(f"/tickets/{ref}/approval", {"revision": revision, "decision": "approve"}))
    at(monkeypatch, clock.now() + timedelta(days=120))
    refused = programs["manager"].post(
        f"/tickets/{ref}/publications", {"channel": "forum", "url": "https://forum.example.org/t/a/12/2"}
    )
    assert refused.status_code == 403
    assert refused.get_json()["code"]
    assert ok(programs["manager"].get(f"/tickets/{ref}"))["state"] == "validating"
    assert ok(programs["manager"].get(f"/tickets/{ref}"))["publications"] == []


def test_nobody_approves_their_own_text_and_the_attempt_is_logged(app, programs):
    head = a_person(Role.HEAD, Role.EXPERT, Role.APPROVER, handle="head-01", department=a_department())
    with transaction():
        a_dep = db.session.merge(a_department())
        a_dep.head = db.session.merge(head)
    programs["expert"] = a_program(app, head)
    ref = asked(programs)["ticket"]["ref"]
    offer = ok(programs["manager"].post(f"/tickets/{ref}/offers", {"person": "head-01"}), 201)
    ok(programs["expert"].post(f"/offers/{offer['id']}/accept"))
    draft = {"body": "Sous dix jours.", "sources": "Plan", "review_by": in_days(60).isoformat()}
    revision = ok(programs["expert"].post(f"/tickets/{ref}/drafts", draft), 201)["revision"]
    ok(programs["expert"].post(f"/tickets/{ref}/submission", {"revision": revision}))
    refused = programs["expert"].post(f"/tickets/{ref}/approval", {"revision": revision, "decision": "approve"})
    assert refused.status_code == 403
    whole = ok(programs["manager"].get(f"/tickets/{ref}"))
    assert whole["state"] == "validating"
    assert whole["events"][-1]["kind"] == "refused_approval"


def test_returned_with_a_comment_and_declined_with_a_name(programs):
    an_expert(handle="exp-02")
    ref = asked(programs)["ticket"]["ref"]
    offer = ok(programs["manager"].post(f"/tickets/{ref}/offers", {"person": "exp-01"}), 201)
    said = {"reason": "out_of_scope", "note": "Voyez avec ma collègue.", "instead": "exp-02"}
    declined = ok(programs["expert"].post(f"/offers/{offer['id']}/decline", said))
    assert (declined["state"], declined["reason"], declined["instead"]) == ("declined", "out_of_scope", "exp-02")
    revision = written(programs, ref)
    silent = programs["approver"].post(f"/tickets/{ref}/approval", {"revision": revision, "decision": "return"})
    assert silent.status_code == 422
    said = {"revision": revision, "decision": "return", "comment": "Précisez le délai."}
    returned = ok(programs["approver"].post(f"/tickets/{ref}/approval", said))
    assert returned["official_answer"] is None
    assert returned["ticket"]["state"] == "answering"


def _index():
    """Read everything into a new index, as the worker does."""
    following.rebuild(access.the_index())
