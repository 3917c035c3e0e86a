"""Calendars and response-time policies: a changed document is a new version, and the old one stays."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from helpdesk.counts import Counts
from helpdesk.db import db
from helpdesk.loading.entries import entries_of, take_each
from helpdesk.sla.models import CalendarVersion, PolicyVersion


def plain(value: Any) -> Any:
    """YAML dates as ISO text, so that the document can be kept as JSON."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value.isoformat() if hasattr(value, "isoformat") else value


def load_calendars(document: dict[str, Any], counts: Counts) -> None:
    """Each calendar with the holiday sets it may name."""
    sets = document.get("holiday_sets", {})
    take_each(entries_of(document, "calendars"), lambda entry: _calendar(entry, sets), counts)


def load_policies(document: dict[str, Any], counts: Counts) -> None:
    """Each policy with the channel classes it may name."""
    classes = document.get("channel_classes", {})
    take_each(entries_of(document, "policies"), lambda entry: _policy(entry, classes), counts)


def _calendar(entry: dict[str, Any], holiday_sets: dict[str, Any]) -> str:
    kept = plain({"calendars": [entry], "holiday_sets": holiday_sets})
    query = select(CalendarVersion).where(
        CalendarVersion.code == entry["id"], CalendarVersion.version == entry.get("version", 1)
    )
    present = db.session.scalar(query)
    if present is not None:
        if present.document == kept:
            return "unchanged"
        present.document, present.valid_from = kept, entry["valid_from"]
        return "changed"
    db.session.add(
        CalendarVersion(
            code=entry["id"], version=entry.get("version", 1), valid_from=entry["valid_from"], document=kept
        )
    )
    db.session.flush()
    return "new"


def _policy(entry: dict[str, Any], channel_classes: dict[str, Any]) -> str:
    kept = plain({"policies": [entry], "channel_classes": channel_classes})
    query = select(PolicyVersion).where(PolicyVersion.code == entry["id"]).order_by(PolicyVersion.version.desc())
    last = db.session.scalars(query.limit(1)).first()
    if last is not None and last.document == kept:
        return "unchanged"
    version = last.version + 1 if last else 1
    db.session.add(PolicyVersion(code=entry["id"], version=version, position=entry["order"], document=kept))
    db.session.flush()
    return "changed" if last else "new"
