"""What somebody types into the search box: filters told from words, days, values by name or by a beginning."""

from __future__ import annotations

from datetime import date

import pytest

from helpdesk.search.asked import asked
from helpdesk.search.days import days
from helpdesk.search.excerpt import Reader
from helpdesk.search.filter_words import SHORT_LISTS, Filter, filter_named, matching, name_of, names
from helpdesk.search.typed import read

TODAY = date(2026, 11, 23)


def taken(text):
    return [(str(one.filter), one.value, one.without) for one in read(text).filters if one.filter]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("portail state:received", [("state", "received", False)]),
        ("état:reçue ETAT:recue", [("state", "reçue", False), ("state", "recue", False)]),
        ("état : reçue", [("state", "reçue", False)]),
        ("état\u00a0: « en validation » portail", [("state", "en validation", False)]),
        ('-department:"Fixe et fibre" x', [("department", "Fixe et fibre", True)]),
        ("thématique:fibre canal:web", [("topic", "fibre", False), ("channel", "web", False)]),
        ("personne:moi", [("expert", "moi", False)]),
        ("avant:2026-03 après:hier", [("before", "2026-03", False), ("after", "hier", False)]),
        ("en-retard:oui", [("late", "oui", False)]),
        ('"état:reçue"', []),
        ("https://example.org Bonjour : 12:30 R-14:x a:b", []),
        ("state:", [("state", "", False)]),
    ],
)  # fmt: skip
def test_filters_are_told_from_words_in_both_languages(text, found):
    assert taken(text) == found


def test_nothing_typed_is_lost():
    typed = read('portail état:reçue "mot à mot" foo:bar fin')
    known = [one for one in typed.filters if one.filter]
    assert typed.but(*known) == 'portail "mot à mot" foo:bar fin'
    assert [one.name for one in typed.filters if one.filter is None] == ["foo"]
    for one in typed.filters:
        assert typed.text[one.start : one.end] in ("état:reçue", "foo:bar")


def test_every_filter_has_a_name_in_both_languages():
    for filter_ in Filter:
        assert filter_named(name_of(filter_, "fr")) is filter_
        assert filter_named(name_of(filter_, "en").upper()) is filter_
    assert len(set(names())) >= len(Filter)


@pytest.mark.parametrize(
    ("typed", "first", "end"),
    [
        ("2026", "2026-01-01", "2027-01-01"),
        ("2026-12", "2026-12-01", "2027-01-01"),
        ("3/2026", "2026-03-01", "2026-04-01"),
        ("2026-03-14", "2026-03-14", "2026-03-15"),
        ("14/03/2026", "2026-03-14", "2026-03-15"),
        ("today", "2026-11-23", "2026-11-24"),
        ("aujourd’hui", "2026-11-23", "2026-11-24"),
        ("Hier", "2026-11-22", "2026-11-23"),
        ("yesterday", "2026-11-22", "2026-11-23"),
        ("7d", "2026-11-16", "2026-11-17"),
        ("2s", "2026-11-09", "2026-11-10"),
    ],
)
def test_days_are_read_as_people_type_them(typed, first, end):
    assert days(typed, TODAY) == (date.fromisoformat(first), date.fromisoformat(end))


@pytest.mark.parametrize(
    "typed", ["", "soon", "2026-13", "2026-02-30", "0000", "9999", "99999d", "14-03-2026", "٢٠٢٦-٠٣-٤٤"]
)
def test_what_is_no_day_is_none(typed):
    assert days(typed, TODAY) is None


@pytest.mark.parametrize(
    ("typed", "codes"),
    [
        ("received", {"state:received"}),
        ("REÇUE", {"state:received"}),
        ("recu", {"state:received"}),
        ("rép", {"state:answering", "state:answered"}),
        ("close", {"state:closed"}),
        ("en-validation", {"state:validating"}),
        ("circuit", {"state:escalated"}),
        ("zzz", set()),
        ("", set()),
    ],
)
def test_values_are_known_in_both_languages_and_by_their_beginning(typed, codes):
    assert {facet for value in matching(typed, SHORT_LISTS[Filter.STATE]) for facet in value.facets} == codes


@pytest.mark.parametrize(
    ("words", "text", "holds"),
    [
        ("Go", "J’ai 5 Go par mois", True),
        ("R 14", "erreur R-14 affichée", True),
        ("14", "le code R 14", True),
        ("#PlusInternet", "cœur #PlusInternet", True),
        ("12", "prix : 12 €", True),
        ("client@example.org", "écrivez à client@example.org", True),
        ("resil*", "ma RÉSILIATION", True),
        ("resil*", "mon abonnement", False),
        ('"carte sim"', "la carte SIM", True),
        ('"carte sim"', "SIM, carte", False),
        ("« carte sim »", "la carte SIM", True),
        ("la le", "le chat", False),
        ("le", "le chat", True),
    ],
)
def test_a_clause_is_met_by_the_stem_or_as_written(words, text, holds):
    reader = Reader(asked(words))
    reader.read(text)
    assert reader.has_all is holds


def test_what_must_not_stand_is_kept_apart():
    found = asked('portail -panne -"en cours" wi-fi - 4')
    assert len(found.unwanted) == 2
    assert "panne" in found.unwanted[0].pieces
    assert not any("panne" in clause.pieces for clause in found.wanted)
