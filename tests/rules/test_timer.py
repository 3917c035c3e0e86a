"""The log read as clocks: what starts, pauses and ends each, by the minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from helpdesk.sla.timer import STARTS, STOPS, Happening, clocks
from helpdesk.tickets.workflow import MOVES, Kind, next_state

START = datetime(2026, 3, 27, 15, 0, tzinfo=UTC)


def at(minutes):
    return START + timedelta(minutes=minutes)


def read(*happened, posted=-5):
    log = [Happening(kind, at(minutes), *owner) for kind, minutes, *owner in happened]
    return clocks(log, posted_at=at(posted))


def the(found, name):
    return [clock for clock in found if clock.name == name]


def minutes(clock):
    return [(_since(each.start), _since(each.end), each.running) for each in clock.stretches]


def _since(instant):
    return None if instant is None else int((instant - START).total_seconds() / 60)


def test_a_straight_answer_has_one_clock_per_stage_and_they_follow_one_another():
    found = read(
        (Kind.RECEIVED, 0), (Kind.TRIAGED, 3), (Kind.OFFERED, 10, 7), (Kind.ACCEPTED, 85, 7), (Kind.DRAFTED, 90),
        (Kind.SUBMITTED, 100), (Kind.APPROVED, 130), (Kind.PUBLISHED, 140), (Kind.CLOSED, 200),
    )  # fmt: skip
    assert [(clock.name, clock.outcome, minutes(clock)) for clock in found] == [
        ("triage", "done", [(0, 10, True)]),
        ("public", "done", [(-5, 140, True)]),  # from when the asker posted
        ("accept", "done", [(10, 85, True)]),
        ("answer", "done", [(85, 100, True)]),
        ("validate", "done", [(100, 130, True)]),
        ("post", "done", [(130, 140, True)]),
    ]
    assert [clock.owner for clock in found] == [None, None, 7, 7, None, None]
    assert {clock.cycle for clock in found} == {1}


def test_the_answer_waits_for_the_asker_and_the_public_clock_does_not():
    found = read(
        (Kind.RECEIVED, 0), (Kind.OFFERED, 1), (Kind.ACCEPTED, 2), (Kind.CLARIFICATION_ASKED, 12),
        (Kind.ASKER_REPLIED, 600), (Kind.SUBMITTED, 620),
    )  # fmt: skip
    [answer], [public] = the(found, "answer"), the(found, "public")
    assert minutes(answer) == [(2, 12, True), (12, 600, False), (600, 620, True)]
    assert answer.outcome == "done"
    assert minutes(public) == [(-5, None, True)]


def test_while_the_asker_is_waited_for_the_clock_is_paused():
    [answer] = the(
        read((Kind.RECEIVED, 0), (Kind.OFFERED, 1), (Kind.ACCEPTED, 2), (Kind.CLARIFICATION_ASKED, 12)), "answer"
    )
    assert (answer.outcome, answer.is_open, minutes(answer)[-1]) == ("paused", True, (12, None, False))


def test_two_questions_to_the_asker_pause_once_and_a_remark_of_theirs_changes_nothing():
    [answer] = the(
        read(
            (Kind.RECEIVED, 0), (Kind.OFFERED, 1), (Kind.ACCEPTED, 2), (Kind.ASKER_REPLIED, 5),
            (Kind.CLARIFICATION_ASKED, 12), (Kind.CLARIFICATION_ASKED, 13), (Kind.ASKER_REPLIED, 20),
        ),
        "answer",
    )  # fmt: skip
    assert minutes(answer) == [(2, 12, True), (12, 20, False), (20, None, True)]


def test_a_returned_text_takes_the_same_answer_clock_up_again():
    found = read(
        (Kind.RECEIVED, 0), (Kind.OFFERED, 1), (Kind.ACCEPTED, 2, 7), (Kind.SUBMITTED, 30), (Kind.RETURNED, 50),
        (Kind.SUBMITTED, 60), (Kind.APPROVED, 70),
    )  # fmt: skip
    [answer], validations = the(found, "answer"), the(found, "validate")
    assert minutes(answer) == [(2, 30, True), (50, 60, True)]
    assert (answer.owner, answer.outcome) == (7, "done")
    assert [(clock.outcome, minutes(clock)) for clock in validations] == [
        ("returned", [(30, 50, True)]), ("done", [(60, 70, True)]),
    ]  # fmt: skip


def test_a_text_sent_back_from_the_desk_is_validated_again():
    found = read(
        (Kind.RECEIVED, 0), (Kind.OFFERED, 1), (Kind.ACCEPTED, 2), (Kind.SUBMITTED, 3), (Kind.APPROVED, 4),
        (Kind.REVERTED, 9),
    )  # fmt: skip
    assert [(clock.outcome, minutes(clock)) for clock in the(found, "post")] == [("reverted", [(4, 9, True)])]
    assert [minutes(clock) for clock in the(found, "validate")] == [[(3, 4, True)], [(9, None, True)]]


def test_who_declines_who_is_silent_and_who_is_replaced_each_had_a_clock_of_their_own():
    found = read(
        (Kind.RECEIVED, 0), (Kind.OFFERED, 1, 1), (Kind.DECLINED, 5, 1), (Kind.OFFERED, 6, 2), (Kind.EXPIRED, 50, 2),
        (Kind.OFFERED, 51, 3), (Kind.OFFERED, 60, 4), (Kind.ACCEPTED, 61, 4), (Kind.REDIRECTED, 70, 4),
    )  # fmt: skip
    assert [(clock.owner, clock.outcome) for clock in the(found, "accept")] == [
        (1, "declined"), (2, "expired"), (3, "withdrawn"), (4, "done"),
    ]  # fmt: skip
    assert [clock.outcome for clock in the(found, "answer")] == ["redirected"]
    # Between two offers it is the desk's turn again.
    assert [minutes(clock) for clock in the(found, "triage")] == [
        [(0, 1, True)], [(5, 6, True)], [(50, 51, True)], [(70, None, True)],
    ]  # fmt: skip


def test_an_offer_withdrawn_for_another_at_the_same_instant_leaves_no_clock_between():
    found = read((Kind.RECEIVED, 0), (Kind.OFFERED, 1, 1), (Kind.WITHDRAWN, 9, 1), (Kind.OFFERED, 9, 2))
    assert [minutes(clock) for clock in the(found, "triage")] == [[(0, 1, True)]]


def test_each_opening_is_a_cycle_and_the_public_clock_is_not_run_twice():
    found = read(
        (Kind.RECEIVED, 0), (Kind.REUSED, 2), (Kind.PUBLISHED, 4), (Kind.CLOSED, 9), (Kind.REOPENED, 100),
        (Kind.OFFERED, 110),
    )  # fmt: skip
    assert [(clock.name, clock.cycle, clock.outcome) for clock in found] == [
        ("triage", 1, "done"), ("public", 1, "done"), ("post", 1, "done"), ("triage", 2, "done"),
        ("accept", 2, "running"),
    ]  # fmt: skip


def test_closing_ends_whatever_runs_and_escalating_ends_all_but_the_public_clock():
    for kind, outcome, public in ((Kind.CLOSED, "closed", "closed"), (Kind.ESCALATED, "escalated", "running")):
        found = {clock.name: clock.outcome for clock in read((Kind.RECEIVED, 0), (Kind.OFFERED, 3), (kind, 8))}
        assert found == {"triage": "done", "public": public, "accept": outcome}


def test_a_reading_that_goes_backwards_never_makes_a_negative_stretch():
    [triage] = the(read((Kind.RECEIVED, 0), (Kind.OFFERED, -3)), "triage")
    assert minutes(triage) == [(0, 0, True)]


NAMES = {"triage", "accept", "answer", "validate", "post", "public"}


def test_the_tables_speak_of_known_clocks():
    assert {name for stops in STOPS.values() for name in stops} | {
        name for row in STARTS.values() for name in row
    } == NAMES


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
    inside = [clock for clock in found if clock.is_open and clock.name != "public"]
    expected = {
        "received": "triage",
        "offered": "accept",
        "answering": "answer",
        "validating": "validate",
        "ready": "post",
    }
    assert [clock.name for clock in inside] == ([expected[state]] if state in expected else [])
