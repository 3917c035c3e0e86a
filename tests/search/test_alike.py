"""How much of one question another one holds."""

import pytest

from helpdesk.search.alike import heading_of, sizes_of, terms_of
from helpdesk.search.index import AskedDocument, Change
from helpdesk.search.query import Query
from helpdesk.search.whoosh_index import WhooshIndex

TEXTS = {
    1: "La box affiche R-14. Le voyant rouge clignote depuis ce matin, que faire ?",
    2: "Voyant rouge et code R14 sur la box",
    3: "Comment résilier mon abonnement avant la fin du mois ?",
    4: "FSDownload throws when the timestamp of the jar differs",
    5: "Quel est le prix du répéteur ?",
}


def document(number, text):
    return AskedDocument(number, heading_of(None, text), text)


@pytest.fixture
def index(tmp_path):
    index = WhooshIndex(tmp_path / "index")
    index.rebuild([document(*each) for each in TEXTS.items()], watermark=1)
    return index


def asked(index, text, limit=10):
    return {hit.ticket_id: hit for hit in index.asked(Query.of(text), heading_of(None, text), limit).hits}


@pytest.mark.parametrize("number", TEXTS)
def test_a_question_holds_all_of_itself_and_less_of_any_other(index, number):
    found = asked(index, TEXTS[number])
    assert found[number].share == pytest.approx(1.0, abs=0.05)
    assert all(hit.share < 0.8 for hit in found.values() if hit.ticket_id != number)
    assert next(iter(found)) == number


def test_shares_stay_between_nothing_and_one(index):
    for text in (*TEXTS.values(), "box", "R-14 " * 300, "la box " * 500 + TEXTS[1], "?", ""):
        assert all(0 <= hit.share <= 1 and hit.score > 0 for hit in asked(index, text).values()), text


def test_pieces_find_what_is_spelt_otherwise(index):
    assert 4 in asked(index, "FSDownloader timestamps")
    assert 3 in asked(index, "résilliation des abonnements")


def test_a_short_question_is_held_by_a_long_one_less_than_by_its_like(index):
    long = TEXTS[2] + " " + " ".join(TEXTS.values()) * 5
    index.apply([Change.put(document(6, long)), Change.put(document(7, TEXTS[2]))], watermark=2)
    found = asked(index, TEXTS[2])
    assert found[7].share > found[6].share


def test_what_was_taken_out_is_not_found(index):
    index.apply([Change.remove("asked:1")], watermark=2)
    assert 1 not in asked(index, TEXTS[1])
    assert 2 in asked(index, TEXTS[1])


def test_the_question_a_precedent_repeats_is_worth_the_whole(tmp_path):
    from helpdesk.search.index import PrecedentDocument, PrecedentKind

    index = WhooshIndex(tmp_path / "index")
    kept = [PrecedentDocument(PrecedentKind.TICKET, n, text) for n, text in TEXTS.items()]
    index.rebuild(kept, watermark=1)
    for number, text in TEXTS.items():
        found = index.precedents(Query.of(text))
        assert found.hits[0].source_id == number
        assert found.hits[0].score == pytest.approx(found.own, rel=0.05)
        assert all(hit.score < 0.8 * found.own for hit in found.hits[1:])


def test_an_empty_index_holds_nothing(tmp_path):
    index = WhooshIndex(tmp_path / "index")
    index.rebuild([], watermark=0)
    assert not asked(index, TEXTS[1])
    assert index.precedents(Query.of(TEXTS[1])).own == 0


def test_the_heading_is_the_subject_or_the_first_sentence():
    assert heading_of("Ma box", "Elle clignote. Merci.") == "Ma box"
    assert heading_of(None, "Elle clignote. Merci.") == "Elle clignote."
    assert heading_of("", "sans point") == "sans point"
    assert len(heading_of(None, "x" * 5000)) == 200


def test_sizes_count_distinct_terms():
    once, often = (sizes_of(terms_of(Query.of(text, "fr"), "")) for text in ("box rouge", "box rouge box rouge"))
    assert once[1] == often[1] == 2
