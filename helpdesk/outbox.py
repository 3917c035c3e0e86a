"""What must happen after the commit: rows written beside the change itself, carried out by workers.

`put()` writes a row in the caller's transaction; after the commit RQ is nudged. If Redis is away the request has
succeeded all the same, and the sweep finds the row later. A worker claims a row by a conditional update that must
touch exactly one row; a claim older than `TIME_LIMIT` is free again. One row stands for one outside effect.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from redis import Redis
from redis.backoff import ExponentialBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue as WorkQueue
from sqlalchemy import JSON, Index, String, Text, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk import clock
from helpdesk.db import Base, Word, after_commit, db, transaction

log = logging.getLogger(__name__)

TIME_LIMIT = timedelta(minutes=5)  # longer than any job may run: see workers.JOB_TIMEOUT
RETRY_AFTER = [timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 3600, 4 * 3600, 12 * 3600)]
NUDGE_LASTS = 30  # seconds
BETWEEN_NUDGES = 0.05  # seconds
LANES_TO_NUDGE = "relais_lanes_to_nudge"


class Lane(StrEnum):
    """Rows of one lane wait for one another's workers only."""

    LETTERS = "letters"
    ROUTING = "routing"
    BULK = "bulk"  # what follows from questions loaded by the thousand: nobody else's waits behind it
    INDEX = "index"  # carried out by one worker per machine: the index has one writer
    UPKEEP = "upkeep"


class RowState(StrEnum):
    WAITING = "waiting"
    CLAIMED = "claimed"
    DONE = "done"
    FAILED = "failed"  # for good: shown to the administrator, who may send it again
    SET_ASIDE = "set_aside"  # failed, and given up by the administrator


class OutboxRow(Base):
    """Something to do after the commit. `job` is a dotted name in `workers`; the payload holds ids only."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_due", "state", "lane", "run_at", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    lane: Mapped[Lane] = mapped_column(Word(Lane))
    job: Mapped[str] = mapped_column(String(80))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    key: Mapped[str | None] = mapped_column(String(120), unique=True)  # the same key is put once only
    state: Mapped[RowState] = mapped_column(Word(RowState), default=RowState.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    run_at: Mapped[datetime]
    claimed_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None]


class Permanent(Exception):
    """Raised by a job that would fail again in the same way: it is not tried again."""


_before: ContextVar[bool] = ContextVar("relais_carried_out_before", default=False)


@contextmanager
def carried_out_before() -> Iterator[None]:
    """What follows from events inside was carried out when they happened: its rows are kept as done. For a past that
    is played again."""
    mark = _before.set(True)
    try:
        yield
    finally:
        _before.reset(mark)


def state_at_first() -> tuple[RowState, datetime | None]:
    """The state of a new row, and when it was done."""
    return (RowState.DONE, clock.now()) if _before.get() else (RowState.WAITING, None)


def is_of_the_past() -> bool:
    """Whether what happens now is a past played again."""
    return _before.get()


def put(job: str, lane: Lane, *, key: str | None = None, at: datetime | None = None, **payload: Any) -> OutboxRow:
    """Write down something to do after the commit of the present transaction.

    `at`: not before this instant (default: at once). `key`: a name that makes the row unique; if it is there
    already, that row is returned and nothing is written.
    """
    session = db.session()
    if key is not None:
        present = session.scalar(select(OutboxRow).where(OutboxRow.key == key))
        if present is not None:
            return present
    now = clock.now()
    state, done_at = state_at_first()
    row = OutboxRow(
        lane=lane, job=job, payload=payload, key=key, run_at=at or now, created_at=now, state=state, done_at=done_at
    )
    session.add(row)
    if state is RowState.WAITING:
        nudge_after_commit(lane)
    return row


def nudge_after_commit(lane: Lane) -> None:
    """Wake the workers of `lane` once the present transaction has committed; one message wakes those of all lanes."""
    lanes = db.session().info.setdefault(LANES_TO_NUDGE, [])
    if lane not in lanes:
        lanes.append(lane)
    after_commit("nudge", _nudge_noted)


def _nudge_noted() -> None:
    lanes = db.session().info.pop(LANES_TO_NUDGE, ())
    if _bell is not None:
        _bell.ring(lanes)
    else:
        nudge(*lanes)


# --- The bell of a web server ----------------------------------------------------------------------------------------

_bell: Bell | None = None


class Bell:
    """Nudges in a thread of its own: nobody who sends something in waits for Redis, and a burst is one nudge.

    What is rung for and not yet nudged when the process ends is found by the sweep.
    """

    def __init__(self) -> None:
        self._lanes: set[Lane] = set()
        self._rung = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def ring(self, lanes: Iterable[Lane]) -> None:
        """Have the workers of these lanes woken soon."""
        self._lanes.update(lanes)
        self._rung.set()
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._nudge_for_ever, name="nudges", daemon=True)
                self._thread.start()

    def _nudge_for_ever(self) -> None:
        while self._rung.wait():
            self._rung.clear()  # first this, then the look: who rings from here on is heard again
            lanes = set()
            while self._lanes:
                lanes.add(self._lanes.pop())
            nudge(*lanes)
            time.sleep(BETWEEN_NUDGES)


def nudge_in_background() -> None:
    """From now on nudge from a thread: for a web server, which lives on after the commit."""
    global _bell
    _bell = _bell or Bell()


# --- Redis ------------------------------------------------------------------------------------------------------------

_redis: Redis | None = None
_away = False  # said once, not at every commit


def connect(url: str) -> None:
    """Say which Redis to use. The connection is made on first use, so a dead Redis stops nothing here."""
    global _redis
    # The client's own defaults would hold a request for a minute when the server hangs.
    _redis = Redis.from_url(
        url,
        socket_timeout=2,
        socket_connect_timeout=1,
        retry=Retry(ExponentialBackoff(cap=0.2, base=0.05), 1),
    )


def redis() -> Redis:
    if _redis is None:
        raise RuntimeError("outbox.connect() was not called")
    return _redis


def nudge(*lanes: Lane) -> bool:
    """Ask a worker to look at each lane, unless one was asked already and has not begun. False: Redis is away.

    The worker removes the mark before it looks, so a row committed before the mark was refused is seen.
    """
    global _away
    try:
        # One question in a burst finds that all were asked: one short call, and the answer is known.
        marks = redis().mget([nudge_mark(lane) for lane in lanes])
        for lane, mark in zip(lanes, marks, strict=True):
            if mark is None and redis().set(nudge_mark(lane), "1", nx=True, ex=NUDGE_LASTS):
                queue = WorkQueue(lane.value, connection=redis(), serializer="json")
                queue.enqueue("workers.carrying.carry_out_lane", lane.value, result_ttl=0, failure_ttl=86_400)
    except RedisError as error:
        if not _away:
            log.warning("Redis is away (%s): the sweep will find what waits", error)
        _away = True
        return False
    _away = False
    return True


def nudge_mark(lane: Lane) -> str:
    return f"relais:nudged:{lane}"


# --- The worker's side ----------------------------------------------------------------------------------------------


def due(lane: Lane, limit: int = 50) -> Sequence[int]:
    """The ids of rows of `lane` that may be carried out now, oldest first: waiting, or claimed too long ago."""
    now = clock.now()
    free = or_(
        OutboxRow.state == RowState.WAITING,
        (OutboxRow.state == RowState.CLAIMED) & (OutboxRow.claimed_at < now - TIME_LIMIT),
    )
    query = select(OutboxRow.id).where(free, OutboxRow.lane == lane, OutboxRow.run_at <= now)
    return db.session.scalars(query.order_by(OutboxRow.run_at, OutboxRow.id).limit(limit)).all()


def claim(row_id: int) -> OutboxRow | None:
    """Take the row for this worker. None: another has it, or it is done."""
    now = clock.now()
    free = or_(
        OutboxRow.state == RowState.WAITING,
        (OutboxRow.state == RowState.CLAIMED) & (OutboxRow.claimed_at < now - TIME_LIMIT),
    )
    with transaction() as session:
        taken = session.execute(
            update(OutboxRow)
            .where(OutboxRow.id == row_id, free)
            .values(state=RowState.CLAIMED, claimed_at=now, attempts=OutboxRow.attempts + 1)
        )
        if taken.rowcount != 1:  # type: ignore[attr-defined]
            return None
    return db.session.get(OutboxRow, row_id)


def finish(row: OutboxRow) -> None:
    """Mark the row done, inside the transaction of what it stood for wherever that is possible."""
    row.state = RowState.DONE
    row.done_at = clock.now()
    row.error = ""


def give_back(row: OutboxRow, error: BaseException) -> None:
    """Note a failure: try again later, with growing delays, or set it aside for the administrator."""
    row.error = f"{type(error).__name__}: {error}"[:2000]
    if isinstance(error, Permanent) or row.attempts > len(RETRY_AFTER):
        row.state = RowState.FAILED
        return
    row.state = RowState.WAITING
    row.run_at = clock.now() + RETRY_AFTER[row.attempts - 1]
