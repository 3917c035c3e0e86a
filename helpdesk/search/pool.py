"""Postings collected document by document until a segment is written: in memory, and in sorted runs on the disk beyond
a limit.

A posting is an entry in a few arrays, with the number of its term; only the words themselves stay in memory throughout.
Documents come in the order of their numbers, and so do the postings of each term.
"""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from helpdesk.search.bundle import Bundle, joined, spans

POSTING_BYTES = 13
TYPES = {"terms": np.uint32, "numbers": np.uint32, "weights": np.float32, "lengths": np.uint8, "sizes": np.uint32}

Terms = NDArray[np.uint32]


class _Numbered(dict[bytes, int]):
    """Gives every term of a field its number, in the list of all of them."""

    def __init__(self, field: str, listed: list[tuple[str, bytes]]) -> None:
        super().__init__()
        self._field = field
        self._listed = listed

    def __missing__(self, term: bytes) -> int:
        number = self[term] = len(self._listed)
        self._listed.append((self._field, term))
        return number


class _Fields(dict[str, _Numbered]):
    def __init__(self, listed: list[tuple[str, bytes]]) -> None:
        super().__init__()
        self._listed = listed

    def __missing__(self, field: str) -> _Numbered:
        found = self[field] = _Numbered(field, self._listed)
        return found


class _Columns(NamedTuple):
    """Postings as a `Bundle` has them, each with the number of its term."""

    terms: Terms
    bundle: Bundle


class Pool:
    """Collects in memory up to about `limit` bytes; `folder` is for the runs, and must exist then.

    Its fields all keep values with their postings (`valued`), or all none.
    """

    def __init__(self, folder: Path, limit: int, valued: bool = False) -> None:
        self.terms: list[tuple[str, bytes]] = []
        """Field and term, by number. It only grows."""
        self._folder = folder
        self._limit = limit
        self._valued = valued
        self._numbered = _Fields(self.terms)
        self._runs: list[_Run] = []
        self._empty()

    def __len__(self) -> int:
        """Postings that are in memory."""
        return len(self._terms)

    def add(self, field: str, number: int, length: int, found: Mapping[bytes, float], values: Sequence[bytes]) -> None:
        """The terms of one field of a document and their weights; `length` is the field's, as one byte."""
        count = len(found)
        self._terms.extend(map(self._numbered[field].__getitem__, found))
        self._weights.extend(found.values())
        self._numbers.extend((number,) * count)
        self._lengths.extend(bytes((length,)) * count)
        if self._valued:
            self._sizes.extend(map(len, values))
            self._content += b"".join(values)
        self._save_when_full()

    def extend(self, terms: Sequence[tuple[str, bytes]], bundle: Bundle) -> None:
        """Whole posting lists, one for each of the terms."""
        numbered = self._numbered
        numbers = np.array([numbered[field][term] for field, term in terms], np.uint32)
        self._terms.frombytes(np.repeat(numbers, bundle.counts).tobytes())
        self._numbers.frombytes(bundle.numbers.tobytes())
        self._weights.frombytes(bundle.weights.tobytes())
        self._lengths.extend(bundle.lengths.tobytes())
        if bundle.sizes is not None and bundle.content is not None:
            self._sizes.frombytes(bundle.sizes.tobytes())
            self._content += bundle.content.tobytes()
        self._save_when_full()

    def bundles(self) -> Iterator[tuple[Terms, Bundle]]:
        """Everything, in a few pieces: the numbers of terms, and their lists. A term is in one piece only."""
        if not self._runs:
            if self._terms:
                yield _lists(self._sorted())
            return
        self._save()
        counts = sum(run.counts(len(self.terms)) for run in self._runs)
        pieces = np.cumsum(counts) * POSTING_BYTES // max(self._limit // 2, 1)
        for piece in np.unique(pieces).tolist():
            start, end = np.searchsorted(pieces, [piece, piece + 1]).tolist()
            columns = _sorted(_joined([run.between(start, end) for run in self._runs]))
            if len(columns.terms):
                yield _lists(columns)

    def cleanup(self) -> None:
        """Remove the runs."""
        for run in self._runs:
            run.remove()
        self._runs = []

    def _empty(self) -> None:
        self._terms, self._numbers, self._weights = array("I"), array("I"), array("f")
        self._lengths, self._sizes, self._content = bytearray(), array("I"), bytearray()

    def _save_when_full(self) -> None:
        if len(self._terms) * POSTING_BYTES + len(self._sizes) * 4 + len(self._content) > self._limit:
            self._save()

    def _save(self) -> None:
        if self._terms:
            self._runs.append(_Run(self._folder / f"{'v' if self._valued else 'p'}{len(self._runs)}", self._sorted()))
        self._empty()

    def _sorted(self) -> _Columns:
        terms = np.frombuffer(self._terms, np.uint32)
        numbers, weights = np.frombuffer(self._numbers, np.uint32), np.frombuffer(self._weights, np.float32)
        bundle = Bundle(np.ones(len(terms), np.intp), numbers, weights, np.frombuffer(self._lengths, np.uint8))
        if self._valued:
            sizes, content = np.frombuffer(self._sizes, np.uint32), np.frombuffer(self._content, np.uint8)
            bundle = bundle._replace(sizes=sizes, content=content)
        return _sorted(_Columns(terms, bundle))


class _Run:
    """Sorted postings in files."""

    def __init__(self, path: Path, columns: _Columns) -> None:
        terms, bundle = columns
        self._paths = {}
        held: dict[str, NDArray[Any]] = {"terms": terms, "numbers": bundle.numbers}
        held |= {"weights": bundle.weights, "lengths": bundle.lengths}
        if bundle.sizes is not None and bundle.content is not None:
            held |= {"sizes": bundle.sizes, "content": bundle.content}
        for name, column in held.items():
            self._paths[name] = path.with_suffix(f".{name}")
            column.tofile(self._paths[name])

    def counts(self, terms: int) -> NDArray[np.intp]:
        """How many postings each of so many terms has."""
        return np.bincount(self._column("terms"), minlength=terms)

    def between(self, start: int, end: int) -> _Columns:
        """The postings of the terms from `start` up to `end`."""
        terms = self._column("terms")
        own = slice(*np.searchsorted(terms, [start, end]).tolist())
        numbers, weights, lengths = (self._column(name)[own] for name in ("numbers", "weights", "lengths"))
        ones = np.ones(len(numbers), np.intp)
        if "sizes" not in self._paths:
            return _Columns(terms[own], Bundle(ones, numbers, weights, lengths))
        sizes = self._column("sizes")
        first, last = int(sizes[: own.start].sum(dtype=np.int64)), int(sizes[: own.stop].sum(dtype=np.int64))
        content = self._column("content")[first:last]
        return _Columns(terms[own], Bundle(ones, numbers, weights, lengths, sizes[own], content))

    def remove(self) -> None:
        for path in self._paths.values():
            path.unlink(missing_ok=True)

    def _column(self, name: str) -> NDArray[Any]:
        path = self._paths[name]
        kind = TYPES.get(name, np.uint8)
        return np.memmap(path, kind, "r") if path.stat().st_size else np.zeros(0, kind)


def _joined(parts: Sequence[_Columns]) -> _Columns:
    return _Columns(np.concatenate([part.terms for part in parts]), joined([part.bundle for part in parts]))


def _sorted(columns: _Columns) -> _Columns:
    """By term, and those of a term in the order in which they came."""
    terms, bundle = columns
    # Many times faster than a stable sort of the numbers alone.
    ranked = np.sort(terms.astype(np.uint64) << np.uint64(32) | np.arange(len(terms), dtype=np.uint64))
    order = (ranked & np.uint64(0xFFFFFFFF)).astype(np.intp)
    sizes, content = bundle.sizes, bundle.content
    if sizes is not None and content is not None:
        starts = np.cumsum(sizes, dtype=np.intp) - sizes
        content = content[spans(starts[order], sizes[order].astype(np.intp))]
        sizes = sizes[order]
    own = Bundle(bundle.counts, bundle.numbers[order], bundle.weights[order], bundle.lengths[order], sizes, content)
    return _Columns(terms[order], own)


def _lists(columns: _Columns) -> tuple[Terms, Bundle]:
    """Sorted postings as one list for each term."""
    terms, counts = np.unique_counts(columns.terms)
    return terms, columns.bundle._replace(counts=counts.astype(np.intp))
