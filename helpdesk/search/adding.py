"""Posting lists added up by document, and looked up for a few documents: the inner loop, in whole arrays. Pure.

A call into numpy costs as much as a few hundred postings, so short lists are joined and worked on together.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from helpdesk.search.curves import Curve
from helpdesk.search.postings import Codes, Numbers, Postings
from helpdesk.search.top import Places, Sums

TOGETHER = 16_384
"""Short lists are joined up to this many postings."""
LONG = 4096
"""In a longer list, single documents are found faster one by one."""


class Slice(NamedTuple):
    """The postings of a term in one segment."""

    segment: int
    postings: Postings


class Part(NamedTuple):
    """A term in one field: what a document gets for it is `factor` · `curve`."""

    curve: Curve
    factor: float
    slices: Sequence[Slice]


Listed = list[tuple[int, float, Postings]]
"""Posting lists of one field, each with the row of its term and its factor."""
Lists = dict[Curve, Listed]
"""All posting lists of a question in one segment."""


def add(sums: Sums, lists: Lists) -> None:
    """Add to each document of a segment what the terms give it, in the order of the lists."""
    for curve, listed in lists.items():
        for group in _groups(listed):
            if len(group) == 1:
                _row, factor, postings = group[0]
                given = curve.rough(postings)
                given *= np.float32(factor)
                np.add.at(sums, postings.numbers.astype(np.intp), given)
                continue
            _rows, factors, joined = zip(*group, strict=True)
            given = curve.table(max([postings.highest for postings in joined])).take(_codes(joined))
            given *= np.repeat(np.array(factors, np.float32), [len(postings.numbers) for postings in joined])
            np.add.at(sums, _numbers(joined).astype(np.intp), given)


def look_up(matrix: NDArray[np.float64], columns: Places, numbers: Places, size: int, lists: Lists) -> None:
    """Add what each term gives to the documents `numbers` of one segment of `size` documents.

    A term has its row in `matrix`, and each document its column, named in `columns`.
    """
    wanted = numbers.astype(np.uint32)  # as in the postings: another type would copy each list
    slots = np.zeros(size, np.uint16)
    slots[numbers] = columns + 1
    for curve, listed in lists.items():
        for group in _groups(listed):
            row, factor, postings = group[0]
            if len(group) > 1 or (len(postings.numbers) <= LONG and postings.weights is None):
                _look_up_some(matrix, slots, curve, group)
                continue
            at = np.minimum(np.searchsorted(postings.numbers, wanted), len(postings.numbers) - 1)
            hit = np.flatnonzero(postings.numbers[at] == wanted)
            matrix[row, columns[hit]] += factor * curve.exact(postings, at[hit])


def _look_up_some(matrix: NDArray[np.float64], slots: NDArray[np.uint16], curve: Curve, group: Listed) -> None:
    rows, factors, joined = zip(*group, strict=True)
    found = slots.take(_numbers(joined))
    hit = np.flatnonzero(found)
    if len(hit):
        ends = np.cumsum([len(postings.numbers) for postings in joined])
        lists = np.searchsorted(ends, hit, side="right")
        cells = np.array(rows)[lists] * matrix.shape[1] + (found[hit].astype(np.intp) - 1)
        np.add.at(matrix.reshape(-1), cells, np.array(factors)[lists] * curve.of_codes(_codes(joined)[hit]))


def _numbers(joined: Sequence[Postings]) -> Numbers:
    return np.concatenate([postings.numbers for postings in joined])


def _codes(joined: Sequence[Postings]) -> Codes:
    return np.concatenate([postings.codes for postings in joined])


def _groups(listed: Listed) -> Iterator[Listed]:
    """Lists joined while they are short; long ones, and those with weights, alone."""
    group: Listed = []
    length = 0
    for one in listed:
        postings = one[2]
        count = len(postings.numbers)
        if group and (length + count > TOGETHER or postings.weights is not None):
            yield group
            group, length = [], 0
        group.append(one)
        length += count
        if postings.weights is not None:
            yield group
            group, length = [], 0
    if group:
        yield group
