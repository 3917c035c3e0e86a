"""Letters on their way: planned with the real jobs, and a mail server that does as a test says."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from flask import current_app
from sqlalchemy import select, update

from config import Settings
from helpdesk import clock, outbox
from helpdesk.db import db, transaction
from helpdesk.notifications.models import Letter
from helpdesk.outbox import Lane, OutboxRow, RowState
from helpdesk.rollups import following
from workers import escalation, weekly
from workers.carrying import carry_out, carry_out_lane


def with_mail_server(app: Any, url: str) -> None:
    """Let this application hand its letters over at `url`, until `without_mail_server`."""
    app.extensions["relais_settings"] = replace(_settings(app), smtp_url=url)


def without_mail_server(app: Any) -> None:
    app.extensions["relais_settings"] = replace(_settings(app), smtp_url=None)


def _settings(app: Any) -> Settings:
    settings: Settings = app.extensions["relais_settings"]
    return settings


def work() -> int:
    """Do all that waits for the workers of letters, as they do it, with a session of their own."""
    with elsewhere():
        done = carry_out_lane(Lane.LETTERS.value)
    db.session.rollback()  # the test sees what was written
    return done


def plan_only() -> None:
    """Write the letters, and leave the sending for later."""
    with elsewhere():
        for row_id in [row.id for row in rows("workers.letters.plan")]:
            carry_out(row_id)
    db.session.rollback()


def look_at_the_clocks() -> None:
    """Notice what fell due and write the letters about it, as the scheduler has it done."""
    with elsewhere():
        escalation.warn()
    db.session.rollback()


def tell_the_week() -> None:
    """Bring the figures up and write Monday's letters, as the scheduler has it done."""
    with elsewhere():
        following.follow()
        weekly.tell()
    db.session.rollback()


@contextlib.contextmanager
def elsewhere() -> Iterator[None]:
    with current_app._get_current_object().app_context():  # type: ignore[attr-defined]
        try:
            yield
        finally:
            db.session.remove()


def rows(job: str) -> list[OutboxRow]:
    return list(db.session.scalars(select(OutboxRow).where(OutboxRow.job == job).order_by(OutboxRow.id)))


def letters(kind: str | None = None) -> list[Letter]:
    query = select(Letter).order_by(Letter.id)
    return list(db.session.scalars(query.where(Letter.kind == kind) if kind else query))


def time_passes() -> None:
    """Let delays be over, and claims of dead workers too old to count."""
    with transaction() as session:
        session.execute(update(OutboxRow).where(OutboxRow.state == RowState.WAITING).values(run_at=clock.now()))
        old = clock.now() - 2 * outbox.TIME_LIMIT
        session.execute(update(OutboxRow).where(OutboxRow.state == RowState.CLAIMED).values(claimed_at=old))


@dataclass
class SlowServer:
    """A mail server that calls `pause` with the name of each step ("EHLO", "RCPT", "DATA", "END"), and may say no.

    `taken` holds the letters it answered for (or was about to) with 250.
    """

    port: int = 0
    pause: Callable[[str], None] = lambda _step: None
    answers: dict[str, str] = field(default_factory=dict)
    taken: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}?starttls=never&from=relais@example.org"


class _Talk(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):
            self._say("220 slow")
            while line := self.rfile.readline():
                word = line[:4].decode().strip().upper()
                if word == "QUIT":
                    self._say("221 bye")
                    return
                self._answer(word)

    def _answer(self, word: str) -> None:
        server: SlowServer = self.server.slow  # type: ignore[attr-defined]
        server.pause(word)
        said = server.answers.get(word)
        if word == "DATA" and said is None:
            self._say("354 go on")
            lines = []
            while (line := self.rfile.readline()) not in (b".\r\n", b""):
                lines.append(line)
            if line:
                server.taken.append(b"".join(lines))
                server.pause("END")
                self._say(server.answers.get("END", "250 taken"))
            return
        self._say(said or "250 fine")

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    address_family = socket.AF_INET


@contextlib.contextmanager
def slow_mail_server() -> Iterator[SlowServer]:
    """A `SlowServer` on a free loopback port."""
    with _Server(("127.0.0.1", 0), _Talk) as server:
        slow = SlowServer(port=server.server_address[1])
        server.slow = slow  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield slow
        finally:
            server.shutdown()
            thread.join()
