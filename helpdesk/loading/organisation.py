"""Departments, people, absences and the choices of an organisation."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from helpdesk.accounts.absences import declare_absence
from helpdesk.accounts.access import Role
from helpdesk.accounts.directory import department_with, person_with, put_department, put_person
from helpdesk.accounts.models import SYSTEM
from helpdesk.accounts.organisation import change_setting, setting
from helpdesk.counts import Counts
from helpdesk.db import db
from helpdesk.loading.entries import found, take_each


def load(document: dict[str, Any], counts: Counts) -> None:
    """Read an organisation. Skills are read with the topics' people later: see `topics.load_skills`."""
    about = document.get("organisation", {})
    for name, key in (("name", "name"), ("timezone", "timezone"), ("default_language", "default_language")):
        if about.get(key):
            change_setting(name, about[key], by=SYSTEM)
    domain = about.get("email_domain", "example.org")
    take_each(document.get("departments", []), _department, counts)
    take_each(document.get("people", []), lambda entry: _person(entry, domain), counts)
    take_each(document.get("departments", []), _head, Counts())
    take_each(document.get("people", []), _backup, Counts())
    zone = ZoneInfo(setting("timezone"))
    take_each(document.get("absences", []), lambda entry: _absence(entry, zone), counts, name="person")


def _department(entry: dict[str, Any]) -> str:
    _row, what = put_department(
        entry["id"],
        by=SYSTEM,
        name=entry["name"],
        answers=entry.get("answers_public_questions", True),
        calendar=entry.get("calendar"),
    )
    return what


def _head(entry: dict[str, Any]) -> str:
    if not entry.get("head"):
        return "unchanged"
    head = found(person_with(entry["head"]), "person", entry["head"])
    return put_department(entry["id"], by=SYSTEM, head_id=head.id)[1]


def _person(entry: dict[str, Any], domain: str) -> str:
    department = found(department_with(entry["department"]), "department", entry["department"])
    _row, what = put_person(
        entry["id"],
        by=SYSTEM,
        roles=[Role(role) for role in entry.get("roles", [])],
        name=entry["name"],
        email=entry.get("email", f"{entry['id']}@{domain}"),
        department_id=department.id,
        title=entry.get("title", ""),
        profile=entry.get("profile", ""),
        languages=entry.get("languages", ["fr"]),
        calendar=entry.get("calendar"),
        max_open=entry.get("max_open", 6),
    )
    return what


def _backup(entry: dict[str, Any]) -> str:
    if not entry.get("backup"):
        return "unchanged"
    backup = found(person_with(entry["backup"]), "person", entry["backup"])
    return put_person(entry["id"], by=SYSTEM, backup_id=backup.id)[1]


def _absence(entry: dict[str, Any], zone: ZoneInfo) -> str:
    person = found(person_with(entry["person"]), "person", entry["person"])
    starts_at, ends_at = _instant(entry["from"], zone), _instant(entry["to"], zone, end=True)
    if any(row.starts_at == starts_at and row.ends_at == ends_at for row in person.absences):
        return "unchanged"
    delegate = entry.get("delegate") and found(person_with(entry["delegate"]), "person", entry["delegate"])
    declare_absence(
        person, starts_at, ends_at, by=SYSTEM, delegate=delegate or None, reason=str(entry.get("reason", ""))
    )
    db.session.flush()
    return "new"


def _instant(value: Any, zone: ZoneInfo, *, end: bool = False) -> datetime:
    """A day means all of it, where the organisation is; a time without offset is local."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=zone)
    if isinstance(value, date):
        return datetime.combine(value + timedelta(days=1 if end else 0), time(), zone)
    parsed = datetime.fromisoformat(str(value))
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=zone)
