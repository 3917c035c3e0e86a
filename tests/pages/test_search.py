"""The staff's search page: what the person may see, and nothing else."""

from __future__ import annotations

import pytest

from builders.triage import a_ticket, an_escalated_ticket
from helpdesk.accounts.access import Role
from helpdesk.search.access import the_index
from helpdesk.search.following import rebuild
from people import a_person, sign_in


@pytest.fixture
def cm(app):
    return a_person(Role.COMMUNITY_MANAGER, locale="en")


@pytest.mark.parametrize("indexed", [True, False])
def test_a_question_is_found_with_its_words_marked(client, cm, indexed):
    ticket = a_ticket("Quand la fibre arrive-t-elle à Kerbrehan ?")
    if indexed:
        rebuild(the_index())
    page = sign_in(client, cm).get("/search?q=Kerbrehan")
    assert page.status_code == 200
    assert f"/tickets/{ticket.ref}" in page.text
    assert "<mark>Kerbrehan</mark>" in page.text
    assert ("only exact words" in page.text) is not indexed


def test_a_restricted_question_is_found_by_the_named_only(client, cm):
    ticket = an_escalated_ticket(cm, text="Mise en demeure de Zorglub")
    rebuild(the_index())
    colleague = a_person(Role.COMMUNITY_MANAGER, locale="en")
    assert ticket.ref not in sign_in(client, colleague).get("/search?q=Zorglub").text
    assert ticket.ref in sign_in(client, cm).get("/search?q=Zorglub").text


@pytest.mark.parametrize("words", ["", "   ", "*", '"', "é" * 3000, "<script>alert(1)</script>", "🙂", "a&cursor=zz"])
def test_nothing_typed_breaks_it(client, cm, words):
    rebuild(the_index())
    page = sign_in(client, cm).get(f"/search?q={words}")
    assert page.status_code == 200
    assert "<script>alert" not in page.text


def test_who_sees_no_question_has_no_search(client):
    assert client.get("/search?q=x").status_code == 302
    sign_in(client, a_person(Role.ADMINISTRATOR))
    assert client.get("/search?q=x").status_code == 404
