"""What terms give to documents, added up by place and looked up for a few: the inner loop, in whole arrays. Pure.

A call into numpy costs as much as a few hundred postings. So short lists, of which small segments have many, are turned
into places and gains once, which are kept; longer ones each time, those of all terms together; and the longest are
added one by one. What is kept stays small.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from helpdesk.search.curves import Curve
from helpdesk.search.postings import Postings
from helpdesk.search.top import Places, Sums, slots_of_this_thread

SHORT = 256
"""Postings up to which a copy of a list is kept."""
TOGETHER = 8192
"""Postings up to which lists are joined: beyond, copying costs more than a call."""


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


Weighed = tuple[int, float, Sequence[Short], Sequence[Long]]
"""A term of a question: its number, its share of the score, and its lists."""


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


def shortened(lists: Sequence[tuple[int, float, Long]], terms: int) -> list[Short]:
    """Short lists of one field, ordered by term and named by its number, as one for each of so many terms."""
    if not lists:
        return [_NOTHING] * terms
    places, gains, rows = _made(lists[0][2].curve, lists)
    cuts = np.searchsorted(rows, np.arange(terms + 1)).tolist()
    return [Short(places[start:end], gains[start:end]) for start, end in pairwise(cuts)]


_NOTHING = Short(np.empty(0, np.uint32), np.empty(0, np.float32))


def join(terms: Sequence[Weighed]) -> Joined:
    """All lists of some terms."""
    parts = [_kept(terms)]
    together: dict[Curve, list[tuple[int, float, Long]]] = {}
    alone = []
    for row, share, _, listed in terms:
        for one in listed:
            if len(one.postings.numbers) > TOGETHER or one.postings.weights is not None:
                alone.append((row, share, one))
            else:
                together.setdefault(one.curve, []).append((row, share, one))
    parts += [_made(curve, listed) for curve, listed in together.items()]
    places, gains, rows = map(np.concatenate, zip(*parts, strict=True))
    return Joined(places.astype(np.intp), gains, rows, alone)


def _kept(terms: Sequence[Weighed]) -> tuple[NDArray[np.uint32], Sums, Places]:
    lists = [(row, share, len(one.places), one) for row, share, listed, _ in terms for one in listed]
    if not lists:
        return *_NOTHING, np.empty(0, np.intp)
    rows, shares, counts, short = zip(*lists, strict=True)
    places, gains = map(np.concatenate, zip(*short, strict=True))
    if min(shares) != 1 or max(shares) != 1:
        gains *= np.repeat(np.array(shares, np.float32), counts)
    return places, gains, np.repeat(np.array(rows, np.intp), counts)


def _made(curve: Curve, listed: Sequence[tuple[int, float, Long]]) -> tuple[NDArray[np.uint32], Sums, Places]:
    rows, factors, slices = [], [], []
    for row, share, one in listed:
        rows.append(row)
        factors.append(share * one.factor)
        slices.append(one)
    counts = [len(one.postings.numbers) for one in slices]
    places = np.concatenate([one.postings.numbers for one in slices])
    places += np.repeat(np.array([one.start for one in slices], np.uint32), counts)
    codes = np.concatenate([one.postings.codes for one in slices])
    gains = curve.table(max([one.postings.highest for one in slices])).take(codes)
    gains *= np.repeat(np.array(factors, np.float32), counts)
    return places, gains, np.repeat(np.array(rows, np.intp), counts)


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
