"""What somebody typed into the search box, told apart: filters and words. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from helpdesk.search.filter_words import Filter, filter_named

_QUOTED = r'"[^"]*"?|«[^»]*»?|“[^”]*”?'
_PART = re.compile(
    rf"""
      -?(?:{_QUOTED})
    | (?<!\S)(?P<without>-)?(?P<name>[^\W\d_]+(?:['’-][^\W\d_]+)*)(?P<blank>[ \u00a0\u202f]?)
      :(?P<gap>[ \u00a0\u202f]?)(?P<value>{_QUOTED}|[^\s"«“]+)?
    | \S+
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class TypedFilter:
    """A filter as it stands at `start:end` of what was typed. `filter` is None when nothing is called so."""

    filter: Filter | None
    name: str
    value: str
    without: bool
    spaced: bool
    """Whether there is a blank at the colon: in French that may be no filter at all."""
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Typed:
    text: str
    filters: tuple[TypedFilter, ...] = ()

    def but(self, *taken: TypedFilter) -> str:
        """What was typed, without some of its filters."""
        pieces = []
        position = 0
        for one in sorted(taken, key=lambda each: each.start):
            pieces.append(self.text[position : one.start])
            position = one.end
        return " ".join(" ".join([*pieces, self.text[position:]]).split())


def read(text: str) -> Typed:
    """Tell filters from words. A blank around the colon, as in French, is accepted after a name that is known."""
    named = (_filter(part) for part in _PART.finditer(text) if part["name"])
    return Typed(text, tuple(one for one in named if one))


def _filter(part: re.Match[str]) -> TypedFilter | None:
    name, value = part["name"], part["value"] or ""
    known = filter_named(name)
    end = part.end("value") if value else part.start("gap")
    # "Bonjour : …", "https://…" and such are words.
    if known is None and (part["blank"] or part["gap"] or not value or value.startswith("/") or len(name) == 1):
        return None
    spaced = bool(part["blank"] or (part["gap"] and value))
    value = value.strip('"«»“” \u00a0\u202f')
    return TypedFilter(known, name, value, bool(part["without"]), spaced, part.start(), end)
