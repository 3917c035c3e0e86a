"""The log read as clocks: what starts, pauses and ends each, by the minute, rule by rule of the domain."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.sla.promise import Promise, promise_of
from helpdesk.sla.segments import NAMES, STAGES, Happening
from helpdesk.sla.timer import STARTS, STOPS, clocks
from helpdesk.sla.timer import read as read_log
from helpdesk.tickets.workflow import MOVES, Kind, next_state

START = datetime(2026, 3, 27, 15, 0, tzinfo=UTC)
NOW = 60_000  # minutes after it, unless a test says otherwise
DAY = 24 * 60


def at(minutes):
    return START + timedelta(minutes=minutes)


def read(*happened, now=NOW):
    """Each happening: kind, minute, and facts; a number stands for the person asked, of department 1."""
    return clocks([event(*each) for each in happened], now=at(now))


def event(kind, minute, facts=None, *, written=None):
    if isinstance(facts, int):
        facts = {"person_id": facts, "department_id": 1}
    facts = dict(facts or {})
    if kind is Kind.RECEIVED:
        facts.setdefault("posted_at", at(minute - 5).isoformat())
    return Happening(kind, at(minute), at(minute if written is None else written), facts)


def the(found, name):
    return [clock for clock in found if clock.name == name]


def minutes(clock):
    return [(_since(each.start), _since(each.end), each.running) for each in clock.stretches]


def _since(instant):
    return None if instant is None else int((instant - START).total_seconds() / 60)


R, T, O, A, S = Kind.RECEIVED, Kind.TRIAGED, Kind.OFFERED, Kind.ACCEPTED, Kind.SUBMITTED  # noqa: E741
IN_HAND = ((R, 0), (T, 1), (O, 2, 7), (A, 3, 7))


def test_a_straight_answer_has_one_clock_per_stage_and_they_add_up_to_the_whole():
    found = read(
        (R, 0), (T, 3), (O, 10, 7), (A, 85, 7), (Kind.DRAFTED, 90), (S, 100), (Kind.APPROVED, 130),
        (Kind.PUBLISHED, 140), (Kind.CLOSED, 200, {"outcome": "answered"}),
    )  # fmt: skip
    assert [(clock.name, clock.outcome, minutes(clock)) for clock in found] == [
        ("triage", "done", [(0, 3, True)]),
        ("acknowledge", "done", [(-5, 140, True)]),  # from when the asker posted
        ("public", "done", [(-5, 140, True)]),
        ("route", "done", [(3, 10, True)]),
        ("department", "done", [(10, 130, True)]),
        ("accept", "done", [(10, 85, True)]),
        ("answer", "done", [(85, 100, True)]),
        ("validate", "done", [(100, 130, True)]),
        ("post", "done", [(130, 140, True)]),
    ]
    assert [(clock.name, clock.person) for clock in found if clock.person] == [("accept", 7), ("answer", 7)]
    assert {clock.name for clock in found if clock.department == 1} == {"department", "accept", "answer", "validate"}
    stages = sum(end - start for clock in found if clock.name in STAGES for start, end, _running in minutes(clock))
    assert stages == 140


def test_the_answer_waits_for_the_asker_and_the_public_clock_does_not():
    found = read(*IN_HAND, (Kind.CLARIFICATION_ASKED, 12), (Kind.ASKER_REPLIED, 600, {"clarification_id": 1}), (S, 620))
    assert minutes(the(found, "answer")[0]) == [(3, 12, True), (12, 600, False), (600, 620, True)]
    assert minutes(the(found, "department")[0]) == [(2, 12, True), (12, 600, False), (600, None, True)]
    assert minutes(the(found, "public")[0]) == [(-5, None, True)]
    assert minutes(the(found, "acknowledge")[0]) == [(-5, 12, True)]  # a question back is a first public word
    assert the(found, "next_reply") == []  # the detail asked for is no new question


def test_a_pause_lasts_seven_days_at_most_and_there_are_two_of_them():
    asked = (*IN_HAND, (Kind.CLARIFICATION_ASKED, 12))
    [answer] = the(read(*asked, now=12 + 7 * DAY - 1), "answer")
    assert (answer.outcome, minutes(answer)[-1]) == ("paused", (12, None, False))
    [answer] = the(read(*asked, now=12 + 7 * DAY), "answer")
    assert (answer.outcome, minutes(answer)[-1]) == ("running", (12 + 7 * DAY, None, True))
    back = Kind.ASKER_REPLIED
    [answer] = the(
        read(*asked, (back, 20), (Kind.CLARIFICATION_ASKED, 30), (back, 40), (Kind.CLARIFICATION_ASKED, 50)), "answer"
    )
    assert minutes(answer)[-1] == (40, None, True)


def test_who_accepts_while_the_asker_is_waited_for_waits_too():
    found = read((R, 0), (T, 1), (Kind.CLARIFICATION_ASKED, 2), (O, 3, 7), (A, 4, 7), (Kind.ASKER_REPLIED, 9))
    assert minutes(the(found, "answer")[0]) == [(4, 9, False), (9, None, True)]


def test_a_returned_text_takes_the_same_answer_clock_up_again():
    found = read(*IN_HAND, (S, 30), (Kind.RETURNED, 50), (S, 60), (Kind.APPROVED, 70))
    [answer], validations = the(found, "answer"), the(found, "validate")
    assert minutes(answer) == [(3, 30, True), (50, 60, True)]
    assert (answer.person, answer.outcome, answer.returned) == (7, "done", 1)
    assert [(clock.ended_by, minutes(clock)) for clock in validations] == [
        (Kind.RETURNED, [(30, 50, True)]), (Kind.APPROVED, [(60, 70, True)]),
    ]  # fmt: skip


def test_a_text_sent_back_from_the_desk_is_validated_again_on_the_departments_time():
    found = read(*IN_HAND, (S, 4), (Kind.APPROVED, 5), (Kind.REVERTED, 9))
    assert [(clock.outcome, minutes(clock)) for clock in the(found, "post")] == [("reverted", [(5, 9, True)])]
    assert [minutes(clock) for clock in the(found, "validate")] == [[(4, 5, True)], [(9, None, True)]]
    assert [minutes(clock) for clock in the(found, "department")] == [[(2, 5, True), (9, None, True)]]


def test_who_declines_or_is_silent_ends_their_clock_and_not_the_departments():
    found = read(
        (R, 0), (T, 1), (O, 2, 1), (Kind.DECLINED, 5), (O, 6, 2), (Kind.EXPIRED, 50), (O, 51, 3), (A, 61, 3),
    )  # fmt: skip
    assert [(clock.person, clock.outcome) for clock in the(found, "accept")] == [
        (1, "declined"), (2, "expired"), (3, "done"),
    ]  # fmt: skip
    assert [minutes(clock) for clock in the(found, "department")] == [[(2, None, True)]]
    # Between two offers it is the desk's turn again.
    assert [minutes(clock) for clock in the(found, "route")] == [[(1, 2, True)], [(5, 6, True)], [(50, 51, True)]]


def test_passed_on_within_the_department_its_total_goes_on():
    to_colleague = {"instead_id": 2, "department_id": 1}
    found = read(
        *IN_HAND,
        (Kind.REDIRECTED, 10, to_colleague),
        (O, 10, {"person_id": 2, "department_id": 1, "mode": "redirected"}),
    )
    assert [clock.outcome for clock in the(found, "answer")] == ["reassigned"]
    assert [(clock.outcome, minutes(clock)) for clock in the(found, "department")] == [("running", [(2, None, True)])]
    assert [minutes(clock) for clock in the(found, "route")] == [[(1, 2, True)]]  # nobody waited in between


def test_passed_on_to_another_department_the_second_starts_at_zero_and_the_public_clock_runs_on():
    found = read(*IN_HAND, (Kind.REDIRECTED, 10, {"department_id": 2}), (O, 30, {"person_id": 8, "department_id": 2}))
    assert [clock.outcome for clock in the(found, "answer")] == ["redirected"]
    assert [(clock.department, clock.outcome, minutes(clock)) for clock in the(found, "department")] == [
        (1, "redirected", [(2, 10, True)]), (2, "running", [(30, None, True)]),
    ]  # fmt: skip
    assert [minutes(clock) for clock in the(found, "public")] == [[(-5, None, True)]]


@pytest.mark.parametrize(("to", "outcome"), [(1, "reassigned"), (2, "redirected"), (None, "redirected")])
def test_a_head_or_the_desk_who_gives_it_to_somebody_else_ends_the_first_persons_clock(to, outcome):
    gone = {"reason": "reassigned", "department_id": to}
    found = read((R, 0), (T, 1), (O, 2, 7), (Kind.WITHDRAWN, 9, gone), (O, 9, {"person_id": 8, "department_id": to}))
    assert [clock.outcome for clock in the(found, "accept")] == [outcome, "running"]
    assert the(found, "department")[0].outcome == ("running" if to == 1 else "redirected")
    assert [minutes(clock) for clock in the(found, "route")] == [[(1, 2, True)]]


def test_while_the_desk_has_taken_it_back_the_department_does_not_pay():
    found = read((R, 0), (T, 1), (O, 2, 7), (Kind.WITHDRAWN, 9), (O, 30, 8))
    assert [clock.outcome for clock in the(found, "accept")] == ["withdrawn", "running"]
    assert [minutes(clock) for clock in the(found, "department")] == [[(2, 9, True), (9, 30, False), (30, None, True)]]


def test_reuse_is_the_desks_and_the_publics_and_no_departments():
    found = read((R, 0), (T, 1), (Kind.REUSED, 2), (Kind.PUBLISHED, 4))
    assert {clock.name for clock in found} == {"triage", "route", "post", "public", "acknowledge"}
    found = read((R, 0), (O, 1, 1), (Kind.DECLINED, 2), (Kind.REUSED, 9), (Kind.PUBLISHED, 10))
    assert [(clock.outcome, minutes(clock)) for clock in the(found, "department")] == [("reused", [(1, 9, True)])]


def test_a_holding_statement_is_a_first_word_and_no_answer():
    found = read((R, 0), (T, 1), (Kind.REUSED, 2), (Kind.PUBLISHED, 4, {"holding": True}))
    assert [clock.outcome for name in ("acknowledge", "post", "public") for clock in the(found, name)] == [
        "done", "done", "running",
    ]  # fmt: skip
    found = read(
        (R, 0), (Kind.REUSED, 2), (Kind.PUBLISHED, 4, {"holding": True}), (Kind.CLOSED, 9, {"outcome": "answered"})
    )
    assert [clock.outcome for clock in the(found, "public")] == ["unanswered"]


def test_merging_stops_the_inside_and_the_public_clock_waits_for_its_own_thread():
    found = read((R, 0), (T, 1), (O, 2, 7), (Kind.MERGED, 8))
    assert {clock.name: clock.outcome for clock in found} == {
        "triage": "done", "route": "done", "accept": "merged", "department": "merged", "acknowledge": "running",
        "public": "running",
    }  # fmt: skip
    read_elsewhere = Happening(Kind.PUBLISHED, at(90), at(90), {}, elsewhere=True)
    found = clocks([event(R, 0), event(Kind.MERGED, 8), read_elsewhere], now=at(NOW))
    assert [minutes(clock) for clock in the(found, "public")] == [[(-5, 90, True)]]


def test_a_merge_taken_back_lets_the_clocks_go_on_where_they_were():
    found = read((R, 0), (Kind.MERGED, 8), (Kind.REOPENED, 20, {"reason": "unmerged"}), (T, 30))
    assert [(clock.cycle, minutes(clock)) for clock in the(found, "triage")] == [(1, [(0, 8, True), (20, 30, True)])]
    assert the(found, "next_reply") == []


def test_each_opening_is_a_cycle_and_what_was_before_never_changes():
    first = ((R, 0), (T, 1), (Kind.REUSED, 2), (Kind.PUBLISHED, 4), (Kind.CLOSED, 9, {"outcome": "answered"}))
    again = (Kind.ASKER_REPLIED, 90), (Kind.REOPENED, 100), (O, 110, 7)
    before = read(*first)
    found = read(*first, *again)
    assert found[: len(before)] == before
    assert [(clock.name, clock.cycle, clock.outcome, minutes(clock)) for clock in found[len(before) :]] == [
        ("next_reply", 2, "running", [(90, None, True)]), ("route", 2, "done", [(100, 110, True)]),
        ("department", 2, "running", [(110, None, True)]), ("accept", 2, "running", [(110, None, True)]),
    ]  # fmt: skip
    done = read(*first, *again, (A, 111), (S, 112), (Kind.APPROVED, 113), (Kind.PUBLISHED, 120))
    assert minutes(the(done, "next_reply")[0]) == [(90, 120, True)]


@pytest.mark.parametrize("outcome", ["no_reply", "handed_off", "no_detail"])
def test_what_ends_without_an_answer_has_an_outcome_of_its_own(outcome):
    found = {clock.name: clock.outcome for clock in read((R, 0), (O, 3, 7), (Kind.CLOSED, 8, {"outcome": outcome}))}
    assert found == {
        "triage": "done", "accept": outcome, "department": outcome, "acknowledge": outcome, "public": outcome,
    }  # fmt: skip


def test_a_restricted_circuit_ends_the_stages_and_the_law_counts_from_the_receipt():
    found = read((R, 0), (T, 2), (Kind.ESCALATED, 8, {"circuit": "legal"}))
    assert {clock.name: clock.outcome for clock in found} == {
        "triage": "done", "route": "escalated", "acknowledge": "running", "public": "running", "legal": "running",
    }  # fmt: skip
    assert minutes(the(found, "legal")[0]) == [(0, None, True)]
    assert the(read((R, 0), (T, 2), (Kind.ESCALATED, 8, {"circuit": "press"})), "legal") == []


def test_what_is_heard_of_late_counts_from_when_it_happened_and_is_pointed_out():
    log = [event(*each) for each in (*IN_HAND, (S, 4), (Kind.APPROVED, 5))]
    late = event(Kind.PUBLISHED, 20, written=300)
    reading = read_log([*log, late], now=at(NOW))
    assert minutes(the(reading.clocks, "post")[0]) == [(5, 20, True)]
    assert [(each.code, each.by) for each in reading.remarks] == [("arrived_late", timedelta(minutes=280))]


def test_what_arrives_after_what_followed_it_moves_no_clock_back():
    before = event(Kind.PUBLISHED, 1, written=30)
    reading = read_log([event(R, 0), event(Kind.REUSED, 10), before], now=at(NOW))
    assert minutes(the(reading.clocks, "post")[0]) == [(10, 10, True)]
    assert minutes(the(reading.clocks, "public")[0]) == [(-5, 1, True)]
    assert [each.code for each in reading.remarks] == ["arrived_late", "out_of_order"]


def test_nothing_happens_later_than_it_was_written_down():
    posted = {"posted_at": at(500).isoformat()}
    found = clocks([event(R, 0, posted), event(T, 90, written=40)], now=at(NOW))
    assert [(clock.name, minutes(clock)[0][0]) for clock in found] == [
        ("triage", 0), ("acknowledge", 0), ("public", 0), ("route", 40),
    ]  # fmt: skip


def test_a_promise_is_a_word_of_the_log_and_back():
    for promise in (
        Promise("accept", "sla-urgent", 3, 60, "cal-office", 2), Promise("public", "p", 1, 240),
        Promise("post", "p", 1, None),
    ):  # fmt: skip
        assert promise_of(promise.word) == promise
    assert Promise("accept", "sla-urgent", 3, 60, "cal-office", 2).word == "accept/sla-urgent@3/60/cal-office@2"
    with pytest.raises(ValueError, match="no promise"):
        promise_of("accept/sla-urgent/60")


def test_a_clock_keeps_what_it_was_promised_when_it_began_and_what_it_was_given_since():
    log = (
        (R, 0, {"promises": ["triage/p@1/30/c@1"]}), (T, 3, {"promises": ["route/p@1/30/c@1", "public/p@2/60/real"]}),
        (O, 10, 7), (T, 20, {"promises": ["route/q@1/5/c@1", "accept/q@1/9/c@1"]}),
    )  # fmt: skip
    held = {clock.name: [(_since(since), each.word) for since, each in clock.promises] for clock in read(*log)}
    assert held["triage"] == [(0, "triage/p@1/30/c@1")]
    assert held["public"] == [(-5, "public/p@2/60/real")]
    assert held["route"] == [(3, "route/p@1/30/c@1")]  # over when the other came
    assert held["accept"] == [(10, "accept/q@1/9/c@1")]


def test_the_tables_speak_of_known_clocks():
    assert {name for stops in STOPS.values() for name in stops} | set(STARTS.values()) <= set(NAMES)


@given(st.data())
def test_whatever_the_workflow_allows_clocks_neither_overlap_nor_run_on_after_the_end(data):
    log, state = [(Kind.RECEIVED, 0)], next_state(None, Kind.RECEIVED)
    for minute in range(1, data.draw(st.integers(1, 25))):
        kind = data.draw(st.sampled_from([kind for kind in Kind if state in MOVES[kind][0]]))
        state = next_state(state, kind)
        log.append((kind, minute))
    found = read(*log)
    for clock in found:
        for earlier, later in zip(clock.stretches, clock.stretches[1:], strict=False):
            assert earlier.end is not None
            assert earlier.end <= later.start
        assert (clock.stretches[-1].end is None) == clock.is_open
    inside = [clock for clock in found if clock.is_open and clock.name in STAGES]
    expected = {
        "offered": "accept",
        "answering": "answer",
        "validating": "validate",
        "ready": "post",
    }
    names = [clock.name for clock in inside]
    assert names == ([expected[state]] if state in expected else []) or (state == "received" and len(names) == 1)
