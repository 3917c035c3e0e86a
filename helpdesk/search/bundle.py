"""The posting lists of many terms at once, in columns: laid out for a file, and read from one. Pure.

A segment has as many short lists as it has terms: what is done for each in Python costs more than the lists. Here each
step is one call for all of them. The lists themselves are as `postings` describes.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from helpdesk.search.postings import ALIGNMENT, HEADER, MAGIC, VALUED, Numbers, TornPostings, Weights, pack, unpack

Bytes = NDArray[np.uint8]
Counts = NDArray[np.intp]

_HEAD = HEADER.size // 4
"""Words of 32 bits before the numbers."""
_HEADERS = np.dtype([("magic", "S4"), ("count", "<u4"), ("flags", "u1"), ("highest", "u1"), ("free", "<u2"),
                     ("first", "<u4"), ("last", "<u4")])  # fmt: skip


class Bundle(NamedTuple):
    """Posting lists of at least one posting each, of fields that either all or none carry values."""

    counts: Counts
    """Of each list, how many postings; all that follows holds one entry a posting."""
    numbers: Numbers
    weights: Weights
    lengths: Bytes
    sizes: Numbers | None = None
    """How long the value of each posting is; None where postings carry none."""
    content: Bytes | None = None
    """All values, one after the other."""

    @property
    def starts(self) -> Counts:
        """Where each list begins."""
        return np.concatenate([[0], np.cumsum(self.counts)[:-1]]).astype(np.intp)

    def picked(self, lists: NDArray[np.bool_]) -> "Bundle":
        """Some of the lists."""
        return self.filtered(np.repeat(lists, self.counts), self.counts[lists])

    def filtered(self, postings: NDArray[np.bool_], counts: Counts) -> "Bundle":
        """Some of the postings; `counts` says how many remain in each list, of which none may be empty."""
        sizes, content = self.sizes, self.content
        if sizes is not None and content is not None:
            content, sizes = content[np.repeat(postings, sizes)], sizes[postings]
        return Bundle(counts, self.numbers[postings], self.weights[postings], self.lengths[postings], sizes, content)


def spans(starts: Counts, counts: Counts) -> Counts:
    """The places of all the ranges, one range after the other."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    found: Counts = np.arange(total) + np.repeat(starts - (ends - counts), counts)
    return found


def lay_out(bundle: Bundle) -> tuple[bytes, Counts, Counts]:
    """The lists as bytes, and where each begins in them and how long it is."""
    starts = bundle.starts
    weights = bundle.weights
    odd = (weights != np.round(weights)) | (weights < 1) | (weights > 255)
    if bundle.sizes is not None:
        odd |= bundle.sizes > 255
    strange = np.logical_or.reduceat(odd, starts)
    if not strange.any():
        return _laid_out(bundle)
    content, offsets, lengths = b"", np.zeros(len(starts), np.intp), np.zeros(len(starts), np.intp)
    if not strange.all():
        content, offsets[~strange], lengths[~strange] = _laid_out(bundle.picked(~strange))
    parts = [content]
    end = len(content)
    for number in np.flatnonzero(strange).tolist():
        parts.append(_packed(bundle, starts[number], starts[number] + bundle.counts[number]))
        offsets[number], lengths[number] = end, len(parts[-1])
        end += len(parts[-1])
    return b"".join(parts), offsets, lengths


def _packed(bundle: Bundle, start: int, end: int) -> bytes:
    """One list that is not like the others: with weights that aren't small whole numbers, or long values."""
    values = None
    if bundle.sizes is not None and bundle.content is not None:
        first = int(bundle.sizes[:start].sum(dtype=np.int64))
        cuts = first + np.cumsum(bundle.sizes[start:end], dtype=np.int64)
        values = [bytes(bundle.content[a:b]) for a, b in zip([first, *cuts.tolist()], cuts.tolist(), strict=False)]
    own = slice(start, end)
    return pack(bundle.numbers[own].tolist(), bundle.weights[own].tolist(), bundle.lengths[own].tolist(), values)


def _laid_out(bundle: Bundle) -> tuple[bytes, Counts, Counts]:
    counts, starts = bundle.counts, bundle.starts
    at_codes = 4 * (_HEAD + counts)
    at_sizes = at_codes + _up(2 * counts, 4)
    ends, held = at_sizes, np.zeros(0, np.intp)
    if bundle.sizes is not None:
        held = np.add.reduceat(bundle.sizes.astype(np.intp), starts)
        ends = at_sizes + _up(counts, 4) + held
    lengths = _up(ends, ALIGNMENT)
    offsets = np.cumsum(lengths) - lengths
    out = np.zeros(int(lengths.sum()), np.uint8)
    words, halves = out.view("<u4"), out.view("<u2")
    words[(offsets // 4)[:, None] + np.arange(_HEAD)] = _headers(bundle, starts).view("<u4").reshape(-1, _HEAD)
    words[spans(offsets // 4 + _HEAD, counts)] = bundle.numbers
    halves[spans((offsets + at_codes) // 2, counts)] = bundle.weights.astype(np.uint16) << 8 | bundle.lengths
    if bundle.sizes is not None and bundle.content is not None:
        out[spans(offsets + at_sizes, counts)] = bundle.sizes
        out[spans(offsets + at_sizes + _up(counts, 4), held)] = bundle.content
    return out.tobytes(), offsets, lengths


def _headers(bundle: Bundle, starts: Counts) -> NDArray[np.void]:
    headers = np.zeros(len(starts), _HEADERS)
    headers["magic"], headers["count"] = MAGIC, bundle.counts
    headers["flags"] = 0 if bundle.sizes is None else VALUED
    headers["highest"] = np.maximum.reduceat(bundle.weights, starts)
    headers["first"], headers["last"] = bundle.numbers[starts], bundle.numbers[starts + bundle.counts - 1]
    return headers


def read(buffer: Any, offsets: Counts, valued: bool) -> tuple[Counts, Bundle]:
    """The lists at some offsets of a file, which all carry values or none; not in their order: with the positions in
    `offsets` of those that are read. Raises TornPostings."""
    words = np.frombuffer(buffer, "<u4", len(buffer) // 4)
    try:
        headers = words[(offsets // 4)[:, None] + np.arange(_HEAD)].view(_HEADERS).reshape(-1)
    except IndexError as error:
        raise TornPostings("posting lists are cut short") from error
    if (headers["magic"] != MAGIC).any() or not headers["count"].all():
        raise TornPostings("no posting lists where the dictionary says")
    alike = headers["flags"] == (VALUED if valued else 0)
    usual, others = np.flatnonzero(alike), np.flatnonzero(~alike)
    parts = [_read_usual(buffer, offsets[usual], headers["count"][usual].astype(np.intp), valued)]
    parts += [_read_other(buffer, offset, valued) for offset in offsets[others].tolist()]
    return np.concatenate([usual, others]), joined(parts)


def _read_usual(buffer: Any, offsets: Counts, counts: Counts, valued: bool) -> Bundle:
    at_codes = offsets + 4 * (_HEAD + counts)
    at_sizes = at_codes + _up(2 * counts, 4)
    numbers = np.frombuffer(buffer, "<u4", len(buffer) // 4)[spans(offsets // 4 + _HEAD, counts)]
    codes = np.frombuffer(buffer, "<u2", len(buffer) // 2)[spans(at_codes // 2, counts)]
    sizes = content = None
    if valued:
        octets = np.frombuffer(buffer, np.uint8)
        sizes = octets[spans(at_sizes, counts)].astype(np.uint32)
        held = np.add.reduceat(sizes.astype(np.intp), np.cumsum(counts) - counts) if len(counts) else counts
        content = octets[spans(at_sizes + _up(counts, 4), held)]
    return Bundle(counts, numbers, (codes >> 8).astype(np.float32), (codes & 255).astype(np.uint8), sizes, content)


def _read_other(buffer: Any, offset: int, valued: bool) -> Bundle:
    found = unpack(buffer, offset)
    weights = found.codes >> 8 if found.weights is None else found.weights
    sizes = content = None
    if valued and found.values is not None:
        sizes, content = found.values.sizes.astype(np.uint32), np.frombuffer(found.values.content, np.uint8)
    counts = np.array([len(found.numbers)])
    return Bundle(
        counts, found.numbers, weights.astype(np.float32), (found.codes & 255).astype(np.uint8), sizes, content
    )


def joined(parts: Sequence[Bundle]) -> Bundle:
    """The lists of all parts, one part after the other."""
    if len(parts) == 1:
        return parts[0]
    columns = [None if columns[0] is None else np.concatenate(columns) for columns in zip(*parts, strict=True)]
    return Bundle(*columns)  # type: ignore[arg-type]


def _up(sizes: Counts, step: int) -> Counts:
    return -(-sizes // step) * step
