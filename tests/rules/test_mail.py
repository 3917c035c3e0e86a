"""A letter as bytes: correct headers, nothing smuggled in, and lines as mail servers want them."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest

from helpdesk.notifications.mime import letter_bytes, one_line
from helpdesk.notifications.smtp import Refused, as_data, with_ascii_domain

LETTER = {
    "sender": "relais@example.org",
    "sender_name": "Océliane",
    "recipient": "jeanne@example.org",
    "subject": "Pouvez-vous répondre ? R-2026-000001",
    "text": "Bonjour,\n.\nÀ bientôt 👋\n",
    "html": "<p>Bonjour</p>",
    "language": "fr",
    "message_id": "<1@example.org>",
    "date": datetime(2026, 11, 23, 9, 30, tzinfo=UTC),
}


def test_a_letter_is_ascii_and_says_what_it_was_given():
    written = letter_bytes(**LETTER)
    assert written.isascii()
    read = message_from_bytes(written, policy=policy.default)
    assert read["Subject"] == LETTER["subject"]
    assert str(read["From"]) == "Océliane <relais@example.org>"
    assert read.get_body(("plain",)).get_content().replace("\r\n", "\n") == LETTER["text"]
    assert read["Content-Language"] == "fr"
    assert [part.get_content_type() for part in read.iter_parts()] == ["text/plain", "text/html"]


@pytest.mark.parametrize("field", ["subject", "sender_name"])
def test_no_header_is_smuggled_in(field):
    read = message_from_bytes(letter_bytes(**LETTER | {field: "One\r\nBcc: x@example.org\r\n\r\nTwo"}))
    assert read["Bcc"] is None
    assert "Two" not in read.get_payload()[0].get_payload()


@pytest.mark.parametrize(
    "address", ["a@b.org\r\nBcc: c@d.org", "a b@c.org", "<a@b.org>", "nobody", "@b.org", "a@", "a@b..org"]
)
def test_what_is_no_address_is_refused_for_good(address):
    with pytest.raises(Refused) as refused:
        letter_bytes(**LETTER | {"recipient": address})
    assert refused.value.for_good


def test_a_domain_in_other_letters_is_written_as_servers_write_it():
    assert with_ascii_domain("jeanne@océliane.example") == "jeanne@xn--ocliane-cya.example"


def test_an_address_with_other_letters_keeps_them():
    read = message_from_bytes(letter_bytes(**LETTER | {"recipient": "léa@example.org"}), policy=policy.default)
    assert str(read["To"]) == "léa@example.org"


@pytest.mark.parametrize(
    ("letter", "sent"),
    [
        (b"one\ntwo\n", b"one\r\ntwo\r\n.\r\n"),
        (b"one\r\n.\r\ntwo", b"one\r\n..\r\ntwo\r\n.\r\n"),
        (b".hidden\rnext", b"..hidden\r\nnext\r\n.\r\n"),
    ],
)
def test_a_line_that_begins_with_a_dot_does_not_end_the_letter(letter, sent):
    assert as_data(letter) == sent


def test_one_line_has_no_control_characters():
    assert one_line("a\tb\r\n\x00c\u2028d") == "a b c d"
    assert one_line("Répondre\u00a0?") == "Répondre\u00a0?"
