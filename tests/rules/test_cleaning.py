"""A raw message is kept to the letter, described, or refused with everything that is wrong with it."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.errors import BadInput, Problem
from helpdesk.intake.channel_of_link import channel_of_link
from helpdesk.intake.cleaning import LONGEST_TEXT, clean, fingerprint
from helpdesk.intake.links import canonical_link, host_of, is_acceptable_link

NOW = datetime(2026, 4, 1, 12, 0, tzinfo=UTC)


def cleaned(text="Bonjour, une question", **given):
    return clean(**{"text": text, "channel": "web", "now": NOW, **given})


def problems(**given):
    with pytest.raises(BadInput) as refusal:
        cleaned(**given)
    return refusal.value.problems


VERBATIM = [
    "  deux blancs, une fin\n\n",
    "e\u0301 et é",
    "שלום\u200f, مرحبا بالعالم",
    "👩‍👩‍👧‍👦 👍🏽 🇫🇷 ❤️ 🫨",
    "न\u094dम ZWJ\u200d\u200c",
    "\u0001 une commande invisible \x7f",
    "👍",
    "?",
    "a" * LONGEST_TEXT,
    "a\U0010ffff\ufffe",
    "\ue000",
]


@pytest.mark.parametrize("text", VERBATIM)
def test_a_text_is_kept_to_the_letter(text):
    assert cleaned(text).text == text


@given(st.text(min_size=1, max_size=200))
def test_any_text_is_kept_or_refused_with_a_reason(text):
    if "\0" in text:
        assert [problem.code for problem in problems(text=text)] == ["nul"]
    elif not any(character.isprintable() and not character.isspace() for character in text):
        with contextlib.suppress(BadInput):  # private and unassigned characters may be visible to their users
            assert cleaned(text).text == text
    else:
        assert cleaned(text).text == text


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (None, Problem("text", "missing")),
        ("", Problem("text", "empty")),
        (" \n\t\u00a0", Problem("text", "empty")),
        ("\u200b\u200d\ufeff \u2066", Problem("text", "empty")),
        ("a" * (LONGEST_TEXT + 1), Problem("text", "too_long", {"limit": 20_000, "count": 20_001})),
        ("ab\0c", Problem("text", "nul", {"position": 3})),
        ("ab\ud83d", Problem("text", "half_character", {"position": 3})),
        (12, Problem("text", "not_text")),
        (["a"], Problem("text", "not_text")),
    ],
)
def test_what_cannot_be_kept_is_refused(text, problem):
    assert problems(text=text) == [problem]


def test_all_problems_are_told_at_once():
    found = problems(
        text="",
        channel="",
        language="de",
        url="ftp://x",
        posted_at="hier",
        author={"email": "x", "handle": 3},
    )
    assert {(problem.field, problem.code) for problem in found} == {
        ("text", "empty"),
        ("channel", "missing"),
        ("language", "unknown_language"),
        ("url", "bad_link"),
        ("posted_at", "bad_time"),
        ("author.email", "bad_email"),
        ("author.handle", "not_text"),
    }


def test_a_whole_message():
    submission = cleaned(
        "Client 00184467, pouvez-vous regarder ma facture ?",
        channel="facebook",
        subject="  Facture\n de Mme Dupont ",
        external_id=" 123_456 ",
        url="https://www.facebook.com/oceliane/posts/1?fbclid=z",
        posted_at="2026-03-31T10:10:00+02:00",
        author={"handle": "client", "name": "", "email": " jean@exemple.fr "},
    )
    assert submission.masked == "Client ⟦customer-number⟧, pouvez-vous regarder ma facture ?"
    assert [finding.kind for finding in submission.findings] == ["customer-number"]
    assert (submission.subject, submission.masked_subject) == (
        "Facture de Mme Dupont",
        "Facture de Mme ⟦name⟧",
    )
    assert (submission.language, submission.channel, submission.external_id) == ("fr", "facebook", "123_456")
    assert submission.url == "https://www.facebook.com/oceliane/posts/1?fbclid=z"
    assert submission.canonical_url == "https://facebook.com/oceliane/posts/1"
    assert submission.posted_at == datetime(2026, 3, 31, 8, 10, tzinfo=UTC)
    assert submission.posted_at.tzinfo is UTC
    assert (submission.author_handle, submission.author_name) == ("client", None)
    assert submission.author_email == "jean@exemple.fr"


def test_the_language_given_wins_and_a_doubtful_one_stays_unknown():
    assert cleaned("Bonjour, une question pour vous", language="en").language == "en"
    assert cleaned("Hello, when will you answer the question?").language == "en"
    assert cleaned("R-14 ???").language is None


@pytest.mark.parametrize(
    ("given_time", "kept", "in_future"),
    [
        (None, None, False),
        ("", None, False),
        ("2026-04-01T12:00:00Z", NOW, False),
        ("2026-04-01T14:00:00.5+02:00", NOW, True),
        (NOW + timedelta(days=9), NOW, True),
        ("9999-12-31T23:59:59-12:00", NOW, True),
        (datetime(2026, 4, 1, 13, tzinfo=timezone(timedelta(hours=2))), NOW - timedelta(hours=1), False),
    ],
)
def test_the_time_of_posting_is_never_in_the_future(given_time, kept, in_future):
    submission = cleaned(posted_at=given_time)
    assert (submission.posted_at, submission.posted_in_future) == (kept, in_future)


@pytest.mark.parametrize(
    ("given_time", "code"),
    [
        ("hier", "bad_time"),
        (20260401, "bad_time"),
        ("2026-02-30T10:00:00Z", "bad_time"),
        ("2026-04-01T10:00:00", "time_without_offset"),
        ("2026-04-01", "time_without_offset"),
        ("0206-04-01T10:00:00Z", "time_too_old"),
        ("0001-01-01T00:00:00+14:00", "time_too_old"),
    ],
)
def test_a_time_that_means_nothing_is_refused(given_time, code):
    assert [(problem.field, problem.code) for problem in problems(posted_at=given_time)] == [("posted_at", code)]


def test_an_author_that_is_no_object_is_refused():
    assert problems(author="jean") == [Problem("author", "not_an_object")]


GOOD_LINKS = [
    "https://social.oceliane.example/@marielou/112233",
    "http://exemple.fr",
    "https://exemple.fr:8443/a?b=c#p12",
    "https://été.exemple/é",
    "https://[2001:db8::1]/x",
    "http://localhost/x",
]
BAD_LINKS = [
    "javascript:alert(1)", "ftp://exemple.fr", "//exemple.fr", "exemple.fr", "https://", "https:///x",
    "https://a b.fr", "https://exemple.fr/a b",
    "https://jean:mot@exemple.fr", "https://jean@exemple.fr",
    "https://exemple.fr:99999/", "https://[::1", "https://exemple.fr\\@autre.fr", "https://exemple.fr/\u202egnp",
    "https://-a-.fr", "data:text/html,x",
    "https://exemple.fr/\u200b", "https://" + "a." * 990 + "fr/" + "x" * 30,
]  # fmt: skip


@pytest.mark.parametrize("url", GOOD_LINKS)
def test_links_to_posts_are_kept_as_given(url):
    assert cleaned(url=f" {url} ").url == url


@pytest.mark.parametrize("url", BAD_LINKS)
def test_links_that_lead_nowhere_or_elsewhere_are_refused(url):
    assert not is_acceptable_link(url)
    assert {problem.code for problem in problems(url=url)} <= {"bad_link", "too_long"}


SAME_POST = [
    ("http://www.Exemple.fr/a/", "https://exemple.fr/a"),
    ("https://exemple.fr:443/a?utm_source=x&b=2&a=1", "http://exemple.fr/a?a=1&b=2"),
    ("https://twitter.com/o/status/1?s=20&t=abc", "https://x.com/o/status/1"),
    ("https://mobile.twitter.com/o/status/1", "https://x.com/o/status/1"),
    ("https://m.facebook.com/o/posts/1?__tn__=R", "https://www.facebook.com/o/posts/1"),
    ("https://exemple.fr/%C3%A9t%c3%a9", "https://exemple.fr/été"),
    ("https://été.exemple/a", "https://" + "été.exemple".encode("idna").decode() + "/a"),
    ("https://forum.exemple/viewtopic.php?t=4&sid=" + "0f" * 16, "https://forum.exemple/viewtopic.php?t=4"),
    ("https://exemple.fr/a#:~:text=panne", "https://exemple.fr/a"),
    ("https://youtu.be/abc?si=xyz", "https://youtu.be/abc"),
]
OTHER_POST = [
    ("https://exemple.fr/viewtopic.php?t=4#p12", "https://exemple.fr/viewtopic.php?t=4#p13"),
    ("https://exemple.fr/a?id=1", "https://exemple.fr/a?id=2"),
    ("https://exemple.fr/A", "https://exemple.fr/a"),
    ("https://exemple.fr/article?sid=12", "https://exemple.fr/article?sid=13"),
    ("https://exemple.fr/a", "https://forum.exemple.fr/a"),
    ("https://exemple.fr:8080/a", "https://exemple.fr/a"),
    ("https://facebook.com/p?comment_id=1", "https://facebook.com/p?comment_id=2"),
]


@pytest.mark.parametrize(("one", "other"), SAME_POST)
def test_two_links_to_one_post_are_the_same(one, other):
    assert canonical_link(one) == canonical_link(other)


@pytest.mark.parametrize(("one", "other"), OTHER_POST)
def test_links_to_two_posts_stay_apart(one, other):
    assert canonical_link(one) != canonical_link(other)


@given(st.one_of(st.text(max_size=60), st.text(max_size=60).map("https://exemple.fr/".__add__)))
def test_a_canonical_link_stays_as_it_is(url):
    assert canonical_link(canonical_link(url)) == canonical_link(url)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Plus d'internet !", "plus d’INTERNET"),
        ("  R-14\n\nsur  la box ", "R-14 sur la box"),
        ("e\u0301te\u0301", "été"),
        ("Œuvre", "œuvre"),
        ("ﬁbre", "fibre"),
        ("fi\u200bbre", "fibre"),
        ("👍 👍", "👍\n👍 "),
    ],
)
def test_the_same_words_have_the_same_fingerprint(one, other):
    assert fingerprint(one) == fingerprint(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("R-14", "R-15"), ("ça marche", "ça ne marche pas"), ("👍", "👎"), ("a b", "ab"), ("שלום", "סלום")],
)
def test_other_words_have_another_fingerprint(one, other):
    assert fingerprint(one) != fingerprint(other)


def test_a_fingerprint_does_not_change_between_versions():
    assert fingerprint("Plus d'internet à Port-Lannévez !") == (
        "13fc00cacabddd61c9782068e8f8017ce4a08a76d0f83173df4360d95222e4e7"
    )


@pytest.mark.parametrize("link", ["https://[", "https://[::1/x", "http://a:99999/x"])
def test_what_only_looks_like_a_link_leads_nowhere(link):
    assert host_of(link) == ""
    assert channel_of_link(link, []) is None
