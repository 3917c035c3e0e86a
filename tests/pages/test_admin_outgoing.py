"""The administrator's pages about what goes out, what failed, what needs a look, and what was done."""

from __future__ import annotations

import re
from html import unescape
from itertools import count

import pytest

from builders.administering import a_browser_of
from builders.organisation import a_topic, actions, an_administrator
from builders.triage import a_ticket, an_escalated_ticket
from helpdesk import clock, outbox
from helpdesk.accounts.access import Role
from helpdesk.accounts.directory import put_person
from helpdesk.accounts.models import Person
from helpdesk.accounts.organisation import change_setting
from helpdesk.db import db, transaction
from helpdesk.errors import NotAllowed
from helpdesk.mending import set_aside, try_again
from helpdesk.notifications.links import SIGNED_LINK
from helpdesk.notifications.models import Letter, LetterState
from helpdesk.notifications.resending import send_again
from helpdesk.outbox import Lane, OutboxRow, RowState
from helpdesk.web.audit_wording import ACTIONS
from people import a_channel, a_department, a_person

_numbers = count(1)


@pytest.fixture
def admin(app) -> Person:
    return an_administrator(name="Ada Roy")


@pytest.fixture
def browser(client, admin):
    return a_browser_of(client, admin)


def a_letter(state: LetterState = LetterState.KEPT, **fields) -> Letter:
    number = next(_numbers)
    letter = Letter(
        **{
            "kind": "offer",
            "key": f"key-{number}",
            "address": "ana@example.org",
            "language": "fr",
            "subject": f"Subject {number}",
            "text": f"Text of {number}.",
            "html": "<p>never shown</p>",
            "message_id": f"<{number}@example.org>",
            "state": state,
            "created_at": clock.now(),
            **fields,
        }
    )
    db.session.add(letter)
    db.session.commit()
    return letter


def a_failed_job(**fields) -> OutboxRow:
    now = clock.now()
    row = OutboxRow(
        **{
            "lane": Lane.ROUTING,
            "job": "workers.routing.suggest",
            "payload": {"event_id": 1},
            "state": RowState.FAILED,
            "attempts": 8,
            "run_at": now,
            "created_at": now,
            "error": "Boom: <b>no</b>",
            **fields,
        }
    )
    db.session.add(row)
    db.session.commit()
    return row


# --- letters ----------------------------------------------------------------------------------------------------------


def test_letters_are_listed_by_state_the_worst_first(browser):
    kept, failed = a_letter(), a_letter(LetterState.FAILED, error="550 mailbox unavailable")
    first = browser.get("/admin/letters").text
    assert failed.subject in first
    assert "550 mailbox unavailable" in first
    assert kept.subject not in first
    assert kept.subject in browser.get("/admin/letters?state=kept").text
    for state in LetterState:
        assert browser.get(f"/admin/letters?state={state}").status_code == 200


def test_a_letter_is_shown_as_text_and_escaped_without_any_way_in(browser):
    letter = a_letter(text=f"<script>alert(1)</script>\nAnswer: {SIGNED_LINK}", ticket_id=a_ticket().id)
    page = browser.get(f"/admin/letters/{letter.id}").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "never shown" not in page
    assert SIGNED_LINK not in page
    assert "/answer/" not in page


def test_what_a_letter_says_of_a_restricted_question_is_hidden(browser):
    ticket = an_escalated_ticket(a_person(Role.COMMUNITY_MANAGER))
    letter = a_letter(ticket_id=ticket.id, subject="The lawyer of Mr Dupont", text="Secret words")
    for path in ("/admin/letters?state=kept", f"/admin/letters/{letter.id}"):
        page = browser.get(path).text
        assert "Secret words" not in page
        assert "Dupont" not in page
        assert "restricted" in page


@pytest.mark.parametrize("state", [LetterState.FAILED, LetterState.UNCERTAIN, LetterState.KEPT])
def test_a_letter_goes_again_once_however_often_one_presses(browser, state):
    letter = a_letter(state, error="lost")
    for _press in range(2):
        assert browser.post(f"/admin/letters/{letter.id}/send-again").status_code == 303
    assert (letter.state, letter.error) == (LetterState.WAITING, "")
    rows = db.session.query(OutboxRow).all()
    assert [(row.job, row.payload, row.state) for row in rows] == [
        ("workers.letters.send", {"letter_id": letter.id}, RowState.WAITING)
    ]
    assert actions("letter") == ["letter_sent_again"]


def test_the_row_that_failed_with_the_letter_is_the_one_that_goes_again(browser):
    letter = a_letter(LetterState.FAILED)
    row = a_failed_job(job="workers.letters.send", lane=Lane.LETTERS, key=f"letter:{letter.id}")
    browser.post(f"/admin/letters/{letter.id}/send-again")
    assert db.session.query(OutboxRow).one().id == row.id
    assert (row.state, row.attempts) == (RowState.WAITING, 0)
    assert outbox.due(Lane.LETTERS) == [row.id]


@pytest.mark.parametrize("state", [LetterState.SENT, LetterState.WAITING, LetterState.HANDING_OVER])
def test_no_other_letter_goes_again(browser, state):
    letter = a_letter(state)
    assert browser.post(f"/admin/letters/{letter.id}/send-again").status_code == 303
    assert letter.state is state
    assert db.session.query(OutboxRow).count() == 0


def test_a_kept_letter_has_no_button_while_there_is_no_mail_server(browser):
    a_letter()
    a_letter(LetterState.FAILED)
    assert "send-again" not in browser.get("/admin/letters?state=kept").text
    assert "send-again" in browser.get("/admin/letters?state=failed").text


# --- jobs -------------------------------------------------------------------------------------------------------------


def test_a_failed_job_is_tried_again(browser):
    row = a_failed_job()
    page = browser.get("/admin/jobs").text
    assert "Boom: &lt;b&gt;no&lt;/b&gt;" in page
    assert browser.post(f"/admin/jobs/{row.id}/again").status_code == 303
    assert (row.state, row.attempts) == (RowState.WAITING, 0)
    assert outbox.due(Lane.ROUTING) == [row.id]
    assert "Boom" not in browser.get("/admin/jobs").text
    assert actions("job") == ["job_tried_again"]


def test_a_failed_job_is_set_aside_and_stays_so(browser):
    row = a_failed_job()
    browser.post(f"/admin/jobs/{row.id}/aside")
    assert row.state is RowState.SET_ASIDE
    browser.post(f"/admin/jobs/{row.id}/again")
    assert row.state is RowState.SET_ASIDE
    assert outbox.due(Lane.ROUTING) == []
    assert actions("job") == ["job_set_aside"]


def test_a_job_under_way_is_left_alone(browser):
    row = a_failed_job(state=RowState.CLAIMED, claimed_at=clock.now())
    for press in ("again", "aside"):
        browser.post(f"/admin/jobs/{row.id}/{press}")
    assert row.state is RowState.CLAIMED
    assert actions("job") == []


def test_jobs_and_letters_are_for_administrators_only(app):
    row, letter, head = a_failed_job(), a_letter(LetterState.FAILED), a_person(Role.HEAD, Role.COMMUNITY_MANAGER)
    for verb, thing in ((try_again, row.id), (set_aside, row.id), (send_again, letter)):
        with pytest.raises(NotAllowed), transaction():
            verb(thing, by=head)
    assert row.state is RowState.FAILED


def test_getting_changes_nothing(browser):
    row, letter = a_failed_job(), a_letter(LetterState.FAILED)
    for path in (
        f"/admin/jobs/{row.id}/again",
        f"/admin/jobs/{row.id}/aside",
        f"/admin/letters/{letter.id}/send-again",
    ):
        assert browser.get(path).status_code == 405
    assert (row.state, letter.state) == (RowState.FAILED, LetterState.FAILED)


# --- what needs a look ------------------------------------------------------------------------------------------------


def titles(browser) -> list[str]:
    return [
        re.sub("<[^>]+>", "", each)
        for each in re.findall(r'class="concern.*?<h2>(.*?)</h2>', browser.get("/admin").text)
    ]


def test_every_gap_and_failure_is_named(browser, admin):
    a_department("FIX")
    a_topic("a.one")
    a_person(Role.EXPERT, handle="lone", email=None)
    a_channel("web", active=False)
    a_failed_job()
    a_letter(LetterState.FAILED)
    a_letter(LetterState.UNCERTAIN)
    found = titles(browser)
    for title in (
        "A part of Relais is away",
        "1 job failed for good",
        "1 letter did not go out",
        "1 letter may not have gone out",
        "No channel takes questions in",
        "1 topic nobody knows",
        "1 person without an e-mail address",
        "2 people without a department",
        "1 expert without a topic",
        "1 department without a head",
        "1 channel is not in use",
    ):
        assert title in found
    page = unescape(browser.get("/admin").text)
    assert "No worker is running" in page
    assert "It is off" in page


def test_where_nothing_is_missing_nothing_is_named(browser, admin):
    admin.department_id = a_department("FIX", head_id=admin.id).id
    a_channel("web")
    db.session.commit()
    assert titles(browser) == ["A part of Relais is away"]  # no worker runs in this test


# --- the log ----------------------------------------------------------------------------------------------------------


def test_the_log_is_in_plain_words(browser, admin):
    with transaction():
        put_person("zoe", by=admin, name="Zoé Abel", roles=[Role.EXPERT])
        put_person("zoe", by=admin, title="Engineer", max_open=3)
        change_setting("automatic_routing", True, by=admin)
    page = unescape(browser.get("/admin/log").text)
    for words in (
        "Person added",
        "Zoé Abel",
        "Ada Roy",
        "given: expert",
        "questions at once, job title",
        "Setting changed",
        "automatic routing",
    ):
        assert words in page, words


def test_the_log_is_filtered_by_who_and_what(browser, admin):
    second = an_administrator("adm-2", name="Bea Roux")
    with transaction():
        put_person("zoe", by=admin, name="Zoé Abel")
        put_person("max", by=second, name="Max Petit")
        put_person("max", by=second, title="Chief")
    page = browser.get("/admin/log?person=adm-2").text
    assert "Max Petit" in page
    assert "Zoé Abel" not in page
    page = browser.get("/admin/log?action=person_changed").text
    assert page.count('<th scope="row">') == 1
    assert "Nobody here is called" in browser.get("/admin/log?person=nobody").text
    assert browser.get("/admin/log?action=nonsense&after=x").status_code == 200


def test_the_log_is_walked_page_by_page(browser, admin):
    with transaction():
        for number in range(60):
            put_person("zoe", by=admin, name=f"Zoé {number}")
    first = browser.get("/admin/log").text
    assert first.count('<th scope="row">') == 50
    older = unescape(re.search(r'rel="next" href="([^"]+)"', first)[1])
    second = browser.get(older).text
    assert second.count('<th scope="row">') == 10
    newer = unescape(re.search(r'rel="prev" href="([^"]+)"', second)[1])
    assert browser.get(newer).text.count('<th scope="row">') == 50


def test_every_action_that_is_noted_has_words():
    """The code is the list: whatever it notes must read well."""
    from config import PROJECT

    noted = set()
    for file in (PROJECT / "helpdesk").rglob("*.py"):
        noted |= set(re.findall(r'auditing\.note\(\s*"(\w+)"', file.read_text(encoding="utf-8")))
    assert noted
    assert noted <= set(ACTIONS)
