"""The demo's organisation several times over: every department that answers with people and topics of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Connection, Table, func, insert, select, update

from helpdesk.accounts.models import Department, Person, PersonRole
from helpdesk.routing.models import Topic

PEOPLE = ("holder_id", "person_id", "author_id", "instead_id", "actor_id")
DEPARTMENTS = ("department_id", "counted_department_id")

Row = dict[str, Any]


@dataclass(frozen=True)
class Branch:
    """Who stands in the place of whom in one copy of the organisation, by number."""

    departments: Mapping[int, int]
    people: Mapping[int, int]
    topics: Mapping[int, int]

    def moved(self, row: Row) -> Row:
        """A row, its facts included, with the people, departments and topics of this branch."""
        moved = {name: self._moved(name, value) for name, value in row.items()}
        if "facts" in moved:
            moved["facts"] = {name: self._moved(name, value) for name, value in moved["facts"].items()}
        return moved

    def _moved(self, name: str, value: Any) -> Any:
        if name in PEOPLE:
            return self.people.get(value, value)
        if name in DEPARTMENTS:
            return self.departments.get(value, value)
        return self.topics.get(value, value) if name == "topic_id" else value


def branches_of(connection: Connection, count: int) -> list[Branch]:
    """`count` branches: what is there, and copies of it that are made now."""
    department, person, topic, role = (cast(Table, m.__table__) for m in (Department, Person, Topic, PersonRole))
    answering = _rows(connection, department, department.c.answers.is_(True))
    known = [row["id"] for row in answering]
    staff = _rows(connection, person, person.c.department_id.in_(known))
    topics = _rows(connection, topic, topic.c.department_id.in_(known))
    roles = _rows(connection, role, role.c.person_id.in_([row["id"] for row in staff]))
    branches = [Branch({}, {}, {})]
    for number in range(1, count):
        branch = Branch(
            *(
                {row["id"]: place for place, row in enumerate(rows, 1 + _highest(connection, table))}
                for table, rows in ((department, answering), (person, staff), (topic, topics))
            )
        )
        headless = [row | {"head_id": None} for row in answering]
        _copied(connection, department, headless, number, branch)
        _copied(connection, person, [row | {"email": None, "backup_id": None} for row in staff], number, branch)
        _copied(connection, topic, topics, number, branch)
        connection.execute(insert(role), [row | {"person_id": branch.people[row["person_id"]]} for row in roles])
        for row in answering:
            mine = department.c.id == branch.departments[row["id"]]
            connection.execute(update(department).where(mine).values(head_id=branch.people.get(row["head_id"])))
        branches.append(branch)
    return branches


def _highest(connection: Connection, table: Table) -> int:
    return connection.scalar(select(func.max(table.c.id))) or 0


def _rows(connection: Connection, table: Table, wanted: Any) -> list[Row]:
    query = select(table).where(wanted).order_by(*table.primary_key)
    return [dict(row) for row in connection.execute(query).mappings()]


def _copied(connection: Connection, table: Table, rows: list[Row], number: int, branch: Branch) -> None:
    """Copies under new ids and names, in the department of this branch."""
    ids = {"department": branch.departments, "person": branch.people, "topic": branch.topics}[table.name]
    copies = []
    for row in rows:
        named = {name: f"{row[name]}-{number}" for name in ("code", "handle", "name") if name in row}
        copies.append(branch.moved(row) | named | {"id": ids[row["id"]]})
    connection.execute(insert(table), copies)
