"""Reports over the API: whose figures one gets, and that they are those of the log."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select

from builders.api import a_program
from builders.whole import a_whole_organisation
from helpdesk import clock
from helpdesk.accounts.access import Role
from helpdesk.db import db
from helpdesk.reports.response_times import STAGES
from helpdesk.rollups import following
from helpdesk.rollups.reading import ASKER
from helpdesk.sla.explaining import explain
from helpdesk.tickets.models import Ticket
from people import a_department


@pytest.fixture
def whole(app):
    whole = a_whole_organisation()
    following.follow()
    return whole


def stages(answer):
    assert answer.status_code == 200, answer.json
    return {row["stage"]: row for row in answer.json["stages"]}


def test_the_figures_are_those_of_the_log(app, whole):
    found = stages(a_program(app, whole.manager).get("/reports/sla"))
    assert tuple(found) == (*STAGES, ASKER)
    ended, running = Counter(), Counter()
    for ticket in db.session.scalars(select(Ticket).where(Ticket.restricted.is_(False))):
        for each in explain(ticket).clocks:
            if each.clock.name not in STAGES:
                continue
            open_ = each.outcome in ("running", "paused")
            (running if open_ else ended)[each.clock.name] += open_ or each.outcome in ("kept", "late", "done")
    assert {stage: row["count"] for stage, row in found.items() if row["count"]} == {
        k: n for k, n in ended.items() if n
    }
    assert {stage: row["open"] for stage, row in found.items() if row["open"]} == running


def test_a_head_gets_their_own_department_only(app, whole):
    a_department("MOB")
    head = whole.people[Role.HEAD]
    program = a_program(app, head)
    assert stages(program.get("/reports/sla", department="FIX")) == stages(program.get("/reports/sla"))
    assert program.get("/reports/sla", department="MOB").status_code == 404
    assert program.get("/reports/sla", department="NONE").status_code == 404


@pytest.mark.parametrize("role", [Role.EXPERT, Role.APPROVER, Role.ADMINISTRATOR])
def test_for_the_others_there_are_none(app, whole, role):
    assert a_program(app, whole.people[role]).get("/reports/sla").status_code == 404


def test_only_what_ended_in_the_period_counts(app, whole):
    program = a_program(app, whole.manager)
    past = (clock.now() - timedelta(days=400)).date().isoformat()
    assert all(row["count"] == 0 for row in stages(program.get("/reports/sla", to=past)).values())


@pytest.mark.parametrize(
    ("period", "field"),
    [
        ({"from": "yesterday"}, "from"),
        ({"from": "2026-03-02", "to": "2026-03-01"}, "to"),
        ({"from": "1999-01-01", "to": "2026-01-01"}, "from"),
        ({"to": "2026-02-30"}, "to"),
    ],
)
def test_a_period_that_is_none_is_refused_with_what_to_do(app, whole, period, field):
    answer = a_program(app, whole.manager).get("/reports/sla", **period)
    assert answer.status_code == 422
    assert [problem["field"] for problem in answer.json["errors"]] == [field]
