"""From a ranking to a probability, a word and a mode."""

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.routing.confidence import (
    Calibration,
    Confidence,
    Decided,
    Mode,
    Situation,
    choose_mode,
    in_words,
    probability,
    raw_probability,
)
from helpdesk.routing.ranking import Signals

GOOD = Signals(informative=8, matched=5, coverage=0.5, margin=0.8, agreement=1.0, departments=2, fit=5.0, odds=4.0)
AS_IS = Calibration(shift=0.0, stretch=1.0, least_fit=1.0, least_fit_alone=2.0)
FREE = Situation(
    decided=500,
    calibration=AS_IS,
    automatic_from=0.95,
    automatic_on=True,
    department_opted_in=True,
    priority="P3",
)
shares = st.floats(0, 1)


@given(st.integers(2, 40), st.integers(0, 40), shares, shares, st.integers(1, 3))
def test_more_of_any_evidence_never_means_less_confidence(informative, matched, coverage, margin, departments):
    signals = Signals(informative, matched, coverage, margin, 0.0, departments)
    raw = raw_probability(signals)
    assert 0 < raw < 1
    assert raw_probability(replace(signals, matched=matched + 1)) >= raw
    assert raw_probability(replace(signals, coverage=min(1.0, coverage + 0.1))) >= raw
    assert raw_probability(replace(signals, margin=min(1.0, margin + 0.1))) >= raw


def test_too_little_said_is_never_probable():
    assert raw_probability(replace(GOOD, informative=1)) == 0.0
    assert raw_probability(replace(GOOD, departments=0)) == 0.0
    assert probability(replace(GOOD, informative=1), AS_IS) == 0.0


@pytest.mark.parametrize(
    ("chance", "word"),
    [
        (1.0, Confidence.SURE),
        (0.85, Confidence.SURE),
        (0.84, Confidence.LIKELY),
        (0.6, Confidence.LIKELY),
        (0.59, Confidence.HESITANT),
        (0.0, Confidence.HESITANT),
    ],
)
def test_a_probability_is_shown_as_a_word(chance, word):
    assert in_words(chance) is word


def test_what_was_learned_brings_a_curve_of_its_own():
    learned = replace(GOOD, learned=True)
    assert raw_probability(learned) > 0.8
    assert raw_probability(replace(learned, odds=0.0)) < raw_probability(learned)
    assert raw_probability(replace(learned, fit=1.0)) < raw_probability(learned)


def decided(raws, right):
    return [Decided(raw, 10 * raw, was) for raw, was in zip(raws, right, strict=True)]


def test_fewer_than_two_hundred_decisions_calibrate_nothing():
    assert Calibration.learn(decided([0.5] * 199, [True] * 199)) is None
    assert Calibration.learn(decided([0.5] * 200, [True] * 200)) is not None


def test_calibration_says_what_became_of_such_suggestions():
    draw = random.Random(7)
    raws = [draw.random() for _ in range(4000)]
    calibration = Calibration.learn(decided(raws, [draw.random() < raw**3 for raw in raws]))  # overconfident by far
    for raw in (0.2, 0.4, 0.6, 0.8, 0.9):
        assert calibration.probability(raw) == pytest.approx(raw**3, abs=0.08)


@given(st.lists(st.tuples(shares, st.booleans()), min_size=220, max_size=400), shares, shares)
def test_calibration_rises_and_never_claims_certainty(outcomes, one, other):
    calibration = Calibration.learn(decided(*zip(*((0.01 + 0.98 * raw, was) for raw, was in outcomes), strict=True)))
    low, high = sorted((one, other))
    assert 0 < calibration.probability(low) <= calibration.probability(high) < 1


def test_a_question_nobody_is_spoken_for_is_known_by_those_that_were_routed_rightly():
    known = Calibration.learn(decided([n / 1000 for n in range(1, 1000)], [True] * 999))
    assert known.least_fit == pytest.approx(0.5, abs=0.02)
    assert known.least_fit_alone == pytest.approx(1.5, abs=0.02)


@pytest.mark.parametrize(
    ("chance", "signals", "situation", "mode"),
    [
        (0.99, GOOD, FREE, Mode.AUTOMATIC),
        (0.94, GOOD, FREE, Mode.PREFILL),
        (0.84, GOOD, FREE, Mode.PROPOSE),
        (0.49, GOOD, FREE, Mode.ABSTAIN),
        (0.99, GOOD, replace(FREE, automatic_on=False), Mode.PREFILL),
        (0.99, GOOD, replace(FREE, department_opted_in=False), Mode.PREFILL),
        (0.99, GOOD, replace(FREE, priority="P2"), Mode.PREFILL),
        (0.99, GOOD, replace(FREE, priority="P1"), Mode.PREFILL),
        (0.99, GOOD, replace(FREE, priority="P4"), Mode.AUTOMATIC),
        (0.99, GOOD, replace(FREE, sensitive=True), Mode.PREFILL),
        (0.99, GOOD, replace(FREE, decided=99), Mode.PROPOSE),
        (0.99, replace(GOOD, informative=1), FREE, Mode.ABSTAIN),
        (0.55, replace(GOOD, departments=3, margin=0.1), FREE, Mode.ABSTAIN),
        (0.55, replace(GOOD, departments=3, margin=0.2), FREE, Mode.PROPOSE),
        (0.0, Signals(), Situation(), Mode.ABSTAIN),
        (0.99, replace(GOOD, fit=1.5), FREE, Mode.PREFILL),
        (0.99, replace(GOOD, fit=0.9), FREE, Mode.ABSTAIN),
        (0.99, GOOD, replace(FREE, automatic_from=None), Mode.PREFILL),
        (0.99, GOOD, replace(FREE, budget_spent=True), Mode.PREFILL),
        (0.99, GOOD, replace(FREE, calibration=None), Mode.PREFILL),
        (0.99, GOOD, replace(FREE, prefill_on=False, automatic_on=False), Mode.PROPOSE),
    ],
)
def test_a_mode_is_chosen(chance, signals, situation, mode):
    assert choose_mode(chance, signals, situation) is mode
