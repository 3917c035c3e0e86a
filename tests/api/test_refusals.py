"""What the API refuses, with which status, and that it says why without ever falling over."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import func, select

from builders.api import Program, a_program, a_token
from builders.offers import a_manager, a_question, an_expert, an_offer
from builders.triage import an_escalated_ticket
from helpdesk.accounts.access import Role
from helpdesk.accounts.entering import revoke_token
from helpdesk.accounts.models import SYSTEM, Token, TokenScope
from helpdesk.db import db, transaction
from helpdesk.tickets.models import Question, Ticket
from people import a_channel, a_person, sign_in

QUESTION = {"text": "Quand ?", "channel": "web"}
READS = ("/me", "/people", "/departments", "/topics", "/channels", "/tickets", "/official-answers")


def problem_of(response, status):
    """The problem document of a refusal."""
    assert response.status_code == status, response.get_data(as_text=True)
    assert response.mimetype == "application/problem+json"
    document = response.get_json()
    assert document["status"] == status
    assert document["title"]
    assert document["type"]
    return document


def fields_of(response):
    return [error["field"] for error in problem_of(response, 422)["errors"]]


# --- who may come in --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("secret", [None, "", "relais_nope", "é", "a" * 5000])
def test_without_a_valid_token_nothing_is_answered(app, secret):
    stranger = Program(app, secret.encode().decode("latin-1") if secret else None)
    for path in (*READS, "/tickets/R-2026-000001"):
        response = stranger.get(path)
        problem_of(response, 401)
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
    problem_of(stranger.post("/questions", QUESTION), 401)


def test_a_session_is_no_token(app, client):
    sign_in(client, a_manager())
    assert client.get("/api/v1/me").status_code == 401


@pytest.mark.parametrize("header", ["Basic relais", "Bearer", "Bearer ", "bearer", "Token x"])
def test_another_scheme_is_refused(app, header):
    problem_of(Program(app, None).send("GET", "/me", headers={"Authorization": header}), 401)


def test_a_revoked_token_ends_at_once(app):
    person = a_manager()
    program = a_program(app, person)
    assert program.get("/me").status_code == 200
    with transaction():
        revoke_token(db.session.scalar(select(Token.id)), by=SYSTEM)
    problem_of(program.get("/me"), 401)
    question = {"channel": "web", "external_id": "1", "text": "Quand la fibre arrive-t-elle ?"}
    problem_of(program.post("/questions", question), 401)


def test_the_token_of_somebody_who_left_is_refused(app):
    person = a_manager()
    program = a_program(app, person)
    with transaction():
        db.session.merge(person).active = False
    problem_of(program.get("/me"), 401)


def test_an_intake_token_takes_questions_in_and_nothing_else(app):
    a_channel("web")
    program = a_program(app, a_manager(), TokenScope.INTAKE)
    assert program.get("/me").status_code == 200
    ref = program.post("/questions", QUESTION).get_json()["ticket"]["ref"]
    for path in [*READS[1:], f"/tickets/{ref}", f"/tickets/{ref}/suggestions"]:
        assert problem_of(program.get(path), 403)["code"] == "token_scope"
    for path in (f"/tickets/{ref}/triage", f"/tickets/{ref}/offers", "/offers/1/accept", "/match"):
        assert problem_of(program.post(path, {}), 403)["code"] == "token_scope"


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.COMMUNITY_MANAGER, Role.ADMINISTRATOR}), ids=str)
def test_who_may_not_take_questions_in_is_told(app, role):
    a_channel("web")
    problem_of(a_program(app, a_person(role)).post("/questions", QUESTION), 403)
    assert db.session.scalar(select(func.count()).select_from(Ticket)) == 0


def test_what_may_not_be_seen_does_not_exist(app, manager):
    hidden = an_escalated_ticket(a_manager()).ref
    other = an_offer(an_expert()).ticket.ref
    stranger = a_program(app, an_expert())
    for program, ref in ((manager, hidden), (stranger, other), (stranger, hidden), (manager, "R-2026-999999")):
        for path in (f"/tickets/{ref}", f"/tickets/{ref}/suggestions"):
            problem_of(program.get(path), 404)
        for path, body in CHANGES.items():
            problem_of(program.post(f"/tickets/{ref}/{path}", body), 404)
        assert ref not in [item["ref"] for item in program.get("/tickets").get_json()["items"]]


def test_what_may_be_seen_and_not_done_is_refused_with_its_code(app, manager):
    expert = an_expert()
    offer = an_offer(expert)
    theirs = a_program(app, expert)
    for path in ("triage", "offers", "publications"):
        assert problem_of(theirs.post(f"/tickets/{offer.ticket.ref}/{path}", CHANGES[path]), 403)["code"]
    for path, body in (("accept", {}), ("decline", {"reason": "overloaded"})):
        # The ticket is theirs to see and the offer is somebody else's; a head may decline for their people.
        problem_of(manager.post(f"/offers/{offer.id}/{path}", body), 403 if path == "decline" else 404)
        problem_of(a_program(app, an_expert()).post(f"/offers/{offer.id}/{path}", body), 404)


CHANGES = {
    "triage": {"priority": "P2"},
    "offers": {"person": "cm-01"},
    "drafts": {"body": "Bonjour."},
    "submission": {"revision": 1},
    "approval": {"revision": 1, "decision": "approve"},
    "publications": {"channel": "web"},
}


# --- what is sent -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body", [b"{", b"nope", b"\xff\xfe", b'{"text": }', b"", b"[1,", b'{"a":' * 100_000, b"[" * 100_000, b"9" * 5000]
)
def test_what_is_no_json_is_refused(manager, body):
    response = manager.send("POST", "/questions", data=body, content_type="application/json")
    problem_of(response, 400 if body else 422 if response.status_code == 422 else 400)


@pytest.mark.parametrize("body", ["null", "[]", '"text"', "3", "true", "[" * 300 + "]" * 300])
def test_json_that_is_no_object_is_refused(manager, body):
    problem_of(manager.send("POST", "/questions", data=body, content_type="application/json"), 422)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/xml", None])
def test_another_kind_of_body_is_refused(manager, kind):
    problem_of(manager.send("POST", "/questions", data=b"text=Quand", content_type=kind), 415)


def test_an_offer_is_accepted_without_a_body(app, manager):
    expert = an_expert()
    offer = an_offer(expert)
    response = a_program(app, expert).send("POST", f"/offers/{offer.id}/accept")
    assert response.status_code == 200
    assert response.get_json()["state"] == "accepted"


def test_a_body_of_two_megabytes_is_refused(manager):
    body = json.dumps(QUESTION | {"text": "a" * 2 * 1024 * 1024})
    problem_of(manager.send("POST", "/questions", data=body, content_type="application/json"), 413)
    key = {"Idempotency-Key": "large"}
    problem_of(manager.send("POST", "/questions", data=body, content_type="application/json", headers=key), 413)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"text": None}, "text"),
        ({"text": 3}, "text"),
        ({"text": ["a"]}, "text"),
        ({"text": ""}, "text"),
        ({"text": "   "}, "text"),
        ({"text": "a" * 20_001}, "text"),
        ({"text": "a\0b"}, "text"),
        ({"text": "\ud800"}, "text"),
        ({"text": "é\udfff!"}, "text"),
        ({"channel": "nope"}, "channel"),
        ({"channel": "\ud800"}, "channel"),
        ({"channel": {}}, "channel"),
        ({"language": "xx"}, "language"),
        ({"posted_at": "yesterday"}, "posted_at"),
        ({"posted_at": "2026-03-29T02:30:00"}, "posted_at"),
        ({"posted_at": "0001-01-01T00:00:00+14:00"}, "posted_at"),
        ({"url": "javascript:alert(1)"}, "url"),
        ({"subject": "a" * 301}, "subject"),
        ({"external_id": "a" * 256}, "external_id"),
        ({"external_id": "\0"}, "external_id"),
        ({"author": "Zoé"}, "author"),
        ({"author": {"email": "nope"}}, "author.email"),
        ({"author": {"name": "\ud83d"}}, "author.name"),
        ({"author": {"age": 3}}, "author.age"),
        ({"txet": "Quand ?"}, "txet"),
        ({"\ud800": 1}, "\ufffd"),
    ],
)
def test_what_is_wrong_is_named_field_by_field(manager, wrong, field):
    response = manager.post("/questions", QUESTION | wrong)
    assert fields_of(response) == [field]
    assert response.get_json()["errors"][0]["detail"]
    assert db.session.scalar(select(func.count()).select_from(Ticket)) == 0


def test_everything_wrong_is_said_at_once(manager):
    assert set(fields_of(manager.post("/questions", {"text": 1, "language": "xx", "nope": 1}))) == {
        "text", "channel", "language", "nope",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("triage", {"version": "3"}, "version"),
        ("triage", {"version": 10**30}, "version"),
        ("triage", {"version": -1}, "version"),
        ("triage", {"version": 1.5}, "version"),
        ("triage", {"version": True}, "version"),
        ("triage", {"class": "nope"}, "class"),
        ("triage", {"topics": "fibre"}, "topics"),
        ("triage", {"topics": ["nope"]}, "topics"),
        ("triage", {"topics": ["\ud800"]}, "topics"),
        ("triage", {"topics": ["a\0"]}, "topics"),
        ("offers", {"person": "nope"}, "person"),
        ("offers", {"person": "\0"}, "person"),
        ("offers", {}, "person"),
        ("submission", {"revision": 10**12}, "revision"),
        ("submission", {"revision": 0}, "revision"),
        ("approval", {"revision": 1, "decision": "maybe"}, "decision"),
        ("drafts", {"body": "a" * 20_001}, "body"),
        ("drafts", {"body": "x", "review_by": "soon"}, "review_by"),
        ("publications", {"channel": "nope"}, "channel"),
    ],
)
def test_each_change_names_what_is_wrong_with_it(manager, ticket, path, body, field):
    assert fields_of(manager.post(f"/tickets/{ticket}/{path}", body))[0].split(".")[0] == field


def test_a_version_nobody_saw_is_a_conflict(manager, ticket):
    assert problem_of(manager.post(f"/tickets/{ticket}/triage", {"priority": "P2", "version": 999_999}), 409)


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 0}, {"limit": 201}, {"limit": "x"}, {"limit": "9" * 30}, {"cursor": "nope"}, {"cursor": "9" * 30},
        {"cursor": "\0"}, {"cursor": "é🧑‍🚒"}, {"state": "nope"}, {"priority": "P9"}, {"late": "perhaps"},
        {"q": "a" * 201}, {"topic": "\0"}, {"assignee": "a\0b"},
    ],
)  # fmt: skip
def test_a_list_refuses_what_it_cannot_use(manager, query):
    problem_of(manager.get("/tickets", **query), 422)


@pytest.mark.parametrize("path", READS[1:])
def test_every_list_refuses_a_strange_cursor_or_ends(manager, path):
    for cursor in ("nope", "-1", "9" * 40, "é", "²"):
        assert manager.get(path, cursor=cursor).status_code in (200, 422)
    problem_of(manager.get(path, cursor="\0"), 422)


@pytest.mark.parametrize("path", ["/nope", "/tickets/nope/nope", "/offers/x/accept", f"/offers/{10**30}/accept"])
def test_an_address_that_is_none(manager, path):
    problem_of(manager.post(path), 404)


@pytest.mark.parametrize("ref", ["%00", "%FF", "..%2F", "é", "R-2026-000001%00", "a" * 4000])
def test_a_strange_reference_is_no_ticket(manager, ticket, ref):
    problem_of(manager.get(f"/tickets/{ref}"), 404)
    problem_of(manager.get(f"/official-answers/{ref}"), 404)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_another_method_is_not_possible(manager, ticket, method):
    response = manager.send(method, f"/tickets/{ticket}")
    problem_of(response, 405)
    assert "GET" in response.headers["Allow"]
    problem_of(manager.send(method, "/questions"), 405)


# --- what is taken ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "a" * 20_000,
        "🧑‍🚒" * 5_000,
        "مرحبا، متى تصل الألياف؟ \u202eשלום\u202c",
        "<script>alert(1)</script> ' \" ; DROP TABLE ticket;--",
        "e\u0301te\u0301 \u200b \ufeff \u2028 \U0001f468\u200d\U0001f469",
        "ligne\r\nligne\rligne\n\ttab",
        "\U0010ffff\ufffe",
    ],
    ids=["20000", "emoji", "rtl", "markup", "combining", "lines", "noncharacters"],
)
def test_any_text_is_kept_as_it_came(manager, text):
    response = manager.post("/questions", QUESTION | {"text": text})
    assert response.status_code == 201, response.get_data(as_text=True)
    assert db.session.scalar(select(Question.text).where(Question.id == response.get_json()["id"])) == text
    ref = response.get_json()["ticket"]["ref"]
    assert manager.get(f"/tickets/{ref}").get_json()["questions"][0]["text"] == text


def test_the_same_post_again_is_the_same_ticket(manager):
    body = QUESTION | {"external_id": "post-1"}
    first, again = manager.post("/questions", body), manager.post("/questions", body | {"text": "Changé"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.get_json() == first.get_json()
    assert db.session.scalar(select(func.count()).select_from(Ticket)) == 1


def test_who_asked_is_shown_to_those_who_may_know(app, manager):
    body = QUESTION | {"author": {"handle": "zoe", "name": "Zoé M.", "email": "zoe@example.org"}}
    ref = manager.post("/questions", body).get_json()["ticket"]["ref"]
    shown = manager.get(f"/tickets/{ref}")
    assert shown.get_json()["questions"][0]["author"] == {"handle": "zoe", "name": "Zoé M."}
    assert "zoe@example.org" not in shown.get_data(as_text=True)
    expert = an_expert()
    an_offer(expert, ticket=db.session.scalar(select(Ticket).where(Ticket.ref == ref)))
    theirs = a_program(app, expert).get(f"/tickets/{ref}")
    assert theirs.get_json()["questions"][0]["author"] is None
    assert "Zoé" not in theirs.get_data(as_text=True)


def test_personal_data_is_masked_wherever_the_text_is_shown(app, manager):
    body = QUESTION | {"text": "Rappelez-moi au 06 12 34 56 78, zoe@example.org"}
    ref = manager.post("/questions", body).get_json()["ticket"]["ref"]
    whole = manager.get(f"/tickets/{ref}").get_data(as_text=True)
    assert "06 12 34 56 78" not in whole
    assert "zoe@example.org" not in whole
    assert manager.get(f"/tickets/{ref}").get_json()["personal_data"] is True


def test_the_use_of_a_token_is_noted_once_an_hour(app):
    program = Program(app, a_token(a_manager()))
    program.get("/me")
    used = db.session.scalar(select(Token.last_used_at))
    program.get("/me")
    assert used is not None
    assert db.session.scalar(select(Token.last_used_at)) == used


def test_no_question_lives_twice_in_a_list(app, manager):
    refs = {a_question().ref for _ in range(7)}
    seen, cursor = [], None
    while True:
        page = manager.get("/tickets", limit=2, **({"cursor": cursor} if cursor else {})).get_json()
        seen += [item["ref"] for item in page["items"]]
        a_question()  # one more arrives while the program walks on
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen))
    assert set(seen) == refs
