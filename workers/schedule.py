"""`python -m workers.schedule`: what happens by the clock. Any number of these may run: each slot is taken once."""

from __future__ import annotations

import logging
import signal
import sys
import threading
import time

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.exceptions import DuplicateJobError

from config import Settings
from helpdesk.outbox import Lane
from workers import logs

log = logging.getLogger(__name__)

#   every (seconds), lane it runs in, job, arguments
TIMETABLE: tuple[tuple[int, Lane, str, tuple[str, ...]], ...] = (
    # What a dead Redis or a killed worker left behind.
    (10, Lane.LETTERS, "workers.carrying.carry_out_lane", (Lane.LETTERS.value,)),
    (10, Lane.ROUTING, "workers.carrying.carry_out_lane", (Lane.ROUTING.value,)),
    (10, Lane.BULK, "workers.carrying.carry_out_lane", (Lane.BULK.value,)),
    (10, Lane.INDEX, "workers.carrying.carry_out_lane", (Lane.INDEX.value,)),
    (60, Lane.UPKEEP, "workers.carrying.carry_out_lane", (Lane.UPKEEP.value,)),
    (60, Lane.UPKEEP, "workers.routing.train", ()),
    (10, Lane.UPKEEP, "workers.reporting.follow", ()),
    # In the lane of letters: a warning that waited behind an hour of upkeep would come too late.
    (20, Lane.LETTERS, "workers.escalation.warn", ()),
    (300, Lane.LETTERS, "workers.weekly.tell", ()),
    (3600, Lane.UPKEEP, "workers.upkeep.tidy", ()),
)


def enqueue_slot(connection: Redis, every: int, lane: Lane, job: str, arguments: tuple[str, ...]) -> bool:
    """Put the job of the present slot in its queue. False: another scheduler did."""
    slot = int(time.time() // every)
    name = "-".join((job.replace(".", "-"), *arguments, str(slot)))
    try:
        Queue(lane.value, connection=connection, serializer="json").enqueue(
            job,
            args=arguments,
            job_id=name,
            unique=True,
            ttl=every * 5,
            result_ttl=max(60, every * 2),  # outlives the slot, or the name would be free again
            failure_ttl=86_400,
        )
    except DuplicateJobError:
        return False
    return True


def keep_time(connection: Redis, stop: threading.Event) -> None:
    """Look at the timetable once a second until `stop` is set."""
    last: dict[tuple[str, tuple[str, ...]], int] = {}
    while not stop.wait(1):
        for every, lane, job, arguments in TIMETABLE:
            slot = int(time.time() // every)
            if last.get((job, arguments)) == slot:
                continue
            try:
                enqueue_slot(connection, every, lane, job, arguments)
            except RedisError as error:
                log.warning("Redis is away (%s): trying %s again", error, job)
                continue
            last[(job, arguments)] = slot


def main() -> int:
    settings = Settings.load()
    logs.configure(settings.log_level)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    keep_time(Redis.from_url(settings.redis_connection_url()), stop)
    return 0


if __name__ == "__main__":
    sys.exit(main())
