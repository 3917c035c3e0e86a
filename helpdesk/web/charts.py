"""Where the parts of a chart stand, in the units of its drawing. Templates draw; nothing here knows a colour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from helpdesk.reports.routing_quality import Point

WIDTH, HEIGHT = 360.0, 150.0
LEFT, TOP, BOTTOM = 44.0, 12.0, 24.0
"""Room for what is written beside the axis, above and below."""
RIGHT = 6.0
SIDE = 300.0
"""The calibration curve is a square of so much."""
CURVE_LEFT, CURVE_BOTTOM = 48.0, 40.0
STEPS = (1.0, 2.0, 5.0, 10.0)


@dataclass(frozen=True)
class Column:
    """One week: where its column stands. `height` is None where too little is known to draw one."""

    x: float
    y: float
    width: float
    height: float | None


@dataclass(frozen=True)
class Tick:
    """A line across, and the value it stands for."""

    y: float
    value: float


@dataclass(frozen=True)
class Columns:
    columns: Sequence[Column]
    ticks: Sequence[Tick]
    base: float


def columns(values: Sequence[float | None], most: float | None = None) -> Columns:
    """A column per value, from 0 to `most` (default: a round number that holds them all)."""
    top = most or _round_above(max((value for value in values if value is not None), default=0.0))
    ground = HEIGHT - BOTTOM
    room, pitch = ground - TOP, (WIDTH - LEFT - RIGHT) / max(1, len(values))
    drawn = []
    for place, value in enumerate(values):
        height = None if value is None else min(1.0, value / top) * room
        x = LEFT + place * pitch + pitch * 0.14
        drawn.append(Column(round(x, 1), round(ground - (height or 0), 1), round(pitch * 0.72, 1), height))
    ticks = [Tick(round(ground - room * share, 1), top * share) for share in (0.0, 0.5, 1.0)]
    return Columns(drawn, ticks, ground)


def _round_above(value: float) -> float:
    """1, 2 or 5 times a power of ten; 1 for nothing."""
    if value <= 0:
        return 1.0
    power = 10.0 ** floor(log10(value))
    return next(round(step * power, 9) for step in STEPS if step * power >= value * 0.999_999)


@dataclass(frozen=True)
class Mark:
    """A bin of the curve: its place, how far the truth may be from it, and how large it is drawn."""

    x: float
    y: float
    low: float
    high: float
    radius: float


def curve(points: Sequence[Point]) -> list[Mark]:
    """The calibration curve in a square of `SIDE`, 0 at the bottom left."""
    most = max((point.observed.count for point in points), default=1)
    marks = []
    for point in points:
        low, high = point.observed.interval
        observed = point.observed.hits / point.observed.count
        radius = 4 + 5 * (point.observed.count / most) ** 0.5
        marks.append(Mark(_across(point.predicted), _up(observed), _up(low), _up(high), round(radius, 1)))
    return marks


def _across(share: float) -> float:
    return round(CURVE_LEFT + share * SIDE, 1)


def _up(share: float) -> float:
    return round(TOP + (1 - share) * SIDE, 1)


def named_places(count: int, most: int = 4) -> set[int]:
    """Which of `count` weeks are named below the axis, so that the names have room."""
    every = max(1, ceil(count / most))
    return {place for place in range(count) if (count - 1 - place) % every == 0}
