"""Where the parts of the charts of response times stand, in the units of their drawings; no colour, no word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from helpdesk.rollups.days import Times

MINUTE, HOUR, DAY = 60, 3600, 86_400
STEPS = (
    *(5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE),
    *(HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, 12 * HOUR),
    *(DAY, 2 * DAY, 5 * DAY, 10 * DAY, 20 * DAY, 50 * DAY, 100 * DAY, 200 * DAY, 500 * DAY),
)
"""Distances between lines across that people can read, in seconds."""
MOST_TICKS = 4
CURVE_POINTS = 80
CURVE_HOLDS = 0.98
"""The curve ends where this share of the times does, or a little after the target: the last ones may be far out."""
LABEL = 17.0
"""Between the middles of two labels, so that neither stands in the other."""

Place = tuple[float, float]


@dataclass(frozen=True)
class Frame:
    """A drawing and the room that words need around it."""

    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float

    def along(self, share: float) -> float:
        """The place of `share` (0 to 1) from left to right."""
        return round(self.left + min(1.0, share) * (self.width - self.left - self.right), 1)

    def up(self, share: float) -> float:
        """The place of `share` (0 to 1) from the ground up."""
        return round(self.height - self.bottom - min(1.0, share) * (self.height - self.bottom - self.top), 1)


WEEKLY = Frame(480.0, 216.0, left=54.0, right=112.0, top=14.0, bottom=28.0)
SPREAD = Frame(330.0, 216.0, left=46.0, right=14.0, top=26.0, bottom=28.0)
SPARK = Frame(160.0, 38.0, left=3.0, right=3.0, top=4.0, bottom=4.0)


@dataclass(frozen=True)
class Tick:
    """A line across, or up, and the seconds or the share it stands for."""

    at: float
    value: float


@dataclass(frozen=True)
class Lines:
    """Several values per week over a common scale. A line breaks where a week has no value."""

    paths: Sequence[Sequence[Sequence[Place]]]
    """Per series, its unbroken pieces."""
    ticks: Sequence[Tick]
    across: Sequence[float]
    """Where each week stands."""
    target: float | None
    labels: Sequence[float | None]
    """Per series and then for the target, the height at which its name stands on the right."""

    @property
    def is_drawn(self) -> bool:
        return any(self.paths)


def lines(series: Sequence[Sequence[float | None]], target: float | None) -> Lines:
    """`series`: times in seconds, each as many as there are weeks, oldest first."""
    return _lines(series, target, WEEKLY)


def spark(values: Sequence[float | None], target: float | None) -> Lines:
    """One series without words, for a small picture."""
    return _lines([values], target, SPARK)


def _lines(series: Sequence[Sequence[float | None]], target: float | None, frame: Frame) -> Lines:
    values = [value for each in series for value in each if value is not None]
    step, top = _scale(max([*values, target or 0.0], default=0.0))
    weeks = len(series[0]) if series else 0
    across = [frame.along((week + 0.5) / weeks) for week in range(weeks)]
    paths = [
        _pieces([(x, frame.up(v / top)) if v is not None else None for x, v in zip(across, s, strict=True)])
        for s in series
    ]
    ticks = [Tick(frame.up(value / top), value) for value in np.arange(0, top + step / 2, step).tolist()]
    line = frame.up(target / top) if target is not None else None
    return Lines(paths, ticks, across, line, _apart([*(path[-1][-1][1] if path else None for path in paths), line]))


def _apart(heights: Sequence[float | None]) -> list[float | None]:
    """The heights of labels, moved as little as keeps each from standing in another."""
    placed: list[float | None] = list(heights)
    order = sorted((height, place) for place, height in enumerate(heights) if height is not None)
    for (_, above), (_, below) in pairwise(order):
        upper, lower = placed[above], placed[below]
        assert upper is not None
        assert lower is not None
        placed[below] = max(lower, upper + LABEL)
    return placed


def _pieces(places: Sequence[Place | None]) -> list[list[Place]]:
    pieces: list[list[Place]] = [[]]
    for place in places:
        if place is None:
            pieces.append([])
        else:
            pieces[-1].append(place)
    return [piece for piece in pieces if piece]


def _scale(most: float) -> tuple[float, float]:
    """The distance between lines, and the uppermost line, for values up to `most` seconds."""
    for step in STEPS:
        if most <= step * MOST_TICKS:
            return step, step * max(1, -(-most // step))
    return most or HOUR, most or HOUR


@dataclass(frozen=True)
class Curve:
    """The share of times within each duration."""

    path: Sequence[Place]
    ticks: Sequence[Tick]
    levels: Sequence[Tick]
    target: float | None
    """Where the target stands; the share within it is the reader's business."""
    within_target: float | None
    crossing: float | None
    """The height at which the curve passes the target."""
    is_left: bool
    """Whether there is room for words on the right of the target."""


def curve(times: Times, target: int | None) -> Curve:
    """The cumulative curve of times in seconds; `times` is not empty."""
    longest = float(np.quantile(times, CURVE_HOLDS))
    step, top = _scale(max(longest, (target or 0) * 1.15, 1.0))
    ordered = np.sort(times)
    at = np.linspace(0, top, CURVE_POINTS + 1)
    shares = np.searchsorted(ordered, at, side="right") / len(ordered)
    path = [(SPREAD.along(x / top), SPREAD.up(share)) for x, share in zip(at.tolist(), shares.tolist(), strict=True)]
    ticks = [Tick(SPREAD.along(value / top), value) for value in np.arange(0, top + step / 2, step).tolist()]
    levels = [Tick(SPREAD.up(share), share) for share in (0.0, 0.5, 1.0)]
    if target is None:
        return Curve(path, ticks, levels, None, None, None, True)
    within = float(np.searchsorted(ordered, target, side="right") / len(ordered))
    return Curve(path, ticks, levels, SPREAD.along(target / top), within, SPREAD.up(within), target < top * 0.75)


@dataclass(frozen=True)
class Piece:
    """A part of a bar: from where, how wide, in shares of the bar from 0 to 1."""

    start: float
    width: float


def stacked(values: Sequence[float]) -> Sequence[Piece]:
    """Values one after the other in one bar."""
    total = sum(values) or 1.0
    edges = [0.0, *np.cumsum(values).tolist()]
    return [Piece(start / total, (end - start) / total) for start, end in pairwise(edges)]
