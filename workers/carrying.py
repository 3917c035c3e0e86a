"""Carrying out outbox rows: claim, do, finish, one log line each."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

from redis.exceptions import RedisError

from helpdesk import outbox
from helpdesk.db import db, transaction
from helpdesk.outbox import Lane, RowState

log = logging.getLogger(__name__)

# Seconds after which a worker that still has work in a lane hands over. The other lanes come first then, so a letter
# waits for one stint and not for eighteen thousand suggestions; and the next stint is a fresh process.
STINT = 5


def carry_out_lane(name: str) -> int:
    """Carry out what waits in a lane, for one stint or until nothing is left. Returns how many rows were done."""
    lane = Lane(name)
    # First the mark, then the look: a row committed from here on brings another nudge.
    try:
        outbox.redis().delete(outbox.nudge_mark(lane))
    except RedisError as error:
        log.warning("Redis is away (%s) while beginning %s", error, lane)
    done, started = 0, time.monotonic()
    if lane is Lane.INDEX:
        return int(resolve("workers.indexing.follow")())
    while rows := outbox.due(lane):
        for row_id in rows:
            if time.monotonic() - started > STINT:
                outbox.nudge(lane)
                return done
            done += carry_out(row_id)
    return done


def carry_out(row_id: int) -> bool:
    """Claim one row and do its job. False: somebody else has it, or it failed (noted on the row)."""
    row = outbox.claim(row_id)
    if row is None:
        return False
    started = time.monotonic()
    job_name, attempt = row.job, row.attempts
    try:
        resolve(job_name)(row)
        if row.state is not RowState.DONE:
            with transaction():
                outbox.finish(row)
    except Exception as error:
        db.session.rollback()
        with transaction():
            outbox.give_back(row, error)
        log.exception("%s failed (row %s, attempt %s)", job_name, row_id, attempt)
        return False
    finally:
        db.session.expunge_all()
    log.info("%s done (row %s, %.0f ms)", job_name, row_id, 1000 * (time.monotonic() - started))
    return True


def resolve(name: str) -> Callable[..., Any]:
    """The function a dotted name stands for. Only functions of this package can be named."""
    module, _dot, function = name.rpartition(".")
    if not module.startswith("workers."):
        raise outbox.Permanent(f"{name} is not a job")
    try:
        found: Callable[..., Any] = getattr(import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise outbox.Permanent(f"there is no job {name}") from error
    return found
