"""Four clients ask while one program after the other is killed. Whatever was acknowledged is there afterwards."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from builders.commanding import relais
from servers import Served, eventually, served

CLIENTS = 4


class Asking:
    """Four clients that post questions one after the other, and remember which were acknowledged."""

    def __init__(self, token: str) -> None:
        self.headers = {"Authorization": f"Bearer {token}"}
        self.url = ""
        self.acknowledged: set[str] = set()
        self.refused: list[int] = []
        self.stop = threading.Event()
        self.threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(CLIENTS)]

    def _ask(self, number: int) -> None:
        session, count = requests.Session(), 0
        while not self.stop.is_set():
            count += 1
            name = f"client-{number}-{count}"
            question = {"text": f"Ma box affiche D3, que faire ? {name}", "channel": "web", "external_id": name}
            try:
                answer = session.post(f"{self.url}/api/v1/questions", json=question, headers=self.headers, timeout=15)
            except requests.RequestException:
                self.stop.wait(0.05)  # the server was killed under us: nothing was acknowledged
                continue
            if answer.status_code in (200, 201):
                self.acknowledged.add(name)
            else:
                self.refused.append(answer.status_code)

    def reached(self, more: int) -> bool:
        """Whether `more` questions are acknowledged from now on, within half a minute."""
        goal = len(self.acknowledged) + more
        return eventually(lambda: len(self.acknowledged) >= goal, 30)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with somebody who may open questions, an expert, and the channel of the form."""
    data = tmp_path / "data"
    assert relais(data, "people", "add", "cm-1", "--role", "cm", "--role", "admin").returncode == 0
    assert relais(data, "people", "add", "exp-1", "--role", "expert").returncode == 0
    channels = tmp_path / "channels.yaml"
    channels.write_text("schema: demo-channels/1\nchannels: [{id: web, kind: webform}]\n", encoding="utf-8")
    assert relais(data, "load", str(channels)).returncode == 0
    return data


@pytest.fixture
def asking(data: Path) -> Iterator[Asking]:
    made = relais(data, "token", "create", "--person", "cm-1", "--scope", "intake", "--json")
    clients = Asking(json.loads(made.stdout)["token"])
    yield clients
    clients.stop.set()
    for thread in clients.threads:
        if thread.is_alive():
            thread.join(30)


def kill(running: Served, words: str) -> int:
    """Kill the youngest program of the running Relais whose command line holds `words`, followed by a blank."""
    pid = max(pid for pid, command in running.programs().items() if f"{words} " in f"{command} ")
    os.kill(pid, signal.SIGKILL)
    return pid


def rows(data: Path, query: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(f"file:{data / 'relais.db'}?mode=ro", uri=True, timeout=15) as connection:
        return connection.execute(query).fetchall()


def let_the_time_limit_pass(data: Path) -> None:
    """What a killed worker had claimed is free again after five minutes: they pass here."""
    with sqlite3.connect(data / "relais.db", timeout=15) as connection:
        connection.execute("UPDATE outbox SET claimed_at = datetime(claimed_at, '-6 minutes') WHERE state = 'claimed'")


@pytest.mark.slow
def test_every_acknowledged_question_survives_whatever_is_killed(data: Path, asking: Asking) -> None:
    with served(data) as running:
        asking.url = running.url
        for thread in asking.threads:
            thread.start()
        assert asking.reached(20)
        for part in ("-m gunicorn", "-m workers", "valkey-server"):  # a web worker, a job worker, Redis
            kill(running, part)
            assert asking.reached(20), f"intake did not go on after {part} was killed"
        os.kill(running.pid, signal.SIGKILL)
        running.process.wait(10)
    with served(data) as again:
        asking.url = again.url
        assert asking.reached(20)
        asking.stop.set()
        for thread in asking.threads:
            thread.join(30)
        present = {name for (name,) in rows(data, "SELECT external_id FROM question")}
        assert asking.acknowledged <= present
        assert not asking.refused, "a question was answered with an error instead of being taken"
        let_the_time_limit_pass(data)
        waiting = "SELECT 1 FROM outbox WHERE state IN ('waiting', 'claimed') LIMIT 1"
        assert eventually(lambda: not rows(data, waiting), 60), "work was left behind"
        assert rows(data, "SELECT error FROM outbox WHERE state = 'failed'") == []
        ready = f"{again.url}/health/ready"
        assert eventually(lambda: requests.get(ready, timeout=5).status_code == 200, 30)
    proof = relais(data, "verify")
    assert proof.returncode == 0, proof.stdout
    opened = rows(data, "SELECT count(*), count(DISTINCT external_id), count(DISTINCT ticket_id) FROM question")[0]
    assert len(set(opened)) == 1, "a question was taken in twice"
