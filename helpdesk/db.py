"""The database: declarative base, column types, and `transaction()`, the only place that commits.

Flask-SQLAlchemy is used for engines and the scoped session only; models are plain SQLAlchemy.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import JSON, DateTime, Dialect, Engine, MetaData, String, event
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.orm.exc import StaleDataError
from sqlalchemy.types import TypeDecorator

from helpdesk import turns
from helpdesk.errors import Conflict, RelaisError

AFTER_COMMIT = "relais_after_commit"
LARGEST_ID = 2**31 - 1  # of an integer column: a larger number cannot be asked for
SQLITE = (
    "journal_mode=WAL",
    "synchronous=NORMAL",
    "busy_timeout=15000",
    "foreign_keys=ON",
    # A question writes some thirty pages, the same ones over and over: moving them home after 32 MB instead of 4
    # means few of the waits for the disk that this takes.
    "wal_autocheckpoint=8000",
    "cache_size=-8000",  # 8 MB a connection: the upper levels of every index stay at hand
)
_writing: ContextVar[bool] = ContextVar("relais_writing", default=False)


class UTCDateTime(TypeDecorator[datetime]):
    """An aware instant. Naive values are refused; what comes back is aware and in UTC on every database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive date and time has no place in the database")
        value = value.astimezone(UTC)
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Word(TypeDecorator[StrEnum]):
    """A `StrEnum` kept as its short text, so that the database reads well and needs no enumeration type."""

    impl = String(40)
    cache_ok = True

    def __init__(self, words: type[StrEnum]) -> None:
        super().__init__()
        self.words = words

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else self.words(value).value

    def process_result_value(self, value: Any, dialect: Dialect) -> StrEnum | None:
        return None if value is None else self.words(value)


class Base(DeclarativeBase):
    """The base of every model: named constraints (migrations need them) and aware instants."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UTCDateTime, dict[str, Any]: JSON, list[str]: JSON, list[Any]: JSON}  # noqa: RUF012


db = SQLAlchemy(metadata=Base.metadata, disable_autonaming=True)


@event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """WAL, foreign keys, and no implicit transactions: SQLite's legacy mode silently loses updates."""
    if not isinstance(connection, sqlite3.Connection):
        return
    connection.isolation_level = None
    for pragma in SQLITE:
        connection.execute(f"PRAGMA {pragma}")


@event.listens_for(Engine, "begin")
def _begin_sqlite(connection: Any) -> None:
    """Take the write lock at the start of a transaction that will write: upgrading later fails at once."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE" if _writing.get() else "BEGIN")


@contextmanager
def transaction() -> Iterator[Session]:
    """Do one thing whole: commit at the end, or roll back and raise. The only place that commits.

    What was read before is read again inside, under the lock, so that a decision never rests on a stale row.
    Raises Conflict when somebody else changed a row in the meantime. A refusal with an `aftermath` has that committed
    by itself after the rollback: no caller can forget it.
    """
    try:
        with _whole() as session:
            yield session
    except RelaisError as refusal:
        if refusal.aftermath is not None:
            with _whole():
                refusal.aftermath()
        raise


@contextmanager
def _whole() -> Iterator[Session]:
    session = db.session()
    if _writing.get():
        raise RuntimeError("a transaction is open already: verbs do not commit, their caller does")
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("rows were changed outside of a transaction")
    session.rollback()  # ends the reading transaction, so that the writing one starts with the lock
    mark = _writing.set(True)
    try:
        with _turn(session):
            yield session
            session.commit()
    except StaleDataError as error:
        session.rollback()
        raise Conflict("changed_meanwhile") from error
    except BaseException:
        session.rollback()
        session.info.pop(AFTER_COMMIT, None)
        raise
    finally:
        _writing.reset(mark)
    for follow in session.info.pop(AFTER_COMMIT, {}).values():
        follow()


def _turn(session: Session) -> AbstractContextManager[None]:
    """Writers of one SQLite file take turns; other databases let many write."""
    url = session.get_bind().engine.url
    if url.get_backend_name() != "sqlite" or not url.database:
        return nullcontext()
    return turns.turn(Path(url.database))


def after_commit(name: str, follow: Callable[[], None]) -> None:
    """Run `follow` once after the present transaction has committed; never if it does not. One per `name`."""
    db.session().info.setdefault(AFTER_COMMIT, {})[name] = follow
