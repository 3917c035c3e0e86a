"""Lengths as each channel counts them, and a variant that fits or a refusal; nothing is cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.answers.graphemes import graphemes
from helpdesk.answers.lengths import Length, choose_variant, measure
from helpdesk.errors import BadInput, Problem

FAMILY = "👨\u200d👩\u200d👧\u200d👦"


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("abc", ["a", "b", "c"]),
        ("e\u0301a\u0302\u0323", ["e\u0301", "a\u0302\u0323"]),
        (f"a{FAMILY}b", ["a", FAMILY, "b"]),
        ("👍🏽👍", ["👍🏽", "👍"]),
        ("❤\ufe0f!", ["❤\ufe0f", "!"]),
        ("🇫🇷🇬🇧", ["🇫🇷", "🇬🇧"]),
        ("🇫🇷🇬", ["🇫🇷", "🇬"]),
        ("a🇫🇷", ["a", "🇫🇷"]),
        ("1\ufe0f\u20e32", ["1\ufe0f\u20e3", "2"]),
        ("🏴\U000e0067\U000e0062\U000e007f.", ["🏴\U000e0067\U000e0062\U000e007f", "."]),
        ("🏳\ufe0f\u200d🌈", ["🏳\ufe0f\u200d🌈"]),
        ("👩🏽\u200d🚒", ["👩🏽\u200d🚒"]),
        ("a\u200db", ["a\u200d", "b"]),
        ("\r\n\n", ["\r\n", "\n"]),
        ("각힣각", ["각", "힣", "각"]),
        ("நி", ["நி"]),
        ("\u0301", ["\u0301"]),
        ("", []),
    ],
)
def test_what_a_reader_takes_for_one_character(text, pieces):
    assert list(graphemes(text)) == pieces


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from("\u200d\ufe0f🇫🇷👍🏽👩e\u0301\r\n각")), max_size=60))
def test_visible_characters_joined_give_the_text_back(text):
    assert "".join(graphemes(text)) == text
    assert all(graphemes(text))


LINK = "https://exemple.fr/" + "a" * 100

COUNTED = [
    # kind, text, count, limit, unit
    ("mastodon", "bonjour", 7, 500, "visible characters"),
    ("mastodon", f"voir {LINK}.", 5 + 23 + 1, 500, "visible characters"),
    ("mastodon", "@marielou@piaf.example oui", 9 + 4, 500, "visible characters"),
    ("mastodon", "jean@piaf.example", 17, 500, "visible characters"),
    ("mastodon", FAMILY, 1, 500, "visible characters"),
    ("bluesky", f"{FAMILY}é", 2, 300, "visible characters"),
    ("bluesky", FAMILY * 150, 150 * 25, 3_000, "bytes"),
    ("bluesky", LINK, len(LINK), 300, "visible characters"),
    ("x", "Réponse : ça marche", 19, 280, "weighted characters"),
    ("x", "e\u0301", 1, 280, "weighted characters"),
    ("x", "日本", 4, 280, "weighted characters"),
    ("x", "👍", 2, 280, "weighted characters"),
    ("x", FAMILY, 2, 280, "weighted characters"),
    ("x", "👍🏽🇫🇷", 4, 280, "weighted characters"),
    ("x", "1\ufe0f\u20e3", 2, 280, "weighted characters"),
    ("x", "©\ufe0f ©", 4, 280, "weighted characters"),
    ("x", "“a” — b…", 9, 280, "weighted characters"),
    ("x", f"{LINK} a", 25, 280, "weighted characters"),
    ("x", "a.fr, b", 23 + 3, 280, "weighted characters"),
    ("x", "jean@exemple.fr", 15, 280, "weighted characters"),
    ("facebook", "a👍", 3, 8_000, "characters"),
    ("instagram", "é", 1, 2_200, "characters"),
    ("linkedin", "é", 1, 1_250, "characters"),
    ("discourse", "👍", 1, 32_000, "characters"),
    ("google_reviews", "é👍", 6, 4_096, "bytes"),
    ("web", "a" * 90_000, 90_000, None, "characters"),
    ("email", "a\r\nb", 3, None, "characters"),
]


@pytest.mark.parametrize(("kind", "text", "count", "limit", "unit"), COUNTED)
def test_each_channel_counts_in_its_own_way(kind, text, count, limit, unit):
    length = measure(kind, text)
    assert length == Length(count, limit, unit)
    assert length.fits is (limit is None or count <= limit)


def test_a_channel_may_have_limits_of_its_own():
    assert measure("mastodon", LINK, max_chars=20, url_counts_as=30) == Length(30, 20, "visible characters")
    assert measure("web", "abc", max_chars=2) == Length(3, 2, "characters")
    assert not measure("web", "abc", max_chars=2).fits
    assert measure("bluesky", "é" * 400, max_chars=1_000).fits


def test_exactly_the_limit_fits_and_one_more_does_not():
    assert measure("x", "a" * 280).fits
    assert not measure("x", "a" * 281).fits
    assert measure("google_reviews", "é" * 2_048).fits
    assert not measure("google_reviews", "é" * 2_048 + "a").fits


def test_the_body_is_chosen_when_it_fits_and_the_short_variant_otherwise():
    chosen = choose_variant("x", "Une réponse.", "Courte.")
    assert (chosen.text, chosen.which, chosen.length.count) == ("Une réponse.", "body", 12)
    chosen = choose_variant("x", "a" * 300, "Courte.")
    assert (chosen.text, chosen.which) == ("Courte.", "short")


@pytest.mark.parametrize(
    ("body", "short", "problems"),
    [
        (
            "a" * 300,
            "b" * 290,
            [
                Problem(
                    "body",
                    "too_long_for_channel",
                    {"count": 300, "limit": 280, "unit": "weighted characters"},
                ),
                Problem(
                    "short",
                    "too_long_for_channel",
                    {"count": 290, "limit": 280, "unit": "weighted characters"},
                ),
            ],
        ),
        (
            "a" * 300,
            None,
            [
                Problem(
                    "body",
                    "too_long_for_channel",
                    {"count": 300, "limit": 280, "unit": "weighted characters"},
                ),
                Problem("short", "missing_for_channel"),
            ],
        ),
        (" ", "", [Problem("body", "missing"), Problem("short", "missing_for_channel")]),
    ],
)
def test_what_does_not_fit_is_refused_with_its_lengths(body, short, problems):
    with pytest.raises(BadInput) as refusal:
        choose_variant("x", body, short)
    assert refusal.value.problems == problems


@given(
    st.sampled_from(["x", "mastodon", "bluesky", "google_reviews", "web"]),
    st.text(max_size=400),
    st.text(max_size=99),
)
def test_nothing_is_ever_cut(kind, body, short):
    try:
        chosen = choose_variant(kind, body, short)
    except BadInput as refusal:
        assert refusal.problems  # noqa: PT017 (either outcome is right, and each is checked)
    else:
        assert chosen.text == {"body": body, "short": short}[chosen.which]
        assert measure(kind, chosen.text).fits
