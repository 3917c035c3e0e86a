"""Each problem that the rules can find has a sentence in both languages, with its figures in the right
places.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from flask import Flask
from flask_babel import Babel, force_locale

from helpdesk.errors import Problem
from helpdesk.intake.masking import KINDS
from helpdesk.web.wording import MARKS, SENTENCES, mark_label, sentence, sentences_by_field

CATALOGUE = Path(__file__).parents[2] / "translations" / "fr" / "LC_MESSAGES" / "messages.po"


@pytest.fixture
def locale():
    app = Flask(__name__)
    Babel(app)
    with app.test_request_context(), force_locale("en"):
        yield


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (
            Problem("text", "too_long", {"limit": 20_000, "count": 20_001}),
            "it has 20,001 characters and 20,000 are",
        ),
        (Problem("text", "nul", {"position": 3}), "at position 3,"),
        (Problem("subject", "nul", {"position": 3}), "at position 3,"),
        (Problem("posted_at", "time_too_old", {"year": 1990}), "before 1990"),
        (Problem("text", "empty"), "no visible character"),
        (Problem("x", "a code from the future", {"limit": 3}), "Check this value"),
    ],
)
def test_a_problem_is_said_in_words(locale, problem, said):
    assert said in sentence(problem)


def test_a_form_gets_the_sentences_of_each_field(locale):
    found = sentences_by_field([Problem("url", "bad_link"), Problem("text", "missing"), Problem("url", "missing")])
    assert {field: len(said) for field, said in found.items()} == {"url": 2, "text": 1}


def test_every_mark_has_a_label(locale):
    assert set(MARKS) == set(KINDS)
    assert mark_label("phone") == "telephone number hidden"


def test_french_says_the_same_figures(locale):
    with CATALOGUE.open("rb") as file:
        catalogue = read_po(file, locale="fr")
    for words in [*SENTENCES.values(), *MARKS.values()]:
        french = catalogue.get(str(words)).string
        assert french
        assert sorted(re.findall(r"%\(\w+\)s", french)) == sorted(re.findall(r"%\(\w+\)s", str(words)))
