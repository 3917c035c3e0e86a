"""Fusing evidence into suggestions: who comes first, who is left out, and what is said about it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from helpdesk.routing.candidates import Candidate, presence
from helpdesk.routing.evidence import Evidence
from helpdesk.routing.ranking import rank
from helpdesk.routing.reasons import ReasonKind
from helpdesk.search.index import (
    PeopleFound,
    PersonHit,
    PrecedentHit,
    PrecedentKind,
    PrecedentsFound,
    TopicHit,
    TopicsFound,
)
from helpdesk.search.query import Query

NOW = datetime(2026, 4, 1, 9, tzinfo=UTC)
TEXT = "mon voyant est rouge, code R-14"
QUERY = Query.of(TEXT, "fr")


def evidence(*declared, topics=(), precedents=(), chosen=(), text=TEXT, language="fr", urgent=False):
    """Declared scores by person (1, 2, …); topic scores by topic; precedents as (score, {person: credit})."""
    hits = tuple(PersonHit(n, score, 0.0, {("fr", "voi"): score}) for n, score in enumerate(declared, 1))
    return Evidence(
        Query.of(text, language),
        PeopleFound(hits, ideal_declared=10.0),
        TopicsFound(tuple(TopicHit(n, score, {}) for n, score in topics), ideal=10.0),
        PrecedentsFound(
            tuple(
                PrecedentHit(PrecedentKind.OFFICIAL_ANSWER, n, score, credited, {("fr", "voyant"): score})
                for n, (score, credited) in enumerate(precedents, 1)
            ),
            ideal=10.0,
        ),
        frozenset(chosen),
        urgent,
    )


def people(count, **facts):
    return {n: Candidate(n, department_id=n, **facts) for n in range(1, count + 1)}


def order(ranking):
    return [suggestion.person_id for suggestion in ranking.suggestions]


def why(ranking, person):
    return next(left.why for left in ranking.not_chosen if left.person_id == person)


def reason(ranking, person, kind):
    suggestion = next(s for s in ranking.suggestions if s.person_id == person)
    return next((r.data for r in suggestion.reasons if r.kind is kind), None)


def test_the_three_best_come_in_order_and_the_next_is_told_why_not():
    ranking = rank(evidence(4.0, 9.0, 6.0, 3.9), people(4))
    assert order(ranking) == [2, 3, 1]
    assert why(ranking, 4).kind is ReasonKind.LOWER


def test_a_precedent_speaks_for_whoever_is_credited():
    ranking = rank(evidence(5.0, 4.0, precedents=[(8.0, {2: 1.0})]), people(2))
    assert order(ranking)[0] == 2
    assert reason(ranking, 2, ReasonKind.PRECEDENT) == {
        "precedents": [{"kind": "official_answer", "id": 1}],
        "count": 1,
    }


def test_a_precedent_half_as_good_hardly_counts():
    ranking = rank(evidence(5.0, 5.0, precedents=[(8.0, {1: 1.0}), (4.0, {2: 1.0}), (4.0, {2: 1.0})]), people(2))
    assert order(ranking)[0] == 1


def test_declared_topics_count_by_level():
    candidates = people(2)
    candidates[1] = candidates[1]._replace(topics={7: 1})
    candidates[2] = candidates[2]._replace(topics={7: 3})
    ranking = rank(evidence(5.0, 5.0, topics=[(7, 6.0)]), candidates)
    assert order(ranking)[0] == 2
    assert reason(ranking, 2, ReasonKind.TOPIC) == {"topic": 7, "level": 3, "chosen": False}


def test_topics_chosen_by_a_person_replace_the_guess():
    candidates = people(2)
    candidates[1] = candidates[1]._replace(topics={7: 3})
    candidates[2] = candidates[2]._replace(topics={8: 3})
    ranking = rank(evidence(5.0, 5.0, topics=[(7, 6.0)], chosen=[8]), candidates)
    assert order(ranking)[0] == 2
    assert reason(ranking, 2, ReasonKind.TOPIC)["chosen"] is True


def test_somebody_absent_is_not_suggested_and_their_delegate_is():
    back = NOW + timedelta(days=9)
    candidates = people(3)
    candidates[1] = candidates[1]._replace(absent_until=back, delegate_id=3)
    ranking = rank(evidence(9.0, 5.0, 0.5), candidates)
    assert order(ranking) == [3, 2]
    assert ranking.suggestions[0].score == pytest.approx(0.9 * 2 * ranking.suggestions[1].score / (10 / 9), rel=0.3)
    assert reason(ranking, 3, ReasonKind.DELEGATE) == {"person": 1, "until": back.isoformat()}
    assert reason(ranking, 3, ReasonKind.WORDS) is not None
    assert why(ranking, 1).data == {"until": back.isoformat(), "delegate": 3}


def test_a_delegate_who_cannot_be_asked_inherits_nothing():
    candidates = people(3)
    candidates[1] = candidates[1]._replace(absent_until=NOW, delegate_id=3)
    candidates[3] = candidates[3]._replace(declined="out_of_scope")
    assert order(rank(evidence(9.0, 5.0, 0.5), candidates)) == [2]


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        ({"declined": "out_of_scope"}, ReasonKind.DECLINED),
        ({"declined": "conflict_of_interest"}, ReasonKind.DECLINED),
        ({"open_offers": 6}, ReasonKind.OVERLOAD),
    ],
)
def test_who_is_excluded_is_told_with_the_reason(facts, kind):
    candidates = people(2)
    candidates[1] = candidates[1]._replace(**facts)
    ranking = rank(evidence(9.0, 5.0), candidates)
    assert order(ranking) == [2]
    assert why(ranking, 1).kind is kind


def test_an_urgent_question_may_go_to_somebody_full():
    candidates = people(1, open_offers=8)
    assert order(rank(evidence(9.0), candidates)) == []
    assert order(rank(evidence(9.0, urgent=True), candidates)) == [1]


@pytest.mark.parametrize(("held", "factor"), [(0, 1.0), (3, 1.0), (4, 1 - 1.4 / 6), (5, 1 - 2.8 / 6)])
def test_load_discounts_above_half_of_the_capacity(held, factor):
    free = rank(evidence(9.0), people(1)).suggestions[0].score
    ranking = rank(evidence(9.0), people(1, open_offers=held))
    assert ranking.suggestions[0].score == pytest.approx(free * factor)
    assert (reason(ranking, 1, ReasonKind.LOAD) is not None) == (factor < 1)


def test_another_language_discounts_and_never_excludes():
    french = frozenset({"fr"})
    ranking = rank(evidence(9.0, 8.0, text="red light", language="en"), people(2, languages=french))
    assert order(ranking) == [1, 2]
    candidates = people(2, languages=french)
    candidates[2] = candidates[2]._replace(languages=frozenset({"fr", "en"}))
    ranking = rank(evidence(9.0, 8.0, text="red light", language="en"), candidates)
    assert order(ranking) == [2, 1]
    assert reason(ranking, 1, ReasonKind.LANGUAGE) == {"asked_in": "en", "answers_in": ["fr"]}


def test_of_those_nearly_equal_whoever_waited_longest_comes_first():
    candidates = people(4)
    candidates[1] = candidates[1]._replace(last_asked_at=NOW)
    candidates[2] = candidates[2]._replace(last_asked_at=NOW - timedelta(days=3))
    ranking = rank(evidence(9.0, 8.9, 8.8, 7.0), candidates)
    assert order(ranking) == [3, 2, 1]


def test_an_exact_code_counts_and_is_shown_as_written():
    found = evidence(5.0, 5.0)
    hits = (found.people.hits[0], replace(found.people.hits[1], words={("fr", "r14"): 5.0, ("fr", "roug"): 3.0}))
    ranking = rank(replace(found, people=PeopleFound(hits, 10.0)), people(2))
    assert order(ranking)[0] == 2
    assert reason(ranking, 2, ReasonKind.CODE)["words"] == ["R-14"]
    assert reason(ranking, 2, ReasonKind.WORDS)["words"] == ["rouge"]


def test_nothing_found_suggests_nobody():
    ranking = rank(evidence(), people(3))
    assert (ranking.suggestions, ranking.not_chosen) == ((), ())
    assert ranking.signals.departments == 0


def test_people_who_left_are_never_suggested():
    ranking = rank(evidence(5.0, 9.0, precedents=[(8.0, {9: 1.0})]), people(1))
    assert order(ranking) == [1]


def test_the_parts_add_up_to_the_score():
    candidates = people(4, topics={7: 2})
    candidates[2] = candidates[2]._replace(open_offers=5, languages=frozenset({"en"}))
    candidates[3] = candidates[3]._replace(presence=0.2)
    candidates[4] = candidates[4]._replace(absent_until=NOW, delegate_id=1)
    found = evidence(4.0, 9.0, 6.0, 9.5, topics=[(7, 6.0)], precedents=[(8.0, {2: 1.0}), (5.0, {3: 1.0})])
    found = replace(found, learned={1: -0.9, 2: 0.4, 3: 0.1, 4: 0.9})
    ranking = rank(found, candidates)
    assert len(ranking.suggestions) == 3
    for suggestion in ranking.suggestions:
        assert sum(suggestion.parts.values()) == pytest.approx(suggestion.score)
    by_person = {suggestion.person_id: suggestion.parts for suggestion in ranking.suggestions}
    assert {name for name, points in by_person[2].items() if points < 0} == {"language", "load"}
    assert by_person[3]["silence"] < 0
    assert by_person[1]["standing_in"] < 0
    assert by_person[2]["learned"] > 0


def test_what_was_learned_decides_between_equals():
    found = replace(evidence(5.0, 5.0, 5.0), learned={1: -0.8, 2: 0.7, 3: -1.0})
    assert order(rank(found, people(3)))[0] == 2


def test_somebody_the_model_does_not_know_is_taken_for_average():
    found = replace(evidence(5.0, 5.0, 5.0), learned={1: -0.8, 2: 0.8})
    ranking = rank(found, people(3))
    scores = {suggestion.person_id: suggestion.score for suggestion in ranking.suggestions}
    assert scores[2] > scores[3] == scores[1]


def test_an_unknown_text_learned_nothing_of_changes_nothing():
    plain = evidence(5.0, 9.0)
    taught = replace(plain, learned={1: 0.0, 2: 0.0})
    assert [s.score for s in rank(plain, people(2)).suggestions] == [
        s.score for s in rank(taught, people(2)).suggestions
    ]


def test_somebody_who_fell_silent_gives_way_but_is_not_forgotten():
    candidates = people(2)
    candidates[1] = candidates[1]._replace(presence=0.0)
    ranking = rank(evidence(9.0, 3.0), candidates)
    assert order(ranking) == [2, 1]
    assert all(suggestion.score > 0 for suggestion in ranking.suggestions)


def test_what_was_learned_and_silence_are_said():
    known = {1: -0.8, 2: 0.7}
    found = replace(evidence(5.0, 5.0), learned=known, learned_words=lambda person: [(10, 15)] if person == 2 else [])
    candidates = people(2, last_answered_at=NOW)
    candidates[2] = candidates[2]._replace(presence=0.5)
    ranking = rank(found, candidates)
    assert reason(ranking, 2, ReasonKind.LEARNED) == {"words": [TEXT[10:15]], "spans": [[10, 15]]}
    assert reason(ranking, 2, ReasonKind.SILENCE) == {"last": NOW.isoformat()}
    assert reason(ranking, 1, ReasonKind.LEARNED) is None
    assert reason(ranking, 1, ReasonKind.SILENCE) is None


def test_presence_tells_a_change_of_job_from_a_rare_subject():
    start = NOW - timedelta(days=360)
    busy = presence(60, start, start + timedelta(days=60), NOW)
    rare = presence(3, start, start + timedelta(days=200), NOW)
    steady = presence(60, start, NOW - timedelta(days=5), NOW)
    assert busy < 0.02
    assert rare > 0.4
    assert steady > 0.85
    assert presence(0, NOW, NOW, NOW) == 1
    assert presence(2, start, start, NOW) == 1


@pytest.mark.parametrize("answered", [1, 2, 3, 5, 40])
def test_presence_falls_with_silence(answered):
    last = NOW - timedelta(days=400)
    first = last - timedelta(days=50 if answered > 1 else 0)
    chances = [presence(answered, first, last, last + timedelta(days=days)) for days in (0, 10, 60, 200, 400)]
    assert chances == sorted(chances, reverse=True)
    assert all(0 <= chance <= 1 for chance in chances)
