"""What every test may ask for: an application on an empty database, people of every role, a browser's client."""

from __future__ import annotations

import contextvars
import gc
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import closing
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

# The suite starts a hundred programs, which must not each compile everything.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
gc.disable()  # until everything is collected: nothing of it is garbage

import servers  # noqa: E402
from config import Settings  # noqa: E402
from helpdesk import connect, create_app, demo, outbox  # noqa: E402
from helpdesk.db import Base, db  # noqa: E402
from helpdesk.migrating import migrate  # noqa: E402

DATABASE = "TEST_DATABASE_URL"  # a PostgreSQL server's URL: the suite then runs on it instead of SQLite
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")  # tests run in several processes, each with databases of its own


# The files that take minutes begin first, so that no worker sits over one of them at the end.
LONG = ("browser", "supervision", "resilience", "house", "commands", "api", "workers", "journeys")
# What the files of each group share takes long to make: one worker runs them all.
TOGETHER = {
    "the served demo": ("tests/browser/",),
    "the demo": ("tests/journeys/test_demo.py", "tests/pages/test_every_page.py", "tests/pages/test_page_costs.py"),
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def turn(item: pytest.Item) -> int:
        folder = item.path.relative_to(ROOT / "tests").parts[0]
        return LONG.index(folder) if folder in LONG else len(LONG)

    items.sort(key=turn)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from xdist.scheduler import LoadFileScheduling

    class Groups(LoadFileScheduling):
        """A file at a time, or the files that share something."""

        def _split_scope(self, nodeid: str) -> str:
            return next(
                (name for name, files in TOGETHER.items() if nodeid.startswith(files)), super()._split_scope(nodeid)
            )

    return Groups(config, log)


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


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
        environment["DATABASE_URL"] = servers.another_database(os.environ[DATABASE], f"suite{WORKER}")
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
def demo_played(tmp_path_factory: pytest.TempPathFactory, redis_url: str) -> Iterator[Flask]:
    """The application with the demo played, once."""
    data = tmp_path_factory.mktemp("demo")
    environment = {"RELAIS_DATA_DIR": str(data), "REDIS_URL": redis_url, "BASE_URL": "http://localhost"}
    if os.environ.get(DATABASE):
        environment["DATABASE_URL"] = servers.another_database(os.environ[DATABASE], f"demo{WORKER}")
    app = create_app(Settings.load(environment))
    app.config.update(TESTING=True, PROPAGATE_EXCEPTIONS=False, RATELIMIT_ENABLED=False, WTF_CSRF_ENABLED=False)
    migrate(app)
    demo.load(app)
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def demo_app(demo_played: Flask) -> Flask:
    """The demo, for tests that look at it and leave it as it is; outside its context."""
    connect(demo_played.extensions["relais_settings"])
    return demo_played


@pytest.fixture
def app(migrated: Flask, settings: Settings) -> Iterator[Flask]:
    """The application inside its context, every table empty, Redis empty, no index."""
    connect(settings)
    with migrated.app_context():
        _empty()
        outbox.redis().flushall()
        _forget_index(settings)
        yield migrated
        db.session.rollback()
        db.session.remove()


def _empty() -> None:
    """Delete every row, without looking which row points at which: that takes a minute after a thousand tickets."""
    names = [table.name for table in Base.metadata.sorted_tables]
    if db.engine.dialect.name == "postgresql":
        with db.engine.begin() as connection:
            connection.execute(text(f"TRUNCATE {', '.join(names)} RESTART IDENTITY CASCADE"))
        return
    with closing(db.engine.raw_connection()) as raw:
        rows = "".join(f"DELETE FROM {each};" for each in names)
        raw.executescript(f"PRAGMA foreign_keys=OFF; BEGIN IMMEDIATE; {rows} COMMIT; PRAGMA foreign_keys=ON;")


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
