"""The audit log in plain words: what was done, and what of it the entry's facts say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from helpdesk.accounts.models import AuditEntry
from helpdesk.web.wording import ROLES, role_label

ACTIONS: Mapping[str, Any] = {
    "signed_in": _l("Signed in"),
    "password_set": _l("Password chosen"),
    "password_link_made": _l("Link to choose a password made"),
    "sessions_ended": _l("Signed out everywhere"),
    "token_created": _l("API token made"),
    "token_revoked": _l("API token ended"),
    "person_added": _l("Person added"),
    "person_changed": _l("Person changed"),
    "roles_changed": _l("Roles changed"),
    "skills_changed": _l("Known topics changed"),
    "absence_declared": _l("Absence noted"),
    "absence_ended": _l("Absence ended"),
    "department_added": _l("Department added"),
    "department_changed": _l("Department changed"),
    "topic_added": _l("Topic added"),
    "topic_changed": _l("Topic changed"),
    "calendar_written": _l("Working hours written"),
    "calendar_day_written": _l("Exceptional day written"),
    "policy_written": _l("Response-time policy written"),
    "policies_applied": _l("Policies applied to open tickets"),
    "synonyms_added": _l("Equivalent words added"),
    "synonyms_changed": _l("Equivalent words changed"),
    "synonyms_removed": _l("Equivalent words removed"),
    "channel_added": _l("Channel added"),
    "channel_changed": _l("Channel changed"),
    "setting_changed": _l("Setting changed"),
    "job_tried_again": _l("Failed job tried again"),
    "job_set_aside": _l("Failed job set aside"),
    "letter_sent_again": _l("Letter sent again"),
    "answer_recorded": _l("Official answer taken in from a file"),
    "answer_withdrawn": _l("Official answer withdrawn"),
    "first_administrator_link_made": _l("Link for the first administrator made"),
}
COLUMNS: Mapping[str, Any] = {
    "account": _l("account"),
    "accepts": _l("takes questions in"),
    "active": _l("in use"),
    "answers": _l("answers public questions"),
    "automatic_routing": _l("automatic routing"),
    "backup_id": _l("who stands in"),
    "calendar": _l("working hours"),
    "department_id": _l("department"),
    "email": _l("e-mail address"),
    "english": _l("words in English"),
    "french": _l("words in French"),
    "head_id": _l("head"),
    "kind": _l("kind"),
    "label_en": _l("name in English"),
    "label_fr": _l("name in French"),
    "languages": _l("languages"),
    "max_characters": _l("longest post"),
    "max_open": _l("questions at once"),
    "name": _l("name"),
    "one_way": _l("in one direction only"),
    "posts_by_hand": _l("posted by hand"),
    "profile": _l("what they do"),
    "public": _l("everybody can read it"),
    "roles": _l("roles"),
    "synonyms": _l("words people use for it"),
    "title": _l("job title"),
    "url_counts_as": _l("what a link counts for"),
}
SETTINGS: Mapping[str, Any] = {
    "name": _l("name of the organisation"),
    "default_language": _l("language"),
    "timezone": _l("time zone"),
    "signature": _l("signature"),
    "automatic_routing": _l("automatic routing"),
    "prefill_routing": _l("sure suggestions chosen beforehand"),
    "wrong_route_budget": _l("wrong choices allowed"),
    "matcher_weights": _l("weights of the matcher"),
    "announced_delay_days": _l("delay announced to the asker"),
    "circuits": _l("people of the restricted circuits"),
}
SHOWN = 6  # topics named in a line


def in_words(entry: AuditEntry) -> tuple[str, str]:
    """What was done, and the details of it (may be empty), in the reader's language."""
    what = str(ACTIONS.get(entry.action, entry.action))
    tell = DETAILS.get(entry.action)
    return what, tell(entry.facts) if tell else ""


def _columns(facts: Mapping[str, Any]) -> str:
    return ", ".join(str(COLUMNS.get(name, name)) for name in facts.get("columns", ()))


def _roles(facts: Mapping[str, Any]) -> str:
    given = ", ".join(_role(role) for role in facts.get("given", ()))
    taken = ", ".join(_role(role) for role in facts.get("taken", ()))
    parts = [
        _("given: %(roles)s", roles=given) if given else "",
        _("taken away: %(roles)s", roles=taken) if taken else "",
    ]
    return "; ".join(filter(None, parts))


def _role(code: str) -> str:
    return role_label(code) if code in ROLES else code


def _skills(facts: Mapping[str, Any]) -> str:
    topics = list(facts.get("topics", ()))
    if not topics:
        return str(_("no topic any more"))
    named = ", ".join(topics[:SHOWN])
    more = len(topics) - SHOWN
    if more <= 0:
        return named
    return str(ngettext("%(named)s and %(num)d more", "%(named)s and %(num)d more", more, named=named))


def _setting(facts: Mapping[str, Any]) -> str:
    return str(SETTINGS.get(facts.get("name", ""), facts.get("name", "")))


def _scope(facts: Mapping[str, Any]) -> str:
    return str(_("everything this person may do") if facts.get("scope") == "full" else _("opening questions only"))


def _job(facts: Mapping[str, Any]) -> str:
    return str(facts.get("job", ""))


DETAILS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "person_changed": _columns,
    "department_changed": _columns,
    "topic_changed": _columns,
    "synonyms_changed": _columns,
    "channel_changed": _columns,
    "roles_changed": _roles,
    "skills_changed": _skills,
    "setting_changed": _setting,
    "token_created": _scope,
    "job_tried_again": _job,
    "job_set_aside": _job,
}
