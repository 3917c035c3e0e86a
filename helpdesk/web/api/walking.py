"""Keyset pages over one ordered column: each goes on from the last value of the page before, never from an offset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select

from helpdesk.db import db
from helpdesk.errors import BadInput, Problem


def walk(query: Select[Any], column: Any, limit: int, cursor: str | None) -> tuple[Sequence[Any], str | None]:
    """At most `limit` rows after `cursor` (a value of `column`), and the cursor of the next page, if there is one."""
    if cursor is not None:
        query = query.where(column > _value(cursor, column))
    rows = db.session.scalars(query.order_by(column).limit(limit + 1)).all()
    if len(rows) <= limit:
        return rows, None
    return rows[:limit], str(getattr(rows[limit - 1], column.key))


def _value(cursor: str, column: Any) -> Any:
    kind = column.type.python_type
    if kind is str:
        if "\0" in cursor:
            raise BadInput([Problem("cursor", "invalid")])
        return cursor
    if not cursor.isascii() or not cursor.isdigit() or int(cursor) >= 2**31:
        raise BadInput([Problem("cursor", "invalid")])
    return int(cursor)
