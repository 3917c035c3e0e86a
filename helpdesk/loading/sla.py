"""Calendars and response-time policies: a changed document is a new version, and the old one stays."""

from __future__ import annotations

from typing import Any

from helpdesk.accounts.models import SYSTEM
from helpdesk.counts import Counts
from helpdesk.loading.entries import entries_of, take_each
from helpdesk.sla import calendar_document
from helpdesk.sla.versioning import load_version, put_policy, versions_of


def plain(value: Any) -> Any:
    """YAML dates as ISO text, so that the document can be kept as JSON."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value.isoformat() if hasattr(value, "isoformat") else value


def load_calendars(document: dict[str, Any], counts: Counts) -> None:
    """Each calendar with the holiday sets it may name and the changes of its hours."""
    entries = entries_of(document, "calendars")
    changes = entries_of(document, "calendar_changes")
    codes = {entry.get("id") for entry in entries if isinstance(entry, dict)}
    take_each(entries, lambda entry: _calendar(entry, document, changes), counts)
    strange = [change for change in changes if not isinstance(change, dict) or change.get("calendar") not in codes]
    take_each(strange, _of_no_calendar, counts, name="calendar")


def load_policies(document: dict[str, Any], counts: Counts) -> None:
    """Each policy with the channel classes it may name."""
    classes = document.get("channel_classes", {})
    take_each(entries_of(document, "policies"), lambda entry: _policy(entry, classes), counts)


def _calendar(entry: dict[str, Any], document: dict[str, Any], changes: list[Any]) -> str:
    """All versions of one calendar: as good as the newest of them."""
    own = [change for change in changes if isinstance(change, dict) and change.get("calendar") == entry["id"]]
    sets = document.get("holiday_sets", {})
    book = calendar_document.from_document({"calendars": [entry], "holiday_sets": sets, "calendar_changes": own})
    known = bool(versions_of(entry["id"]))
    done = {load_version(version, by=SYSTEM, is_first=not known) for version in book[entry["id"]].versions}
    if done == {"unchanged"}:
        return "unchanged"
    return "changed" if known else "new"


def _of_no_calendar(change: dict[str, Any]) -> str:
    calendar_document.from_document({"calendar_changes": [change]})  # which no calendar of the file is there for
    return "unchanged"


def _policy(entry: dict[str, Any], channel_classes: dict[str, Any]) -> str:
    return put_policy(plain(entry), by=SYSTEM, channel_classes=plain(channel_classes), alone=True)[1]
