"""What was posted is what was approved, or the difference is named."""

from __future__ import annotations

import hashlib
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from helpdesk.publishing.proof import compare, digest

ANSWER = "Bonjour Marie, « l'incident » est réglé – redémarrez la box : https://exemple.fr/aide ❤\ufe0f"

EQUAL = [
    (ANSWER, ANSWER),
    ("été", "e\u0301te\u0301"),
    ("a\nb", "a\r\nb"),
    ("a\nb", "a\rb"),
    ("a", "\n a \n"),
    ("", ""),
]


@pytest.mark.parametrize(("approved", "posted"), EQUAL)
def test_the_same_text_is_equal(approved, posted):
    comparison = compare(approved, posted)
    assert (comparison.verdict, comparison.causes) == ("equal", ())
    assert all(piece.kind == "same" for piece in comparison.pieces)


FORM = [
    ("a b\n\nc", "a b c", ("spaces",)),
    ("a  b", "a\u00a0b", ("spaces",)),
    ("l'aide", "l’aide", ("typography",)),
    ('dit "oui"', "dit « oui »", ("typography",)),
    ('dit "oui"', "dit “oui”", ("typography",)),
    ("a - b", "a — b", ("typography",)),
    ("Prix : 312 €", "Prix: 312€", ("typography",)),
    ("fin...", "fin…", ("typography",)),
    ("❤\ufe0f merci", "❤ merci", ("invisible",)),
    ("a\u200bb", "ab", ("invisible",)),
    ("**gras** et _penché_", "gras et penché", ("markdown",)),
    ("***très***", "très", ("markdown",)),
    ("# Titre\ntexte", "Titre\ntexte", ("markdown",)),
    ("- un\n- deux", "un\ndeux", ("markdown",)),
    ("- un\n- deux", "• un\n• deux", ("markdown",)),
    ("> cité", "cité", ("markdown",)),
    ("[aide](https://exemple.fr/a)", "aide (https://exemple.fr/a)", ("markdown",)),
    ("[3179](tel:3179)", "3179", ("markdown",)),
    ("<https://exemple.fr/a>", "https://exemple.fr/a", ("markdown",)),
    ("tapez \\*100#", "tapez *100#", ("markdown",)),
    ("`code`", "code", ("markdown",)),
    ("voir https://exemple.fr/a.", "voir https://exemple.fr/a?fbclid=z&utm_source=x.", ("links",)),
    ("voir http://exemple.fr/a", "voir https://www.exemple.fr/a/", ("links",)),
    ("**l'aide**\n\nici", "l’aide ici", ("markdown", "typography", "spaces")),
]


@pytest.mark.parametrize(("approved", "posted", "causes"), FORM)
def test_a_change_of_form_is_only_form(approved, posted, causes):
    comparison = compare(approved, posted)
    assert (comparison.verdict, comparison.causes) == ("form", causes)
    assert any(piece.kind != "same" for piece in comparison.pieces)


DIFFERENT = [
    ("sous dix jours", "sous huit jours", ("figures", "words")),
    ("312 €", "321 €", ("figures", "words")),
    ("ça marche", "ça ne marche pas", ("words",)),
    ("Bonjour", "bonjour", ("words",)),
    ("une réponse", "une réponse. Merci !", ("words",)),
    ("une réponse complète", "une réponse", ("words",)),
    ("à deux", "a deux", ("words",)),
    ("2*3*4", "234", ("figures", "words")),
    ("1 000", "10 00", ("figures", "words")),
    ("paypal", "pаypal", ("words",)),  # a Cyrillic letter
    ("voir https://exemple.fr/a", "voir https://t.co/Ab12", ("shortened_link",)),
    ("voir https://exemple.fr/a", "voir https://autre.example/a", ("words",)),
    ("voir https://exemple.fr/a oui", "voir https://t.co/Ab12 non", ("shortened_link", "words")),
    ("a b", "a \u202eb", ("words",)),
    ("👩\u200d🚒", "👩🚒", ("words",)),
    ("texte", "", ("words",)),
]


@pytest.mark.parametrize(("approved", "posted", "causes"), DIFFERENT)
def test_anything_else_is_different(approved, posted, causes):
    comparison = compare(approved, posted)
    assert (comparison.verdict, comparison.causes) == ("different", causes)


def test_a_configured_mention_or_signature_is_form():
    around = {"mentions": ["@marielou@piaf.example", "@tib0"], "signatures": ["— L'équipe Océliane"]}
    posted = "@marielou@piaf.example @tib0 Bonjour.\n\n— L'équipe Océliane"
    comparison = compare("Bonjour.", posted, **around)
    assert (comparison.verdict, comparison.causes) == ("form", ("mention", "signature"))
    assert compare("Bonjour.", posted).verdict == "different"
    assert compare("@tib0 Bonjour.", "@tib0 Bonjour.", **around).verdict == "equal"
    assert compare("Bonjour.", "@tib0bis Bonjour.", **around).verdict == "different"
    assert compare("Bonjour.", "Bonjour. @tib0", **around).verdict == "different"
    assert compare("Bonjour.", "@tib0 Bonsoir.", **around).verdict == "different"
    assert compare("@tib0 Bonjour.", "Bonjour.", **around).verdict == "different"


def test_the_pieces_tell_what_was_approved_and_what_was_posted():
    pieces = compare("sous dix jours", "sous huit jours").pieces
    assert [(piece.kind, piece.text) for piece in pieces] == [
        ("same", "sous "), ("removed", "dix"), ("added", "huit"), ("same", " jours"),
    ]  # fmt: skip


TEXTS = st.lists(
    st.one_of(st.sampled_from(["a", "B", " ", "\n", "**", "«", "’", "-", "1", "https://a.fr"]), st.text(max_size=3))
).map("".join)


@given(TEXTS)
def test_a_text_is_equal_to_itself_in_any_composition(text):
    assert compare(text, text).verdict == "equal"
    assert compare(text, text.replace("\n", "\r\n")).verdict == "equal"


@given(TEXTS, st.sampled_from(["mot", "9", "é", "👍"]))
def test_an_added_word_is_never_form(text, word):
    assert compare(text, f"{text} {word}").verdict == "different"


@example("https://[", "mot")
@given(TEXTS, TEXTS)
def test_the_verdict_does_not_depend_on_the_direction(one, other):
    assert compare(one, other).verdict == compare(other, one).verdict


def test_a_digest_is_of_the_composed_text_with_plain_line_ends():
    assert digest("e\u0301\r\nb") == digest("é\nb") == hashlib.sha256("é\nb".encode()).hexdigest()
    assert digest("a") != digest("a ")


@pytest.mark.parametrize(
    "unit", ["*", "*a ", "`a", "[a](", "https://a.fr ", "# ", "> ", "- ", "@tib0 ", " ", "_a_ ", "---\n"]
)
def test_hostile_texts_are_compared_within_seconds(unit):
    text = (unit * 20_000)[:20_000]
    start = time.process_time()
    compare(text, text[:-7] + "autre", mentions=["@tib0"])
    assert time.process_time() - start < 10
