"""Whether each part that Relais needs can be used just now. Read only; for the probe and for `doctor`."""

from __future__ import annotations

from redis.exceptions import RedisError
from rq import Worker
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from config import Settings
from helpdesk import outbox
from helpdesk.db import db
from helpdesk.search.access import index_problem


def findings(settings: Settings) -> dict[str, str | None]:
    """For each of database, redis, worker, index: None when usable, else a short reason."""
    redis = redis_problem()
    return {
        "database": database_problem(),
        "redis": redis,
        "worker": "redis is away" if redis else worker_problem(),
        "index": index_problem(settings),
    }


def database_problem() -> str | None:
    try:
        db.session.execute(text("SELECT 1 FROM alembic_version"))
    except SQLAlchemyError as error:
        db.session.rollback()
        return type(error).__name__
    return None


def redis_problem() -> str | None:
    try:
        outbox.redis().ping()
    except RedisError as error:
        return type(error).__name__
    return None


def worker_problem() -> str | None:
    try:
        return None if Worker.count(connection=outbox.redis()) else "no worker is running"
    except RedisError as error:
        return type(error).__name__
