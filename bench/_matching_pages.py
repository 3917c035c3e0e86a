"""Processor time of the pages that use the matcher, over a small database and an index of any size beside it."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

from bench._organisation import MANAGER, token_of_manager
from bench._serving import private_redis
from config import Settings
from helpdesk import clock, create_app
from helpdesk.accounts.directory import person_with
from helpdesk.accounts.models import SYSTEM
from helpdesk.db import db, transaction
from helpdesk.intake.cleaning import clean
from helpdesk.intake.receiving import receive
from helpdesk.search.whoosh_index import WhooshIndex

ASKED = 20


def page_costs(folder: Path, index: Path, questions: Sequence[str]) -> dict[str, float]:
    """Milliseconds (median and 95th percentile) of each page for the community manager, by "page …"."""
    data = folder / "small"
    with private_redis(folder / "redis") as redis_url:
        settings = Settings.load({"RELAIS_DATA_DIR": str(data), "REDIS_URL": redis_url, "LOG_LEVEL": "ERROR"})
        token_of_manager(settings)
        (data / "index").symlink_to(index, target_is_directory=True)
        app = create_app(settings)
        app.config["WTF_CSRF_ENABLED"] = False
        with app.app_context():
            manager = person_with(MANAGER)
            assert manager is not None
            browser = app.test_client()
            with browser.session_transaction() as session:
                session["_user_id"], session["_fresh"] = manager.get_id(), True
            refs = [_ask(text) for text in questions[:ASKED]]
            db.session.remove()
        return _measured(browser, refs, questions[:ASKED])


def _ask(text: str) -> str:
    with transaction():
        return receive(clean(text=text, channel="web", now=clock.now()), by=SYSTEM, origin="load").ref


def _measured(browser: FlaskClient, refs: Sequence[str], questions: Sequence[str]) -> dict[str, float]:
    pages: dict[str, Callable[[int], object]] = {
        "page of a ticket": lambda number: _get(browser, f"/tickets/{refs[number]}"),
        "page of a search": lambda number: _get(browser, f"/search?q={'+'.join(questions[number].split()[:2])}"),
        "page to paste": lambda number: _get(browser, "/paste"),
        "page after pasting": _Pasting(browser, questions, 1 + 4 * ASKED),
    }
    found = {}
    for name, ask in pages.items():
        ask(0)
        spent = sorted(min(_milliseconds(ask, number) for _ in range(3)) for number in range(ASKED))
        found[f"{name}, ms"] = statistics.median(spent)
        found[f"{name}, p95, ms"] = spent[int(0.95 * len(spent))]
        with _index_time() as parts:
            for number in range(ASKED):
                ask(number)
        found[f"{name}, of it in the index, ms"] = 1000 * sum(parts) / ASKED
    return found


@contextmanager
def _index_time() -> Iterator[list[float]]:
    """The seconds of processor time of each call of the index meanwhile."""
    parts: list[float] = []
    read = WhooshIndex._read

    def timed(self: WhooshIndex, answer: Callable[[Any], Any]) -> Any:
        started = time.process_time()
        try:
            return read(self, answer)
        finally:
            parts.append(time.process_time() - started)

    WhooshIndex._read = timed  # type: ignore[method-assign]
    try:
        yield parts
    finally:
        WhooshIndex._read = read  # type: ignore[method-assign]


def _milliseconds(ask: Callable[[int], object], number: int) -> float:
    started = time.process_time()
    ask(number)
    return 1000 * (time.process_time() - started)


def _get(browser: FlaskClient, path: str) -> str:
    answer = browser.get(path)
    if answer.status_code != 200:
        raise RuntimeError(f"{path} answered {answer.status_code}")
    return answer.get_data(as_text=True)


class _Pasting:
    """Posts that are taken in one after the other, each with the nonce of a form that was opened before."""

    def __init__(self, browser: FlaskClient, questions: Sequence[str], count: int) -> None:
        self._browser = browser
        self._nonces = [_nonce(browser) for _ in range(count)]
        self._questions = questions

    def __call__(self, number: int) -> None:
        nonce = self._nonces.pop()
        text = f"{self._questions[number]} {len(self._nonces)}"
        form = {"nonce": nonce, "text": text, "channel": "web", "author": "somebody"}
        answer = self._browser.post("/paste", data=form)
        if answer.status_code != 303:
            raise RuntimeError(f"pasting answered {answer.status_code}")


def _nonce(browser: FlaskClient) -> str:
    found = re.search(r'name="nonce"[^>]*value="([^"]+)"', _get(browser, "/paste"))
    if found is None:
        raise RuntimeError("the form has no nonce")
    return found[1]
