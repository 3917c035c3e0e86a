"""The best of many sums: exactly those that sorting would give, found in few of them."""

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.search.top import BLOCK, NEAR, best, candidates, slots_of_this_thread, sums_of_this_thread, whole_blocks


def sorted_best(sums, limit):
    places = sorted(np.flatnonzero(sums > 0).tolist(), key=lambda place: (-sums[place], place))
    return places[:limit]


@settings(deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 6), st.integers(1, 600), st.sampled_from([2, 50, 100_000]))
def test_the_best_are_those_that_sorting_gives(seed, blocks, limit, different):
    generator = np.random.default_rng(seed)
    sums = generator.integers(0, different, blocks * BLOCK).astype(np.float32)
    sums[generator.random(len(sums)) < generator.random()] = 0
    assert best(sums, [(0, len(sums))], limit).tolist() == sorted_best(sums, limit)


def test_only_the_given_ranges_count():
    sums = np.ones(4 * BLOCK, np.float32)
    sums[BLOCK] = 5
    sums[2 * BLOCK] = 9  # left from another question
    found = best(sums, [(0, 2 * BLOCK), (3 * BLOCK, 4 * BLOCK)], 3)
    assert found.tolist() == [BLOCK, 0, 1]
    assert best(sums, [], 3).tolist() == []
    assert best(sums, [(0, BLOCK)], 0).tolist() == []


@pytest.mark.parametrize("blocks", [10, 11, 40])
def test_few_candidates_are_looked_at_also_when_there_are_as_many_blocks_as_results(blocks):
    """With `>` for `>=` in one place every sum above 0 was a candidate, and each question ten times slower."""
    generator = np.random.default_rng(1)
    sums = generator.random(blocks * BLOCK).astype(np.float32)
    places, values = candidates(sums, [(0, len(sums))], 10)
    assert 10 <= len(places) < len(sums) / 10
    assert values.tolist() == sums[places].tolist()


def test_as_many_candidates_as_results_are_all_of_them():
    sums = np.zeros(BLOCK, np.float32)
    sums[[3, 9, 200]] = [1, 3, 2]
    assert best(sums, [(0, BLOCK)], 3).tolist() == [9, 200, 3]
    assert best(sums, [(0, BLOCK)], 4).tolist() == [9, 200, 3]
    assert best(sums, [(0, BLOCK)], 2).tolist() == [9, 200]


def test_every_thread_has_sums_of_its_own_that_grow():
    own = sums_of_this_thread(10)
    assert sums_of_this_thread(10) is own
    assert len(own) % BLOCK == 0
    assert len(sums_of_this_thread(100_000)) >= 100_000
    others = []
    thread = threading.Thread(target=lambda: others.append(sums_of_this_thread(10)))
    thread.start()
    thread.join()
    assert not np.shares_memory(others[0], sums_of_this_thread(10))


def test_ranges_grow_to_whole_blocks_and_near_ones_become_one():
    assert whole_blocks([]) == []
    assert whole_blocks([(BLOCK + 1, BLOCK + 2)]) == [(BLOCK, 2 * BLOCK)]
    assert whole_blocks([(0, 1), (BLOCK, 2 * BLOCK), (2 * BLOCK + NEAR, 2 * BLOCK + NEAR + 1)]) == [
        (0, 3 * BLOCK + NEAR)
    ]
    assert whole_blocks([(5, 6), (NEAR + 3 * BLOCK, NEAR + 3 * BLOCK + 1)]) == [
        (0, BLOCK),
        (NEAR + 3 * BLOCK, NEAR + 4 * BLOCK),
    ]


def test_slots_name_some_places_and_are_empty_again_even_after_a_failure():
    places = np.array([7, 3, 300])
    with slots_of_this_thread(301, places) as slots:
        assert slots[[3, 7, 8, 300]].tolist() == [2, 1, 0, 3]
    with pytest.raises(IndexError), slots_of_this_thread(301, places) as slots:
        slots.take([len(slots)])
    with slots_of_this_thread(1000, places[:1]) as slots:
        assert (np.flatnonzero(slots).tolist(), slots[7]) == ([7], 1)
