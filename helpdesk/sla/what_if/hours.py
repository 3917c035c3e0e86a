"""Working time for many instants at once: a calendar as arrays. Instants are whole seconds since 1970 in UTC.

Equal to `calendar.elapsed` and `calendar.due` to the second, as opening hours begin and end at whole minutes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from helpdesk.sla.calendar import Calendar, working_spans

Whole = NDArray[np.int64]
BEYOND = 2**40
"""Seconds that the stretch after the horizon lasts: longer than anything that is counted."""


@dataclass(frozen=True)
class Hours:
    """Stretches of working time in order. `before`: seconds of working time before each begins."""

    starts: Whole
    ends: Whole
    before: Whole

    def passed(self, instants: Whole) -> Whole:
        """Seconds of working time from the beginning of the horizon to each instant; 0 for earlier ones."""
        place = np.maximum(np.searchsorted(self.starts, instants, side="right") - 1, 0)
        within = np.clip(instants, self.starts[place], self.ends[place]) - self.starts[place]
        return np.asarray(self.before[place] + within, dtype=np.int64)

    def reached(self, seconds: Whole) -> Whole:
        """The first instants at which so many seconds of working time have passed."""
        place = np.searchsorted(self.before, seconds, side="left") - 1
        return self._at(np.maximum(place, 0), seconds)

    def resumed(self, seconds: Whole) -> Whole:
        """The instants at which the next second of working time begins: after a closing, the next opening."""
        return self._at(np.searchsorted(self.before, seconds, side="right") - 1, seconds)

    def _at(self, place: Whole | np.intp, seconds: Whole) -> Whole:
        return np.asarray(self.starts[place] + (seconds - self.before[place]), dtype=np.int64)


def hours_of(calendar: Calendar | None, first: datetime, last: datetime) -> Hours:
    """The working time of a calendar (None: all hours) from `first` to `last`; after that every hour counts, so that
    whoever has too much to do still ends, late.

    Raises ValueError when the calendar does not open once between them.
    """
    spans = [(span.start, span.end) for span in working_spans(calendar, first, last)] if calendar else [(first, last)]
    if not spans:
        raise ValueError("the calendar does not open in this time")
    edges = [(whole(start), whole(end)) for start, end in spans]
    starts, ends = np.array([*edges, (whole(last), whole(last) + BEYOND)], dtype=np.int64).T
    return Hours(starts, ends, np.concatenate([[0], np.cumsum(ends - starts)[:-1]]))


def whole(instant: datetime) -> int:
    """Seconds since 1970."""
    return round(instant.timestamp())
