"""Equivalent words: kept in groups, checked, and used by the very next match."""

from __future__ import annotations

import pytest
import yaml

from builders.offers import a_question, an_expert
from builders.organisation import actions, an_administrator
from helpdesk.accounts.access import Role
from helpdesk.accounts.models import SYSTEM
from helpdesk.db import db, transaction
from helpdesk.errors import BadInput, NotAllowed
from helpdesk.loading import load_documents
from helpdesk.loading.synonyms import as_document
from helpdesk.routing import matching, synonyms
from helpdesk.routing.synonyms import draft_of, groups, in_force, instead_of, put_group, remove_group
from helpdesk.search import following
from helpdesk.search.access import the_index
from helpdesk.search.models import SynonymGroup
from helpdesk.tickets.events import reindex
from people import a_department, a_person

pytestmark = pytest.mark.usefixtures("app")


def put(french=(), english=(), one_way=False, row=None, by=SYSTEM):
    with transaction():
        return put_group(row, draft_of(french, english, one_way), by=by)


def problems(error):
    return {(each.field, each.code) for each in error.value.problems}


def refused(*lists, row=None):
    with pytest.raises(BadInput) as error:
        put(*lists, row=row)
    return problems(error)


@pytest.fixture
def experts():
    """Two people, of whom one is described with another word than people use."""
    found = [
        an_expert(handle="net", profile="Panne de routeur, redémarrage", department=a_department("BOX")),
        an_expert(handle="bills", profile="Facture, prélèvement", department=a_department("FAC")),
    ]
    with transaction():
        for person in found:
            reindex("person", person.id)
    following.follow(the_index())
    return found


def suggested(text, **how):
    return [expert.person_id for expert in matching.suggestions_for_text(text, "fr", **how).experts]


def test_a_group_counts_from_the_next_match_on_and_no_longer_when_it_is_gone(experts):
    assert suggested("Ma bidulebox clignote") == []
    row, what = put(["bidulebox", "routeur"])
    assert what == "new"
    assert suggested("Ma bidulebox clignote") == [experts[0].id]
    assert put(["bidulebox", "facture"], row=row)[1] == "changed"
    assert suggested("Ma bidulebox clignote") == [experts[1].id]
    with transaction():
        remove_group(row, by=SYSTEM)
    assert suggested("Ma bidulebox clignote") == []
    assert actions("synonyms") == ["synonyms_added", "synonyms_changed", "synonyms_removed"]


def test_a_ticket_is_matched_with_them_and_shows_the_askers_own_word(experts):
    ticket = a_question(text="Ma bidulebox clignote depuis hier soir sans arrêt")
    put(["bidulebox", "routeur"])
    first = matching.suggestions_for(ticket).experts[0]
    assert first.person_id == experts[0].id
    assert [reason.data["words"] for reason in first.reasons if reason.kind == "words"] == [["bidulebox"]]


def test_a_change_is_tried_without_being_kept(experts):
    row, _ = put(["bidulebox", "routeur"])
    other = instead_of(row.id, draft_of(["bidulebox", "facture"], []))
    assert suggested("Ma bidulebox clignote", equivalents=other) == [experts[1].id]
    assert suggested("Ma bidulebox clignote") == [experts[0].id]
    beside = instead_of(None, draft_of(["machin", "facture"], []))
    assert sorted(suggested("bidulebox machin", equivalents=beside)) == sorted(each.id for each in experts)


def test_groups_are_read_again_only_when_they_changed(monkeypatch):
    put(["box", "routeur"])
    first = in_force()
    monkeypatch.setattr(synonyms, "groups", lambda: pytest.fail("read again"))
    assert in_force() is first
    monkeypatch.undo()
    put(["rio", "numéro"])
    assert in_force() is not first


def test_what_was_rolled_back_is_never_in_force():
    put(["box", "routeur"])
    with pytest.raises(ZeroDivisionError), transaction():
        _seen_then_lost()
    assert in_force().added(matching.Query.of("rio", "fr").tokens["fr"], "fr") == ()


def _seen_then_lost():
    put_group(None, draft_of(["rio", "portage"], []), by=SYSTEM)
    db.session.flush()
    assert in_force().added(matching.Query.of("rio", "fr").tokens["fr"], "fr") != ()
    raise ZeroDivisionError


def test_words_are_kept_once_without_needless_spaces():
    row, _ = put([" box ", "box", "", "carte   sim"], ["SIM card"])
    assert (row.french, row.english) == (["box", "carte sim"], ["SIM card"])
    assert put(["box", "carte sim"], ["SIM card"], row=row)[1] == "unchanged"


def test_what_cannot_be_a_group_is_refused():
    assert refused(["box"], ["Box"]) == {("french", "one_word")}
    assert refused([], []) == {("french", "one_word")}
    assert refused(["le", "box"], ["hello", "box"]) == {("french", "says_nothing"), ("english", "says_nothing")}
    assert refused(["Wi-Fi", "wifi", "réseau"]) == {("french", "same_word")}
    assert refused(["x" * 101, "box", "a\0b"]) == {("french", "long_synonym"), ("french", "nul")}
    assert refused([f"mot{number}" for number in range(41)]) == {("french", "too_many")}
    assert groups() == []


def test_a_word_belongs_to_one_group_per_language():
    row, _ = put(["box", "routeur"], ["router"])
    with pytest.raises(BadInput) as error:
        put(["Boxes", "décodeur"])
    assert [(each.field, each.code, each.params) for each in error.value.problems] == [
        ("french", "in_another_group", {"word": "Boxes", "words": "box, routeur, router"})
    ]
    assert put(["modem", "passerelle"], ["box", "gateway"])[1] == "new"  # in the other language
    assert put(["box", "routeur", "livebox"], ["router"], row=row)[1] == "changed"


def test_only_an_administrator_changes_them():
    row, _ = put(["box", "routeur"], by=an_administrator())
    manager = a_person(Role.COMMUNITY_MANAGER)
    with pytest.raises(NotAllowed):
        put(["rio", "portage"], by=manager)
    with pytest.raises(NotAllowed), transaction():
        remove_group(row, by=manager)
    assert [each.words for each in groups()] == [["box", "routeur"]]


def load(document):
    with transaction():
        return load_documents([document])


def test_a_file_of_groups_is_loaded_again_and_again():
    document = {
        "schema": "demo-synonyms/1",
        "groups": [
            {"fr": ["box", "routeur"], "en": ["router"]},
            {"fr": ["RIO", "relevé d’identité opérateur"], "one_way": True},
            {"fr": ["seul"]},
            {"fr": ["routeur", "passerelle"], "en": ["gateway"]},
        ],
    }
    first = load(document)
    assert (first.new, first.changed, first.unchanged) == (2, 1, 0)  # the last is the first group again
    assert first.refused == ["3: french: one_word"]
    kept = yaml.safe_load(yaml.safe_dump(as_document(groups())))
    again = load(kept)
    assert (again.new, again.changed, again.unchanged, again.refused) == (0, 0, 2, [])
    assert db.session.query(SynonymGroup).count() == 2
