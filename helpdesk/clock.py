"""The only reader of the wall clock, so that a test can move time and pure code never depends on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_replayed: ContextVar[datetime | None] = ContextVar("relais_replayed_instant", default=None)


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return _replayed.get() or datetime.now(UTC)


@contextmanager
def as_of(instant: datetime) -> Iterator[None]:
    """Let `now()` be `instant` (aware) inside: the past is played again, as the demo does, never invented."""
    mark = _replayed.set(instant.astimezone(UTC))
    try:
        yield
    finally:
        _replayed.reset(mark)
