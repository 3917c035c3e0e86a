"""From what somebody wrote to the terms the index compares. The same function serves documents and questions.

One pass: the text is folded character by character (case, accents, ligatures, both apostrophes), cut by
one regular expression that keeps codes and product names whole, and each word is stemmed in French, in
English or in both. Every token remembers where it stood in the original, so that a page can show a matched
word as the asker wrote it.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from threading import Lock
from typing import NamedTuple

import Stemmer

from helpdesk.search.languages import LANGUAGES, guess_language
from helpdesk.search.lexicon import COMMON

__all__ = ["ANALYSER_VERSION", "LANGUAGES", "Token", "analyse", "analyse_each", "fold", "guess_language", "terms_each"]

ANALYSER_VERSION = 2
"""Raised with every change of the terms: an index made by another version is rebuilt."""

LONGEST_WORD = 40
"""Longer runs of letters are keys or noise; they are cut rather than indexed whole."""


class Token(NamedTuple):
    """One term, and the half-open span `text[start:end]` it came from."""

    term: str
    start: int
    end: int
    common: bool = False
    """True for words that say nothing about the subject: articles, auxiliaries, greetings."""


def analyse(text: str, language: str) -> list[Token]:
    """The tokens of `text`, in order, stemmed as `language` ("fr" or "en")."""
    return [_token(piece, language) for piece in _pieces(text)]


def analyse_each(text: str) -> dict[str, list[Token]]:
    """The tokens of `text` stemmed in each language, cut once."""
    pieces = list(_pieces(text))
    return {language: [_token(piece, language) for piece in pieces] for language in LANGUAGES}


def terms_each(text: str) -> dict[str, list[str]]:
    """The terms alone, as `analyse_each` cuts them, for an index that is fed with many texts."""
    pieces = [(piece.form, piece.exact) for piece in _pieces(text)]
    return {language: [form if exact else _stem(form, language) for form, exact in pieces] for language in LANGUAGES}


def fold(text: str) -> str:
    """`text` in lower case without accents or ligatures: the form in which words are compared as written."""
    return text.translate(_FOLDING)


# --- folding -----------------------------------------------------------------------------------------------

_LETTERS = {"œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "đ": "d", "ł": "l", "ı": "i"}
_MARKS = dict.fromkeys("’‘ʼ′´`＇", "'") | dict.fromkeys("‐‑‒–—−", "-")


class _Folding(dict[int, str]):
    """Character → folded string, learned as characters are met; fit for `str.translate`."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        folded = _MARKS.get(character)
        if folded is None:
            plain = unicodedata.normalize("NFKD", character)
            lowered = "".join(c for c in plain if not unicodedata.combining(c)).lower()
            visible = (c for c in lowered if unicodedata.category(c) not in ("Cf", "Mn"))
            folded = "".join(_LETTERS.get(c, c) for c in visible)
        self[code] = folded
        return folded


_FOLDING = _Folding()


def _fold_with_origins(text: str) -> tuple[str, list[int] | None]:
    """The folded text and, where lengths differ, the original position of each folded character (and of
    the end)."""
    if text.isascii():
        return text.lower(), None
    folded = text.translate(_FOLDING)
    if all(len(_FOLDING[ord(character)]) == 1 for character in set(text)):
        return folded, None
    origins: list[int] = []
    for position, character in enumerate(text):
        origins.extend([position] * len(_FOLDING[ord(character)]))
    origins.append(len(text))
    return folded, origins


# --- cutting -----------------------------------------------------------------------------------------------

_MONEY = r"(?:€|\$|£|eur\b|euros?\b|pounds?\b|dollars?\b)"
_CUT = re.compile(
    rf"""
      (?P<plain> [^\W\d_]{{3,}}(?=[\s,;!?)»"]|\.\s|$)(?!\ \d) )              # nearly every word: first for speed
    | (?P<dropped> ⟦[^⟧]*⟧ | https?://\S+ | www\.\S+                              # addresses name no subject
                 | [\w.+-]+@[\w-]+(?:\.[\w-]+)+ | @[\w.-]+(?:@[\w.-]+)?
                 | (?:\+\d{{2}}|0\d)(?:[ .-]?\d{{2}}){{4}}(?!\d) | \d{{6,}}   # telephone and customer numbers
                 | \d+(?:[ .]\d{{3}})*(?:[.,]\d+)?\s?{_MONEY} | [€$£]\s?\d+(?:[.,]\d+)* )
    | (?P<hashtag>  \#\w+ )
    | (?P<special>  (?<!\w)c\+\+ | (?<!\w)[cf]\#(?!\w) | (?<!\w)node\.js(?!\w) )
    | (?P<wifi>     (?<!\w)wi[- ]?fi(?!\w) )
    | (?P<whole>    aujourd'hui | prud'homm\w* | (?<!\w)[ei]-[a-z]{{3,}}(?!\w) )     # e-mail, e-SIM
    | (?P<elision>  (?<!\w)(?:jusqu|lorsqu|puisqu|quoiqu|presqu|quelqu|qu|[cdjlmnst])'(?=\w) )
    | (?P<initials> (?<!\w)(?:[a-z]\.){{2,}}[a-z]?(?!\w) )
    | (?P<both>     [^\W\d_]{{3,}}(?: (?:[·•‧∙⋅][^\W\d_]{{1,6}})+                # étudiant·e·s, client(e)s
                                  | \((?:e|s|es|ne|nes|le|les|te|tes|x|trice|euse)\)s?(?!\w)
                                  | [.-](?:e|ne|te)(?:[.-]?s)?(?!\w) ) )
    | (?P<code>     (?<!\w)[a-z]{{1,4}}[-_]?\d{{1,6}}(?:[-_]\d{{1,8}})*[a-z]{{0,2}}(?!\w)   # R-14, T105, E_12
                  | (?<!\w)[a-z]\.\d{{1,4}}(?!\w)                                           # T.38
                  | (?<![\w'])[bcdefgjkpqrtuvwz]\ \d{{1,4}}(?![\w.,:]) )                      # R 14
    | (?P<measure>  \d+(?:[.,]\d+)?\ ?(?:g|gb|go|mb|mo|ghz|mhz)(?!\w) )                     # 8 Gb/s, 5 G
    | (?P<decimal>  \d+[.,]\d+ )
    | (?P<word>     [^\W_]+(?:'(?:s|m|re|ve|ll|d|t)(?!\w))? )
    """,
    re.VERBOSE,
)
_NUMBER_AFTER = re.compile(rf" (\d{{1,4}})(?![\w.,:/]|\s?(?:%|h\b|{_MONEY}))")
_CAMEL = re.compile(r"[A-ZÀ-Þ]?[a-zß-ÿ]+|[A-ZÀ-Þ]+(?![a-zß-ÿ])|\d+\w*")
_SEPARATORS = str.maketrans("", "", "-_. '")
_SAME_UNIT = {"go": "gb", "mo": "mb"}
_KINDS_KEPT = frozenset({"special", "code", "measure", "decimal"})
_ANY_COMMON = COMMON["fr"] | COMMON["en"]


class _Piece(NamedTuple):
    """A word as cut: its folded form, its span in the original, and whether a stemmer may touch it."""

    form: str
    start: int
    end: int
    exact: bool


def _pieces(text: str) -> Iterator[_Piece]:
    folded, origins = _fold_with_origins(text)
    for found in _CUT.finditer(folded):
        kind = found.lastgroup
        if kind in ("dropped", "elision"):
            continue
        for form, start, end in _forms(kind or "word", found, folded, text, origins):
            if origins is not None:
                start, end = origins[start], _end(origins, end)
            yield _Piece(form[:LONGEST_WORD], start, end, kind in _KINDS_KEPT or any(map(str.isdigit, form)))


def _end(origins: list[int], end: int) -> int:
    """Where the original character that gave the folded character before `end` stops."""
    last = origins[end - 1]
    while origins[end] == last:
        end += 1
    return origins[end]


def _forms(
    kind: str, found: re.Match[str], folded: str, text: str, origins: list[int] | None
) -> Iterator[tuple[str, int, int]]:
    """The forms of one match, with spans in the folded text."""
    value, start, end = found.group(), found.start(), found.end()
    if kind == "plain":
        yield value, start, end
    elif kind == "word":
        yield from _word_forms(value, start, end, folded)
    elif kind == "hashtag":
        yield from _hashtag_forms(start, end, folded, text, origins)
    elif kind == "both":
        yield re.split(r"[·•‧∙⋅(.\-]", value, maxsplit=1)[0], start, end
    elif kind == "measure":
        number, unit = re.fullmatch(r"([\d.,]+) ?([a-z]+)", value).groups()  # type: ignore[union-attr]
        yield number.replace(",", ".") + _SAME_UNIT.get(unit, unit), start, end
    elif kind == "decimal":
        yield value.replace(",", "."), start, end
    elif kind == "special":
        yield value, start, end
    else:
        yield value.translate(_SEPARATORS), start, end


def _word_forms(value: str, start: int, end: int, folded: str) -> Iterator[tuple[str, int, int]]:
    """The word; and where a number follows ("Ria 7", "Cap 100"), the name they make together."""
    word, apostrophe, ending = value.partition("'")
    if ending == "t" and apostrophe:
        yield "not", start, end
        return
    end = start + len(word)
    if len(word) > 1:
        yield word, start, end
    number = _NUMBER_AFTER.match(folded, end)
    if number and 2 <= len(word) <= 10 and word.isalpha() and word not in _ANY_COMMON:
        yield word + number.group(1), start, number.end()


def _hashtag_forms(
    start: int, end: int, folded: str, text: str, origins: list[int] | None
) -> Iterator[tuple[str, int, int]]:
    """#PlusInternet → plus, internet; #fibre → fibre. Capitals are read in the original."""
    if origins is not None:
        yield folded[start + 1 : end].replace("_", ""), start + 1, end
        return
    for part in _CAMEL.finditer(text, start + 1, end):
        if part.end() - part.start() > 1:
            yield folded[part.start() : part.end()], part.start(), part.end()


# --- stemming ----------------------------------------------------------------------------------------------

_STEMMERS = {"fr": Stemmer.Stemmer("french", 0), "en": Stemmer.Stemmer("english", 0)}
_STEMMING = Lock()  # a stemmer keeps its working buffer: one thread at a time


def _token(piece: _Piece, language: str) -> Token:
    term = piece.form if piece.exact else _stem(piece.form, language)
    return Token(term, piece.start, piece.end, piece.form in COMMON[language])


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
    with _STEMMING:
        stem = str(_STEMMERS["fr"].stemWord(word))
    for ending, shared in _FRENCH_EVEN:
        if stem.endswith(ending) and len(stem) > len(ending) + 2:
            stem = stem[: -len(ending)] + shared
            break
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
