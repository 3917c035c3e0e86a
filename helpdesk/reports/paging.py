"""Walking a long list page by page, from a row rather than from an offset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, tuple_

from helpdesk.db import db

Row = TypeVar("Row")
LONGEST_PAGE = 200


@dataclass(frozen=True)
class Walk(Generic[Row]):
    """Some rows of a list; and the ids to go on from, `after` the last or `before` the first (None: no more rows)."""

    rows: Sequence[Row]
    after: int | None = None
    before: int | None = None


def walk(
    query: Select[Row],
    model: Any,
    order: Sequence[Any],
    *,
    after: int | None = None,
    before: int | None = None,
    descending: bool = False,
    limit: int = 50,
) -> Walk[Row]:
    """The page of `query` that follows row `after`, or that precedes row `before`, or the first one.

    `order` has columns of `model`, the last one being its id. A row that is gone stands for the beginning.
    """
    place = db.session.get(model, after or before) if (after or before) else None
    backwards = place is not None and after is None
    down = descending != backwards
    if place is not None:
        query = query.where(_beyond(order, [getattr(place, column.key) for column in order], down))
    query = query.order_by(*(column.desc() if down else column for column in order))
    rows: list[Row] = list(db.session.scalars(query.limit(min(limit, LONGEST_PAGE) + 1)))
    more, rows = len(rows) > limit, rows[:limit]
    if backwards:
        rows.reverse()
        more_after, more_before = True, more
    else:
        more_after, more_before = more, place is not None
    if not rows:
        return Walk([])
    last, first = rows[-1], rows[0]
    return Walk(rows, last.id if more_after else None, first.id if more_before else None)  # type: ignore[attr-defined]


def _beyond(order: Sequence[Any], values: Sequence[Any], down: bool) -> ColumnElement[bool]:
    if len(order) == 1:
        return order[0] < values[0] if down else order[0] > values[0]  # type: ignore[no-any-return]
    columns, place = tuple_(*order), tuple_(*values)
    return columns < place if down else columns > place
