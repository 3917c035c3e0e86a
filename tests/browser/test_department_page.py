"""Scenario 24: what a department head reads on Monday. Each figure beside its hand calculation (`-s` shows them),
nothing in anybody's way, nobody's history, and one sheet of paper, however full the page is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page, Route
from sqlalchemy import insert

from browser.test_every_page import EVERYTHING, violations
from builders.answers import an_approver, an_official_answer
from builders.offers import a_draft, a_manager, a_question, an_expert, an_offer
from builders.triage import a_topic
from config import PROJECT
from helpdesk import clock
from helpdesk.accounts.access import Role
from helpdesk.accounts.directory import person_with
from helpdesk.accounts.models import Department, Person
from helpdesk.answers import approving, writing
from helpdesk.counts import Counts
from helpdesk.db import transaction
from helpdesk.loading.sla import load_calendars, load_policies
from helpdesk.publishing import posting
from helpdesk.rollups import following
from helpdesk.rollups.days import Group, packed, written
from helpdesk.rollups.models import EVERY, STARTED, ClockDay, DayCount
from helpdesk.routing import offering
from helpdesk.tickets import triaging
from pages.examination import faults
from people import a_department, a_person, sign_in

DEMO = PROJECT / "data" / "demo"
STAGES = (
    *("triage", "route", "accept", "answer", "validate", "post", "acknowledge", "public", "next_reply"),
    *("department", "asker"),
)
HAPPENED = ("declined", "returned", "reopened", "corrected", "withdrawn", "helped", "not_helped")
Move = Any


@pytest.fixture
def clock_at(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Move:
    """Let it be this local time; with the demo's calendars and policies."""

    def move(text: str | datetime) -> datetime:
        instant = text if isinstance(text, datetime) else datetime.fromisoformat(text).astimezone(UTC)
        monkeypatch.setattr(clock, "now", lambda: instant)
        return instant

    with transaction():
        load_calendars(yaml.safe_load((DEMO / "calendars.yaml").read_text("utf-8")), Counts())
        load_policies(yaml.safe_load((DEMO / "sla_policies.yaml").read_text("utf-8")), Counts())
    return move


@pytest.fixture
def head(clock_at: Move) -> Person:
    return a_person(Role.HEAD, handle="head-fac", name="Hélène Responsable")


@pytest.fixture
def billing(head: Person) -> Department:
    department = a_department("FAC", calendar="cal-facturation")
    with transaction():
        department.head_id, department.name = head.id, "Facturation et recouvrement"
    return department


def read_aloud(page: Page) -> str:
    return re.sub(r"\s+", " ", page.locator("main").inner_text()).replace("\N{NARROW NO-BREAK SPACE}", " ")


@pytest.fixture
def opened(chromium: Browser, client: Any) -> Iterator[Any]:
    """opened(address, language): the page of whoever is signed in, as a real browser shows it."""
    contexts = []

    def show(address: str, language: str = "fr") -> Page:
        client.post("/preferences/language", data={"language": language})
        context = chromium.new_context(base_url="http://relais.test", viewport={"width": 1280, "height": 800})
        contexts.append(context)

        def answer(route: Route) -> None:
            asked = urlsplit(route.request.url)
            with client.get(f"{asked.path}?{asked.query}", headers={"Accept-Language": language}) as answered:
                route.fulfill(status=answered.status_code, body=answered.data, headers=dict(answered.headers))

        context.route("**/*", answer)
        page = context.new_page()
        page.goto(address)
        return page

    yield show
    for context in contexts:
        context.close()


def sheets_of_paper(page: Page) -> int:
    printed = page.pdf(prefer_css_page_size=True, print_background=True)
    return len(re.findall(rb"/Type\s*/Page\b", printed))


ORDINARY = (10, 20, 30, 40, 60, 90, 120, 180, 300)
"""Minutes until each normal question of Wednesday morning was accepted; 240 were promised."""


def a_week_of_questions(clock_at: Move, billing: Department) -> Person:
    """The week before: nine normal questions, one in hours that are new, two that became urgent too late, one still
    open. Returns who is asked."""
    manager = a_manager(handle="fac-manager")
    clerk = an_expert(department=billing, max_open=50, name="Camille Confidentielle")
    an_approver(department=billing, handle="fac-approver")
    morning = clock_at("2026-04-01T08:30:00+02:00")
    asked = [an_offer(clerk, by=manager) for _ in ORDINARY]
    for minutes, offer in zip(ORDINARY, asked, strict=True):
        clock_at(morning + timedelta(minutes=minutes))
        accept(offer, clerk)
    for number in range(2):
        clock_at(f"2026-04-02T09:0{number}:00+02:00")
        offer = an_offer(clerk, by=manager)
        clock_at(f"2026-04-02T10:3{number}:00+02:00")  # ninety minutes, of 240; urgent from now on: 60 minutes
        with transaction():
            triaging.triage(offer.ticket, by=manager, class_="question", priority="P2", topics=[])
        clock_at(f"2026-04-02T10:4{number}:00+02:00")
        accept(offer, clerk)
    clock_at("2026-04-03T10:00:00+02:00")
    an_offer(clerk, by=manager, text="Celle-ci attend depuis vendredi matin, et personne ne l’a prise")
    clock_at("2026-04-03T16:50:00+02:00")
    late_friday = an_offer(clerk, by=manager)
    clock_at("2026-04-03T17:40:00+02:00")  # until 18:00 on Fridays since the 1st of April, 17:00 before
    accept(late_friday, clerk)
    following.follow()
    clock_at("2026-04-06T08:30:00+02:00")  # Monday
    return clerk


def accept(offer: Any, clerk: Person) -> None:
    """Accept, and answer at once: what else is open is then one question."""
    with transaction():
        offering.accept(offer, by=clerk)
    draft = a_draft(offer)
    with transaction():
        writing.submit(offer.ticket, draft.revision, by=clerk)
    approver, manager = person_with("fac-approver"), person_with("fac-manager")
    assert approver is not None
    assert manager is not None
    with transaction():
        approving.approve(offer.ticket, draft.revision, by=approver)
    with transaction():
        posting.publish(offer.ticket, by=manager)


def by_hand() -> dict[str, str]:
    """The working of every figure, from the minutes alone."""
    times = sorted([*ORDINARY, 100, 100, 50])
    middle = (times[5] + times[6]) / 2
    place = 0.9 * (len(times) - 1)
    ninth = times[int(place)] + (place - int(place)) * (times[int(place) + 1] - times[int(place)])
    kept = [minutes for minutes in (*ORDINARY, 50) if minutes <= 240]
    print(f"\ntimes, in order: {times}")
    print(f"kept: {len(kept)} of {len(ORDINARY) + 1} (the two that a change made late count for nobody)")
    print(f"median: ({times[5]} + {times[6]}) / 2 = {middle} min")
    print(f"nine in ten: place {place:g} from 0, between {times[9]} and {times[10]}: {ninth:g} min")
    return {"kept": f"{len(kept)} sur {len(ORDINARY) + 1} dans les temps", "median": said(middle), "p90": said(ninth)}


def said(minutes: float) -> str:
    hours, rest = divmod(int(minutes + 1e-6), 60)
    return f"{hours} h {rest:02}" if hours else f"{rest} min"


def test_what_a_head_reads_on_monday(
    clock_at: Move, client: Any, head: Person, billing: Department, opened: Any
) -> None:
    clerk = a_week_of_questions(clock_at, billing)
    figures = by_hand()
    assert figures == {"kept": "9 sur 10 dans les temps", "median": "1 h 15", "p90": "2 h 54"}
    sign_in(client, head)
    html = client.get("/department?weeks=2&stage=accept").text
    assert faults(html, "fr") == []
    page = opened("/department?weeks=2&stage=accept")
    tile = page.locator(".stage-tile", has_text="Prise en charge").inner_text().replace("\xa0", " ")
    print(f"on the page: {tile!r}")
    assert "90 %" in tile
    assert figures["kept"] in tile
    assert f"la moitié en {figures['median']}, objectif 4 h" in tile
    assert "une hors délai" in tile
    page.locator("summary", has_text="Temps passé").click()
    row = page.locator("table", has_text="Semaine du").locator("tbody tr").first.inner_text().split()
    assert " ".join(row[-7:]) == " ".join([*figures["median"].split(), *figures["p90"].split(), "4", "h"][-7:])
    assert "attend depuis vendredi matin" in page.locator(".queue-row").first.inner_text()  # the open breach, on top
    everything_but_open_work = page.locator("main").inner_html().replace(page.locator(".queue").inner_html(), "")
    assert clerk.name not in everything_but_open_work
    assert clerk.name not in client.get("/department/figures/kept.csv?weeks=2").text
    page.evaluate(Axe().axe_script)
    assert violations(page, EVERYTHING) == []
    assert sheets_of_paper(page) == 1
    excused = client.get("/department/questions?weeks=2&stage=accept&outcome=late_on_change").text
    assert excused.count("queue-link") == 2


@pytest.fixture
def full(clock_at: Move, head: Person, billing: Department) -> Person:
    """A page on which every part has all that it can hold. The sums are written as the log would have them."""
    clock_at("2026-06-30T10:00:00+02:00")
    other = a_department("FIX")
    manager = a_manager()
    topics = [a_topic(f"fac.{name}", billing) for name in ("hausse", "rejet", "relance", "avoir", "duplicata", "tva")]
    for number in range(9):
        clock_at(f"2026-06-2{number}T10:00:00+02:00")
        words = "Une question qui est longue, et même très longue, parce que les gens racontent toute leur histoire "
        ticket = a_question(f"{words}{number}")
        with transaction():
            triaging.triage(ticket, by=manager, class_="complaint", priority="P2", topics=topics[:1])
    clock_at("2026-06-30T10:00:00+02:00")
    for number in range(5):
        days = timedelta(days=3 + number)
        an_official_answer(
            code=f"oa-soon-{number}",
            title=f"Remboursement d’une option résiliée en cours de mois, cas {number}",
            department=billing,
            review_by=(clock.now() + days).date(),
        )
    clocks, counts = [], []
    for week in range(16):
        day = date(2026, 6, 29) - timedelta(weeks=week)
        groups = []
        for place, stage in enumerate(STAGES):
            for outcome, times in (("kept", range(40, 700, 55)), ("late", range(500, 800, 100)), (STARTED, ())):
                seconds = [60 * (minutes + 7 * week + place) for minutes in times]
                groups.append(Group(stage, outcome, 13, packed(sorted(seconds)), {28_800: len(seconds)}))
        names = ("counts", "targets", "seconds")
        sums = dict(zip(names, written(groups), strict=True))
        clocks += [{"day": day, "department_id": each, **sums} for each in (billing.id, EVERY)]
        counts += [(day, kind, 0, 4) for kind in HAPPENED]
        counts += [(day, "redirected", other.id, 3), *((day, "topic", topic.id, 5) for topic in topics)]
    with transaction() as session:
        session.execute(insert(ClockDay), clocks)
        names = ("day", "kind", "other_id", "count")
        rows = [dict(zip(names, row, strict=True)) | {"department_id": billing.id} for row in counts]
        session.execute(insert(DayCount), rows)
    return head


@pytest.mark.parametrize("language", ["fr", "en"])
def test_however_full_it_prints_on_one_sheet(client: Any, full: Person, opened: Any, language: str) -> None:
    sign_in(client, full)
    page = opened("/department", language)
    words = read_aloud(page)
    assert ("dans les temps" if language == "fr" else "in time") in words
    assert page.locator(".time-charts svg:not(.icon)").count() == 3
    assert page.locator(".expiring li").count() == 5
    assert all(part.inner_text().split()[0].isalpha() for part in page.locator(".part-names li").all())
    assert sheets_of_paper(page) == 1
    page.set_viewport_size({"width": 390, "height": 844})
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    page.evaluate(Axe().axe_script)
    assert violations(page, EVERYTHING) == [], json.dumps(violations(page, EVERYTHING), indent=1)
