"""What the pages of the community manager cost at 1 000 and at 100 000 tickets, beside a bare page with one query.

Each page is asked of the application itself (no network), in turns: bare, small, large, bare, … in processor time of
this process, so that a busy machine does not count. The large database holds the small one's tickets a hundred times:
every row is copied with its events, under new references. Exit code 1 when the inbox misses the goal.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from flask import Flask, render_template_string
from sqlalchemy import Connection, String, Table, cast, create_engine, func, insert, literal, select, text, update
from sqlalchemy.sql.elements import ColumnElement

from bench._organisation import token_of_manager
from bench._serving import private_redis, scratch_folder
from config import Settings
from helpdesk import clock, create_app
from helpdesk.accounts.directory import person_with
from helpdesk.accounts.models import SYSTEM
from helpdesk.db import db, transaction
from helpdesk.intake.cleaning import clean
from helpdesk.intake.receiving import receive
from helpdesk.tickets.models import Event, Question, QueueCount, Ticket

GOAL = 1.3  # the inbox at 100 000 tickets against the inbox at 1 000
SMALL, TIMES = 1_000, 100
PAGES = {"inbox": "/inbox", "inbox, late": "/inbox?queue=late", "ticket": "/tickets/{ref}"}


def main() -> int:
    options = _options()
    with scratch_folder() as folder, private_redis(folder / "redis") as redis_url:
        small = _settings(folder / "small", redis_url)
        token_of_manager(small)
        ref = _ask(small, SMALL)
        shutil.copytree(small.data_dir, folder / "large")
        large = _settings(folder / "large", redis_url)
        _multiply(large.database_url, TIMES)
        doors = {"bare": _bare(small.database_url), "small": _signed_in(small), "large": _signed_in(large)}
        costs = {page: _measure(doors, path.format(ref=ref), options.rounds) for page, path in PAGES.items()}
    return _report(costs, options.json)


def _settings(folder: Path, redis_url: str) -> Settings:
    return Settings.load({"RELAIS_DATA_DIR": str(folder), "REDIS_URL": redis_url, "LOG_LEVEL": "ERROR"})


def _ask(settings: Settings, count: int) -> str:
    """Take in `count` questions as they come in. Returns the reference of one of them."""
    app = create_app(settings)
    with app.app_context():
        for start in range(0, count, 100):
            with transaction():
                for number in range(start, start + 100):
                    words = f"Question {number} : ma box affiche D3 et redémarre sans cesse, que faut-il faire ?"
                    received = receive(clean(text=words, channel="web", now=clock.now()), by=SYSTEM, origin="load")
        ref = received.ref
        db.session.remove()
        db.engine.dispose()
    return ref


def _multiply(url: str, times: int) -> None:
    """Copy every ticket, question and event `times - 1` times, under new ids and references."""
    engine = create_engine(url)
    with engine.begin() as connection:
        highest = {table: connection.scalar(select(func.max(table.c.id))) for table in _tables()}
        for copy in range(1, times):
            for table in _tables():
                _copy(connection, table, {other: top * copy for other, top in highest.items()}, copy)
        connection.execute(update(QueueCount).values(count=QueueCount.count * times))
        connection.execute(text("ANALYZE"))
    engine.dispose()


def _tables() -> list[Table]:
    return [model.__table__ for model in (Ticket, Question, Event)]  # type: ignore[misc]


def _copy(connection: Connection, table: Table, shift: dict[Table, int], copy: int) -> None:
    tickets = Ticket.__table__
    fresh: dict[str, ColumnElement[object]] = {"id": table.c.id + shift[table]}
    if "ticket_id" in table.c:
        fresh["ticket_id"] = table.c.ticket_id + shift[tickets]  # type: ignore[index]
    for name in ("ref", "public_id"):
        if name in table.c:
            fresh[name] = cast(table.c[name], String) + literal(f"-{copy}")
    columns = [fresh.get(column.name, column) for column in table.columns]
    originals = select(*columns).where(table.c.id <= shift[table] // copy)
    connection.execute(insert(table).from_select([column.name for column in table.columns], originals))


def _signed_in(settings: Settings) -> Callable[[str], None]:
    """Opens a page as the demo's community manager."""
    app = create_app(settings)
    browser = app.test_client()
    with app.app_context():
        manager = person_with("cm-1")
        assert manager is not None
        with browser.session_transaction() as session:
            session["_user_id"], session["_fresh"] = manager.get_id(), True
        db.session.remove()

    def ask(path: str) -> None:
        answer = browser.get(path)
        if answer.status_code != 200:
            raise RuntimeError(f"{path} answered {answer.status_code}")

    return ask


def _bare(url: str) -> Callable[[str], None]:
    """A page of fifty rows by one query, without anything else."""
    app, engine = Flask("bare"), create_engine(url)
    tickets = Ticket.__table__
    query = select(tickets.c.ref, tickets.c.excerpt).order_by(tickets.c.id).limit(50)
    page = "<!doctype html><title>Bare</title><ol>{% for row in rows %}<li>{{ row.ref }} {{ row.excerpt }}{% endfor %}"

    @app.get("/")
    def rows() -> str:
        with engine.connect() as connection:
            return render_template_string(page, rows=connection.execute(query).all())

    browser = app.test_client()

    def ask(_path: str) -> None:
        browser.get("/")

    return ask


def _measure(doors: dict[str, Callable[[str], None]], path: str, rounds: int) -> dict[str, float]:
    """Median processor milliseconds of each door for `path`, asked in turns."""
    spent: dict[str, list[float]] = {name: [] for name in doors}
    for number in range(rounds + 3):  # the first three fill caches and are not counted
        for name, ask in doors.items():
            began = time.process_time()
            ask(path)
            if number >= 3:
                spent[name].append(1000 * (time.process_time() - began))
    return {name: statistics.median(times) for name, times in spent.items()}


def _report(costs: dict[str, dict[str, float]], as_json: bool) -> int:
    ratios = {
        page: {
            "large_to_small": round(cost["large"] / cost["small"], 2),
            "small_to_bare": round(cost["small"] / cost["bare"], 1),
        }
        for page, cost in costs.items()
    }
    reached = ratios["inbox"]["large_to_small"] <= GOAL
    if as_json:
        print(
            json.dumps({"tickets": [SMALL, SMALL * TIMES], "pages": ratios, "goal": GOAL, "reached": reached}, indent=2)
        )
    else:
        for page, ratio in ratios.items():
            print(
                f"{page}: {SMALL * TIMES} tickets cost {ratio['large_to_small']} times what {SMALL} cost, "
                f"which is {ratio['small_to_bare']} bare pages"
            )
        print(f"inbox (goal: at most {GOAL}): {'reached' if reached else 'missed'}")
    return 0 if reached else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
