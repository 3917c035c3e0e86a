"""The organisation's own equivalent words: kept in groups, checked against one another, used from the next match on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import uuid4

from sqlalchemy import select

from helpdesk.accounts import auditing
from helpdesk.accounts.directory import change, ensure_administrator
from helpdesk.accounts.models import Actor, Person
from helpdesk.accounts.organisation import held_note, noted, write_note
from helpdesk.db import db
from helpdesk.errors import BadInput, Problem
from helpdesk.search.equivalents import NONE, Equivalents, Group, terms_of
from helpdesk.search.models import SynonymGroup

MOST_GROUPS, MOST_WORDS, LONGEST_WORD = 2000, 40, 100  # in all; per list; characters
FIELDS = {"french": "fr", "english": "en"}
SHOWN = 3  # words of another group named in a refusal
VERSION = "synonyms_version"
"""The note that says which state the groups are in, drawn anew with every change: a state that was rolled back is never
taken for a later one. Whoever changes a group holds it, so that two changes are checked one after the other."""

_held: tuple[str, Equivalents] | None = None


def in_force() -> Equivalents:
    """The groups as they stand, ready for questions. Read again only when their version moved on."""
    global _held
    version = noted(VERSION)
    if version is None:
        return NONE
    held = _held
    if held is None or held[0] != version:
        held = _held = (version, Equivalents(map(as_group, groups())))
    return held[1]


def instead_of(group_id: int | None, draft: Group) -> Equivalents:
    """The groups as they would be with `draft` in the place of the one with this id, or beside them all."""
    others = (as_group(row) for row in groups() if row.id != group_id)
    return Equivalents([*others, draft])


def groups() -> Sequence[SynonymGroup]:
    """All of them, in the order of their first words."""
    return sorted(
        db.session.scalars(select(SynonymGroup)), key=lambda row: (next(iter(row.words), "").casefold(), row.id)
    )


def group_with(word: str, language: str) -> SynonymGroup | None:
    """The group that has `word`, however it is spelt, in its list for `language` ("fr" or "en")."""
    terms = terms_of(word, language)
    rows = groups() if terms else ()
    return next((row for row in rows for each in as_group(row).of(language) if terms_of(each, language) == terms), None)


def as_group(row: SynonymGroup) -> Group:
    return Group(tuple(row.french), tuple(row.english), row.one_way)


def draft_of(french: Iterable[str], english: Iterable[str], one_way: bool = False) -> Group:
    """The group that was typed, its words without needless spaces, each once."""
    return Group(_cleaned(french), _cleaned(english), one_way)


def put_group(row: SynonymGroup | None, draft: Group, *, by: Person | Actor) -> tuple[SynonymGroup, str]:
    """Add the group, or give `row` these words; "new", "changed" or "unchanged". The next match uses it.

    Raises BadInput with every word that cannot be taken: too long, twice the same, saying nothing, or part of another
    group already.
    """
    ensure_administrator(by)
    version = held_note(VERSION)
    if problems := problems_of(draft, row):
        raise BadInput(problems)
    values = {"french": list(draft.french), "english": list(draft.english), "one_way": draft.one_way}
    if row is None:
        row = SynonymGroup(**values)
        db.session.add(row)
        db.session.flush()
        auditing.note("synonyms_added", "synonyms", row.id, by=by)
        write_note(version, uuid4().hex)
        return row, "new"
    changed = change(row, values)
    if not changed:
        return row, "unchanged"
    auditing.note("synonyms_changed", "synonyms", row.id, by=by, columns=sorted(changed))
    write_note(version, uuid4().hex)
    return row, "changed"


def problems_of(draft: Group, row: SynonymGroup | None) -> list[Problem]:
    """Why the group cannot be added, or take the place of `row`; empty when it can."""
    problems = [*_problems_of_lists(draft), *_problems_with_others(draft, row)]
    if row is None and len(groups()) >= MOST_GROUPS:
        problems.append(Problem("french", "too_many", {"count": MOST_GROUPS + 1, "limit": MOST_GROUPS}))
    return problems


def remove_group(row: SynonymGroup, *, by: Person | Actor) -> None:
    """Its words mean nothing to one another any more."""
    ensure_administrator(by)
    version = held_note(VERSION)
    auditing.note("synonyms_removed", "synonyms", row.id, by=by)
    db.session.delete(row)
    write_note(version, uuid4().hex)


def _cleaned(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, (" ".join(word.split()) for word in words))))


def _problems_of_lists(draft: Group) -> list[Problem]:
    """What is wrong with the group by itself."""
    problems = []
    for field, language in FIELDS.items():
        words = draft.of(language)
        if len(words) > MOST_WORDS:
            problems.append(Problem(field, "too_many", {"count": len(words), "limit": MOST_WORDS}))
            continue
        read: dict[tuple[str, ...], str] = {}
        for word in words:
            terms = terms_of(word, language)
            if len(word) > LONGEST_WORD:
                problems.append(Problem(field, "long_synonym", {"word": word[:30], "limit": LONGEST_WORD}))
            elif "\0" in word:
                problems.append(Problem(field, "nul", {"position": word.index("\0") + 1}))
            elif not terms:
                problems.append(Problem(field, "says_nothing", {"word": word}))
            elif read.setdefault(terms, word) != word:
                problems.append(Problem(field, "same_word", {"word": word, "other": read[terms]}))
    if not problems and len({terms_of(word, "fr") for word in (*draft.french, *draft.english)}) < 2:
        problems.append(Problem("french", "one_word"))
    return problems


def _problems_with_others(draft: Group, row: SynonymGroup | None) -> list[Problem]:
    """The words that another group has in the same language: it would never be clear what they mean."""
    problems = []
    for field, language in FIELDS.items():
        taken = {
            terms_of(word, language): other
            for other in groups()
            if row is None or other.id != row.id
            for word in as_group(other).of(language)
        }
        for word in draft.of(language)[:MOST_WORDS]:
            other = taken.get(terms_of(word[:LONGEST_WORD], language))
            if other is not None:
                named = ", ".join(other.words[:SHOWN])
                problems.append(Problem(field, "in_another_group", {"word": word, "words": named}))
    return problems
