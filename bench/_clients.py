"""Clients that ask as fast as they are answered, each a process with one connection that stays open."""

from __future__ import annotations

import http.client
import json
import multiprocessing
import time
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from typing import Any

CLIENTS = 4
TEXT = (
    "Bonjour, depuis la mise à jour d'hier soir je n'arrive plus à envoyer de SMS : mon téléphone affiche "
    "« erreur réseau » alors que j'ai quatre barres. J'ai déjà redémarré deux fois. Que faut-il faire ? Merci."
)
_processes = multiprocessing.get_context("fork")


@dataclass(frozen=True)
class Door:
    """Where questions are posted, and with which headers."""

    name: str
    port: int
    headers: Mapping[str, str]


class ClientFailed(Exception):
    """A question was not answered with 201."""


def rate(door: Door, seconds: float, series: str) -> float:
    """Questions per second that CLIENTS clients post together. `series` makes their ids unlike any before."""
    start, results = _processes.Barrier(CLIENTS + 1), _processes.Queue()
    clients = [
        _processes.Process(target=_ask, args=(door, seconds, f"{series}-{number}", start, results))
        for number in range(CLIENTS)
    ]
    for client in clients:
        client.start()
    start.wait(30)
    answers: list[float | str] = [results.get(timeout=seconds + 60) for _client in clients]
    for client in clients:
        client.join()
    for answer in answers:
        if isinstance(answer, str):
            raise ClientFailed(answer)
    return sum(float(answer) for answer in answers)


def _ask(door: Door, seconds: float, series: str, start: Barrier, results: Queue[Any]) -> None:
    """One client. Puts its own questions per second in `results`, or the text of the first failure."""
    connection = http.client.HTTPConnection("127.0.0.1", door.port, timeout=60)
    try:
        connection.connect()
        start.wait(30)
        began, count = time.perf_counter(), 0
        while time.perf_counter() - began < seconds:
            _post(connection, door, question(series, count))
            count += 1
        results.put(count / (time.perf_counter() - began))
    except Exception as error:  # noqa: BLE001 - told to the parent, which stops with it
        results.put(f"{door.name}: {error!r}")
    finally:
        connection.close()


def question(series: str, number: int) -> bytes:
    """A question as a connector would send it: the same for every door, but for its id and author."""
    document = {
        "channel": "web",
        "text": f"{TEXT} ({number})",
        "external_id": f"{series}-{number}",
        "author": {"handle": f"@asker{number % 500}"},
    }
    return json.dumps(document).encode()


def _post(connection: http.client.HTTPConnection, door: Door, body: bytes) -> None:
    headers = {"Content-Type": "application/json", **door.headers}
    connection.request("POST", "/api/v1/questions", body, headers)
    answer = connection.getresponse()
    said = answer.read()
    if answer.status != 201:
        raise ClientFailed(f"{answer.status} {said[:300]!r}")
