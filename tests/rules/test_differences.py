"""Differences lose nothing, read well, and long texts do not make anyone wait; changed figures are named."""

from __future__ import annotations

import itertools
import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.answers.differences import Piece, differences
from helpdesk.answers.figures import NumberChange, numbers_changed


def marked(before, after):
    """The differences as one line: [-removed-] {+added+}."""
    shapes = {"same": "{}", "removed": "[-{}-]", "added": "{{+{}+}}"}
    return "".join(shapes[piece.kind].format(piece.text) for piece in differences(before, after))


READ = [
    ("un deux trois", "un deux trois", "un deux trois"),
    ("sous dix jours.", "sous huit jours.", "sous [-dix-]{+huit+} jours."),
    ("sous dix jours.", "sous huit mois.", "sous [-dix jours-]{+huit mois+}."),
    ("l'abonnement", "l'accord", "l'[-abonnement-]{+accord+}"),
    ("a b", "a c b", "a {+c +}b"),
    ("a c b", "a b", "a [-c -]b"),
    ("", "neuf", "{+neuf+}"),
    ("vieux", "", "[-vieux-]"),
    ("", "", ""),
    ("a\n\nb", "a\n\nc\n\nb", "a\n\n{+c\n\n+}b"),
    ("👩🏽\u200d🚒 va", "👩🏽\u200d🏫 va", "[-👩🏽\u200d🚒-]{+👩🏽\u200d🏫+} va"),
    ("e\u0301te\u0301", "été", "[-e\u0301te\u0301-]{+été+}"),
]


@pytest.mark.parametrize(("before", "after", "shown"), READ)
def test_differences_read_well(before, after, shown):
    assert marked(before, after) == shown


def assert_lossless(before, after):
    pieces = differences(before, after)
    assert "".join(piece.text for piece in pieces if piece.kind != "added") == before
    assert "".join(piece.text for piece in pieces if piece.kind != "removed") == after
    assert all(piece.text for piece in pieces)
    kinds = [piece.kind for piece in pieces]
    assert all(one != other for one, other in itertools.pairwise(kinds))


WORDS = st.lists(
    st.one_of(st.sampled_from(["a", "b", " ", " ", "\n", ". ", "l'", "\u0301", "👩🏽\u200d🚒"]), st.text(max_size=4)),
    max_size=40,
).map("".join)


@given(WORDS, WORDS)
def test_nothing_is_lost(before, after):
    assert_lossless(before, after)


@given(WORDS)
def test_a_text_does_not_differ_from_itself(text):
    assert differences(text, text) == ([Piece("same", text)] if text else [])


CHANCE = random.Random(7)
LONG = [
    ("a " * 10_000, "b " * 10_000),
    ("a " * 10_000, "a b " * 5_000),
    ("\n" * 20_000, ".\n" * 10_000),
    ("".join(CHANCE.choice("ab .") for _ in range(20_000)), "".join(CHANCE.choice("ab .") for _ in range(20_000))),
    (" ".join(CHANCE.choices("abcdefghij", k=10_000)), " ".join(CHANCE.choices("abcdefghij", k=10_000))),
    ("mot " * 5_000, "mot " * 4_000 + "autre " * 600),
    ("x" * 20_000, "y" * 20_000),
]


@pytest.mark.parametrize(("before", "after"), LONG)
def test_long_texts_are_compared_within_seconds_without_loss(before, after):
    start = time.process_time()
    assert_lossless(before, after)
    numbers_changed(before, after)
    assert time.process_time() - start < 10


def test_a_long_text_with_few_changes_shows_only_these():
    words = [f"mot{number}" for number in range(3_000)]
    changed = words.copy()
    changed[10], changed[2_990] = "autre", "fin"
    kinds = [
        (piece.kind, piece.text) for piece in differences(" ".join(words), " ".join(changed)) if piece.kind != "same"
    ]
    assert kinds == [("removed", "mot10"), ("added", "autre"), ("removed", "mot2990"), ("added", "fin")]


def test_a_rewritten_passage_does_not_hide_that_the_rest_is_the_same():
    before = "Début. " + "vieux mot. " * 700 + "Fin."
    after = "Début. " + "texte neuf ! " * 700 + "Fin."
    pieces = differences(before, after)
    assert (pieces[0].kind, pieces[-1].kind) == ("same", "same")
    assert_lossless(before, after)


FIGURES = [
    ("sous dix jours", "sous huit jours", [("dix jours", "huit jours")]),
    ("sous 10 jours", "sous dix jours", []),
    ("8 jours", "8 semaines", [("8 jours", "8 semaines")]),
    ("within ten days", "within eight days", [("ten days", "eight days")]),
    ("312 €", "321 €", [("312 €", "321 €")]),
    ("1 250,50 €", "1250,5 euros", []),
    ("1,250.50", "1250.5", []),
    ("€20", "20 €", []),
    ("le 29 mars 2026", "le 29/03/2026", []),
    ("le 29 mars", "le 29 avril", [("29 mars", "29 avril")]),
    ("on March 29, 2026", "on 2026-03-30", [("March 29, 2026", "2026-03-30")]),
    ("à 14h05", "à 14:05", []),
    ("à 14 h", "à 15 h", [("14 h", "15 h")]),
    ("quatre-vingt-dix-sept", "97", []),
    ("deux cent mille", "200 000", []),
    ("vingt et un", "21", []),
    ("two hundred and five", "205", []),
    ("mille neuf cents", "1900", []),
    ("un abonnement", "l'abonnement", []),
    ("une semaine", "deux semaines", [("une semaine", "deux semaines")]),
    ("rien", "deux", [(None, "deux")]),
    ("3 puis 4", "3", [("4", None)]),
    ("3 puis 4 puis 5", "4 puis 5 puis 6", [("3", None), (None, "6")]),
    ("R-14 et 50 %", "R-15 et 50 %", [("14", "15")]),
    ("0,5 et 007", ".5 et 7", [("0,5", "5")]),
    ("Mb/s : 300 Mb/s", "300 Mo", [("300 Mb/s", "300 Mo")]),
    ("", "", []),
]


@pytest.mark.parametrize(("before", "after", "changes"), FIGURES)
def test_changed_figures_are_named(before, after, changes):
    assert numbers_changed(before, after) == [NumberChange(*change) for change in changes]


@given(WORDS)
def test_the_same_text_has_the_same_figures(text):
    assert numbers_changed(text, text) == []
