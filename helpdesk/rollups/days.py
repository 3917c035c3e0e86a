"""Times packed and unpacked, and what many of them come to. Pure."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

_STORED = np.dtype("<u4")
LONGEST = 2**32 - 1

Times = NDArray[np.uint32]
"""Seconds of working time."""


def packed(times: Iterable[int]) -> bytes:
    """Numbers from 0 to `LONGEST` (136 years in seconds); larger ones are held there."""
    return np.fromiter((min(max(time, 0), LONGEST) for time in times), dtype=_STORED).tobytes()


def unpacked(parts: Iterable[bytes]) -> Times:
    """The numbers of all parts, one after the other."""
    return np.frombuffer(b"".join(parts), dtype=_STORED)


def quantile(times: Times, share: float) -> float | None:
    """The time within which `share` of them lie, in seconds; between two of them in proportion (Hyndman and Fan 1996,
    "Sample quantiles", definition 7). None of nothing."""
    return float(np.quantile(times, share)) if len(times) else None
