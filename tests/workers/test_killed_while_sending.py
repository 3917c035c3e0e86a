"""A worker that dies by SIGKILL while it talks to a mail server: no letter is lost, and none goes twice by itself."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from email import message_from_bytes
from typing import Any

import pytest

import servers
from builders.letters import (
    SlowServer,
    letters,
    rows,
    slow_mail_server,
    time_passes,
    with_mail_server,
    without_mail_server,
    work,
)
from builders.offers import an_expert, an_offer
from config import PROJECT, Settings
from helpdesk.accounts.access import Role
from helpdesk.db import db, transaction
from helpdesk.notifications import resending
from helpdesk.notifications.models import LetterState
from helpdesk.outbox import RowState
from people import a_person


@pytest.fixture
def slow(app: Any) -> Iterator[SlowServer]:
    with slow_mail_server() as server:
        with_mail_server(app, server.url)
        yield server
        without_mail_server(app)


@contextlib.contextmanager
def a_worker(settings: Settings, slow: SlowServer) -> Iterator[subprocess.Popen[bytes]]:
    """A real worker process for letters, with the child that does its jobs."""
    own = {
        "RELAIS_DATA_DIR": str(settings.data_dir),
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": str(settings.redis_url),
        "BASE_URL": settings.base_url,
        "SMTP_URL": slow.url,
    }
    command = [*servers.ending_with_us(), sys.executable, "-m", "workers", "letters"]
    process = subprocess.Popen(command, cwd=PROJECT, env=servers.environment(own), stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL for the worker and everything below it, at once."""
    for pid in (process.pid, *servers.family(process.pid)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait(10)


def killed_at(step: str, settings: Settings, slow: SlowServer) -> None:
    """Let a worker send what waits, and kill it while the server is at `step`."""
    reached, go_on = threading.Event(), threading.Event()

    def pause(here: str) -> None:
        if here == step and not go_on.is_set():
            reached.set()
            go_on.wait(30)

    slow.pause = pause
    with a_worker(settings, slow) as process:
        assert reached.wait(30), f"the worker never came to {step}"
        kill(process)
    go_on.set()
    db.session.rollback()


@pytest.mark.parametrize("step", ["EHLO", "MAIL", "RCPT"])
def test_killed_before_the_letter_is_handed_over_it_is_sent_once_in_the_end(settings, slow, step):
    an_offer(an_expert())
    killed_at(step, settings, slow)
    assert [letter.state for letter in letters()] == [LetterState.WAITING]
    work()
    assert slow.taken == []  # the dead worker's claim still holds
    time_passes()
    work()
    time_passes()
    work()
    assert len(slow.taken) == 1
    assert [letter.state for letter in letters()] == [LetterState.SENT]


@pytest.mark.parametrize(("step", "taken"), [("DATA", 0), ("END", 1)])
def test_killed_while_handing_over_it_is_never_sent_again_by_itself(settings, slow, step, taken):
    an_offer(an_expert())
    killed_at(step, settings, slow)
    assert [letter.state for letter in letters()] == [LetterState.HANDING_OVER]
    for _time in range(3):
        time_passes()
        work()
    assert len(slow.taken) == taken
    [letter] = letters()
    assert letter.state is LetterState.UNCERTAIN
    assert letter.error
    assert [row.state for row in rows("workers.letters.send")] == [RowState.DONE]


def test_an_administrator_may_send_an_uncertain_letter_again_under_the_same_name(settings, slow):
    an_offer(an_expert())
    killed_at("END", settings, slow)
    time_passes()
    work()
    with transaction():
        resending.send_again(letters()[0], by=a_person(Role.ADMINISTRATOR))
    work()
    assert letters()[0].state is LetterState.SENT
    assert [message_from_bytes(each)["Message-ID"] for each in slow.taken] == [letters()[0].message_id] * 2


def test_a_server_that_hangs_up_after_it_has_the_letter_leaves_it_uncertain(slow):
    an_offer(an_expert())

    def hang_up(step: str) -> None:
        if step == "END":
            raise ConnectionError

    slow.pause = hang_up
    work()
    time_passes()
    work()
    assert len(slow.taken) == 1
    assert letters()[0].state is LetterState.UNCERTAIN


def test_a_server_that_hangs_up_before_leaves_it_waiting(slow):
    an_offer(an_expert())

    def hang_up(step: str) -> None:
        if step == "DATA":
            raise ConnectionError

    slow.pause = hang_up
    work()
    assert slow.taken == []
    assert letters()[0].state is LetterState.WAITING


@pytest.mark.parametrize(
    ("step", "said", "state"),
    [
        ("RCPT", "550 no such user", LetterState.FAILED),
        ("RCPT", "450 greylisted", LetterState.WAITING),
        ("MAIL", "530 sign in first", LetterState.WAITING),  # a matter of settings, which can be mended
        ("DATA", "554 no", LetterState.FAILED),
        ("END", "552 too much", LetterState.FAILED),
        ("END", "451 disk full", LetterState.WAITING),
    ],
)
def test_what_a_refusal_means(slow, step, said, state):
    an_offer(an_expert())
    slow.answers[step] = said
    work()
    assert letters()[0].state is state
    assert letters()[0].error == said
