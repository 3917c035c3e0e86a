"""How sure is sure enough to ask without a person: the threshold holds the budget, and knows nothing of the future."""

from __future__ import annotations

import random
from math import comb, exp, fsum, log, log1p

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.routing.budget import (
    DOUBT,
    FEWEST,
    KEPT,
    WINDOW,
    asked_by_itself,
    is_spent,
    outlook,
    target,
    threshold,
)
from helpdesk.routing.shares import Share


def at_most(count: int, of: int, share: float) -> float:
    """The chance of at most `count` of `of`, each with the chance `share`."""
    tail = (log(comb(of, k)) + k * log(share) + (of - k) * log1p(-share) for k in range(count + 1))
    return fsum(map(exp, tail))


def test_no_threshold_without_enough_outcomes():
    assert threshold([], 0.03) is None
    assert threshold([(0.99, True)] * 30, 0.03) is None
    assert threshold([(0.99, True)] * 30, 0.1) == 0.99


def test_the_lowest_probability_that_holds_is_taken():
    sure, unsure = [(0.9, True)] * 150, [(0.6, False)] * 20
    assert threshold(sure + unsure, 0.03) == 0.9
    assert threshold(sure + [(0.7, True)] * 50 + unsure, 0.03) == 0.7
    assert threshold([(0.9, False)] * 20 + sure, 0.03) is None


def test_equal_probabilities_stand_and_fall_together():
    assert threshold([(0.9, True)] * 149 + [(0.9, False)] * 60, 0.03) is None


@pytest.mark.parametrize("budget", [0.02, 0.03, 0.05, 0.1])
def test_the_target_leaves_room_for_chance(budget):
    assert at_most(int(WINDOW * budget), WINDOW, target(budget)) == pytest.approx(KEPT, abs=1e-6)
    assert 0 < target(budget) < budget


def test_the_budget_is_spent_when_one_more_mistake_would_break_it():
    assert not is_spent([], 0.02)
    assert is_spent([False], 0.02)
    assert not is_spent([True] * 200, 0.02)
    assert not is_spent([True] * 294 + [False] * 5, 0.02)
    assert is_spent([True] * 293 + [False] * 6, 0.02)
    assert not is_spent([False] * 6 + [True] * 299, 0.02)  # long ago


@given(st.lists(st.tuples(st.sampled_from((0.5, 0.7, 0.9, 0.99)), st.booleans()), max_size=120), st.floats(0.02, 0.2))
def test_the_bound_is_that_of_clopper_and_pearson(outcomes, budget):
    found = threshold(outcomes, budget)
    holding = []
    for least in sorted({probability for probability, _right in outcomes}):
        taken = [right for probability, right in outcomes if probability >= least]
        if at_most(taken.count(False), len(taken), target(budget)) <= DOUBT:
            holding.append(least)
    assert found == (holding[0] if holding else None)


def test_what_comes_later_changes_nothing_said_before():
    chance = random.Random(1)
    outcomes = [(p := chance.random(), chance.random() < p**0.2) for _ in range(400)]
    before = asked_by_itself(outcomes[:300], 0.1)
    assert asked_by_itself(outcomes, 0.1)[:300] == before
    assert not any(before[:FEWEST])
    assert any(before)


def test_the_outlook_counts_what_would_have_been_asked_and_wrong():
    outcomes = [(0.95, True)] * 200 + [(0.95, False), (0.4, False)] + [(0.95, True)] * 18
    found = outlook(outcomes, 0.05)
    assert (found.judged, found.wrong) == (120, 1)
    assert found.rate == pytest.approx(found.asked / 120)
    assert found.error == pytest.approx(1 / found.asked)
    nothing = outlook(outcomes[:50], 0.05)
    assert (nothing.judged, nothing.rate, nothing.error) == (0, None, None)


@pytest.mark.parametrize("budget", [0.02, 0.05, 0.1])
@pytest.mark.parametrize("seed", range(3))
def test_the_budget_is_kept_in_windows_to_come(budget, seed):
    """Calibrated suggestions in time order, of people who forget all at once: of any 300 choices few are wrong."""
    chance = random.Random(seed)
    outcomes = [(p := chance.betavariate(40, 1), chance.random() < p) for _ in range(3000)]
    outcomes += [(p := chance.betavariate(40, 1), chance.random() < p - 0.1) for _ in range(1000)]
    said = asked_by_itself(outcomes, budget)
    right = [was for (_p, was), asked in zip(outcomes, said, strict=True) if asked]
    windows = [right[start : start + WINDOW] for start in range(len(right) - WINDOW + 1)]
    kept = sum(window.count(False) <= budget * WINDOW for window in windows)
    assert windows
    assert kept / len(windows) >= KEPT


def test_a_share_of_few_is_not_told_and_of_many_is_narrow():
    assert Share(9, 9).value is None
    assert Share(5, 10).value == 0.5
    assert Share().interval == (0.0, 1.0)
    low, high = Share(50, 100).interval
    assert (round(low, 3), round(high, 3)) == (0.404, 0.596)
    assert Share(1, 2) + Share(3, 10) == Share(4, 12)
