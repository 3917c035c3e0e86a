"""What somebody typed to search for, as clauses: each must stand, or must not stand, somewhere in a conversation. Pure.

A word is looked for twice: by its stem in each language, and as it is written, because a word taken out of its
sentence may be cut differently there ("5 Go", "R 14"). Either is enough.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from helpdesk.search.cutting import LONGEST_WORD
from helpdesk.search.text import LANGUAGES, Token, analyse_each, fold

SHORTEST_BEGINNING = 4
"""Letters before a `*`: fewer would walk through too much of the dictionary."""

_PIECE = re.compile(r"[^\W_]+")
_MASKED = re.compile(r"⟦[^⟧]*⟧")
_TYPED = re.compile(
    r"""(?P<without>(?<!\S)-(?=[^\W_]|["«“]))?
        (?: "(?P<straight>[^"]*)"? | «(?P<angled>[^»]*)»? | “(?P<curly>[^”]*)”? | (?P<word>[^\s"«“]+) )""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Clause:
    """One thing looked for; any of its ways of standing in a text will do."""

    terms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By language: one stem, or the stems of a phrase, which must follow one another."""
    pieces: tuple[str, ...] = ()
    """As written, folded: all of them, anywhere."""
    beginning: str = ""
    """How a word must begin, folded."""

    @property
    def is_phrase(self) -> bool:
        return any(len(terms) > 1 for terms in self.terms.values())


@dataclass(frozen=True, slots=True)
class Asked:
    wanted: tuple[Clause, ...] = ()
    unwanted: tuple[Clause, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.wanted or self.unwanted)


def pieces_of(text: str) -> list[str]:
    """The words of a text as written, folded and cut at anything that is neither letter nor digit."""
    return [found[:LONGEST_WORD] for found in _PIECE.findall(fold(_MASKED.sub(" ", text)))]


def asked(words: str) -> Asked:
    """The clauses of `words`. "Quoted words" follow one another, `abcd*` is any ending, `-word` must not stand.

    Words that carry no subject are left out unless there are no others.
    """
    telling: list[Clause] = []
    common: list[Clause] = []
    unwanted: list[Clause] = []
    for run, is_phrase, without in _runs(words):
        clauses = list(_phrase(run)) if is_phrase else list(_clauses(run))
        if without:
            unwanted += [clause for clause, _is_common in clauses]
        else:
            telling += [clause for clause, is_common in clauses if not is_common]
            common += [clause for clause, is_common in clauses if is_common]
    wanted = telling or ([] if unwanted else common)
    return Asked(tuple(_distinct(wanted)), tuple(_distinct(unwanted)))


def _distinct(clauses: Iterable[Clause]) -> list[Clause]:
    distinct: list[Clause] = []
    for clause in clauses:
        if clause not in distinct:
            distinct.append(clause)
    return distinct


def _runs(words: str) -> Iterator[tuple[str, bool, bool]]:
    """(text, whether it is a phrase, whether it is unwanted); words that stand together stay together."""
    run: list[str] = []
    for found in _TYPED.finditer(words):
        phrase = found["straight"] or found["angled"] or found["curly"]
        word, without = found["word"], bool(found["without"])
        if word and not without and not word.endswith("*"):
            run.append(word)
            continue
        if run:
            yield " ".join(run), False, False
            run = []
        if phrase or word:
            yield phrase or word, not word, without
    if run:
        yield " ".join(run), False, False


def _clauses(run: str) -> Iterator[tuple[Clause, bool]]:
    """One clause a word, and whether the word says nothing of the subject."""
    if run.endswith("*"):
        yield from _beginning(run)
        return
    cut = analyse_each(run)
    covered: list[Token] = cut[LANGUAGES[0]]
    for tokens in zip(*(cut[language] for language in LANGUAGES), strict=True):
        stems = {language: (token.term,) for language, token in zip(LANGUAGES, tokens, strict=True)}
        written = tuple(pieces_of(_whole(run, tokens[0])))
        yield Clause(stems, written), any(token.common for token in tokens)
    for word in re.finditer(r"\S+", run):
        if not any(token.start < word.end() and word.start() < token.end for token in covered):
            yield from _as_written(pieces_of(word.group()))


def _whole(run: str, token: Token) -> str:
    """What a token came from, up to where the word ends on both sides: a hashtag gives several."""
    start, end = token.start, token.end
    while start and run[start - 1].isalnum() and run[start].isalnum():
        start -= 1
    while end < len(run) and run[end - 1].isalnum() and run[end].isalnum():
        end += 1
    return run[start:end]


def _as_written(pieces: Sequence[str]) -> Iterator[tuple[Clause, bool]]:
    """What the analysis drops, such as addresses and long numbers; single letters are elisions or noise."""
    kept = tuple(piece for piece in pieces if len(piece) > 1 or piece.isdigit())
    if kept:
        yield Clause(pieces=kept), False


def _beginning(run: str) -> Iterator[tuple[Clause, bool]]:
    pieces = pieces_of(run)
    if not pieces:
        return
    if len(pieces[-1]) >= SHORTEST_BEGINNING:
        yield Clause(beginning=pieces[-1]), False
    else:
        yield Clause(pieces=(pieces[-1],)), False
    if pieces[:-1]:
        yield Clause(pieces=tuple(pieces[:-1])), False


def _phrase(run: str) -> Iterator[tuple[Clause, bool]]:
    terms = {language: tuple(token.term for token in tokens) for language, tokens in analyse_each(run).items()}
    terms = {language: found for language, found in terms.items() if found}
    if terms:
        yield Clause(terms), False
    else:
        yield from _as_written(pieces_of(run))
