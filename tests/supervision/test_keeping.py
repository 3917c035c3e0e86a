"""Programs are started, started again and stopped as promised; tried on small programs of our own."""

from __future__ import annotations

import os
import signal
import sys
import time

import pytest

from helpdesk.supervision import children
from helpdesk.supervision.children import Child
from helpdesk.supervision.interruptions import Interruptions, StopRequested
from helpdesk.supervision.keeping import Keeper, StartFailed
from servers import alive, eventually

SLEEPING = "import time; time.sleep(60)"
STUBBORN = "import signal, time; signal.signal(15, lambda *_: None); print('deaf', flush=True); time.sleep(60)"


@pytest.fixture
def wait():
    interruptions = Interruptions()
    with interruptions.watched():
        yield interruptions


@pytest.fixture
def said():
    return []


@pytest.fixture
def keeper(wait, said):
    keeper = Keeper(wait, said.append)
    yield keeper
    keeper.stop(["first", "second"])


@pytest.fixture
def program(tmp_path):
    def make(source: str, name: str = "program", stop_within: float = 1.0) -> Child:
        command = [sys.executable, "-S", "-c", source]
        return Child(name, command, tmp_path / f"{name}.log", os.environ, tmp_path, stop_within)

    return make


def run_until(keeper: Keeper, wait: Interruptions, condition, within: float = 15) -> None:
    """Let the keeper work until the condition holds, then leave it as a request to stop would."""

    def pause(seconds: float) -> None:
        if condition() or time.monotonic() > end:
            raise StopRequested
        Interruptions.rest(wait, min(seconds, 0.05))

    end = time.monotonic() + within
    wait.pause = pause  # type: ignore[method-assign]
    with pytest.raises(StopRequested):
        keeper.keep_running()
    assert condition()


def test_a_program_that_ends_is_started_again(keeper, program, wait, said):
    child = program(SLEEPING)
    keeper.start(child, stage="first")
    first = child.running.pid
    os.kill(first, signal.SIGKILL)
    began = time.monotonic()
    run_until(keeper, wait, lambda: child.alive() and child.running.pid != first)
    assert time.monotonic() - began < 3
    assert said == [line for line in said if "ended unexpectedly (SIGKILL)" in line]
    assert len(said) == 1


def test_a_program_that_does_not_last_is_started_again_later_and_later(keeper, program, wait, said):
    keeper.start(program("print('no luck'); raise SystemExit(3)"), stage="first")
    run_until(keeper, wait, lambda: len(said) == 3)
    assert [line.split("again in ")[1].split(" s.")[0] for line in said] == ["0.5", "1", "2"]
    assert all("exit code 3" in line and "no luck" in line for line in said)


def test_the_delay_is_forgotten_once_a_program_lasts(program):
    child = program(SLEEPING)
    assert [child.plan_restart() for _ in range(2)] == [0.5, 0.5]  # never started: it has "lasted" for ever
    child.started_at = time.monotonic()
    assert [child.plan_restart() for _ in range(8)] == [1, 2, 4, 8, 16, 30, 30, 30]
    child.started_at -= children.SETTLED_AFTER
    assert child.plan_restart() == 0.5


def test_a_program_that_fails_to_start_is_reported_with_its_last_words(keeper, program):
    child = program("print('the disk is on fire'); raise SystemExit(1)")
    with pytest.raises(StartFailed, match=r"exit code 1\): the disk is on fire \(more in"):
        keeper.start(child, stage="first", ready=lambda: False, within=10)


def test_a_program_that_is_never_ready_is_reported(keeper, program):
    with pytest.raises(StartFailed, match=r"was not ready after 0.2 seconds"):
        keeper.start(program(SLEEPING), stage="first", ready=lambda: False, within=0.2)


def test_a_program_run_to_its_end_is_not_started_again(keeper, program):
    keeper.run_to_end(program("print('done')"), stage="first")
    assert keeper.children == []
    with pytest.raises(StartFailed, match=r"failed \(exit code 4\): broken"):
        keeper.run_to_end(program("print('broken'); raise SystemExit(4)"), stage="first")


def test_stages_end_in_order(keeper, program, tmp_path):
    order = tmp_path / "order"
    source = (
        "import signal, sys, time\n"
        "def end(*_):\n    time.sleep({delay}); open({order!r}, 'a').write({name!r}); sys.exit()\n"
        "signal.signal(15, end); print('ready', flush=True); time.sleep(60)"
    )
    for name, delay in (("first", 0.3), ("second", 0.0)):
        child = program(source.format(delay=delay, order=str(order), name=name), name)
        keeper.start(child, stage=name, ready=lambda log=child.log: "ready" in log.read_text(), within=10)
    keeper.stop(["first", "second"])
    assert order.read_text() == "firstsecond"


def test_a_deaf_program_is_killed_in_time(keeper, program):
    child = program(STUBBORN, stop_within=0.3)
    keeper.start(child, stage="first", ready=lambda: "deaf" in child.log.read_text(), within=10)
    began = time.monotonic()
    keeper.stop(["first"])
    assert not child.alive()
    assert 0.3 <= time.monotonic() - began < 3


def test_a_second_request_ends_everything_at_once(keeper, program, wait):
    child = program(STUBBORN, stop_within=30)
    keeper.start(child, stage="first", ready=lambda: "deaf" in child.log.read_text(), within=10)
    wait.stop_requests = 2
    began = time.monotonic()
    keeper.stop(["first"])
    assert time.monotonic() - began < 3


@pytest.mark.skipif(sys.platform != "linux", reason="Linux lets a process adopt orphans; elsewhere none does")
@pytest.mark.parametrize("new_group", [False, True], ids=["same group", "group of its own"])
def test_grandchildren_are_not_left_behind(keeper, program, tmp_path, new_group):
    source = (
        "import os, subprocess, sys, time\n"
        f"command = [sys.executable, '-S', '-c', {STUBBORN!r}]\n"
        f"child = subprocess.Popen(command, start_new_session={new_group})\n"
        "print('pid', child.pid, flush=True); time.sleep(60)"
    )
    child = program(source)
    keeper.start(child, stage="first", ready=lambda: "pid" in child.log.read_text(), within=10)
    log = child.log.read_text().split()
    grandchild = int(log[log.index("pid") + 1])
    assert alive(grandchild)
    keeper.stop(["first"])
    assert eventually(lambda: not alive(grandchild))


def test_a_request_to_stop_ends_a_pause_early(wait):
    os.kill(os.getpid(), signal.SIGTERM)
    began = time.monotonic()
    with pytest.raises(StopRequested):
        wait.pause(20)
    assert time.monotonic() - began < 5


def test_a_large_log_is_moved_aside_under_its_writer(tmp_path, monkeypatch):
    monkeypatch.setattr(children, "LARGEST_LOG", 10)
    log = tmp_path / "web.log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"an old line\n")
        children.shorten(log)
        writer.write(b"new\n")
    assert log.read_bytes() == b"new\n"
    assert (tmp_path / "web.log.1").read_bytes() == b"an old line\n"
