"""Where the parts of the charts of response times stand, in the units of their drawings; no colour, no word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from helpdesk.rollups.days import Times

WIDTH, HEIGHT = 360.0, 170.0
LEFT, RIGHT, TOP, BOTTOM = 52.0, 8.0, 12.0, 26.0
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

Place = tuple[float, float]


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


def lines(series: Sequence[Sequence[float | None]], target: float | None) -> Lines:
    """`series`: times in seconds, each as many as there are weeks, oldest first."""
    values = [value for each in series for value in each if value is not None]
    step, top = _scale(max([*values, target or 0.0], default=0.0))
    weeks = len(series[0]) if series else 0
    pitch = (WIDTH - LEFT - RIGHT) / max(1, weeks)
    across = [round(LEFT + pitch * (week + 0.5), 1) for week in range(weeks)]
    paths = [
        _pieces([(x, _up(v, top)) if v is not None else None for x, v in zip(across, s, strict=True)]) for s in series
    ]
    ticks = [Tick(_up(value, top), value) for value in np.arange(0, top + step / 2, step).tolist()]
    return Lines(paths, ticks, across, _up(target, top) if target is not None else None)


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


def _up(value: float, top: float) -> float:
    return round(HEIGHT - BOTTOM - min(1.0, value / top) * (HEIGHT - BOTTOM - TOP), 1)


@dataclass(frozen=True)
class Curve:
    """The share of times within each duration."""

    path: Sequence[Place]
    ticks: Sequence[Tick]
    target: float | None
    """Where the target stands; the share within it is the reader's business."""
    within_target: float | None


def curve(times: Times, target: int | None) -> Curve:
    """The cumulative curve of times in seconds; `times` is not empty."""
    longest = float(np.quantile(times, CURVE_HOLDS))
    step, top = _scale(max(longest, (target or 0) * 1.15, 1.0))
    ordered = np.sort(times)
    at = np.linspace(0, top, CURVE_POINTS + 1)
    shares = np.searchsorted(ordered, at, side="right") / len(ordered)
    path = [(_along(x, top), _share_up(share)) for x, share in zip(at.tolist(), shares.tolist(), strict=True)]
    ticks = [Tick(_along(value, top), value) for value in np.arange(0, top + step / 2, step).tolist()]
    within = None if target is None else float(np.searchsorted(ordered, target, side="right") / len(ordered))
    return Curve(path, ticks, None if target is None else _along(target, top), within)


def _along(value: float, top: float) -> float:
    return round(LEFT + min(1.0, value / top) * (WIDTH - LEFT - RIGHT), 1)


def _share_up(share: float) -> float:
    return round(HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - TOP), 1)


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
