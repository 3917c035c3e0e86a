"""What a text denies and what it says, clause by clause, so that "came" and "did not come" can be told apart. Pure.

Two texts contradict one another when one denies what the other says *of the same thing*: a long text denies much in
passing, and "no log was written" says nothing against "I can log in". So the two clauses must share something else as
well, or have nothing else to share; and the one that says it denies nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

from helpdesk.search.text import analyse_each, fold

_DENYING = "pas jamais aucun aucune ni sans rien impossible not never no nor without cannot unable"
_NO = frozenset(_DENYING.split())
_REACH = 2
"""How many words beyond the next one a denial can be about."""
_WHERE_AND_WHEN = "a au aux en dans chez sur depuis in at on near around since"
_CIRCUMSTANCES = frozenset(_WHERE_AND_WHEN.split())
"""Where and when is not denied: "no signal in Lyon"."""
_HAVING = ("'ai", "'a", "avons", "avez", "ont")
_CLAUSE = re.compile(r"[,;!?\n]+|[.:]+(?=\s|$)|\b(?:mais|pourtant|but|however|whereas)\b")
"""Between two clauses; "org.name" and "12:30" are in one."""
_COMPOUND = re.compile(r"\b(?:no|not|sans)-(?=\w)")
"""Denies nothing: "no-reply", "sans-fil"."""
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")


@dataclass(frozen=True, slots=True)
class Clause:
    """The stems of one clause: those that stand behind a denial, and the others. A word has one in each language."""

    denied: frozenset[str]
    said: frozenset[str]
    denies: bool
    """Whether there is a denial in it, of whatever."""

    @property
    def stems(self) -> frozenset[str]:
        return self.denied | self.said


@dataclass(frozen=True)
class Denials:
    """The clauses of a text, in order."""

    clauses: tuple[Clause, ...] = ()

    @cached_property
    def denied(self) -> frozenset[str]:
        """Stems that stand behind a denial, and nowhere else."""
        return frozenset[str]().union(*(clause.denied for clause in self.clauses)) - self._anywhere_said

    @cached_property
    def said(self) -> frozenset[str]:
        """Stems that stand without one, and nowhere behind one."""
        denied = frozenset[str]().union(*(clause.denied for clause in self.clauses))
        return self._anywhere_said - denied

    @cached_property
    def _anywhere_said(self) -> frozenset[str]:
        return frozenset[str]().union(*(clause.said for clause in self.clauses))


def contradicted(mine: Denials, theirs: Denials) -> set[str]:
    """Stems that one text denies of what the other says them of."""
    return _denied_of_the_same(mine, theirs) | _denied_of_the_same(theirs, mine)


def _denied_of_the_same(one: Denials, other: Denials) -> set[str]:
    disputed = one.denied & other.said
    if not disputed:
        return set()
    return {
        stem
        for stem in disputed
        for denying in one.clauses
        for saying in other.clauses
        if stem in denying.denied and stem in saying.said and not saying.denies
        if _about_the_same(denying, saying, disputed)
    }


def _about_the_same(denying: Clause, saying: Clause, disputed: frozenset[str]) -> bool:
    mine, theirs = denying.stems - disputed, saying.stems - disputed
    return not mine or not theirs or bool(mine & theirs)


def denials_of(text: str) -> Denials:
    """Read in every language, as the other text may be in another or too short to tell."""
    return Denials(tuple(filter(None, map(_clause, _CLAUSE.split(_COMPOUND.sub("", fold(text)))))))


def _clause(text: str) -> Clause | None:
    words = _WORD.findall(text)
    about = _denied_places(words)
    denied = {stem for place in about for stem in _stems(words[place])}
    said = {stem for place, word in enumerate(words) if place not in about for stem in _stems(word)}
    return Clause(frozenset(denied - said), frozenset(said), bool(about)) if denied or said else None


@lru_cache(maxsize=50_000)
def _stems(word: str) -> frozenset[str]:
    """In each language; none for a word that says nothing in one of them ("to", "in", "les")."""
    tokens = [token for found in analyse_each(word).values() for token in found]
    return frozenset() if any(token.common for token in tokens) else frozenset(token.term for token in tokens)


def _denied_places(words: list[str]) -> set[int]:
    """Which words of a clause a denial is about: between "ne" and "pas", and the next few after it."""
    about: set[int] = set()
    for place, word in enumerate(words):
        start = _opens(words, place)
        longer = word in ("no", "not") and words[place + 1 : place + 2] in (["longer"], ["more"])
        if word in _NO or word.endswith("n't") or start is not None or (word == "plus" and _means_none(words, place)):
            about.update(range(start if start is not None else place, place))
            about.update(_reached(words, range(place + 1, min(len(words), place + 2 + _REACH + longer))))
    return about


def _reached(words: list[str], places: range) -> Iterator[int]:
    """The first of these words, up to a circumstance of what is denied."""
    telling = False
    for place in places:
        if telling and words[place] in _CIRCUMSTANCES:
            return
        telling = telling or bool(_stems(words[place]))
        yield place


def _opens(words: list[str], place: int) -> int | None:
    """Where the "ne" stands that the second half of a French denial belongs to."""
    if words[place] not in ("pas", "plus", "jamais", "rien", "aucun", "aucune"):
        return None
    near = range(max(0, place - 4), place)
    return next((p for p in reversed(near) if words[p] == "ne" or words[p].startswith("n'")), None)


def _means_none(words: list[str], place: int) -> bool:
    """Whether a "plus" without "ne" says "no more", as in "plus de réseau" and "j'ai plus internet", and not "more"."""
    return place == 0 or any(words[place - 1].endswith(had) for had in _HAVING)
