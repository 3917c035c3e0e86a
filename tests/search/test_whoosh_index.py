"""The index through its port: what goes in is found, what goes out is not, and nothing is ever half there."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from helpdesk.search import whoosh_fields, whoosh_index
from helpdesk.search.index import (
    AnswerDocument,
    Change,
    IndexBusy,
    IndexUnusable,
    PersonDocument,
    TopicDocument,
)
from helpdesk.search.query import Query
from helpdesk.search.whoosh_index import WhooshIndex
from tests.search.conftest import precedent, put

STAFF = frozenset({"staff"})


def keys(page):
    return [hit.key for hit in page.hits]


def people(index, text, language="fr"):
    return [hit.person_id for hit in index.people(Query.of(text, language)).hits]


def test_a_person_is_found_by_what_is_said_about_them(index):
    index.apply(put(PersonDocument(1, "Raccordements fibre"), PersonDocument(2, "Facturation")), 1)
    assert people(index, "un technicien pour raccorder ma fibre") == [1]


def test_a_person_is_found_by_what_they_answered(index):
    index.apply(put(PersonDocument(1, "Expert", history="le décodeur reste noir"), PersonDocument(2, "Expert")), 1)
    found = index.people(Query.of("mon décodeur est tout noir", "fr"))
    assert [(hit.person_id, hit.declared) for hit in found.hits] == [(1, 0.0)]
    assert 0 < found.hits[0].history < found.ideal_history


def test_the_words_that_matched_come_back_with_what_each_gave(index):
    index.apply(put(PersonDocument(1, profile="Cartes SIM, code PUK"), PersonDocument(2, profile="SIM")), 1)
    query = Query.of("Où trouver le code PUK ?", "fr")
    hit = index.people(query).hits[0]
    assert [query.text[a:b] for a, b in query.spans(set(hit.words))] == ["code", "PUK"]
    assert sum(hit.words.values()) == pytest.approx(hit.declared)


def test_a_precedent_carries_its_credits(index):
    index.apply(put(precedent(7, "la box clignote", "débranchez-la", person3=1.0, person4=0.5)), 1)
    hit = index.precedents(Query.of("ma box clignote", "fr")).hits[0]
    assert (hit.source_id, hit.credits) == (7, {3: 1.0, 4: 0.5})


def test_topics_are_found_in_either_language(index):
    topics = [TopicDocument(1, "Résiliation. Cancellation. quitter, cancel"), TopicDocument(2, "Facture. Bill.")]
    index.apply([Change.put(topic) for topic in topics], 1)
    for text, language in (("je veux résilier", "fr"), ("how do I cancel", "en"), ("resiliation", None)):
        assert [hit.topic_id for hit in index.topics(Query.of(text, language)).hits] == [1]


def test_a_deleted_document_is_found_no_more_and_counts_no_more(index):
    documents = put(PersonDocument(1, "fibre"), PersonDocument(2, "fibre"), PersonDocument(3, "mobile"))
    index.apply(documents, 1)
    index.apply([Change.remove("person:1")], 2)
    assert people(index, "fibre") == [2]
    rebuilt = WhooshIndex(index.location().with_name("other"))
    rebuilt.rebuild([change.document for change in documents[1:]], 2)
    query = Query.of("fibre", "fr")
    assert index.people(query).hits == rebuilt.people(query).hits


def test_an_index_updated_many_times_ranks_as_one_rebuilt(index):
    texts = ["fibre optique lente", "fibre coupée", "facture de fibre", "mobile sans réseau"]
    last = []
    for turn in range(12):
        last = [precedent(n, f"{text} {'x' * (turn + 2)}", person1=1.0) for n, text in enumerate(texts)]
        index.apply(put(*last), turn + 1)
    rebuilt = WhooshIndex(index.location().with_name("other"))
    rebuilt.rebuild(last, 12)
    query = Query.of("la fibre est lente", "fr")
    scores = [(hit.source_id, pytest.approx(hit.score)) for hit in rebuilt.precedents(query).hits]
    assert [(hit.source_id, hit.score) for hit in index.precedents(query).hits] == scores


def test_the_last_change_of_a_batch_wins(index, a_ticket):
    first, second = put(a_ticket(1, "ancien texte"), a_ticket(1, "nouveau texte"))
    index.apply([first, second], 1)
    assert keys(index.find("nouveau", STAFF, 10)) == ["ticket:1"]
    assert keys(index.find("ancien", STAFF, 10)) == []
    assert keys(index.find("texte", STAFF, 10)) == ["ticket:1"]
    index.apply([*put(a_ticket(2, "texte")), Change.remove("ticket:2")], 2)
    assert keys(index.find("texte", STAFF, 10)) == ["ticket:1"]


def test_readers_see_each_commit_exactly(index, a_ticket):
    """The behaviour in which other packages of the same name fail: deleted and doubled documents after a refresh."""
    index.apply(put(*(a_ticket(n, "alpha beta") for n in range(50))), 1)
    index.apply(put(*(a_ticket(n, "alpha beta") for n in range(50, 80))), 2)
    assert len(index.find("alpha", STAFF, 500).hits) == 80
    index.apply([Change.remove("ticket:5")], 3)
    assert len(index.find("alpha", STAFF, 500).hits) == 79
    index.apply(put(a_ticket(6, "alpha gamma")), 4)
    assert len(index.find("alpha", STAFF, 500).hits) == 79
    for turn in range(10):  # enough small segments to be merged
        index.apply(put(a_ticket(500 + turn, "alpha beta")), 5 + turn)
    found = keys(index.find("alpha", STAFF, 500))
    assert len(found) == len(set(found)) == 89
    assert keys(index.find("gamma", STAFF, 500)) == ["ticket:6"]


def test_another_reader_sees_a_commit_within_half_a_second(index, a_ticket, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(whoosh_index.time, "monotonic", lambda: now[0])
    reader = WhooshIndex(index.location())
    assert reader.watermark() == 0
    index.apply(put(a_ticket(1, "texte")), 9)
    assert reader.watermark() == 0
    now[0] += whoosh_index.LOOK_AGAIN
    assert reader.watermark() == 9


def test_the_watermark_moves_with_the_batch(index, a_ticket):
    index.apply([], 3)
    index.apply(put(a_ticket(1, "texte")), 8)
    assert index.watermark() == WhooshIndex(index.location()).watermark() == 8


def test_a_rebuild_swaps_while_the_old_build_serves(index, a_ticket):
    index.apply(put(a_ticket(1, "ancien")), 1)
    before = index.generation()
    seen = []

    def documents():
        seen.append(keys(index.find("ancien", STAFF, 10)))
        yield a_ticket(2, "nouveau")

    index.rebuild(documents(), 5)
    assert seen == [["ticket:1"]]
    assert keys(index.find("ancien", STAFF, 10)) == []
    assert keys(index.find("nouveau", STAFF, 10)) == ["ticket:2"]
    assert index.watermark() == 5
    assert index.generation() != before


def test_a_rebuild_that_fails_changes_nothing(index, a_ticket):
    index.apply(put(a_ticket(1, "texte")), 1)

    def documents():
        yield a_ticket(2, "texte")
        raise RuntimeError("the database went away")

    with pytest.raises(RuntimeError):
        index.rebuild(documents(), 5)
    assert keys(index.find("texte", STAFF, 10)) == ["ticket:1"]
    assert len([entry for entry in index.location().iterdir() if entry.name.isdigit()]) == 1


def test_old_builds_do_not_pile_up(index):
    for watermark in range(5):
        index.rebuild([], watermark)
    assert len([entry for entry in index.location().iterdir() if entry.name.isdigit()]) == 2


def test_nobody_else_can_read_the_folder(index):
    for folder in (index.location(), *(e for e in index.location().iterdir() if e.is_dir())):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_no_index_is_said_and_not_guessed(tmp_path):
    index = WhooshIndex(tmp_path / "index")
    assert not index.is_usable()
    assert "built" in index.problem()
    with pytest.raises(IndexUnusable):
        index.people(Query.of("fibre"))
    with pytest.raises(IndexUnusable):
        index.apply([], 1)


def test_an_index_of_another_version_is_unusable(index, monkeypatch):
    monkeypatch.setattr(whoosh_fields, "VERSION", "99.1")
    assert not index.is_usable()
    assert "99.1" in index.problem()


@pytest.mark.parametrize("kept", [0, 40])
@pytest.mark.parametrize("pattern", ["*.toc", "*.trm", "*.pst", "*.doc"])
def test_torn_files_make_it_unusable_and_a_rebuild_mends_it(index, a_ticket, pattern, kept):
    index.apply(put(a_ticket(1, "texte")), 1)
    build = index.location() / (index.location() / "CURRENT").read_text()
    for path in build.glob(pattern):
        os.truncate(path, kept)
    torn = WhooshIndex(index.location())
    assert not torn.is_usable()
    torn.rebuild([a_ticket(1, "texte")], 1)
    assert keys(torn.find("texte", STAFF, 10)) == ["ticket:1"]
    assert keys(index.find("texte", STAFF, 10)) == ["ticket:1"]


def test_a_vanished_folder_makes_it_unusable(index):
    shutil.rmtree(index.location())
    assert not WhooshIndex(index.location()).is_usable()


def test_two_writers_take_turns_or_say_busy(index, a_ticket, monkeypatch):
    monkeypatch.setattr(whoosh_index, "WAIT_FOR_WRITER", 0.0)
    other = WhooshIndex(index.location())
    with index._builds.locked(".writing", 0.0), pytest.raises(IndexBusy):
        other.apply(put(a_ticket(1, "texte")), 1)
    other.apply(put(a_ticket(1, "texte")), 1)
    assert other.watermark() == 1


def test_threads_search_at_once_and_all_are_right(index, a_ticket):
    index.apply(put(*(precedent(n, f"question numero{n} sur la fibre", person1=1.0) for n in range(40))), 1)
    wrong = []

    def ask(start):
        for n in range(start, start + 20):
            hits = index.precedents(Query.of(f"numero{n % 40} fibre", "fr")).hits
            if hits[0].source_id != n % 40 or len(hits) != 40:
                wrong.append(n)

    threads = [threading.Thread(target=ask, args=(start,)) for start in (0, 10, 20, 30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


WRITER = """
import sys
from pathlib import Path
from helpdesk.search.index import Change, TicketDocument
from helpdesk.search.whoosh_index import WhooshIndex
index = WhooshIndex(Path(sys.argv[1]))
mark = index.watermark()
while True:
    mark += 1
    texts = [TicketDocument(n, f"texte tour{mark}", frozenset({"staff"}), "fr") for n in range(6)]
    index.apply([Change.put(text) for text in texts], mark)
    print(mark, flush=True)
"""


def test_killed_writers_lose_nothing_that_was_acknowledged(index):
    """`kill -9` in the middle of commits: the batch and its watermark are there together, or neither is."""
    for turn in range(6):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, index.location()], stdout=subprocess.PIPE, text=True)
        acknowledged = 0
        for _ in range(2 + turn % 3):
            acknowledged = int(writer.stdout.readline())
        writer.send_signal(signal.SIGKILL)
        rest = writer.communicate()[0].split()
        acknowledged = int(rest[-1]) if rest else acknowledged
        reader = WhooshIndex(Path(index.location()))
        mark = reader.watermark()
        assert mark >= acknowledged
        assert len(reader.find(f"tour{mark}", STAFF, 10).hits) == 6
        assert len(reader.find("texte", STAFF, 10).hits) == 6


# --- the staff's search


def test_staff_find_with_and_without_accents_in_any_case(index, a_ticket):
    index.apply(put(a_ticket(1, "Résiliation refusée à Kerbréhan"), a_ticket(2, "Facture")), 1)
    for words in ("résiliation", "RESILIATION", "resilier kerbrehan", "KERBRÉHAN"):
        assert keys(index.find(words, STAFF, 10)) == ["ticket:1"]


def test_all_the_words_are_wanted(index, a_ticket):
    index.apply(put(a_ticket(1, "fibre lente"), a_ticket(2, "fibre coupée")), 1)
    assert keys(index.find("fibre coupée", STAFF, 10)) == ["ticket:2"]
    assert keys(index.find("la fibre", STAFF, 10)) == ["ticket:1", "ticket:2"]
    assert keys(index.find("fibre inexistante", STAFF, 10)) == []


def test_quoted_words_follow_one_another_and_a_star_stands_for_any_ending(index, a_ticket):
    index.apply(put(a_ticket(1, "la carte SIM est perdue"), a_ticket(2, "SIM sur carte, résiliation")), 1)
    assert keys(index.find('"carte SIM"', STAFF, 10)) == ["ticket:1"]
    assert keys(index.find("résiliat*", STAFF, 10)) == ["ticket:2"]
    assert keys(index.find("rési*", STAFF, 10)) == ["ticket:2"]
    assert keys(index.find("ré*", STAFF, 10)) == []


def test_nothing_is_found_that_the_person_may_not_read(index, a_ticket):
    index.apply(put(a_ticket(1, "menace", "person:4"), a_ticket(2, "menace", "staff", "person:9")), 1)
    assert keys(index.find("menace", STAFF, 10)) == ["ticket:2"]
    assert keys(index.find("menace", frozenset({"person:4"}), 10)) == ["ticket:1"]
    assert keys(index.find("menace", frozenset(), 10)) == []
    assert keys(index.find("staff", STAFF, 10)) == []


@pytest.mark.parametrize("words", ["", " ", "*", '"', '""', "*" * 200, "l' d'", "le la les", "é" * 5000, "\x00", "😀"])
def test_odd_searches_find_nothing_and_break_nothing(index, a_ticket, words):
    index.apply(put(a_ticket(1, "texte")), 1)
    assert keys(index.find(words, STAFF, 10)) == []


def test_pages_follow_one_another_without_gap_or_repeat(index, a_ticket):
    index.apply(put(*(a_ticket(n, "fibre " + "mot " * (n % 5)) for n in range(23))), 1)
    found, last = [], None
    while page := index.find("fibre", STAFF, 5, last).hits:
        found += [hit.key for hit in page]
        last = page[-1]
    assert sorted(found) == sorted(f"ticket:{n}" for n in range(23))
    assert found == keys(index.find("fibre", STAFF, 100))


def test_answers_and_references_are_found(index, a_ticket):
    answer = AnswerDocument(3, "Code R-14 : voyant rouge", frozenset({"staff"}), "fr")
    index.apply([*put(a_ticket(1, "R-2026-000142 voyant orange")), Change.put(answer)], 1)
    assert keys(index.find("R-2026-000142", STAFF, 10)) == ["ticket:1"]
    assert keys(index.find("r14", STAFF, 10)) == ["answer:3"]
    assert sorted(keys(index.find("voyants", STAFF, 10))) == ["answer:3", "ticket:1"]
