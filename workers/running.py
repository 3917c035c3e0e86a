"""The worker process: RQ's own worker inside the application's context, safe to fork."""

from __future__ import annotations

import gc
from typing import Any

from flask import Flask
from redis import Redis
from rq import Queue, SimpleWorker, Worker
from rq.job import Job
from rq.worker import DequeueStrategy

from config import Settings
from helpdesk import create_app
from helpdesk.db import db
from helpdesk.embedding import asking
from helpdesk.outbox import Lane
from helpdesk.starting import without_collecting
from workers import logs


class InsideTheApplication:
    """Runs each job in the application's context, on database connections of its own."""

    app: Flask

    def perform_job(self, job: Job, queue: Queue, *args: Any, **kwargs: Any) -> bool:
        with self.app.app_context():
            for engine in db.engines.values():
                engine.dispose(close=False)  # a connection shared with the parent process would hang
            return bool(super().perform_job(job, queue, *args, **kwargs))  # type: ignore[misc]


class ForkingWorker(InsideTheApplication, Worker):
    """One process per job: a job that dies or hangs takes nothing with it."""


class OneProcessWorker(InsideTheApplication, SimpleWorker):
    """For tests: the job runs in this process."""


def worker(app: Flask, connection: Redis, lanes: list[Lane], kind: type = ForkingWorker) -> Any:
    queues = [Queue(lane.value, connection=connection, serializer="json") for lane in lanes]
    made = kind(queues, connection=connection, serializer="json")
    made.app = app
    return made


def work(arguments: list[str]) -> int:
    """Work until told to stop. `arguments`: names of lanes; none means all."""
    settings = Settings.load()
    logs.configure(settings.log_level)
    lanes = [Lane(name) for name in arguments] or list(Lane)
    with without_collecting():
        app = create_app(settings)
    gc.freeze()  # a job runs in a copy of this process, which need not look through what was made before
    asking.be_patient()
    connection = Redis.from_url(settings.redis_connection_url())
    # In turns: a lane that always has something to do must not keep a worker from the others.
    turns = DequeueStrategy.ROUND_ROBIN
    worker(app, connection, lanes).work(with_scheduler=False, logging_level=settings.log_level, dequeue_strategy=turns)
    return 0
