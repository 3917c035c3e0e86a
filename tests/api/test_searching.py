"""`GET /tickets?q=`: the search box of the pages, together with the other filters."""

from __future__ import annotations

from builders.api import a_program
from builders.offers import a_manager, a_question, an_expert, an_offer
from helpdesk.search.access import the_index
from helpdesk.search.following import follow


def refs(program, **query):
    response = program.get("/tickets", **query)
    assert response.status_code == 200, response.text
    return [item["ref"] for item in response.get_json()["items"]]


def test_words_and_filters_are_those_of_the_search_box(app):
    manager = a_manager()
    new, other = a_question("Le portail est bloqué"), a_question("La box est lente")
    offered = an_offer(an_expert(), by=manager, ticket=a_question("Le portail clignote")).ticket
    follow(the_index())
    program = a_program(app, manager)
    assert refs(program, q="PORTAIL") == [offered.ref, new.ref]
    assert refs(program, q="portail", state="received") == refs(program, q="portail état:reçue") == [new.ref]
    assert refs(program, q="kind:question -portail") == [other.ref]
    assert refs(program, q="portail", department="NOWHERE") == []
    assert refs(program, q="portail", topic="nowhere") == []
    assert refs(program, q="portail", late="false", priority="P3") == [offered.ref, new.ref]
    assert refs(program, q="portail expert:me") == []


def test_other_filters_come_before_the_best_are_chosen(app, monkeypatch):
    """Not the best of all that then turn out to be closed."""
    from helpdesk.web.api import tickets

    monkeypatch.setattr(tickets, "MOST_PER_PAGE", 2)
    manager = a_manager()
    offered = an_offer(an_expert(), by=manager, ticket=a_question("Le portail, avec bien d’autres mots autour")).ticket
    for _number in range(5):
        a_question("portail portail")
    follow(the_index())
    assert refs(a_program(app, manager), q="portail", state="offered") == [offered.ref]


def test_a_filter_that_means_nothing_is_a_problem_of_q(app):
    program = a_program(app, a_manager())
    response = program.get("/tickets", q="portail state:odd")
    assert response.status_code == 422
    (error,) = response.get_json()["errors"]
    assert (error["field"], error["code"]) == ("q", "filter_unknown_value")
    assert "odd" in error["detail"]
    assert program.get("/official-answers", q="before:soon").status_code == 422
