"""The department head's page: whose it is, what it counts, and what it never shows."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from datetime import UTC, datetime, timedelta

import pytest

from builders.answers import at
from builders.triage import a_ticket, a_topic, an_escalated_ticket
from helpdesk import clock
from helpdesk.accounts.access import Role
from helpdesk.accounts.models import Absence
from helpdesk.db import db, transaction
from helpdesk.errors import NotFound
from helpdesk.reports.department import Bands, department_for, departments_of, standing
from helpdesk.reports.periods import last_weeks
from helpdesk.reports.response_times import response_times
from helpdesk.reports.staffing import load
from helpdesk.rollups import following
from helpdesk.routing.offering import accept, offer
from helpdesk.tickets.closing import close
from helpdesk.tickets.triaging import escalate, triage
from helpdesk.tickets.workflow import Outcome
from pages.examination import faults
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
        now = standing(viewer, [fix.id])
        assert now.open_count == 1
        assert now.bands.late + now.bands.soon + now.bands.later == 1
        sign_in(client, viewer)
        assert "My lawyer" not in client.get("/department?code=FIX").text


def test_what_is_open_is_counted_against_the_people_who_are_there(app, manager):
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
    now = standing(head, [fix.id])
    assert now.open_count == 6
    oldest = clock.now() - timedelta(days=40)
    assert abs(now.oldest - oldest) < timedelta(minutes=1)
    there = load([fix.id], clock.now())
    assert (there.experts, there.available, there.open_offers) == (1, 1, 2)
    with transaction() as session:
        session.add(Absence(person_id=expert.id, starts_at=clock.now(), ends_at=clock.now() + timedelta(days=3)))
    assert load([fix.id], clock.now()).available == 0


def test_what_is_overdue_is_counted_and_can_be_listed_alone(client, manager):
    fix, head = a_headed_department("FIX")
    late = a_question_for(fix, manager, "This one is late")
    on_time = a_question_for(fix, manager, "This one is on time")
    none = a_question_for(fix, manager, "This one has no due time")
    late.due_at, on_time.due_at, none.due_at = clock.now() - timedelta(hours=1), clock.now() + timedelta(hours=1), None
    db.session.commit()
    assert standing(head, [fix.id]).bands == Bands(late=1, soon=1, later=1)
    sign_in(client, head)
    page = client.get("/department/open?late=1").text
    assert "This one is late" in page
    assert "This one is on time" not in page
    assert "This one has no due time" not in page


def test_the_list_is_walked_page_by_page(client, manager):
    fix, head = a_headed_department("FIX")
    for number in range(52):
        a_question_for(fix, manager, f"Walking question {number:02}", days_old=60 - number)
    sign_in(client, head)
    assert client.get("/department").text.count("queue-link") == 6
    first = client.get("/department/open").text
    assert first.count("queue-link") == 50
    following = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    second = client.get(following).text
    assert second.count("queue-link") == 2
    assert 'rel="prev"' in second
    assert client.get("/department/open?cursor=nonsense").status_code == 422


def test_an_empty_department_says_so(client):
    _fix, head = a_headed_department("FIX")
    sign_in(client, head)
    page = client.get("/department")
    assert page.status_code == 200
    assert 'class="empty"' in page.text


def test_an_escalated_question_without_department_is_on_no_page(client, manager):
    fix, head = a_headed_department("FIX")
    an_escalated_ticket(manager)
    assert standing(head, [fix.id]).open_count == 0


# --- how times were kept --------------------------------------------------------------------------------------------


def figures_of(stage, page):
    """The cells of a stage in the table of what was kept."""
    row = page.split('id="kept"')[1].split(f">{stage}</th>")[1].split("</tr>")[0]
    cells = [re.sub("<[^>]*>", "", f"<td{cell}").strip() for cell in row.split("<td")[1:]]
    return cells, re.findall('href="([^"]*)"', row)


@pytest.fixture
def answered(manager, monkeypatch):
    """Twelve questions asked of FIX; ten accepted, two of them after hours and hours."""
    fix, head = a_headed_department("FIX")
    expert = a_person(Role.EXPERT, department=fix)
    monday = datetime(2026, 3, 16, 8, 0, tzinfo=UTC)
    for number in range(12):
        at(monkeypatch, monday)
        ticket = a_question_for(fix, manager, f"Question number {number} about the fibre")
        with transaction():
            offered = offer(ticket, expert, by=manager)
        if number < 10:
            at(monkeypatch, monday + timedelta(hours=30 if number < 2 else 0.5))
            with transaction():
                accept(offered, by=expert)
    following.follow()
    at(monkeypatch, monday + timedelta(days=2))
    return head


def test_each_figure_leads_to_the_questions_it_counts(client, answered):
    sign_in(client, answered)
    page = client.get("/department?weeks=4").text
    cells, links = figures_of("Prise en charge", page)
    count = sum(row.stages["accept"].count for row in [_report()])
    assert count == 10
    for cell, link in zip([cell for cell in cells if cell.isdigit() and cell != "0"], links, strict=True):
        assert client.get(link.replace("&amp;", "&")).text.count("queue-link") == int(cell)


def _report():
    return response_times(None, last_weeks(4, clock.now().date()), clock.now())


def test_the_same_figures_come_as_csv_and_as_a_spreadsheet(client, answered):
    sign_in(client, answered)
    written = client.get("/department/figures/weeks.csv?weeks=4&stage=accept")
    assert written.headers["Content-Disposition"].startswith("attachment")
    rows = list(csv.reader(io.StringIO(written.get_data(as_text=True).removeprefix("\ufeff"))))
    assert [row[1] for row in rows[1:]] == ["0", "0", "0", "10"]
    book = client.get("/department/figures.xlsx?weeks=4&stage=accept")
    with zipfile.ZipFile(io.BytesIO(book.data)) as parts:
        assert len([name for name in parts.namelist() if name.startswith("xl/worksheets/sheet")]) == 9
        assert "Question number" not in parts.read("xl/sharedStrings.xml").decode()
    assert client.get("/department/figures/nothing.csv").status_code == 404


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("from=2026-04-30&to=2026-04-01", 422),
        ("from=1926-04-01&to=2026-04-01", 422),
        ("from=yesterday", 422),
        ("from=2099-01-01&to=2099-01-31", 200),  # not yet: nothing, said in words
        ("weeks=5200", 200),  # as long as is offered, and no longer
        ("weeks=-3", 200),
        ("weeks=many", 200),
        ("stage=lunch", 404),
        ("code=NOWHERE", 404),
        ("code=all", 404),  # for a head of one
    ],
)
def test_what_is_no_period_stage_or_department_is_refused_or_empty(client, asked, status):
    _fix, head = a_headed_department("FIX")
    sign_in(client, head)
    for place in ("/department", "/department/questions", "/department/figures/weeks.csv", "/department/figures.xlsx"):
        answer = client.get(f"{place}?{asked}")
        assert answer.status_code == status, place
    if status == 200:
        page = client.get(f"/department?{asked}").text
        assert faults(page, "fr") == []
        assert "Rien sur cette période" in page


def test_no_share_is_told_of_fewer_than_ten(client, answered):
    sign_in(client, answered)
    page = client.get("/department?weeks=4&stage=answer").text
    cells, _links = figures_of("Prise en charge", page)
    assert "–" in cells  # nothing in the periods before
    assert "0 %" not in page.split("verdict-headline")[1].split("</p>")[0]
