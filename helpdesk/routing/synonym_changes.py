"""Groups of equivalent words as they would be: tried on past questions, and put in place once somebody confirms.

A change is plain JSON, kept with its replay: `id` of the group (None: a new one), `french`, `english` and `one_way` as
they would be, and `was`, the same as it is (None for a new one).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from helpdesk.accounts.models import Person
from helpdesk.db import db
from helpdesk.errors import NotFound, Problem
from helpdesk.routing.changes import Changes
from helpdesk.routing.synonyms import as_group, groups, problems_of, put_group, remove_group
from helpdesk.search.equivalents import Equivalents, Group
from helpdesk.search.models import SynonymGroup

Change = Mapping[str, Any]


def changed_groups(drafts: Iterable[tuple[SynonymGroup | None, Group]]) -> Changes:
    """The change to these words, each instead of those of its group, as `ask_for_replay` takes it."""
    changes = []
    for row, draft in drafts:
        was = _values(as_group(row)) if row is not None else None
        if _values(draft) != was:
            changes.append({"id": row.id if row is not None else None, **_values(draft), "was": was})
    return Changes(synonyms=changes)


def as_they_would_be(changes: Iterable[Change]) -> Equivalents:
    """The groups in force with these changes; nothing is stored."""
    listed = list(changes)
    instead = {change["id"]: _draft(change) for change in listed if change["id"] is not None}
    present = (instead.get(row.id) or as_group(row) for row in groups())
    return Equivalents([*present, *(_draft(change) for change in listed if change["id"] is None)])


def problems_of_changes(changes: Iterable[Change]) -> list[Problem]:
    """What `put_group` would refuse."""
    put = (change for change in changes if not _takes_out(change))
    return [problem for change in put for problem in problems_of(_draft(change), _row(change))]


def still_fit(changes: Iterable[Change]) -> bool:
    """Whether each group is as it was, and may be changed so."""
    listed = list(changes)
    for change in listed:
        row = _row(change)
        if (_values(as_group(row)) if row is not None else None) != change["was"]:
            return False
    return not problems_of_changes(listed)


def put_changes(changes: Iterable[Change], *, by: Person) -> None:
    """Let them hold. Raises NotFound when a group is gone, BadInput as `put_group` does."""
    for change in changes:
        row = _row(change)
        if row is None and change["id"] is not None:
            raise NotFound()
        if row is not None and _takes_out(change):
            remove_group(row, by=by)
        else:
            put_group(row, _draft(change), by=by)


def _takes_out(change: Change) -> bool:
    return change["id"] is not None and not (change["french"] or change["english"])


def _row(change: Change) -> SynonymGroup | None:
    return db.session.get(SynonymGroup, change["id"]) if change["id"] is not None else None


def _draft(change: Change) -> Group:
    return Group(tuple(change["french"]), tuple(change["english"]), change["one_way"])


def _values(group: Group) -> dict[str, Any]:
    return {"french": list(group.french), "english": list(group.english), "one_way": group.one_way}
