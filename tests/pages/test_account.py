"""Signing in and out, and every way to a password."""

from __future__ import annotations

from datetime import timedelta

import pytest

from helpdesk import clock
from helpdesk.accounts.access import Role
from helpdesk.accounts.entering import (
    end_sessions,
    first_administrator_secret,
    password_link,
    person_with_password,
    set_password,
)
from helpdesk.accounts.models import SYSTEM, AuditEntry, Person, SignedLink
from helpdesk.accounts.organisation import setting
from helpdesk.db import db, transaction
from helpdesk.web.limits import limiter
from people import a_person, sign_in

PASSWORD = "three ordinary words"
PROFILE = "/account/"


@pytest.fixture
def ana(app) -> Person:
    person = a_person(Role.ADMINISTRATOR, handle="ana", email="ana@example.org")
    with transaction():
        set_password(person, PASSWORD, by=SYSTEM)
    return person


def enter(client, name="ana", password=PASSWORD, **more):
    query = more.pop("query", None)
    data = {"name": name, "password": password, **more}
    return client.post("/account/sign-in", data=data, query_string=query, headers={"Accept-Language": "en"})


def is_in(client) -> bool:
    return client.get(PROFILE).status_code == 200


@pytest.mark.parametrize("name", ["ana", " ana ", "ana@example.org", "ANA@Example.org"])
def test_one_signs_in_with_a_short_name_or_an_address(client, ana, name):
    answer = enter(client, name)
    assert (answer.status_code, answer.location) == (303, "/account/home")
    assert is_in(client)
    assert db.session.query(AuditEntry).filter_by(action="signed_in", actor_id=ana.id).count() == 1


@pytest.mark.parametrize(
    ("name", "password"),
    [("ana", "wrong words here"), ("nobody", PASSWORD), ("ana", PASSWORD.upper()), ("a\0na", "y" * 300), ("", "")],
)
def test_a_wrong_password_and_a_wrong_name_are_not_told_apart(client, ana, name, password):
    answer = enter(client, name, password)
    assert answer.status_code == 422
    assert not is_in(client)
    if name and password:
        assert "The name or the password is wrong" in answer.text
        assert password not in answer.text


def test_whoever_left_does_not_get_in(client, ana):
    ana.active = False
    db.session.commit()
    assert enter(client).status_code == 422


def test_somebody_without_a_password_does_not_get_in(client):
    a_person(handle="bob")
    assert enter(client, "bob", "").status_code == 422
    assert person_with_password("bob", "") is None


def test_signing_out_takes_a_post(client, ana):
    enter(client)
    assert client.get("/account/sign-out").status_code == 405
    assert is_in(client)
    assert client.post("/account/sign-out").status_code == 303
    assert not is_in(client)


def test_passwords_cannot_be_tried_without_end(client, ana):
    enabled, limiter.enabled = limiter.enabled, True
    try:
        answers = [enter(client, password=f"attempt number {number}").status_code for number in range(11)]
        assert answers == [422] * 10 + [429]
        assert enter(client).status_code == 429  # the right one neither
    finally:
        limiter.enabled = enabled


def test_the_page_asked_for_is_kept(client, ana):
    answer = client.get("/admin/people?q=a")
    assert answer.status_code == 302
    assert answer.location.startswith("/account/sign-in?next=")
    assert "next=%2Fadmin%2Fpeople" in answer.location
    assert enter(client, query={"next": "/admin/people?q=a"}).location == "/admin/people?q=a"


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "/\t/evil.example", "/\n/evil.example",
     "javascript:alert(1)", "\\\\evil.example", "evil.example", "/a\\..\\b", "///evil.example"],
)  # fmt: skip
def test_no_link_leads_away_after_signing_in(client, ana, target):
    assert enter(client, query={"next": target}).location == "/account/home"
    assert client.get("/account/sign-in", query_string={"next": target}).location == "/account/home"
    client.post("/account/sign-out")
    assert enter(client, next=target).location == "/account/home"


def test_each_role_has_its_place(client):
    places = {Role.ADMINISTRATOR: "/admin", Role.COMMUNITY_MANAGER: "/inbox", Role.HEAD: "/department"}
    for role, place in places.items():
        sign_in(client, a_person(role))
        assert client.get("/account/home").location == place
    sign_in(client, a_person())
    assert client.get("/account/home").location == PROFILE


def test_ending_sessions_ends_them_everywhere(app, client, ana):
    other = type(client)(app, app.response_class)
    enter(client)
    enter(other, remember="y")
    assert is_in(client)
    assert is_in(other)
    with transaction():
        end_sessions(ana, by=ana)
    assert not is_in(client)
    assert not is_in(other)


def test_a_new_password_ends_the_other_sessions_and_not_this_one(app, client, ana):
    other = type(client)(app, app.response_class)
    enter(client)
    enter(other)
    data = {"present": PASSWORD, "password": "four quite ordinary words", "again": "four quite ordinary words"}
    assert client.post(PROFILE, data=data).status_code == 303
    assert is_in(client)
    assert not is_in(other)
    assert person_with_password("ana", "four quite ordinary words") == ana
    assert person_with_password("ana", PASSWORD) is None


@pytest.mark.parametrize(
    "changes", [{"present": "not it at all"}, {"password": "short"}, {"again": "another one altogether"}]
)
def test_a_password_is_not_changed_by_halves(client, ana, changes):
    enter(client)
    data = {
        "present": PASSWORD,
        "password": "four quite ordinary words",
        "again": "four quite ordinary words",
        **changes,
    }
    answer = client.post(PROFILE, data=data)
    assert answer.status_code == 422
    assert 'class="field-error"' in answer.text
    assert person_with_password("ana", PASSWORD) == ana


# --- links ------------------------------------------------------------------------------------------------------------


def a_link(ana) -> str:
    with transaction():
        return f"/account/password/{password_link(ana, by=ana)}"


def test_a_password_link_works_once_and_signs_in(client, ana):
    link = a_link(ana)
    assert client.get(link).status_code == 200
    assert client.get(link).status_code == 200  # looking is not using: scanners open links
    answer = client.post(link, data={"password": "a new long password", "again": "a new long password"})
    assert (answer.status_code, answer.location) == (303, "/account/home")
    assert is_in(client)
    assert person_with_password("ana", "a new long password") == ana
    assert client.get(link).status_code == 410
    assert (
        client.post(link, data={"password": "yet another password", "again": "yet another password"}).status_code == 410
    )
    assert person_with_password("ana", "a new long password") == ana


def test_a_password_that_is_too_short_leaves_the_link_good(client, ana):
    link = a_link(ana)
    assert client.post(link, data={"password": "short", "again": "short"}).status_code == 422
    assert client.get(link).status_code == 200


def test_a_newer_link_an_old_age_leaving_and_ended_sessions_end_a_link(client, ana, monkeypatch):
    bob = a_person(handle="bob")
    first = a_link(ana)
    second = a_link(ana)
    assert [client.get(link).status_code for link in (first, second)] == [410, 200]
    with transaction():
        end_sessions(ana, by=ana)
    assert client.get(second).status_code == 410
    with transaction():
        third = f"/account/password/{password_link(bob, by=ana)}"
    bob.active = False
    db.session.commit()
    assert client.get(third).status_code == 410
    fourth, later = a_link(ana), clock.now() + timedelta(days=2, minutes=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert client.get(fourth).status_code == 410


def test_only_the_digest_of_a_link_is_kept(ana):
    secret = a_link(ana).rsplit("/", 1)[1]
    kept = db.session.query(SignedLink).one()
    assert secret not in (kept.digest, str(vars(kept)))
    assert len(kept.digest) == 64


FIRST = {
    "organisation": "Océliane",
    "name": "Ada Roy",
    "handle": "ada",
    "email": "ada@example.org",
    "password": PASSWORD,
    "again": PASSWORD,
}


def test_the_first_administrator_link_works_once(client):
    link = f"/account/first/{first_administrator_secret()}"
    assert client.get(link).status_code == 200
    answer = client.post(link, data=FIRST)
    assert (answer.status_code, answer.location) == (303, "/account/home")
    ada = db.session.query(Person).one()
    assert (ada.handle, ada.roles, setting("name")) == ("ada", {Role.ADMINISTRATOR}, "Océliane")
    assert client.get("/admin").status_code == 200
    assert client.post(link, data={**FIRST, "handle": "eve", "email": "eve@example.org"}).status_code == 410
    assert db.session.query(Person).count() == 1
    assert first_administrator_secret() is None


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"handle": "Ada R"}, "handle"), ({"email": "ada"}, "email"), ({"password": "x", "again": "x"}, "password"),
     ({"organisation": " "}, "organisation"), ({"name": ""}, "name"), ({"name": "x" * 201}, "name")],
)  # fmt: skip
def test_a_first_administrator_with_a_mistake_is_not_made_and_nothing_typed_is_lost(client, changes, field):
    link = f"/account/first/{first_administrator_secret()}"
    data = {**FIRST, **changes}
    answer = client.post(link, data=data)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert data["email"] in answer.text
    assert db.session.query(Person).count() == 0
    assert client.get(link).status_code == 200


def test_a_made_up_link_is_nothing(client):
    for path in ("/account/password/x", "/account/first/x"):
        assert client.get(path).status_code == 410
    assert client.get("/account/first/%00").status_code == 404
