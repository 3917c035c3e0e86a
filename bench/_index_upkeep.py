"""What it costs to keep an index up: a commit, a batch of updates, a refresh; and the memory of a reader."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from bench._corpus import Corpus
from bench._made_index import precedent
from helpdesk.search.index import Change
from helpdesk.search.whoosh_index import WhooshIndex
from helpdesk.search.whoosh_reading import Snapshot
from helpdesk.search.whoosh_writing import opened

COMMITS = 64
BATCHES, BATCH = 5, 100

_READER = """
import json, sys
from pathlib import Path
from bench._corpus import Corpus
from helpdesk.search.query import Query
from helpdesk.search.whoosh_index import WhooshIndex

def private():
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_Dirty"))

asked = [Query.of(" ".join(terms), "fr") for terms in Corpus().questions(100, 40)]
empty = WhooshIndex(Path(sys.argv[2]))
for index, turns in ((empty, 3), (WhooshIndex(Path(sys.argv[1])), 100)):
    before = private()
    for query in asked[:turns]:
        index.people(query), index.topics(query), index.precedents(query)
print(json.dumps((private() - before) / 1024))
"""


@dataclass(frozen=True)
class Upkeep:
    """Milliseconds of processor time."""

    commit: float
    commit_p95: float
    update: float
    """One document of a batch."""
    refresh: float


def upkeep(folder: Path, size: int) -> Upkeep:
    """Commit to the index of `size` precedents in `folder`, which is changed by it."""
    index = WhooshIndex(folder)
    made = Corpus(seed=22).about(COMMITS + BATCHES * BATCH)
    commits, refreshes = [], []
    snapshot = _snapshot(index, None)
    for number, (topic, terms) in enumerate(islice(made, COMMITS)):
        change = Change.put(precedent(Corpus.shared(), 2 * size + number, topic, terms))
        commits.append(_seconds(index, [change]))
        started = time.process_time()
        snapshot = _snapshot(index, snapshot)
        refreshes.append(time.process_time() - started)
    updates = []
    for turn in range(BATCHES):
        numbers = ((turn * BATCH + place) * 7919 % size for place in range(BATCH))
        rows = zip(numbers, islice(made, BATCH), strict=True)
        changes = [Change.put(precedent(Corpus.shared(), number, topic, terms)) for number, (topic, terms) in rows]
        updates.append(_seconds(index, changes) / len(changes))
    commits.sort()
    return Upkeep(
        1000 * statistics.median(commits),
        1000 * commits[int(0.95 * len(commits))],
        1000 * statistics.median(updates),
        1000 * statistics.median(refreshes),
    )


def private_memory(folder: Path, empty: Path) -> float:
    """MiB of its own that a process takes for reading the index, beyond what it takes for one without documents."""
    WhooshIndex(empty).rebuild([], watermark=0)
    command = [sys.executable, "-c", _READER, str(folder), str(empty)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout))


def _snapshot(index: WhooshIndex, before: Snapshot | None) -> Snapshot:
    """As a reader in another process renews what it holds."""
    build = index.location() / (index.location() / "CURRENT").read_text().strip()
    return Snapshot(opened(build), before)


def _seconds(index: WhooshIndex, changes: Sequence[Change]) -> float:
    started = time.process_time()
    index.apply(changes, watermark=1)
    return time.process_time() - started
