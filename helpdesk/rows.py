"""All rows of a database as JSON lines and back, whatever the database: what a backup is made of.

Tables and columns are read from the database itself, not from the models, so that a backup made by one
version can be read by a later one. Instants are written in UTC, bytes in base64, exact numbers as text.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import (
    JSON,
    Boolean,
    Connection,
    Date,
    DateTime,
    Float,
    LargeBinary,
    Numeric,
    TableClause,
    Time,
    column,
    func,
    insert,
    inspect,
    select,
    table,
)
from sqlalchemy.types import TypeEngine

AT_ONCE = 500  # rows read or written in one go
NOT_DATA = "alembic_version"  # says which version the tables have; migrations write it


class Kind(NamedTuple):
    """How the values of some column types are written in JSON and read back."""

    types: tuple[type[TypeEngine[Any]], ...]
    write: Callable[[Any], Any]
    read: Callable[[Any], Any]


def _instant(value: datetime) -> str:
    return (value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)).isoformat()


def _as_it_is(value: Any) -> Any:
    return value


# The first that fits a column's type; Float stands before Numeric, which it is a kind of.
KINDS: dict[str, Kind] = {
    "instant": Kind((DateTime,), _instant, datetime.fromisoformat),
    "date": Kind((Date,), date.isoformat, date.fromisoformat),
    "time": Kind((Time,), time.isoformat, time.fromisoformat),
    "bytes": Kind((LargeBinary,), lambda value: base64.b64encode(value).decode("ascii"), base64.b64decode),
    "float": Kind((Float,), _as_it_is, _as_it_is),
    "decimal": Kind((Numeric,), str, Decimal),
    "truth": Kind((Boolean,), bool, bool),
    "json": Kind((JSON,), _as_it_is, _as_it_is),
    "plain": Kind((TypeEngine,), _as_it_is, _as_it_is),
}


@dataclass(frozen=True)
class TableShape:
    """A table as the database has it: its columns' kinds by name, and something to build statements with."""

    name: str
    kinds: dict[str, str]
    clause: TableClause


def shapes(connection: Connection) -> list[TableShape]:
    """Every table with data, by name."""
    inspector = inspect(connection)
    found = []
    for name in sorted(inspector.get_table_names()):
        if name != NOT_DATA:
            types = {each["name"]: _with_null(each["type"]) for each in inspector.get_columns(name)}
            clause = table(name, *(column(*each) for each in types.items()))
            found.append(TableShape(name, {each: _kind(type_) for each, type_ in types.items()}, clause))
    return found


def _with_null(type_: TypeEngine[Any]) -> TypeEngine[Any]:
    """JSON columns get a real NULL for nothing, not the JSON word `null`."""
    return type(type_)(none_as_null=True) if isinstance(type_, JSON) else type_


def _kind(type_: TypeEngine[Any]) -> str:
    return next(name for name, kind in KINDS.items() if isinstance(type_, kind.types))


def is_empty(connection: Connection) -> bool:
    """Whether no table holds a row."""
    return not any(
        connection.execute(select(shape.clause).limit(1)).first() is not None for shape in shapes(connection)
    )


def write_lines(connection: Connection, shape: TableShape, file: Path) -> int:
    """Write each row as one JSON object. Returns how many."""
    writers = [(name, KINDS[kind].write) for name, kind in shape.kinds.items()]
    count = 0
    rows = connection.execute(select(shape.clause), execution_options={"yield_per": AT_ONCE})
    with file.open("w", encoding="utf-8") as lines:
        for row in rows:
            values = zip(writers, row, strict=True)
            record = {name: None if value is None else write(value) for (name, write), value in values}
            lines.write(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n")
            count += 1
    return count


def read_lines(connection: Connection, shape: TableShape, file: Path) -> int:
    """Put the rows of a file into their table. Returns how many. Raises ValueError for a foreign column."""
    readers = {name: KINDS[kind].read for name, kind in shape.kinds.items()}
    naive = connection.dialect.name == "sqlite"
    count = 0
    with file.open(encoding="utf-8") as lines:
        while batch := list(islice(lines, AT_ONCE)):
            rows = [dict(_values(json.loads(line), readers, shape.name, naive=naive)) for line in batch]
            connection.execute(insert(shape.clause), rows)
            count += len(rows)
    return count


def _values(
    record: dict[str, Any], readers: dict[str, Callable[[Any], Any]], table_name: str, *, naive: bool
) -> Iterator[tuple[str, Any]]:
    for name, value in record.items():
        if name not in readers:
            raise ValueError(f"the table {table_name} has no column {name}")
        read = None if value is None else readers[name](value)
        if naive and isinstance(read, datetime):
            read = read.replace(tzinfo=None)  # SQLite keeps instants without their offset
        yield name, read


def set_counters(connection: Connection, shape: TableShape) -> None:
    """Let the numbering of new rows go on after the highest one (PostgreSQL; SQLite does so by itself)."""
    if connection.dialect.name != "postgresql":
        return
    for name in shape.kinds:
        counter = connection.scalar(select(func.pg_get_serial_sequence(f'"{shape.name}"', name)))
        if counter is not None:
            highest = connection.scalar(select(func.max(shape.clause.c[name])))
            connection.execute(select(func.setval(counter, highest or 1, highest is not None)))
