"""`replay` as an operator uses it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from builders.answers import at
from builders.decisions import an_answered_question
from builders.offers import an_expert
from builders.organisation import a_topic
from helpdesk import cli
from helpdesk.accounts.models import Person
from helpdesk.accounts.organisation import setting
from helpdesk.commands import CommandRefused, WrongUsage, replay
from helpdesk.db import db, transaction
from helpdesk.routing.evidence import WEIGHTS
from helpdesk.routing.models import Skill
from helpdesk.routing.synonyms import groups
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


SYNONYMS = "schema: demo-synonyms/1\ngroups:\n  - {fr: [pépin, facture], en: [bill]}\n"


def written(folder, text):
    file = folder / "tried.yaml"
    file.write_text(text, encoding="utf-8")
    return str(file)


def test_the_synonyms_of_a_file_are_tried_and_not_kept(app, history, monkeypatch, tmp_path):
    bills = db.session.scalars(select(Person).where(Person.handle == "bills")).one()
    unknown = an_answered_question("Un pépin", bills, START + timedelta(days=4), monkeypatch)
    at(monkeypatch, START + timedelta(days=9))
    said = run(app, "--synonyms", written(tmp_path, SYNONYMS)).document
    assert [(each["ticket"], each["effect"], each["would_be_first"]) for each in said["changed"]] == [
        (unknown.ref, "better", "bills")
    ]
    assert groups() == []


def test_the_topics_of_a_file_are_tried_and_not_kept(app, history, monkeypatch, tmp_path):
    bills = db.session.scalars(select(Person).where(Person.handle == "bills")).one()
    topic = a_topic("money", "FAC", label_fr="Argent", label_en="Money", synonyms=["sous"])
    with transaction() as session:
        session.add(Skill(person_id=bills.id, topic_id=topic.id, level=3))
    unknown = an_answered_question("Un pépin", bills, START + timedelta(days=4), monkeypatch)
    at(monkeypatch, START + timedelta(days=9))
    text = (
        "schema: demo-topics/1\ntopics:\n  - {id: money, department: FAC, fr: Argent, en: Money, synonyms: [pépin]}\n"
    )
    said = run(app, "--topics", written(tmp_path, text)).document
    assert (unknown.ref, "better") in [(each["ticket"], each["effect"]) for each in said["changed"]]
    assert topic.synonyms == ["sous"]


@pytest.mark.parametrize(
    ("option", "text", "why"),
    [
        ("--synonyms", "schema: demo-topics/1\ntopics: []", "demo-synonyms/1"),
        ("--synonyms", SYNONYMS.replace("[pépin, facture]", "[pépin]").replace("[bill]", "[]"), "one_word"),
        ("--synonyms", "schema: demo-synonyms/1\ngroups: [x]", "not understood"),
        ("--synonyms", "a: [", "YAML"),
        ("--topics", "schema: demo-topics/1\ntopics: [{id: none.such, fr: a, en: b}]", "no topic none.such"),
        ("--topics", "schema: demo-topics/1\ntopics: [{id: x}]", "not understood"),
    ],
)
def test_a_file_that_cannot_be_tried_is_explained(app, tmp_path, option, text, why):
    with pytest.raises(CommandRefused, match=why):
        run(app, option, written(tmp_path, text))
    with pytest.raises(CommandRefused, match="cannot be read"):
        run(app, option, str(tmp_path / "none.yaml"))


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
