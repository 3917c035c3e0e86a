"""The official answers: found, read, compared, withdrawn."""

from __future__ import annotations

from html import unescape

import pytest

from builders.answers import an_approved_ticket, an_approver, an_official_answer, in_days
from builders.offers import a_manager, an_expert
from builders.triage import a_topic
from helpdesk import clock
from helpdesk.accounts.access import Role
from helpdesk.answers import library
from helpdesk.answers.models import AnswerStatus, OfficialAnswer
from helpdesk.answers.recording import record_official_answer
from helpdesk.answers.validity import day_of
from helpdesk.db import db, transaction
from helpdesk.publishing.posting import publish
from helpdesk.search.access import the_index
from helpdesk.search.following import rebuild
from helpdesk.tickets.models import TicketNamed
from people import a_channel, a_person, sign_in


@pytest.fixture
def reader(client):
    return sign_in(client, an_expert(locale="en"))


def text_of(response) -> str:
    return unescape(response.get_data(as_text=True))


def titles(browser, **filters) -> set[str]:
    page = text_of(browser.get("/answers", query_string=filters))
    return {
        title for title in ("Fibre", "Mobile", "Ancienne", "Retirée", "English", "Interne") if f">{title}</a>" in page
    }


@pytest.fixture
def shelf(app):
    topic = a_topic("mobile.esim")
    an_official_answer("Le raccordement.", title="Fibre", code="oa-1")
    an_official_answer("La carte eSIM.", title="Mobile", code="oa-2", topics=[topic])
    an_official_answer("Dépassée.", title="Ancienne", code="oa-3", review_by=in_days(-5))
    an_official_answer("Fausse.", title="Retirée", code="oa-4", withdrawn=True)
    an_official_answer("The fibre.", title="English", code="oa-5", language="en")
    an_official_answer("Dire : rien.", title="Interne", code="oa-6", kind="edl", visibility="internal")
    rebuild(the_index())


def test_everything_is_listed_with_its_state(reader, shelf):
    assert titles(reader) == {"Fibre", "Mobile", "Ancienne", "Retirée", "English", "Interne"}
    page = text_of(reader.get("/answers"))
    for words in ("In force", "Expired", "Withdrawn", "Internal lines to take"):
        assert words in page


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"status": "expired"}, {"Ancienne"}),
        ({"status": "withdrawn"}, {"Retirée"}),
        ({"status": "in_force", "language": "en"}, {"English"}),
        ({"topic": "mobile.esim"}, {"Mobile"}),
        ({"status": "nonsense"}, {"Fibre", "Mobile", "Ancienne", "Retirée", "English", "Interne"}),
        ({"q": "ESIM"}, {"Mobile"}),
        ({"q": "zzz"}, set()),
    ],
)
def test_filters_and_words(reader, shelf, filters, found):
    assert titles(reader, **filters) == found


def test_pages_follow_one_another_without_gap(app):
    person = an_expert()
    codes = {an_official_answer(f"Texte {number}.").code for number in range(7)}
    seen, cursor = [], None
    while True:
        page = library.page(person, today=day_of(clock.now()), limit=3, cursor=cursor)
        seen += [item.answer.code for item in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert len(seen) == 7
    assert set(seen) == codes


def test_a_foreign_cursor_is_refused(reader):
    assert reader.get("/answers?cursor=abc").status_code == 422


def test_one_answer_shows_its_versions_and_what_changed(reader):
    answer = an_official_answer("Sous dix jours.", code="oa-x", title="Délai")
    author, approver = an_expert(), an_approver()
    with transaction():
        record_official_answer(
            code="oa-x", title="Délai", body="Sous huit jours.", language="fr", author=author, approvers=[approver],
            approved_at=clock.now(), department=answer.department,
        )  # fmt: skip
    page = text_of(reader.get("/answers/oa-x"))
    assert "Version 2" in page
    assert "What changed since version 1" in page
    assert "dix" in page
    assert approver.name in page
    assert db.session.query(OfficialAnswer).one().current.hash in page


def test_one_answer_shows_where_it_was_posted(client):
    forum = a_channel("discourse", "discourse", account="https://forum.example.org")
    manager, ticket = a_manager(locale="en"), an_approved_ticket(channel=forum)
    with transaction():
        publish(ticket, by=manager, url="https://forum.example.org/t/1/2", posted_text="Autre chose.")
    page = text_of(sign_in(client, manager).get(f"/answers/oa-{ticket.ref}"))
    assert "https://forum.example.org/t/1/2" in page
    assert "Different" in page
    assert f"/tickets/{ticket.ref}" in page


def test_the_reference_of_a_ticket_is_shown_only_to_who_may_see_it(reader):
    ticket = an_approved_ticket()
    page = text_of(reader.get(f"/answers/oa-{ticket.ref}"))
    assert f"/tickets/{ticket.ref}" not in page


def test_an_answer_of_a_restricted_ticket_is_for_those_named(client):
    ticket = an_approved_ticket()
    named, other = an_expert(), an_expert()
    with transaction() as session:
        ticket.restricted = True
        session.add(TicketNamed(ticket_id=ticket.id, person_id=named.id))
    assert sign_in(client, other).get(f"/answers/oa-{ticket.ref}").status_code == 404
    assert sign_in(client, named).get(f"/answers/oa-{ticket.ref}").status_code == 200


def test_an_approver_withdraws_with_a_reason(client):
    answer = an_official_answer(code="oa-x")
    browser = sign_in(client, an_approver(locale="en"))
    assert browser.post("/answers/oa-x/withdrawal", data={"reason": " "}).status_code == 422
    assert browser.post("/answers/oa-x/withdrawal", data={"reason": "Montant faux."}).status_code == 303
    page = text_of(browser.get("/answers/oa-x"))
    assert "Montant faux." in page
    assert "Withdraw this answer" not in page
    assert db.session.get(OfficialAnswer, answer.id, populate_existing=True).status is AnswerStatus.WITHDRAWN


@pytest.mark.parametrize("role", [Role.COMMUNITY_MANAGER, Role.EXPERT, Role.AMBASSADOR])
def test_others_may_read_but_not_withdraw(client, role):
    answer = an_official_answer(code="oa-x")
    browser = sign_in(client, a_person(role, locale="en"))
    assert "Withdraw this answer" not in text_of(browser.get("/answers/oa-x"))
    assert browser.post("/answers/oa-x/withdrawal", data={"reason": "x"}).status_code == 403
    assert db.session.get(OfficialAnswer, answer.id, populate_existing=True).status is AnswerStatus.IN_FORCE


def test_an_administrator_reads_no_answers(client):
    an_official_answer(code="oa-x")
    browser = sign_in(client, a_person(Role.ADMINISTRATOR))
    assert browser.get("/answers").status_code == 404
    assert browser.get("/answers/oa-x").status_code == 404
