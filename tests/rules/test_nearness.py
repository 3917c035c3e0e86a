"""What an embedding model adds to the matcher: one more part of the score, and nothing where there is none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from helpdesk.routing.candidates import Candidate
from helpdesk.routing.evidence import WEIGHTS, Evidence, Part
from helpdesk.routing.nearness import Nearer, with_nearness
from helpdesk.routing.ranking import rank
from helpdesk.routing.reasons import ReasonKind
from helpdesk.search.index import PeopleFound, PersonHit, PrecedentHit, PrecedentKind, PrecedentsFound, TopicsFound
from helpdesk.search.query import Query

QUERY = Query.of("plus de réseau dans le tunnel", "fr")
PEOPLE = {number: Candidate(number, department_id=number, answered=3) for number in (1, 2, 3)}


def found(*hits: tuple[float, int, float | None]) -> PrecedentsFound:
    """Precedents as (score, the person credited, nearness), numbered from 1."""
    return PrecedentsFound(
        tuple(
            PrecedentHit(PrecedentKind.TICKET, number, score, {person: 1.0}, {}, near)
            for number, (score, person, near) in enumerate(hits, 1)
        ),
        ideal=10.0,
    )


def ranked(precedents: PrecedentsFound, weights=WEIGHTS, declared=()):
    hits = tuple(PersonHit(person, score, 0.0, {}) for person, score in declared)
    people = PeopleFound(hits, ideal_declared=10.0)
    return rank(Evidence(QUERY, people, TopicsFound(), precedents, weights=weights), PEOPLE)


WORDS_SAY_ONE = (8.0, 1, 0.2), (7.0, 2, 0.9)


def test_the_nearest_in_meaning_comes_before_the_nearest_in_words():
    assert [each.person_id for each in ranked(found(*WORDS_SAY_ONE)).suggestions] == [2, 1]
    unknown = [(score, person, None) for score, person, _near in WORDS_SAY_ONE]
    assert [each.person_id for each in ranked(found(*unknown)).suggestions] == [1, 2]


def test_without_a_model_the_ranking_is_the_same_whatever_meaning_weighs():
    plain = found((8.0, 1, None), (7.0, 2, None), (7.0, 2, None))
    heavy = ranked(plain, {**WEIGHTS, Part.MEANING: 20.0})
    without = ranked(
        plain, {part: weight for part, weight in WEIGHTS.items() if part is not Part.MEANING} | {Part.MEANING: 0.0}
    )
    assert heavy == without == ranked(plain)
    assert all(Part.MEANING not in each.parts for each in heavy.suggestions)


def test_a_weight_of_nothing_leaves_only_the_words():
    silent = ranked(found(*WORDS_SAY_ONE), {**WEIGHTS, Part.MEANING: 0.0})
    assert [each.person_id for each in silent.suggestions] == [1, 2]
    assert all(Part.MEANING not in each.parts for each in silent.suggestions)


def test_its_points_add_up_to_the_score_like_all_others():
    first = ranked(found(*WORDS_SAY_ONE, (6.0, 3, 0.8)), declared=[(1, 4.0), (3, 2.0)]).suggestions[0]
    assert first.parts[Part.MEANING] > 0
    assert sum(first.parts.values()) == pytest.approx(first.score)


def test_the_further_the_nearest_is_the_less_it_counts():
    near = ranked(found((8.0, 1, 0.9))).suggestions[0].parts[Part.MEANING]
    far = ranked(found((8.0, 1, 0.3))).suggestions[0].parts[Part.MEANING]
    assert near == pytest.approx(9 * far)
    assert Part.MEANING not in ranked(found((8.0, 1, -0.4))).suggestions[0].parts


def test_the_reason_names_the_questions_that_mean_nearly_the_same_the_nearest_first():
    first = ranked(found((8.0, 1, 0.7), (7.0, 1, 0.8), (6.0, 1, 0.1), (5.0, 2, 0.3))).suggestions[0]
    said = next(each.data for each in first.reasons if each.kind is ReasonKind.MEANING)
    assert said == {"precedents": [{"kind": "ticket", "id": 2}, {"kind": "ticket", "id": 1}], "count": 2}


def test_somebody_for_whom_it_hardly_speaks_is_given_no_such_reason():
    ranking = ranked(found((8.0, 1, 0.9), (7.5, 2, 0.3)))
    kinds = {each.person_id: {reason.kind for reason in each.reasons} for each in ranking.suggestions}
    assert ReasonKind.MEANING in kinds[1]
    assert ReasonKind.MEANING not in kinds[2]


def test_what_is_not_near_is_not_said_to_mean_the_same():
    first = ranked(found((8.0, 1, 0.45))).suggestions[0]
    assert first.parts[Part.MEANING] > 0
    assert ReasonKind.MEANING not in {reason.kind for reason in first.reasons}


class AnIndex:
    """Always finds the same."""

    def __init__(self, precedents: PrecedentsFound) -> None:
        self._precedents = precedents

    def people(self, query: Query) -> PeopleFound:
        return PeopleFound()

    def topics(self, query: Query) -> TopicsFound:
        return TopicsFound()

    def precedents(self, query: Query) -> PrecedentsFound:
        return self._precedents


def test_what_was_found_stays_and_only_the_known_ones_carry_their_nearness():
    plain = found((8.0, 1, None), (7.0, 2, None))
    asked = []

    def measure(text, keys):
        asked.append((text, list(keys)))
        return {"precedent:ticket:2": 0.75}

    told = Nearer(AnIndex(plain), measure).precedents(QUERY)
    assert asked == [(QUERY.text, ["precedent:ticket:1", "precedent:ticket:2"])]
    assert [hit.nearness for hit in told.hits] == [None, 0.75]
    assert tuple(replace(hit, nearness=None) for hit in told.hits) == plain.hits


def test_where_nothing_was_found_or_nothing_is_known_nothing_changes():
    assert with_nearness(QUERY, PrecedentsFound(), lambda text, keys: pytest.fail("nobody was to be asked")).hits == ()
    plain = found((8.0, 1, None))
    assert with_nearness(QUERY, plain, lambda text, keys: {}) is plain
