"""Letters from the event to the mail server: to whom, and in which words."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any

import pytest
from sqlalchemy import select

import servers
from builders.every_letter import LEA, TEXT, play, the_cast
from builders.letters import letters, plan_only, rows, time_passes, with_mail_server, without_mail_server, work
from builders.offers import a_manager, a_question, an_accepted_offer, an_expert, an_offer
from builders.triage import an_escalated_ticket
from helpdesk import outbox
from helpdesk.accounts.access import Role
from helpdesk.accounts.entering import digest, link_of
from helpdesk.accounts.models import SYSTEM, LinkPurpose, SignedLink
from helpdesk.accounts.organisation import change_setting
from helpdesk.db import db, transaction
from helpdesk.intake.status_links import ticket_of_status_token
from helpdesk.notifications import resending
from helpdesk.notifications.models import LetterKind, LetterState
from helpdesk.outbox import Lane, RowState
from helpdesk.routing import offering
from helpdesk.routing.models import DeclineReason
from helpdesk.tickets import triaging
from people import a_person

NEVER_SAID = ("lea_fictive35", "Léa Fictive", "06 12 34 56 78", "0612345678", "⟦", "relais.invalid")


@pytest.fixture
def mail(app: Any) -> Iterator[servers.MailSink]:
    with servers.mail_sink() as sink:
        with_mail_server(app, sink.url)
        yield sink
        without_mail_server(app)


def text_of(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def html_of(letter: EmailMessage) -> str:
    body = letter.get_body(("html",))
    assert body is not None
    return str(body.get_content())


def to(mail: servers.MailSink, address: str) -> list[EmailMessage]:
    return [letter for letter in mail.letters if str(letter["To"]) == address]


# --- words ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_kind_of_letter_arrives_in_the_readers_language_without_a_word_too_many(mail, language):
    play(the_cast(language), language)
    sent = letters()
    assert {letter.kind for letter in sent} == {str(kind) for kind in LetterKind}
    assert {letter.state for letter in sent} == {LetterState.SENT}
    assert {letter.language for letter in sent} == {language}
    assert sorted(str(each["Message-ID"]) for each in mail.letters) == sorted(each.message_id for each in sent)
    why = "Vous recevez" if language == "fr" else "You receive"
    for letter in mail.letters:
        for words in (text_of(letter), html_of(letter)):
            assert why in words
            for never in NEVER_SAID:
                assert never not in words
            if str(letter["To"]) != LEA["email"]:
                assert LEA["email"] not in words
        assert not re.search(r"<(img|script|iframe|link|object)|url\(|@import", html_of(letter))
        assert set(re.findall(r'(?:href|src)="(https?://[^/"]+)', html_of(letter))) <= {"http://localhost"}


def test_no_letter_to_an_insider_holds_what_identifies_the_asker(mail):
    play(the_cast("fr"), "fr")
    inside = [letter for letter in letters() if letter.person_id is not None]
    assert inside
    for letter in inside:
        assert not any(secret in letter.subject + letter.text + letter.html for secret in LEA.values())


def test_letters_about_restricted_questions_give_no_words_of_them(mail):
    a_person(Role.COMMITTEE, handle="committee")
    an_escalated_ticket(a_manager(), "legal", TEXT)
    work()
    [letter] = to(mail, "committee@example.org")
    assert "fibre" not in text_of(letter) + html_of(letter)
    assert "circuit réservé" in text_of(letter)


def test_whoever_chose_no_language_gets_the_organisations(mail):
    with transaction():
        change_setting("default_language", "en", by=SYSTEM)
    an_offer(an_expert(handle="jeanne", locale=None))
    work()
    [letter] = to(mail, "jeanne@example.org")
    assert letter["Subject"].startswith("Can you answer this question?")


def test_marks_of_hidden_data_are_words(mail):
    a_question(TEXT, author=LEA, language="fr")
    work()
    [letter] = to(mail, LEA["email"])
    assert "[numéro de téléphone masqué]" in text_of(letter)


def test_the_asker_finds_the_page_of_their_question_and_no_reference_of_ours(app, mail):
    ticket = a_question(TEXT, author=LEA)
    work()
    [letter] = to(mail, LEA["email"])
    assert ticket.ref not in text_of(letter) + html_of(letter) + str(letter["Subject"])
    [token] = set(re.findall(r"http://localhost/status/([\w-]+)", text_of(letter)))
    secret_key = app.extensions["relais_settings"].secret_key
    found = ticket_of_status_token(token, secret_key)
    assert found is not None
    assert found.id == ticket.id
    assert token not in letters()[0].text + letters()[0].html


def test_the_expert_gets_a_signed_link_that_is_kept_nowhere(mail):
    offer = an_offer(an_expert(handle="jeanne"))
    work()
    [letter] = to(mail, "jeanne@example.org")
    [secret] = set(re.findall(r"http://localhost/answer/([\w-]+)", text_of(letter)))
    assert secret in html_of(letter)
    link = link_of(secret, LinkPurpose.OFFER)
    assert link is not None
    assert (link.subject_id, link.person_id) == (offer.id, offer.person_id)
    kept = letters("offer")[0]
    assert secret not in kept.text + kept.html
    assert db.session.scalar(select(SignedLink.digest)) == digest(secret)


def test_the_expert_reads_the_question_why_them_and_until_when(mail):
    expert = an_expert(handle="jeanne", locale="en")
    offer = an_offer(expert, by=a_manager(name="Nadia Fictive"))
    work()
    [letter] = to(mail, "jeanne@example.org")
    said = text_of(letter)
    assert "> Quand la fibre arrive-t-elle à Port-Lannévez ?" in said
    assert "Nadia Fictive chose you." in said
    assert offer.ticket.ref in letter["Subject"]
    assert not offer.due_at or "Please say yes or no by:" in said


def test_a_letter_is_correct_mail(mail):
    an_offer(an_expert(handle="jeanne", locale="fr"))
    work()
    [letter] = to(mail, "jeanne@example.org")
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Content-Language"] == "fr"
    assert str(letter["From"]) == "Relais <relais@example.org>"
    assert letter["Subject"].startswith("Pouvez-vous répondre à cette question\u00a0? R-")
    assert re.fullmatch(r"<[0-9a-f]{32}@example\.org>", letter["Message-ID"])
    assert letter["Date"].datetime == letters()[0].created_at.replace(microsecond=0)
    assert all(not part.defects for part in letter.walk())
    assert mail.recipients == [["jeanne@example.org"]]


def test_a_name_with_line_breaks_brings_no_header_of_its_own(mail):
    with transaction():
        change_setting("name", "Relais\r\nBcc: everyone@example.org", by=SYSTEM)
    an_offer(an_expert(handle="jeanne"))
    work()
    [letter] = mail.letters
    assert letter["Bcc"] is None
    assert mail.recipients == [["jeanne@example.org"]]


# --- planned and sent once --------------------------------------------------------------------------------------------


def test_planned_twice_is_written_once(mail):
    an_offer(an_expert())
    plan_only()
    with transaction():
        for row in rows("workers.letters.plan"):
            row.state = RowState.WAITING
    work()
    assert len(letters()) == 1
    assert len(mail.letters) == 1
    assert [row.key for row in rows("workers.letters.send")] == [f"letter:{letters()[0].id}"]


def test_people_without_an_address_are_left_out_and_the_log_says_so(mail, caplog):
    expert = an_expert(email=None)
    an_offer(expert)
    with caplog.at_level(logging.WARNING):
        work()
    assert letters() == []
    assert f"person {expert.id} has no e-mail address" in caplog.text


def test_an_offer_that_is_over_before_its_letter_goes_is_not_sent(mail):
    offer = an_offer(an_expert(handle="jeanne"))
    plan_only()
    with transaction():
        offering.decline(offer, by=offer.person, reason=DeclineReason.OVERLOADED)
    work()
    [letter] = letters("offer")
    assert letter.state is LetterState.NOT_NEEDED
    assert to(mail, "jeanne@example.org") == []
    assert db.session.scalar(select(SignedLink)) is None


def test_what_became_restricted_meanwhile_is_not_sent_to_who_may_not_see_it(mail):
    manager = a_manager()
    expert = an_expert(handle="jeanne")
    offer = an_offer(expert, by=manager)
    plan_only()
    with transaction():
        triaging.escalate(offer.ticket, by=manager, circuit="legal", reason="Un avocat a écrit.")
    work()
    assert [letter.state for letter in letters("offer")] == [LetterState.NOT_NEEDED]
    [farewell] = to(mail, "jeanne@example.org")
    assert "fibre" not in text_of(farewell)


def test_an_asker_who_was_erased_gets_no_letter(mail):
    ticket = a_question(TEXT, author=LEA)
    plan_only()
    with transaction():
        asker = ticket.question.asker
        assert asker is not None
        asker.identity = None
    work()
    assert mail.letters == []
    assert [letter.state for letter in letters()] == [LetterState.NOT_NEEDED]


# --- without a mail server --------------------------------------------------------------------------------------------


def test_without_a_mail_server_letters_are_kept_and_logged_without_addresses(app, caplog):
    expert = an_expert(handle="jeanne")
    an_offer(expert)
    with caplog.at_level(logging.INFO):
        work()
    [letter] = letters()
    assert letter.state is LetterState.KEPT
    assert letter.subject in caplog.text
    assert f"person {expert.id}" in caplog.text
    assert "jeanne@example.org" not in caplog.text
    assert "relais.invalid/signed-link" in letter.text
    assert [row.state for row in rows("workers.letters.send")] == [RowState.DONE]


def test_kept_letters_can_go_once_there_is_a_mail_server(app):
    an_offer(an_expert(handle="jeanne"))
    work()
    with servers.mail_sink() as mail:
        with_mail_server(app, mail.url)
        try:
            with transaction():
                resending.send_again(letters()[0], by=a_person(Role.ADMINISTRATOR))
            work()
        finally:
            without_mail_server(app)
        assert len(mail.letters) == 1
    assert letters()[0].state is LetterState.SENT


# --- servers that refuse, are down, or say never ----------------------------------------------------------------------


def test_a_server_that_is_down_gets_the_letter_when_it_is_up_again(app):
    an_offer(an_expert())
    port = servers.free_port()
    with_mail_server(app, f"smtp://127.0.0.1:{port}?starttls=never&from=relais@example.org")
    try:
        work()
        [letter] = letters()
        [row] = rows("workers.letters.send")
        assert letter.state is LetterState.WAITING
        assert "refused" in letter.error
        assert (row.state, row.attempts) == (RowState.WAITING, 1)
        with servers.mail_sink() as mail:
            with_mail_server(app, mail.url)
            work()
            assert mail.letters == []  # not before its time
            time_passes()
            work()
            assert len(mail.letters) == 1
    finally:
        without_mail_server(app)
    assert letters()[0].state is LetterState.SENT
    assert letters()[0].error == ""


def test_a_server_that_says_later_is_asked_later(mail):
    an_offer(an_expert())
    mail.refuse = "451 try again later"
    work()
    assert letters()[0].state is LetterState.WAITING
    mail.refuse = None
    time_passes()
    work()
    assert letters()[0].state is LetterState.SENT
    assert len(mail.letters) == 1


def test_a_server_that_never_lets_it_in_fails_the_letter_at_last(mail):
    an_offer(an_expert())
    mail.refuse = "451 try again later"
    for _attempt in range(len(outbox.RETRY_AFTER) + 1):
        work()
        time_passes()
    assert letters()[0].state is LetterState.FAILED
    assert rows("workers.letters.send")[0].state is RowState.FAILED


def test_a_letter_refused_for_good_fails_at_once_and_says_why_without_the_address(mail, caplog):
    an_offer(an_expert(handle="jeanne"))
    mail.refuse = "550 no such user jeanne@example.org"
    work()
    [letter] = letters()
    [row] = rows("workers.letters.send")
    assert letter.state is LetterState.FAILED
    assert letter.error == "550 no such user …"
    assert (row.state, row.attempts) == (RowState.FAILED, 1)
    assert "jeanne@example.org" not in caplog.text + row.error


def test_an_administrator_sends_a_failed_letter_again(mail):
    an_offer(an_expert())
    mail.refuse = "550 no such user"
    work()
    mail.refuse = None
    with transaction():
        resending.send_again(letters()[0], by=a_person(Role.ADMINISTRATOR))
    work()
    assert letters()[0].state is LetterState.SENT
    assert len(mail.letters) == 1


def test_a_letter_that_was_sent_is_not_sent_by_a_job_tried_again(mail):
    an_offer(an_expert())
    work()
    with transaction():
        rows("workers.letters.send")[0].state = RowState.WAITING
    work()
    assert len(mail.letters) == 1


def test_with_redis_away_between_commit_and_nudge_the_sweep_sends_the_letter(mail, monkeypatch):
    expert, manager = an_expert(), a_manager()
    real = outbox._redis
    outbox.connect("unix:///nowhere/redis.sock")
    try:
        offer = an_offer(expert, by=manager)
        assert offer.id
    finally:
        outbox._redis = real
    assert outbox.redis().llen("rq:queue:letters") == 0
    work()  # what the schedule does every ten seconds
    assert len(mail.letters) == 1
    assert outbox.due(Lane.LETTERS) == []


def test_an_accepted_offer_brings_the_expert_no_letter(mail):
    an_accepted_offer(an_expert(handle="jeanne"))
    work()
    assert to(mail, "jeanne@example.org") == []
