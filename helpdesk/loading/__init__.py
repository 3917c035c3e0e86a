"""Documents that describe an organisation, read into the database: safe to load again.

`load_documents` looks at the `schema` of each YAML document and hands it to the module that knows it. Each entry is
taken in or refused by itself, so one mistake does not keep the rest out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from helpdesk.counts import Counts
from helpdesk.loading import answers, channels, organisation, sla, synonyms, topics

SCHEMAS: dict[str, Callable[[dict[str, Any], Counts], None]] = {
    "demo-organisation/1": organisation.load,
    topics.SCHEMA: topics.load,
    synonyms.SCHEMA: synonyms.load,
    "demo-channels/1": channels.load,
    "demo-calendars/1": sla.load_calendars,
    "demo-sla/1": sla.load_policies,
    "demo-official-answers/1": answers.load,
}
# The order in which documents given together are read: departments before topics, topics before skills.
ORDER = tuple(SCHEMAS)


def load_documents(documents: Iterable[Any]) -> Counts:
    """Read documents, in the order they need, inside the caller's transaction.

    People's skills come last: they name topics, which name departments. What could not be taken is in
    `Counts.refused`.
    """
    counts = Counts()
    known = sorted(documents, key=_position)
    for document in known:
        schema = _schema(document)
        if schema in SCHEMAS:
            SCHEMAS[schema](document, counts)
        else:
            counts.refused.append(f"schema {schema!r} is not known; known: {', '.join(SCHEMAS)}")
    for document in known:
        if _schema(document) == ORDER[0]:
            topics.load_skills(document, counts)
    return counts


def _schema(document: Any) -> str | None:
    return document.get("schema") if isinstance(document, dict) else None


def _position(document: Any) -> int:
    schema = _schema(document)
    return ORDER.index(schema) if schema in SCHEMAS else len(ORDER)
