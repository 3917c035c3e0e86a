"""What can be typed before and after the colon of a filter, in both languages whatever the page speaks. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from helpdesk.search.asked import pieces_of


class Filter(StrEnum):
    """What the staff's search can be narrowed by."""

    STATE = "state"
    DEPARTMENT = "department"
    EXPERT = "expert"
    TOPIC = "topic"
    CHANNEL = "channel"
    PRIORITY = "priority"
    LANGUAGE = "language"
    KIND = "kind"
    CLASS = "class"
    LATE = "late"
    BEFORE = "before"
    AFTER = "after"
    ON = "on"


TIMES = frozenset({Filter.BEFORE, Filter.AFTER, Filter.ON})

#   filter              English        French         what else is understood
_NAMES: dict[Filter, tuple[str, str, str]] = {
    Filter.STATE: ("state", "état", "status statut"),
    Filter.DEPARTMENT: ("department", "département", "service direction dept"),
    Filter.EXPERT: ("expert", "expert", "experte person personne"),
    Filter.TOPIC: ("topic", "thématique", "theme sujet subject"),
    Filter.CHANNEL: ("channel", "canal", ""),
    Filter.PRIORITY: ("priority", "priorité", ""),
    Filter.LANGUAGE: ("language", "langue", "lang"),
    Filter.KIND: ("kind", "type", ""),
    Filter.CLASS: ("class", "nature", "classe"),
    Filter.LATE: ("late", "retard", "en-retard overdue hors-delai"),
    Filter.BEFORE: ("before", "avant", "until"),
    Filter.AFTER: ("after", "après", "since depuis"),
    Filter.ON: ("date", "date", "on le"),
}


@dataclass(frozen=True, slots=True)
class Value:
    """One thing that can be chosen: the words of the index it stands for, and what it is called."""

    facets: frozenset[str]
    english: str
    french: str
    others: tuple[str, ...] = ()

    def name(self, language: str) -> str:
        return self.french if language == "fr" else self.english


def name_of(filter_: Filter, language: str) -> str:
    """How the filter is typed in this language."""
    return _NAMES[filter_][language == "fr"]


def names() -> Iterable[str]:
    """Every name that is understood, folded."""
    return _BY_NAME.keys()


def filter_named(name: str) -> Filter | None:
    """The filter that is called so in either language, however it is accented."""
    return _BY_NAME.get("-".join(pieces_of(name)))


_BY_NAME: dict[str, Filter] = {
    "-".join(pieces_of(name)): filter_
    for filter_, (english, french, others) in _NAMES.items()
    for name in (english, french, *others.split())
}


def matching(typed: str, values: Sequence[Value]) -> list[Value]:
    """The values that `typed` means: one that is called so, else all that begin so, else those with such a word."""
    wanted = " ".join(pieces_of(typed))
    if not wanted:
        return []
    exact: list[Value] = []
    begun: list[Value] = []
    within: list[Value] = []
    for value in values:
        called = [" ".join(pieces_of(name)) for name in (value.english, value.french, *value.others)]
        if wanted in called:
            exact.append(value)
        elif any(name.startswith(wanted) for name in called):
            begun.append(value)
        elif any(f" {wanted}" in name for name in called):
            within.append(value)
    return exact or begun or within


# --- short lists ----------------------------------------------------------------------------------------------------


def _values(filter_: Filter, *rows: tuple[str, str, str, str]) -> tuple[Value, ...]:
    """Rows of codes, English, French, and what else is understood."""
    return tuple(
        Value(frozenset(f"{filter_}:{code}" for code in codes.split()), english, french, tuple(others.split("/")))
        for codes, english, french, others in rows
    )


OPEN_STATES = "received offered answering validating ready escalated"
SHORT_LISTS: Mapping[Filter, tuple[Value, ...]] = {
    Filter.STATE: _values(
        Filter.STATE,
        ("received", "received", "reçue", "new/nouvelle/reçu"),
        ("offered", "offered", "proposée", "sollicitée/proposé"),
        ("answering", "being answered", "réponse en cours", "answering/en cours/rédaction"),
        ("validating", "in validation", "en validation", "validating/validation/approval"),
        ("ready", "to publish", "à publier", "ready/prête/publier"),
        ("answered", "answered", "répondue", "répondu/published/publiée"),
        ("closed", "closed", "close", "fermée/clos/clôturée"),
        ("escalated", "restricted circuit", "circuit réservé", "escalated/restricted/réservé"),
        (OPEN_STATES, "open", "ouverte", "ouvert/pending"),
        ("in_force", "in force", "en vigueur", "vigueur"),
        ("withdrawn", "withdrawn", "retirée", "retiré"),
        ("superseded", "superseded", "remplacée", "remplacé"),
    ),
    Filter.PRIORITY: _values(
        Filter.PRIORITY,
        ("P1", "P1", "P1", "crisis/crise"),
        ("P2", "P2", "P2", "urgent/urgente"),
        ("P3", "P3", "P3", "normal/normale"),
        ("P4", "P4", "P4", "low/basse/faible"),
    ),
    Filter.LANGUAGE: _values(
        Filter.LANGUAGE,
        ("fr", "French", "français", "fr"),
        ("en", "English", "anglais", "en"),
        ("unknown", "unknown", "inconnue", "none/aucune"),
    ),
    Filter.KIND: _values(
        Filter.KIND,
        ("ticket", "question", "question", "ticket/demande"),
        ("answer", "official answer", "réponse officielle", "answer/réponse/official/officielle"),
    ),
    Filter.CLASS: _values(
        Filter.CLASS,
        ("question", "question", "question", ""),
        ("complaint", "complaint", "plainte", "réclamation"),
        ("factual_error", "factual error", "erreur factuelle", "error/erreur"),
        ("rumour", "rumour", "rumeur", "rumor"),
        ("emergency", "emergency", "urgence", ""),
        ("personal_data", "personal data", "données personnelles", "donnée personnelle"),
        ("rights_request", "rights request", "demande de droit", "droit"),
        ("press", "press", "presse", "élu"),
        ("threat", "threat", "menace", ""),
        ("praise", "praise", "éloge", ""),
        ("suggestion", "suggestion", "suggestion", ""),
        ("mockery", "mockery", "moquerie", "anger/colère"),
        ("spam", "spam", "spam", "troll"),
        ("off_topic", "off topic", "hors sujet", ""),
    ),
    Filter.LATE: (Value(frozenset({"yes"}), "yes", "oui"), Value(frozenset({"no"}), "no", "non")),
}
DAYS: tuple[tuple[str, str], ...] = (("today", "aujourd’hui"), ("yesterday", "hier"), ("7d", "7j"), ("30d", "30j"))
"""Days by name, in English and in French: examples of what can be typed."""
