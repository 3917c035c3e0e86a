"""What every test may ask for: an application on an empty database, people of every role, a browser's client."""

from __future__ import annotations

import contextvars
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, has_app_context
from flask.testing import FlaskClient
from sqlalchemy import text

ROOT = Path(__file__).resolve().parent.parent
for folder in (ROOT, ROOT / "tests"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

import servers  # noqa: E402
from config import Settings  # noqa: E402
from helpdesk import create_app, demo, outbox  # noqa: E402
from helpdesk.db import Base, db  # noqa: E402
from helpdesk.migrating import migrate  # noqa: E402

DATABASE = "TEST_DATABASE_URL"  # a PostgreSQL server's URL: the suite then runs on it instead of SQLite


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A private Redis for the whole session."""
    with servers.valkey() as url:
        yield url


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory, redis_url: str) -> Settings:
    data = tmp_path_factory.mktemp("data")
    environment = {"RELAIS_DATA_DIR": str(data), "REDIS_URL": redis_url, "BASE_URL": "http://localhost"}
    if os.environ.get(DATABASE):
        environment["DATABASE_URL"] = servers.another_database(os.environ[DATABASE], "suite")
    return Settings.load(environment)


@pytest.fixture(scope="session")
def migrated(settings: Settings) -> Iterator[Flask]:
    """The application on a database made by the migrations, once."""
    app = create_app(settings)
    app.config.update(TESTING=True, PROPAGATE_EXCEPTIONS=False, RATELIMIT_ENABLED=False, WTF_CSRF_ENABLED=False)
    migrate(app)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(scope="session")
def demo_app(tmp_path_factory: pytest.TempPathFactory, redis_url: str) -> Iterator[Flask]:
    """The application with the demo played, for tests that look at it and leave it as it is; outside its context."""
    data = tmp_path_factory.mktemp("demo")
    environment = {"RELAIS_DATA_DIR": str(data), "REDIS_URL": redis_url, "BASE_URL": "http://localhost"}
    if os.environ.get(DATABASE):
        environment["DATABASE_URL"] = servers.another_database(os.environ[DATABASE], "demo")
    app = create_app(Settings.load(environment))
    app.config.update(TESTING=True, PROPAGATE_EXCEPTIONS=False, RATELIMIT_ENABLED=False, WTF_CSRF_ENABLED=False)
    migrate(app)
    demo.load(app)
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def app(migrated: Flask, settings: Settings) -> Iterator[Flask]:
    """The application inside its context, every table empty, Redis empty, no index."""
    with migrated.app_context():
        _empty()
        outbox.redis().flushall()
        _forget_index(settings)
        yield migrated
        db.session.rollback()
        db.session.remove()


def _empty() -> None:
    """Delete every row, children first; tables that point at one another are unlocked on PostgreSQL by CASCADE."""
    with db.engine.begin() as connection:
        names = [table.name for table in reversed(Base.metadata.sorted_tables)]
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"TRUNCATE {', '.join(names)} RESTART IDENTITY CASCADE"))
            return
        connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        for name in names:
            connection.exec_driver_sql(f"DELETE FROM {name}")


def _forget_index(settings: Settings) -> None:
    from helpdesk.search import access

    shutil.rmtree(settings.data_dir / "index", ignore_errors=True)
    access._open.clear()


class Browser(FlaskClient):
    """A browser without JavaScript. Each request is on its own, as in a server: nothing of the test leaks into it."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        response = contextvars.Context().run(super().open, *args, **kwargs)
        if has_app_context():
            db.session.rollback()  # the test sees what the request wrote
        return response


@pytest.fixture
def client(app: Flask) -> Browser:
    """A browser, nobody signed in."""
    return Browser(app, app.response_class)
