"""The public form, the status page, and the choices everyone has."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from builders.answers import an_approved_ticket
from helpdesk import clock
from helpdesk.accounts.access import Role
from helpdesk.accounts.models import ASKER, Person
from helpdesk.answers.models import Draft, OfficialAnswer
from helpdesk.answers.withdrawing import withdraw_answer
from helpdesk.db import db, transaction
from helpdesk.intake.cleaning import clean
from helpdesk.intake.receiving import receive
from helpdesk.intake.status_links import status_token
from helpdesk.publishing.posting import publish
from helpdesk.tickets.closing import close
from helpdesk.tickets.models import AskerIdentity, Question, Ticket
from helpdesk.tickets.triaging import ask_clarification, escalate, merge, triage
from helpdesk.tickets.workflow import Outcome
from helpdesk.web.limits import limiter
from helpdesk.web.protection import csrf
from people import a_channel, a_person, sign_in

TEXT = "Quand la fibre arrive-t-elle chez nous ?"
FORM = "application/x-www-form-urlencoded"


def tickets() -> int:
    return db.session.scalar(select(func.count()).select_from(Ticket)) or 0


def the_question() -> Question:
    db.session.expire_all()
    return db.session.scalars(select(Question)).one()


def nonce_of(page: Any) -> str:
    return re.search(r'name="nonce"[^>]*value="([^"]+)"', page.text)[1]


def text_of(page: Any) -> str:
    """What stands in the box for the question."""
    return html.unescape(re.search(r"(?s)<textarea[^>]*>(.*?)</textarea>", page.text)[1]).removeprefix("\r\n")


def send(client: FlaskClient, text: str = TEXT, **fields: str) -> Any:
    return client.post("/", data={"nonce": nonce_of(client.get("/")), "text": text} | fields)


def without_tokens(page: str) -> str:
    return re.sub(r'name="csrf_token" value="[^"]+"', "", page)


def a_ticket(app: Flask, text: str = TEXT) -> tuple[Ticket, str]:
    """A ticket and the address of its status page."""
    a_channel()
    with transaction():
        taken = receive(clean(text=text, channel="web", now=clock.now()), by=ASKER, origin="form")
    return taken.ticket, f"/status/{status_token(taken.ticket, app.extensions['relais_settings'].secret_key)}"


def test_a_question_is_taken_in_and_can_be_followed(client: FlaskClient) -> None:
    answer = send(client, email="jeanne@exemple.fr")
    assert answer.status_code == 303
    page = client.get(answer.location)
    assert page.status_code == 200
    assert TEXT in page.text
    assert "Merci. Nous avons bien reçu votre question." in page.text
    question = the_question()
    assert (question.text, question.channel.code, question.language) == (TEXT, "web", "fr")
    assert db.session.get_one(AskerIdentity, question.asker_id).email == "jeanne@exemple.fr"


def test_the_page_of_a_question_shows_nothing_from_inside(client: FlaskClient, app: Flask) -> None:
    ticket, address = a_ticket(app)
    holder = a_person(Role.EXPERT, name="Xavier Confidentiel")
    with transaction():
        ticket.holder_id = holder.id
    page = client.get(address)
    assert page.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert '<meta name="robots" content="noindex, nofollow">' in page.text
    words = re.sub(r'(value|href|action)="[^"]*"', "", page.text).replace(address, "")  # random tokens say anything
    for inside in (ticket.ref, "Xavier", "P3", "qualif"):
        assert inside not in words


@pytest.mark.parametrize("token", ["x", "0" * 38, "R-2026-000001", "%00", "..%2f", "é" * 20])
def test_a_made_up_address_leads_nowhere(client: FlaskClient, token: str) -> None:
    assert client.get(f"/status/{token}").status_code == 404


def test_a_double_click_opens_one_ticket(client: FlaskClient) -> None:
    nonce = nonce_of(client.get("/"))
    first, second = (client.post("/", data={"nonce": nonce, "text": TEXT}) for _click in range(2))
    assert first.status_code == second.status_code == 303
    assert first.location == second.location
    assert tickets() == 1


def test_another_question_from_the_same_page_is_another_ticket(client: FlaskClient) -> None:
    nonce = nonce_of(client.get("/"))
    for text in (TEXT, "Et la télévision ?"):
        assert client.post("/", data={"nonce": nonce, "text": text}).status_code == 303
    assert tickets() == 2


@pytest.mark.parametrize("nonce", ["", "short", "<script>", "a" * 500])
def test_a_form_without_its_own_nonce_is_taken_all_the_same(client: FlaskClient, nonce: str) -> None:
    assert client.post("/", data={"nonce": nonce, "text": TEXT}).status_code == 303


@pytest.mark.parametrize(
    "text",
    [
        "👩‍👩‍👧‍👦🇫🇷 ça marche ? 🙏🏽",
        "متى تصل الألياف إلى قريتنا؟",
        "<script>alert(1)</script><img src=x onerror=alert(1)>",
        "{{ 7 * 7 }} {% raw %} %(x)s",
        "a" * 20_000,
        "é" * 20_000,
        "\nligne\nligne\n",
    ],
)
def test_any_text_is_taken_and_shown_as_text(client: FlaskClient, text: str) -> None:
    answer = send(client, text)
    assert answer.status_code == 303
    page = client.get(answer.location).text
    assert str(html.escape(text[:200], quote=False)) in page.replace("&#39;", "'").replace("&#34;", '"')
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert the_question().original.text == text


def test_line_ends_are_kept_as_typed_and_counted_once(client: FlaskClient) -> None:
    typed = ("a" * 99 + "\n") * 200  # 20 000 characters, sent as 20 200 bytes of CR LF text
    assert send(client, typed.replace("\n", "\r\n")).status_code == 303
    assert the_question().original.text == typed


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "Écrivez votre question"),
        (" \n\u200b ", "Écrivez votre question"),
        ("é" * 20_001, "20\u202f001"),
        ("avec un \0 dedans", "NUL"),
    ],
)
def test_what_is_refused_says_why_and_keeps_what_was_typed(client: FlaskClient, text: str, why: str) -> None:
    answer = send(client, text, email="jeanne@exemple.fr")
    assert answer.status_code == 422
    assert why in answer.text
    assert text_of(answer) == text
    assert 'value="jeanne@exemple.fr"' in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert tickets() == 0


def test_all_mistakes_are_said_at_once(client: FlaskClient) -> None:
    answer = send(client, "", email="pas une adresse")
    assert answer.status_code == 422
    assert answer.text.count('class="field-error"') == 2
    assert 'value="pas une adresse"' in answer.text


def test_the_bait_stores_nothing_and_loses_nothing(client: FlaskClient) -> None:
    answer = send(client, website="https://spam.example")
    assert answer.status_code == 422
    assert "champ caché" in answer.text
    assert text_of(answer) == TEXT
    assert "spam.example" not in answer.text
    assert tickets() == 0
    again = client.post("/", data={"nonce": nonce_of(answer), "text": text_of(answer), "website": ""})
    assert again.status_code == 303
    assert tickets() == 1


def test_too_many_questions_are_refused_and_the_text_is_kept(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limiter, "enabled", True)
    answers = [send(client, f"Question {number} ?") for number in range(11)]
    assert [answer.status_code for answer in answers] == [303] * 10 + [429]
    assert text_of(answers[-1]) == "Question 10 ?"
    assert "Patientez" in answers[-1].text
    assert tickets() == 10
    assert client.get("/").status_code == 200


def test_a_stale_page_keeps_the_text_and_can_be_sent_again(
    client: FlaskClient, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    answer = client.post("/", data={"text": TEXT, "csrf_token": "of yesterday"})
    assert answer.status_code == 400
    assert text_of(answer) == TEXT
    assert tickets() == 0
    token = re.search(r'name="csrf_token" value="([^"]+)"', answer.text)[1]
    again = client.post("/", data={"text": TEXT, "csrf_token": token, "nonce": nonce_of(answer)})
    assert again.status_code == 303


def test_only_pages_that_check_by_themselves_are_exempt() -> None:
    pages = "helpdesk.web.pages"
    assert csrf._exempt_views <= {
        *(f"{pages}.public.{view}" for view in ("send", "reply", "judged")),
        f"{pages}.pasting.save",
    }


@pytest.mark.parametrize("body", [b"text=caf\xe9+froid", b"text=caf%E9+froid", b"text=%F0%9F%99"])
def test_a_body_that_is_not_utf8_is_refused_clearly(client: FlaskClient, body: bytes) -> None:
    answer = client.post("/", data=body, content_type=FORM)
    assert answer.status_code == 422
    assert "UTF-8" in answer.text
    assert tickets() == 0


def test_a_body_of_two_megabytes_is_refused_with_a_page(client: FlaskClient) -> None:
    answer = client.post("/", data=b"text=" + b"a" * 2_000_000, content_type=FORM)
    assert answer.status_code == 413
    assert "<h1" in answer.text
    assert tickets() == 0


def test_a_closed_form_says_so_and_keeps_the_text(client: FlaskClient) -> None:
    a_channel(accepts=False)
    answer = send(client)
    assert answer.status_code == 503
    assert text_of(answer) == TEXT
    assert "fermé" in answer.text


def test_personal_data_is_hidden_from_the_status_page(client: FlaskClient) -> None:
    page = client.get(send(client, "Appelez-moi au 06 12 34 56 78, merci.").location)
    assert "06 12 34 56 78" not in page.text
    assert 'class="masked"' in page.text


def test_the_form_says_what_it_is_not_and_how_long_it_takes(client: FlaskClient) -> None:
    page = client.get("/").text
    assert "Ni un service client" in page
    assert "2 jours ouvrés" in page
    assert 'tabindex="-1"' in page


def test_the_form_comes_in_english_too(client: FlaskClient) -> None:
    page = client.get("/", headers={"Accept-Language": "en-GB,en;q=0.9"}).text
    assert '<html lang="en"' in page
    assert "Not customer service" in page


def test_somebody_signed_in_sees_the_form_and_the_way_to_work(client: FlaskClient) -> None:
    sign_in(client, a_person(Role.COMMUNITY_MANAGER))
    page = client.get("/").text
    assert 'name="text"' in page
    assert "Aller à mon espace de travail" in page


@pytest.mark.parametrize("path", ["/privacy", "/accessibility"])
@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_promises_can_be_read(client: FlaskClient, path: str, language: str) -> None:
    assert client.get(path, headers={"Accept-Language": language}).status_code == 200


# --- the status page as time passes -----------------------------------------------------------------------------------


def address_of(app: Flask, ticket: Ticket) -> str:
    return f"/status/{status_token(ticket, app.extensions['relais_settings'].secret_key)}"


def a_published_ticket() -> tuple[Ticket, Person]:
    """A ticket whose answer was posted, and the community manager who did it."""
    ticket, manager = an_approved_ticket("La fibre arrive en **mai**."), a_person(Role.COMMUNITY_MANAGER)
    with transaction():
        publish(ticket, by=manager)
    return ticket, manager


def test_a_text_that_is_not_published_yet_is_not_shown(client: FlaskClient, app: Flask) -> None:
    page = client.get(address_of(app, an_approved_ticket("La fibre arrive en **mai**."))).text
    assert "<strong>mai</strong>" not in page
    assert "La fibre arrive en" not in page
    assert "Votre question est en chemin" in page


def test_the_official_answer_is_shown_once_published(client: FlaskClient, app: Flask) -> None:
    ticket, _manager = a_published_ticket()
    page = client.get(address_of(app, ticket)).text
    assert "La fibre arrive en <strong>mai</strong>." in page
    assert "Votre question a sa réponse" in page
    assert "aria-current" not in page
    author = db.session.scalars(select(Draft)).one().author
    assert author.name not in page


def test_an_answer_withdrawn_since_is_marked(client: FlaskClient, app: Flask) -> None:
    ticket, _manager = a_published_ticket()
    committee = a_person(Role.COMMITTEE)
    with transaction() as session:
        official = session.scalars(select(OfficialAnswer)).one()
        withdraw_answer(official, by=committee, reason="Faux depuis hier.")
    page = client.get(address_of(app, ticket)).text
    assert "a été retirée" in page
    assert "Faux depuis hier" not in page


def test_a_merged_question_is_answered_where_the_other_one_is(client: FlaskClient, app: Flask) -> None:
    ticket, address = a_ticket(app, "La même question, autrement")
    other, manager = an_approved_ticket("La fibre arrive en **mai**."), a_person(Role.COMMUNITY_MANAGER)
    with transaction():
        merge(ticket, other, by=manager)
    assert "Votre question est en chemin" in client.get(address).text
    with transaction():
        publish(other, by=manager)
    page = client.get(address).text
    assert "<strong>mai</strong>" in page
    assert "La même question, autrement" in page


@pytest.mark.parametrize("outcome", [Outcome.HANDED_OFF, Outcome.NO_DETAIL])
def test_a_question_closed_without_an_answer_says_how_it_ended(
    client: FlaskClient, app: Flask, outcome: Outcome
) -> None:
    ticket, address = a_ticket(app)
    manager = a_person(Role.COMMUNITY_MANAGER)
    with transaction():
        triage(ticket, by=manager, class_="question", priority="P3", topics=[])
        close(ticket, by=manager, outcome=outcome, reason="Raison interne.")
    page = client.get(address).text
    assert "Votre question a été traitée" in page
    assert 'class="message message-info"' in page
    assert outcome.value not in page
    assert "Raison interne" not in page


def test_a_restricted_question_looks_like_any_other(client: FlaskClient, app: Flask) -> None:
    ticket, address = a_ticket(app)
    manager = a_person(Role.COMMUNITY_MANAGER)
    with transaction():
        triage(ticket, by=manager, class_="question", priority="P3", topics=[])
    before = without_tokens(client.get(address).text)
    with transaction():
        escalate(ticket, by=manager, circuit="legal", reason="Mise en demeure.")
    assert without_tokens(client.get(address).text) == before


def test_a_detail_that_is_wanted_is_asked_for(client: FlaskClient, app: Flask) -> None:
    ticket, address = a_ticket(app)
    manager = a_person(Role.COMMUNITY_MANAGER)
    with transaction():
        ask_clarification(ticket, by=manager, wording="Quelle commune ?")
    page = client.get(address).text
    assert "Quelle commune ?" in page
    assert "Il nous faut une précision" in page


def a_waiting_ticket(app: Flask) -> tuple[Ticket, str]:
    """A ticket whose asker was asked for a detail, and the address of its page."""
    ticket, address = a_ticket(app)
    manager = a_person(Role.COMMUNITY_MANAGER)
    with transaction():
        ask_clarification(ticket, by=manager, wording="Quelle commune ?")
    return ticket, address


def test_the_detail_can_be_given_on_the_same_page_once(client: FlaskClient, app: Flask) -> None:
    ticket, address = a_waiting_ticket(app)
    nonce = nonce_of(client.get(address))
    answers = [client.post(address, data={"nonce": nonce, "text": "Port-Lannévez"}) for _click in range(2)]
    assert [(answer.status_code, answer.location) for answer in answers] == [(303, address)] * 2
    db.session.expire_all()
    assert [question.text for question in ticket.questions] == [TEXT, "Port-Lannévez"]
    assert not ticket.waiting_for_asker
    page = client.get(address).text
    assert "Quelle commune" not in page
    assert "<textarea" not in page


@pytest.mark.parametrize("text", ["", "é" * 20_001, "nul \0"])
def test_a_reply_that_is_refused_is_kept(client: FlaskClient, app: Flask, text: str) -> None:
    ticket, address = a_waiting_ticket(app)
    answer = client.post(address, data={"text": text})
    assert answer.status_code == 422
    assert text_of(answer) == text
    db.session.expire_all()
    assert ticket.waiting_for_asker


def test_nobody_replies_to_a_made_up_address(client: FlaskClient) -> None:
    assert client.post("/status/" + "0" * 38, data={"text": "x"}).status_code == 404


# --- language and appearance ------------------------------------------------------------------------------------------


def test_a_language_is_remembered(client: FlaskClient) -> None:
    answer = client.post("/language", data={"locale": "en", "next": "/privacy"})
    assert (answer.status_code, answer.location) == (303, "/privacy")
    assert '<html lang="en"' in client.get("/").text


def test_a_choice_follows_the_person_to_another_browser(client: FlaskClient, app: Flask) -> None:
    person = a_person(Role.EXPERT)
    sign_in(client, person)
    client.post("/language", data={"locale": "en"})
    client.post("/theme", data={"theme": "dark"})
    db.session.expire_all()
    assert (person.locale, person.theme) == ("en", "dark")
    page = sign_in(app.test_client(), person).get("/").text
    assert '<html lang="en" data-bs-theme="dark">' in page


def test_an_appearance_is_remembered_until_the_system_decides_again(client: FlaskClient) -> None:
    client.post("/theme", data={"theme": "dark"})
    assert 'data-bs-theme="dark"' in client.get("/").text
    client.post("/theme", data={"theme": "auto"})
    assert 'data-bs-theme="auto"' in client.get("/").text


@pytest.mark.parametrize(
    "target", ["//evil.example", "/\\evil.example", "https://evil.example", "", "/\t/evil.example"]
)
def test_a_choice_never_leads_elsewhere(client: FlaskClient, target: str) -> None:
    assert client.post("/language", data={"locale": "fr", "next": target}).location == "/"


@pytest.mark.parametrize(("path", "data"), [("/language", {"locale": "xx"}), ("/theme", {"theme": "pink"})])
def test_an_unknown_choice_is_refused(client: FlaskClient, path: str, data: dict[str, str]) -> None:
    assert client.post(path, data=data).status_code == 400
    assert client.get(path).status_code in (404, 405)
