"""One program that Relais runs beside itself: how it starts, ends and is stopped."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

FIRST_DELAY = 0.5  # seconds before a program that ended is started again; doubled each time
LONGEST_DELAY = 30.0
SETTLED_AFTER = 60.0  # a program that ran this long starts over with the first delay
LARGEST_LOG = 20_000_000  # bytes; one older file of that size is kept beside it

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass
class Child:
    """A program in its own process group, whose output goes to a log file.

    `stop_within` is how many seconds it may take to end by itself when told to; a program that wants telling
    twice (a worker in the middle of a job) is told again at the end of that time, and killed after a moment.
    """

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str]
    folder: Path
    stop_within: float
    keep_open: tuple[int, ...] = ()
    running: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    restart_at: float | None = None
    delay: float = field(default=FIRST_DELAY)

    def start(self) -> None:
        """Start it. It ends when this process ends, however that happens (Linux)."""
        shorten(self.log)
        with self.log.open("ab") as log:
            self.running = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=dict(self.environment),
                pass_fds=self.keep_open,
                start_new_session=True,  # Ctrl-C reaches the supervisor only
                preexec_fn=ending_with_parent(),  # safe: there are no threads here
            )
        self.started_at = time.monotonic()
        self.restart_at = None

    def ended(self) -> bool:
        """Whether it was started and is over (and has been collected)."""
        return self.running is not None and self.running.poll() is not None

    def alive(self) -> bool:
        return self.running is not None and self.running.poll() is None

    def plan_restart(self) -> float:
        """Note when to start it again, later each time it does not last. Returns the delay in seconds."""
        if time.monotonic() - self.started_at >= SETTLED_AFTER:
            self.delay = FIRST_DELAY
        delay = self.delay
        self.restart_at = time.monotonic() + delay
        self.delay = min(self.delay * 2, LONGEST_DELAY)
        return delay

    def tell_to_stop(self) -> None:
        if self.alive() and self.running:
            self.running.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it and what it started in its own group, at once."""
        if self.running:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.running.pid, signal.SIGKILL)
            self.running.wait()

    def how_it_ended(self) -> str:
        """For people: `exit code 3`, `SIGKILL`."""
        code = self.running.returncode if self.running else None
        if code is None:
            return "not started"
        return signal.Signals(-code).name if code < 0 else f"exit code {code}"

    def last_words(self) -> str:
        """The last line of its log that is not empty: most often what went wrong."""
        lines = [line for line in tail(self.log).splitlines() if line.strip()]
        return lines[-1].strip() if lines else "it said nothing"


def tail(path: Path, size: int = 4000) -> str:
    """The end of a text file, or nothing when there is none."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - size))
            return file.read().decode("utf-8", errors="replace")
    except FileNotFoundError:
        return ""


def shorten(log: Path) -> None:
    """Move a log that has grown large to NAME.1. Its writer appends, so the file can be emptied under it."""
    if log.exists() and log.stat().st_size > LARGEST_LOG:
        older = log.with_name(log.name + ".1")
        with log.open("rb+") as current, older.open("wb") as kept:
            while block := current.read(1 << 20):
                kept.write(block)
            current.truncate(0)


def ending_with_parent(number: int = signal.SIGTERM) -> Callable[[], None]:
    """What a child runs before its program starts: get `number` when this process dies, even by SIGKILL.

    Linux only; elsewhere the child does nothing.
    """
    parent = os.getpid()

    def arrange() -> None:
        if _LIBC is not None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
            if os.getppid() != parent:  # it died in between
                os._exit(1)

    return arrange


def adopt_orphans() -> None:
    """Become the parent of grandchildren whose own parent dies, so that none escapes (Linux)."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def offspring() -> set[int]:
    """All processes whose parent this one is (Linux; elsewhere none are found)."""
    listing = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    try:
        return {int(pid) for pid in listing.read_text(encoding="ascii").split()}
    except OSError:
        return set()


def collect(pids: Collection[int]) -> list[int]:
    """Take note of the end of those that are over; returns the others."""
    left = []
    for pid in pids:
        with contextlib.suppress(ChildProcessError):
            if os.waitpid(pid, os.WNOHANG)[0] == 0:
                left.append(pid)
    return left
