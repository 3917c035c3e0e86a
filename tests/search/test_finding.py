"""The staff's search: only what the person may see, with accents or without, with the words marked."""

from __future__ import annotations

import shutil

import pytest
from sqlalchemy import event

from builders.answers import an_official_answer
from builders.offers import a_manager, a_question, an_expert, an_offer
from helpdesk.accounts.access import Role
from helpdesk.db import db
from helpdesk.errors import BadInput
from helpdesk.search import access, following
from helpdesk.search.excerpt import excerpt
from helpdesk.search.finding import find
from people import a_person

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def indexed(app):
    """Bring the index up to now; called again after every change."""

    def bring():
        following.follow(access.the_index())

    bring()
    return bring


def refs(results):
    return [item.ticket.ref if item.ticket else item.answer.code for item in results.items]


def test_a_community_manager_finds_tickets_and_answers(indexed):
    ticket = a_question("Résiliation refusée depuis hier")
    answer = an_official_answer("Le bouton est en bas de page.", title="Résilier en ligne")
    indexed()
    manager = a_manager()
    for words in ("résiliation", "RESILIATION", "resilier"):
        assert set(refs(find(manager, words))) == {ticket.ref, answer.code}
    assert refs(find(manager, ticket.ref)) == [ticket.ref]
    assert refs(find(manager, "resiliation hier")) == [ticket.ref]


def test_an_expert_finds_answers_and_their_own_tickets(indexed):
    expert, stranger = an_expert(), an_expert()
    ticket = a_question("Résiliation refusée depuis hier")
    an_offer(expert, ticket=ticket)
    answer = an_official_answer("Le bouton est en bas de page.", title="Résilier en ligne")
    indexed()
    assert set(refs(find(expert, "résiliation"))) == {ticket.ref, answer.code}
    assert refs(find(stranger, "résiliation")) == [answer.code]


def test_an_administrator_finds_nothing_of_it(indexed):
    a_question("Résiliation refusée")
    an_official_answer("Le bouton est en bas de page.", title="Résilier en ligne")
    indexed()
    assert refs(find(a_person(Role.ADMINISTRATOR), "résiliation")) == []


def test_what_the_index_still_allows_and_the_rules_no_longer_do_is_left_out(indexed):
    """The index may be a moment behind: what comes out was fetched through the person."""
    manager, ticket = a_manager(), a_question("Résiliation refusée")
    indexed()
    ticket.restricted = True
    db.session.commit()
    assert refs(find(manager, "résiliation")) == []


def test_a_page_is_full_though_much_is_out_of_sight(indexed):
    manager = a_manager()
    tickets = [a_question(f"portail {'mot ' * n}") for n in range(12)]
    indexed()
    for ticket in tickets[:6]:
        ticket.restricted = True
    db.session.commit()
    results = find(manager, "portail", limit=4)
    assert len(results.items) == 4
    rest = find(manager, "portail", limit=4, cursor=results.next_cursor)
    assert len({*refs(results), *refs(rest)}) == 6
    assert rest.next_cursor is None


def test_pages_follow_one_another(indexed):
    manager = a_manager()
    wanted = {a_question(f"portail {'mot ' * (n % 4)}").ref for n in range(11)}
    indexed()
    found, cursor = [], None
    while True:
        page = find(manager, "portail", limit=3, cursor=cursor)
        found += refs(page)
        if (cursor := page.next_cursor) is None:
            break
    assert len(found) == 11
    assert set(found) == wanted


@pytest.mark.parametrize("cursor", ["x", "!!!", "W10", "WzEsMl0x", "bnVsbA", "IiI", "é"])
def test_a_made_up_cursor_is_refused(indexed, cursor):
    with pytest.raises(BadInput):
        find(a_manager(), "portail", cursor=cursor)


def test_without_an_index_the_database_answers_and_says_so(app):
    manager, expert = a_manager(), an_expert()
    tickets = [a_question(f"Le portail numéro {n} est bloqué") for n in range(5)]
    answer = an_official_answer("Le portail se réarme seul.", title="Portail")
    shutil.rmtree(access.the_index().location(), ignore_errors=True)
    found, cursor = [], None
    while True:
        page = find(manager, "le portail", limit=2, cursor=cursor)
        assert page.by_database
        found += refs(page)
        if (cursor := page.next_cursor) is None:
            break
    assert found == [answer.code, *(ticket.ref for ticket in reversed(tickets))]
    assert refs(find(manager, "portail bloqué")) == [ticket.ref for ticket in reversed(tickets)]
    assert refs(find(expert, "portail")) == [answer.code]
    assert refs(find(manager, "100%_")) == []


def test_the_words_are_marked_as_they_were_written(indexed):
    a_question("Bonjour, ma RÉSILIATION est refusée et je dois résilier avant lundi")
    indexed()
    pieces = find(a_manager(), "resilier").items[0].pieces
    assert [piece.text for piece in pieces if piece.found] == ["RÉSILIATION", "résilier"]
    assert "".join(piece.text for piece in pieces).startswith("Bonjour, ma RÉSILIATION")


def test_an_excerpt_starts_near_the_words_and_cuts_between_words():
    text = "mot " * 100 + "portail bloqué " + "fin " * 100
    pieces = excerpt(text, "portail")
    assert pieces[0].text == "…"
    assert [piece.text for piece in pieces if piece.found] == ["portail"]
    assert len("".join(piece.text for piece in pieces)) <= 210
    assert pieces[-1].text.endswith("…")
    assert all(word in {"mot", "portail", "bloqué", "fin", "…", "…mot"} for p in pieces for word in p.text.split())


def test_a_search_costs_the_same_queries_whatever_it_finds(indexed):
    manager = a_manager()
    for _ in range(10):
        a_question("portail bloqué")
    indexed()
    find(manager, "portail", limit=1)
    counted = []
    listener = lambda *args: counted.append(args[2])  # noqa: E731
    event.listen(db.engine, "before_cursor_execute", listener)
    try:
        find(manager, "portail", limit=2)
        few = len(counted)
        counted.clear()
        find(manager, "portail", limit=20)
        assert len(counted) == few
    finally:
        event.remove(db.engine, "before_cursor_execute", listener)
