"""Until when a text may be posted: through its review day, as days are counted where the organisation is."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from helpdesk.accounts.organisation import setting


def day_of(instant: datetime) -> date:
    """The day of `instant` in the organisation's time zone."""
    return instant.astimezone(ZoneInfo(setting("timezone"))).date()


def is_expired(review_by: date | None, today: date) -> bool:
    """Whether the last day has passed. No review day: never."""
    return review_by is not None and today > review_by
