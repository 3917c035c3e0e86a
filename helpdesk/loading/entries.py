"""Taking the entries of a document one by one: each whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from helpdesk.counts import Counts
from helpdesk.db import db
from helpdesk.errors import BadInput, NotFound


class Unknown(NotFound):
    """An entry names something that is not there."""


def entries_of(document: dict[str, Any], name: str) -> list[Any]:
    """The entries under `name`; none when there are none, or when there is something else than a list."""
    entries = document.get(name)
    return entries if isinstance(entries, list) else []


def take_each(entries: Iterable[Any], take: Callable[[Any], str], counts: Counts, name: str = "id") -> None:
    """Call `take(entry)` for each, in a savepoint of its own; it returns "new", "changed" or "unchanged"."""
    for position, entry in enumerate(entries, start=1):
        label = str(entry.get(name, position)) if isinstance(entry, dict) else str(position)
        try:
            with db.session.begin_nested():
                counts.add(take(entry))
        except BadInput as refusal:
            for problem in refusal.problems:
                details = f" ({', '.join(f'{key} {value}' for key, value in problem.params.items())})"
                counts.refused.append(f"{label}: {problem.field}: {problem.code}{details if problem.params else ''}")
        except Unknown as refusal:
            counts.refused.append(f"{label}: {refusal}")
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            counts.refused.append(f"{label}: not understood ({type(error).__name__}: {error})")
        except SQLAlchemyError as error:
            counts.refused.append(f"{label}: the database refused it ({type(error).__name__})")


def found(row: Any, what: str, code: Any) -> Any:
    """`row`, or Unknown when there is none."""
    if row is None:
        raise Unknown(f"{what} {code!r} is not known")
    return row
