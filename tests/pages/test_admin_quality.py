"""The administrator's pages about the quality of routing, its modes, and trying another configuration."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from builders.administering import a_browser_of, error_at, seen
from builders.decisions import a_decision
from builders.organisation import a_topic, actions, an_administrator
from helpdesk import clock
from helpdesk.accounts.directory import department_with
from helpdesk.accounts.models import SYSTEM, AuditEntry
from helpdesk.accounts.organisation import change_setting, setting
from helpdesk.db import db, transaction
from helpdesk.embedding import asking
from helpdesk.outbox import OutboxRow
from helpdesk.routing.models import Replay, ReplayState
from helpdesk.routing.replayed import Judged, Said, compared
from helpdesk.routing.topics import topic_with
from helpdesk.routing.weights import weights_of
from pages.examination import faults
from people import a_department


@pytest.fixture
def browser(client):
    return a_browser_of(client, an_administrator())


def months(count, right):
    """`count` decided suggestions a day or two ago, of which `right` were right."""
    yesterday = clock.now() - timedelta(hours=30)
    for number in range(count):
        a_decision(yesterday, 0.9, right=number < right)


# --- the figures ------------------------------------------------------------------------------------------------------


def test_with_nothing_decided_it_says_what_to_do(browser):
    page = browser.get("/admin/quality")
    assert page.status_code == 200
    assert "It is too early to say: 0 of the 10 answered questions" in page.text
    assert "Keep choosing among the suggestions" in page.text
    assert "<svg" not in page.text.split('id="chart-calibration"')[1].split("</figure>")[0]
    assert "too little decided to say" in page.text


def test_it_says_in_plain_words_how_good_it_is(browser):
    months(20, right=18)
    page = browser.get("/admin/quality?weeks=4")
    assert "the right one for 90% of 20 answered questions" in page.text
    assert "anywhere from 69.9% to 97.2%" in page.text or "anywhere from 70% to 97%" in page.text
    assert "Until 100 questions are decided a person always chooses, whatever is set below: 20 are so far." in page.text
    assert page.text.count("chart-mark") >= 1
    assert "90%" in page.text.split('id="bands"')[1]
    assert faults(page.text, "en") == []


def test_every_chart_has_its_figures_in_a_table(browser):
    months(12, right=6)
    page = browser.get("/admin/quality").text
    charts = re.findall(r"<figure.*?</figure>", page, re.DOTALL)
    assert len(charts) == 9
    for chart in charts:
        assert "<table" in chart or "empty-chart" in chart
        assert "style=" not in chart
        assert 'aria-hidden="true" viewBox' in chart or "empty-chart" in chart


def test_the_figures_come_as_a_table_for_a_spreadsheet(browser):
    months(12, right=6)
    answer = browser.get("/admin/quality/weeks.csv?weeks=2")
    assert answer.mimetype == "text/csv"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == 2
    assert sum(int(row["first_of"]) for row in rows) == 12
    assert {row["first"] for row in rows} <= {"0.5", ""}


@pytest.mark.parametrize("weeks", ["0", "-1", "x", "99999", "²", ""])
def test_any_period_is_taken_as_near_as_can_be(browser, weeks):
    assert browser.get("/admin/quality", query_string={"weeks": weeks}).status_code == 200


def test_a_broken_budget_is_an_alarm(browser):
    yesterday = clock.now() - timedelta(days=1)
    for number in range(100):
        a_decision(yesterday, 0.97, right=number < 80, mode="automatic")
    with transaction():
        change_setting("automatic_routing", True, by=SYSTEM)
    page = browser.get("/admin/quality").text
    assert "20% went to the wrong person, more than the 3% you allow" in page
    assert "verdict-alarm" in page


def test_budgets_say_what_they_would_have_meant(browser):
    months(300, right=300)
    page = browser.get("/admin/quality").text
    assert "for the last 200 decided questions" in page
    assert "2% · 50% would have gone by themselves, 0% of these wrongly" in page  # from the 200th on
    assert "3% · 100% would have gone by themselves, 0% of these wrongly" in page


# --- the switches -----------------------------------------------------------------------------------------------------


def test_modes_budget_and_departments_are_switched_and_noted(browser):
    a_department("FIX"), a_department("BOX")
    data = {"mode": "automatic", "budget": "0.05", "departments": ["FIX"], "seen": seen(browser.get("/admin/quality"))}
    assert browser.post("/admin/quality", data=data).status_code == 303
    assert (setting("automatic_routing"), setting("wrong_route_budget")) == (True, 0.05)
    assert [department_with(code).automatic_routing for code in ("FIX", "BOX")] == [True, False]
    named = {entry.facts.get("name") for entry in db.session.scalars(select(AuditEntry))}
    assert {"automatic_routing", "wrong_route_budget"} <= named
    assert actions("department") == ["department_changed"]
    data = {"mode": "propose", "budget": "0.05", "seen": seen(browser.get("/admin/quality"))}
    assert browser.post("/admin/quality", data=data).status_code == 303
    assert (setting("automatic_routing"), setting("prefill_routing")) == (False, False)
    assert not department_with("FIX").automatic_routing


def test_a_budget_of_ones_own_stays_among_the_choices(browser):
    with transaction():
        change_setting("wrong_route_budget", 0.04, by=SYSTEM)
    page = browser.get("/admin/quality")
    assert 'value="0.04"' in page.text
    data = {"mode": "prefill", "budget": "0.04", "seen": seen(page)}
    assert browser.post("/admin/quality", data=data).status_code == 303


@pytest.mark.parametrize("wrong", [{"mode": "always"}, {"budget": "0.5"}, {"budget": "x"}, {"departments": ["NONE"]}])
def test_what_is_no_choice_is_refused(browser, wrong):
    data = {"mode": "automatic", "budget": "0.03", "seen": seen(browser.get("/admin/quality")), **wrong}
    assert browser.post("/admin/quality", data=data).status_code == 422
    assert setting("automatic_routing") is False


def test_two_at_once_on_the_switches(browser):
    data = {"mode": "automatic", "budget": "0.03", "seen": seen(browser.get("/admin/quality"))}
    with transaction():
        change_setting("wrong_route_budget", 0.1, by=SYSTEM)
    answer = browser.post("/admin/quality", data=data)
    assert answer.status_code == 409
    assert setting("automatic_routing") is False


def test_the_first_page_leads_there(browser):
    assert 'href="/admin/quality"' in browser.get("/admin").text


# --- replays ----------------------------------------------------------------------------------------------------------


def configuration(**changes):
    weights = {str(part): f"{weight:g}" for part, weight in weights_of({}).items()}
    return weights | {"budget": "3", "last": "500"} | changes


def test_a_configuration_is_tried_by_a_worker(browser):
    answer = browser.post("/admin/replays", data=configuration(history="0,5"))
    (row,) = db.session.scalars(select(Replay)).all()
    assert (answer.status_code, answer.location) == (303, f"/admin/replays/{row.id}")
    assert (row.changes["weights"], row.changes["budget"], row.last) == ({"history": 0.5}, None, 500)
    assert db.session.scalar(select(OutboxRow.payload).where(OutboxRow.job == "workers.replaying.run")) == {
        "replay_id": row.id
    }
    waiting = browser.get(answer.location)
    assert "data-look-again" in waiting.text
    assert "0 of at most 500 questions looked at" in waiting.text
    assert "All they ever answered → 0.5" in browser.get("/admin/replays").text


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"history": "x"}, "history"),
        ({"history": "nan"}, "history"),
        ({"budget": ""}, "budget"),
        ({"last": "7"}, "last"),
    ],
)
def test_a_mistake_is_pointed_out(browser, changes, field):
    answer = browser.post("/admin/replays", data=configuration(**changes))
    assert (answer.status_code, bool(error_at(answer, field))) == (422, True)
    assert db.session.scalars(select(Replay)).all() == []


@pytest.mark.parametrize("changes", [{"history": "-1"}, {"history": "21"}, {"budget": "50"}])
def test_a_value_out_of_range_is_pointed_out(browser, changes):
    answer = browser.post("/admin/replays", data=configuration(**changes))
    assert (answer.status_code, bool(error_at(answer, next(iter(changes))))) == (422, True)


def test_the_configuration_in_force_is_nothing_to_try(browser):
    answer = browser.post("/admin/replays", data=configuration())
    assert answer.status_code == 422
    assert "Change something first" in answer.text


def test_meaning_is_a_weight_only_where_an_embedding_model_is_named(browser, settings):
    assert 'name="meaning"' not in browser.get("/admin/replays").text
    asking.connect(replace(settings, embedding_model=settings.data_dir / "model"))
    try:
        assert 'name="meaning"' in browser.get("/admin/replays").text
        browser.post("/admin/replays", data=configuration(meaning="0"))
    finally:
        asking.connect(settings)
    assert [row.changes["weights"] for row in db.session.scalars(select(Replay))] == [{"meaning": 0.0}]


def a_replay(**fields):
    """One that was worked out: better for six tickets."""
    rows = [Judged(number, 1, Said((2,), 0.9), Said((1,), 0.9)) for number in range(6)]
    weights = {str(part): weight for part, weight in weights_of(setting("matcher_weights")).items()}
    found = compared(rows, gone=1, since=None, budgets=(0.03, 0.03), weights_before=weights)
    with transaction() as session:
        row = Replay(
            asked_by_id=an_administrator("adm-2").id, asked_at=clock.now(), last=500, state=ReplayState.DONE,
            changes={"weights": {"history": 0.5}, "budget": None, "topics": {}}, result=found.as_document(), **fields,
        )  # fmt: skip
        session.add(row)
    return row


def test_the_result_is_shown_and_holds_once_confirmed(browser):
    row = a_replay()
    page = browser.get(f"/admin/replays/{row.id}")
    assert "Right for 6 questions more, wrong for 0 more." in page.text
    assert "1 more is left out" in page.text
    assert "Nothing has changed yet." in page.text
    assert faults(page.text, "en") == []
    assert setting("matcher_weights") == {}
    assert browser.post(f"/admin/replays/{row.id}/apply").status_code == 303
    assert setting("matcher_weights") == {"history": 0.5}
    page = browser.get(f"/admin/replays/{row.id}").text
    assert "let it hold" in page
    assert "/apply" not in page
    assert browser.post(f"/admin/replays/{row.id}/apply").status_code == 409


def test_a_result_that_is_out_of_date_offers_no_button(browser):
    row = a_replay()
    with transaction():
        change_setting("matcher_weights", {"codes": 2.0}, by=SYSTEM)
    page = browser.get(f"/admin/replays/{row.id}").text
    assert "Something else changed since" in page
    assert "/apply" not in page


@pytest.mark.parametrize("problem", ["too_long", "index"])
def test_a_replay_that_failed_says_what_to_do(browser, problem):
    row = a_replay()
    with transaction():
        row.state, row.result, row.problem = ReplayState.FAILED, None, problem
    assert "bin/relais re" in browser.get(f"/admin/replays/{row.id}").text


def test_the_words_of_a_topic_are_tried_from_its_page(browser):
    topic = a_topic()
    before = list(topic.synonyms)
    data = {
        "label_fr": topic.label_fr, "label_en": topic.label_en, "department": "FIX", "active": "y",
        "synonyms": "\n".join([*before, "zorglub"]), "try": "1",
        "seen": seen(browser.get(f"/admin/topics/{topic.code}")),
    }  # fmt: skip
    answer = browser.post(f"/admin/topics/{topic.code}", data=data)
    (row,) = db.session.scalars(select(Replay)).all()
    assert (answer.status_code, answer.location) == (303, f"/admin/replays/{row.id}")
    assert row.changes["topics"][topic.code]["synonyms"] == [*before, "zorglub"]
    assert topic_with(topic.code).synonyms == before
    assert f"Topic {topic.code}: + zorglub" in browser.get(answer.location).text
    same = browser.post(f"/admin/topics/{topic.code}", data=data | {"synonyms": "\n".join(before)})
    assert same.status_code == 422
    assert "Change something first" in error_at(same, "synonyms")
