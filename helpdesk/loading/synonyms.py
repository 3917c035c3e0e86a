"""Groups of equivalent words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from helpdesk.accounts.models import SYSTEM
from helpdesk.counts import Counts
from helpdesk.loading.entries import entries_of, take_each
from helpdesk.routing.synonyms import draft_of, group_with, put_group
from helpdesk.search.equivalents import Group
from helpdesk.search.models import SynonymGroup

SCHEMA = "demo-synonyms/1"


def load(document: dict[str, Any], counts: Counts) -> None:
    """Each group is known by the first of its words that is in a group already: loading it again changes that one."""
    take_each(entries_of(document, "groups"), _group, counts)


def read(document: dict[str, Any]) -> list[tuple[SynonymGroup | None, Group]]:
    """What `load` would put: each group, and the one whose place it takes. Raises as dictionaries and lists do."""
    return [_read(entry) for entry in entries_of(document, "groups")]


def _group(entry: dict[str, Any]) -> str:
    row, draft = _read(entry)
    return put_group(row, draft, by=SYSTEM)[1]


def _read(entry: dict[str, Any]) -> tuple[SynonymGroup | None, Group]:
    french, english = ([str(word) for word in entry.get(language) or []] for language in ("fr", "en"))
    draft = draft_of(french, english, bool(entry.get("one_way", False)))
    known = (group_with(word, language) for language in ("fr", "en") for word in draft.of(language))
    return next(filter(None, known), None), draft


def as_document(rows: Iterable[SynonymGroup]) -> dict[str, Any]:
    """The groups as `load` reads them."""
    return {
        "schema": SCHEMA,
        "groups": [{"fr": row.french, "en": row.english} | ({"one_way": True} if row.one_way else {}) for row in rows],
    }
