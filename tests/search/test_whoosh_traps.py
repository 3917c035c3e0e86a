"""What goes wrong with Whoosh when nobody looks: each trap has a test that it stays avoided."""

import contextlib
import importlib
import io
import math
import os
import pickle
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from whoosh import query as wq

from helpdesk.search import pool, scoring, whoosh_compat, whoosh_staff, whoosh_writing
from helpdesk.search.index import Change, IndexUnusable, PersonDocument, TicketDocument
from helpdesk.search.postings import MAGIC
from helpdesk.search.prepared import Family
from helpdesk.search.query import Query
from helpdesk.search.scoring import Question
from helpdesk.search.text import analyse
from helpdesk.search.whoosh_fields import meta_document
from helpdesk.search.whoosh_index import WhooshIndex
from helpdesk.search.whoosh_reading import Snapshot
from helpdesk.search.whoosh_terms import TERMS
from helpdesk.search.whoosh_writing import fill, opened
from tests.search.conftest import precedent, put

ROOT = Path(__file__).resolve().parents[2]
STAFF = frozenset({"staff"})
FOREVER = {"helpdesk.search.whoosh_codec", "helpdesk.search.whoosh_terms"}


def python(*arguments):
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, env=environment)


def build_of(index):
    return index.location() / (index.location() / "CURRENT").read_text()


def segments_of(index):
    return index._latest().snapshot.leaves


# --- the package and what is pickled


def test_another_package_of_the_same_name_is_refused():
    code = "import whoosh; whoosh.__version__ = (2, 7, 5); import helpdesk.search.whoosh_index"
    done = python("-c", code)
    assert done.returncode == 1
    assert "another package has its name: (2, 7, 5)" in done.stderr


def test_refreshed_searchers_forget_the_dead_and_count_nobody_twice(index, a_ticket):
    """Whoosh's own `refresh`, which the packages of the same name get wrong."""
    index.apply(put(*(a_ticket(number, "alpha") for number in range(80))), 1)
    searcher = opened(build_of(index)).searcher()
    term = analyse("alpha", "fr")[0].term

    def found():
        nonlocal searcher
        searcher = searcher.refresh()
        keys = [hit["key"] for hit in searcher.search(wq.Term("find_fr", term), limit=None)]
        return len(keys), len(set(keys))

    assert found() == (80, 80)
    index.apply([Change.remove("ticket:5")], 2)
    assert found() == (79, 79)
    index.apply(put(a_ticket(6, "alpha beta")), 3)
    assert found() == (79, 79)
    for turn in range(9):
        index.apply(put(a_ticket(500, f"alpha tour{turn}")), 4 + turn)
    assert found() == (80, 80)


def test_only_classes_of_modules_that_never_move_are_pickled(index, a_ticket):
    index.apply(put(a_ticket(1, "texte"), precedent(1, "la fibre")), 1)
    content = max(build_of(index).glob("*.toc")).read_bytes()
    modules = set()

    class Recording(pickle.Unpickler):
        def find_class(self, module, name):
            modules.add(module)
            return super().find_class(module, name)

    for match in re.finditer(rb"\x80[\x02-\x05]", content):
        with contextlib.suppress(Exception):  # mostly not a pickle, but two bytes like its first
            Recording(io.BytesIO(content[match.start() :])).load()
    assert {module for module in modules if module.startswith("helpdesk")} == FOREVER
    for name in FOREVER:
        assert "must never move" in importlib.import_module(name).__doc__


def test_writers_that_lose_or_block_are_not_used():
    """AsyncWriter loses what a job leaves behind, BufferedWriter keeps the lock for life, and so on."""
    for path in (ROOT / "helpdesk").rglob("*.py"):
        code = path.read_text(encoding="utf-8")
        found = re.findall(r"(?:Async|Buffered|Mp)Writer|update_document|optimize=True|open_dir|create_in", code)
        assert found == [], path


# --- segments


def test_segments_are_plain_files_with_aligned_lists(index, a_ticket):
    index.apply(put(*(a_ticket(number, f"texte mot{number}") for number in range(30))), 1)
    assert list(build_of(index).glob("*.seg")) == []
    for path in build_of(index).glob("*.pst"):
        content = path.read_bytes()
        assert {match.start() % 8 for match in re.finditer(MAGIC, content)} == {0}


def test_many_small_commits_leave_few_segments(index, a_ticket):
    for turn in range(70):
        index.apply(put(a_ticket(turn, f"texte tour{turn}")), turn + 1)
    assert len(segments_of(index)) <= 15
    assert len(index.find("texte", STAFF, 500).hits) == 70


def test_a_commit_is_on_the_disk_before_it_is_announced(index, a_ticket, monkeypatch):
    done = []
    monkeypatch.setattr(whoosh_compat, "synchronise", lambda path: done.append(("sync", Path(path).name)))
    rename = whoosh_compat.FileStorage.rename_file

    def renamed(self, oldname, newname, safe=False):
        done.append(("rename", newname))
        rename(self, oldname, newname, safe)

    monkeypatch.setattr(whoosh_compat.FileStorage, "rename_file", renamed)
    index.apply(put(a_ticket(1, "texte")), 1)
    announced = next(place for place, (what, name) in enumerate(done) if what == "rename" and name.endswith(".toc"))
    before = [name for what, name in done[:announced] if what == "sync"]
    files = {path.name for path in build_of(index).iterdir()}
    segment = next(name for name in before if ".toc" not in name).partition(".")[0]
    assert {name for name in files if name.startswith(f"{segment}.")} <= set(before)
    assert any(".toc." in name for name in before)
    assert done[announced + 1 :] == [("sync", build_of(index).name)]


def test_what_a_killed_writer_left_is_swept_away(index, a_ticket):
    left = build_of(index) / "_MAIN_7.toc.1795450000.25"
    left.write_bytes(b"half a table")
    index.apply(put(a_ticket(1, "texte")), 1)
    assert not left.exists()


def test_deleting_one_of_many_does_not_open_the_index_for_each(index, a_ticket, monkeypatch):
    index.rebuild((a_ticket(number, "texte") for number in range(300)), 1)
    opened_times = []
    monkeypatch.setattr(whoosh_writing, "Snapshot", lambda *args: opened_times.append(1) or Snapshot(*args))
    index.apply(put(*(a_ticket(number, "texte neuf") for number in range(200))), 2)
    assert opened_times == [1]
    assert len(index.find("neuf", STAFF, 500).hits) == 200
    assert len(index.find("texte", STAFF, 500).hits) == 300


# --- nothing there


def test_an_empty_index_a_question_of_nothing_and_words_of_nobody(index):
    for text in ("", "le la les", "fibre", "😀"):
        query = Query.of(text, "fr")
        assert index.people(query).hits == index.precedents(query).hits == index.topics(query).hits == ()
    index.apply(put(PersonDocument(1), precedent(1, "")), 1)
    for text in ("", "fibre"):
        assert index.precedents(Query.of(text, "fr")).hits == ()
    assert index.precedents(Query.of("", "fr")).ideal == 0
    assert index.precedents(Query.of("fibre", "fr")).ideal > 0


def test_when_all_are_deleted_nobody_is_found_and_nothing_divides_by_nought(index):
    index.apply(put(precedent(1, "fibre"), precedent(2, "fibre")), 1)
    index.apply([Change.remove("precedent:ticket:1"), Change.remove("precedent:ticket:2")], 2)
    assert index.precedents(Query.of("fibre", "fr")).hits == ()


def test_a_search_that_takes_too_long_answers_with_what_it_has(index, a_ticket, monkeypatch):
    index.apply(put(*(a_ticket(number, f"prefixe{number} texte") for number in range(300))), 1)
    monkeypatch.setattr(whoosh_staff, "TIME_LIMIT", 0.0)
    started = time.monotonic()
    page = index.find("texte", STAFF, 10)
    assert not page.complete
    assert time.monotonic() - started < 5


# --- torn files


def test_a_file_that_is_gone_makes_it_unusable_and_a_rebuild_mends_it(index, a_ticket):
    index.apply(put(a_ticket(1, "texte")), 1)
    for path in build_of(index).glob("*.pst"):
        path.unlink()
    torn = WhooshIndex(index.location())
    assert "missing" in torn.problem()
    torn.rebuild([a_ticket(1, "texte")], 1)
    assert torn.is_usable()


def test_lists_that_were_overwritten_condemn_the_build_for_every_process(index):
    """A power cut can leave files of the right length that hold nothing."""
    index.apply(put(precedent(1, "la fibre")), 1)
    reader = opened(build_of(index)).reader().leaf_readers()[-1][0]
    path = build_of(index) / reader.segment().make_filename(".pst")
    offset, (length,) = reader.term_info("question_fr", analyse("fibre", "fr")[0].term).extent()
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(bytes(length))
    torn = WhooshIndex(index.location())
    with pytest.raises(IndexUnusable):
        torn.precedents(Query.of("fibre", "fr"))
    assert "torn" in WhooshIndex(index.location()).problem()
    torn.rebuild([precedent(1, "la fibre")], 1)
    assert len(WhooshIndex(index.location()).precedents(Query.of("fibre", "fr")).hits) == 1


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 0.99])
def test_any_file_cut_anywhere_is_noticed_on_opening(index, a_ticket, share):
    index.apply(put(a_ticket(1, "la carte SIM"), precedent(1, "la fibre"), PersonDocument(1, "expert")), 1)
    whole = build_of(index)
    names = [path.name for path in whole.iterdir() if path.suffix in (".toc", ".trm", ".pst", ".doc")]
    for name in names:
        copy = index.location().with_name(f"copy-{name}")
        shutil.copytree(index.location(), copy)
        cut = copy / whole.name / name
        if cut.stat().st_size:
            os.truncate(cut, int(cut.stat().st_size * share))
            assert not WhooshIndex(copy).is_usable(), name


# --- memory


def test_a_rebuild_that_goes_to_the_disk_gives_the_same_index(index, monkeypatch):
    documents = [precedent(number, f"fibre numero{number} box{number % 7}") for number in range(200)]
    documents += [TicketDocument(number, f"la carte SIM numero{number}", STAFF, "fr") for number in range(50)]
    query = Query.of("fibre numero12 box3", "fr")
    index.rebuild(documents, 1)
    expected = index.precedents(query), index.find('"carte SIM" numero7', STAFF, 10)
    runs = []
    monkeypatch.setattr(whoosh_writing, "COLLECTED", 20_000)
    monkeypatch.setattr(pool.Pool, "_save", lambda self, save=pool.Pool._save: runs.append(1) or save(self))
    index.rebuild(iter(documents), 1)
    assert len(runs) > 2
    assert (index.precedents(query), index.find('"carte SIM" numero7', STAFF, 10)) == expected


MEASURED = """
import resource, sys
from pathlib import Path
from helpdesk.search import whoosh_writing
from helpdesk.search.whoosh_writing import fill
whoosh_writing.COLLECTED = 4 * 2**20
def documents(count):
    for n in range(count):
        terms = [f"mot{n * k % 5000}" for k in range(1, 30)]
        yield {"key": f"k{n}", "kind": "precedent", "question_fr": terms}
peaks = []
for turn, count in enumerate((2000, 2000, 12000)):
    folder = Path(sys.argv[1]) / str(turn)
    folder.mkdir()
    fill(folder, documents(count), 0)
    peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
print(peaks[2] - peaks[1])
"""


def test_a_rebuild_of_six_times_as_much_takes_hardly_more_memory(tmp_path):
    done = python("-c", MEASURED, tmp_path)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 25_000  # kilobytes; the postings alone, as tuples, would take 60,000


# --- weights and pruning


def test_a_field_may_be_fed_with_terms_and_weights(tmp_path):
    texts = [{"fibr": 2.5, "box": 1.0}, {"fibr": 40.25}, {"sim": 300.0}]
    fill(tmp_path, [{"key": str(n), "kind": "precedent", "question_fr": text} for n, text in enumerate(texts)], 0)
    family = Family("precedent", {"question": 2.0}, b=0.0, k1=1.2)
    question = Question(family, Snapshot(opened(tmp_path)))
    question.ask(["fibr", "sim"], "fr")
    gains = question.hits(10)
    worth = {"fibr": math.log(1 + 1.5 / 2.5), "sim": math.log(1 + 2.5 / 1.5)}
    found = [2 * worth[t] * w * 2.2 / (w + 1.2) for t, w in (("fibr", 2.5), ("fibr", 40.25), ("sim", 300.0))]
    assert sorted(gains.totals.tolist()) == pytest.approx(sorted(found))


@pytest.mark.parametrize("value", [{"fibr": 0.0}, {"fibr": -1.0}])
def test_weights_must_be_above_nought(value):
    with pytest.raises(ValueError):
        TERMS().index(value)
    with pytest.raises(ValueError):
        TERMS(places=True).index({"fibr": 1.0})
    with pytest.raises(TypeError):
        TERMS().index("la fibre")


def test_a_long_question_in_a_big_index_finds_its_like_with_the_rarest_terms_first(tmp_path, monkeypatch):
    generator = np.random.default_rng(5)
    drawn = [generator.zipf(1.3, 40) % 3000 for _ in range(1500)]
    texts = [[f"mot{number}" for number in numbers] for numbers in drawn]
    fill(tmp_path, ({"key": str(n), "kind": "precedent", "question_fr": text} for n, text in enumerate(texts)), 0)
    snapshot = Snapshot(opened(tmp_path))
    family = Family("precedent", {"question": 1.0})
    same, pruned = 0, []
    monkeypatch.setattr(scoring, "PRUNED_ABOVE", 0)
    gains = Question.gains
    monkeypatch.setattr(Question, "gains", lambda self, places: pruned.append(len(places)) or gains(self, places))
    for text in texts[:50]:
        kept = [term for position, term in enumerate(dict.fromkeys(text)) if position % 10 < 8]
        question = Question(family, snapshot)
        question.ask([*kept, *(f"mot{number}" for number in range(1, 15))], "fr")
        exact, quick = question.exact_best(10), question.best(10)
        same += exact[0] == quick[0]
        totals = question.gains(quick).totals
        assert totals.tolist() == sorted(totals.tolist(), reverse=True)
    assert same == 50
    assert max(pruned) >= 200


def test_the_watermark_document_is_nobodys_hit():
    assert set(meta_document(3)) == {"key", "kind", "facts"}
