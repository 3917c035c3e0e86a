"""Posting lists added up by document, and looked up for a few documents: the inner loop, in whole arrays. Pure.

A call into numpy costs as much as a few hundred postings, so short lists are joined and worked on together.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from helpdesk.search.curves import Curve
from helpdesk.search.postings import Postings
from helpdesk.search.top import Places, Sums

TOGETHER = 16_384
"""Short lists are joined up to this many postings."""
LONG = 4096
"""In a longer list, single documents are found faster one by one."""


class Slice(NamedTuple):
    """The postings of a term in one segment."""

    segment: int
    postings: Postings


class Entry(NamedTuple):
    """A term in one field: what a document gets for it is `factor` · `curve`."""

    row: int
    """Its place among the words asked for."""
    curve: Curve
    factor: float
    slices: Sequence[Slice]


Lists = list[tuple[Entry, Postings]]


def by_segment(entries: Iterable[Entry]) -> Mapping[int, Lists]:
    lists: defaultdict[int, Lists] = defaultdict(list)
    for entry in entries:
        for number, postings in entry.slices:
            lists[number].append((entry, postings))
    return lists


def add(sums: Sums, lists: Lists) -> None:
    """Add to each document of a segment what the terms give it, in the order of the lists."""
    for group in _groups(lists):
        if len(group) == 1:
            entry, postings = group[0]
            given = entry.curve.rough(postings)
            given *= np.float32(entry.factor)
            np.add.at(sums, postings.numbers.astype(np.intp), given)
            continue
        counts = [len(postings.numbers) for _, postings in group]
        numbers = np.concatenate([postings.numbers for _, postings in group]).astype(np.intp)
        codes = np.concatenate([postings.codes for _, postings in group])
        given = group[0][0].curve.table(max(postings.highest for _, postings in group)).take(codes)
        given *= np.repeat(np.array([entry.factor for entry, _ in group], np.float32), counts)
        np.add.at(sums, numbers, given)


def look_up(matrix: NDArray[np.float64], columns: Places, numbers: Places, size: int, lists: Lists) -> None:
    """Add what each term gives to the documents `numbers` of one segment of `size` documents.

    A term has its row in `matrix`, and each document its column, named in `columns`.
    """
    wanted = numbers.astype(np.uint32)  # as in the postings: another type would copy each list
    slots = np.zeros(size, np.uint16)
    slots[numbers] = columns + 1
    for group in _groups(lists):
        if len(group) == 1 and (len(group[0][1].numbers) > LONG or group[0][1].weights is not None):
            _look_up_one(matrix, columns, wanted, *group[0])
        else:
            _look_up_some(matrix, slots, group)


def _look_up_one(
    matrix: NDArray[np.float64], columns: Places, wanted: NDArray[np.uint32], entry: Entry, postings: Postings
) -> None:
    at = np.minimum(np.searchsorted(postings.numbers, wanted), len(postings.numbers) - 1)
    hit = np.flatnonzero(postings.numbers[at] == wanted)
    matrix[entry.row, columns[hit]] += entry.factor * entry.curve.exact(postings, at[hit])


def _look_up_some(matrix: NDArray[np.float64], slots: NDArray[np.uint16], group: Lists) -> None:
    found = slots.take(np.concatenate([postings.numbers for _, postings in group]))
    hit = np.flatnonzero(found)
    if not len(hit):
        return
    ends = np.cumsum([len(postings.numbers) for _, postings in group])
    entries = np.searchsorted(ends, hit, side="right")
    rows = np.array([entry.row for entry, _ in group])[entries]
    factors = np.array([entry.factor for entry, _ in group])[entries]
    codes = np.concatenate([postings.codes for _, postings in group])[hit]
    cells = rows * matrix.shape[1] + (found[hit].astype(np.intp) - 1)
    np.add.at(matrix.reshape(-1), cells, factors * group[0][0].curve.of_codes(codes))


def _groups(lists: Lists) -> Iterator[Lists]:
    """Lists of the same curve joined while they are short; long ones, and those with weights, alone."""
    group: Lists = []
    length = 0
    for entry, postings in lists:
        count = len(postings.numbers)
        alone = postings.weights is not None
        if group and (alone or length + count > TOGETHER or entry.curve is not group[0][0].curve):
            yield group
            group, length = [], 0
        group.append((entry, postings))
        length += count
        if alone:
            yield group
            group, length = [], 0
    if group:
        yield group
