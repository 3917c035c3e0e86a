"""Groups of words that mean the same, and what they do to a question."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.search.equivalents import EQUIVALENT, NONE, Equivalents, Group
from helpdesk.search.index import PersonDocument
from helpdesk.search.query import Query
from helpdesk.search.whoosh_index import WhooshIndex
from tests.rules.test_routing_quality import scores

BOX = Group(("box", "routeur", "livebox"), ("router",))
RIO = Group(("RIO", "relevé d’identité opérateur"))
RENT = Group(("location",), ("rental",))


def added(text, *groups, language="fr"):
    query = Query.of(text, language, equivalents=Equivalents(groups))
    return {each.term: (query.text[each.start : each.end], round(each.weight, 2)) for each in query.added[language]}


@pytest.mark.parametrize("text", ["Ma box est en panne", "ma BOX, en panne", "La Box\u00a0!"])
def test_a_word_is_asked_with_those_that_mean_the_same(text):
    assert {term: weight for term, (_, weight) in added(text, BOX).items()} == {
        "routeur": EQUIVALENT,
        "livebox": EQUIVALENT,
        "rout": EQUIVALENT,
    }
    assert added(text, BOX)["livebox"][0].lower() == "box"


def test_an_acronym_and_what_it_stands_for():
    assert added("Où trouver mon RIO ?", RIO) == {
        "relev": ("RIO", 0.2),
        "identit": ("RIO", 0.2),
        "oper": ("RIO", 0.2),
    }
    assert added("le releve d'identite de l’opérateur", RIO) == {"rio": ("releve d'identite de l’opérateur", 0.6)}
    assert added("un relevé de compte opérateur", RIO) == {}


def test_a_question_is_widened_by_the_words_of_its_own_language():
    assert added("location of the shop", RENT, language="en") == {}
    assert added("location d'une box", RENT) == {"rental": ("location", EQUIVALENT)}
    query = Query.of("location", equivalents=Equivalents([RENT]))
    assert {language: [each.term for each in some] for language, some in query.added.items()} == {
        "fr": ["rental"],
        "en": [],
    }


def test_one_way_goes_from_the_first_word_only():
    group = Group(("portable", "smartphone"), one_way=True)
    assert set(added("mon portable", group)) == {"smartphon"}
    assert added("mon smartphone", group) == {}


def test_what_the_asker_wrote_already_is_not_added():
    assert set(added("ma box, enfin le routeur", BOX)) == {"livebox", "rout"}


def test_added_words_are_no_words_of_the_askers():
    query = Query.of("Ma box", "fr", equivalents=Equivalents([Group(("box", "Ria 7"))]))
    assert query.informative() == {"box"}
    assert query.codes() == set()
    assert query.spans({("fr", "ria7")}) == [(3, 6)]
    assert query.as_asked([("fr", "ria7")]) == {"ria7", "box"}


@pytest.fixture
def index():
    with tempfile.TemporaryDirectory(prefix="relais-") as folder:
        index = WhooshIndex(Path(folder) / "index")
        documents = [
            PersonDocument(1, profile="panne de box et de téléphone"),
            PersonDocument(2, profile="panne de livebox et de téléphone"),
            PersonDocument(3, profile="facture et téléphone"),
            *(PersonDocument(number, profile="box et facture de téléphone") for number in range(4, 12)),
        ]
        index.rebuild(documents, 1)
        yield index


def best(index, text, *groups):
    found = index.people(Query.of(text, "fr", equivalents=Equivalents(groups)))
    return {hit.person_id: hit.declared for hit in found.hits if hit.declared}, found.ideal_declared


def test_the_exact_word_wins_even_where_the_other_is_rarer(index):
    without, ideal = best(index, "panne de box")
    widened, same_ideal = best(index, "panne de box", BOX)
    assert widened[1] == without[1] > widened[2] > without[2]
    assert same_ideal == ideal


def test_a_word_nobody_wrote_is_found_under_another(index):
    assert best(index, "modem")[0] == {}
    found, ideal = best(index, "modem", Group(("modem", "livebox")))
    assert set(found) == {2}
    assert ideal < best(index, "modem")[1]


def test_the_synonyms_of_the_demonstration_cost_no_right_answer(monkeypatch):
    widened = {language: scores(language) for language in ("fr", "en")}
    plain = Query.of
    monkeypatch.setattr(Query, "of", lambda text, language=None, equivalents=NONE: plain(text, language))
    for language, (first, among) in widened.items():
        without = scores(language)
        assert first >= without[0]
        assert among >= without[1]


@given(
    st.lists(st.tuples(st.lists(st.text(max_size=20), max_size=3), st.lists(st.text(max_size=20), max_size=3))),
    st.text(),
)
def test_no_group_and_no_question_breaks_it(groups, text):
    equivalents = Equivalents(Group(tuple(french), tuple(english)) for french, english in groups)
    query = Query.of(text, equivalents=equivalents)
    for language, some in query.added.items():
        held = {token.term for token in query.tokens[language] if token.weight >= 1 and not token.common}
        assert all(each.term not in held and set(each.asked) <= held for each in some)
