"""Working lists: order, pages without offset, what a person may see, and counters that equal a real count."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from builders.triage import a_ticket, a_topic, a_triaged_ticket, an_escalated_ticket
from helpdesk import clock
from helpdesk.accounts.access import Role
from helpdesk.db import db, transaction
from helpdesk.errors import BadInput, RelaisError
from helpdesk.routing import offering
from helpdesk.tickets import closing, queues, triaging
from helpdesk.tickets.models import QueueCount, Ticket
from helpdesk.tickets.seeing import visible_to
from helpdesk.tickets.workflow import Outcome, Queue
from people import a_channel, a_department, a_person


@pytest.fixture
def cm(app):
    return a_person(Role.COMMUNITY_MANAGER)


@pytest.fixture
def hours(monkeypatch):
    """Moves the clock on by an hour each time it is called."""

    def pass_one():
        now = clock.now() + timedelta(hours=1)
        monkeypatch.setattr(clock, "now", lambda: now)

    return pass_one


def _refs(page):
    return [ticket.ref for ticket in page.items]


def test_urgent_first_then_oldest(cm, hours):
    old = a_triaged_ticket(cm)
    hours()
    urgent = a_triaged_ticket(cm, priority="P1")
    hours()
    new = a_triaged_ticket(cm)
    assert _refs(queues.page(cm, Queue.ROUTE)) == [urgent.ref, old.ref, new.ref]


def test_pages_go_on_where_the_last_ended_and_back_again(cm):
    made = [a_ticket(f"Question {number} ?").ref for number in range(7)]
    first = queues.page(cm, Queue.TRIAGE, limit=3)
    second = queues.page(cm, Queue.TRIAGE, limit=3, cursor=first.next_cursor)
    third = queues.page(cm, Queue.TRIAGE, limit=3, cursor=second.next_cursor)
    assert _refs(first) + _refs(second) + _refs(third) == made
    assert (first.previous_cursor, third.next_cursor) == (None, None)
    back = queues.page(cm, Queue.TRIAGE, limit=3, cursor=third.previous_cursor)
    assert _refs(back) == _refs(second)
    front = queues.page(cm, Queue.TRIAGE, limit=3, cursor=back.previous_cursor)
    assert _refs(front) == _refs(first)
    assert front.previous_cursor is None
    assert front.next_cursor is not None


def test_every_open_list_in_one_order(cm, hours):
    expert = a_person(Role.EXPERT, department=a_department())
    for number in range(9):
        ticket = a_triaged_ticket(cm, f"Question {number} ?", priority="P1" if number == 8 else "P3")
        if number % 3 == 1:
            with transaction():
                offering.offer(ticket, expert, by=cm)
        elif number % 3 == 2:
            a_ticket(f"Pas encore lue {number} ?")
        hours()
    first = queues.page(cm, None, limit=5)
    found, cursor = _refs(first), first.next_cursor
    while cursor:
        following = queues.page(cm, None, limit=5, cursor=cursor)
        found, cursor = found + _refs(following), following.next_cursor
    everything = db.session.scalars(select(Ticket).order_by(Ticket.priority, Ticket.opened_at, Ticket.id))
    assert found == [ticket.ref for ticket in everything]
    assert len(found) == 12


def test_a_page_that_shrank_meanwhile_skips_nothing(cm):
    made = [a_ticket(f"Question {number} ?") for number in range(4)]
    first = queues.page(cm, Queue.TRIAGE, limit=2)
    with transaction():
        triaging.triage(made[0], by=cm, class_="question", priority="P3", topics=[])
    second = queues.page(cm, Queue.TRIAGE, limit=2, cursor=first.next_cursor)
    assert _refs(second) == [made[2].ref, made[3].ref]


@pytest.mark.parametrize("cursor", ["x", "e30", "é", "WyJkdWUiLGZhbHNlLFtdXQ", "bnVsbA", "W10" * 9000])
def test_a_cursor_from_elsewhere_is_refused(cm, cursor):
    with pytest.raises(BadInput):
        queues.page(cm, Queue.TRIAGE, cursor=cursor)


def test_a_cursor_of_another_list_is_refused(cm):
    for number in range(3):
        a_ticket(f"Question {number} ?")
    cursor = queues.page(cm, Queue.TRIAGE, limit=1).next_cursor
    with pytest.raises(BadInput):
        queues.page(cm, Queue.CLOSED, cursor=cursor)


def test_what_is_over_shows_the_newest_first(cm, hours):
    first, second = a_triaged_ticket(cm), a_triaged_ticket(cm)
    for ticket in (second, first):
        hours()
        with transaction():
            closing.close(ticket, by=cm, outcome=Outcome.NO_REPLY, reason="thanks")
    assert _refs(queues.page(cm, Queue.CLOSED)) == [first.ref, second.ref]


def test_filters_by_topic_department_priority_and_channel(cm):
    other = a_topic("mobile.roaming", a_department("MOB"))
    a_triaged_ticket(cm)
    wanted = a_triaged_ticket(cm, topics=[other], priority="P2", channel="mastodon")
    given = {"topic": other, "department": a_department("MOB"), "priority": "P2", "channel": a_channel("mastodon")}
    for name, value in given.items():
        assert _refs(queues.page(cm, Queue.ROUTE, **{name: value})) == [wanted.ref], name


def test_late_is_what_is_past_its_due_time_and_not_over(cm, hours):
    late, over, early = (a_triaged_ticket(cm) for _ in range(3))
    with transaction():
        late.due_at = over.due_at = clock.now() + timedelta(minutes=30)
        early.due_at = clock.now() + timedelta(days=3)
    with transaction():
        closing.close(over, by=cm, outcome=Outcome.NO_REPLY, reason="thanks")
    hours()
    assert _refs(queues.page(cm, None, late=True)) == [late.ref]
    assert queues.late_count(cm) == 1


def test_mine_is_what_i_follow(cm):
    colleague = a_person(Role.COMMUNITY_MANAGER)
    mine = a_triaged_ticket(cm)
    a_triaged_ticket(colleague)
    assert _refs(queues.page(cm, None, mine=True)) == [mine.ref]
    assert queues.mine_count(cm) == 1


def test_a_restricted_ticket_is_in_the_lists_and_counts_of_the_named_only(cm):
    colleague = a_person(Role.COMMUNITY_MANAGER)
    ticket = an_escalated_ticket(cm)
    assert _refs(queues.page(cm, Queue.RESTRICTED)) == [ticket.ref]
    assert queues.counts(cm)[Queue.RESTRICTED] == 1
    assert queues.page(colleague, Queue.RESTRICTED).items == []
    assert sum(queues.counts(colleague).values()) == 0


def test_an_expert_counts_nothing_and_a_head_counts_her_department(cm):
    fixed, mobile = a_department("FIX"), a_department("MOB")
    head = a_person(Role.HEAD, department=fixed)
    fixed.head_id = head.id
    db.session.commit()
    a_triaged_ticket(cm, topics=[a_topic("fibre.panne", fixed)])
    a_triaged_ticket(cm, topics=[a_topic("mobile.roaming", mobile)])
    assert queues.counts(cm)[Queue.ROUTE] == 2
    assert queues.counts(cm, fixed)[Queue.ROUTE] == 1
    assert queues.counts(head)[Queue.ROUTE] == 1
    assert queues.counts(head, mobile)[Queue.ROUTE] == 0
    assert sum(queues.counts(a_person(Role.EXPERT)).values()) == 0


@pytest.mark.parametrize("seed", range(4))
def test_after_a_random_walk_the_counters_equal_a_real_count(cm, seed):
    chance = random.Random(seed)
    colleague = a_person(Role.COMMUNITY_MANAGER)
    fixed, mobile = a_department("FIX"), a_department("MOB")
    expert = a_person(Role.EXPERT, department=fixed)
    topics = [a_topic("fibre.panne", fixed), a_topic("mobile.roaming", mobile)]
    tickets = [a_ticket(f"Question {number} ?") for number in range(5)]
    for _step in range(40):
        ticket, by = chance.choice(tickets), chance.choice([cm, colleague])
        try:
            with transaction():
                chance.choice(_moves(ticket, by, expert, chance.choice(topics), chance.choice(tickets)))()
        except RelaisError:
            continue
    for person in (cm, colleague):
        assert queues.counts(person) == _counted(person)
    by_department = select(Ticket.queue, func.coalesce(Ticket.department_id, 0), func.count())
    by_department = by_department.where(~Ticket.restricted).group_by(Ticket.queue, Ticket.department_id)
    real = {(queue, department): count for queue, department, count in db.session.execute(by_department)}
    rows = db.session.scalars(select(QueueCount).where(QueueCount.queue != Queue.RESTRICTED, QueueCount.count != 0))
    assert {(row.queue, row.department_id): row.count for row in rows} == real


def _moves(ticket, by, expert, topic, other):
    return [
        lambda: triaging.claim(ticket, by=by),
        lambda: triaging.triage(ticket, by=by, class_="question", priority="P3", topics=[topic]),
        lambda: offering.offer(ticket, expert, by=by),
        lambda: triaging.escalate(ticket, by=by, circuit="legal", reason="notice"),
        lambda: triaging.release_escalated(ticket, by=by, reason="released"),
        lambda: triaging.merge(ticket, other, by=by),
        lambda: closing.close(ticket, by=by, outcome=Outcome.HANDED_OFF, reason="private"),
        lambda: closing.reopen(ticket, by=by, reason="again"),
    ]


def _counted(person):
    rows = db.session.execute(select(Ticket.queue, func.count()).where(visible_to(person)).group_by(Ticket.queue))
    return dict.fromkeys(Queue, 0) | dict(rows.all())
