"""Which version of the tables the database has, and which one this code works with."""

from __future__ import annotations

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from config import PROJECT
from helpdesk.db import db


def current() -> str | None:
    """The revision the database is at; None when it has no tables yet. Needs an app context."""
    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest() -> str | None:
    """The last revision in `migrations/`."""
    return _scripts().get_current_head()


def known(revision: str) -> bool:
    """Whether `migrations/` has this revision."""
    return any(script.revision == revision for script in _scripts().walk_revisions())


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(PROJECT / "migrations"))
