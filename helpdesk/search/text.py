"""From what somebody wrote to the terms the index compares. The same function serves documents and questions.

The text is cut into words in one pass (see `cutting`), and each word is stemmed in French, in English or in both. Every
token remembers where it stood in the original, so that a page can show a matched word as the asker wrote it, and how
much it says: articles and greetings, signatures, and the parts of a code say less than a word.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from threading import Lock
from typing import NamedTuple

import Stemmer

from helpdesk.search.cutting import Piece, pieces
from helpdesk.search.folding import fold, fold_with_origins, original_spans
from helpdesk.search.languages import LANGUAGES, guess_language
from helpdesk.search.lexicon import COMMON, COURTESIES
from helpdesk.search.quiet import Spans, quiet_spans, quoted_spans

__all__ = ["ANALYSER_VERSION", "LANGUAGES", "Token", "analyse", "analyse_each", "fold", "guess_language", "terms_each"]

ANALYSER_VERSION = 3
"""Raised with every change of the terms: an index made by another version is rebuilt."""

COURTEOUS = 0.25
"""What a greeting, a thank-you or a word of a signature counts, of what a word counts."""


class Token(NamedTuple):
    """One term, and the half-open span `text[start:end]` it came from."""

    term: str
    start: int
    end: int
    common: bool = False
    """True for words that say nothing about the subject: articles, auxiliaries, greetings, signatures, quoted text."""
    weight: float = 1.0
    """What it counts in a question, 0 to 1: little for the parts of a code and for courtesies, nothing when quoted."""


def analyse(text: str, language: str) -> list[Token]:
    """The tokens of `text`, in order, stemmed as `language` ("fr" or "en")."""
    return list(_tokens(_weighed(text), language))


def analyse_each(text: str) -> dict[str, list[Token]]:
    """The tokens of `text` stemmed in each language, cut once."""
    weighed = list(_weighed(text))
    return {language: list(_tokens(weighed, language)) for language in LANGUAGES}


def terms_each(text: str) -> dict[str, list[str]]:
    """The terms alone, as `analyse_each` cuts them, for an index that is fed with many texts."""
    cut = [(piece.form, piece.exact) for piece in pieces(text, *fold_with_origins(text))]
    return {language: [form if exact else _stem(form, language) for form, exact in cut] for language in LANGUAGES}


def _weighed(text: str) -> Iterator[Piece]:
    """The words of `text`; those of its quoted parts weigh nothing, those of its courtesies little."""
    folded, origins = fold_with_origins(text)
    quoted = quoted_spans(folded)
    quiet = quiet_spans(folded, quoted)
    if not quoted and not quiet:
        yield from pieces(text, folded, origins)
        return
    quoted, quiet = original_spans(quoted, origins), original_spans(quiet, origins)
    for piece in pieces(text, folded, origins):
        if _within(piece, quoted):
            yield piece._replace(weight=0.0)
        elif _within(piece, quiet):
            yield piece._replace(weight=min(piece.weight, COURTEOUS))
        else:
            yield piece


def _within(piece: Piece, spans: Spans) -> bool:
    return any(start <= piece.start < end for start, end in spans)


def _tokens(weighed: Iterable[Piece], language: str) -> Iterator[Token]:
    common = COMMON[language]
    for form, start, end, exact, weight in weighed:
        term = form if exact else _stem(form, language)
        if form in COURTESIES:
            weight = min(weight, COURTEOUS)
        yield Token(term, start, end, weight <= COURTEOUS or form in common, weight)


# --- stemming ----------------------------------------------------------------------------------------------

_STEMMERS = {"fr": Stemmer.Stemmer("french", 0), "en": Stemmer.Stemmer("english", 0)}
_STEMMING = Lock()  # a stemmer keeps its working buffer: one thread at a time


@lru_cache(maxsize=200_000)
def _stem(word: str, language: str) -> str:
    if language == "fr":
        return _french_stem(word)
    with _STEMMING:
        return str(_STEMMERS[language].stemWord(word))


def _french_stem(word: str) -> str:
    """Snowball knows French suffixes by their accents, which folding removed: even out what that leaves."""
    if word.endswith(("ee", "ees")):
        word = word.rstrip("s")[:-1]  # résiliée(s) as résilié
    elif word.endswith("ers") and len(word) > 5:
        word = word[:-1]  # dossiers as dossier: only the singular would lose its "er"
    with _STEMMING:
        stem = str(_STEMMERS["fr"].stemWord(word))
    if not stem.endswith(_UNEVEN):
        return stem
    for ending, shared in _FRENCH_EVEN:
        if stem.endswith(ending) and len(stem) > len(ending) + 2:
            return stem[: -len(ending)] + shared
    return stem


# éligibilité meets éligible; résilié meets résiliation ("resil" and "resili"); connexion meets connecter.
_FRENCH_EVEN = (
    ("ibilit", "ibl"),
    ("abilit", "abl"),
    ("ivit", "iv"),
    ("nexion", "nect"),
    ("geon", "g"),
    ("i", ""),
    ("e", ""),
)
_UNEVEN = tuple(ending for ending, _ in _FRENCH_EVEN)
