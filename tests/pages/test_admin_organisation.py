"""The administrator's pages about departments, topics, channels and settings."""

from __future__ import annotations

from html import unescape

import pytest

from builders.administering import a_browser_of, error_at, seen
from builders.organisation import a_topic, actions, an_administrator
from helpdesk.accounts.access import Role
from helpdesk.accounts.directory import department_with, put_department
from helpdesk.accounts.models import SYSTEM, AuditEntry, Department
from helpdesk.accounts.organisation import change_setting, setting
from helpdesk.channels.models import Channel
from helpdesk.channels.registry import channel_with
from helpdesk.db import db, transaction
from helpdesk.errors import BadInput
from helpdesk.routing.models import Topic
from helpdesk.routing.topics import topic_with
from helpdesk.tickets.circuits import people_of
from people import a_channel, a_department, a_person


@pytest.fixture
def browser(client):
    return a_browser_of(client, an_administrator())


# --- departments ------------------------------------------------------------------------------------------------------

DEPARTMENT = {"name": "Fixed network", "head": "", "calendar": "", "answers": "y", "active": "y"}


def test_a_department_is_added_and_changed(browser):
    head = a_person(Role.HEAD, handle="maelle")
    added = browser.post("/admin/new/department", data={**DEPARTMENT, "code": "FIX", "head": "maelle"})
    assert added.status_code == 303
    fix = department_with("FIX")
    assert (fix.name, fix.head, fix.answers, fix.automatic_routing) == ("Fixed network", head, True, False)
    page = browser.get("/admin/departments/FIX")
    data = {"name": "Fibre", "head": "", "calendar": "", "automatic_routing": "y", "active": "y", "seen": seen(page)}
    assert browser.post("/admin/departments/FIX", data=data).status_code == 303
    assert (fix.name, fix.head, fix.answers, fix.automatic_routing) == ("Fibre", None, False, True)
    assert actions("department") == ["department_added", "department_changed"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"code": "F I X"}, "code"),
        ({"code": "OLD"}, "code"),
        ({"name": " "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"head": "nobody"}, "head"),
        ({"calendar": "none"}, "calendar"),
    ],
)
def test_a_department_with_a_mistake_keeps_what_was_typed(browser, changes, field):
    a_department("OLD", answers=False)
    data = {**DEPARTMENT, "code": "FIX", "head": "Typed", **changes}
    answer = browser.post("/admin/new/department", data=data)
    assert (answer.status_code, bool(error_at(answer, field))) == (422, True)
    assert field == "calendar" or error_at(answer, "head")  # what the form itself refuses comes first
    assert f'value="{data["name"].strip()}"' in answer.text
    assert f'value="{data["head"]}"' in answer.text
    assert db.session.query(Department).count() == 1


def test_two_at_once_on_a_department(browser):
    a_department("FIX")
    page = browser.get("/admin/departments/FIX")
    with transaction():
        put_department("FIX", by=SYSTEM, name="Theirs")
    answer = browser.post("/admin/departments/FIX", data={**DEPARTMENT, "name": "Mine", "seen": seen(page)})
    assert answer.status_code == 409
    assert "now “Theirs”" in answer.text
    assert 'value="Mine"' in answer.text
    assert department_with("FIX").name == "Theirs"
    again = browser.post("/admin/departments/FIX", data={**DEPARTMENT, "name": "Mine", "seen": seen(answer)})
    assert again.status_code == 303
    assert department_with("FIX").name == "Mine"


def test_a_head_without_the_role_is_pointed_out(browser):
    a_department("FIX", head_id=a_person(Role.EXPERT).id)
    assert "lacks the role" in browser.get("/admin/departments").text


# --- topics -----------------------------------------------------------------------------------------------------------

TOPIC = {
    "label_fr": "Panne",
    "label_en": "Fault",
    "department": "FIX",
    "synonyms": "outage\r\n no internet \r\n\r\noutage",
}


def test_a_topic_is_added_with_a_synonym_per_line(browser):
    a_department("FIX")
    answer = browser.post("/admin/new/topic", data={**TOPIC, "code": "fibre.fault", "active": "y"})
    assert (answer.status_code, answer.location) == (303, "/admin/topics/fibre.fault")
    topic = topic_with("fibre.fault")
    assert (topic.label_fr, topic.synonyms, topic.active) == ("Panne", ["outage", "no internet"], True)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"code": "Fibre Fault"}, "code"),
        ({"code": "a.one"}, "code"),
        ({"label_fr": ""}, "label_fr"),
        ({"label_en": "x" * 201}, "label_en"),
        ({"department": "NONE"}, "department"),
        ({"synonyms": "x" * 101}, "synonyms"),
        ({"synonyms": "\n".join(map(str, range(201)))}, "synonyms"),
    ],
)
def test_a_topic_with_a_mistake_keeps_what_was_typed(browser, changes, field):
    a_topic("a.one")
    data = {**TOPIC, "code": "fibre.fault", **changes}
    answer = browser.post("/admin/new/topic", data=data)
    assert answer.status_code == 422
    assert error_at(answer, field)
    assert data["synonyms"][:90].split("\r\n")[0] in answer.text
    assert db.session.query(Topic).count() == 1


def test_two_at_once_on_a_topic(browser):
    a_topic("a.one", label_fr="Un", label_en="One", synonyms=["uno"])
    page = browser.get("/admin/topics/a.one")
    a_topic("a.one", label_fr="Un", label_en="One", synonyms=["uno", "eins"])
    mine = {
        "label_fr": "Une",
        "label_en": "One",
        "department": "FIX",
        "synonyms": "uno",
        "active": "y",
        "seen": seen(page),
    }
    answer = browser.post("/admin/topics/a.one", data=mine)
    assert answer.status_code == 409
    assert topic_with("a.one").label_fr == "Un"
    assert "uno\neins</textarea>" in answer.text.replace("\r", "")
    assert 'value="Une"' in answer.text
    saved = browser.post("/admin/topics/a.one", data={**mine, "synonyms": "uno\neins", "seen": seen(answer)})
    assert saved.status_code == 303
    assert (topic_with("a.one").label_fr, topic_with("a.one").synonyms) == ("Une", ["uno", "eins"])


def test_topics_say_who_knows_them(browser):
    a_topic("a.one")
    page = browser.get("/admin/topics").text
    assert "Nobody" in page
    assert "a.one" in page


# --- channels ---------------------------------------------------------------------------------------------------------


def test_a_channel_is_added_and_closed(browser):
    data = {
        "code": "mastodon",
        "kind": "mastodon",
        "account": "@us@social.example",
        "max_characters": "500",
        "url_counts_as": "23",
        "accepts": "y",
        "public": "y",
        "posts_by_hand": "y",
        "active": "y",
    }
    assert browser.post("/admin/new/channel", data=data).status_code == 303
    channel = channel_with("mastodon")
    assert (channel.kind, channel.max_characters, channel.url_counts_as, channel.accepts) == ("mastodon", 500, 23, True)
    page = browser.get("/admin/channels/mastodon")
    del data["accepts"], data["code"]
    data |= {"max_characters": "", "seen": seen(page)}
    assert browser.post("/admin/channels/mastodon", data=data).status_code == 303
    assert (channel.max_characters, channel.accepts, channel.active) == (None, False, True)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"code": "Mastodon!"}, "code"),
        ({"code": "web"}, "code"),
        ({"kind": "pigeon"}, "kind"),
        ({"max_characters": "0"}, "max_characters"),
        ({"max_characters": "-5"}, "max_characters"),
        ({"max_characters": "lots"}, "max_characters"),
        ({"url_counts_as": "9" * 20}, "url_counts_as"),
        ({"account": "x" * 301}, "account"),
    ],
)
def test_a_channel_with_a_mistake_keeps_what_was_typed(browser, changes, field):
    a_channel("web")
    data = {"code": "x", "kind": "x", "account": "@typed", "max_characters": "280", **changes}
    answer = browser.post("/admin/new/channel", data=data)
    assert answer.status_code == 422
    assert error_at(answer, field)
    assert data["account"] in answer.text
    assert f'value="{data["max_characters"]}"' in answer.text
    assert db.session.query(Channel).count() == 1


# --- settings ---------------------------------------------------------------------------------------------------------

SETTINGS = {
    "name": "Océliane",
    "default_language": "en",
    "timezone": "America/Montreal",
    "announced_delay_days": "3",
    "signature": "— Us",
    "automatic_routing": "y",
    "wrong_route_budget": "2,5",
    "circuit_press": "stan\r\nEVE@example.org",
    "circuit_legal": "",
    "circuit_security": "",
    "circuit_data": "",
}


def test_the_settings_are_kept_and_each_change_is_in_the_log(browser):
    a_person(handle="stan")
    a_person(handle="eve", email="eve@example.org")
    page = browser.get("/admin/settings")
    assert browser.post("/admin/settings", data={**SETTINGS, "seen": seen(page)}).status_code == 303
    assert setting("name") == "Océliane"
    assert setting("timezone") == "America/Montreal"
    assert setting("announced_delay_days") == 3
    assert setting("automatic_routing") is True
    assert setting("wrong_route_budget") == 0.025
    assert setting("circuits") == {"press": ["stan", "eve"]}
    assert [person.handle for person in people_of("press")] == ["eve", "stan"]
    noted = {entry.facts["name"] for entry in db.session.query(AuditEntry).filter_by(action="setting_changed")}
    assert noted == {
        "name",
        "default_language",
        "timezone",
        "announced_delay_days",
        "signature",
        "automatic_routing",
        "wrong_route_budget",
        "circuits",
    }
    page = browser.get("/admin/settings")
    assert 'value="2.5"' in page.text
    assert "It is on" in browser.get("/admin").text


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"default_language": "xx"}, "default_language"),
        ({"announced_delay_days": "0"}, "announced_delay_days"),
        ({"announced_delay_days": "soon"}, "announced_delay_days"),
        ({"wrong_route_budget": "50"}, "wrong_route_budget"),
        ({"wrong_route_budget": "nan"}, "wrong_route_budget"),
        ({"wrong_route_budget": "few"}, "wrong_route_budget"),
        ({"signature": "x" * 501}, "signature"),
        ({"circuit_legal": "stan\nnobody"}, "circuit_legal"),
    ],
)
def test_settings_with_a_mistake_are_not_kept_and_nothing_typed_is_lost(browser, changes, field):
    a_person(handle="stan")
    a_person(handle="eve", email="eve@example.org")
    page = browser.get("/admin/settings")
    answer = browser.post("/admin/settings", data={**SETTINGS, **changes, "seen": seen(page)})
    assert answer.status_code == 422
    assert error_at(answer, field)
    assert "EVE@example.org" in answer.text
    assert setting("automatic_routing") is False
    assert setting("circuits") == {}


def test_two_at_once_on_the_settings(browser):
    page = browser.get("/admin/settings")
    with transaction():
        change_setting("wrong_route_budget", 0.01, by=SYSTEM)
    data = {**SETTINGS, "circuit_press": "", "wrong_route_budget": "3", "timezone": "Europe/Paris", "seen": seen(page)}
    answer = browser.post("/admin/settings", data=data)
    assert answer.status_code == 409
    assert "now “1%”" in unescape(answer.text)
    assert setting("name") == "Relais"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("timezone", "Nowhere"),
        ("wrong_route_budget", 0.9),
        ("wrong_route_budget", True),
        ("automatic_routing", "yes"),
        ("announced_delay_days", 0),
        ("name", ""),
        ("default_language", "de"),
    ],
)
def test_no_caller_sets_what_cannot_be(app, name, value):
    with pytest.raises(BadInput), transaction():
        change_setting(name, value, by=SYSTEM)
