"""Bring the database to the schema of this version."""

from __future__ import annotations

from pathlib import Path

from flask import Flask
from flask_migrate import Migrate, upgrade

from helpdesk.db import db

FOLDER = Path(__file__).resolve().parent.parent / "migrations"


def prepare(app: Flask) -> None:
    """Let `app` run migrations."""
    import helpdesk.models  # noqa: F401  every table must be known

    Migrate(app, db, directory=str(FOLDER), render_as_batch=True, compare_type=True)


def migrate(app: Flask) -> None:
    """Run the migrations that are missing. Safe to call at every start."""
    with app.app_context():
        upgrade(directory=str(FOLDER))
        db.session.remove()
