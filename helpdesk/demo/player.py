"""Plays the lives of many tickets side by side, each step at its own time, in the order in which they happened."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from helpdesk import clock
from helpdesk.db import transaction
from helpdesk.demo.lives import life_of, stops_of

Life = Iterator[timedelta]  # each step says how long after it the next one comes


def play(questions: list[dict[str, Any]]) -> int:
    """Play every question as far as it goes; a step that would lie in the future happens now. Returns the steps."""
    end = clock.now()
    waiting: list[tuple[datetime, int, Life]] = []
    for number, (row, stop) in enumerate(zip(questions, stops_of(questions), strict=True)):
        heapq.heappush(waiting, (row["received_at"], number, life_of(row, stop)))
    steps = 0
    while waiting:
        when, number, life = heapq.heappop(waiting)
        with clock.as_of(min(when, end)), transaction():
            pause = next(life, None)
        steps += 1
        if pause is not None:
            heapq.heappush(waiting, (when + pause, number, life))
    return steps
