"""Many rows written at once, past everything that makes single ones comfortable."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from sqlalchemy import Engine, Table

Values = list[Any]


@cache
def columns_of(table: Table) -> dict[str, int]:
    """Column → its place in a row."""
    return {column.name: place for place, column in enumerate(table.columns)}


class Bulk:
    """Collects rows and writes them: `COPY` on PostgreSQL, `executemany` on SQLite."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._copies = engine.dialect.name == "postgresql"
        self._rows: defaultdict[Table, list[Values]] = defaultdict(list)

    def bound(self, table: Table, column: str, value: Any) -> Any:
        """A value as the driver takes it."""
        if isinstance(value, dict | list):
            return json.dumps(value, ensure_ascii=False)
        dialect = self._engine.dialect
        process = table.c[column].type.dialect_impl(dialect).bind_processor(dialect)
        return process(value) if process is not None else value

    def instant(self, at: datetime) -> Any:
        return at if self._copies else at.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")

    def day(self, day: date) -> Any:
        return day if self._copies else day.isoformat()

    def add(self, table: Table, values: Values) -> None:
        self._rows[table].append(values)

    def write(self) -> None:
        """Write what was collected, in the order of the tables, in one transaction."""
        with self._engine.begin() as connection:
            driver: Any = connection.connection.driver_connection
            for table, rows in self._rows.items():
                names = ", ".join(f'"{name}"' for name in columns_of(table))
                if self._copies:
                    with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
                        for row in rows:
                            copy.write_row(row)
                else:
                    marks = ", ".join("?" * len(table.columns))
                    driver.executemany(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", rows)
        self._rows.clear()
