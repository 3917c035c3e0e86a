"""How migrations run: on the application's own engine, and safely on SQLite."""

from __future__ import annotations

from alembic import context
from flask import current_app

extension = current_app.extensions["migrate"]


def run() -> None:
    """Run the migrations. On SQLite foreign keys are off meanwhile, and checked before the commit.

    A batch migration rebuilds a table by copying and dropping it; with foreign keys on, dropping a parent
    would delete every child row that cascades. The pragma has no effect in a transaction: it comes first.
    """
    with extension.db.engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        raw = connection.connection.driver_connection
        if sqlite:
            raw.execute("PRAGMA foreign_keys=OFF")
        try:
            context.configure(
                connection=connection,
                target_metadata=extension.db.metadata,
                transactional_ddl=True,  # SQLite too: db.py begins explicitly, so a refused migration leaves nothing
                **extension.configure_args,
            )
            with context.begin_transaction():
                context.run_migrations()
                if sqlite:
                    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
                    if broken:
                        raise RuntimeError(f"the migration would leave rows without their parent: {broken[:5]}")
            connection.commit()
        finally:
            if sqlite:
                connection.rollback()  # the pragma has no effect in a transaction, and the connection is used again
                raw.execute("PRAGMA foreign_keys=ON")


run()
