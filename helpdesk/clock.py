"""The only reader of the wall clock, so that a test can move time and pure code never depends on it."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return datetime.now(UTC)
