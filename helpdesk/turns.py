"""Taking turns at writing to SQLite, which lets one write at a time.

SQLite has whoever comes second sleep for up to a tenth of a second between two looks, so that a process that writes
one thing after the other leaves the rest hardly a chance. Here those of one process queue, and processes look often:
whoever waits is next within a thousandth of a second. This is a courtesy: what makes writing safe is SQLite's own
lock, and who has waited for `PATIENCE` goes on and leaves it to that one.
"""

from __future__ import annotations

import fcntl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

PATIENCE = 10.0  # seconds
LOOK_AGAIN = 0.0003  # seconds: a turn lasts some thousandths

_in_this_process = threading.Lock()


@contextmanager
def turn(database: Path) -> Iterator[None]:
    """Hold the right to write to this database file, among all who ask here."""
    end = time.monotonic() + PATIENCE
    alone = _in_this_process.acquire(timeout=PATIENCE)
    try:
        # Opened each time: a lock belongs to what was opened, and a forked process would share it.
        with database.with_name(f"{database.name}-turn").open("w") as lock:
            _wait_for(lock, end)
            yield
    finally:
        if alone:
            _in_this_process.release()


def _wait_for(lock: IO[str], end: float) -> None:
    while time.monotonic() < end:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(LOOK_AGAIN)
        else:
            return
