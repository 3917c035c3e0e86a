"""Migrations: they make the schema of the models, and changing a table loses no row of another."""

from __future__ import annotations

import ast
import shutil
import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask_migrate import upgrade
from sqlalchemy import text

from config import Settings
from helpdesk import clock, create_app, revisions
from helpdesk.db import Base, db
from helpdesk.migrating import FOLDER, migrate

VERSIONS = sorted((FOLDER / "versions").glob("*.py"))

# A column more on a parent of cascading rows, as a batch migration makes it on SQLite: copy, drop, rename.
THROWAWAY = """
import sqlalchemy as sa
from alembic import op

revision = "throwaway"
down_revision = {head!r}


def upgrade():
    with op.batch_alter_table("person", recreate="always") as person:
        person.add_column(sa.Column("throwaway", sa.String(10)))


def downgrade():
    pass
"""


def test_the_migrations_make_the_schema_of_the_models(migrated):
    with migrated.app_context(), db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "render_as_batch": True})
        assert compare_metadata(context, Base.metadata) == []


def test_each_migration_says_what_it_follows_and_they_form_one_line():
    found = {}
    for path in VERSIONS:
        values = {
            node.targets[0].id: ast.literal_eval(node.value)
            for node in ast.parse(path.read_text(encoding="utf-8")).body
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        }
        found[values["revision"]] = values["down_revision"]
    assert list(found.values()).count(None) == 1
    assert len(set(found.values())) == len(found)  # nobody is followed twice


@pytest.fixture
def upgraded(tmp_path: Path, redis_url: str):
    """An application on a database of its own, on SQLite whatever the suite runs on."""
    settings = Settings.load({"RELAIS_DATA_DIR": str(tmp_path / "data"), "REDIS_URL": redis_url})
    app = create_app(settings)
    migrate(app)
    yield app, tmp_path
    with app.app_context():
        db.engine.dispose()


def _fill(connection) -> None:
    now = clock.now().replace(tzinfo=None).isoformat(sep=" ")
    connection.execute(
        text(
            "INSERT INTO person (id, handle, name, title, profile, languages, max_open, active, session_epoch,"
            " answered, created_at, directory_key) VALUES (1, 'exp-01', 'Zoé', '', '', '[]', 6, 1, 0, 0, :now, 'zoe')"
        ),
        {"now": now},
    )
    connection.execute(text("INSERT INTO person_role (person_id, role) VALUES (1, 'expert')"))
    connection.execute(
        text("INSERT INTO token (id, person_id, digest, scope, created_at) VALUES (1, 1, 'd', 'full', :now)"),
        {"now": now},
    )


def _with(folder: Path, migration: str) -> str:
    copy = folder / "migrations"
    shutil.copytree(FOLDER, copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "versions" / "9999_throwaway.py").write_text(migration, encoding="utf-8")
    return str(copy)


def test_rebuilding_a_parent_table_loses_no_child_row(upgraded):
    app, folder = upgraded
    with app.app_context():
        with db.engine.begin() as connection:
            _fill(connection)
        upgrade(directory=_with(folder, THROWAWAY.format(head=revisions.newest())))
        with db.engine.connect() as connection:
            assert [
                connection.execute(text(f"SELECT count(*) FROM {table}")).scalar()
                for table in ("person", "person_role", "token")
            ] == [1, 1, 1]
            assert "throwaway" in [row[1] for row in connection.execute(text("PRAGMA table_info(person)"))]
            assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
        db.engine.dispose()


def test_a_migration_that_would_leave_orphans_is_refused_whole(upgraded, caplog):
    app, folder = upgraded
    losing = THROWAWAY.replace(
        '    with op.batch_alter_table("person", recreate="always") as person:\n'
        '        person.add_column(sa.Column("throwaway", sa.String(10)))\n',
        '    op.execute("DELETE FROM person")\n',
    )
    assert losing != THROWAWAY
    with app.app_context():
        with db.engine.begin() as connection:
            _fill(connection)
        with pytest.raises(SystemExit):
            upgrade(directory=_with(folder, losing.format(head=revisions.newest())))
        assert "would leave rows without their parent" in caplog.text
        db.session.remove()
        db.engine.dispose()
    with sqlite3.connect(folder / "data" / "relais.db") as kept:
        assert kept.execute("SELECT count(*) FROM person").fetchone() == (1,)
        assert kept.execute("SELECT version_num FROM alembic_version").fetchone() == (revisions_of(VERSIONS[-1]),)


def revisions_of(path: Path) -> str:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "revision":
            return str(ast.literal_eval(node.value))
    raise AssertionError(f"{path.name} names no revision")
