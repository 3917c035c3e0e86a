"""What stands under a negation, in French and in English."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.search.negation import negated_terms, opposed_terms
from helpdesk.search.text import analyse


def terms(words, language):
    return {token.term for token in analyse(words, language)}


@pytest.mark.parametrize(
    ("text", "negated"),
    [
        ("Je ne capte pas la 4G", "capte 4G"),
        ("Je n’ai plus internet depuis hier", "internet"),
        ("JE N'AI PLUS INTERNET", "internet"),
        ("ça marche pas", "marche"),
        ("le code ne m'a jamais été envoyé, pourtant la box clignote", "envoyé"),
        ("pas de réseau mais la télé fonctionne", "réseau"),
        ("une offre sans engagement", "engagement"),
        ("aucun signal sur la fibre", "signal fibre"),
        ("je veux plus de débit", ""),
        ("c'est pas mal comme débit", ""),
        ("Non. La fibre est coupée", ""),
        ("ne vous inquiétez, le débit est bon", ""),
    ],
)
def test_in_french(text, negated):
    assert negated_terms(text, "fr") == terms(negated, "fr")


@pytest.mark.parametrize(
    ("text", "negated"),
    [
        ("I can't log in", "log"),
        ("I can’t log in", "log"),
        ("The router does not restart, the light is red", "restart"),
        ("I no longer receive mail", "longer receive mail"),
        ("The parcel never arrived", "arrived"),
        ("a plan without contract and with roaming", "contract"),
        ("my phone isnt working", "working"),
        ("not only the router", ""),
        ("No, the router is new", ""),
        ("It works", ""),
    ],
)
def test_in_english(text, negated):
    assert negated_terms(text, "en") == terms(negated, "en")


def test_two_questions_that_differ_by_a_negation_only_are_opposed():
    assert opposed_terms("Je capte la 4G", "Je ne capte pas la 4G", "fr") == terms("capte 4G", "fr")
    assert opposed_terms("La box redémarre", "La box ne démarre pas", "fr") == frozenset()
    assert opposed_terms("I can log in", "I can't log in", "en") == {"log"}


@given(st.text(alphabet="nepasplunot 'no’t,.\nàéwithoutmais", max_size=120), st.sampled_from(["fr", "en"]))
def test_only_words_of_the_text_are_negated(text, language):
    assert negated_terms(text, language) <= {token.term for token in analyse(text, language)}
