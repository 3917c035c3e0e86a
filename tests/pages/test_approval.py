"""The approver's page: reading, deciding, and every bad turn."""

from __future__ import annotations

import pytest
from sqlalchemy import event

from builders.answers import a_head, a_submitted_draft, an_approver, an_official_answer
from builders.offers import a_draft, a_manager, an_accepted_offer, an_expert, kinds
from helpdesk.accounts.access import Role
from helpdesk.answers import writing
from helpdesk.answers.approving import return_draft
from helpdesk.db import db, transaction
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.workflow import State
from people import a_department, a_person, sign_in

BUDGET = 40  # statements for one page, however long the list


@pytest.fixture
def approver(app):
    return an_approver(locale="en", name="Maëlle Kervadec")


@pytest.fixture
def desk(client, approver):
    return sign_in(client, approver)


def text_of(response) -> str:
    return response.get_data(as_text=True)


def decide(browser, draft, decision="approve", **data):
    data = {"decision": decision, "revision": draft.revision, "version": draft.ticket.version, **data}
    return browser.post(f"/approve/{draft.ticket.ref}", data=data)


def state_of(draft) -> State:
    return db.session.get(Ticket, draft.ticket_id, populate_existing=True).state


def test_the_page_shows_the_question_the_text_and_who_wrote_it(desk):
    draft = a_submitted_draft("La fibre arrive en **juin**.", sources="Plan 2026", short="En juin.")
    page = desk.get("/approve")
    assert page.status_code == 200
    for words in (
        "La fibre arrive en <strong>juin</strong>.",
        "Plan 2026",
        "En juin.",
        draft.author.name,
        "Port-Lannévez",
    ):
        assert words in text_of(page)
    assert f'action="/approve/{draft.ticket.ref}"' in text_of(page)


def test_one_text_after_another(desk, approver):
    first, second = a_submitted_draft(), a_submitted_draft("Autre **réponse**.")
    assert first.ticket.ref in text_of(desk.get("/approve"))
    done = decide(desk, first)
    assert (done.status_code, done.location) == (303, "/approve")
    assert state_of(first) is State.READY
    assert "Autre <strong>réponse</strong>" in text_of(desk.get("/approve"))
    assert decide(desk, second, "return", comment="Plus court.").status_code == 303
    assert state_of(second) is State.ANSWERING
    assert "Nothing waits for your approval." in text_of(desk.get("/approve"))


def test_returning_without_a_comment_says_what_is_missing(desk):
    draft = a_submitted_draft()
    refused = decide(desk, draft, "return", comment="  ")
    assert refused.status_code == 422
    assert "Say what should change" in text_of(refused)
    assert state_of(draft) is State.VALIDATING


def test_a_comment_too_long_is_kept_for_its_writer(desk):
    draft = a_submitted_draft()
    refused = decide(desk, draft, "return", comment="<b>mot</b> " * 400)
    assert refused.status_code == 422
    assert "&lt;b&gt;mot&lt;/b&gt; &lt;b&gt;" in text_of(refused)


def test_what_changed_since_it_was_returned_is_shown_with_its_figures(desk, approver):
    draft = a_submitted_draft("La base est corrigée sous dix jours.")
    with transaction():
        return_draft(draft.ticket, draft.revision, by=approver, comment="C’est huit jours.")
    with transaction():
        again = writing.save_draft(
            draft.ticket, by=draft.author, body="La base est corrigée sous huit jours.", sources="x"
        )
        writing.submit(draft.ticket, again.revision, by=draft.author)
    page = text_of(desk.get("/approve"))
    assert "Since revision 1, returned by Maëlle Kervadec" in page
    assert "C’est huit jours." in page
    assert "Figures that changed" in page
    assert "dix" in page
    assert page.count("<ins>") >= 2


def test_what_changed_since_the_official_answer_it_was_begun_from_is_shown(desk):
    answer = an_official_answer("Sous dix jours.")
    offer = an_accepted_offer(an_expert())
    with transaction():
        draft = writing.save_draft(
            offer.ticket, by=offer.person, body="Sous huit jours.", sources="x", from_version=answer.current
        )
        writing.submit(offer.ticket, draft.revision, by=offer.person)
    page = text_of(desk.get(f"/approve/{offer.ticket.ref}"))
    assert "Compared with the official answer it was begun from" in page
    assert f"/answers/{answer.code}" in page


def test_ones_own_text_is_not_listed_and_approving_it_is_refused_and_kept(client):
    """Scenario 12: by the page, by a stale tab, by a crafted request."""
    head = a_head(None, Role.EXPERT, Role.APPROVER, locale="en")
    an_approver()
    draft = a_submitted_draft(expert=head)
    browser = sign_in(client, head)
    assert "Nothing waits for your approval." in text_of(browser.get("/approve"))
    page = text_of(browser.get(f"/approve/{draft.ticket.ref}"))
    assert "Nobody approves their own answer" in page
    assert 'name="decision"' not in page
    refused = decide(browser, draft)
    assert refused.status_code == 403
    assert "Nobody approves their own answer" in text_of(refused)
    assert kinds(draft.ticket)[-1] == "refused_approval"
    decide(browser, draft, version=1)
    decide(browser, draft, version="")
    assert kinds(draft.ticket).count("refused_approval") == 3
    assert state_of(draft) is State.VALIDATING


def test_a_double_click_approves_once(desk):
    draft = a_submitted_draft()
    version = draft.ticket.version
    assert [decide(desk, draft, version=version).status_code for _click in range(2)] == [303, 303]
    assert kinds(draft.ticket).count("approved") == 1


def test_who_comes_second_hears_what_happened_and_keeps_what_they_typed(desk, client):
    other = an_approver(name="Idriss Vallon")
    draft = a_submitted_draft()
    seen = draft.ticket.version
    with transaction():
        return_draft(draft.ticket, draft.revision, by=other, comment="Non.")
    answer = decide(desk, draft, "return", version=seen, comment="Ma remarque")
    assert answer.status_code == 409
    assert "Idriss Vallon" in text_of(answer)
    assert "Ma remarque" in text_of(answer)


@pytest.mark.parametrize(
    "data",
    [
        {"decision": "publish"},
        {"decision": ""},
        {"revision": ""},
        {"revision": "one"},
        {"version": "x"},
    ],
)
def test_a_crafted_form_decides_nothing(desk, data):
    draft = a_submitted_draft()
    assert decide(desk, draft, **data).status_code == 422
    assert state_of(draft) is State.VALIDATING


def test_another_revision_than_the_one_shown_is_a_conflict(desk):
    draft = a_submitted_draft()
    assert decide(desk, draft, revision=7).status_code == 409
    assert state_of(draft) is State.VALIDATING


def test_looking_changes_nothing(desk):
    draft = a_submitted_draft()
    before = draft.ticket.version
    desk.get("/approve")
    desk.get(f"/approve/{draft.ticket.ref}")
    assert db.session.get(Ticket, draft.ticket_id, populate_existing=True).version == before


@pytest.mark.parametrize("role", [Role.COMMUNITY_MANAGER, Role.EXPERT, Role.COMMITTEE, Role.ADMINISTRATOR])
def test_others_find_nothing_here(client, role):
    draft = a_submitted_draft()
    browser = sign_in(client, a_person(role))
    assert browser.get("/approve").status_code == 404
    assert decide(browser, draft).status_code == 404
    assert state_of(draft) is State.VALIDATING


def test_an_approver_of_another_department_finds_nothing(client):
    an_approver()
    browser = sign_in(client, an_approver(department=a_department("MOB")))
    draft = a_submitted_draft()
    assert browser.get(f"/approve/{draft.ticket.ref}").status_code == 404
    assert decide(browser, draft).status_code == 404


def test_nobody_signed_in_is_sent_to_sign_in(client):
    assert client.get("/approve").status_code == 302


def test_hostile_text_is_shown_as_text(desk):
    a_submitted_draft("<script>alert(1)</script> [x](javascript:alert(1))", title="<img src=x>", sources="<b>s</b>")
    page = text_of(desk.get("/approve"))
    assert "<script>alert" not in page
    assert "<img src=x>" not in page
    assert "<b>s</b>" not in page
    assert "javascript:" not in page.split("<main")[1].replace("javascript:alert(1))", "")


def test_a_long_queue_costs_no_more_queries(desk):
    def statements() -> int:
        seen = []
        listener = lambda *arguments: seen.append(arguments[2])  # noqa: E731
        event.listen(db.engine, "before_cursor_execute", listener)
        desk.get("/approve")
        event.remove(db.engine, "before_cursor_execute", listener)
        return len(seen)

    a_submitted_draft()
    few = statements()
    for _number in range(6):
        a_submitted_draft()
    assert statements() <= few + 1
    assert few <= BUDGET


def test_the_page_is_in_french_too(client):
    browser = sign_in(client, an_approver(locale="fr"))
    a_submitted_draft()
    assert "La réponse proposée" in text_of(browser.get("/approve"))


def test_a_manager_cannot_decide_by_a_crafted_request(client):
    browser = sign_in(client, a_manager())
    an_approver()
    offer = an_accepted_offer(an_expert())
    draft = a_draft(offer)
    assert decide(browser, draft).status_code == 404
