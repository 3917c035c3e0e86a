"""A process that goes on changing an index, as the indexing worker does, until its standard input ends.

Five precedents a commit, some of them new and some changed, with the watermark, five commits a second. At the end it
prints the processor seconds of each commit as one line of JSON.
"""

from __future__ import annotations

import json
import select
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bench._corpus import Corpus
from bench._made_index import precedent
from helpdesk.search.index import Change
from helpdesk.search.whoosh_index import WhooshIndex

TOGETHER = 5
EVERY = 0.2
"""Seconds."""


def batches(count: int) -> Iterator[list[Change]]:
    """Changes to an index of `count` precedents: two of them put anew, three more."""
    corpus = Corpus(seed=21)
    known, fresh = 0, count
    for topic, terms in corpus.about(1_000_000):
        made: list[Change] = []
        for turn in range(TOGETHER):
            if turn < 2:
                known = (known + 7919) % max(count, 1)
            else:
                fresh += 1
            made.append(Change.put(precedent(corpus, known if turn < 2 else fresh, topic, terms)))
        yield made


def main() -> None:
    index, count, first = WhooshIndex(Path(sys.argv[1])), int(sys.argv[2]), int(sys.argv[3])
    spent = []
    for turn, changes in enumerate(batches(count)):
        began = time.monotonic()
        started = time.process_time()
        index.apply(changes, watermark=turn + 1)
        spent.append(time.process_time() - started)
        if turn + 1 < first:
            continue
        if turn + 1 == first:
            print("ready", flush=True)
        left = max(0.0, EVERY - (time.monotonic() - began))
        if select.select([sys.stdin], [], [], left)[0]:
            break
    print(json.dumps(spent), flush=True)


if __name__ == "__main__":
    main()
