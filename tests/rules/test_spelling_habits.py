"""Real questions, asked again without accents, in capitals and with other apostrophes: nothing may change.

Needs the labelled questions: RELAIS_ROUTING_DATA names the folder with `fr_qe16.jsonl` and `en_ukpq_dev.jsonl`.
"""

from __future__ import annotations

import json
import os
import unicodedata
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from helpdesk.routing.evaluation import Row, evaluate

FOLDER = os.environ.get("RELAIS_ROUTING_DATA")
SETS = {"fr_qe16.jsonl": ({"train", "dev"}, "test"), "en_ukpq_dev.jsonl": ({"train"}, "dev")}
LEARNED, ASKED = 800, 200
WITHIN = 0.01  # of each share

pytestmark = pytest.mark.skipif(not FOLDER, reason="RELAIS_ROUTING_DATA names no folder of labelled questions")

HABITS = {
    "accents": lambda text: "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)),
    "decomposed": lambda text: unicodedata.normalize("NFD", text),
    "capitals": str.upper,
    "typographic": lambda text: text.replace("'", "’"),
    "straight": lambda text: text.replace("’", "'"),
    "no apostrophes": lambda text: text.replace("’", " ").replace("'", " "),
}


@cache
def rows(name):
    """Rows to learn from, and rows to ask whose language has to be guessed."""
    learned, asked = SETS[name]
    with (Path(FOLDER or "") / name).open(encoding="utf-8") as file:
        found = [json.loads(line) for line in file]
    return (
        [Row(row["text"], (row["label"],), row["lang"]) for row in found if row["split"] in learned][-LEARNED:],
        [Row(row["text"], (row["label"],)) for row in found if row["split"] == asked][:ASKED],
    )


@cache
def figures(name, habit):
    learned, asked = rows(name)
    changed = [replace(row, text=HABITS[habit](row.text)) for row in asked] if habit else asked
    found = evaluate(learned, changed).as_document()
    return {figure: found[figure] for figure in ("top1", "top3", "mrr", "precision_at_coverage", "automatic_rate")}


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("habit", HABITS)
def test_no_figure_moves(name, habit):
    assert figures(name, habit) == pytest.approx(figures(name, None), abs=WITHIN)
