"""`people`, `token`, `sla explain` and `verify` as an operator uses them: their JSON, their refusals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from builders.commanding import document, program, relais
from config import PROJECT

DEMO = PROJECT / "data" / "demo"


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """A data folder with one community manager and one question."""
    folder = tmp_path_factory.mktemp("accounts")
    document(folder / "data", "people", "add", "cm-01", "--name", "Nora", "--role", "cm", "--email", "n@example.org")
    question = {"id": "q-1", "channel": "web", "text": "Quand ?", "posted_at": "2026-03-27T16:30:00+01:00"}
    (folder / "questions.jsonl").write_text(json.dumps(question) + "\n", encoding="utf-8")
    document(
        folder / "data",
        "load",
        *(str(DEMO / name) for name in ("channels.yaml", "calendars.yaml", "sla_policies.yaml")),
    )
    document(folder / "data", "load", str(folder / "questions.jsonl"))
    return folder / "data"


def test_people_are_listed_as_they_were_added(data):
    [person] = document(data, "people", "list")
    assert person == {
        "handle": "cm-01", "name": "Nora", "email": "n@example.org", "title": "", "department": None,
        "roles": ["cm"], "languages": person["languages"], "active": True,
    }  # fmt: skip
    assert document(data, "people", "add", "cm-01", "--name", "Nora")["result"] == "unchanged"
    assert document(data, "people", "list", "--role", "expert") == []
    assert json.loads(program(data, "people", "list", "--json").stdout) == [person]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("people", "add", "x-01", "--department", "NOPE"), 1, "There is no department NOPE."),
        (("people", "add", "x-01", "--role", "king"), 2, "invalid choice"),
        (("token", "create", "--person", "nobody"), 1, "Nobody active has the handle nobody."),
        (("token", "create"), 2, "--person"),
        (("token", "revoke", "999"), 1, "There is no token 999."),
        (("token", "revoke", "x"), 2, "invalid int value"),
        (("token", "revoke", "9" * 30), 1, "There is no token"),
        (("sla", "explain", "R-2026-999999"), 1, "R-2026-999999"),
    ],
)
def test_what_cannot_be_done_says_why(data, arguments, code, said):
    run = relais(data, *arguments)
    assert (run.returncode, run.stdout) == (code, "")
    assert said in run.stderr
    assert "Traceback" not in run.stderr


def test_what_cannot_be_done_ends_the_program_with_its_code(data):
    run = program(data, "people", "add", "x-01", "--department", "NOPE")
    assert (run.returncode, run.stdout, run.stderr) == (1, "", "There is no department NOPE.\n")


def test_a_token_is_shown_once_and_ends_when_revoked(data):
    made = document(data, "token", "create", "--person", "cm-01", "--scope", "intake")
    assert set(made) == {"id", "token", "person", "scope"}
    assert (made["person"], made["scope"]) == ("cm-01", "intake")
    assert made["token"].startswith("relais_")
    assert document(data, "token", "revoke", str(made["id"])) == {"id": made["id"], "revoked": True}
    assert document(data, "token", "revoke", str(made["id"]))["revoked"] is True
    assert document(data, "token", "create", "--person", "cm-01")["scope"] == "full"


def test_the_clocks_of_a_ticket_are_explained_stretch_by_stretch(data):
    explained = document(data, "sla", "explain", "R-2026-000001")
    assert set(explained) == {"ref", "clocks"}
    assert explained["ref"] == "R-2026-000001"
    triage, acknowledge, public = explained["clocks"]
    for clock in (triage, acknowledge, public):
        assert set(clock) == {
            "clock", "cycle", "owner", "target_minutes", "spent_minutes", "due_at", "outcome", "segments",
        }  # fmt: skip
        [segment] = clock["segments"]
        assert set(segment) == {"from", "to", "running", "calendar", "minutes", "why"}
        assert (segment["running"], segment["to"], segment["why"]) == (True, None, "received")
    assert (triage["clock"], triage["target_minutes"], triage["cycle"]) == ("triage", 60, 1)
    assert public["segments"][0]["from"].startswith("2026-03-27T15:30:00")
    assert "triage" in relais(data, "sla", "explain", "R-2026-000001").stdout


def test_verify_says_that_all_is_sound(data):
    found = document(data, "verify")
    assert (found["sound"], found["breaks"]) == (True, [])
    assert found["checked"]["tickets"] == 1
