"""Signals as something to wait for, so that nothing happens inside a signal handler."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from collections.abc import Iterator
from types import FrameType

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequested(Exception):
    """Somebody asked the program to stop (Ctrl-C, SIGTERM, a closed terminal)."""


class Interruptions:
    """Counts requests to stop, and wakes a pause early when one comes or a child ends."""

    def __init__(self) -> None:
        self.stop_requests = 0
        self._reader, self._writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC) if hasattr(os, "pipe2") else _pipe()

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """While inside, signals are noted here instead of ending the program."""
        earlier = {number: signal.signal(number, self._note) for number in (*STOPPING, signal.SIGCHLD)}
        wakeup = signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(wakeup)
            for number, handler in earlier.items():
                signal.signal(number, handler)
            os.close(self._reader)
            os.close(self._writer)

    def pause(self, seconds: float) -> None:
        """Wait for at most `seconds`, less when something happens. Raises StopRequested."""
        self.rest(seconds)
        if self.stop_requests:
            raise StopRequested

    def rest(self, seconds: float) -> None:
        """Like `pause`, for a program that is stopping already: never raises."""
        ready, _, _ = select.select([self._reader], [], [], max(0.0, seconds))
        if ready:
            with contextlib.suppress(BlockingIOError):
                while os.read(self._reader, 512):
                    continue

    def _note(self, number: int, _frame: FrameType | None) -> None:
        if number in STOPPING:
            self.stop_requests += 1


class Deadline:
    """A number of seconds from now."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds left, never negative."""
        return max(0.0, self._end - time.monotonic())

    @property
    def over(self) -> bool:
        return self.left <= 0


def _pipe() -> tuple[int, int]:
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    return reader, writer
