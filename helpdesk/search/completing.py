"""What the word that is being typed in the search box could become: a filter, one of its values, a reference."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select

from helpdesk.accounts.models import Person
from helpdesk.db import db
from helpdesk.search.asked import pieces_of
from helpdesk.search.filter_words import DAYS, TIMES, Filter, Value, filter_named, matching, name_of
from helpdesk.search.narrowing import values_of
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.seeing import visible_to

MOST = 10
MOST_REFERENCES = 5
SHORTEST_VALUE = 2
"""Letters after which values are offered without their filter."""
BY_THEMSELVES = (Filter.STATE, Filter.DEPARTMENT, Filter.TOPIC, Filter.CHANNEL, Filter.EXPERT)
_LAST = re.compile(r'-?[^\s:"«“]+:(?:"[^"]*|«[^»]*|“[^”]*|[^\s"«“]*)$|\S*$')
_VALUE = re.compile(r"(?P<name>-?[^\s:]+):(?P<value>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Completion:
    """`text` may replace what was typed from `start` to `end`. `filter` says of which filter it is a value."""

    text: str
    start: int
    end: int
    filter: Filter | None = None
    label: str = ""
    is_whole: bool = True
    """False when something must still be typed after it."""


def completions(text: str, at: int, *, person: Person, language: str, now: datetime) -> list[Completion]:
    """At most ten ways to go on where the caret stands: after a colon values, else filters, values and references."""
    at = max(0, min(at, len(text)))
    last = _LAST.search(text, 0, at)
    start = last.start() if last else at
    typed = text[start:at]
    value = _VALUE.fullmatch(typed)
    if value and (filter_ := filter_named(value["name"].lstrip("-"))):
        found = _values(filter_, value["name"], value["value"].strip('"«»“” '), person, language)
    else:
        found = _anything(typed, person, language, now)
    return [Completion(one.text, start, at, one.filter, one.label, one.is_whole) for one in found][:MOST]


def typed_value(value: str) -> str:
    """A value as it stands after the colon."""
    return f'"{value}"' if re.search(r"\s", value) else value


def _anything(typed: str, person: Person, language: str, now: datetime) -> list[Completion]:
    without = "-" if typed.startswith("-") else ""
    beginning = " ".join(pieces_of(typed))
    found = list(_filters(beginning, without, language))
    if len(beginning) >= SHORTEST_VALUE and not without:
        found += _references(typed, person, now)
        for filter_ in BY_THEMSELVES:
            found += _values(filter_, name_of(filter_, language), typed, person, language)[:3]
    return found


def _filters(beginning: str, without: str, language: str) -> Iterator[Completion]:
    for filter_ in Filter:
        names = (name_of(filter_, language), name_of(filter_, "en"), name_of(filter_, "fr"))
        if any(" ".join(pieces_of(name)).startswith(beginning) for name in names):
            yield Completion(f"{without}{names[0]}:", 0, 0, filter_, names[0], is_whole=False)


def _values(filter_: Filter, name: str, beginning: str, person: Person, language: str) -> list[Completion]:
    if filter_ in TIMES:
        offered = [day[language == "fr"] for day in DAYS]
        chosen = [day for day in offered if not beginning or day.startswith(beginning.lower())]
        return [Completion(f"{name}:{typed_value(day)}", 0, 0, filter_, day) for day in chosen]
    values = values_of(filter_, person)
    meant: list[Value] = matching(beginning, values) if beginning else list(values)
    called = [value.name(language) for value in meant[:MOST]]
    return [Completion(f"{name}:{typed_value(each)}", 0, 0, filter_, each) for each in called]


def _references(typed: str, person: Person, now: datetime) -> list[Completion]:
    """References that begin so, or end in this number in this year or the one before."""
    upper = typed.upper()
    like: ColumnElement[bool]
    if re.fullmatch(r"R-\d{0,4}(-\d{0,9})?", upper):
        like = (Ticket.ref >= upper) & (Ticket.ref < f"{upper}:")  # ":" comes after every digit
    elif re.fullmatch(r"\d{1,6}", typed):
        like = or_(*(Ticket.ref == f"R-{year}-{int(typed):06}" for year in (now.year, now.year - 1)))
    else:
        return []
    refs = select(Ticket.ref, Ticket.excerpt).where(like, visible_to(person)).order_by(Ticket.ref)
    rows = db.session.execute(refs.limit(MOST_REFERENCES))
    return [Completion(ref, 0, 0, None, excerpt) for ref, excerpt in rows]
