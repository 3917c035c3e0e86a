"""A raw text from any door becomes a Submission: checked, masked, described. Nothing is stored here.

The text itself is never changed: what a person wrote is kept to the last invisible character. What can't be
kept (a NUL, half of a surrogate pair) is refused with a problem code, and all problems of a message are
reported together.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from helpdesk.errors import BadInput, Problem
from helpdesk.intake.links import LONGEST_LINK, canonical_link, is_acceptable_link
from helpdesk.intake.masking import DEFAULT_RULES, Finding, MaskingRules, mask
from helpdesk.search.languages import LANGUAGES, guess_language

__all__ = ["LONGEST_TEXT", "Submission", "canonical_link", "clean", "fingerprint"]

LONGEST_TEXT = 20_000
LONGEST_SHORT = {"subject": 300, "channel": 64, "external_id": 255, "author.handle": 255, "author.name": 255}
LONGEST_EMAIL = 254
_EMAIL = re.compile(r"[^\s@<>\",;]{1,64}@(?:[\w\-]{1,63}\.){1,10}[^\W\d_][\w\-]{1,62}")
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)  # older than any public post: a mistyped year


@dataclass(frozen=True)
class Submission:
    """A message that may be taken in.

    `text` and `subject` are verbatim and may be shown only to those who may read originals; `masked` and
    `masked_subject` are for everyone else (see `masking.split_marks`). `posted_at` is aware UTC, or None
    when the channel gives no time; `posted_in_future` says that it was later than `now` and has been
    brought back to it.
    """

    text: str
    masked: str
    findings: tuple[Finding, ...]
    fingerprint: str
    language: str | None
    channel: str
    subject: str | None = None
    masked_subject: str | None = None
    external_id: str | None = None
    url: str | None = None
    canonical_url: str | None = None
    posted_at: datetime | None = None
    posted_in_future: bool = False
    author_handle: str | None = None
    author_name: str | None = None
    author_email: str | None = None


def clean(
    *,
    text: Any,
    channel: Any,
    now: datetime,
    subject: Any = None,
    language: Any = None,
    external_id: Any = None,
    url: Any = None,
    posted_at: Any = None,
    author: Mapping[str, Any] | None = None,
    rules: MaskingRules = DEFAULT_RULES,
) -> Submission:
    """Check one message and describe it. `now` is aware; `posted_at` is aware or ISO 8601 with an offset.

    `author` may hold `handle`, `name` and `email`. Empty optional values count as absent. Raises `BadInput`
    with every problem found.
    """
    problems: list[Problem] = []
    text = _text(text, problems)
    given = {"channel": channel, "subject": subject, "external_id": external_id}
    given |= _author_fields(author, problems)
    short = {name: _short(name, value, problems) for name, value in given.items()}
    if short["channel"] is None and not any(problem.field == "channel" for problem in problems):
        problems.insert(0, Problem("channel", "missing"))
    language = _language(language, problems)
    email = _email(author, problems)
    url = _url(url, problems)
    posted, in_future = _posted_at(posted_at, now, problems)
    if problems:
        raise BadInput(problems)
    masked = mask(text, rules)
    return Submission(
        text=text,
        masked=masked.text,
        findings=masked.findings,
        fingerprint=fingerprint(text),
        language=language or guess_language(text),
        channel=short["channel"] or "",
        subject=short["subject"],
        masked_subject=mask(short["subject"], rules).text if short["subject"] else None,
        external_id=short["external_id"],
        url=url,
        canonical_url=canonical_link(url) if url else None,
        posted_at=posted,
        posted_in_future=in_future,
        author_handle=short["author.handle"],
        author_name=short["author.name"],
        author_email=email,
    )


def fingerprint(text: str) -> str:
    """The same 64 hexadecimal digits for the same words: case, accents, blanks and punctuation do not count.

    A text without any letter or digit (an emoji, a row of dots) is its own fingerprint but for its blanks.
    """
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    letters = "".join(
        character if unicodedata.category(character)[0] in "LN" else " "
        for character in folded
        if unicodedata.category(character) not in ("Mn", "Me", "Cf")
    )
    words = letters.split() or folded.split()
    return hashlib.sha256(" ".join(words).encode("utf-8", "surrogatepass")).hexdigest()


# --- one field each ------------------------------------------------------------------------------------


def _text(value: Any, problems: list[Problem]) -> str:
    if value is None:
        problems.append(Problem("text", "missing"))
        return ""
    if not _is_sound("text", value, problems):
        return ""
    if len(value) > LONGEST_TEXT:
        problems.append(Problem("text", "too_long", {"limit": LONGEST_TEXT, "count": len(value)}))
    elif all(character.isspace() or unicodedata.category(character) in ("Cc", "Cf") for character in value):
        problems.append(Problem("text", "empty"))
    return str(value)


def _short(name: str, value: Any, problems: list[Problem]) -> str | None:
    """An optional value of one line, trimmed; None when absent or empty."""
    if value is None or not _is_sound(name, value, problems):
        return None
    value = value.strip() if name == "external_id" else " ".join(value.split())
    limit = LONGEST_SHORT[name]
    if len(value) > limit:
        problems.append(Problem(name, "too_long", {"limit": limit, "count": len(value)}))
        return None
    return value or None


def _is_sound(name: str, value: Any, problems: list[Problem]) -> bool:
    """Whether `value` is a text that can be stored and sent as UTF-8."""
    if not isinstance(value, str):
        problems.append(Problem(name, "not_text"))
    elif "\0" in value:
        problems.append(Problem(name, "nul", {"position": value.index("\0") + 1}))
    elif found := re.search("[\ud800-\udfff]", value):
        problems.append(Problem(name, "half_character", {"position": found.start() + 1}))
    else:
        return True
    return False


def _author_fields(author: Any, problems: list[Problem]) -> dict[str, Any]:
    if author is not None and not isinstance(author, Mapping):
        problems.append(Problem("author", "not_an_object"))
        author = None
    return {f"author.{name}": (author or {}).get(name) for name in ("handle", "name")}


def _email(author: Any, problems: list[Problem]) -> str | None:
    value = author.get("email") if isinstance(author, Mapping) else None
    if value is None or not _is_sound("author.email", value, problems) or not value.strip():
        return None
    value = value.strip()
    if len(value) > LONGEST_EMAIL or not _EMAIL.fullmatch(value):
        problems.append(Problem("author.email", "bad_email"))
        return None
    return str(value)


def _language(value: Any, problems: list[Problem]) -> str | None:
    if value is None or value == "":
        return None
    if value not in LANGUAGES:
        problems.append(Problem("language", "unknown_language", {"known": ", ".join(LANGUAGES)}))
        return None
    return str(value)


def _url(value: Any, problems: list[Problem]) -> str | None:
    if value is None or not _is_sound("url", value, problems) or not value.strip():
        return None
    value = value.strip()
    if len(value) > LONGEST_LINK:
        problems.append(Problem("url", "too_long", {"limit": LONGEST_LINK, "count": len(value)}))
    elif not is_acceptable_link(value):
        problems.append(Problem("url", "bad_link"))
    else:
        return str(value)
    return None


def _posted_at(value: Any, now: datetime, problems: list[Problem]) -> tuple[datetime | None, bool]:
    """The instant in UTC, never later than `now`, and whether it had to be brought back."""
    if value is None or value == "":
        return None, False
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            problems.append(Problem("posted_at", "bad_time"))
            return None, False
    if not isinstance(value, datetime):
        problems.append(Problem("posted_at", "bad_time"))
        return None, False
    if value.tzinfo is None:
        problems.append(Problem("posted_at", "time_without_offset"))
        return None, False
    if value < EARLIEST:
        problems.append(Problem("posted_at", "time_too_old", {"year": EARLIEST.year}))
        return None, False
    if value > now:
        return now.astimezone(UTC), True
    return value.astimezone(UTC), False
