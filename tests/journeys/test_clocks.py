"""Stories about time, with the demo's calendars and policies: what a clock says is what a hand calculation says, and
the deadline is the same wherever it is read.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import yaml
from sqlalchemy import select

from builders.answers import a_head, an_approver
from builders.journeys import do, utc
from builders.offers import a_manager, a_question, an_expert, an_offer
from builders.walking import VERBS
from config import PROJECT
from helpdesk import clock
from helpdesk.accounts.models import ASKER
from helpdesk.db import db
from helpdesk.errors import BadInput, Conflict, NotAllowed, NotFound
from helpdesk.intake.cleaning import clean
from helpdesk.reports import integrity
from helpdesk.routing import offering
from helpdesk.routing.models import Offer, OfferState
from helpdesk.sla.calendar import due
from helpdesk.sla.explaining import documents, explain, explain_many
from helpdesk.sla.promising import calendar_with
from helpdesk.sla.segments import STAGES
from helpdesk.tickets import closing, triaging
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.workflow import Outcome, State
from helpdesk.web.api.documents import offer_document, ticket_document
from people import a_channel, a_department

REFUSALS = (BadInput, Conflict, NotAllowed, NotFound)


def the(ticket, name):
    return [each for each in explain(ticket).clocks if each.clock.name == name][-1]


def test_silence_over_a_week_end_and_easter_monday(clock_at):
    """Scenario 8, as far as clocks go: the acceptance target in office hours, to the minute."""
    clock_at("2026-04-03T16:00:00+02:00")  # Friday; the office closes at 17:00, and Monday is Easter Monday
    offer = an_offer(an_expert(department=a_department("OFC", calendar="cal-bureau")))
    accept = the(offer.ticket, "accept")
    # Sixty minutes on Friday, 180 on Tuesday.
    assert (accept.target_minutes, accept.due_at) == (240, utc("2026-04-07T12:00:00+02:00"))
    office = calendar_with("cal-bureau")
    assert due(office, accept.segments[0].start, 180) == utc("2026-04-07T11:00:00+02:00")  # 75 %
    assert due(office, accept.segments[0].start, 360) == utc("2026-04-07T15:00:00+02:00")  # 150 %: lunch in between
    clock_at("2026-04-07T12:01:00+02:00")
    assert (the(offer.ticket, "accept").late, the(offer.ticket, "accept").spent_minutes) == (True, 241)
    assert ticket_document(offer.ticket)["late"] is True


def test_a_detail_is_waited_for_and_the_public_clock_is_not_fooled(clock_at):
    """Scenario 9: the answer pauses, the public clock does not; closed after seven days; a late reply reopens."""
    clock_at("2026-03-30T09:00:00+02:00")
    manager, expert = a_manager(), an_expert(department=a_department("BOX", calendar="cal-bureau"))
    ticket = a_question("ça marche pas", channel=a_channel("mastodon", "mastodon"))
    do(triaging.triage, ticket, by=manager, class_="question", priority="P3", topics=[])
    clock_at("2026-03-30T09:30:00+02:00")
    offer = an_offer(expert, ticket=ticket, by=manager)
    do(offering.accept, offer, by=expert)
    clock_at("2026-03-30T10:30:00+02:00")
    do(triaging.ask_clarification, ticket, by=manager, wording="Quel équipement ?")
    assert the(ticket, "answer").outcome == "paused"
    # Seven days of waiting at most, which end on Easter Monday: the 180 minutes that are left begin on Tuesday at nine.
    assert ticket.due_at == the(ticket, "answer").due_at == utc("2026-04-07T12:00:00+02:00")
    clock_at("2026-04-07T09:00:00+02:00")
    assert (the(ticket, "answer").outcome, the(ticket, "answer").spent_minutes) == ("running", 60)
    assert the(ticket, "public").spent_minutes == 8 * 24 * 60
    do(offering.withdraw, offer, by=manager, reason="sans nouvelles")
    do(closing.close, ticket, by=manager, outcome=Outcome.NO_DETAIL, reason="sept jours")
    first_cycle = documents(ticket)
    assert [the(ticket, name).outcome for name in ("public", "route", "department")] == ["no_detail"] * 3
    clock_at("2026-04-08T18:00:00+02:00")
    late = clean(text="La box 4, pardon.", channel="mastodon", now=clock.now(), posted_at="2026-04-08T15:00:00+02:00")
    do(triaging.record_reply, ticket, late, by=ASKER)
    assert ticket.state is State.RECEIVED
    following = the(ticket, "next_reply")
    assert (following.clock.cycle, following.spent_minutes) == (2, 180)  # since it was posted, whenever we heard of it
    assert documents(ticket)[: len(first_cycle)] == first_cycle


def test_two_departments_in_turn_each_answer_for_their_own_time(clock_at):
    """Scenario 11, as far as clocks go: each department's total is its own, and the public clock is neither's."""
    clock_at("2026-03-25T09:00:00+01:00")
    manager, ticket = a_manager(), a_question()
    billing, law = a_department("FAC", calendar="cal-facturation"), a_department("JUR", calendar="cal-bureau")
    clerk, lawyer = an_expert(department=billing), an_expert(department=law)
    do(triaging.triage, ticket, by=manager, class_="question", priority="P3", topics=[])
    clock_at("2026-03-25T09:10:00+01:00")
    offer = an_offer(clerk, ticket=ticket, by=manager)
    do(offering.accept, offer, by=clerk)
    clock_at("2026-03-25T10:00:00+01:00")
    do(offering.redirect, offer, by=clerk, instead=None, department=law, note="juridique")
    clock_at("2026-03-25T12:10:00+01:00")
    second = an_offer(lawyer, ticket=ticket, by=manager)
    clock_at("2026-03-25T13:50:00+01:00")  # after lunch: 20 minutes before, 20 after
    do(offering.accept, second, by=lawyer)
    totals = [each for each in explain(ticket).clocks if each.clock.name == "department"]
    assert [(each.clock.outcome, each.spent_minutes, each.calendar) for each in totals] == [
        ("redirected", 50, "cal-facturation"), ("running", 40, "cal-bureau"),
    ]  # fmt: skip
    assert the(ticket, "public").spent_minutes == 290
    routes = [each for each in explain(ticket).clocks if each.clock.name == "route"]
    assert [each.spent_minutes for each in routes] == [10, 130]
    head = a_head(law)
    do(offering.withdraw, second, by=head, reason="pour un collègue")
    assert the(ticket, "department").outcome == "paused"


def test_the_week_a_head_reads_on_monday(clock_at, capsys):
    """Scenario 24, as far as clocks go: two breaches excused by a change, new hours in the week, one open breach."""
    billing = a_department("FAC", calendar="cal-facturation")
    manager, clerk = a_manager(), an_expert(department=billing, max_open=50)
    excused = []
    for number in range(2):
        clock_at(f"2026-04-02T09:0{number}:00+02:00")
        offer = an_offer(clerk, by=manager)
        clock_at(f"2026-04-02T10:3{number}:00+02:00")  # ninety minutes, of the 240 of a normal question in a form
        do(triaging.triage, offer.ticket, by=manager, class_="question", priority="P2", topics=[])  # urgent: 60
        clock_at(f"2026-04-02T10:4{number}:00+02:00")
        do(offering.accept, offer, by=clerk)
        excused.append(offer.ticket)
    clock_at("2026-04-03T16:50:00+02:00")
    new_hours = an_offer(clerk, by=manager)
    clock_at("2026-04-03T17:40:00+02:00")  # a Friday: until 18:00 since the 1st of April, 17:00 before
    do(offering.accept, new_hours, by=clerk)
    late = an_offer(clerk, by=manager)
    clock_at("2026-04-07T13:00:00+02:00")
    by_hand = {
        "excused 1": (100, "late_on_change", False), "excused 2": (100, "late_on_change", False),
        "new hours": (50, "kept", False), "open": (20 + 270, "running", True),
    }  # fmt: skip
    figures = {}
    tickets = [*excused, new_hours.ticket, late.ticket]
    found = explain_many([ticket.id for ticket in tickets])
    for name, ticket in zip(by_hand, tickets, strict=True):
        accept = [each for each in found[ticket.id].clocks if each.clock.name == "accept"][-1]
        figures[name] = (accept.spent_minutes, accept.outcome, accept.late)
        print(f"{name}: {accept.spent_minutes:g} min counted, {by_hand[name][0]} by hand, {accept.outcome}")
    assert figures == by_hand
    assert "new hours: 50 min counted, 50 by hand, kept" in capsys.readouterr().out


def test_the_crisis_night_counts_every_minute_across_the_change_of_time(clock_at):
    """Received at the times that the demo writes down; read at 03:40, an hour after 01:40 and not two."""
    night = yaml.safe_load((PROJECT / "data" / "demo" / "crisis_burst.yaml").read_text("utf-8"))["messages"]
    manager = a_manager()
    kinds = {name: a_channel(name, "webform" if name == "web" else name) for name in {row["channel"] for row in night}}
    tickets = {}
    for row in night:
        clock_at(row["received_at"])
        tickets[row["id"]] = a_question(row["text"], channel=kinds[row["channel"]], posted_at=row["received_at"])
        do(triaging.triage, tickets[row["id"]], by=manager, class_="question", priority="P1", topics=[])
    now = clock_at("2026-03-29T03:40:00+02:00")
    for row in night:
        waited = (now - datetime.fromisoformat(row["received_at"])) / timedelta(minutes=1)
        public = the(tickets[row["id"]], "public")
        assert (public.spent_minutes, public.target_minutes, public.calendar) == (waited, 90, None)
    assert the(tickets["burst-01"], "public").spent_minutes == 52  # and not the 112 that the walls would say
    assert the(tickets["burst-01"], "public").due_at == utc("2026-03-29T03:18:00+01:00")
    crisis = the(tickets["burst-01"], "route")
    assert (crisis.calendar, crisis.target_minutes, crisis.late) == ("cal-24x7", 10, True)


def test_an_outage_shows_in_the_public_clock_and_is_told_apart(clock_at):
    clock_at("2026-03-25T16:00:00+01:00")
    ticket = a_question(channel=a_channel("mastodon", "mastodon"), posted_at="2026-03-25T10:00:00+01:00")
    found = explain(ticket)
    assert found.ingestion_delay == timedelta(hours=6)
    assert the(ticket, "public").spent_minutes == 360
    assert the(ticket, "triage").spent_minutes == 0
    ahead = a_question(channel=a_channel("mastodon", "mastodon"), posted_at="2026-03-25T17:00:00+01:00")
    assert (explain(ahead).posted_in_future, the(ahead, "public").spent_minutes) == (True, 0)


def test_whatever_happens_the_deadline_is_one(clock_at):
    """Random people, random verbs, random pauses: page, list, API, letter, command and clocks say the same instant."""
    rng = random.Random(4)
    now = clock_at("2026-03-26T08:00:00+01:00")
    fac, box = a_department("FAC", calendar="cal-facturation"), a_department("BOX", calendar="cal-bureau")
    manager, approver = a_manager(), an_approver(department=fac)
    experts = [an_expert(department=fac), an_expert(department=fac), an_expert(department=box, calendar="cal-reunion")]
    tickets = [a_question() for _ in range(4)]
    compared, seen = 0, set()
    for _step in range(260):
        now = clock_at(now + timedelta(minutes=rng.choice([1, 7, 45, 300, 900])))
        ticket = db.session.get_one(Ticket, rng.choice(tickets).id)
        try:
            do(rng.choice(VERBS), ticket, rng, manager, approver, experts)
        except REFUSALS:
            continue
        seen.add(ticket.state)
        compared += compare(ticket, now)
    assert compared > 60
    assert seen >= {State.RECEIVED, State.OFFERED, State.ANSWERING, State.VALIDATING, State.READY, State.ANSWERED}
    assert list(integrity.faults()) == []


def compare(ticket, now):
    """The deadline of a ticket by every way there is to read it."""
    db.session.expire_all()
    found = explain(ticket)
    stage = [each for each in found.clocks if each.clock.name in STAGES and each.clock.is_open]
    told = stage[0].due_at if stage else None
    assert len(stage) <= 1
    assert ticket.due_at == told
    running = [each for each in documents(ticket) if each["clock"] in STAGES and each["segments"][-1]["to"] is None]
    assert [each["due_at"] for each in running] == ([told.isoformat() if told else None] if stage else [])
    assert (ticket_document(ticket)["due_at"] is None) == (told is None)
    if told is not None:
        assert datetime.fromisoformat(ticket_document(ticket)["due_at"]) == told
    waiting = db.session.scalar(select(Offer).where(Offer.ticket_id == ticket.id, Offer.state == OfferState.OFFERED))
    if waiting is not None and ticket.state is State.OFFERED:
        assert waiting.due_at == told
        assert datetime.fromisoformat(offer_document(waiting)["due_at"]) == told
    return told is not None
