"""Posting lists as bytes: what is packed comes back, from any offset, and what is torn is said to be."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.search.postings import ALIGNMENT, TornPostings, pack, unpack

WHOLE = st.integers(1, 255).map(float)
FRACTIONS = st.floats(0.015625, 1e6, width=32)


@st.composite
def lists(draw):
    numbers = sorted(draw(st.sets(st.integers(0, 2**32 - 1), min_size=1, max_size=40)))
    count = len(numbers)
    weights = draw(st.lists(draw(st.sampled_from([WHOLE, FRACTIONS])), min_size=count, max_size=count))
    lengths = draw(st.lists(st.integers(0, 255), min_size=count, max_size=count))
    values = draw(st.none() | st.lists(st.binary(max_size=300), min_size=count, max_size=count))
    return numbers, weights, lengths, values


def read(buffer, offset):
    found = unpack(buffer, offset)
    weights = (found.codes >> 8).astype(float) if found.weights is None else found.weights
    values = found.values.all() if found.values else None
    assert (found.first, found.last) == (found.numbers[0], found.numbers[-1])
    assert found.highest == max(found.codes >> 8)
    return found.numbers.tolist(), weights.tolist(), (found.codes & 255).tolist(), values


@settings(deadline=None)
@given(lists(), lists())
def test_what_is_packed_comes_back_one_list_after_the_other(first, second):
    packed = pack(*first)
    assert len(packed) % ALIGNMENT == 0
    buffer = packed + pack(*second)
    assert read(buffer, 0) == first
    assert read(buffer, len(packed)) == second


@settings(deadline=None)
@given(lists(), st.data())
def test_a_list_that_was_cut_is_said_to_be_torn(postings, data):
    numbers, _, _, values = postings
    packed = pack(*postings)
    needed = 20 + 6 * len(numbers) + sum(map(len, values or ()))
    with pytest.raises(TornPostings):
        unpack(packed[: data.draw(st.integers(0, needed - 1))], 0)


def test_something_else_is_said_to_be_torn():
    with pytest.raises(TornPostings):
        unpack(bytes(100), 0)
    with pytest.raises(TornPostings):
        unpack(pack([1], [1.0], [1]), 4)
