"""What the short lists of the domain are called in the reader's language, for forms and sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

CLASSES: Mapping[str, Any] = {
    "question": _l("Question"),
    "complaint": _l("Complaint"),
    "factual_error": _l("Factual error"),
    "rumour": _l("Rumour"),
    "emergency": _l("Emergency"),
    "personal_data": _l("Personal data"),
    "rights_request": _l("Rights request"),
    "press": _l("Press or elected official"),
    "threat": _l("Threat"),
    "praise": _l("Praise"),
    "suggestion": _l("Suggestion"),
    "mockery": _l("Mockery, anger without a question"),
    "spam": _l("Troll, spam"),
    "off_topic": _l("Off topic"),
}
PRIORITIES: Mapping[str, Any] = {
    "P1": _l("P1 Crisis"),
    "P2": _l("P2 Urgent"),
    "P3": _l("P3 Normal"),
    "P4": _l("P4 Low"),
}
SENSITIVITIES: Mapping[str, Any] = {
    "press": _l("Press"),
    "legal": _l("Legal"),
    "personal_data": _l("Personal data"),
    "money": _l("Prices or money"),
    "threat": _l("Threat"),
    "vulnerable": _l("Vulnerable person"),
    "crisis": _l("Crisis"),
}
LANGUAGES: Mapping[str, Any] = {"fr": _l("French"), "en": _l("English")}
CIRCUITS: Mapping[str, Any] = {
    "press": _l("Press office"),
    "legal": _l("Legal department"),
    "security": _l("Security"),
    "data": _l("Data protection"),
}
OUTCOMES: Mapping[str, Any] = {
    "answered": _l("Answered, nothing more to do"),
    "no_reply": _l("No reply is needed"),
    "handed_off": _l("Continued in private"),
    "no_detail": _l("The asker gave no details"),
    "merged": _l("Merged with another question"),
}
DECLINE_REASONS: Mapping[str, Any] = {
    "out_of_scope": _l("Not their field"),
    "unavailable": _l("Not available"),
    "overloaded": _l("Too much in hand"),
    "conflict_of_interest": _l("Conflict of interest"),
    "missing_information": _l("Information is missing"),
}
STATES: Mapping[str, Any] = {
    "received": _l("Received"),
    "offered": _l("Offered"),
    "answering": _l("Being answered"),
    "validating": _l("In validation"),
    "ready": _l("To publish"),
    "answered": _l("Answered"),
    "closed": _l("Closed"),
    "escalated": _l("Restricted circuit"),
}
CLOSED: Mapping[str, Any] = {
    "no_reply": _l("Closed, no reply"),
    "handed_off": _l("Continued in private"),
    "merged": _l("Merged"),
    "no_detail": _l("Closed, no details given"),
    "answered": _l("Closed, answered"),
}
"""The state of what is over, by its outcome."""
URGENCIES: Mapping[str, Any] = {"P1": _l("Crisis"), "P2": _l("Urgent"), "P3": _l("Normal"), "P4": _l("Low")}
CHANNEL_KINDS: Mapping[str, Any] = {
    "webform": _l("Web form"),
    "email": _l("E-mail"),
    "mastodon": "Mastodon",
    "bluesky": "Bluesky",
    "x": "X",
    "facebook": "Facebook",
    "instagram": "Instagram",
    "linkedin": "LinkedIn",
    "discourse": _l("Forum"),
    "reviews": _l("Reviews"),
    "feed": _l("Feed"),
    "manual": _l("Pasted by hand"),
}
CHANNEL_SIGNS: Mapping[str, Any] = {
    **CHANNEL_KINDS,
    "web": _l("Web form"),
    "form": _l("Web form"),
    "forum": _l("Forum"),
    "google_avis": _l("Google reviews"),
    "youtube": "YouTube",
    "rss": _l("Feed"),
    "api": "API",
}
"""What stands beside the icon of a channel: its kind, or what an account is known as."""
USED: Mapping[int, Any] = {
    50: _l("half of the time gone"),
    75: _l("three quarters gone"),
    90: _l("nearly all gone"),
}
"""What a step that is not late yet has passed: a note on screen."""


def label(names: Mapping[str, Any], code: object) -> str:
    """The name of a code, or the code itself when it has none (an old log may know a word that was dropped)."""
    return str(names.get(str(code), code))
