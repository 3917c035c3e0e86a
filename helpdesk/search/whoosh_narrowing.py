"""What a search is narrowed to, within one segment: facets are posting lists, times are columns."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from helpdesk.search import whoosh_fields as layout
from helpdesk.search.index import Narrowing
from helpdesk.search.postings import Postings
from helpdesk.search.whoosh_dictionary import DictionaryKey
from helpdesk.search.whoosh_segments import Leaf

Mask = NDArray[np.bool_]
KeyOf = Callable[[str, str], DictionaryKey | None]


def narrowed(leaf: Leaf, readable: Mask, narrowing: Narrowing, key_of: KeyOf) -> Mask:
    """Those of the `readable` documents of a segment that are within `narrowing`."""
    if not narrowing:
        return readable
    kept = readable.copy()
    for facets in narrowing.any_of:
        any_of = np.zeros(len(kept), bool)
        for facet in facets:
            if postings := _postings(leaf, facet, key_of):
                any_of[postings.numbers] = True
        kept &= any_of
    for facet in narrowing.none_of:
        if postings := _postings(leaf, facet, key_of):
            kept[postings.numbers] = False
    return _in_time(leaf, kept, narrowing)


def _in_time(leaf: Leaf, kept: Mask, narrowing: Narrowing) -> Mask:
    if narrowing.opened_from is not None or narrowing.opened_before is not None:
        opened = leaf.segment.column(layout.OPENED)
        kept &= opened > 0
        if narrowing.opened_from is not None:
            kept &= opened >= _seconds(narrowing.opened_from)
        if narrowing.opened_before is not None:
            kept &= opened < _seconds(narrowing.opened_before)
    if narrowing.late is not None and narrowing.now is not None:
        due = leaf.segment.column(layout.DUE)
        late = (due > 0) & (due < _seconds(narrowing.now))
        kept &= late if narrowing.late else ~late
    return kept


def _postings(leaf: Leaf, facet: str, key_of: KeyOf) -> Postings | None:
    key = key_of("facets", facet)
    return leaf.segment.postings(key) if key is not None else None


def _seconds(instant: datetime) -> np.uint32:
    return np.uint32(min(max(0, int(instant.timestamp())), 2**32 - 1))
