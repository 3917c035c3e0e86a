"""A real embedding model, where its packages are installed and a folder is named (docs/embeddings.md)."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from builders.answers import an_approved_ticket
from builders.offers import an_expert
from config import PROJECT, Settings
from helpdesk.commands import doctor
from helpdesk.embedding import asking, folder
from helpdesk.embedding.measuring import Measuring
from helpdesk.embedding.model import ModelUnusable, load
from helpdesk.search import documents
from helpdesk.search.index import PrecedentDocument

NAME = "RELAIS_TEST_EMBEDDING_MODEL"
MODEL = Path(os.environ.get(NAME) or "/nowhere")

installed = pytest.mark.skipif(
    importlib.util.find_spec(folder.LIBRARY) is None, reason="the embedding packages are not installed"
)
pytestmark = [installed, pytest.mark.skipif(not MODEL.is_dir(), reason=f"{NAME} names no folder of a model")]
SAME, OTHER = "How do I restart my router?", "The bill is higher than last month."
ASKED = "Which button reboots the box?"


def test_the_same_meaning_is_nearer_than_another():
    near = Measuring(load(MODEL))({"same": SAME, "other": OTHER})(ASKED, ["same", "other", "unknown"])
    assert near.keys() == {"same", "other"}
    assert 1 > near["same"] > near["other"] + 0.1


def test_a_text_of_any_kind_has_a_vector():
    vectors = load(MODEL).encode(["", "🧑‍🚒", "mot " * 20_000, "\ud800"])
    assert vectors.shape[0] == 4
    assert ((vectors**2).sum(axis=1) < 1.001).all()


def test_torn_weights_are_said_in_one_sentence(tmp_path):
    torn = tmp_path / "model"
    shutil.copytree(MODEL, torn)
    for weights in [*torn.glob("*.safetensors"), *torn.glob("*.bin")]:
        weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(ModelUnusable, match=r"can't be loaded .*copy it there again") as caught:
        load(torn)
    assert "\n" not in str(caught.value)


def test_the_program_serves_a_real_model_and_ends_when_told(app, settings: Settings):
    ticket = an_approved_ticket(expert=an_expert())
    (key,) = {each.key for each in documents.answers([ticket.id]) if isinstance(each, PrecedentDocument)}
    environment = {
        **os.environ,
        "RELAIS_DATA_DIR": str(settings.data_dir),
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url or "",
        "RELAIS_EMBEDDING_MODEL": str(MODEL),
        "PYTHONPATH": str(PROJECT),
    }
    program = subprocess.Popen([sys.executable, "-P", "-m", "workers.meaning"], cwd=PROJECT, env=environment)
    named = Settings.load({name: environment[name] for name in ("RELAIS_DATA_DIR", "RELAIS_EMBEDDING_MODEL")})
    try:
        for _ in range(600):
            finding = doctor.check_meaning(named)
            if "knows 1 " in finding.what:
                break
            threading.Event().wait(0.1)
        assert finding.state == doctor.GOOD, finding
        asking.connect(named)
        asking.be_patient()
        assert asking.nearness(ticket.question.text, [key])[key] > 0.5
    finally:
        asking.connect(settings)
        program.send_signal(signal.SIGTERM)
        assert program.wait(10) == 0
        shutil.rmtree(settings.data_dir / "meaning", ignore_errors=True)
