"""Many tickets out of few: questions that were really answered, copied with their logs to other people and other times.

Two ways to grow. By `branches` and `years`, as an organisation does: more departments, each with people and topics of
its own, and a longer past, while a department has as many questions a year as before. With one of each: everything
falls into the same departments and the same year. What is open now is not copied into the past.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, Table, func, select

from bench._branching import Branch, branches_of
from bench._bulk import Bulk, columns_of
from bench._lives import YEAR
from helpdesk.answers.models import Draft
from helpdesk.rollups.models import ClockReading
from helpdesk.routing.models import Offer
from helpdesk.tickets.models import Event, Question, Ticket, TicketTopic
from helpdesk.tickets.workflow import State

TABLES = [cast(Table, each.__table__) for each in (Ticket, Question, Event, Offer, Draft, TicketTopic)]
READINGS = cast(Table, ClockReading.__table__)
AT_ONCE = 5_000
"""Copies written in one transaction."""
STRAY = timedelta(hours=3)
"""Copies happen by so much earlier at most, beside whole weeks, so that not all times are the same."""

DAYS = {"day": "ended_at", "started_on": "started_at"}
"""Days of a reading that follow from its instants."""
POSTED = "<posted at>"
"""In the facts of a pattern, in the place of an instant."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Original:
    """A ticket with its rows: (table, row), itself first."""

    rows: Sequence[tuple[Table, Row]]
    opened_at: datetime
    last: datetime
    is_open: bool


@dataclass(frozen=True)
class Copy:
    """One ticket to be made: of which original, in which branch, how long before it."""

    opened_at: datetime
    original: int
    branch: int
    back: timedelta


def multiply(
    engine: Engine, tickets: int, *, branches: int, years: int, readings: bool, told: Callable[[str], None]
) -> None:
    """Copy what is there until there are so many tickets; `readings`: those of their clocks too. Indexes are taken off
    meanwhile, and made at the end."""
    tables = [*TABLES, READINGS] if readings else TABLES
    with engine.begin() as connection:
        originals = _originals(connection, tables)
        made = branches_of(connection, branches)
        highest = {t.name: connection.scalar(select(func.max(t.c.id))) or 0 for t in tables if "id" in t.c}
    copies = _copies(originals, tickets - len(originals), branches, years)
    indexes = [index for table in tables for index in table.indexes]
    with engine.begin() as connection:
        for index in indexes:
            index.drop(connection)
    maker = _Maker(Bulk(engine), originals, made, highest)
    for start in range(0, len(copies), AT_ONCE):
        for copy in copies[start : start + AT_ONCE]:
            maker.make(copy)
        maker.bulk.write()
        if start % (20 * AT_ONCE) == 0:
            told(f"{start:,} of {len(copies):,} tickets copied")
    with engine.begin() as connection:
        for index in indexes:
            index.create(connection)


def _originals(connection: Connection, tables: Sequence[Table]) -> list[Original]:
    of: dict[int, list[tuple[Table, Row]]] = {}
    for table in tables:
        for row in connection.execute(select(table).order_by(*table.primary_key)).mappings():
            of.setdefault(row["id"] if table is TABLES[0] else row["ticket_id"], []).append((table, dict(row)))
    return [
        Original(
            rows,
            rows[0][1]["opened_at"],
            max(row["recorded_at"] for table, row in rows if table.name == "event"),
            rows[0][1]["state"] is not State.CLOSED,
        )
        for rows in of.values()
    ]


def _copies(originals: Sequence[Original], count: int, branches: int, years: int) -> list[Copy]:
    """In the order in which they came in, so that ids grow with time as they do in life."""
    chance = random.Random(2)
    now = max(original.last for original in originals)
    places = {open_: [p for p, each in enumerate(originals) if each.is_open is open_] for open_ in (True, False)}
    still_open = round(count / years * len(places[True]) / len(originals))
    copies = []
    for number in range(count):
        is_open = number < still_open
        place = places[is_open][number % len(places[is_open])]
        back = STRAY * chance.random()
        if not is_open:
            back += timedelta(weeks=chance.randrange(52))
            if originals[place].last - back < now - YEAR:
                back = max(timedelta(), back - YEAR)
            back += YEAR * chance.randrange(years)
        copies.append(Copy(originals[place].opened_at - back, place, chance.randrange(branches), back))
    return sorted(copies, key=lambda copy: copy.opened_at)


class _Maker:
    """Makes the rows of copies, each table's ids one after the other."""

    def __init__(
        self, bulk: Bulk, originals: Sequence[Original], branches: Sequence[Branch], highest: dict[str, int]
    ) -> None:
        self.bulk = bulk
        self._originals, self._branches, self._last = originals, branches, highest
        self._zone = ZoneInfo("Europe/Paris")  # the demo's
        # What a copy of this ticket in this branch is, but for its numbers and times: worked out once.
        self._patterns = lru_cache(maxsize=None)(self._pattern)

    def make(self, copy: Copy) -> None:
        self._last["ticket"] += 1
        ticket = self._last["ticket"]
        for table, values, times, days, posted in self._patterns(copy.original, copy.branch):
            row = values.copy()
            columns = columns_of(table)
            if table is TABLES[0]:
                row[columns["id"]], row[columns["ref"]], row[columns["public_id"]] = ticket, f"C-{ticket}", f"c{ticket}"
            else:
                row[columns["ticket_id"]] = ticket
                if "id" in columns:
                    self._last[table.name] = row[columns["id"]] = self._last[table.name] + 1
            for place, time in times:
                row[place] = self.bulk.instant(time - copy.back)
            for place, at in days:
                row[place] = self.bulk.day((at - copy.back).astimezone(self._zone).date())
            if posted is not None:
                row[columns["facts"]] = posted[0].replace(POSTED, (posted[1] - copy.back).isoformat())
            self.bulk.add(table, row)

    def _pattern(self, original: int, branch: int) -> list[Any]:
        """Per row: its table, its values as the driver takes them, its times, and its facts if they hold one."""
        found = []
        for table, row in self._originals[original].rows:
            moved = self._branches[branch].moved(row)
            if "external_id" in moved:
                moved["external_id"] = None
            written = moved.get("facts", {}).get("posted_at")
            if written:
                moved["facts"] = {**moved["facts"], "posted_at": POSTED}
            columns = columns_of(table)
            times = [(place, row[name]) for name, place in columns.items() if isinstance(row[name], datetime)]
            days = [(columns[day], row[at]) for day, at in DAYS.items() if row.get(at) is not None and day in columns]
            values = [None if isinstance(moved[n], datetime) else self.bulk.bound(table, n, moved[n]) for n in columns]
            posted = (values[columns["facts"]], datetime.fromisoformat(written)) if written else None
            found.append((table, values, times, days, posted))
        return found
