"""`replay` as an operator uses it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from builders.answers import at
from builders.decisions import an_answered_question
from builders.offers import an_expert
from helpdesk import cli
from helpdesk.accounts.organisation import setting
from helpdesk.commands import CommandRefused, WrongUsage, replay
from helpdesk.db import transaction
from helpdesk.routing.evidence import WEIGHTS
from helpdesk.search import following
from helpdesk.search.access import the_index
from helpdesk.tickets.events import reindex
from people import a_department

START = datetime(2026, 9, 1, 9, tzinfo=UTC)


def run(app, *arguments):
    return replay.run(cli.build_parser().parse_args(["replay", *arguments]), app)


@pytest.fixture
def history(app, monkeypatch):
    tv = an_expert(handle="tv", profile="Décodeur, télécommande", department=a_department("BOX"))
    bills = an_expert(handle="bills", profile="Facture, prélèvement", department=a_department("FAC"))
    with transaction():
        for person in (tv, bills):
            reindex("person", person.id)
    following.follow(the_index())
    asked = [("Décodeur en panne", tv), ("Facture trop élevée", bills), ("Télécommande perdue", tv)]
    tickets = [
        an_answered_question(text, expert, START + timedelta(days=day), monkeypatch)
        for day, (text, expert) in enumerate(asked)
    ]
    at(monkeypatch, START + timedelta(days=9))
    return tickets


def test_it_says_what_another_configuration_would_have_done(app, history):
    nothing = [f"--set={part}=0" for part in WEIGHTS]
    said = run(app, "--last", "2", *nothing)
    assert (said.document["n"], said.document["gone"]) == (2, 0)
    assert (said.document["before"]["top1"], said.document["after"]["top1"]) == (1.0, 0.0)
    assert (said.document["before"]["top3"], said.document["after"]["top3"]) == (1.0, 0.0)
    assert (said.document["before"]["automatic_rate"], said.document["before"]["budget"]) == (None, 0.03)
    assert (said.document["better"], said.document["worse"], said.document["other"]) == (0, 2, 0)
    assert said.document["changed"][0] == {
        "ticket": history[1].ref,
        "effect": "worse",
        "was_first": "bills",
        "would_be_first": None,
        "answered_by": "bills",
    }
    assert f"- {history[1].ref}: bills -> -; answered by bills" in said.lines
    assert any(line.split() == ["top1", "1", "0"] for line in said.lines)
    json.dumps(said.document)
    assert setting("matcher_weights") == {}


def test_without_a_change_both_are_the_same(app, history):
    said = run(app).document
    assert said["n"] == 3
    assert said["before"] == said["after"]
    assert said["changed"] == []


def test_with_nothing_decided_it_says_so(app):
    following.follow(the_index())
    assert run(app).lines == ["No ticket was decided yet: there is nothing to replay."]


@pytest.mark.parametrize("wrong", ["weight=1", "history", "history=much", "history=-1", "budget=3"])
def test_what_cannot_be_set_is_explained(app, wrong):
    with pytest.raises(WrongUsage) as refused:
        run(app, "--set", wrong)
    assert "history" in str(refused.value) or "budget" in str(refused.value)


def test_an_unknown_name_lists_those_there_are(app):
    with pytest.raises(WrongUsage, match="declared, topics, precedents, history, codes, learned, meaning, budget"):
        run(app, "--set", "weight=1")


def test_a_senseless_number_is_wrong_usage(app):
    with pytest.raises(WrongUsage, match="--last"):
        run(app, "--last", "0")


def test_without_an_index_it_says_what_to_do(app, history):
    import shutil

    from helpdesk.search import access

    shutil.rmtree(the_index().location())
    access._open.clear()
    with pytest.raises(CommandRefused, match="reindex"):
        run(app)
