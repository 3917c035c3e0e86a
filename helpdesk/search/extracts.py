"""From a conversation, what a result shows of it: the parts where the words stand, as far as one may read them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from helpdesk.search.asked import Asked
from helpdesk.search.conversations import Part, PartKind, Tier
from helpdesk.search.excerpt import Reader, Span, cut
from helpdesk.search.results import Extract

MOST = 3
SHORT = frozenset({PartKind.REFERENCE, PartKind.ASKER, PartKind.TITLE})
"""Parts that don't say what it is about: the beginning of the text is shown with them."""


def extracts_of(parts: Iterable[Part], open_to_reader: frozenset[Tier], asked: Asked) -> Sequence[Extract] | None:
    """At most three extracts that show every word; None when some word stands in nothing that may be read.

    Without words: the beginning of the question.
    """
    readable = [part for part in parts if part.tier in open_to_reader]
    reader = Reader(asked)
    chosen: list[tuple[Part, list[Span]]] = []
    for part in readable:
        if reader.has_all:
            break
        spans, news = reader.read(part.text)
        if news:
            chosen.append((part, spans))
    if not reader.has_all:
        return None
    chosen = chosen[:MOST]
    if all(part.kind in SHORT for part, _spans in chosen):
        chosen = [(part, []) for part in readable if part.kind not in SHORT][:1] + chosen
    return [Extract(part.kind, cut(part.text, spans)) for part, spans in chosen]
