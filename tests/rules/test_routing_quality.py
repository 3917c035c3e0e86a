"""The 96 labelled questions of the demonstration: is the right person among those suggested?

One person wrote profiles, questions and labels: this says whether the matcher works and whether a change helps or
hurts, not how well it will do elsewhere.
"""

import unicodedata

import pytest

from helpdesk.routing.confidence import Confidence, Mode, Situation, choose_mode, in_words, raw_probability
from tests.rules.demo_data import demo, questions


def scores(language, change=lambda text: text):
    """(share right first, share right among three) of the questions that have a right expert."""
    labelled = [q for q in questions(language) if q["expect"]["experts"]]
    first = among = 0
    for question in labelled:
        right = {demo().numbers[handle] for handle in question["expect"]["experts"]}
        shown = demo().rank(change(question["text"]), question["received_at"]).suggestions
        found = [suggestion.person_id in right for suggestion in shown]
        first += found[:1] == [True]
        among += any(found)
    return first / len(labelled), among / len(labelled)


def without_accents(text):
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_right_expert_is_among_the_first_three(language):
    first, among = scores(language)
    assert among >= 0.90
    assert first >= 0.80


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize(
    "change",
    [
        without_accents,
        str.upper,
        str.lower,
        lambda text: text.replace("'", "’"),
        lambda text: text.replace("'", " ").replace("’", " "),
    ],
    ids=["accents", "upper", "lower", "typographic", "apostrophes"],
)
def test_spelling_habits_change_nothing(language, change):
    assert scores(language, change) == scores(language)


def chance_of(question):
    ranking = demo().rank(question["text"], question["received_at"])
    return raw_probability(ranking.signals), ranking


@pytest.mark.parametrize(
    "question", [q for lang in ("fr", "en") for q in questions(lang) if not q["expect"]["experts"]]
)
def test_nothing_that_must_not_be_routed_looks_sure(question):
    chance, ranking = chance_of(question)
    assert in_words(chance) is not Confidence.SURE
    assert choose_mode(chance, ranking.signals, Situation(decided=5000, automatic_on=True)) in (
        Mode.ABSTAIN,
        Mode.PROPOSE,
    )


@pytest.mark.parametrize("text", ["@oceliane ça marche pas", "ça marche pas", "help", "?", "", "bonjour merci", "😡😡"])
def test_nobody_can_tell_from_so_little(text):
    ranking = demo().rank(text, questions("fr")[0]["received_at"])
    assert choose_mode(raw_probability(ranking.signals), ranking.signals, Situation()) is Mode.ABSTAIN


def test_confidence_orders_right_before_wrong():
    pairs = []
    for question in [*questions("fr"), *questions("en")]:
        chance, ranking = chance_of(question)
        right = {demo().numbers[handle] for handle in question["expect"]["experts"]}
        pairs.append((chance, bool(ranking.suggestions) and ranking.suggestions[0].person_id in right))
    hits = [chance for chance, right in pairs if right]
    misses = [chance for chance, right in pairs if not right]
    above = sum((h > m) + 0.5 * (h == m) for h in hits for m in misses)
    assert above / (len(hits) * len(misses)) >= 0.85
    sure = [right for chance, right in pairs if in_words(chance) is Confidence.SURE]
    assert sum(sure) / len(sure) >= 0.90
    assert len(sure) >= len(pairs) / 3


def test_the_delegate_of_somebody_absent_is_suggested_and_says_so():
    question = next(q for q in questions("fr") if q["id"] == "fr-040")  # exp-ofc-03 is on leave
    ranking = demo().rank(question["text"], question["received_at"])
    first = ranking.suggestions[0]
    assert first.person_id == demo().numbers["exp-ofc-04"]
    delegate = first.reasons[0]
    assert (delegate.kind, delegate.data["person"]) == ("delegate", demo().numbers["exp-ofc-03"])
    left_out = {left.person_id: left.why for left in ranking.not_chosen}
    assert left_out[demo().numbers["exp-ofc-03"]].kind == "absence"


def test_the_words_shown_are_the_askers_own():
    question = next(q for q in questions("fr") if q["id"] == "fr-004")
    reasons = {r.kind: r.data for r in demo().rank(question["text"], question["received_at"]).suggestions[0].reasons}
    assert reasons["code"]["words"] == ["R-14"]
    assert {"voyant", "rouge"} <= set(reasons["words"]["words"])
    for start, end in reasons["words"]["spans"]:
        assert question["text"][start:end] in reasons["words"]["words"]
    assert reasons["precedent"]["count"] >= 1
    assert reasons["topic"]["level"] == 3
