"""How soon a question that was just saved is found by the staff's search, through the API, as people feel it.

What runs: web server and job workers of Relais on SQLite with the demo's organisation, and a private Redis. Questions
are posted one after the other; after each, the search is asked for a word that only this one holds until it finds it.
Exit code 1 when the slowest but one in twenty took longer than the goal. Seconds by the wall clock: on a machine that
is busy with something else they say nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bench._organisation import token_of_manager
from bench._serving import job_worker, private_redis, program_environment, scratch_folder, web_server
from config import Settings
from helpdesk.accounts.models import TokenScope

GOAL = 2.0
PATIENCE = 30.0
PAUSE = 0.02
LETTERS = "abcdefghijklmnoprstuvz"


def main() -> int:
    options = _options()
    with scratch_folder() as folder, _relais(folder) as (port, token):
        waited = sorted(_seconds_until_found(port, token, number) for number in range(options.questions))
    slow = waited[min(len(waited) - 1, int(0.95 * len(waited)))]
    document = {"questions": len(waited), "median": waited[len(waited) // 2], "p95": slow, "goal": GOAL}
    document = {name: round(value, 3) for name, value in document.items()} | {"reached": slow <= GOAL}
    if options.json:
        print(json.dumps(document))
    else:
        print(f"{len(waited)} questions: found after {document['median']:.2f} s (median), {slow:.2f} s (95 %)")
        print(f"goal: {GOAL:.0f} s: {'reached' if slow <= GOAL else 'missed'}")
    return 0 if slow <= GOAL else 1


@contextlib.contextmanager
def _relais(folder: Path) -> Iterator[tuple[int, str]]:
    with contextlib.ExitStack() as running:
        url = running.enter_context(private_redis(folder / "redis"))
        extra = {"RELAIS_DATA_DIR": str(folder / "data"), "REDIS_URL": url, "LOG_LEVEL": "WARNING"}
        settings = Settings.load(extra)
        token = token_of_manager(settings, TokenScope.FULL)
        environment = program_environment(extra)
        for number in range(2):
            running.enter_context(job_worker(environment, folder / f"worker-{number}.log"))
        yield running.enter_context(web_server("wsgi:app", settings, environment, folder / "web.log")), token


def _seconds_until_found(port: int, token: str, number: int) -> float:
    word = "z" + "".join(LETTERS[(number // len(LETTERS) ** place) % len(LETTERS)] for place in range(3)) + "olor"
    body = {
        "text": f"Le {word} de mon compteur clignote, que faire ?",
        "channel": "web",
        "external_id": f"new-{number}",
    }
    _asked(port, token, "POST", "/api/v1/questions", body)
    saved = time.monotonic()
    while time.monotonic() - saved < PATIENCE:
        looked = time.monotonic()
        if _asked(port, token, "GET", f"/api/v1/tickets?q={quote(word)}")["items"]:
            return looked - saved
        time.sleep(PAUSE)
    raise TimeoutError(f"{word} was not found after {PATIENCE:.0f} s")


def _asked(port: int, token: str, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        connection.request(method, path, json.dumps(body) if body else None, headers)
        answer = connection.getresponse()
        said = answer.read()
        if answer.status not in (200, 201):
            raise RuntimeError(f"{method} {path}: {answer.status} {said[:300]!r}")
        return json.loads(said)
    finally:
        connection.close()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/relais bench freshness", description=__doc__.splitlines()[0])
    parser.add_argument("--questions", type=int, default=40, help="how many are posted (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
