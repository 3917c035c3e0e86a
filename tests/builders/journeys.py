"""Short words for stories: an instant as people write it, and a verb done whole."""

from __future__ import annotations

from datetime import UTC, datetime

from helpdesk.db import transaction


def utc(text):
    return datetime.fromisoformat(text).astimezone(UTC)


def do(verb, *arguments, **named):
    with transaction():
        return verb(*arguments, **named)
