"""What terms give to documents, added up by place, and looked up for a few places: the inner loop, in whole arrays. Pure.

A call into numpy costs as much as a few hundred postings. So the short lists of a term, from all segments and fields,
are turned once into places and gains, and those of all terms of a question are added in one call. Long lists are used
where they are in the file.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from helpdesk.search.curves import Curve
from helpdesk.search.postings import Postings
from helpdesk.search.top import Places, Sums, slots_of_this_thread

SHORT = 4096
"""Postings up to which a list is copied."""


class Slice(NamedTuple):
    """The postings of a term in one segment, whose documents begin at place `start`."""

    start: int
    postings: Postings


class Short(NamedTuple):
    """What a term gives, by place; a place may come more than once."""

    places: NDArray[np.uint32]
    gains: Sums


class Long(NamedTuple):
    """A posting list in place: what a document gets for it is `factor` · `curve`."""

    curve: Curve
    factor: float
    start: int
    postings: Postings


class Weighed(NamedTuple):
    """A term of a question: its number, its share of the score, and its lists."""

    row: int
    share: float
    short: Sequence[Short]
    long: Sequence[Long]


class Joined(NamedTuple):
    """What some terms give."""

    places: Places
    gains: Sums
    """At each of the places, from all short lists together."""
    rows: Places
    """Of which term each is."""
    long: Sequence[tuple[int, float, Long]]
    """Term, share and list."""


def is_short(postings: Postings) -> bool:
    return len(postings.numbers) <= SHORT and postings.weights is None


def shortened(curve: Curve, terms: Sequence[tuple[float, Sequence[Slice]]]) -> list[Short]:
    """The short lists of several terms in one field, each with its factor."""
    slices = [one for _, found in terms for one in found]
    if not slices:
        return [_NOTHING for _ in terms]
    counts = [len(one.postings.numbers) for one in slices]
    places = np.concatenate([one.postings.numbers for one in slices])
    places += np.repeat(np.array([one.start for one in slices], np.uint32), counts)
    codes = np.concatenate([one.postings.codes for one in slices])
    gains = curve.table(max([one.postings.highest for one in slices])).take(codes)
    sizes = [sum([len(one.postings.numbers) for one in found]) for _, found in terms]
    gains *= np.repeat(np.array([factor for factor, _ in terms], np.float32), sizes)
    cut = []
    start = 0
    for size in sizes:
        cut.append(Short(places[start : start + size], gains[start : start + size]))
        start += size
    return cut


_NOTHING = Short(np.empty(0, np.uint32), np.empty(0, np.float32))


def join(terms: Sequence[Weighed]) -> Joined:
    """All lists of some terms."""
    long = [(row, share, one) for row, share, _, listed in terms for one in listed]
    lists = [(row, share, len(one.places), one) for row, share, listed, _ in terms for one in listed]
    if not lists:
        return Joined(np.empty(0, np.intp), _NOTHING.gains, np.empty(0, np.intp), long)
    rows, shares, counts, short = zip(*lists, strict=True)
    places, gains = map(np.concatenate, zip(*short, strict=True))
    if min(shares) != 1 or max(shares) != 1:
        gains *= np.repeat(np.array(shares, np.float32), counts)
    return Joined(places.astype(np.intp), gains, np.repeat(np.array(rows, np.intp), counts), long)


def add(sums: Sums, joined: Joined) -> None:
    """Add to the sum at each place what the terms give to the document there."""
    np.add.at(sums, joined.places, joined.gains)
    for _, share, (curve, factor, start, postings) in joined.long:
        given = curve.rough(postings)
        given *= np.float32(share * factor)
        np.add.at(sums[start:], postings.numbers.astype(np.intp), given)


def look_up(matrix: NDArray[np.float64], places: Places, size: int, joined: Joined) -> None:
    """Add what each term gives to the documents at some of `size` places; a term has its row, a place its column."""
    with slots_of_this_thread(size, places) as slots:
        columns = slots.take(joined.places)
    hit = np.flatnonzero(columns)
    cells = joined.rows[hit] * matrix.shape[1] + (columns[hit].astype(np.intp) - 1)
    np.add.at(matrix.reshape(-1), cells, joined.gains[hit].astype(np.float64))
    for row, share, (curve, factor, start, postings) in joined.long:
        own = np.flatnonzero((places >= start) & (places <= start + postings.last))
        if len(own):
            wanted = (places[own] - start).astype(np.uint32)  # as in the postings: another type would copy each list
            at = np.searchsorted(postings.numbers, wanted)
            hit = np.flatnonzero(postings.numbers[at] == wanted)
            matrix[row, own[hit]] += share * factor * curve.exact(postings, at[hit])
