"""The staff's search page: what the person may see, and nothing else."""

from __future__ import annotations

import random

import pytest

from builders.answers import an_official_answer
from builders.conversations import a_conversation
from builders.triage import a_ticket, an_escalated_ticket
from helpdesk.accounts.access import Role
from helpdesk.search.access import the_index
from helpdesk.search.following import rebuild
from people import a_channel, a_person, sign_in


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


# --- filters, extracts, completions


@pytest.fixture
def page_of(client, cm):
    def page(words, person=cm):
        rebuild(the_index())
        return sign_in(client, person).get("/search", query_string={"q": words}).text

    return page


def test_each_filter_is_a_chip_that_can_be_taken_away(page_of):
    ticket = a_ticket("Le portail est bloqué")
    a_channel("mail")
    text = page_of("portail state:received -channel:mail after:2020-01-02")
    assert ticket.ref in text
    assert "State: <b" in text
    assert "/search?q=portail+-channel:mail+after:2020-01-02" in text
    assert "/search?q=portail+state:received+-channel:mail" in text
    assert "January 2, 2020" in text


def test_a_value_nobody_knows_is_answered_with_those_that_exist(page_of):
    a_ticket("Le portail est bloqué")
    text = page_of("portail state:odd")
    assert "“odd” is not a known value of “state:”" in text
    assert 'href="/search?q=portail+state:received"' in text
    assert "/search?q=portail+state:%22being+answered%22" in text
    assert "portail state:odd" in text
    assert "Nothing was found" not in text


def test_an_unknown_filter_is_named_and_its_words_are_searched(page_of):
    ticket = a_ticket("Objet:facture du mois")
    text = page_of("objet:facture")
    assert "“objet:” is no filter" in text
    assert ticket.ref in text


def test_nothing_found_says_what_to_try(page_of):
    a_ticket("Le portail est bloqué")
    text = page_of("introuvable state:received")
    assert "Nothing was found" in text
    assert "Or take a filter away:" in text
    assert 'href="/search?q=introuvable"' in text


def test_an_extract_says_which_part_it_is_of(page_of):
    conversation = a_conversation(random.Random(3))
    text = page_of("zzdraft1 zzreturned1", conversation.manager)
    assert "Note interne" in text
    assert "Brouillon" in text
    assert "<mark>zzreturned1</mark>" in text
    assert "zzreturned1" not in page_of("zzdraft1", conversation.expert)


def test_counts_by_kind_lead_to_each_kind(page_of):
    a_ticket("Le portail est bloqué")
    an_official_answer("Le portail se réarme seul.", title="Portail")
    text = page_of("portail")
    assert "2 results" in text
    assert "/search?q=portail+kind:question" in text
    assert "1 official answer" in text


def test_completions_are_json_for_who_may_search(client, cm):
    ticket = a_ticket("Le portail est bloqué")
    assert client.get("/search/completions?q=sta").status_code == 302
    items = sign_in(client, cm).get("/search/completions?q=sta").json["items"]
    assert items[0] == {"text": "state:", "start": 0, "end": 3, "hint": "State", "whole": False}
    assert client.get("/search/completions", query_string={"q": ticket.ref[:9]}).json["items"][0]["text"] == ticket.ref
    for odd in ("?at=-5&q=x", "?at=99&q=x", "?at=z&q=x", "", "?q=" + "é" * 3000, "?q=state:%22"):
        assert client.get("/search/completions" + odd).status_code == 200
    sign_in(client, a_person(Role.ADMINISTRATOR))
    assert client.get("/search/completions?q=sta").status_code == 404


@pytest.mark.parametrize(
    "words", ["state:", ":", "-", "-state:zz", "a:b", "before:9999-99", 'state:"', "late:no", '-"', "«", "-*"]
)
def test_no_filter_breaks_it(client, cm, words):
    rebuild(the_index())
    assert sign_in(client, cm).get("/search", query_string={"q": words}).status_code == 200
    assert client.get("/answers", query_string={"q": words}).status_code == 200
