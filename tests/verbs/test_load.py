"""`bin/relais load`: questions by the line, documents by the entry, safe to repeat."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from config import PROJECT
from helpdesk.accounts.models import Department
from helpdesk.commands import CommandRefused, Result, WrongUsage, load
from helpdesk.db import db
from helpdesk.outbox import OutboxRow
from helpdesk.tickets.models import Asker, Event, Question, Ticket
from people import a_channel


def run(app: Flask, *files: Path) -> Result:
    return load.run(argparse.Namespace(files=list(files)), app)


def written(folder: Path, *lines: Any, name: str = "questions.jsonl") -> Path:
    """A file with these lines: bytes as they are, anything else as JSON."""
    file = folder / name
    file.write_bytes(b"".join((x if isinstance(x, bytes) else json.dumps(x).encode()) + b"\n" for x in lines))
    return file


def counts(result: Result) -> tuple[int, int, int, int]:
    document = result.document
    return document["new"], document["changed"], document["unchanged"], document["refused"]


def total(model: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_rows_of_a_data_set_become_tickets_once(app: Flask, tmp_path: Path) -> None:
    rows = [{"id": f"q-{n}", "text": f"How do I change plan {n}?", "lang": "en", "label": "oos"} for n in range(250)]
    file = written(tmp_path, *rows)
    first = run(app, file)
    assert counts(first) == (250, 0, 0, 0)
    assert first.exit_code == 0
    assert total(Ticket) == total(Event) == 250
    assert total(OutboxRow) == 250  # nobody left an address to write to
    assert counts(run(app, file)) == (0, 0, 250, 0)
    assert total(Ticket) == 250
    question = db.session.scalar(select(Question).where(Question.external_id == "q-7"))
    assert (question.channel.code, question.language, question.text) == ("import", "en", "How do I change plan 7?")


def test_rows_may_carry_the_names_of_the_api(app: Flask, tmp_path: Path) -> None:
    a_channel("forum", "discourse")
    row = {
        "text": "Ça marche ?",
        "channel": "forum",
        "subject": "Fibre",
        "language": "fr",
        "external_id": "f-1",
        "url": "https://forum.example/t/1",
        "posted_at": "2026-03-01T10:00:00+01:00",
        "author": {"handle": "@bob"},
    }
    short = {"id": 12, "text": "Second", "time": "2024-07-01", "author": "@bob", "channel": "forum"}
    assert counts(run(app, written(tmp_path, row, short))) == (2, 0, 0, 0)
    first, second = db.session.scalars(select(Question).order_by(Question.id))
    assert (first.external_id, first.subject, first.url) == ("f-1", "Fibre", "https://forum.example/t/1")
    assert second.external_id == "12"
    assert second.posted_at.isoformat() == "2024-07-01T00:00:00+00:00"
    assert first.asker_id == second.asker_id
    assert total(Asker) == 1


def test_a_bad_line_is_refused_with_its_place_and_the_rest_goes_in(app: Flask, tmp_path: Path) -> None:
    file = written(
        tmp_path,
        {"id": "1", "text": "bonne"},
        b"{not json",
        b"",
        {"id": "2"},
        {"id": "3", "text": "é" * 20_001},
        {"id": "4", "text": "nul \0"},
        b'{"id": "5", "text": "caf\xe9"}',
        {"id": "6", "text": "perdue", "channel": "nowhere"},
        ["a", "list"],
        b"[" * 200_000,
        b'{"id": "7", "text": "\\ud83d"}',
        {"id": "8", "text": "👩‍👩‍👧‍👦 <script>alert(1)</script> متى"},
    )
    result = run(app, file)
    assert counts(result) == (2, 0, 0, 9)
    assert result.exit_code == 1
    places = [refusal.split(": ")[0] for refusal in result.document["refusals"]]
    assert places == [f"{file}:{line}" for line in (2, 4, 5, 6, 7, 8, 9, 10, 11)]
    assert result.lines[-1] == "2 new, 0 changed, 0 unchanged, 9 refused."
    texts = [question.original.text for question in db.session.scalars(select(Question).order_by(Question.id))]
    assert texts == ["bonne", "👩‍👩‍👧‍👦 <script>alert(1)</script> متى"]


def test_a_text_that_changed_is_refused_since_questions_never_change(app: Flask, tmp_path: Path) -> None:
    run(app, written(tmp_path, {"id": "1", "text": "avant"}))
    result = run(app, written(tmp_path, {"id": "1", "text": "après"}))
    assert counts(result) == (0, 0, 0, 1)
    assert "R-" in result.document["refusals"][0]
    assert db.session.scalars(select(Question)).one().text == "avant"


def test_the_same_id_twice_in_a_file_is_one_ticket(app: Flask, tmp_path: Path) -> None:
    row = {"id": "1", "text": "deux fois"}
    assert counts(run(app, written(tmp_path, row, row))) == (1, 0, 1, 0)


def test_a_file_with_a_mark_at_its_beginning_is_read(app: Flask, tmp_path: Path) -> None:
    assert counts(run(app, written(tmp_path, b'\xef\xbb\xbf{"id": "1", "text": "bonjour"}'))) == (1, 0, 0, 0)


def test_documents_and_questions_load_together_and_again(app: Flask, tmp_path: Path) -> None:
    demo = PROJECT / "data" / "demo"
    files = [demo / f"{name}.yaml" for name in ("organisation", "topics", "channels")]
    files.append(written(tmp_path, {"id": "1", "text": "Bonjour ?", "channel": "mastodon"}))
    first = run(app, *files)
    assert first.document["refusals"] == []
    assert first.document["new"] > 50
    assert total(Department) > 0
    assert db.session.scalars(select(Question)).one().channel.code == "mastodon"
    again = run(app, *files)
    assert again.document["new"] == again.document["refused"] == 0
    assert again.document["unchanged"] >= first.document["new"]


def test_a_refused_entry_of_a_document_is_given_with_file_and_line(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "channels.yaml"
    file.write_text(
        "schema: demo-channels/1\nchannels:\n  - {id: web, kind: webform}\n  - {id: pigeon, kind: pigeon}\n",
        encoding="utf-8",
    )
    result = run(app, file)
    assert (result.document["new"], result.exit_code) == (1, 1)
    assert result.document["refusals"][0].startswith(f"{file}:4: pigeon: kind")


def test_what_cannot_be_read_is_refused_before_anything_is_stored(app: Flask, tmp_path: Path) -> None:
    good = written(tmp_path, {"id": "1", "text": "bonne"})
    broken = tmp_path / "broken.yaml"
    broken.write_text("a: [", encoding="utf-8")
    latin = tmp_path / "latin.yaml"
    latin.write_bytes(b"name: caf\xe9")
    for file, refusal in (
        (tmp_path / "absent.jsonl", CommandRefused),
        (broken, CommandRefused),
        (latin, CommandRefused),
        (tmp_path / "table.csv", WrongUsage),
    ):
        with pytest.raises(refusal, match=file.name):
            run(app, good, file)
    assert total(Ticket) == 0
