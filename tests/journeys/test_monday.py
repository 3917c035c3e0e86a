"""Monday's letter to each head: when it comes, what it says, and the sheet that its link opens."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest

import servers
from builders.answers import a_head
from builders.journeys import utc
from builders.letters import letters, tell_the_week, with_mail_server, without_mail_server, work
from builders.offers import a_manager, an_expert, an_offer
from helpdesk import clock
from helpdesk.accounts.access import Role
from helpdesk.accounts.entering import create_link
from helpdesk.accounts.models import LinkPurpose, Person
from helpdesk.db import db, transaction
from helpdesk.reports.periods import Period
from helpdesk.reports.response_times import response_times
from helpdesk.routing import offering
from people import a_department, a_person, sign_in


@pytest.fixture
def mail(app):
    with servers.mail_sink() as sink:
        with_mail_server(app, sink.url)
        yield sink
        without_mail_server(app)


@pytest.fixture
def a_week(clock_at):
    """Twelve offers of one week, accepted after one hour and, of three of them, after more than four; one is open.

    Returns the department and its head.
    """
    clock_at("2026-03-30T09:00:00+02:00")
    department = a_department("OFC", calendar="cal-bureau")
    head = a_head(department, handle="head", name="Hélène Delaroche", locale="en")
    experts = [an_expert(department=department, max_open=99) for _number in range(2)]
    manager = a_manager()
    for number in range(12):
        start = clock_at(f"2026-04-0{1 + number % 3}T09:30:00+02:00")
        offer = an_offer(experts[number % 2], by=manager)
        clock_at(start + (timedelta(hours=7) if number >= 9 else timedelta(hours=1)))
        with transaction():
            offering.accept(offer, by=experts[number % 2])
    clock_at("2026-04-03T16:00:00+02:00")
    an_offer(experts[0], by=manager)
    return department, head


def test_it_comes_once_on_monday_morning_or_when_the_head_is_back_at_work(a_week, clock_at):
    _department, head = a_week
    for instant in ("2026-04-05T23:00:00+02:00", "2026-04-06T08:29:00+02:00", "2026-04-06T12:00:00+02:00"):
        clock_at(instant)  # Monday is Easter Monday, which this calendar does not work
        tell_the_week()
        assert letters("week") == []
    for instant in ("2026-04-07T09:00:00+02:00", "2026-04-07T09:05:00+02:00", "2026-04-10T10:00:00+02:00"):
        clock_at(instant)
        tell_the_week()
        assert [(letter.person_id, letter.created_at) for letter in letters("week")] == [
            (head.id, utc("2026-04-07T09:00:00+02:00"))
        ]


def test_a_scheduler_that_was_down_on_monday_tells_it_on_tuesday(a_week, clock_at):
    clock_at("2026-04-14T15:00:00+02:00")
    tell_the_week()
    assert [letter.key.split(":")[1] for letter in letters("week")] == ["2026-04-06"]


def test_letter_sheet_and_report_give_the_same_figures(a_week, clock_at, mail, client):
    department, _head = a_week
    clock_at("2026-04-07T09:00:00+02:00")
    tell_the_week()
    work()
    week = Period(date(2026, 3, 30), date(2026, 4, 6))
    accept = response_times([department.id], week, clock.now()).stages["accept"]
    assert (accept.kept.hits, accept.kept.count) == (9, 12)  # nine within an hour, three after 5.5 working hours
    [sent] = [each for each in mail.letters if "week" in str(each["Subject"])]
    text = sent.get_body(("plain",)).get_content()
    assert "Acceptance: 9 of 12 in time (75%)" in text
    assert "1 question open" not in text  # twelve are being answered, one waits for a reply
    assert "13 questions open" in text
    link = re.search(r"http://localhost(/week/\S+)", text)[1]
    page = client.get(link, headers={"Accept-Language": "en"})
    assert page.status_code == 200
    assert "9 of 12 in time" in page.text
    assert "75%" in page.text
    assert "Port-Lannévez" not in page.text  # figures, and no word of a question
    assert client.get("/department").status_code in (302, 303)  # and nobody is signed in by it
    assert all("/week/" not in letter.text and "/week/" not in letter.html for letter in letters("week"))


def test_the_link_ends_with_the_office_and_with_its_time(a_week, clock_at, client):
    department, head = a_week
    clock_at("2026-04-07T09:00:00+02:00")
    with transaction():
        secret = create_link(LinkPurpose.DEPARTMENT_WEEK, head, timedelta(days=14), subject_id=department.id)
        of_all = create_link(LinkPurpose.DEPARTMENT_WEEK, head, timedelta(days=14), subject_id=0)
        offer = create_link(LinkPurpose.OFFER, head, timedelta(days=14), subject_id=department.id)
    assert client.get(f"/week/{secret}").status_code == 200
    assert client.get(f"/week/{secret}?week=never").status_code == 200
    assert client.get(f"/week/{secret}?week=2999-01-01").status_code == 200
    assert "Delaroche" not in client.get(f"/week/{of_all}").text
    assert [client.get(f"/week/{each}").status_code for each in (offer, "x", "%00")] == [410, 410, 404]
    with transaction():
        db.session.get_one(type(department), department.id).head_id = None
    assert client.get(f"/week/{secret}").status_code == 410
    with transaction():
        db.session.get_one(type(department), department.id).head_id = head.id
    clock_at("2026-04-21T09:01:00+02:00")
    assert client.get(f"/week/{secret}").status_code == 410


def test_whoever_is_signed_in_comes_to_the_page_itself(a_week, clock_at, client):
    department, head = a_week
    clock_at("2026-04-07T09:00:00+02:00")
    with transaction():
        secret = create_link(LinkPurpose.DEPARTMENT_WEEK, head, timedelta(days=14), subject_id=department.id)
    sign_in(client, db.session.get_one(Person, head.id))
    answer = client.get(f"/week/{secret}")
    assert answer.status_code == 302
    assert answer.location.endswith("/department?code=OFC&from=2026-03-30&to=2026-04-05")


def test_who_heads_communication_is_told_of_all_departments_and_an_idle_department_is_told_nothing(a_week, clock_at):
    hub = a_department("COM", calendar="cal-bureau", answers=False)
    a_head(a_department("IDLE", calendar="cal-bureau"), handle="idle")
    director = a_person(Role.HEAD, Role.COMMITTEE, handle="direction", locale="fr", department=hub)
    with transaction():
        db.session.get_one(type(hub), hub.id).head_id = director.id
    clock_at("2026-04-07T09:00:00+02:00")
    tell_the_week()
    assert {letter.person.handle for letter in letters("week")} == {"head", "direction"}
    [all_of_them] = [letter for letter in letters("week") if letter.person.handle == "direction"]
    assert "Tous les départements" in all_of_them.text
    assert all_of_them.department_id is None
