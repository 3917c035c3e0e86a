"""What terms give to documents, added up by place and looked up for a few: the inner loop, in whole arrays. Pure.

A call into numpy costs as much as a few hundred postings. So short lists, of which small segments have many, are turned
into places and gains once, which are kept, and those of all terms are added together; longer ones are added one by one
from where they lie in the file. What is kept stays small.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from helpdesk.search.curves import Curve, on_curves
from helpdesk.search.postings import Postings
from helpdesk.search.top import Places, Sums, slots_of_this_thread

SHORT, SHORT_OF_FEW = 256, 1024
"""Postings up to which a copy of a list is kept; and where there are not more documents than that."""


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


def is_short(postings: Postings, size: int) -> bool:
    """Whether a list is short, among so many documents."""
    most = SHORT_OF_FEW if size <= SHORT_OF_FEW else SHORT
    return len(postings.numbers) <= most and postings.weights is None


def shortened(lists: Sequence[tuple[int, Long]], terms: int) -> list[Short]:
    """Short lists of one field, ordered by term and named by its number, as one for each of so many terms."""
    if not lists:
        return [_NOTHING] * terms
    places, gains, rows = _made(lists)
    cuts = np.searchsorted(rows, np.arange(terms + 1)).tolist()
    return [Short(places[start:end], gains[start:end]) for start, end in pairwise(cuts)]


_NOTHING = Short(np.empty(0, np.uint32), np.empty(0, np.float32))


def join(terms: Sequence[Weighed]) -> Joined:
    """All lists of some terms."""
    long = [(row, share, one) for row, share, _, listed in terms for one in listed]
    lists = [(row, share, len(one.places), one) for row, share, listed, _ in terms for one in listed]
    if not lists:
        return Joined(np.empty(0, np.intp), np.empty(0, np.float32), np.empty(0, np.intp), long)
    rows, shares, counts, short = zip(*lists, strict=True)
    places, gains = map(np.concatenate, zip(*short, strict=True))
    if min(shares) != 1 or max(shares) != 1:
        gains *= np.repeat(np.array(shares, np.float32), counts)
    return Joined(places.astype(np.intp), gains, np.repeat(np.array(rows, np.intp), counts), long)


def _made(lists: Sequence[tuple[int, Long]]) -> tuple[NDArray[np.uint32], Sums, Places]:
    """Places, gains, and the number of the term, of all postings of some lists of one field."""
    rows, listed = zip(*lists, strict=True)
    counts = [len(one.postings.numbers) for one in listed]
    places = np.concatenate([one.postings.numbers for one in listed])
    places += np.repeat(np.array([one.start for one in listed], np.uint32), counts)
    codes = np.concatenate([one.postings.codes for one in listed])
    gains = listed[0].curve.table(max([one.postings.highest for one in listed])).take(codes)
    gains *= np.repeat(np.array([one.factor for one in listed], np.float32), counts)
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
        if postings.weights is not None:
            wanted = _numbers(places, start)
            at = postings.numbers.searchsorted(wanted)
            hit = np.flatnonzero(postings.numbers.take(at, mode="clip") == wanted)
            matrix[row, hit] += share * factor * curve.exact(postings, at[hit])
    plain = [one for one in joined.long if one[2].postings.weights is None]
    if plain and len(places):
        _look_into(matrix, places, plain)


def _look_into(matrix: NDArray[np.float64], places: Places, lists: Sequence[tuple[int, float, Long]]) -> None:
    """The same for lists in place: one search in each, and what was found worked out for all together."""
    rows, shares, long = zip(*lists, strict=True)
    order = np.argsort(places)  # what is in order is found faster
    wanted = {start: _numbers(places[order], start) for start in {one.start for one in long}}
    found = np.empty((len(long), len(places)), np.uint32)
    codes = np.empty(found.shape, np.uint16)
    for line, (_, _, start, postings) in enumerate(long):
        at = postings.numbers.searchsorted(wanted[start])
        postings.numbers.take(at, mode="clip", out=found[line])
        postings.codes.take(at, mode="clip", out=codes[line])
    lines, columns = np.nonzero(found == np.array([wanted[one.start] for one in long]))
    curves = {curve: number for number, curve in enumerate({one.curve for one in long})}
    which = np.array([curves[one.curve] for one in long])[lines]
    gains = on_curves(list(curves), which, codes[lines, columns])
    gains *= np.array([share * one.factor for share, one in zip(shares, long, strict=True)])[lines]
    np.add.at(matrix, (np.array(rows)[lines], order[columns]), gains)


def _numbers(places: Places, start: int) -> NDArray[np.uint32]:
    """Places as numbers of a segment that begins at `start`, in the type that posting lists have: for another one numpy
    would copy each list. Places before it become numbers that are too high for any."""
    return (places - start).astype(np.uint32)
