"""The department head's page: whose it is, what it counts, and what it never shows."""

from __future__ import annotations

from datetime import timedelta

import pytest

from builders.triage import a_ticket, a_topic, an_escalated_ticket
from helpdesk import clock
from helpdesk.accounts.access import Role
from helpdesk.db import db, transaction
from helpdesk.errors import NotFound
from helpdesk.reports.department import department_for, departments_of, standing
from helpdesk.routing.offering import accept, offer
from helpdesk.tickets.closing import close
from helpdesk.tickets.triaging import escalate, triage
from helpdesk.tickets.workflow import Outcome
from people import a_department, a_person, sign_in


@pytest.fixture
def manager(app):
    return a_person(Role.COMMUNITY_MANAGER, handle="cm-1")


def a_headed_department(code: str):
    head = a_person(Role.HEAD, handle=f"head-{code.lower()}")
    department = a_department(code)
    department.head_id = head.id
    db.session.commit()
    return department, head


def a_question_for(department, manager, text, *, days_old=0.0, **more):
    ticket = a_ticket(text)
    topic = a_topic(f"{department.code.lower()}.topic", department)
    with transaction():
        triage(ticket, by=manager, class_="question", priority="P3", topics=[topic], **more)
    ticket.opened_at = clock.now() - timedelta(days=days_old)
    db.session.commit()
    assert ticket.department_id == department.id
    return ticket


def test_a_head_sees_only_their_department(client, manager):
    fix, head = a_headed_department("FIX")
    mob, _other = a_headed_department("MOB")
    a_question_for(fix, manager, "When does the fibre arrive in my street?")
    a_question_for(mob, manager, "No mobile signal since Monday, what is going on?")
    sign_in(client, head)
    page = client.get("/department")
    assert page.status_code == 200
    assert "When does the fibre arrive" in page.text
    assert "No mobile signal" not in page.text
    assert mob.name not in page.text
    assert client.get("/department?code=MOB").status_code == 404


@pytest.mark.parametrize("role", [Role.COMMUNITY_MANAGER, Role.COMMITTEE])
def test_community_managers_and_the_committee_see_all(client, manager, role):
    fix, _head = a_headed_department("FIX")
    mob, _head = a_headed_department("MOB")
    a_department("COM", answers=False)
    a_question_for(mob, manager, "No mobile signal since Monday, what is going on?")
    viewer = a_person(role)
    assert [each.code for each in departments_of(viewer)] == ["FIX", "MOB"]
    sign_in(client, viewer)
    assert fix.name in client.get("/department").text
    assert "No mobile signal" in client.get("/department?code=MOB").text
    assert client.get("/department?code=COM").status_code == 404


@pytest.mark.parametrize("role", [Role.EXPERT, Role.APPROVER, Role.AMBASSADOR, Role.ADMINISTRATOR])
def test_for_the_others_there_is_no_such_page(client, role):
    a_headed_department("FIX")
    sign_in(client, a_person(role))
    assert client.get("/department").status_code == 404
    assert client.get("/department?code=FIX").status_code == 404


def test_a_head_of_nothing_has_no_page(client):
    a_headed_department("FIX")
    head = a_person(Role.HEAD)
    with pytest.raises(NotFound):
        department_for(head, None)
    sign_in(client, head)
    assert client.get("/department").status_code == 404


def test_nobody_signed_in_is_asked_to_sign_in(client):
    assert client.get("/department").location.startswith("/account/sign-in")


def test_restricted_questions_are_neither_shown_nor_counted(client, manager):
    fix, head = a_headed_department("FIX")
    a_question_for(fix, manager, "When does the fibre arrive in my street?")
    secret = a_question_for(fix, manager, "My lawyer will be in touch about your technician")
    with transaction():
        escalate(secret, by=manager, circuit="legal", reason="legal demand")
    for viewer in (head, a_person(Role.COMMUNITY_MANAGER)):
        now = standing(viewer, fix)
        assert now.open_count == 1
        assert sum(band.count for band in now.bands) == 1
        assert sum(row.count for row in now.held) == 1
        sign_in(client, viewer)
        assert "My lawyer" not in client.get("/department?code=FIX").text


def test_counts_ages_and_holders_are_right(app, manager):
    fix, head = a_headed_department("FIX")
    expert = a_person(Role.EXPERT, department=fix)
    for number, days in enumerate((0.5, 1.5, 1.9, 3, 7, 40)):
        ticket = a_question_for(fix, manager, f"Question number {number} about the fibre", days_old=days)
        if number in (0, 5):
            with transaction():
                accept(offer(ticket, expert, by=manager), by=expert)
    closed = a_question_for(fix, manager, "One that is over")
    with transaction():
        close(closed, by=manager, outcome=Outcome.NO_REPLY, reason="thanks only")
    now = standing(head, fix)
    assert now.open_count == 6
    assert [(band.from_days, band.to_days, band.count) for band in now.bands] == [
        (0, 1, 1), (1, 2, 2), (2, 5, 1), (5, 10, 1), (10, None, 1),
    ]  # fmt: skip
    assert [(row.person, row.count) for row in now.held] == [(None, 4), (expert, 2)]
    oldest = clock.now() - timedelta(days=40)
    assert abs(now.oldest - oldest) < timedelta(minutes=1)
    assert abs(now.held[1].oldest - oldest) < timedelta(minutes=1)


def test_what_is_overdue_is_counted_and_can_be_listed_alone(client, manager):
    fix, head = a_headed_department("FIX")
    late = a_question_for(fix, manager, "This one is late")
    on_time = a_question_for(fix, manager, "This one is on time")
    none = a_question_for(fix, manager, "This one has no due time")
    late.due_at, on_time.due_at, none.due_at = clock.now() - timedelta(hours=1), clock.now() + timedelta(hours=1), None
    db.session.commit()
    assert standing(head, fix).late_count == 1
    sign_in(client, head)
    page = client.get("/department?late=1").text
    assert "This one is late" in page
    assert "This one is on time" not in page
    assert "This one has no due time" not in page


def test_the_list_is_walked_page_by_page(client, manager):
    fix, head = a_headed_department("FIX")
    for number in range(52):
        a_question_for(fix, manager, f"Walking question {number:02}", days_old=60 - number)
    sign_in(client, head)
    first = client.get("/department").text
    assert first.count("queue-link") == 50
    following = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    second = client.get(following).text
    assert second.count("queue-link") == 2
    assert 'rel="prev"' in second
    assert client.get("/department?cursor=nonsense").status_code == 422


def test_an_empty_department_says_so(client):
    _fix, head = a_headed_department("FIX")
    sign_in(client, head)
    page = client.get("/department")
    assert page.status_code == 200
    assert 'class="empty"' in page.text


def test_an_escalated_question_without_department_is_on_no_page(client, manager):
    fix, head = a_headed_department("FIX")
    an_escalated_ticket(manager)
    assert standing(head, fix).open_count == 0
