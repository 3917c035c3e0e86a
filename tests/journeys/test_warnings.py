"""Who hears of which clock and when: warnings and escalation, with the demo's calendars and policies."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select

from builders.answers import a_head, an_approver
from builders.journeys import do, utc
from builders.letters import letters, look_at_the_clocks
from builders.offers import a_manager, a_question, an_expert, an_offer
from builders.walking import VERBS
from helpdesk import clock
from helpdesk.accounts.access import Role
from helpdesk.accounts.models import ASKER, SYSTEM
from helpdesk.accounts.organisation import change_setting
from helpdesk.db import db, transaction
from helpdesk.errors import RelaisError
from helpdesk.escalation import sweeping
from helpdesk.escalation.models import Notice, Passing
from helpdesk.intake.cleaning import clean
from helpdesk.intake.receiving import receive
from helpdesk.routing import offering
from helpdesk.sla.explaining import whole_logs
from helpdesk.sla.promising import promised
from helpdesk.sla.thresholds import crossings
from helpdesk.sla.timer import read
from helpdesk.tickets import closing, triaging
from helpdesk.tickets.models import Event, Ticket
from helpdesk.tickets.workflow import Outcome
from people import a_channel, a_department, a_person
from workers import escalation


@pytest.fixture
def passes(clock_at):
    """Let time pass until an instant, with a look at the clocks every `step` (as the scheduler does)."""

    def until(text, step=timedelta(minutes=20)):
        end = utc(text) if isinstance(text, str) else text
        now = clock.now()
        while now < end:
            now = min(now + step, end)
            clock_at(now)
            look_at_the_clocks()
        return end

    return until


def questions(count):
    """So many questions, all asked at this instant."""
    channel = a_channel()
    with transaction():
        for number in range(count):
            words = clean(text=f"Question {number} : et la fibre ?", channel=channel.code, now=clock.now())
            receive(words, by=ASKER, origin="form")


def told():
    """(name, subject, when) of every letter of warning, in order."""
    return [(letter.person.handle, letter.subject, letter.created_at) for letter in letters("warned")]


def everything_that_fell_due(now):
    """What the logs say, worked out anew for every ticket there is: the sweep must have found exactly this."""
    ids = list(db.session.scalars(select(Ticket.id)))
    found = set()
    for ticket_id, log in whole_logs(ids).items():
        for each in read(log, now=now).clocks:
            for crossing in crossings(each, promised().calendar_with):
                if crossing.at <= now:
                    found.add((ticket_id, each.name, each.place, crossing.percent, crossing.at))
    return found


def noticed():
    rows = db.session.scalars(select(Passing).order_by(Passing.id))
    return [(row.ticket_id, row.clock, row.place, row.percent, row.passed_at) for row in rows]


def an_office(**head):
    """A department in office hours with its head, an expert and their backup."""
    department = a_department("OFC", calendar="cal-bureau")
    a_head(department, handle="head", locale="en", **head)
    backup = an_expert(handle="backup", department=department, locale="en")
    return an_expert(handle="expert", department=department, locale="en", backup_id=backup.id)


def test_silence_is_heard_by_the_expert_then_the_backup_then_the_head_each_once(clock_at, passes):
    """Scenario 8: 75, 100 and 150 % of the target to accept, in office hours over a week-end and Easter Monday."""
    clock_at("2026-04-03T16:00:00+02:00")  # Friday; the office closes at 17:00
    offer = an_offer(an_office(), by=a_manager(handle="manager"))
    ref = offer.ticket.ref
    passes("2026-04-07T16:00:00+02:00")
    heard = [each for each in told() if each[0] != "manager"]
    assert heard == [
        ("expert", f"Due soon: {ref}", utc("2026-04-07T11:00:00+02:00")),
        ("backup", f"Late: {ref}", utc("2026-04-07T12:00:00+02:00")),
        ("expert", f"Late: {ref}", utc("2026-04-07T12:00:00+02:00")),
        ("head", f"Late: {ref}", utc("2026-04-07T15:00:00+02:00")),
    ]
    accept = [(row[3], row[4]) for row in noticed() if row[1] == "accept"]
    assert accept == [
        (50, utc("2026-04-07T10:00:00+02:00")),
        (75, utc("2026-04-07T11:00:00+02:00")),
        (90, utc("2026-04-07T11:36:00+02:00")),
        (100, utc("2026-04-07T12:00:00+02:00")),
        (150, utc("2026-04-07T15:00:00+02:00")),
    ]


def test_after_a_night_without_a_scheduler_everything_is_told_once_in_order_and_dated_when_it_fell_due(
    clock_at,
):
    clock_at("2026-04-02T09:00:00+02:00")
    expert = an_office()
    first = an_offer(expert)
    clock_at("2026-04-02T09:30:00+02:00")
    second = an_offer(expert)
    over = an_offer(expert)
    clock_at("2026-04-02T14:00:00+02:00")
    with transaction():
        offering.accept(over, by=expert)  # three quarters of its time went by while nobody looked
    now = clock_at("2026-04-03T09:10:00+02:00")
    look_at_the_clocks()
    rows = noticed()
    assert {(row[0], row[1], row[2], row[3], row[4]) for row in rows} == everything_that_fell_due(now)
    assert [row[4] for row in rows] == sorted(row[4] for row in rows)
    assert (over.ticket_id, "accept", 0, 75, utc("2026-04-02T12:30:00+02:00")) in rows
    theirs = [letter for letter in letters("warned") if letter.person.handle == "expert"]
    assert len(theirs) == 1
    assert theirs[0].subject == "2 questions late"
    assert theirs[0].text.index(first.ticket.ref) < theirs[0].text.index(second.ticket.ref)
    assert over.ticket.ref not in theirs[0].text
    again = len(rows), len(letters("warned"))
    look_at_the_clocks()
    assert (len(noticed()), len(letters("warned"))) == again


@pytest.mark.parametrize("dies_at", [1, 2, 3, 5])
def test_a_sweep_that_dies_anywhere_goes_on_without_repeating_or_missing_one(clock_at, monkeypatch, dies_at):
    clock_at("2026-04-02T09:00:00+02:00")
    expert = an_office()
    for _number in range(6):
        an_offer(expert)
    now = clock_at("2026-04-02T16:00:00+02:00")
    monkeypatch.setattr(sweeping, "AT_ONCE", 2)
    calls, real = [], sweeping._write_down

    def dying(*arguments):
        calls.append(1)
        if len(calls) == dies_at:
            real(*arguments)
            raise KeyboardInterrupt
        real(*arguments)

    monkeypatch.setattr(sweeping, "_write_down", dying)
    if dies_at <= 3:
        with pytest.raises(KeyboardInterrupt):
            look_at_the_clocks()
        db.session.remove()
    look_at_the_clocks()
    assert set(noticed()) == everything_that_fell_due(now)
    assert len(noticed()) == len(set(noticed()))
    notices = db.session.execute(select(Notice.passing_id, Notice.person_id)).all()
    assert len(notices) == len(set(notices))
    assert len([each for each in told() if each[0] == "expert"]) == 1


def test_a_log_that_cannot_be_read_stands_in_nobodys_way(clock_at, caplog):
    clock_at("2026-04-02T09:00:00+02:00")
    expert = an_office()
    broken, whole = an_offer(expert), an_offer(expert)
    with transaction() as session:
        event = session.scalars(select(Event).where(Event.ticket_id == broken.ticket_id)).first()
        event.facts = {**event.facts, "promises": ["nonsense"]}
    clock_at("2026-04-02T16:00:00+02:00")
    with caplog.at_level("ERROR"):
        look_at_the_clocks()
    assert {row[0] for row in noticed()} == {whole.ticket_id}
    assert broken.ticket.ref in caplog.text
    assert broken.ticket.warn_at == utc("2026-04-02T17:00:00+02:00")


def test_two_sweeps_at_once_notice_and_tell_everything_once(clock_at, monkeypatch, app):
    clock_at("2026-04-02T09:00:00+02:00")
    expert, manager = an_office(), a_manager()
    for _number in range(12):
        an_offer(expert, by=manager)
    now = clock_at("2026-04-02T16:00:00+02:00")
    monkeypatch.setattr(sweeping, "AT_ONCE", 2)
    together = threading.Barrier(2)

    def sweep():
        with app.app_context():
            together.wait()
            escalation.warn()
            db.session.remove()

    with ThreadPoolExecutor() as pool:
        for sweeping_by_itself in [pool.submit(sweep) for _number in range(2)]:
            sweeping_by_itself.result()
    db.session.rollback()
    assert set(noticed()) == everything_that_fell_due(now)
    assert len(noticed()) == len(set(noticed()))
    clock_at("2026-04-02T16:40:00+02:00")  # what one noticed after the other had written its letter waited for more
    look_at_the_clocks()
    theirs = [letter.text for letter in letters("warned") if letter.person.handle == "expert"]
    lines = [line for text in theirs for line in text.splitlines() if line.startswith("R-")]
    assert len(lines) == len(set(lines)) == 12


def test_five_hundred_late_questions_make_one_letter_for_each_person(clock_at):
    clock_at("2026-04-02T09:00:00+02:00")
    a_manager(handle="first", locale="fr")
    a_manager(handle="second", locale="en")
    questions(500)
    clock_at("2026-04-02T11:00:00+02:00")
    look_at_the_clocks()
    assert sorted(each[:2] for each in told()) == [
        ("first", "500 questions en retard"),
        ("second", "500 questions late"),
    ]
    mine = next(letter for letter in letters("warned") if letter.person.handle == "second")
    assert mine.html.count("<li>") == 20
    assert "And 480 more." in mine.text
    clock_at("2026-04-02T11:10:00+02:00")  # what follows soon waits for what else there is to say
    a_question("Encore une")
    clock_at("2026-04-02T11:25:00+02:00")
    look_at_the_clocks()
    assert len(told()) == 2


def test_nobody_is_told_outside_their_hours_but_of_what_is_most_urgent(clock_at, passes):
    clock_at("2026-04-01T16:40:00+02:00")
    expert = an_office()
    usual, urgent = a_question(), a_question()
    with transaction():
        triaging.triage(urgent, by=a_manager(handle="manager"), class_="question", priority="P1", topics=[])
    for ticket in (usual, urgent):
        an_offer(expert, by=a_manager(), ticket=ticket)
    passes("2026-04-02T09:30:00+02:00", timedelta(minutes=3))
    mine = [(subject, at) for name, subject, at in told() if name == "expert"]
    # Fifteen real minutes to accept what is most urgent: late before the office closes, told at once.
    assert mine[0] == (f"Due soon: {urgent.ref}", utc("2026-04-01T16:52:00+02:00"))
    assert [
        at for _subject, at in mine if utc("2026-04-01T17:00:00+02:00") < at < utc("2026-04-02T09:00:00+02:00")
    ] == []
    heads = [(subject, at) for name, subject, at in told() if name == "head"]
    assert heads[0] == (f"Late: {urgent.ref}", utc("2026-04-01T17:04:00+02:00"))  # after hours, and all the same


def test_what_was_late_at_night_is_told_in_the_morning(clock_at, passes):
    clock_at("2026-04-01T20:00:00+02:00")
    hub = a_department("COM", calendar="cal-bureau", answers=False)
    a_head(hub, handle="director", locale="en")
    a_question()  # two real days from question to answer: three quarters are over at eight in the morning
    passes("2026-04-03T10:00:00+02:00", timedelta(minutes=30))
    assert ("public", 75) in {(row[1], row[3]) for row in noticed()}
    assert all(
        utc(f"{at:%Y-%m-%d}T09:00:00+02:00") <= at <= utc(f"{at:%Y-%m-%d}T17:00:00+02:00")
        for name, _subject, at in told()
        if name == "director"
    )
    assert [name for name, _subject, _at in told()].count("director") >= 1


def test_the_committee_is_told_in_one_letter_in_the_morning(clock_at, passes):
    clock_at("2026-04-01T09:00:00+02:00")
    office = a_department("OFC", calendar="cal-bureau")
    a_person(Role.COMMITTEE, handle="member", locale="en", department=office)
    expert = an_expert(department=office)
    for _number in range(3):
        an_offer(expert)
    passes("2026-04-02T12:00:00+02:00", timedelta(minutes=15))
    assert [each for each in told() if each[0] == "member"] == [
        ("member", "3 questions late", utc("2026-04-02T09:00:00+02:00"))
    ]


def test_a_clock_that_goes_on_is_not_told_twice_and_a_new_one_is(clock_at, passes):
    clock_at("2026-04-01T09:00:00+02:00")
    expert = an_office()
    manager = a_manager()
    offer = an_offer(expert, by=manager)
    passes("2026-04-01T12:30:00+02:00")
    with transaction():
        offering.withdraw(offer, by=manager, reason="x")
    an_offer(expert, by=manager, ticket=offer.ticket)
    passes("2026-04-02T12:00:00+02:00")
    keys = [(row[1], row[2], row[3]) for row in noticed()]
    assert len(keys) == len(set(keys))
    assert {("accept", 0, 75), ("accept", 1, 75), ("accept", 1, 100)} <= set(keys)


def test_what_is_restricted_is_told_to_those_on_its_list_without_its_words(clock_at, passes):
    clock_at("2026-04-01T09:00:00+02:00")
    an_approver(handle="lawyer", locale="en", department=a_department("JUR", calendar="cal-bureau"))
    with transaction():
        change_setting("circuits", {"legal": ["lawyer"]}, by=SYSTEM)
    a_manager(handle="other", locale="en")
    ticket = a_question("Je vous assigne au tribunal de Port-Lannévez.")
    with transaction():
        triaging.escalate(ticket, by=a_manager(handle="manager"), circuit="legal", reason="x")
    passes("2026-04-03T12:00:00+02:00", timedelta(hours=1))
    assert {name for name, _subject, _at in told()} == {"lawyer", "manager"}  # who passed it on is on the list
    assert all("tribunal" not in letter.text + letter.html for letter in letters("warned"))
    assert any("its words are not in letters" in letter.text for letter in letters("warned"))


def test_whatever_happens_what_was_noticed_is_what_the_logs_say(clock_at):
    """Random people, verbs, pauses and sweeps: each threshold of each clock once, at its instant."""
    rng = random.Random(11)
    now = clock_at("2026-03-26T08:00:00+01:00")
    fac, box = a_department("FAC", calendar="cal-facturation"), a_department("BOX", calendar="cal-bureau")
    manager, approver = a_manager(), an_approver(department=fac)
    experts = [an_expert(department=fac), an_expert(department=fac), an_expert(department=box, calendar="cal-reunion")]
    tickets = [a_question(channel=a_channel()) for _ in range(4)]
    for step in range(220):
        now = clock_at(now + timedelta(minutes=rng.choice([1, 7, 45, 300, 900])))
        ticket = db.session.get_one(Ticket, rng.choice(tickets).id)
        try:
            do(rng.choice(VERBS), ticket, rng, manager, approver, experts)
        except RelaisError:
            db.session.rollback()
        if rng.random() < 0.2:
            look_at_the_clocks()
        if step % 44 == 43:
            look_at_the_clocks()
            assert set(noticed()) == everything_that_fell_due(now)
            assert db.session.scalar(select(func.count()).select_from(Ticket).where(Ticket.warn_at <= now)) == 0
    assert len(noticed()) == len(set(noticed())) > 60
    assert {row[1] for row in noticed()} >= {"accept", "answer", "validate", "public", "triage"}


def test_of_what_is_over_before_the_letter_nobody_hears(clock_at):
    clock_at("2026-04-01T18:30:00+02:00")
    manager = a_manager(handle="manager", department=a_department("COM", calendar="cal-bureau"))
    ticket = a_question()
    clock_at("2026-04-01T19:40:00+02:00")
    look_at_the_clocks()  # the desk's calendar is open, the manager's own is not: it waits for the morning
    with transaction():
        triaging.triage(ticket, by=manager, class_="question", priority="P3", topics=[])
        closing.close(ticket, by=manager, outcome=Outcome.NO_REPLY, reason="spam")
    clock_at("2026-04-02T09:30:00+02:00")
    look_at_the_clocks()
    assert told() == []
    assert db.session.scalar(select(func.count()).select_from(Notice).where(Notice.settled_at.is_(None))) == 0


def test_erasing_what_was_noticed_repeats_nothing_that_was_told(clock_at):
    """The rows of passings can be thrown away with their ticket, and no letter depends on them."""
    clock_at("2026-04-01T09:00:00+02:00")
    a_manager()
    a_question()
    clock_at("2026-04-01T11:00:00+02:00")
    look_at_the_clocks()
    assert len(told()) == 1
    with transaction() as session:
        session.execute(delete(Notice))
        session.execute(delete(Passing))
    look_at_the_clocks()
    assert len(told()) == 1
