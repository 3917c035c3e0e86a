"""Writers that die in the middle, each in a process of its own; run by test_whoosh_crashes.

    python dying_writers.py points apply|rebuild     die at each operation on a file in turn
    python dying_writers.py kills N SEED             N times SIGKILL at a random moment

Prints one JSON list: what was found after each death. Processes are forked from one that has imported everything.
"""

import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from helpdesk.search import whoosh_staff
from helpdesk.search.index import Change, TicketDocument
from helpdesk.search.query import Query
from helpdesk.search.whoosh_index import WhooshIndex
from tests.search.conftest import precedent

whoosh_staff.TIME_LIMIT = 60.0  # a busy machine must not pass for a torn index

STAFF = frozenset({"staff"})
OPERATIONS = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.chmod"}
TICKETS = 6


def batch(mark):
    """All tickets and precedents anew, so that each is found by the words of one round only."""
    tickets = [TicketDocument(number, f"texte tour{mark}", STAFF, "fr") for number in range(TICKETS)]
    precedents = [precedent(number, f"question tour{mark}", person1=1.0) for number in range(TICKETS)]
    return [*tickets, *precedents]


def apply(index, mark):
    index.apply([Change.put(document) for document in batch(mark)], mark)


def state(folder):
    """The round that is there, in all its parts; "mixed: …" when they don't agree."""
    index = WhooshIndex(folder)
    mark = index.watermark()
    tickets = [hit.key for hit in index.find("texte", STAFF, 50).hits]
    current = [hit.key for hit in index.find(f"tour{mark}", STAFF, 50).hits]
    hits = index.precedents(Query.of("question", "fr")).hits
    latest = index.precedents(Query.of(f"tour{mark}", "fr")).hits
    numbers = [sorted(hit.source_id for hit in found) for found in (hits, latest)]
    if sorted(tickets) == sorted(current) == [f"ticket:{n}" for n in range(TICKETS)] and numbers == [[*range(6)]] * 2:
        return mark
    return f"mixed: {mark} {tickets} {current} {numbers}"


def die_at(number):
    """Leave at the given operation on a file, without any cleaning up."""
    done = 0

    def count(event, _arguments):
        nonlocal done
        if event in OPERATIONS:
            done += 1
            if done == number:
                os._exit(9)

    sys.addaudithook(count)


def points(what):
    """Every point of one commit (that merges), or of one rebuild."""
    base = Path(tempfile.mkdtemp(prefix="relais-dying-"))
    index = WhooshIndex(base / "before")
    index.rebuild(batch(0), 0)
    for mark in range(1, 8):  # segments of one size: the next commit merges them
        apply(index, mark)
    found = []
    for number in range(1, 1000):
        shutil.copytree(base / "before", base / "now")
        child = os.fork()
        if child == 0:
            mine = WhooshIndex(base / "now")
            die_at(number)
            apply(mine, 8) if what == "apply" else mine.rebuild(batch(8), 8)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        after = state(base / "now")
        apply(WhooshIndex(base / "now"), 9)
        found.append({"after": after, "then": state(base / "now"), "left": leftovers(base / "now")})
        shutil.rmtree(base / "now")
        if os.waitstatus_to_exitcode(status) == 0:
            break
    shutil.rmtree(base)
    return found


def leftovers(folder):
    """Unfinished tables of contents in the build in use."""
    build = folder / (folder / "CURRENT").read_text()
    return [path.name for path in build.iterdir() if ".toc." in path.name]


def kills(count, seed):
    chance = random.Random(seed)
    base = Path(tempfile.mkdtemp(prefix="relais-dying-"))
    folder = base / "index"
    WhooshIndex(folder).rebuild(batch(0), 0)
    found = []
    for _ in range(count):
        told, tell = os.pipe()
        child = os.fork()
        if child == 0:
            write_for_ever(folder, tell)
        os.close(tell)
        with open(told) as lines:
            acknowledged = int(lines.readline())  # it is at work
            started = time.monotonic()
            waited_for = 1 + chance.randrange(2)
            for _ in range(waited_for):
                acknowledged = int(lines.readline())
            # A moment within the next commit, however fast this machine is just now.
            time.sleep(chance.random() * (time.monotonic() - started) / waited_for)
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            for line in lines:
                acknowledged = int(line)
        found.append({"after": state(folder), "acknowledged": acknowledged})
    apply(WhooshIndex(folder), found[-1]["after"] + 1)
    found.append({"left": leftovers(folder)})
    shutil.rmtree(base)
    return found


def write_for_ever(folder, tell):
    index = WhooshIndex(folder)
    mark = index.watermark()
    os.write(tell, f"{mark}\n".encode())
    while True:
        mark += 1
        index.rebuild(batch(mark), mark) if mark % 10 == 0 else apply(index, mark)
        os.write(tell, f"{mark}\n".encode())


if __name__ == "__main__":
    result = points(sys.argv[2]) if sys.argv[1] == "points" else kills(int(sys.argv[2]), int(sys.argv[3]))
    print(json.dumps(result))
