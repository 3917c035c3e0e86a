"""Relais: public questions, routed to the people inside who know, answered officially."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from config import Settings


def create_app(settings: Settings | None = None) -> Flask:
    """The application, wired. Imports stay inside: `python -m helpdesk` runs before anything is installed."""
    from apiflask import APIFlask

    from config import PROJECT, Settings
    from helpdesk import db, migrating, web

    settings = settings or Settings.load()
    app = APIFlask(
        "helpdesk",
        title="Relais",
        version="0.1.0",
        spec_path=None,
        json_errors=False,
        docs_path=None,
        template_folder=str(PROJECT / "templates"),
        static_folder=str(PROJECT / "helpdesk" / "web" / "static"),
    )
    app.extensions["relais_settings"] = settings
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        MAX_CONTENT_LENGTH=1024 * 1024,
        MAX_FORM_MEMORY_SIZE=1024 * 1024,
        SESSION_COOKIE_NAME="relais",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.base_url.startswith("https://"),
    )
    db.db.init_app(app)
    migrating.prepare(app)
    connect(settings)
    web.prepare(app, settings)
    return app


def connect(settings: Settings) -> None:
    """Tell the parts that know nothing of Flask what this process uses: one Redis, one key, one index at a time."""
    from helpdesk import outbox
    from helpdesk.embedding import asking
    from helpdesk.intake import askers
    from helpdesk.search import access

    outbox.connect(settings.redis_connection_url())
    askers.use_key(settings.secret_key)
    access.connect(settings)
    asking.connect(settings)
