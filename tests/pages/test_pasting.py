"""Pasting a public post."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from helpdesk import clock
from helpdesk.accounts.access import Role
from helpdesk.db import db
from helpdesk.intake.channel_of_link import channel_of_link
from helpdesk.tickets.models import AskerIdentity, Question, Ticket
from people import a_channel, a_person, sign_in

LINK = "https://social.oceliane.example/@jeanne/1234"
POST = {"url": LINK, "text": "Quand la fibre arrive-t-elle ?", "author": "@jeanne", "posted_at": "2026-03-28T14:05"}


@pytest.fixture
def manager(client: FlaskClient) -> FlaskClient:
    """The browser of a community manager, on an organisation that is on Mastodon, X and a forum."""
    a_channel("forum", "discourse", account="https://forum.oceliane.example")
    a_channel("mastodon", "mastodon", account="@oceliane@social.oceliane.example")
    a_channel("x", "x", account="@oceliane_fictif")
    return sign_in(client, a_person(Role.COMMUNITY_MANAGER))


def nonce_of(page: Any) -> str:
    return re.search(r'name="nonce"[^>]*value="([^"]+)"', page.text)[1]


def value_of(page: Any, name: str) -> str:
    """What stands in a one-line field."""
    tag = re.search(rf'<input[^>]*name="{name}"[^>]*>', page.text)[0]
    return html.unescape(re.search(r'value="([^"]*)"', tag)[1])


def the_question() -> Question:
    db.session.expire_all()
    return db.session.scalars(select(Question)).one()


def tickets() -> int:
    return db.session.scalar(select(func.count()).select_from(Ticket)) or 0


def paste(browser: FlaskClient, **fields: str) -> Any:
    return browser.post("/paste", data={"nonce": nonce_of(browser.get("/paste"))} | POST | fields)


def test_a_post_is_taken_in_with_its_author_time_and_place(manager: FlaskClient) -> None:
    answer = paste(manager)
    question = the_question()
    assert (answer.status_code, answer.location) == (303, f"/tickets/{question.ticket.ref}")
    assert (question.text, question.url, question.channel.code) == (POST["text"], LINK, "mastodon")
    assert question.posted_at == datetime(2026, 3, 28, 13, 5, tzinfo=UTC), "the time given is that of Paris"
    assert db.session.get_one(AskerIdentity, question.asker_id).handle == "@jeanne"


def test_the_time_is_now_unless_said_otherwise(manager: FlaskClient) -> None:
    offered = datetime.fromisoformat(value_of(manager.get("/paste"), "posted_at"))
    assert abs(offered.astimezone(UTC) - clock.now()) < timedelta(hours=3)
    assert paste(manager, posted_at="").status_code == 303
    assert clock.now() - the_question().posted_at < timedelta(minutes=1)


def test_the_same_link_is_refused_with_the_way_to_its_ticket(manager: FlaskClient) -> None:
    paste(manager)
    ref = the_question().ticket.ref
    answer = paste(manager, url=f"{LINK}/?utm_source=feed", text="Copié autrement")
    assert answer.status_code == 422
    assert f'href="/tickets/{ref}"' in answer.text
    assert "Copié autrement" in answer.text
    assert tickets() == 1


def test_a_double_click_opens_one_ticket(manager: FlaskClient) -> None:
    nonce = nonce_of(manager.get("/paste"))
    answers = [manager.post("/paste", data=POST | {"nonce": nonce}) for _click in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].location == answers[1].location
    assert tickets() == 1


def test_a_post_without_a_link_needs_its_channel(manager: FlaskClient) -> None:
    answer = paste(manager, url="")
    assert answer.status_code == 422
    assert "Indiquez" in answer.text or "canal" in answer.text
    assert paste(manager, url="", channel="forum").status_code == 303
    assert the_question().channel.code == "forum"


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": ""},
        {"text": "a" * 20_001},
        {"text": "nul \0"},
        {"url": "pas un lien"},
        {"url": "javascript:alert(1)"},
        {"author": "a" * 256},
        {"posted_at": "hier"},
        {"posted_at": "1970-01-01T00:00"},
        {"channel": "nowhere"},
    ],
)
def test_what_is_refused_says_why_and_keeps_everything(manager: FlaskClient, wrong: dict[str, str]) -> None:
    answer = paste(manager, **wrong)
    assert answer.status_code == 422
    assert 'class="field-error"' in answer.text
    sent = POST | wrong
    assert [name for name in ("url", "author", "posted_at") if value_of(answer, name) != sent[name]] == []
    assert html.escape(sent["text"], quote=False) in answer.text
    assert tickets() == 0


@pytest.mark.parametrize("text", ["👩‍👩‍👧‍👦🇫🇷", "متى تصل الألياف؟", "<script>alert(1)</script>", "a" * 20_000])
def test_any_text_is_taken(manager: FlaskClient, text: str) -> None:
    assert paste(manager, text=text).status_code == 303
    assert the_question().original.text == text


def test_a_bookmark_fills_the_page_in(manager: FlaskClient) -> None:
    page = manager.get("/paste?" + urlencode({"url": LINK, "text": "<b>Le & la</b>", "author": '"x"'}))
    assert (value_of(page, "url"), value_of(page, "author")) == (LINK, '"x"')
    assert "&lt;b&gt;Le &amp; la&lt;/b&gt;" in page.text
    assert tickets() == 0


def test_a_stale_page_keeps_what_was_typed(manager: FlaskClient, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    answer = manager.post("/paste", data=POST)
    assert answer.status_code == 400
    assert POST["text"] in answer.text
    assert tickets() == 0


def test_a_body_that_is_not_utf8_is_refused(manager: FlaskClient) -> None:
    answer = manager.post("/paste", data=b"text=caf%E9", content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 422
    assert "UTF-8" in answer.text


@pytest.mark.parametrize("role", [Role.EXPERT, Role.APPROVER, Role.HEAD, Role.ADMINISTRATOR])
def test_others_do_not_find_the_page(client: FlaskClient, role: Role) -> None:
    sign_in(client, a_person(role))
    assert client.get("/paste").status_code == client.post("/paste", data=POST).status_code == 404


def test_nobody_pastes_without_signing_in(client: FlaskClient) -> None:
    assert client.post("/paste", data=POST).status_code == 302
    assert tickets() == 0


@pytest.mark.parametrize(
    ("link", "code"),
    [
        (LINK, "mastodon"),
        ("https://mastodon.example/@somebody/1099", "mastodon"),
        ("https://forum.oceliane.example/t/fibre/12/3", "forum"),
        ("https://twitter.com/somebody/status/1", "x"),
        ("https://mobile.twitter.com/somebody/status/1", "x"),
        ("https://notx.com/somebody/status/1", None),
        ("https://blog.example/2026/fibre", None),
        ("not a link", None),
    ],
)
def test_the_channel_is_told_from_the_link(app: Flask, link: str, code: str | None) -> None:
    channels = [
        a_channel("forum", "discourse", account="https://forum.oceliane.example"),
        a_channel("mastodon", "mastodon", account="@oceliane@social.oceliane.example"),
        a_channel("x", "x", account="@oceliane_fictif"),
    ]
    found = channel_of_link(link, channels)
    assert (found.code if found else None) == code
