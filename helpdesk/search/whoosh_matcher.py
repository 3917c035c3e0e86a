"""A posting list as Whoosh walks along it, for its own queries: phrases, prefixes, all of some words."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from whoosh.matching import LeafMatcher, ReadTooFar
from whoosh.util.numeric import byte_to_length

from helpdesk.search.postings import Postings

_BLOCK = 128
"""Postings that a matcher turns into Python numbers at once."""


class ArrayMatcher(LeafMatcher):
    """Walks along one posting list."""

    def __init__(self, postings: Postings, format_: Any, term: Any = None, scorer: Any = None) -> None:
        self.format = format_
        self.scorer = scorer
        self._term = term
        self._postings = postings
        self._count = len(postings.numbers)
        self._at = 0
        self._block = -1
        self._numbers: list[int] = []
        self._weights: list[float] = []
        self._values: list[bytes] | None = None

    def copy(self) -> "ArrayMatcher":
        copied = ArrayMatcher(self._postings, self.format, self._term, self.scorer)
        copied._at = self._at
        return copied

    def is_active(self) -> bool:
        return self._at < self._count

    def reset(self) -> None:
        self._at = 0

    def id(self) -> int:
        at = self._in_block()
        return self._numbers[at]

    def weight(self) -> float:
        at = self._in_block()
        return self._weights[at]

    def value(self) -> bytes | None:
        if self._postings.values is None:
            return None
        if self._values is None:
            self._values = self._postings.values.all()
        return self._values[self._at]

    def all_ids(self) -> Iterator[int]:
        return iter(self._postings.numbers[self._at :].tolist())

    def next(self) -> bool:
        """True when the next posting opens another block."""
        if not self.is_active():
            raise ReadTooFar
        self._at += 1
        return self._at % _BLOCK == 0

    def skip_to(self, target: int) -> None:
        if not self.is_active():
            raise ReadTooFar
        if target > self.id():
            self._at += int(np.searchsorted(self._postings.numbers[self._at :], np.uint32(target)))

    def skip_to_quality(self, minquality: float) -> int:
        skipped = 0
        while self.is_active() and self.block_quality() <= minquality:
            self._at = (self._at // _BLOCK + 1) * _BLOCK
            skipped += 1
        return skipped

    def block_min_id(self) -> int:
        self._in_block()
        return self._numbers[0]

    def block_max_id(self) -> int:
        self._in_block()
        return self._numbers[-1]

    def block_min_length(self) -> int:
        return int(byte_to_length(int((self._block_codes() & 255).min())))

    def block_max_length(self) -> int:
        return int(byte_to_length(int((self._block_codes() & 255).max())))

    def block_max_weight(self) -> float:
        self._in_block()
        return max(self._weights)

    def _in_block(self) -> int:
        """The position within the block, which is read first if it is another one."""
        block = self._at // _BLOCK
        if block != self._block:
            self._block = block
            part = slice(block * _BLOCK, (block + 1) * _BLOCK)
            weights = self._postings.weights
            self._numbers = self._postings.numbers[part].tolist()
            self._weights = (self._postings.codes[part] >> 8 if weights is None else weights[part]).tolist()
        return self._at % _BLOCK

    def _block_codes(self) -> NDArray[np.uint16]:
        start = self._at // _BLOCK * _BLOCK
        return self._postings.codes[start : start + _BLOCK]
