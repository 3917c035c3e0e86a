"""What the filters that somebody typed mean: which rows, which days; and what to say of those that mean nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import lazyload

from helpdesk.accounts.models import Department, Person
from helpdesk.accounts.organisation import setting
from helpdesk.channels.models import Channel
from helpdesk.db import db
from helpdesk.routing.models import Topic
from helpdesk.search.days import days
from helpdesk.search.facets import word
from helpdesk.search.filter_words import SHORT_LISTS, TIMES, Filter, Value, matching
from helpdesk.search.index import EVERYTHING, Narrowing
from helpdesk.search.typed import Typed, TypedFilter, read

MOST_MEANT = 50
"""Beyond, a beginning is too short to mean anything."""
MOST_POSSIBLE = 12


@dataclass(frozen=True, slots=True)
class Chosen:
    """A filter that holds, for a chip: what it means, and what is left of what was typed without it."""

    typed: TypedFilter
    filter: Filter
    values: tuple[Value, ...]
    left: str


@dataclass(frozen=True, slots=True)
class Misunderstood:
    """A filter that means nothing.

    `code`: unknown_filter (then it is searched as words), unknown_value, missing_value, too_many_values, bad_day.
    """

    code: str
    typed: TypedFilter
    possible: tuple[Value, ...] = ()
    left: str = ""


@dataclass(frozen=True, slots=True)
class Sought:
    """What somebody looks for: words, within a narrowing."""

    text: str
    """As it was typed."""
    words: str
    narrowing: Narrowing
    chosen: tuple[Chosen, ...] = ()
    misunderstood: tuple[Misunderstood, ...] = ()

    @property
    def is_clear(self) -> bool:
        """Whether every filter was understood; else nothing can be found without showing too much."""
        return all(each.code == "unknown_filter" for each in self.misunderstood)

    def within(self, more: Narrowing) -> Sought:
        """The same, narrowed further by facets and by what is late."""
        mine = self.narrowing
        late = mine.late if more.late is None else more.late
        narrowing = replace(mine, any_of=(*mine.any_of, *more.any_of), none_of=mine.none_of | more.none_of, late=late)
        return replace(self, narrowing=narrowing)


def sought(text: str, person: Person, now: datetime) -> Sought:
    """Read what `person` typed. Several values of one filter: any of them; several filters: all of them."""
    typed = read(text)
    asking = _Asking(typed, person, now)
    for one in typed.filters:
        asking.take(one)
    words = typed.but(*(one for one in typed.filters if one not in asking.words))
    return Sought(text, words, asking.narrowing(), tuple(asking.chosen), tuple(asking.misunderstood))


def sought_or_words(text: str, person: Person, now: datetime) -> Sought:
    """The same where nothing can be said of filters: those that mean nothing are words."""
    what = sought(text, person, now)
    return what if what.is_clear else Sought(text, text, EVERYTHING)


class _Asking:
    """The filters of one search, taken one by one."""

    def __init__(self, typed: Typed, person: Person, now: datetime) -> None:
        self._typed, self._person, self._now = typed, person, now
        self._zone = ZoneInfo(setting("timezone"))
        self._any: dict[Filter, set[str]] = {}
        self._none: set[str] = set()
        self._times = Narrowing()
        self.chosen: list[Chosen] = []
        self.misunderstood: list[Misunderstood] = []
        self.words: list[TypedFilter] = []
        """What looked like a filter and is searched as words."""

    def narrowing(self) -> Narrowing:
        any_of = tuple(frozenset(facets) for facets in self._any.values())
        return replace(self._times, any_of=any_of, none_of=frozenset(self._none), now=self._now)

    def take(self, one: TypedFilter) -> None:
        if one.filter is None:
            self._refuse("unknown_filter", one)
        elif one.filter in TIMES:
            self._take_time(one, one.filter)
        else:
            self._take_values(one, one.filter)

    def _take_values(self, one: TypedFilter, filter_: Filter) -> None:
        values = values_of(filter_, self._person)
        meant = matching(one.value, values)
        if not one.value:
            self._refuse("missing_value", one, values)
        elif not meant:
            self._refuse("unknown_value", one, values)
        elif len(meant) > MOST_MEANT:
            self._refuse("too_many_values", one, meant)
        else:
            self._choose(one, filter_, tuple(meant))
            self._keep(one, filter_, {facet for value in meant for facet in value.facets})

    def _keep(self, one: TypedFilter, filter_: Filter, facets: set[str]) -> None:
        if filter_ is Filter.LATE:
            self._times = replace(self._times, late=("yes" in facets) is not one.without)
        elif one.without:
            self._none |= facets
        else:
            self._any.setdefault(filter_, set()).update(facets)

    def _take_time(self, one: TypedFilter, filter_: Filter) -> None:
        span = days(one.value, self._now.astimezone(self._zone).date()) if one.value else None
        if span is None or (one.without and filter_ is Filter.ON):
            self._refuse("bad_day", one)
            return
        first, end = map(self._beginning_of, span)
        self._choose(one, filter_, (Value(frozenset(), span[0].isoformat(), span[0].isoformat()),))
        if filter_ is Filter.ON:
            self._between(first, end)
        elif (filter_ is Filter.AFTER) is not one.without:
            self._between(first, None)
        else:
            self._between(None, first)

    def _between(self, first: datetime | None, end: datetime | None) -> None:
        begins = max(filter(None, (self._times.opened_from, first)), default=None)
        ends = min(filter(None, (self._times.opened_before, end)), default=None)
        self._times = replace(self._times, opened_from=begins, opened_before=ends)

    def _beginning_of(self, day: date) -> datetime:
        return datetime.combine(day, time(), self._zone)

    def _choose(self, one: TypedFilter, filter_: Filter, values: tuple[Value, ...]) -> None:
        self.chosen.append(Chosen(one, filter_, values, self._typed.but(one)))

    def _refuse(self, code: str, one: TypedFilter, values: Sequence[Value] = ()) -> None:
        if one.filter is None or one.spaced:
            self.words.append(one)
        if one.spaced:  # "Sujet : facture" was a sentence
            return
        self.misunderstood.append(Misunderstood(code, one, tuple(values[:MOST_POSSIBLE]), self._typed.but(one)))


# --- the values that rows stand for -----------------------------------------------------------------------------------


def values_of(filter_: Filter, person: Person) -> Sequence[Value]:
    """Everything that may be typed after the name of a filter; nothing for times."""
    if filter_ in SHORT_LISTS:
        return SHORT_LISTS[filter_]
    read_rows = _ROWS.get(filter_)
    return read_rows(person) if read_rows else ()


def _departments(_person: Person) -> list[Value]:
    rows = db.session.execute(select(Department.id, Department.code, Department.name).order_by(Department.name))
    none = Value(frozenset({word(Filter.DEPARTMENT, "none")}), "none", "aucun", ("aucune",))
    return [_value(Filter.DEPARTMENT, row_id, name, name, code) for row_id, code, name in rows] + [none]


def _topics(_person: Person) -> list[Value]:
    rows = db.session.execute(select(Topic.id, Topic.label_en, Topic.label_fr, Topic.code).order_by(Topic.code))
    return [_value(Filter.TOPIC, *row) for row in rows]


def _people(person: Person) -> list[Value]:
    rows = db.session.execute(select(Person.id, Person.name, Person.handle).order_by(Person.name))
    me = Value(frozenset({word(Filter.EXPERT, person.id)}), "me", "moi")
    return [me] + [_value(Filter.EXPERT, row_id, name, name, handle) for row_id, name, handle in rows]


def _channels(_person: Person) -> list[Value]:
    rows = db.session.scalars(select(Channel).options(lazyload("*")).order_by(Channel.code))
    return [_value(Filter.CHANNEL, row.id, row.code, row.code, row.kind, row.account or "") for row in rows]


def _value(facet: Filter, row_id: int, english: str, french: str, *others: str) -> Value:
    return Value(frozenset({word(facet, row_id)}), english, french, tuple(filter(None, others)))


_ROWS: dict[Filter, Callable[[Person], Sequence[Value]]] = {
    Filter.DEPARTMENT: _departments,
    Filter.TOPIC: _topics,
    Filter.EXPERT: _people,
    Filter.CHANNEL: _channels,
}
