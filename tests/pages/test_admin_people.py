"""The administrator's pages about people: every field, every refusal, two administrators at once."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event

from builders.administering import a_browser_of, error_at, seen
from builders.organisation import a_topic, actions, an_administrator, to_reindex
from helpdesk import clock
from helpdesk.accounts.access import Role
from helpdesk.accounts.directory import person_with, put_person
from helpdesk.accounts.entering import bearer_of, create_token
from helpdesk.accounts.models import SYSTEM, Absence, Person, Token, TokenScope
from helpdesk.db import db, transaction
from helpdesk.reports.people import levels_of
from helpdesk.routing.topics import set_skills
from people import a_department, a_person, sign_in


@pytest.fixture
def admin(app) -> Person:
    return an_administrator()


@pytest.fixture
def browser(client, admin):
    return a_browser_of(client, admin)


@pytest.fixture
def ana(app) -> Person:
    return a_person(Role.EXPERT, handle="ana", name="Ana Lima", department=a_department("FIX"), max_open=6)


def filled(person: Person, **changes) -> dict:
    """The form of a person as the page shows it, with changes."""
    return {
        "name": person.name,
        "title": person.title,
        "email": person.email or "",
        "department": person.department.code if person.department else "",
        "roles": [role.value for role in person.roles],
        "languages": person.languages,
        "profile": person.profile,
        "max_open": str(person.max_open),
        "backup": "",
        "calendar": "",
        "active": "y",
        **changes,
    }


# --- who may enter ----------------------------------------------------------------------------------------------------

PATHS = (
    "",
    "/people",
    "/new/person",
    "/people/ana",
    "/people/ana/topics",
    "/people/ana/absences",
    "/people/ana/access",
    "/departments",
    "/new/department",
    "/topics",
    "/new/topic",
    "/channels",
    "/new/channel",
    "/settings",
    "/letters",
    "/jobs",
    "/log",
)


def test_only_administrators_enter(client, ana):
    everybody_else = a_person(*(set(Role) - {Role.ADMINISTRATOR}))
    for path in PATHS:
        assert client.get(f"/admin{path}").status_code == 302, path
    sign_in(client, everybody_else)
    for path in PATHS:
        assert client.get(f"/admin{path}").status_code == 404, path
        assert client.post(f"/admin{path}").status_code in (404, 405), path


def test_every_page_opens(browser, ana):
    for path in PATHS:
        page = browser.get(f"/admin{path}")
        assert page.status_code == 200, path
        assert page.text.count("<h1") == 1, path


@pytest.mark.parametrize(
    "path",
    [
        "/people/nobody",
        "/people/%00",
        "/people/nobody/topics",
        "/topics/none",
        "/departments/none",
        "/channels/none",
        "/letters/1",
        "/letters/9999999999999999",
    ],
)
def test_what_is_not_there_is_not_found(browser, path):
    assert browser.get(f"/admin{path}").status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "after=x",
        "after=99999999999999999999",
        "before=-1",
        "q=%00%ff",
        "role=emperor",
        "department=NONE",
        "lacking=sense",
        "after=²",
    ],
)
def test_a_list_survives_any_query(browser, query):
    expected = 422 if "%00" in query else 200  # no page takes a NUL
    assert browser.get(f"/admin/people?{query}").status_code == expected


# --- adding and changing ----------------------------------------------------------------------------------------------


def test_a_person_is_added_with_everything(browser, admin):
    a_department("FIX")
    backup = a_person(Role.EXPERT, handle="bob", email="bob@example.org")
    data = {
        "handle": "zoe",
        "name": " Zoé Abel ",
        "title": "Engineer",
        "email": "Zoe@Example.org",
        "department": "FIX",
        "roles": ["expert", "validator"],
        "languages": ["fr", "en"],
        "profile": "Fibre.\r\nAnd copper.",
        "max_open": "1 0",
        "backup": "BOB@example.org",
        "calendar": "",
        "active": "y",
    }
    answer = browser.post("/admin/new/person", data=data)
    assert (answer.status_code, answer.location) == (303, "/admin/people/zoe/topics")
    zoe = person_with("zoe")
    assert (zoe.name, zoe.email, zoe.department.code, zoe.max_open) == ("Zoé Abel", "zoe@example.org", "FIX", 10)
    assert (zoe.roles, zoe.languages, zoe.backup) == ({Role.EXPERT, Role.APPROVER}, ["fr", "en"], backup)
    assert zoe.profile == "Fibre.\nAnd copper."
    assert zoe.id in to_reindex("person")
    assert actions("person")[-1] == "person_added"


def test_adding_never_overwrites_somebody(browser, ana):
    answer = browser.post("/admin/new/person", data=filled(ana, handle="ana", name="Another", email=""))
    assert answer.status_code == 422
    assert "belongs to somebody" in error_at(answer, "handle")
    assert person_with("ana").name == "Ana Lima"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"email": "not an address"}, "email"),
        ({"email": "taken@example.org"}, "email"),
        ({"department": "NONE"}, "department"),
        ({"languages": []}, "languages"),
        ({"max_open": "many"}, "max_open"),
        ({"max_open": ""}, "max_open"),
        ({"max_open": "0"}, "max_open"),
        ({"max_open": "9" * 30}, "max_open"),
        ({"backup": "nobody"}, "backup"),
        ({"backup": "ana"}, "backup"),
        ({"backup": "cm"}, "backup"),
        ({"roles": ["emperor"]}, "roles"),
        ({"title": "a\0b"}, "title"),
        ({"profile": "x" * 20_001}, "profile"),
    ],
)
def test_bad_input_is_said_beside_its_field_and_nothing_typed_is_lost(browser, ana, changes, field):
    a_person(handle="taken", email="taken@example.org")
    a_person(Role.COMMUNITY_MANAGER, handle="cm")
    page = browser.get("/admin/people/ana")
    data = filled(ana, **{"title": "Typed <title>", "profile": "Typed profile", **changes}, seen=seen(page))
    answer = browser.post("/admin/people/ana", data=data)
    assert answer.status_code == 422
    assert error_at(answer, field), answer.text
    for name in {"title", "profile"} - {field}:
        assert data[name] in unescape(answer.text)
    assert (person_with("ana").title, person_with("ana").name) == ("", "Ana Lima")


def test_the_last_administrator_is_told_so_beside_the_field(browser, admin):
    page = browser.get("/admin/people/adm-1")
    answer = browser.post("/admin/people/adm-1", data=filled(admin, roles=["expert"], seen=seen(page)))
    assert answer.status_code == 422
    assert "last administrator" in error_at(answer, "roles")
    data = filled(admin, seen=seen(page))
    del data["active"]
    assert "last administrator" in error_at(browser.post("/admin/people/adm-1", data=data), "active")


def test_saving_what_is_there_changes_nothing(browser, ana):
    before = actions()
    page = browser.get("/admin/people/ana")
    assert browser.post("/admin/people/ana", data=filled(ana, seen=seen(page))).status_code == 303
    assert actions() == before


def test_a_role_taken_away_is_gone_at_once(browser, app, ana):
    other = type(browser)(app, app.response_class)
    second = an_administrator("adm-2")
    sign_in(other, second)
    assert other.get("/admin").status_code == 200
    page = browser.get("/admin/people/adm-2")
    assert browser.post("/admin/people/adm-2", data=filled(second, roles=[], seen=seen(page))).status_code == 303
    assert other.get("/admin").status_code == 404


# --- two at once ------------------------------------------------------------------------------------------------------


def meanwhile(handle="ana", **values):
    """What another administrator does."""
    other = person_with("adm-2") or an_administrator("adm-2", name="Bea Roux")
    with transaction():
        put_person(handle, by=person_with(other.handle), **values)


def test_two_administrators_at_once_get_one_success_and_one_page_that_says_what_changed(browser, ana):
    page = browser.get("/admin/people/ana")
    meanwhile(title="Head of fibre", roles=[Role.EXPERT, Role.APPROVER])
    answer = browser.post(
        "/admin/people/ana", data=filled(ana, roles=["expert"], title="Mine", name="Ana L.", seen=seen(page))
    )
    assert answer.status_code == 409
    text = unescape(answer.text)
    assert "Bea Roux changed this" in text
    assert "now “Head of fibre”" in text
    assert 'value="Mine"' in text
    assert 'value="Ana L."' in text
    assert person_with("ana").title == "Head of fibre"
    # What was not touched is taken over, so saving again takes nothing back unknowingly.
    assert re.search(r'<input checked[^>]*value="validator"|value="validator"[^>]*checked', text)
    again = filled(ana, roles=["expert", "validator"], title="Mine", name="Ana L.", seen=seen(answer))
    assert browser.post("/admin/people/ana", data=again).status_code == 303
    assert (person_with("ana").title, person_with("ana").name) == ("Mine", "Ana L.")
    assert person_with("ana").roles == {Role.EXPERT, Role.APPROVER}


def test_the_same_change_by_both_is_no_conflict(browser, ana):
    page = browser.get("/admin/people/ana")
    meanwhile(title="Head of fibre")
    answer = browser.post("/admin/people/ana", data=filled(ana, title="Head of fibre", seen=seen(page)))
    assert answer.status_code == 303


@pytest.mark.parametrize("remembered", ["", "nonsense", "[]", "{}", "[" * 5000])
def test_a_form_that_remembers_nothing_overwrites_nothing(browser, ana, remembered):
    answer = browser.post("/admin/people/ana", data=filled(ana, title="Mine", seen=remembered))
    assert answer.status_code == 409
    assert person_with("ana").title == ""


# --- what they know ---------------------------------------------------------------------------------------------------


def test_levels_are_given_and_taken(browser, ana):
    one, two, three = (a_topic(code) for code in ("a.one", "b.two", "c.three"))
    page = browser.get("/admin/people/ana/topics")
    data = {f"topic_{one.id}": "3", f"topic_{two.id}": "1", f"topic_{three.id}": "0", "seen": seen(page)}
    assert browser.post("/admin/people/ana/topics", data=data).status_code == 303
    assert levels_of(ana) == {"a.one": 3, "b.two": 1}
    page = browser.get("/admin/people/ana/topics")
    data = {f"topic_{one.id}": "0", f"topic_{two.id}": "2", f"topic_{three.id}": "0", "seen": seen(page)}
    browser.post("/admin/people/ana/topics", data=data)
    assert levels_of(ana) == {"b.two": 2}
    assert actions("person").count("skills_changed") == 2


def test_a_bad_level_is_said_beside_its_topic_and_the_others_stay_chosen(browser, ana):
    one, two = a_topic("a.one"), a_topic("b.two")
    page = browser.get("/admin/people/ana/topics")
    data = {f"topic_{one.id}": "3", f"topic_{two.id}": "7", "seen": seen(page)}
    answer = browser.post("/admin/people/ana/topics", data=data)
    assert answer.status_code == 422
    assert error_at(answer, f"topic_{two.id}")
    assert not error_at(answer, f"topic_{one.id}")
    assert re.search(rf'<input checked id="topic_{one.id}-3"', answer.text)
    assert levels_of(ana) == {}


def test_a_level_of_a_topic_out_of_use_is_not_lost(browser, ana):
    old, new = a_topic("a.old"), a_topic("b.new")
    with transaction():
        set_skills(ana, {"a.old": 2}, by=SYSTEM)
    a_topic("a.old", active=False)
    page = browser.get("/admin/people/ana/topics")
    assert f'name="topic_{old.id}"' in page.text
    data = {f"topic_{old.id}": "2", f"topic_{new.id}": "1", "seen": seen(page)}
    assert browser.post("/admin/people/ana/topics", data=data).status_code == 303
    assert levels_of(ana) == {"a.old": 2, "b.new": 1}


def test_levels_changed_by_somebody_else_meanwhile_are_shown(browser, ana):
    one, two = a_topic("a.one"), a_topic("b.two")
    page = browser.get("/admin/people/ana/topics")
    with transaction():
        set_skills(ana, {"a.one": 3}, by=SYSTEM)
    data = {f"topic_{one.id}": "0", f"topic_{two.id}": "2", "seen": seen(page)}
    answer = browser.post("/admin/people/ana/topics", data=data)
    assert answer.status_code == 409
    assert levels_of(ana) == {"a.one": 3}
    assert f'checked id="topic_{one.id}-3"' in answer.text  # taken over
    assert f'checked id="topic_{two.id}-2"' in answer.text  # kept
    data = {f"topic_{one.id}": "3", f"topic_{two.id}": "2", "seen": seen(answer)}
    assert browser.post("/admin/people/ana/topics", data=data).status_code == 303
    assert levels_of(ana) == {"a.one": 3, "b.two": 2}


# --- absences ---------------------------------------------------------------------------------------------------------


def test_an_absence_covers_whole_days_where_the_organisation_is(browser, ana):
    bob = a_person(Role.EXPERT, handle="bob")
    data = {"first_day": "2031-07-14", "last_day": "2031-07-14", "delegate": "bob", "reason": "Leave"}
    assert browser.post("/admin/people/ana/absences", data=data).status_code == 303
    absence = db.session.query(Absence).one()
    paris = ZoneInfo("Europe/Paris")
    assert absence.starts_at.astimezone(paris).isoformat() == "2031-07-14T00:00:00+02:00"
    assert absence.ends_at - absence.starts_at == timedelta(days=1)
    assert absence.delegate == bob
    page = browser.get("/admin/people/ana/absences").text
    assert "July 14, 2031" in page or "14 July 2031" in page
    ended = browser.post(f"/admin/people/ana/absences/{absence.id}/end")
    assert ended.status_code == 303
    assert db.session.query(Absence).count() == 0


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"last_day": "2031-07-13"}, "last_day"),
        ({"first_day": ""}, "first_day"),
        ({"first_day": "14/07/2031"}, "first_day"),
        ({"last_day": "9999-12-31"}, "last_day"),
        ({"first_day": "0001-01-01"}, "first_day"),
        ({"delegate": "nobody"}, "delegate"),
        ({"delegate": "ana"}, "delegate"),
    ],
)
def test_an_absence_with_a_mistake_keeps_what_was_typed(browser, ana, changes, field):
    data = {"first_day": "2031-07-14", "last_day": "2031-07-15", "delegate": "", "reason": "Typed", **changes}
    answer = browser.post("/admin/people/ana/absences", data=data)
    assert answer.status_code == 422
    assert error_at(answer, field)
    assert 'value="Typed"' in answer.text
    assert db.session.query(Absence).count() == 0


def test_the_absence_of_somebody_else_is_not_found_under_this_name(browser, ana):
    a_person(Role.EXPERT, handle="bob")
    browser.post("/admin/people/bob/absences", data={"first_day": "2031-07-14", "last_day": "2031-07-15"})
    absence = db.session.query(Absence).one()
    assert browser.post(f"/admin/people/ana/absences/{absence.id}/end").status_code == 404
    assert db.session.query(Absence).count() == 1


# --- ways in ----------------------------------------------------------------------------------------------------------


def test_a_password_link_is_shown_once_and_works(app, browser, ana):
    answer = browser.post("/admin/people/ana/password-link")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    link = re.search(r'<code id="link">http://localhost(/account/password/[\w-]+)</code>', answer.text)[1]
    assert link not in browser.get("/admin/people/ana/access").text
    somebody = type(browser)(app, app.response_class)
    assert somebody.get(link).status_code == 200
    assert actions("person")[-1] == "password_link_made"


def test_whoever_left_gets_no_link(browser, ana):
    ana.active = False
    db.session.commit()
    answer = browser.post("/admin/people/ana/password-link", follow_redirects=True)
    assert "/account/password/" not in answer.text
    assert "no longer works here" in answer.text


def test_sessions_are_ended_and_ones_own_here_goes_on(app, browser, admin, ana):
    theirs, mine = (type(browser)(app, app.response_class) for _each in range(2))
    sign_in(theirs, ana)
    sign_in(mine, admin)
    assert browser.post("/admin/people/ana/end-sessions").status_code == 303
    assert theirs.get("/account/").status_code == 302
    assert browser.post("/admin/people/adm-1/end-sessions").status_code == 303
    assert mine.get("/account/").status_code == 302
    assert browser.get("/admin").status_code == 200


def test_a_token_is_shown_once_listed_and_ended(browser, ana):
    answer = browser.post("/admin/people/ana/tokens", data={"scope": "intake"})
    secret = re.search(r'<code id="token">(relais_[\w-]+)</code>', answer.text)[1]
    token = db.session.query(Token).one()
    assert (token.person, token.scope) == (ana, TokenScope.INTAKE)
    assert bearer_of(secret) is not None
    page = browser.get("/admin/people/ana/access").text
    assert secret not in page
    assert "Opening questions only" in page
    assert browser.post(f"/admin/people/ana/tokens/{token.id}/revoke").status_code == 303
    assert bearer_of(secret) is None
    assert actions("token") == ["token_created", "token_revoked"]


def test_a_token_without_a_scope_is_refused_and_another_persons_is_not_found(browser, ana):
    assert browser.post("/admin/people/ana/tokens", data={"scope": "everything"}).status_code == 422
    assert db.session.query(Token).count() == 0
    with transaction():
        token, secret = create_token(a_person(handle="bob"), TokenScope.FULL, by=SYSTEM)
    assert browser.post(f"/admin/people/ana/tokens/{token.id}/revoke").status_code == 404
    assert bearer_of(secret) is not None


# --- the list ---------------------------------------------------------------------------------------------------------


def test_people_are_found_by_words_role_and_department(browser, ana):
    a_person(Role.HEAD, handle="zoe", name="Zoé Abel", department=a_department("MOB"))
    a_person(handle="gone", name="Gone Away", active=False)
    for query, there, not_there in (
        ("q=zoe", "Zoé Abel", "Ana Lima"),
        ("role=expert", "Ana Lima", "Zoé Abel"),
        ("department=MOB", "Zoé Abel", "Ana Lima"),
        ("left=1", "Gone Away", "Zoé Abel"),
        ("lacking=skills", "Ana Lima", "Zoé Abel"),
    ):
        page = browser.get(f"/admin/people?{query}").text
        assert there in page, query
        assert not_there not in page, query


def test_a_large_directory_is_as_quick_as_a_small_one(browser):
    now = clock.now()
    rows = [
        {
            "handle": f"p{number}",
            "name": f"Person {number}",
            "languages": ["fr"],
            "created_at": now,
            "title": "",
            "profile": "",
            "max_open": 6,
            "active": True,
            "session_epoch": 0,
            "directory_key": f"person {number:05} p{number}",
        }
        for number in range(40_000)
    ]
    db.session.execute(Person.__table__.insert(), rows)
    db.session.commit()
    statements: list[str] = []

    def note(*details):
        statements.append(details[2])

    event.listen(db.engine, "before_cursor_execute", note)
    page = browser.get("/admin/people").text
    event.remove(db.engine, "before_cursor_execute", note)
    assert page.count('class="person-name"') == 50
    assert len(statements) < 25
    following = unescape(re.search(r'rel="next" href="([^"]+)"', page)[1])
    assert "Person 49" in browser.get(following).text
    assert browser.get("/admin/people?q=person+39999").text.count('class="person-name"') == 1
