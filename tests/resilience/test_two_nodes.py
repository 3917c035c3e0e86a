"""Two nodes on one database, each with an index of its own: both follow, one that was away catches up, a torn index
is built anew, and both give the same answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

import servers
from builders.answers import an_approved_ticket, an_official_answer
from builders.offers import a_manager, a_question, an_expert
from config import Settings
from conftest import DATABASE, WORKER
from helpdesk import connect, create_app
from helpdesk.accounts.models import Person
from helpdesk.db import db, transaction
from helpdesk.migrating import migrate
from helpdesk.tickets.events import reindex
from helpdesk.tickets.models import IndexChange

pytestmark = pytest.mark.postgresql

QUESTIONS = ("la fibre arrive quand, erreur T-105", "facture du décodeur", "portail fermé", "rien de connu")
MANAGER = "manager-of-nodes"


class Node:
    """A running node, and the folder of its index."""

    def __init__(self, process: subprocess.Popen[str], data: Path) -> None:
        self.process = process
        self.index = data / "index"

    def __call__(self, what: str, argument: Any = None) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps([what, argument]) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"the node ended with {self.process.wait()}"
        return json.loads(line)

    def build(self) -> Path:
        return self.index / (self.index / "CURRENT").read_text().strip()


@contextmanager
def a_node(settings: Settings, data: Path) -> Iterator[Node]:
    environment = {
        "RELAIS_DATA_DIR": str(data),
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "LOG_LEVEL": "ERROR",
        "PYTHONPATH": str(servers.PROJECT),
    }
    command = [*servers.ending_with_us(), sys.executable, str(Path(__file__).with_name("a_node.py"))]
    process = subprocess.Popen(
        command, env=servers.environment(environment), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        yield Node(process, data)
        assert process.stdin is not None
        process.stdin.close()


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    """A PostgreSQL database of their own: that of the suite's server, or of a private one."""
    if os.environ.get(DATABASE):
        yield servers.another_database(os.environ[DATABASE], f"nodes{WORKER}")
    elif servers.postgresql_binaries() is None:
        pytest.skip("PostgreSQL is not installed")
    else:
        with servers.postgresql() as url:
            yield url


@pytest.fixture
def shared(database: str, redis_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The application that writes to the database, inside its context; it has an index of its own too."""
    environment = {"RELAIS_DATA_DIR": str(tmp_path / "writer"), "REDIS_URL": redis_url, "DATABASE_URL": database}
    app = create_app(Settings.load(environment | {"BASE_URL": "http://localhost"}))
    migrate(app)
    connect(app.extensions["relais_settings"])
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def both(shared: Flask, tmp_path: Path) -> Iterator[tuple[Node, Node]]:
    settings = shared.extensions["relais_settings"]
    with a_node(settings, tmp_path / "one") as one, a_node(settings, tmp_path / "two") as two:
        yield one, two


def last_change() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.max(IndexChange.id))) or 0


def announce(person: Person) -> Person:
    """Tell the index of somebody whom a builder made: the verbs do so themselves."""
    with transaction():
        reindex("person", person.id)
    return person


def agree(one: Node, two: Node) -> None:
    for text in QUESTIONS:
        assert one("ask", text) == two("ask", text), text


def test_two_nodes_follow_catch_up_recover_and_agree(shared: Flask, both: tuple[Node, Node], tmp_path: Path) -> None:
    one, two = both
    a_manager(handle=MANAGER)
    expert = announce(an_expert(profile="raccordement à la fibre, erreur T-105"))
    ticket = an_approved_ticket("Il arrive en juin.", expert=expert)
    asked = a_question("Le portail ne s’ouvre plus, est-il fermé ?")

    # No index yet: the probe says so, and the page of a ticket answers from the database.
    assert "no index" in one("ready")
    status, text = one("page", [MANAGER, f"/tickets/{asked.ref}"])
    assert (status, "portail" in text) == (200, True)

    # Each follows on its own, whichever is first.
    assert one("follow") == two("follow") == last_change()
    assert (one("ready"), two("ready")) == ("usable", "usable")
    assert one("ask", QUESTIONS[0])["people"]
    agree(one, two)

    # Commit after commit on one, all at once on the other.
    for number in range(12):
        answer = an_official_answer(f"Relancez le décodeur {number}.", title=f"Facture du décodeur {number}")
        announce(answer.current.author)
        with transaction():
            expert.profile = f"fibre, décodeur, tournée {number}"
        announce(expert)
        assert one("follow") == last_change()
    assert two("ask", "facture du décodeur")["precedents"] == []
    assert two("follow") == last_change()
    assert len(list(one.build().glob("*.trm"))) > len(list(two.build().glob("*.trm")))
    assert two("ask", "facture du décodeur")["precedents"]
    agree(one, two)

    # One is down meanwhile, and catches up from where it was.
    two.process.stdin.close()  # type: ignore[union-attr]
    assert two.process.wait(30) == 0
    before = two.build()
    announce(an_expert(profile="facture et paiement"))
    with transaction():
        reindex("ticket", ticket.id)
    one("follow")
    with a_node(shared.extensions["relais_settings"], tmp_path / "two") as again:
        assert again("follow") == last_change()
        assert again.build() == before
        agree(one, again)

        # A power cut tears the index of one: it answers from the database, says so, and builds it anew by itself.
        for path in again.build().glob("*.pst"):
            os.truncate(path, path.stat().st_size // 2)
        with a_node(shared.extensions["relais_settings"], tmp_path / "two") as restarted:
            assert restarted("ready") != "usable"
            assert one("ready") == "usable"
            status, text = restarted("page", [MANAGER, f"/tickets/{asked.ref}"])
            assert (status, "portail" in text) == (200, True)
            assert restarted("follow") == last_change()
            assert restarted.build() != before
            assert restarted("ready") == "usable"
            agree(one, restarted)
