"""Keeping several programs running together, and ending them in order."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Sequence

from helpdesk.supervision.children import Child, adopt_orphans, collect, offspring, shorten
from helpdesk.supervision.interruptions import Deadline, Interruptions

LOOK_AGAIN = 1.0  # seconds between two looks at the programs, when no signal says to look earlier
INSIST = 0.5  # seconds between telling a second time and killing


class StartFailed(Exception):
    """A program did not come up; one sentence with its last words."""


class Keeper:
    """The programs of one running Relais, each in a named stage of the order in which they are stopped."""

    def __init__(self, wait: Interruptions, say: Callable[[str], None]) -> None:
        self._stages: dict[str, list[Child]] = {}
        self._wait, self._say = wait, say
        self._not_ours = offspring()  # started by somebody else in this process, and left alone
        adopt_orphans()

    @property
    def children(self) -> list[Child]:
        return [child for stage in self._stages.values() for child in stage]

    def start(self, child: Child, *, stage: str, ready: Callable[[], bool] = lambda: True, within: float = 1.0) -> None:
        """Start a program and wait at most `within` seconds until it is ready.

        Raises StartFailed when it ends before, or takes longer, and StopRequested.
        """
        self._begin(child, stage)
        deadline = Deadline(within)
        while not ready():
            if child.ended():
                raise StartFailed(
                    f"The {child.name} ended while starting ({child.how_it_ended()}): {child.last_words()} "
                    f"(more in {child.log})"
                )
            if deadline.over:
                raise StartFailed(f"The {child.name} was not ready after {within:g} seconds (more in {child.log}).")
            self._wait.pause(0.05)

    def run_to_end(self, child: Child, *, stage: str) -> None:
        """Run a program that ends by itself. Raises StartFailed when it fails, and StopRequested."""
        self._begin(child, stage)
        while child.alive():
            self._wait.pause(0.2)
        self._stages[stage].remove(child)
        if child.how_it_ended() != "exit code 0":
            raise StartFailed(
                f"The {child.name} failed ({child.how_it_ended()}): {child.last_words()} (more in {child.log})"
            )

    def _begin(self, child: Child, stage: str) -> None:
        self._stages.setdefault(stage, []).append(child)
        child.start()

    def keep_running(self) -> None:
        """Start again whatever ends, until a stop is requested (raises StopRequested)."""
        while True:
            for child in self.children:
                self._look_after(child)
            collect(self._adopted())
            self._wait.pause(min([LOOK_AGAIN, *self._due()]))

    def _look_after(self, child: Child) -> None:
        if child.ended() and child.restart_at is None:
            delay = child.plan_restart()
            self._say(
                f"The {child.name} ended unexpectedly ({child.how_it_ended()}); starting it again in "
                f"{delay:g} s. It said: {child.last_words()} (more in {child.log})"
            )
        elif child.restart_at is not None and time.monotonic() >= child.restart_at:
            child.start()
        else:
            shorten(child.log)

    def _due(self) -> list[float]:
        """Seconds until each planned restart."""
        now = time.monotonic()
        return [max(0.0, child.restart_at - now) for child in self.children if child.restart_at is not None]

    def _adopted(self) -> set[int]:
        """Processes that a program of ours left behind, and that have become our own children."""
        return offspring() - self._not_ours - {child.running.pid for child in self.children if child.running}

    def stop(self, order: Sequence[str]) -> None:
        """End the programs stage by stage, then whatever they left behind.

        A program that is still there when its time is over is told a second time, and killed after a moment.
        A second request to stop (Ctrl-C again) ends everything at once.
        """
        for name in order:
            stage = self._stages.get(name, [])
            for child in stage:
                child.tell_to_stop()
            self._await_end(stage, max((child.stop_within for child in stage), default=0.0))
            for child in stage:
                child.tell_to_stop()
            self._await_end(stage, INSIST)
            for child in stage:
                child.kill()
        for pid in collect(self._adopted()):
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)

    def _await_end(self, stage: Sequence[Child], seconds: float) -> None:
        deadline = Deadline(seconds)
        while any(child.alive() for child in stage) and not deadline.over:
            if self._wait.stop_requests > 1:
                return
            self._wait.rest(min(0.2, deadline.left))
