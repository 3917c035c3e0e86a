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
from helpdesk.loading.entries import entries_of, found, take_each

CHOICES = ("name", "timezone", "default_language")


def load(document: dict[str, Any], counts: Counts) -> None:
    """Read an organisation. Skills are read with the topics' people later: see `topics.load_skills`."""
    about = document.get("organisation", {})
    chosen = [{"id": name, "value": about[name]} for name in CHOICES if about.get(name)]
    take_each(chosen, _choice, counts)
    domain = about.get("email_domain", "example.org")
    departments, people = entries_of(document, "departments"), entries_of(document, "people")
    done: dict[str, str] = {}
    take_each(departments, lambda entry: _keep(done, entry, _department(entry)), counts)
    take_each(people, lambda entry: _keep(done, entry, _person(entry, domain)), counts)
    # Heads and backups are people of the same document, so they can be named only now; each belongs to its entry.
    later = Counts()
    take_each(departments, lambda entry: _again(done, entry, _head(entry)), later)
    take_each(people, lambda entry: _again(done, entry, _backup(entry)), later)
    counts.changed += later.changed
    counts.unchanged -= later.changed
    counts.refused += later.refused
    zone = ZoneInfo(setting("timezone"))
    take_each(entries_of(document, "absences"), lambda entry: _absence(entry, zone), counts, name="person")


def _choice(entry: dict[str, Any]) -> str:
    if setting(entry["id"]) == entry["value"]:
        return "unchanged"
    change_setting(entry["id"], entry["value"], by=SYSTEM)
    return "changed"


def _keep(done: dict[str, str], entry: dict[str, Any], what: str) -> str:
    done[entry["id"]] = what
    return what


def _again(done: dict[str, str], entry: dict[str, Any], what: str) -> str:
    """What the second reading of an entry adds to the first: "changed" only where the first found nothing to do."""
    return "changed" if what == "changed" and done.get(entry["id"]) == "unchanged" else "unchanged"


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
