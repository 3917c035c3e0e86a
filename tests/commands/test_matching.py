"""`match`, `reindex` and `routing-eval` as an operator uses them."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime

import pytest

from builders.offers import an_expert
from helpdesk import cli
from helpdesk.commands import CommandRefused, WrongUsage, match, reindex, routing_eval
from helpdesk.routing.evaluation import Row
from helpdesk.search.access import the_index
from people import a_department


def parsed(*arguments):
    return cli.build_parser().parse_args(arguments)


def test_match_ranks_with_reasons_and_stores_nothing(app):
    tv = an_expert(handle="tv", profile="Décodeur, télécommande, erreur T-105", department=a_department("BOX"))
    an_expert(handle="bills", profile="Facture, prélèvement", department=a_department("FAC"))
    assert reindex.run(parsed("reindex"), app).document["watermark"] == the_index().watermark()
    result = match.run(parsed("match", "mon décodeur affiche l’erreur T-105 et la télécommande est morte"), app)
    first = result.document["experts"][0]
    assert (first["person"], first["name"], first["department"]) == ("tv", tv.name, "BOX")
    assert first["confidence"] in ("sure", "likely", "hesitant")
    assert {"kind": "code", "text": "Known for exactly this code or product:", "terms": ["T-105"]} in first["reasons"]
    assert result.lines[0] == f"Mode: {result.document['mode']}"
    assert any("T-105" in line for line in result.lines)
    json.dumps(result.document)


def test_match_without_an_index_says_what_to_do(app):
    with pytest.raises(CommandRefused, match="reindex"):
        match.run(parsed("match", "fibre"), app)


@pytest.fixture
def questions(tmp_path):
    """Three experts with words of their own; two questions that belong nowhere."""
    words = {"tv": "décodeur écran télécommande", "bills": "facture prélèvement montant", "net": "fibre débit câble"}
    rows = []
    for number in range(60):
        for label, own in words.items():
            text = f"{own} numéro {number}"
            rows.append({"id": f"{label}{number}", "text": text, "lang": "fr", "label": label, "split": "train"})
    rows += [
        {"id": "a", "text": "mon décodeur et la télécommande", "lang": "fr", "label": "tv", "split": "test"},
        {"id": "b", "text": "le montant de ma facture", "lang": "fr", "label": ["bills", "tv"], "split": "test"},
        {"id": "c", "text": "recette de gâteau au chocolat", "lang": "fr", "label": "oos", "split": "test"},
        {"id": "d", "text": "quelle heure est-il", "lang": "fr", "label": None, "split": "other"},
    ]
    path = tmp_path / "questions.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def figures(app, *arguments):
    return routing_eval.run(parsed("routing-eval", *map(str, arguments)), app).document


def test_routing_eval_prints_every_figure(app, questions):
    said = figures(app, questions, "--test", "test,other")
    assert (said["n"], said["top1"], said["top3"], said["mrr"]) == (4, 1.0, 1.0, 1.0)
    assert said["oos_auroc"] == 1.0
    assert set(said) == {
        *("n", "top1", "top3", "mrr", "oos_auroc", "oos_caught", "oos_automatic", "precision_at_coverage"),
        *("automatic_rate", "automatic_precision", "ms_p50", "ms_p95", "index_seconds"),
    }


def test_routing_eval_never_learns_from_what_it_asks(app, questions):
    rows = [json.loads(line) for line in questions.read_text(encoding="utf-8").splitlines()]
    rows.append({"text": "zorglub", "lang": "fr", "label": "nobody-yet", "split": "test"})
    questions.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert figures(app, questions)["top1"] == pytest.approx(2 / 3, abs=0.001)


def test_holdout_shots_limit_and_label(app, questions):
    assert figures(app, questions, "--holdout", "0.1")["n"] == 18
    assert figures(app, questions, "--limit", "1")["n"] == 1
    assert figures(app, questions, "--shots", "1")["top1"] == 1.0
    assert figures(app, questions, "--label", "id", "--limit", "1")["top1"] == 0.0


@pytest.mark.parametrize(
    "wrong", [("--holdout", "1"), ("--holdout", "0"), ("--shots", "0"), ("--limit", "0")], ids=" ".join
)
def test_senseless_arguments_are_wrong_usage(app, questions, wrong):
    with pytest.raises(WrongUsage):
        figures(app, questions, *wrong)


@pytest.mark.parametrize("text", ["nonsense\n", "[]\n", '{"text": 3}\n', "", '{"text": "a", "split": "dev"}\n'])
def test_a_file_that_is_no_such_thing_is_refused_with_its_line(app, tmp_path, text):
    path = tmp_path / "file.jsonl"
    path.write_text(text)
    with pytest.raises(CommandRefused):
        figures(app, path)


def test_a_missing_file_is_refused(app, tmp_path):
    with pytest.raises(CommandRefused, match="can't be read"):
        routing_eval.run(
            argparse.Namespace(
                file=tmp_path / "none", holdout=None, shots=None, limit=None, train="train", test="test", label="label"
            ),
            app,
        )


def test_who_was_cut_off_by_few_examples_did_not_fall_silent():
    rows = [Row("fibre", ("a",), "fr", datetime(2026, 1, day, tzinfo=UTC)) for day in (1, 2, 3)]
    assert routing_eval.few(rows, None) is rows
    assert [row.time for row in routing_eval.few(rows, 2)] == [None, None]
