"""What a frequency is worth in a field of some length: the saturating part of BM25, worked out once per code. Pure."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from helpdesk.search.postings import Codes, Postings
from helpdesk.search.top import Sums

_USUAL = 16
"""Frequencies below this have a small table that stays in the processor's cache; few words are repeated more often."""


class Curve:
    """tf · (k1 + 1) / (tf + k1 · (1 - b + b · length / average)) for one field."""

    def __init__(self, b: float, k1: float, average: float, byte_lengths: NDArray[np.float64]) -> None:
        """`byte_lengths` says what each length byte stands for."""
        self.top = k1 + 1
        self.norms = k1 * (1 - b + b * np.maximum(byte_lengths, 1) / average)
        self._usual = self._tabulated(_USUAL)
        self._whole: Sums | None = None

    def table(self, highest: int) -> Sums:
        """Values by code, for codes whose frequency is at most `highest`."""
        if highest < _USUAL:
            return self._usual
        if self._whole is None:
            self._whole = self._tabulated(256)
        return self._whole

    def rough(self, postings: Postings) -> Sums:
        """The values of all postings, in 32 bits."""
        if postings.weights is None:
            return self.table(postings.highest).take(postings.codes)
        return self._of(postings.weights.astype(np.float64), postings.codes).astype(np.float32)

    def exact(self, postings: Postings, at: NDArray[np.intp]) -> NDArray[np.float64]:
        """The values of the postings at some positions, in 64 bits."""
        codes = postings.codes[at]
        if postings.weights is None:
            return self.of_codes(codes)
        return self._of(postings.weights[at].astype(np.float64), codes)

    def of_codes(self, codes: Codes) -> NDArray[np.float64]:
        return self._of((codes >> 8).astype(np.float64), codes)

    def _of(self, weights: NDArray[np.float64], codes: Codes) -> NDArray[np.float64]:
        values: NDArray[np.float64] = weights * self.top / (weights + self.norms[codes & 255])
        return values

    def _tabulated(self, frequencies: int) -> Sums:
        return self.of_codes(np.arange(256 * frequencies, dtype=np.uint16)).astype(np.float32)


def on_curves(curves: Sequence[Curve], which: NDArray[np.intp], codes: Codes) -> NDArray[np.float64]:
    """The value of each code on the curve that has the number beside it, in 64 bits. All have the same k1."""
    frequencies = (codes >> 8).astype(np.float64)
    norms = np.array([curve.norms for curve in curves])[which, codes & 255]
    values: NDArray[np.float64] = frequencies * curves[0].top / (frequencies + norms)
    return values
