"""References such as R-2026-000142: one series a year, without gaps."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import cast

from sqlalchemy import Table, func, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from helpdesk.db import db
from helpdesk.tickets.models import ReferenceCount

# Made once: building such a statement costs as much as carrying it out.
_NEXT = {
    dialect: insert(cast(Table, ReferenceCount.__table__))
    .on_conflict_do_update(index_elements=["year"], set_={"last": ReferenceCount.last + 1})
    .returning(ReferenceCount.last)
    for dialect, insert in (("postgresql", postgresql_insert), ("sqlite", sqlite_insert))
}


_TURN = select(func.pg_advisory_xact_lock(0x52656C616973))  # any number that nobody else uses: "Relais"


def wait_for_turn() -> None:
    """Hold the right to take questions in until the end of the transaction.

    On SQLite whoever writes is alone anyway; PostgreSQL would let two look before either of them writes.
    """
    connection = db.session.connection()
    if connection.dialect.name == "postgresql":
        connection.execute(_TURN)


def next_reference(now: datetime) -> str:
    """The next reference of the (UTC) year of `now`.

    One statement, which holds the year's row until the end of the transaction: what is rolled back gives its number
    back, and two who arrive at once never get the same.
    """
    year = now.astimezone(UTC).year
    connection = db.session.connection()
    number = connection.scalar(_NEXT[connection.dialect.name], {"year": year, "last": 1})
    return f"R-{year}-{number:06d}"
