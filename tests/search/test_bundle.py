"""Many posting lists at once are laid out and read as each would be alone, in memory or through runs on the disk."""

import tempfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.search.bundle import Bundle, lay_out, read
from helpdesk.search.pool import Pool
from helpdesk.search.postings import TornPostings, pack, unpack

weights = st.one_of(st.integers(1, 5), st.sampled_from([255, 256, 0.5, 300.25]))
postings = st.tuples(weights, st.integers(0, 255), st.binary(max_size=4) | st.just(b"x" * 300))
lists = st.lists(st.dictionaries(st.integers(0, 500), postings, min_size=1, max_size=20), min_size=1, max_size=12)


def bundle_of(found, valued):
    rows = [(number, *one) for each in found for number, one in sorted(each.items())]
    numbers, frequencies, lengths, values = zip(*rows, strict=True)
    columns = [
        np.array([len(each) for each in found]),
        np.array(numbers, np.uint32),
        np.array(frequencies, np.float32),
        np.array(lengths, np.uint8),
    ]
    if valued:
        columns += [np.array([len(v) for v in values], np.uint32), np.frombuffer(b"".join(values), np.uint8)]
    return Bundle(*columns)


def plain(bundle):
    """The lists as tuples, to be compared."""
    sizes = bundle.sizes if bundle.sizes is not None else np.zeros(len(bundle.numbers), int)
    content = bytes(bundle.content) if bundle.content is not None else b""
    ends = np.cumsum(sizes).tolist()
    values = [content[end - size : end] for end, size in zip(ends, sizes.tolist(), strict=True)]
    rows = zip(bundle.numbers.tolist(), bundle.weights.tolist(), bundle.lengths.tolist(), values, strict=True)
    found = list(rows)
    cuts = [0, *np.cumsum(bundle.counts).tolist()]
    return [found[a:b] for a, b in pairwise(cuts)]


@settings(deadline=None)
@given(lists, st.booleans())
def test_lists_are_laid_out_and_read_as_each_alone(found, valued):
    bundle = bundle_of(found, valued)
    content, offsets, lengths = lay_out(bundle)
    for each, offset, length in zip(found, offsets.tolist(), lengths.tolist(), strict=True):
        numbers = sorted(each)
        values = [each[number][2] for number in numbers] if valued else None
        alone = pack(numbers, [each[n][0] for n in numbers], [each[n][1] for n in numbers], values)
        assert content[offset : offset + length] == alone
        assert unpack(content, offset).numbers.tolist() == numbers
    order, again = read(content, offsets, valued)
    expected = plain(bundle)
    assert plain(again) == [expected[position] for position in order.tolist()]


@settings(deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from("abcdefgh"), postings, max_size=8), max_size=20), st.booleans())
def test_a_pool_that_goes_to_the_disk_holds_what_one_in_memory_holds(documents, valued):
    held = []
    with tempfile.TemporaryDirectory(prefix="relais-") as folder:
        for limit in (10_000_000, 60):
            pool = Pool(Path(folder), limit, valued)
            for number, terms in enumerate(documents):
                found = {term.encode(): one[0] for term, one in terms.items()}
                pool.add("field", number, number % 200, found, [one[2] for one in terms.values()])
            pieces = [
                (pool.terms[term], postings)
                for terms, bundle in pool.bundles()
                for term, postings in zip(terms.tolist(), plain(bundle), strict=True)
            ]
            held.append(dict(pieces))
            assert len(held[-1]) == len(pieces)  # no term in two pieces
            pool.cleanup()
        assert list(Path(folder).iterdir()) == []
    assert held[0] == held[1]
    numbers = {term: [number for number, *_ in rows] for (_, term), rows in held[0].items()}
    for term in {term for terms in documents for term in terms}:
        assert numbers[term.encode()] == [number for number, terms in enumerate(documents) if term in terms]


def test_lists_that_are_cut_short_or_overwritten_are_torn():
    content, offsets, _ = lay_out(bundle_of([{1: (1, 1, b"")}, {2: (1, 1, b"")}], False))
    with pytest.raises(TornPostings):
        read(content[: offsets[1]], offsets, False)
    with pytest.raises(TornPostings):
        read(bytes(len(content)), offsets, False)
