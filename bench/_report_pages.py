"""The pages and reports on response times, asked of the application itself as those who read them."""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient

from bench._databases import Databases
from bench._organisation import MANAGER
from helpdesk import clock, create_app
from helpdesk.accounts.directory import person_with
from helpdesk.db import db

CODE, HEAD = "FIX", "head-fix"
WARM = 6
"""Rounds that fill caches and are not counted."""
USUAL = "weeks=13"
TWO_YEARS = "weeks=104"
EVERYTHING = "weeks=520"


@dataclass(frozen=True)
class Page:
    """`who`: a handle, or None for the API with a token. `usual`: held to the goal."""

    name: str
    path: str
    who: str | None
    usual: bool = False


def _everything(code: str, who: str | None, period: str, days: int, when: str, usual: bool = False) -> list[Page]:
    whose = "all departments" if code == "all" else "one department"
    asked = "" if code == "all" else f"&department={code}"
    first = (clock.now() - timedelta(days=days)).date()
    return [
        Page(f"page, {whose}, {when}", f"/department?code={code}&{period}", who, usual),
        Page(f"API, {whose}, {when}", f"/api/v1/reports/sla?from={first}{asked}", None),
        Page(f"CSV, {whose}, {when}", f"/department/figures/weeks.csv?code={code}&{period}", who),
        Page(f"spreadsheet, {whose}, {when}", f"/department/figures.xlsx?code={code}&{period}", who),
    ]


PAGES = [
    *_everything(CODE, HEAD, USUAL, 91, "13 weeks", usual=True),
    *_everything("all", MANAGER, USUAL, 91, "13 weeks", usual=True),
    *_everything(CODE, HEAD, TWO_YEARS, 728, "two years"),
    *_everything("all", MANAGER, TWO_YEARS, 728, "two years"),
]
REPORTS = [
    *_everything(CODE, HEAD, EVERYTHING, 3640, "the whole log"),
    *_everything("all", MANAGER, EVERYTHING, 3640, "the whole log"),
]


class Door:
    """An application on one database, and people who are signed in."""

    def __init__(self, app: Flask, token: str, backends: Callable[[], Sequence[Path]]) -> None:
        self._app, self._backends = app, backends
        self._headers = {"Authorization": f"Bearer {token}"}
        self._known: Sequence[Path] = ()
        self._browsers = {who: self._signed_in(who) for who in (HEAD, MANAGER)}
        self._plain = app.test_client()

    def _signed_in(self, who: str) -> FlaskClient:
        browser = self._app.test_client()
        with self._app.app_context():
            person = person_with(who)
            assert person is not None
            with browser.session_transaction() as session:
                session["_user_id"], session["_fresh"] = person.get_id(), True
            db.session.remove()
        return browser

    def ask(self, page: Page) -> None:
        """Raises RuntimeError unless the page answers."""
        if page.who is None:
            answer = self._plain.get(page.path, headers=self._headers)
        else:
            answer = self._browsers[page.who].get(page.path)
        if answer.status_code != 200 or not answer.get_data():
            raise RuntimeError(f"{page.path} answered {answer.status_code}")

    @contextlib.contextmanager
    def inside(self) -> Iterator[None]:
        """The application's context, for what no page does."""
        with self._app.app_context():
            yield
            db.session.remove()

    def spent(self) -> float:
        """Seconds of processor time so far, the database's included."""
        return time.process_time() + sum(int(path.read_text().split()[0]) for path in self._known) / 1e9

    def settle(self) -> None:
        """Find the database's processes, now that there are some."""
        self._known = self._backends()

    def close(self) -> None:
        with self._app.app_context():
            db.session.remove()
            db.engine.dispose()


@dataclass(frozen=True)
class Cost:
    """Seconds: the median of processor time, and the least elapsed."""

    processor: float
    elapsed: float


def door(kept: Databases, name: str, token: str) -> Door:
    app = create_app(kept.settings(name))
    app.config["RATELIMIT_ENABLED"] = False
    return Door(app, token, lambda: kept.backends(name))


def costs(doors: Mapping[int, Door], pages: Sequence[Page], rounds: int) -> dict[int, dict[str, Cost]]:
    """Size → page → cost, asked in turns: a machine is never idle."""
    found: dict[int, dict[str, Cost]] = {size: {} for size in doors}
    for page in pages:
        processor: dict[int, list[float]] = {size: [] for size in doors}
        elapsed: dict[int, list[float]] = {size: [] for size in doors}
        for number in range(WARM + rounds):
            for size, each in doors.items():
                if number == WARM:
                    each.settle()
                spent, began = each.spent(), time.perf_counter()
                each.ask(page)
                if number >= WARM:
                    elapsed[size].append(time.perf_counter() - began)
                    processor[size].append(each.spent() - spent)
        for size in doors:
            found[size][page.name] = Cost(statistics.median(processor[size]), min(elapsed[size]))
    return found
