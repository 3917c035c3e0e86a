"""Questions from a file of JSON Lines: each line whole or not at all, and safe to load again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from helpdesk import clock
from helpdesk.accounts.models import SYSTEM
from helpdesk.channels.opening import IMPORT, import_channel
from helpdesk.counts import Counts
from helpdesk.db import transaction
from helpdesk.errors import BadInput, Problem
from helpdesk.intake.cleaning import Submission, clean
from helpdesk.intake.receiving import receive
from helpdesk.tickets.sealing import text_digest

# Lines per transaction. Reading and masking are done outside of it, so a service that runs meanwhile gets its turns.
BATCH = 100


@dataclass(frozen=True)
class _Line:
    """A line of a file: its place for people ("file:12"), and what it says or why it was refused."""

    place: str
    submission: Submission | None = None
    refusal: str = ""


def load_questions(file: Path, *, progress: Callable[[int], None] = lambda _count: None) -> Counts:
    """Take in each line of `file` that can be; the others are in `refused`, as "file:line: why".

    A row has `text` and optionally the fields of the API (`channel`, `subject`, `language`, `external_id`, `url`,
    `posted_at`, `author`) or their short names `id`, `lang` and `time`; others are ignored. Without `channel`, it
    came on the channel `import`. Commits in batches; `progress` is told how many lines were read. What someone asked
    is never changed: a row loaded before counts as unchanged, and is refused when its text differs.
    """
    counts = Counts()
    with transaction():
        import_channel()
    read = 0
    with file.open("rb") as source:
        lines = _read(source, str(file))
        while batch := list(islice(lines, BATCH)):
            with transaction():
                for line in batch:
                    _take_in(line, counts)
            read += len(batch)
            progress(read)
    return counts


def _read(source: Any, name: str) -> Iterator[_Line]:
    """The lines that hold something, checked and described but not stored."""
    for number, raw in enumerate(source, start=1):
        if raw.strip():
            place = f"{name}:{number}"
            try:
                yield _Line(place, _submission(json.loads(raw.decode("utf-8-sig"))))
            except BadInput as refusal:
                yield _Line(place, refusal=_why(refusal))
            except UnicodeDecodeError as error:
                yield _Line(place, refusal=f"not UTF-8 (byte {error.start + 1})")
            except (ValueError, RecursionError) as error:
                yield _Line(place, refusal=f"not JSON ({error})")


def _submission(row: Any) -> Submission:
    """Raises BadInput."""
    if not isinstance(row, dict):
        raise BadInput([Problem("line", "not_an_object")])
    external_id = row.get("external_id", row.get("id"))
    author = row.get("author")
    return clean(
        text=row.get("text"),
        channel=row.get("channel") or IMPORT,
        now=clock.now(),
        subject=row.get("subject"),
        language=row.get("language", row.get("lang")),
        external_id=str(external_id) if isinstance(external_id, int) else external_id,
        url=row.get("url"),
        posted_at=_instant(row.get("posted_at", row.get("time"))),
        author={"handle": author} if isinstance(author, str) else author,
    )


def _instant(value: Any) -> Any:
    """A day alone ("2024-07-01") stands for its first instant, UTC; anything else is left to `clean`."""
    if isinstance(value, str) and len(value) == len("2024-07-01"):
        try:
            return datetime.fromisoformat(value).replace(tzinfo=UTC)
        except ValueError:
            return value
    return value


def _take_in(line: _Line, counts: Counts) -> None:
    if line.submission is None:
        counts.refused.append(f"{line.place}: {line.refusal}")
        return
    try:
        received = receive(line.submission, by=SYSTEM, origin="load")
    except BadInput as refusal:
        counts.refused.append(f"{line.place}: {_why(refusal)}")
        return
    if received.is_new:
        counts.add("new")
    elif received.question.digest == text_digest(line.submission.text):
        counts.add("unchanged")
    else:
        counts.refused.append(f"{line.place}: {received.ref} was loaded before with another text, which stays as it is")


def _why(refusal: BadInput) -> str:
    return "; ".join(_reason(problem) for problem in refusal.problems)


def _reason(problem: Problem) -> str:
    details = ", ".join(f"{name} {value}" for name, value in problem.params.items())
    return f"{problem.field} {problem.code}" + (f" ({details})" if details else "")
