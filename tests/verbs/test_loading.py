"""The demo organisation, loaded twice; and documents with mistakes in them."""

from __future__ import annotations

from pathlib import Path

import yaml

from config import PROJECT
from helpdesk.accounts.directory import department_with, person_with
from helpdesk.accounts.models import Absence, Department, Person
from helpdesk.accounts.organisation import setting
from helpdesk.channels.models import Channel
from helpdesk.counts import Counts
from helpdesk.db import db, transaction
from helpdesk.loading import SCHEMAS, load_documents
from helpdesk.reports.people import levels_of
from helpdesk.routing.models import Topic
from people import a_department

DEMO = PROJECT / "data" / "demo"


def documents() -> list[dict]:
    found = [yaml.safe_load(file.read_text(encoding="utf-8")) for file in sorted(Path(DEMO).glob("*.yaml"))]
    return [document for document in found if document.get("schema") in SCHEMAS]


def load(*some) -> Counts:
    with transaction():
        return load_documents(some or documents())


def test_the_demo_is_new_the_first_time_and_unchanged_the_second(app):
    first = load()
    assert first.refused == []
    assert first.unchanged == 2  # time zone and language are what holds anyway
    assert first.new > 200
    second = load()
    assert (second.new, second.changed, second.refused) == (0, 0, [])
    assert second.unchanged == first.new + first.changed + first.unchanged


def test_the_demo_is_what_its_files_say(app):
    load()
    assert db.session.query(Department).count() == 9
    assert db.session.query(Person).count() == 45
    assert db.session.query(Topic).count() == 81
    assert db.session.query(Channel).count() == 8
    assert setting("name") == "Océliane"
    assert department_with("FIX").head == person_with("head-fix")
    assert not department_with("COM").answers
    assert levels_of(person_with("exp-fix-01"))["fibre.raccordement"] == 3
    assert db.session.query(Absence).count() > 0


def test_the_order_in_which_files_are_given_does_not_matter(app):
    assert load(*reversed(documents())).refused == []


ORGANISATION = {
    "schema": "demo-organisation/1",
    "organisation": {"name": "Small", "timezone": "Mars/Olympus"},
    "departments": [
        {"id": "FIX", "name": "Fixed", "head": "nobody"},
        {"id": "B A D", "name": "Bad"},
        {"name": "No identifier"},
    ],
    "people": [
        {"id": "ana", "name": "Ana", "department": "FIX", "roles": ["expert"], "topics": {"no.such": 1}},
        {"id": "bob", "name": "Bob", "department": "NONE", "roles": []},
        {"id": "eve", "name": "Eve", "department": "FIX", "roles": ["emperor"]},
        {"id": "ivy", "name": "Ivy", "department": "FIX", "roles": ["expert"], "backup": "nobody"},
        "not an entry",
    ],
    "absences": [{"person": "ana", "from": "2026-04-02", "to": "2026-04-01"}],
}


def test_each_mistake_is_named_and_the_rest_is_taken_in(app):
    counts = load(ORGANISATION)
    refused = "\n".join(counts.refused)
    for piece in (
        "timezone: timezone: unknown_zone",
        "FIX: person 'nobody' is not known",
        "B A D: code: bad_code",
        "3: not understood",
        "bob: department 'NONE' is not known",
        "eve: not understood",
        "ivy: person 'nobody' is not known",
        "5: not understood",
        "ana: skills: unknown_topic (code no.such)",
        "ana: ends_at: ends_before_it_starts",
    ):
        assert piece in refused, piece
    assert setting("name") == "Small"
    assert person_with("ana").department == department_with("FIX")
    assert person_with("ivy") is not None
    assert person_with("bob") is None
    assert person_with("eve") is None


def test_a_document_nobody_knows_is_named(app):
    counts = load({"schema": "demo-something/9"}, ["a list"], None)
    assert len(counts.refused) == 3
    assert "demo-something/9" in counts.refused[0]


def test_a_head_who_changes_is_a_change_of_the_department(app):
    a_department("COM")
    people = [{"id": each, "name": each.title(), "department": "FIX", "roles": ["head"]} for each in ("ana", "bob")]
    document = {**ORGANISATION, "organisation": {}, "absences": [], "people": people}
    for head, expected in (("ana", (3, 0, 0)), ("ana", (0, 0, 3)), ("bob", (0, 1, 2))):
        document["departments"] = [{"id": "FIX", "name": "Fixed", "head": head}]
        counts = load(document)
        assert (counts.new, counts.changed, counts.unchanged) == expected
