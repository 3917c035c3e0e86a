"""The few ways a person can be refused.

Errors carry codes and values, never sentences: `helpdesk.web.wording` says them in the reader's language,
and the API shows them as they are.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self


@dataclasses.dataclass(frozen=True)
class Problem:
    """One thing wrong with one field of what was sent. `code` is a key of `helpdesk.web.wording`."""

    field: str
    code: str
    params: Mapping[str, Any] = dataclasses.field(default_factory=dict)


class RelaisError(Exception):
    """Anything refused on purpose; other exceptions are faults of the program.

    `aftermath`: what must be written down although the thing itself was refused (that somebody tried to approve their
    own text, that a text has expired). `db.transaction()` calls it in a transaction of its own, after the rollback.
    """

    aftermath: Callable[[], object] | None = None

    def leaving(self, aftermath: Callable[[], object]) -> Self:
        """This refusal, with what it leaves behind."""
        self.aftermath = aftermath
        return self


class NotAllowed(RelaisError):
    """The person may see the thing but may not do this to it. `code` says which rule stands in the way."""

    def __init__(self, code: str = "not_allowed", **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


class NotFound(RelaisError):
    """There is no such thing, or none that this person may see: the two are not told apart."""


class Conflict(RelaisError):
    """Somebody else acted first. `what_changed` is a short code or value that says what they did."""

    def __init__(self, what_changed: Any = None) -> None:
        super().__init__(what_changed)
        self.what_changed = what_changed


class BadInput(RelaisError):
    """What was sent can't be taken. All problems are reported at once, in the order of the fields."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        if not self.problems:
            raise ValueError("BadInput needs at least one problem")
        super().__init__("; ".join(f"{problem.field}: {problem.code}" for problem in self.problems))
