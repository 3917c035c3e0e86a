"""The page of a ticket's clocks, and the administrator's pages about hours and policies."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from html import unescape

import pytest
from sqlalchemy import func, select

from builders.administering import a_browser_of, error_at, seen
from builders.letters import look_at_the_clocks
from builders.offers import a_manager, a_question, an_expert, an_offer
from builders.organisation import actions, an_administrator
from helpdesk import clock
from helpdesk.accounts.access import Role
from helpdesk.accounts.models import SYSTEM
from helpdesk.db import db, transaction
from helpdesk.outbox import OutboxRow
from helpdesk.routing import offering
from helpdesk.sla.explaining import explain
from helpdesk.sla.models import CalendarVersion, PolicyVersion
from helpdesk.sla.promising import policies
from helpdesk.sla.versioning import put_calendar, put_policy
from helpdesk.tickets import triaging
from people import a_person, sign_in

WEEK = {day: ["09:00-17:00"] for day in ("mon", "tue", "wed", "thu", "fri")}
OFFICE = {"id": "office", "name": "Office", "timezone": "Europe/Paris", "valid_from": date(2026, 1, 1), "hours": WEEK}
HOURS = {
    "name": "Office", "timezone": "Europe/Paris", "valid_from": "2026-05-04", "mon": "09:00 - 12:30, 13:30-17:30",
    "tue": "", "wed": "", "thu": "", "fri": "", "sat": "", "sun": "", "holidays": "FR", "dates": "",
    "holiday_hours": "", "closed_on": "12-24", "extra_closed": "",
}  # fmt: skip


@pytest.fixture
def promises(app, monkeypatch):
    instant = datetime.fromisoformat("2026-04-01T10:00:00+02:00").astimezone(UTC)
    monkeypatch.setattr(clock, "now", lambda: instant)
    with transaction():
        put_calendar(OFFICE, by=SYSTEM)
        put_policy({"id": "all", "order": 9, "targets": {"triage": 60, "accept": 120}}, by=SYSTEM)
        urgent = {"id": "urgent", "order": 1, "applies_to": {"priority": ["P1", "P2"]}, "targets": {"accept": 15}}
        put_policy(urgent, by=SYSTEM)


@pytest.fixture
def browser(client, promises):
    return a_browser_of(client, an_administrator())


def test_whoever_sees_a_ticket_sees_its_policy_and_each_stretch(client, promises):
    manager, expert = a_manager(), an_expert(name="Nadia Routeur")
    offer = an_offer(expert, by=manager)
    with transaction():
        triaging.triage(offer.ticket, by=manager, class_="question", priority="P2", topics=[])
    sign_in(client, manager)
    page = client.get(f"/tickets/{offer.ticket.ref}/clocks")
    text = unescape(page.text)
    assert page.status_code == 200
    assert "P1, P2" in text  # what the policy that applies now is for
    assert "Nadia Routeur" in text
    assert "tenu à urgent à partir de là" in text
    for counted in explain(offer.ticket).clocks:
        for segment in counted.segments:
            assert f'datetime="{segment.start.isoformat()}"' in text
    sign_in(client, expert)
    assert client.get(f"/tickets/{offer.ticket.ref}/clocks").status_code == 200
    sign_in(client, an_expert())
    assert client.get(f"/tickets/{offer.ticket.ref}/clocks").status_code == 404


def test_why_the_earlier_policies_do_not_apply_is_said(client, promises):
    manager, ticket = a_manager(), a_question()
    sign_in(client, manager)
    text = unescape(client.get(f"/tickets/{ticket.ref}/clocks").text)
    assert "P1, P2" in text
    assert text.index("urgent") < text.index("all</strong>")


def test_a_calendar_is_added_and_changed_from_a_day_to_come(browser):
    assert browser.post("/admin/new/calendar", data={**HOURS, "code": "shop"}).status_code == 303
    page = browser.get("/admin/calendars/shop")
    data = {**HOURS, "valid_from": "2026-05-11", "tue": "10:00-11:00", "seen": seen(page)}
    assert browser.post("/admin/calendars/shop", data=data).status_code == 303
    rows = db.session.scalars(select(CalendarVersion).where(CalendarVersion.code == "shop")).all()
    assert [(row.version, row.valid_from) for row in rows] == [(1, date(2026, 5, 4)), (2, date(2026, 5, 11))]
    assert rows[1].document["calendars"][0]["hours"] == {"mon": ["09:00-12:30", "13:30-17:30"], "tue": ["10:00-11:00"]}
    assert actions("calendar")[-2:] == ["calendar_written", "calendar_written"]
    assert browser.get("/admin/calendars").status_code == 200


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"mon": "09:00-12:00, 11:00-13:00"}, "mon"),
        ({"mon": "nine to five"}, "mon"),
        ({"mon": ""}, "mon"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"holidays": "atlantis"}, "holidays"),
        ({"dates": "15 mai"}, "dates"),
        ({"extra_closed": "2026-13-01"}, "extra_closed"),
        ({"closed_on": "31-12-2026"}, "closed_on"),
        ({"code": "no spaces"}, "code"),
        ({"code": "office"}, "code"),
        ({"valid_from": ""}, "valid_from"),
    ],
)
def test_hours_that_cannot_be_counted_are_refused_beside_their_field(browser, change, field):
    answer = browser.post("/admin/new/calendar", data={**HOURS, "code": "shop", **change})
    assert (answer.status_code, bool(error_at(answer, field))) == (422, True)
    assert db.session.query(CalendarVersion).count() == 1


def test_new_hours_cannot_begin_in_the_past(browser):
    page = browser.get("/admin/calendars/office")
    answer = browser.post("/admin/calendars/office", data={**HOURS, "valid_from": "2026-04-01", "seen": seen(page)})
    assert (answer.status_code, bool(error_at(answer, "valid_from"))) == (422, True)


def test_an_exceptional_day_is_written_and_shown(browser):
    assert (
        browser.post(
            "/admin/calendars/office/day", data={"day": "2026-03-31", "hours": "", "reason": "Grève"}
        ).status_code
        == 303
    )
    text = unescape(browser.get("/admin/calendars/office").text)
    assert "Grève" in text
    bad = browser.post("/admin/calendars/office/day", data={"day": "2026-03-31", "hours": "9"})
    assert (bad.status_code, bool(error_at(bad, "hours"))) == (422, True)
    assert browser.get("/admin/calendars/nowhere").status_code == 404
    assert browser.get("/admin/calendars/nowhere/day").status_code == 404


def test_a_policy_is_added_changed_and_retired(browser):
    data = {"order": "3", "if_priority": "P3, P4", "target_answer": "240", "in_answer": "department"}
    assert browser.post("/admin/new/policy", data={**data, "code": "slow"}).status_code == 303
    page = browser.get("/admin/policies/slow")
    assert (
        browser.post("/admin/policies/slow", data={**data, "target_answer": "1 440", "seen": seen(page)}).status_code
        == 303
    )
    chosen = next(policy for policy in policies().policies if policy.code == "slow")
    assert (chosen.version, chosen.targets, chosen.applies_to) == (2, {"answer": 1440}, {"priority": ["P3", "P4"]})
    page = browser.get("/admin/policies/slow")
    assert browser.post("/admin/policies/slow", data={**data, "retired": "y", "seen": seen(page)}).status_code == 303
    assert "slow" not in {policy.code for policy in policies().policies}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"order": "9"}, None),
        ({"order": ""}, "order"),
        ({"target_answer": "-5"}, "target_answer"),
        ({"target_answer": "soon"}, "target_answer"),
        ({"if_channel_class": "carrier-pigeon"}, "if_channel_class"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(browser, change, field):
    answer = browser.post("/admin/new/policy", data={"code": "new", "order": "4", "if_priority": "P3", **change})
    assert answer.status_code == 422
    assert field is None or error_at(answer, field)
    assert db.session.query(PolicyVersion).count() == 2


def test_the_policy_for_everything_cannot_be_narrowed(browser):
    page = browser.get("/admin/policies/all")
    answer = browser.post("/admin/policies/all", data={"order": "9", "if_priority": "P4", "seen": seen(page)})
    assert answer.status_code == 422
    assert policies().policies[-1].applies_to == {}


def test_applying_to_open_questions_shows_first_what_would_change(browser):
    offer = an_offer(an_expert())
    with transaction():
        put_policy({"id": "all", "order": 9, "targets": {"triage": 60, "accept": 30}}, by=SYSTEM)
    before = explain(offer.ticket)
    text = unescape(browser.get("/admin/policies/apply").text)
    assert "30" in text
    assert explain(offer.ticket) == before  # looking changes nothing
    assert browser.post("/admin/policies/apply").status_code == 303
    waiting = select(func.count()).select_from(OutboxRow).where(OutboxRow.job == "workers.clocks.apply")
    assert db.session.scalar(waiting) == 1
    assert actions("policy")[-1] == "policies_applied"


def test_nobody_but_an_administrator_writes_hours_or_policies(client, promises):
    sign_in(client, a_person(Role.COMMUNITY_MANAGER, Role.HEAD))
    for path in ("/admin/calendars", "/admin/policies", "/admin/policies/apply", "/admin/new/calendar"):
        assert client.get(path).status_code in (403, 404)


def test_an_offer_passed_on_keeps_its_department_in_the_log(promises):
    offer = an_offer(an_expert())
    colleague = an_expert(department=offer.person.department)
    with transaction():
        done = offering.redirect(offer, by=offer.person, instead=colleague)
    assert done.next_offer.due_at == offer.ticket.due_at
    assert explain(offer.ticket).clocks[-1].clock.person == colleague.id


# --- warnings ---------------------------------------------------------------------------------------------------------


def test_part_of_the_time_is_a_note_on_screen_and_who_was_told_stands_with_the_clock(client, promises, monkeypatch):
    manager, expert = a_manager(), an_expert(name="Nadia Routeur")
    ref = an_offer(expert, by=manager).ticket.ref
    a_browser_of(client, manager)
    pages = ("/inbox?queue=expert", f"/tickets/{ref}")
    assert all(ref in client.get(page).text and "gone" not in client.get(page).text for page in pages)
    for later, note in ((61, "half of the time gone"), (91, "three quarters gone"), (109, "nearly all gone")):
        instant = datetime.fromisoformat("2026-04-01T10:00:00+02:00").astimezone(UTC) + timedelta(minutes=later)
        monkeypatch.setattr(clock, "now", lambda instant=instant: instant)
        look_at_the_clocks()
        assert all(note in client.get(page).text for page in pages)
    told = unescape(client.get(f"/tickets/{ref}/clocks").text)
    assert "50 % of the time gone</span>" in told
    assert "75 % of the time gone: Nadia Routeur (told)" in told
