"""What the search page says of filters: their names, what is chosen, and what could not be understood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import url_for
from flask_babel import format_date, gettext
from flask_babel import lazy_gettext as _l

from helpdesk.search.completing import Completion, typed_value
from helpdesk.search.conversations import PartKind
from helpdesk.search.filter_words import TIMES, Filter, name_of
from helpdesk.search.narrowing import Chosen, Misunderstood, Sought
from helpdesk.search.typed import TypedFilter
from helpdesk.web.language import language_now

FILTERS: Mapping[Filter, Any] = {
    Filter.STATE: _l("State"),
    Filter.DEPARTMENT: _l("Department"),
    Filter.EXPERT: _l("Expert"),
    Filter.TOPIC: _l("Topic"),
    Filter.CHANNEL: _l("Channel"),
    Filter.PRIORITY: _l("Priority"),
    Filter.LANGUAGE: _l("Language"),
    Filter.KIND: _l("Kind"),
    Filter.CLASS: _l("Class"),
    Filter.LATE: _l("Late"),
    Filter.BEFORE: _l("Before"),
    Filter.AFTER: _l("From"),
    Filter.ON: _l("Date"),
}
EXAMPLES: tuple[tuple[Filter, str, str], ...] = (
    (Filter.STATE, "received", "reçue"),
    (Filter.DEPARTMENT, "fix", "fix"),
    (Filter.EXPERT, "me", "moi"),
    (Filter.AFTER, "2026-03", "2026-03"),
    (Filter.LATE, "yes", "oui"),
    (Filter.KIND, "question", "question"),
)
PARTS: Mapping[PartKind, tuple[Any, str, str]] = {
    PartKind.REFERENCE: (_l("Reference"), "hash", "public"),
    PartKind.TITLE: (_l("Title"), "patch-check", "public"),
    PartKind.QUESTION: (_l("Question"), "chat-left-text", "public"),
    PartKind.REPLY: (_l("Reply of the asker"), "reply", "public"),
    PartKind.CLARIFICATION: (_l("Question back to the asker"), "question-circle", "public"),
    PartKind.ANSWER: (_l("Official answer"), "patch-check", "public"),
    PartKind.ASKER: (_l("Asker"), "person", "internal"),
    PartKind.DRAFT: (_l("Draft"), "pencil", "internal"),
    PartKind.NOTE: (_l("Internal note"), "journal-text", "internal"),
}
"""What a part of a conversation is called, its icon, and on which side of the ticket it stands."""


@dataclass(frozen=True)
class Chip:
    """A filter that holds, with the address of the same search without it."""

    name: str
    value: str
    without: bool
    remove_url: str


@dataclass(frozen=True)
class Advice:
    """What to say of a filter that was not understood, and addresses that put it right."""

    sentence: str
    choices: list[tuple[str, str]]


def chip(chosen: Chosen) -> Chip:
    language = language_now()
    if chosen.filter in TIMES:
        value = chosen.typed.value
        first = chosen.values[0].english
        if first == value:
            value = format_date(date.fromisoformat(first), "long")
    else:
        either = gettext(" or ")
        value = either.join(each.name(language) for each in chosen.values[:4])
        value += " …" if len(chosen.values) > 4 else ""
    return Chip(str(FILTERS[chosen.filter]), value, chosen.typed.without, url_for("search.results", q=chosen.left))


def advice(problem: Misunderstood, sought: Sought) -> Advice:
    """A sentence that says what is possible."""
    typed, language = problem.typed, language_now()
    given = {"name": typed.name, "value": typed.value}
    if problem.code == "unknown_filter":
        known = ", ".join(f"{name_of(each, language)}:" for each in Filter)
        sentence = gettext(
            "“%(name)s:” is no filter: it was searched as words. Filters are %(known)s", name=typed.name, known=known
        )
        return Advice(sentence, [])
    sentences = {
        "bad_day": gettext(
            "“%(name)s:” takes a day: 2026, 2026-03, 2026-03-14, yesterday, or 7d for a week ago.", **given
        ),
        "missing_value": gettext("Say after “%(name)s:” what it is to be:", **given),
        "too_many_values": gettext("“%(value)s” begins too many names: type more of it.", **given),
    }
    unknown = gettext("“%(value)s” is not a known value of “%(name)s:”. Possible:", **given)
    choices = [value.name(language) for value in problem.possible]
    return Advice(sentences.get(problem.code, unknown), [(each, _instead(sought, typed, each)) for each in choices])


def _instead(sought: Sought, typed: TypedFilter, value: str) -> str:
    """The address of the same search with another value."""
    sign = "-" if typed.without else ""
    text = f"{sought.text[: typed.start]}{sign}{typed.name}:{typed_value(value)}{sought.text[typed.end :]}"
    return url_for("search.results", q=text)


def examples() -> list[tuple[str, str]]:
    """Filters as they are typed, and their addresses."""
    language = language_now()
    typed = [f"{name_of(row[0], language)}:{row[2] if language == 'fr' else row[1]}" for row in EXAMPLES]
    return [(each, url_for("search.results", q=each)) for each in typed]


def completion_document(found: Completion) -> dict[str, Any]:
    """For the list below the search box."""
    hint = str(FILTERS[found.filter]) if found.filter is not None else found.label
    return {"text": found.text, "start": found.start, "end": found.end, "hint": hint, "whole": found.is_whole}
