"""The publishing desk: what may be posted, what was posted, and why not."""

from __future__ import annotations

from html import unescape

import pytest
from sqlalchemy import text

from builders.answers import a_submitted_draft, an_approved_ticket, an_official_answer, at, in_days
from builders.offers import a_manager, a_question, kinds
from helpdesk import clock
from helpdesk.accounts.access import Role
from helpdesk.answers.reusing import reuse
from helpdesk.db import db, transaction
from helpdesk.publishing.models import Publication
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.workflow import State
from people import a_channel, a_department, a_person, sign_in

POST = "https://forum.example.org/t/fibre/42/3"


@pytest.fixture
def manager(app):
    return a_manager(locale="en", name="Lénaïg Corre")


@pytest.fixture
def desk(client, manager):
    return sign_in(client, manager)


def a_forum():
    return a_channel("discourse", "discourse", account="https://forum.example.org")


def text_of(response) -> str:
    return unescape(response.get_data(as_text=True))


def state_of(ticket) -> State:
    return db.session.get(Ticket, ticket.id, populate_existing=True).state


def post(browser, ticket, **data):
    return browser.post(f"/publish/{ticket.ref}", data={"version": ticket.version, **data})


def test_the_queue_lists_what_is_ready(desk):
    assert "Nothing to publish." in text_of(desk.get("/publish"))
    ready, waiting = an_approved_ticket(), a_submitted_draft().ticket
    page = text_of(desk.get("/publish"))
    assert ready.ref in page
    assert waiting.ref not in page


def test_on_our_own_form_one_button_publishes(desk):
    ticket = an_approved_ticket("La fibre arrive en **juin**.")
    page = text_of(desk.get(f"/publish/{ticket.ref}"))
    assert "Publish on the status page" in page
    assert "La fibre arrive en <strong>juin</strong>." in page
    done = post(desk, ticket)
    assert (done.status_code, done.location) == (303, f"/publish/{ticket.ref}")
    assert "What is posted is what was approved" in text_of(desk.get(f"/publish/{ticket.ref}"))
    assert state_of(ticket) is State.ANSWERED


def test_elsewhere_the_page_gives_the_text_its_length_and_the_link(desk):
    x = a_channel("x", "x")
    ticket = an_approved_ticket("Une longue réponse. " * 40, short="En juin & juillet 🎉", channel=x)
    page = text_of(desk.get(f"/publish/{ticket.ref}"))
    assert '<pre class="to-copy as-written" id="text-to-post"' in page
    assert "En juin & juillet 🎉" in page
    assert "20 / 280" in page
    assert 'data-copy="#text-to-post"' in page
    assert "I have posted it" in page


@pytest.mark.parametrize(
    ("posted", "words"),
    [
        ("Sous dix jours.", "What is posted is what was approved"),
        ("Sous  dix jours.", "Only the form differs: blanks and line breaks."),
        ("Sous huit jours.", "a figure is not the same"),
        ("", "What is posted was not compared"),
    ],
)
def test_the_result_says_whether_it_is_what_was_approved(desk, posted, words):
    ticket = an_approved_ticket("Sous dix jours.", channel=a_forum())
    assert post(desk, ticket, url=POST, posted_text=posted).status_code == 303
    assert words in text_of(desk.get(f"/publish/{ticket.ref}"))


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "Give the address of the post."),
        ("https://elsewhere.example/1", "This address is on another site"),
        ("javascript:alert(1)", "Give a complete link"),
    ],
)
def test_a_wrong_link_is_explained_and_what_was_typed_is_kept(desk, url, words):
    ticket = an_approved_ticket(channel=a_forum())
    refused = post(desk, ticket, url=url, posted_text="Tapé <b>ici</b>")
    assert refused.status_code == 422
    assert words in text_of(refused)
    assert "Tapé &lt;b&gt;ici" in refused.get_data(as_text=True)
    assert state_of(ticket) is State.READY


def test_a_double_click_posts_once(desk):
    ticket = an_approved_ticket(channel=a_forum())
    version = ticket.version
    assert [post(desk, ticket, url=POST, version=version).status_code for _click in range(2)] == [303, 303]
    assert db.session.query(Publication).count() == 1


def test_who_comes_second_hears_it_and_keeps_their_text(desk, manager):
    from helpdesk.publishing.posting import publish

    other = a_manager(name="Karim Belhomme")
    ticket = an_approved_ticket(channel=a_forum())
    seen = ticket.version
    with transaction():
        publish(ticket, by=other, url=POST)
    answer = post(desk, ticket, url=f"{POST}9", version=seen, posted_text="Mon texte")
    assert answer.status_code == 409
    assert "Karim Belhomme" in text_of(answer)
    assert "Mon texte" in text_of(answer)


def test_an_expired_text_is_refused_with_the_reason_and_goes_back(desk, monkeypatch):
    """Scenario 4."""
    ticket = an_approved_ticket(review_by=in_days(1), channel=a_forum())
    at(monkeypatch, clock.now().replace(year=clock.now().year + 1))
    page = text_of(desk.get(f"/publish/{ticket.ref}"))
    assert "The last day of this answer has passed" in page
    assert "I have posted it" not in page
    assert "Send it back to validation" in page
    assert state_of(ticket) is State.READY
    done = post(desk, ticket, url=POST)
    assert done.status_code == 303
    assert "The last day of this answer has passed" in text_of(desk.get(done.location))
    assert state_of(ticket) is State.VALIDATING
    assert kinds(ticket)[-1] == "reverted"
    assert db.session.query(Publication).count() == 0


def test_it_can_be_sent_back_without_trying_to_post(desk, monkeypatch):
    ticket = an_approved_ticket(review_by=in_days(1))
    assert desk.post(f"/publish/{ticket.ref}/back", data={"version": ticket.version}).status_code == 409
    at(monkeypatch, clock.now().replace(year=clock.now().year + 1))
    assert desk.post(f"/publish/{ticket.ref}/back", data={"version": ticket.version}).status_code == 303
    assert state_of(ticket) is State.VALIDATING


def test_an_altered_text_is_neither_shown_to_copy_nor_posted(desk):
    ticket = an_approved_ticket(channel=a_forum())
    db.session.rollback()
    with db.engine.begin() as connection:
        connection.execute(text("UPDATE answer_version SET plain = 'Texte altéré.'"))
    page = text_of(desk.get(f"/publish/{ticket.ref}"))
    assert "no longer the one that was approved" in page
    assert "Texte altéré." not in page
    post(desk, ticket, url=POST)
    assert db.session.query(Publication).count() == 0
    assert state_of(ticket) is State.VALIDATING


def test_a_reused_answer_is_posted_in_three_clicks(desk, manager):
    """Scenario 2: use this answer, open the page, publish."""
    answer, ticket = an_official_answer("Ria 6 : code D3."), a_question()
    with transaction():
        reuse(ticket, answer, by=manager)
    assert "Ria 6 : code D3." in text_of(desk.get(f"/publish/{ticket.ref}"))
    assert post(desk, ticket).status_code == 303
    assert kinds(ticket) == ["received", "reused", "published"]


def test_looking_changes_nothing(desk):
    ticket = an_approved_ticket()
    before = ticket.version
    desk.get("/publish")
    desk.get(f"/publish/{ticket.ref}")
    assert db.session.get(Ticket, ticket.id, populate_existing=True).version == before


def test_what_is_not_ready_cannot_be_posted_by_a_crafted_request(desk):
    ticket = a_submitted_draft().ticket
    assert "Nothing waits to be published here" in text_of(desk.get(f"/publish/{ticket.ref}"))
    assert post(desk, ticket).status_code == 409
    assert state_of(ticket) is State.VALIDATING


@pytest.mark.parametrize("role", [Role.EXPERT, Role.APPROVER, Role.HEAD, Role.COMMITTEE, Role.ADMINISTRATOR])
def test_others_find_nothing_here(client, role):
    ticket = an_approved_ticket()
    browser = sign_in(client, a_person(role, department=a_department()))
    assert browser.get("/publish").status_code == 404
    assert post(browser, ticket).status_code == 404
    assert db.session.query(Publication).count() == 0
