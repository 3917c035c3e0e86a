"""What the stories about time share: a clock that stands where a test puts it, and what the demo promises."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from builders.organisation import the_promises
from helpdesk import clock


@pytest.fixture
def clock_at(app, monkeypatch):
    def move(text):
        instant = text if isinstance(text, datetime) else datetime.fromisoformat(text).astimezone(UTC)
        monkeypatch.setattr(clock, "now", lambda: instant)
        return instant

    the_promises()
    return move
