"""Absences: who may note them, what is refused, and who stands in."""

from __future__ import annotations

from datetime import timedelta

import pytest

from builders.organisation import actions, an_administrator
from helpdesk import clock
from helpdesk.accounts.absences import declare_absence, end_absence, stand_in
from helpdesk.accounts.access import Role
from helpdesk.accounts.models import Absence
from helpdesk.db import db, transaction
from helpdesk.errors import BadInput, NotAllowed
from people import a_person

DAY = timedelta(days=1)


@pytest.fixture
def ana(app):
    return a_person(Role.EXPERT, handle="ana")


def away(person, start=-1, end=1, *, by=None, **more) -> Absence:
    now = clock.now()
    with transaction():
        return declare_absence(person, now + start * DAY, now + end * DAY, by=by or person, **more)


def refused(*args, **more) -> set[tuple[str, str]]:
    with pytest.raises(BadInput) as error:
        away(*args, **more)
    return {(each.field, each.code) for each in error.value.problems}


def test_people_note_their_own_absence_and_administrators_any(ana):
    away(ana)
    away(ana, 5, 6, by=an_administrator())
    assert len(ana.absences) == 2
    assert actions("person") == ["absence_declared", "absence_declared"]


def test_a_colleague_may_not(ana):
    with pytest.raises(NotAllowed):
        away(ana, by=a_person(Role.COMMUNITY_MANAGER, Role.HEAD))
    assert db.session.query(Absence).count() == 0


def test_what_cannot_be_is_refused_all_at_once(ana):
    away(ana, 2, 9)
    assert refused(ana, 15, 14) == {("ends_at", "ends_before_it_starts")}
    assert refused(ana, 8, 12, delegate=ana) == {("starts_at", "absence_overlaps"), ("delegate", "delegate_cannot")}
    assert refused(ana, 20, 21, delegate=a_person(Role.COMMUNITY_MANAGER)) == {("delegate", "delegate_cannot")}
    assert refused(ana, 20, 21, delegate=a_person(Role.EXPERT, active=False)) == {("delegate", "delegate_cannot")}


def test_one_absence_may_begin_when_another_ends(ana):
    now = clock.now()
    with transaction():
        declare_absence(ana, now, now + DAY, by=ana)
        declare_absence(ana, now + DAY, now + 2 * DAY, by=ana)
    assert len(ana.absences) == 2


def test_coming_back_ends_what_is_under_way_removes_what_is_to_come_and_leaves_what_is_over(ana):
    under_way, to_come, over = away(ana), away(ana, 3, 4), away(ana, -9, -8)
    ended_before = over.ends_at
    for absence in (under_way, to_come, over):
        with transaction():
            end_absence(absence, by=ana)
    assert ana.absence_at(clock.now()) is None
    assert {row.id for row in db.session.query(Absence)} == {under_way.id, over.id}
    assert over.ends_at == ended_before
    assert actions("person").count("absence_ended") == 2


def test_the_delegate_stands_in_and_the_delegate_of_the_delegate(ana):
    bob, eve = a_person(Role.EXPERT), a_person(Role.EXPERT)
    assert stand_in(ana, clock.now()) == ana
    away(ana, delegate=bob)
    assert stand_in(ana, clock.now()) == bob
    away(bob, delegate=eve)
    assert stand_in(ana, clock.now()) == eve


def test_without_a_delegate_the_backup_stands_in(ana):
    bob = a_person(Role.EXPERT)
    ana.backup = bob
    db.session.commit()
    away(ana)
    assert stand_in(ana, clock.now()) == bob


def test_nobody_stands_in_where_the_chain_is_a_circle_or_ends_with_somebody_who_left(ana):
    bob = a_person(Role.EXPERT)
    away(ana, delegate=bob)
    away(bob, delegate=ana)
    assert stand_in(ana, clock.now()) is None
    eve, gone = a_person(Role.EXPERT), a_person(Role.EXPERT)
    away(eve, delegate=gone)
    gone.active = False
    db.session.commit()
    assert stand_in(eve, clock.now()) is None
