"""One snapshot for all threads of a process: replaced when the index moved on, gone with its last user."""

import gc
import random
import threading
import weakref

import numpy as np

from helpdesk.search import whoosh_index
from helpdesk.search.index import Change, PersonDocument
from helpdesk.search.query import Query
from helpdesk.search.whoosh_index import WhooshIndex
from tests.search.conftest import precedent, put

STAFF = frozenset({"staff"})


def test_threads_share_one_snapshot(index):
    index.apply(put(precedent(1, "la fibre")), 1)
    index.watermark()
    held = []
    threads = [threading.Thread(target=lambda: held.append(index._latest().snapshot)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(snapshot) for snapshot in held}) == 1


def test_threads_that_share_a_snapshot_get_the_answers_of_one_alone(index, a_ticket):
    chance = random.Random(3)
    words = [f"mot{number}" for number in range(60)]
    texts = [" ".join(chance.choices(words, k=20)) for _ in range(400)]
    documents = [precedent(number, text, person1=1.0) for number, text in enumerate(texts)]
    documents += [PersonDocument(number, profile=text) for number, text in enumerate(texts[:50])]
    documents += [a_ticket(number, text) for number, text in enumerate(texts[:100])]
    for start in range(0, len(documents), 150):
        index.apply(put(*documents[start : start + 150]), start)
    questions = [Query.of(" ".join(chance.choices(words, k=25)), "fr") for _ in range(30)]

    def answers(question):
        staff = index.find(" ".join(question.text.split()[:2]), STAFF, 20)
        return index.precedents(question), index.people(question), staff.hits

    alone = [answers(question) for question in questions]
    wrong = []

    def ask(seed):
        order = random.Random(seed).sample(range(len(questions)), len(questions))
        wrong.extend(number for number in order if answers(questions[number]) != alone[number])

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_threads_that_read_while_commits_go_on_see_whole_states(index, a_ticket, monkeypatch):
    monkeypatch.setattr(whoosh_index, "LOOK_AGAIN", 0.0)
    reader = WhooshIndex(index.location())
    index.apply(put(*(a_ticket(number, "texte tour0") for number in range(5))), 1)
    broken = []
    done = threading.Event()

    def read():
        while not done.is_set():
            found = reader.find("texte", STAFF, 20).hits
            if sorted(hit.key for hit in found) != [f"ticket:{number}" for number in range(5)]:
                broken.append(found)

    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    for turn in range(1, 25):
        index.apply(put(*(a_ticket(number, f"texte tour{turn}") for number in range(5))), turn + 1)
        if turn % 10 == 0:
            index.rebuild([a_ticket(number, f"texte tour{turn}") for number in range(5)], turn + 1)
    done.set()
    for thread in threads:
        thread.join()
    assert broken == []


def test_an_old_snapshot_goes_with_its_last_reference(index):
    index.apply(put(precedent(1, "la fibre")), 1)
    gc.collect()
    gc.disable()
    try:
        old = index._latest().snapshot
        gone = weakref.ref(old)
        index.apply(put(precedent(2, "la box")), 2)
        index.watermark()
        assert index._latest().snapshot is not old
        assert old.watermark() == 1  # who still holds it goes on undisturbed
        del old
        assert gone() is None
    finally:
        gc.enable()


def test_what_was_read_of_a_segment_stays_over_commits(index):
    index.rebuild([precedent(number, f"fibre numero{number}") for number in range(20)], 1)
    asked = Query.of("fibre", "fr")
    index.precedents(asked)
    before = index._latest().snapshot.leaves[0].segment
    index.apply([*put(precedent(50, "fibre neuve")), Change.remove("precedent:ticket:3")], 2)
    hits = index.precedents(asked).hits
    assert index._latest().snapshot.leaves[0].segment is before
    assert sorted(hit.source_id for hit in hits) == [*range(3), *range(4, 20), 50]


def test_posting_lists_are_views_of_the_file_and_not_copies(index):
    index.apply(put(precedent(1, "la fibre")), 1)
    leaves = index._latest().snapshot.leaves
    (postings,) = [
        found
        for leaf in leaves
        if (found := leaf.segment.postings(leaf.segment.key("question_fr", "fibr"))) is not None
    ]
    for part in (postings.numbers, postings.codes):
        assert isinstance(part, np.ndarray)
        assert not part.flags.owndata
        assert not part.flags.writeable
