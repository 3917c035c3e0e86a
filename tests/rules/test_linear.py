"""What decided questions teach: the learned model, and the features it sees."""

import json
import random
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.routing.features import BUCKETS, counted, weighed, words_of
from helpdesk.routing.linear import HALF_LIFE, Example, LinearModel, importance
from helpdesk.search.query import Query

SUBJECTS = {
    1: "facture prélèvement montant échéance remboursement paiement",
    2: "fibre débit câble technicien raccordement prise",
    3: "décodeur télécommande écran chaîne enregistrement image",
}
COMMON = "bonjour je voudrais savoir pourquoi mon problème continue depuis hier merci"


def features(text, language="fr"):
    return counted(Query.of(text, language))


def decided(count, seed=1, experts=(1, 2, 3)):
    """Questions of a few words of their expert's subject among words that everybody uses."""
    draw = random.Random(seed)
    rows = []
    for number in range(count):
        expert = experts[number % len(experts)]
        words = draw.sample(SUBJECTS[expert].split(), 2) + draw.sample(COMMON.split(), 5)
        draw.shuffle(words)
        rows.append((" ".join(words), expert))
    return [(text, Example(features(text), (expert,))) for text, expert in rows]


def test_the_words_that_speak_for_somebody_are_told():
    model = LinearModel.fit([example for _, example in decided(120)])
    query = Query.of("bonjour la prise de mon câble est cassée", "fr")
    told = [query.text[start:end] for start, end in model.speaking_for(2, counted(query), words_of(query))]
    assert set(told[:2]) == {"prise", "câble"}
    assert model.speaking_for(9, counted(query), words_of(query)) == []
    assert model.speaking_for(1, counted(Query.of("!", "fr")), []) == []


def share_right(model, rows):
    found = [max(scores, key=scores.get) for scores in (model.scores(example.features) for _, example in rows)]
    return sum(best == example.experts[0] for best, (_, example) in zip(found, rows, strict=True)) / len(rows)


def model_of(rows):
    return LinearModel.fit([example for _, example in rows])


def test_it_learns_who_answers_what():
    assert share_right(model_of(decided(120)), decided(90, seed=2)) >= 0.98


def test_every_learned_question_is_told_apart_by_a_margin():
    rows = decided(60)
    model = model_of(rows)
    for _, example in rows:
        scores = model.scores(example.features)
        others = [score for expert, score in scores.items() if expert not in example.experts]
        assert scores[example.experts[0]] > 0.5
        assert max(others) < 0


def test_the_same_questions_give_the_same_model():
    one, other = model_of(decided(60)), model_of(decided(60))
    assert np.array_equal(one.weights, other.weights)


def test_a_question_more_is_learned_without_forgetting():
    rows, asked = decided(90, experts=(1, 2)), decided(60, seed=2)
    new, old = ([example for _, example in some] for some in (decided(30, seed=3, experts=(3,)), rows[:30]))
    model = model_of(rows).updated(new, rehearsed=old)
    assert model.learned == 120
    assert share_right(model, asked) >= 0.95
    assert share_right(model, decided(30, seed=4, experts=(3,))) >= 0.95
    assert model.holding.sum() > model_of(rows).holding.sum()


def test_an_expert_just_met_is_not_preferred_for_everything():
    model = model_of(decided(90, experts=(1, 2))).updated([Example(features("décodeur écran image"), (3,))])
    assert share_right(model, decided(60, seed=2, experts=(1, 2))) >= 0.95
    scores = model.scores(features("mon décodeur"))
    assert max(scores, key=scores.get) == 3


def test_what_happened_long_ago_gives_way():
    words = "facture prélèvement montant"
    old = [Example(features(f"{words} {n}"), (1,), importance(10 * HALF_LIFE)) for n in range(8)]
    new = [Example(features(f"{words} {n}"), (2,)) for n in range(4)]
    for examples in (old + new, new + old):
        scores = LinearModel.fit(examples).scores(features(words))
        assert scores[2] > scores[1]


def test_importance_halves_and_never_grows():
    assert importance(timedelta()) == 1
    assert importance(-HALF_LIFE) == 1
    assert importance(HALF_LIFE) == pytest.approx(0.5)
    assert importance(3 * HALF_LIFE) == pytest.approx(0.125)


def test_several_may_be_right():
    shared = Example(features("facture fibre"), (1, 2))
    scores = LinearModel.fit([shared, *[example for _, example in decided(60)]]).scores(features("facture fibre"))
    assert min(scores[1], scores[2]) > scores[3]


def test_a_kept_model_says_the_same():
    model = model_of(decided(60))
    again = LinearModel.from_bytes(model.to_bytes())
    assert (again.experts, again.learned) == (model.experts, model.learned)
    for text, _ in decided(30, seed=2):
        assert again.scores(features(text)) == pytest.approx(model.scores(features(text)), abs=0.01)


@pytest.mark.parametrize(
    "kept",
    [
        b"",
        b"nonsense",
        b"{}\n",
        b"[]\n",
        json.dumps({"format": "relais-linear/0", "experts": [], "learned": 0, "buckets": BUCKETS}).encode() + b"\n",
    ],
)
def test_anything_else_is_refused(kept):
    with pytest.raises(ValueError):
        LinearModel.from_bytes(kept)


def test_a_model_cut_short_is_refused():
    with pytest.raises(ValueError):
        LinearModel.from_bytes(model_of(decided(9)).to_bytes()[:-7])


def test_nothing_said_says_nothing():
    scores = model_of(decided(60)).scores(features(""))
    assert set(scores.values()) == {0.0}
    assert model_of([]).scores(features("facture")) == {}


@given(st.text(max_size=200), st.sampled_from(["fr", "en", None]))
def test_any_text_is_a_point_of_length_one_or_nothing(text, language):
    vector = weighed(features(text, language), np.ones(BUCKETS, dtype=np.float32))
    assert len(set(vector.buckets.tolist())) == len(vector.buckets) == len(vector.amounts)
    assert ((vector.buckets >= 0) & (vector.buckets < BUCKETS)).all()
    length = float(np.dot(vector.amounts, vector.amounts))
    assert length == pytest.approx(1, abs=1e-5) or not len(vector.buckets)


@pytest.mark.parametrize("written", ["L’ÉLÈVE EST LÀ", "l'élève est là", "L'ELEVE EST LA", "l’eleve est la"])
def test_capitals_accents_and_apostrophes_make_no_difference(written):
    same = features("l'eleve est la")
    assert all(np.array_equal(a.buckets, b.buckets) for a, b in zip(features(written), same, strict=True))


def test_a_slip_of_the_pen_keeps_most_of_what_is_written():
    right, wrong = (set(features(text).written.buckets.tolist()) for text in ("prélèvement", "prélevemment"))
    assert len(right & wrong) / len(right) > 0.6
