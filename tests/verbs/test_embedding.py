"""An embedding model beside the matcher: its vectors keep up with the database, it is asked, and it may fail."""

from __future__ import annotations

import json
import logging
import shutil
import socket
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import workers.meaning
from builders.answers import an_approved_ticket
from builders.embedding import a_model, a_model_folder
from builders.offers import a_question, an_expert
from config import PROJECT
from helpdesk import serving
from helpdesk.commands import doctor
from helpdesk.db import transaction
from helpdesk.embedding import asking, folder
from helpdesk.embedding.catching_up import catch_up
from helpdesk.embedding.model import ModelUnusable
from helpdesk.embedding.store import Store
from helpdesk.routing import matching, replaying
from helpdesk.routing.changes import Changes
from helpdesk.search import documents, following
from helpdesk.search.access import the_index
from helpdesk.search.index import PrecedentDocument
from helpdesk.supervision.programs import Programs
from helpdesk.tickets.events import reindex

pytestmark = pytest.mark.usefixtures("app")

FIBRE = "Quand serai-je raccordé dans ma rue ?"
BILL = "Pourquoi ce prélèvement dans ma banque ?"


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path / "meaning", "made-up")
    yield made
    made.close()


@pytest.fixture
def model():
    return a_model()


def answered(text, expert=None):
    ticket = an_approved_ticket(expert=expert or an_expert())
    with transaction():
        ticket.question.text = text
        reindex("ticket", ticket.id)
    return ticket


def keys():
    return {each.key for each in documents.every_document() if isinstance(each, PrecedentDocument)}


# --- the vectors --------------------------------------------------------------------------------------------------


def test_precedents_of_before_get_their_vectors_once(store, model):
    answered(FIBRE)
    answered(BILL)
    assert catch_up(store, model.encode, 10) == 2
    assert store.count() == len(keys()) == 2
    assert catch_up(store, model.encode, 10) == 0


def test_what_is_answered_or_changed_later_follows(store, model):
    catch_up(store, model.encode, 10)
    ticket = answered(FIBRE)
    assert catch_up(store, model.encode, 10) == 1
    (key,) = keys()
    about_bills = model.encode([BILL])[0]
    assert store.nearness(about_bills, [key]) == {key: pytest.approx(0.0)}
    with transaction():
        ticket.question.text = BILL
        reindex("ticket", ticket.id)
    assert catch_up(store, model.encode, 10) == 1
    assert store.nearness(about_bills, [key])[key] > 0.7  # not 1: its title is that of before


def test_what_is_no_precedent_any_more_is_forgotten(store, model):
    ticket = answered(FIBRE)
    catch_up(store, model.encode, 10)
    with transaction():
        ticket.restricted = True
        reindex("ticket", ticket.id)
    catch_up(store, model.encode, 10)
    assert store.count() == 0


def test_no_time_is_no_work_and_the_rest_is_done_later(store, model):
    answered(FIBRE)
    assert catch_up(store, model.encode, 0) == 0
    assert catch_up(store, model.encode, 10) == 1


def test_vectors_of_another_life_of_the_database_are_thrown_away(store, model):
    answered(FIBRE)
    catch_up(store, model.encode, 10)
    store.put({"precedent:ticket:9999": "from before"}, model.encode(["from before"]))
    store.set_mark("changes", 10**6)
    assert catch_up(store, model.encode, 10) == 1
    assert store.count() == 1


def test_a_torn_file_is_made_anew_and_another_model_has_its_own(tmp_path, model):
    first = Store(tmp_path, "one")
    first.put({"a": "text"}, model.encode(["fibre"]))
    first.close()
    first.path.write_bytes(b"no database at all" * 100)
    mended = Store(tmp_path, "one")
    assert mended.count() == 0
    mended.put({"a": "text"}, model.encode(["fibre"]))
    mended.close()
    Store(tmp_path, "two").close()
    assert [path.name for path in tmp_path.glob("*.vectors")] == ["two.vectors"]


def test_nearness_is_the_cosine_whatever_the_length(store, model):
    store.put({"a": "1", "b": "2"}, model.encode(["fibre optique", "fibre et facture"]))
    asked = model.encode(["raccord"])[0]
    assert np.linalg.norm(asked) == pytest.approx(1.0)
    near = store.nearness(asked, ["a", "b", "unknown"])
    assert near == {"a": pytest.approx(1.0, abs=1e-3), "b": pytest.approx(2**-0.5, abs=1e-3)}
    assert store.nearness(model.encode(["rien"])[0], ["a"]) == {"a": 0.0}


# --- the program that runs the model --------------------------------------------------------------------------------


@pytest.fixture
def running(settings, tmp_path, model, monkeypatch):
    """The program, running on this database, and this process knowing where it is. Gives the kept model."""
    named = replace(settings, embedding_model=a_model_folder(tmp_path / "model"))
    monkeypatch.setattr(workers.meaning, "load", lambda folder: model)
    monkeypatch.setattr(workers.meaning, "PAUSE", 0.02)
    stop = threading.Event()
    program = threading.Thread(target=workers.meaning.run, args=(named, named.embedding_model, stop))
    program.start()
    asking.connect(named)
    asking.be_patient()
    yield named
    stop.set()
    program.join(20)
    asking.connect(settings)
    shutil.rmtree(settings.data_dir / "meaning", ignore_errors=True)
    assert not program.is_alive()
    assert not named.meaning_socket.exists()


def known(settings, count):
    """Wait until so many precedents have a vector."""
    state = {}
    for _ in range(500):
        try:
            state = asking.exchange(settings.meaning_socket, {}, 2.0)
        except (ConnectionError, FileNotFoundError):
            state = {}
        if state.get("known") == count and state["problem"] is None:
            return
        threading.Event().wait(0.02)
    pytest.fail(f"not so many vectors: {state}")


@pytest.fixture
def two_experts():
    """Words say the first, meaning says the second."""
    words, meaning = an_expert(), an_expert()
    answered("Il y a des travaux dans ma rue depuis une semaine, jusqu'à quand ?", words)
    answered("Le raccordement de ma rue, une date ?", meaning)
    following.follow(the_index())
    return words, meaning


ASKED = "La fibre dans ma rue depuis une semaine, jusqu'à quand ?"


def test_meaning_is_one_more_part_with_a_reason_and_the_engine_says_so(two_experts, running):
    known(running, 2)
    said = matching.suggestions_for_text(ASKED, "fr")
    by_person = {expert.person_id: expert for expert in said.experts}
    _words, meaning = two_experts
    expert = by_person[meaning.id]
    assert expert.parts["meaning"] > 0
    assert sum(expert.parts.values()) == pytest.approx(expert.score)
    assert "meaning" in {str(reason.kind) for reason in expert.reasons}
    assert said.engine == matching.ENGINE_WITH_MEANING
    asking.connect(replace(running, embedding_model=None))
    without = matching.suggestions_for_text(ASKED, "fr")
    assert without.engine == matching.ENGINE
    assert all("meaning" not in expert.parts for expert in without.experts)


def test_a_question_is_read_by_the_model_once(two_experts, running, model):
    known(running, 2)
    for _ in range(3):
        matching.suggestions_for_text(ASKED, "fr")
    assert model._kept.given.count(ASKED) == 1


def test_a_replay_asks_it_too(two_experts, running, monkeypatch):
    known(running, 2)
    measured = []
    monkeypatch.setattr(asking, "nearness", lambda text, keys: measured.append(text) or {})
    ticket = a_question(ASKED)
    past_ticket = replaying.PastTicket(
        ticket.id, None, ASKED, "fr", ticket.question.received_at, two_experts[0].id, frozenset(), "P3", True
    )
    monkeypatch.setattr(replaying, "decided_tickets", lambda last: [past_ticket])
    replaying.replay(Changes(weights={"meaning": 0.0}), 50)
    assert measured == [ASKED]


def test_the_doctor_says_how_it_is(running):
    known(running, 0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(folder, "LIBRARY", "json")  # as if it were installed
        assert doctor.check_meaning(running).state == doctor.GOOD


def test_only_one_runs_on_a_data_folder(running, tmp_path):
    with workers.meaning._alone(tmp_path) as first, workers.meaning._alone(tmp_path) as second:
        assert (first, second) == (True, False)


# --- when there is none, or it fails ------------------------------------------------------------------------------


def test_off_by_default_nobody_is_asked(two_experts, monkeypatch):
    monkeypatch.setattr(asking, "exchange", lambda *_: pytest.fail("somebody asked"))
    assert not asking.is_on()
    said = matching.suggestions_for_text(ASKED, "fr")
    assert said.experts
    assert said.engine == matching.ENGINE


def test_nothing_of_it_is_imported_by_default(settings, tmp_path):
    program = (
        "import sys; from config import Settings; from helpdesk import create_app\n"
        "import workers.running, workers.routing, workers.replaying, helpdesk.serving, wsgi\n"
        "heavy = ('sentence_transformers', 'torch', 'transformers', 'helpdesk.embedding.model', "
        "'helpdesk.embedding.store', 'workers.meaning')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    environment = {"RELAIS_DATA_DIR": str(tmp_path), "PATH": "/usr/bin:/bin", "PYTHONPATH": str(PROJECT)}
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, env=environment, capture_output=True, text=True, check=True
    )
    assert run.stdout == "[]\n"


def test_a_model_that_does_not_answer_is_said_once_and_left_alone(two_experts, settings, tmp_path, caplog, monkeypatch):
    asking.connect(replace(settings, data_dir=tmp_path, embedding_model=tmp_path))
    asked = []
    real = asking.exchange
    monkeypatch.setattr(asking, "exchange", lambda *what: asked.append(what) or real(*what))
    with caplog.at_level(logging.WARNING):
        first = matching.suggestions_for_text(ASKED, "fr")
        again = matching.suggestions_for_text(ASKED, "fr")
    assert first == again
    assert first.experts
    assert len(asked) == 1
    assert sum("matching goes on without it" in record.message for record in caplog.records) == 1
    monkeypatch.setattr(asking, "LEFT_ALONE", 0.0)
    with caplog.at_level(logging.WARNING):
        matching.suggestions_for_text(ASKED, "fr")
        matching.suggestions_for_text(ASKED, "fr")
    assert len(asked) == 3
    assert sum("matching goes on without it" in record.message for record in caplog.records) == 1


def test_one_that_answers_again_is_asked_again(running, monkeypatch):
    known(running, 0)
    mark = asking.unanswered(running.meaning_socket)
    mark.touch()
    monkeypatch.setattr(asking, "LEFT_ALONE", 0.0)
    assert asking.nearness("?", ["unknown"]) == {}
    assert not mark.exists()


def a_run(settings, started):
    """What `bin/serve` does of a run, as far as the model goes."""
    run = object.__new__(serving._Run)
    run.settings = settings
    run.programs = Programs(settings, {}, settings.data_dir)
    run.keeper = SimpleNamespace(start=lambda child, *, stage: started.append((child.command[-1], stage)))
    return run


def test_serve_runs_the_model_that_is_named_and_starts_without_one_that_cannot_be(
    settings, tmp_path, monkeypatch, capsys
):
    started = []
    a_run(settings, started)._start_meaning()
    a_run(replace(settings, embedding_model=tmp_path / "nowhere"), started)._start_meaning()
    assert started == []
    (said,) = capsys.readouterr().err.splitlines()
    assert said.startswith("Matching goes on without an embedding model (RELAIS_EMBEDDING_MODEL): ")
    assert "nowhere is not a folder" in said
    monkeypatch.setattr(folder, "LIBRARY", "json")  # as if it were installed
    a_run(replace(settings, embedding_model=a_model_folder(tmp_path / "model")), started)._start_meaning()
    assert started == [("workers.meaning", "workers")]


def test_nobody_waits_long_for_a_program_that_hangs(tmp_path):
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "s"))
        silent.listen()
        with pytest.raises(TimeoutError):
            asking.exchange(tmp_path / "s", {"text": "?", "keys": []}, 0.05)


def test_a_model_that_cannot_be_loaded_is_said_and_answers_nothing(settings, tmp_path, monkeypatch, caplog):
    named = replace(settings, embedding_model=tmp_path / "model")

    def fail(_folder):
        raise ModelUnusable("the weights are torn.")

    monkeypatch.setattr(workers.meaning, "load", fail)
    stop = threading.Event()
    program = threading.Thread(target=workers.meaning.run, args=(named, named.embedding_model, stop))
    program.start()
    try:
        for _ in range(500):
            if "the weights are torn" in caplog.text:
                break
            threading.Event().wait(0.01)
        asking.connect(named)
        assert asking.nearness("?", ["a"]) == {}
        assert asking.exchange(named.meaning_socket, {}, 2.0)["problem"] == "the weights are torn."
    finally:
        stop.set()
        program.join(20)
        asking.connect(settings)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (shutil.rmtree, "is not a folder"),
        (lambda path: (path / "modules.json").unlink(), "modules.json can't be read"),
        (lambda path: (path / "modules.json").write_text("{"), "modules.json is damaged"),
        (lambda path: (path / "modules.json").write_text("[3]"), "modules.json is damaged"),
        (lambda path: (path / "modules.json").write_text(json.dumps([{"path": "0_Part"}])), "lacks parts"),
        (lambda path: None, "packages that run a model are not installed"),
    ],
)
def test_what_is_wrong_with_a_folder_is_told_with_what_to_do(settings, tmp_path, monkeypatch, change, said):
    made = a_model_folder(tmp_path / "model")
    change(made)
    monkeypatch.setattr(folder, "LIBRARY", "a_library_that_is_nowhere")
    finding = doctor.check_meaning(replace(settings, embedding_model=made))
    assert finding.state == doctor.WARNING
    assert said in finding.what
    assert "matching goes on without" in finding.what


def test_the_doctor_knows_nothing_of_it_where_no_model_is_named():
    assert "meaning" not in doctor.CHECKS


def test_a_changed_model_is_another_one(tmp_path):
    made = a_model_folder(tmp_path / "model")
    before = folder.identity_of(made)
    assert folder.identity_of(made) == before
    (made / "weights").write_bytes(b"\0" * 999 + b"\1")
    assert folder.identity_of(made) != before


def test_the_path_may_hold_anything(tmp_path):
    from config import Settings

    environ = {"RELAIS_DATA_DIR": str(tmp_path), "RELAIS_EMBEDDING_MODEL": f"{tmp_path}/no such model"}
    assert Settings.load(environ).embedding_model == Path(f"{tmp_path}/no such model")
    assert Settings.load({"RELAIS_DATA_DIR": str(tmp_path)}).embedding_model is None
