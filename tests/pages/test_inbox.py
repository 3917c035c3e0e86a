"""The inbox: which questions, in what order, how many, and for whom."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import event

from builders.triage import a_ticket, a_topic, a_triaged_ticket, an_escalated_ticket
from helpdesk.accounts.access import Role
from helpdesk.db import db, transaction
from helpdesk.tickets import closing, triaging
from helpdesk.tickets.workflow import Outcome
from helpdesk.web.pages.triage import lists
from people import a_channel, a_department, a_person, sign_in

BUDGET = 25


@pytest.fixture
def cm(app):
    return a_person(Role.COMMUNITY_MANAGER, locale="en")


@pytest.fixture
def desk(client, cm):
    return sign_in(client, cm)


def _refs(page):
    return re.findall(r'<span class="reference">(R-[\d-]+)</span>', page.text)


def test_the_first_list_is_what_nobody_has_read(desk, cm):
    new, read = a_ticket(), a_triaged_ticket(cm)
    page = desk.get("/inbox")
    assert page.status_code == 200
    assert _refs(page) == [new.ref]
    assert _refs(desk.get("/inbox?queue=route")) == [read.ref]


def test_every_list_opens_even_when_empty(desk):
    for name in (*lists.LISTS, "nonsense"):
        page = desk.get("/inbox", query_string={"queue": name})
        assert page.status_code == 200, name
        assert page.text.count("<h1") == 1


def test_filters_live_in_the_address_and_stay_in_every_link(desk, cm):
    other = a_topic("mobile.roaming", a_department("MOB"))
    for _ in range(lists.PAGE + 1):
        a_triaged_ticket(cm)
    wanted = a_triaged_ticket(cm, topics=[other], priority="P2", channel="mastodon")
    for given in ("department=MOB", "topic=mobile.roaming", "priority=P2", "channel=mastodon"):
        page = desk.get(f"/inbox?queue=route&{given}")
        assert _refs(page) == [wanted.ref], given
        assert f"queue=expert&amp;{given}" in page.text, given
    assert "Show all" in page.text
    assert _refs(desk.get("/inbox?queue=route&topic=none.such&priority=P9")) != []


def test_pages_go_forth_and_back(desk):
    made = [a_ticket(f"Question {number} ?").ref for number in range(lists.PAGE + 3)]
    first = desk.get("/inbox")
    assert _refs(first) == made[: lists.PAGE]
    following = re.search(r'rel="next" href="([^"]+)"', first.text)[1].replace("&amp;", "&")
    second = desk.get(following)
    assert _refs(second) == made[lists.PAGE :]
    before = re.search(r'rel="prev" href="([^"]+)"', second.text)[1].replace("&amp;", "&")
    assert _refs(desk.get(before)) == made[: lists.PAGE]


def test_a_broken_cursor_shows_the_first_page(desk):
    ticket = a_ticket()
    assert _refs(desk.get("/inbox?cursor=%C3%A9x")) == [ticket.ref]


def test_counts_say_nothing_new_with_304(desk, cm):
    a_ticket()
    first = desk.get("/inbox/counts")
    assert first.json["counts"]["triage"] == 1
    again = desk.get("/inbox/counts", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    ticket = a_triaged_ticket(cm)
    moved = desk.get("/inbox/counts", headers={"If-None-Match": first.headers["ETag"]})
    assert moved.status_code == 200
    assert moved.json["counts"]["route"] == 1
    with transaction():
        closing.close(ticket, by=cm, outcome=Outcome.HANDED_OFF, reason="private")
    assert desk.get("/inbox/counts").json["counts"]["route"] == 0


def test_who_has_no_inbox_counts_their_own_questions_and_gets_no_page(client):
    a_ticket()
    sign_in(client, a_person(Role.EXPERT))
    assert client.get("/inbox/counts").json == {"counts": {"questions": 0}}
    assert client.get("/inbox").status_code == 404


@pytest.mark.parametrize("role", [Role.APPROVER, Role.HEAD, Role.COMMITTEE, Role.AMBASSADOR, Role.ADMINISTRATOR])
def test_only_community_managers_have_an_inbox(client, role):
    sign_in(client, a_person(role))
    assert client.get("/inbox").status_code == 404


def test_nobody_signed_in_is_asked_to_sign_in(client):
    assert client.get("/inbox").status_code == 302
    assert client.get("/inbox/counts").status_code == 401


def test_a_restricted_question_shows_to_the_named_only(client, cm):
    colleague = a_person(Role.COMMUNITY_MANAGER, locale="en")
    ticket = an_escalated_ticket(cm)
    for queue in lists.LISTS:
        assert ticket.ref not in sign_in(client, colleague).get(f"/inbox?queue={queue}").text
    assert "queue=restricted" not in client.get("/inbox").text
    assert _refs(sign_in(client, cm).get("/inbox?queue=restricted")) == [ticket.ref]
    assert client.get("/inbox/counts").json["counts"]["restricted"] == 1


def test_words_from_outside_stay_words(desk):
    a_ticket('<script>alert(1)</script> "onmouseover= 🙂 مرحبا')
    page = desk.get("/inbox")
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert(1)" in page.text
    assert "مرحبا" in page.text


def test_what_i_take_is_mine(desk, cm):
    ticket = a_ticket()
    with transaction():
        triaging.claim(ticket, by=cm)
    assert _refs(desk.get("/inbox?queue=mine")) == [ticket.ref]


def test_few_queries_however_many_rows(desk, cm):
    a_channel("mastodon")
    for number in range(lists.PAGE):
        a_triaged_ticket(cm, f"Question {number} ?")
    db.session.remove()
    statements = []

    def note(_connection, _cursor, statement, *_rest):
        statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        assert desk.get("/inbox?queue=route").status_code == 200
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert len(statements) < BUDGET, "\n".join(statements)
