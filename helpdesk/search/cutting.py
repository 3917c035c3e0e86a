"""A text cut into words: one pass of one regular expression over the folded text. Pure.

Codes and product names are kept whole in one form however they are written (`R-14`, `r 14`), addresses and amounts
are left out, both genders are one word. Every piece remembers where it stood in the original.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from helpdesk.search import inclusive
from helpdesk.search.folding import original_end
from helpdesk.search.lexicon import COMMON

LONGEST_WORD = 40
"""Longer runs of letters are keys or noise; they are cut rather than indexed whole."""
SPLIT = 0.3
"""What a part of a code counts (the 105 of T-105), of what a word counts."""


class Piece(NamedTuple):
    """A word as cut: its folded form, its span in the original, and whether a stemmer may touch it."""

    form: str
    start: int
    end: int
    exact: bool
    weight: float = 1.0


_MONEY = r"(?:€|\$|£|eur\b|euros?\b|pounds?\b|dollars?\b)"
_ELIDED = r"(?:jusqu|lorsqu|puisqu|quoiqu|presqu|quelqu|qu)"
_NEGATED = r"(?:ai|are|ca|could|did|does|do|had|has|have|is|must|need|should|was|were|wo|would)n"
_CUT = re.compile(
    rf"""
      (?P<plain> (?!{_ELIDED}\ |nodejs)[^\W\d_]{{3,}}(?=[\s,;!?)»"]|\.\s|$)
                    (?!\ (?:\d|(?:t|hui)\b|homm)) )                                          # nearly every word
    | (?P<dropped> ⟦[^⟧]{{0,60}}⟧ | https?://\S+ | www\.\S+                              # addresses name no subject
                 | (?<![\w.+-])[\w.+-]{{1,64}}@[\w-]+(?:\.[\w-]+)+ | @[\w.-]+(?:@[\w.-]+)?
                 | (?:\+\d{{2}}|0\d)(?:[ .-]?\d{{2}}){{4}}(?!\d) | \d{{6,}}(?!\w)   # telephone and customer numbers
                 | (?<![\d.,])\d+(?:[ .]\d{{3}})*(?:[.,]\d+)?\s?{_MONEY} | [€$£]\s?\d+(?:[.,]\d+)* )
    | (?P<hashtag>  \#\w+ )
    | (?P<special>  (?<!\w)c\+\+ | (?<!\w)[cf]\#(?!\w) | (?<!\w)node\.?js(?!\w) | (?<![\w.])\.net(?!\w) )
    | (?P<wifi>     (?<!\w)wi[- ]?fi(?!\w) )
    | (?P<whole>    aujourd['\ ]?hui | prud['\ ]?homm\w* | (?<!\w)[ei]-[a-z]{{3,}}(?!\w) )     # e-mail, e-SIM
    | (?P<negated>  (?<!\w){_NEGATED}['\ ]t(?!\w) )
    | (?P<elision>  (?<!\w)(?:{_ELIDED}['\ ]|[cdjlmnst]')(?=\w) | (?<=\w\ )(?:ve|ll|re)(?!\w) )
    | (?P<initials> (?<!\w)(?:[a-z]\.){{2,}}[a-z]?(?!\w) )
    | (?P<both>     {inclusive.WRITTEN} )
    | (?P<pair>     {inclusive.PAIR} )
    | (?P<code>     (?<!\w)[a-z]{{1,4}}[-_]?\d{{1,6}}(?:[-_]\d{{1,8}})*[a-z]{{0,2}}(?!\w)   # R-14, T105, E_12
                  | (?<!\w)[a-z]\.\d{{1,4}}(?!\w)                                           # T.38
                  | (?<!\w)[a-z]{{2,10}}\d{{1,6}}(?!\w)                                       # Cap100, Fibre2024
                  | (?<![\w'])[bcdefgjkpqrtuvwz]\ \d{{1,4}}(?![\w.,:]) )                      # R 14
    | (?P<measure>  \d+(?:[.,]\d+)?\ ?(?:g|gb|go|mb|mo|ghz|mhz)(?!\w) )                     # 8 Gb/s, 5 G
    | (?P<decimal>  \d+[.,]\d+ )
    | (?P<word>     [^\W_]+(?:'(?:s|m|re|ve|ll|d|t)(?!\w))? )
    """,
    re.VERBOSE,
)
_NUMBER_AFTER = re.compile(rf" (\d{{1,4}})(?![\w.,:/]|\s?(?:%|h\b|{_MONEY}))")
_PARTS = re.compile(r"([a-z]+)[-_. ]?(\d+)")
_SEPARATORS = str.maketrans("", "", "-_. '")
_SAME_UNIT = {"go": "gb", "mo": "mb"}
_SAME_NAME = {"nodejs": "node.js"}
_KINDS_KEPT = frozenset({"special", "code", "measure", "decimal"})
_ANY_COMMON = COMMON["fr"] | COMMON["en"]

_Form = tuple[str, int, int]
"""A form and its span in the folded text."""


def pieces(text: str, folded: str, origins: list[int] | None) -> Iterator[Piece]:
    """The words of `text`, in order; `folded` and `origins` as `folding.fold_with_origins` gives them for it."""
    for found in _CUT.finditer(folded):
        kind = found.lastgroup or "word"
        if kind in ("dropped", "elision"):
            continue
        if kind == "plain" and origins is None:  # the short way, because nearly all are so
            yield Piece(found.group()[:LONGEST_WORD], found.start(), found.end(), False)
            continue
        weight = 1.0
        for form, start, end in _forms(kind, found, folded, text, origins):
            exact = kind in _KINDS_KEPT or any(map(str.isdigit, form))
            if origins is not None:
                start, end = origins[start], original_end(origins, end)
            yield Piece(form[:LONGEST_WORD], start, end, exact, weight)
            if kind == "code":  # its parts follow
                weight = SPLIT


def _forms(kind: str, found: re.Match[str], folded: str, text: str, origins: list[int] | None) -> Iterator[_Form]:
    """The forms of one match."""
    value, start, end = found.group(), found.start(), found.end()
    if kind == "plain":
        yield value, start, end
    elif kind == "word":
        yield from _word_forms(value, start, end, folded)
    elif kind == "hashtag":
        yield from _hashtag_forms(start, end, folded, text, origins)
    elif kind == "both":
        yield inclusive.plain(value), start, end
    elif kind == "pair":
        yield from _pair_forms(value, start, end)
    elif kind == "negated":
        yield "not", start, end
    elif kind == "measure":
        number, unit = re.fullmatch(r"([\d.,]+) ?([a-z]+)", value).groups()  # type: ignore[union-attr]
        yield number.replace(",", ".") + _SAME_UNIT.get(unit, unit), start, end
    elif kind == "decimal":
        yield value.replace(",", "."), start, end
    elif kind == "special":
        yield _SAME_NAME.get(value, value), start, end
    else:
        yield value.translate(_SEPARATORS), start, end
        if kind == "code":
            yield from _parts_of(value, start, end)


def _word_forms(value: str, start: int, end: int, folded: str) -> Iterator[_Form]:
    """The word; and where a number follows ("Ria 7", "Cap 100"), the name they make together."""
    word = value.partition("'")[0]
    end = start + len(word)
    if len(word) > 1:
        yield word, start, end
    number = _NUMBER_AFTER.match(folded, end)
    if number and 2 <= len(word) <= 10 and word.isalpha() and word not in _ANY_COMMON:
        yield word + number.group(1), start, number.end()


def _parts_of(code: str, start: int, end: int) -> Iterator[_Form]:
    """The letters and the number of a code that has one of each: the 105 of T-105, the cap and 100 of Cap100."""
    found = _PARTS.fullmatch(code)
    for part in found.groups() if found else ():
        if len(part) > 1:
            yield part, start, end


def _pair_forms(value: str, start: int, end: int) -> Iterator[_Form]:
    """client/cliente → client; box/wifi → box, wifi."""
    first, second = value.split("/")
    word = inclusive.both_genders(first, second)
    if word is not None:
        yield word, start, end
        return
    yield first, start, start + len(first)
    if len(second) > 1:
        yield second, end - len(second), end


def _hashtag_forms(start: int, end: int, folded: str, text: str, origins: list[int] | None) -> Iterator[_Form]:
    """#PlusInternet → plus, internet; #4GPartout → 4g, partout; #fibre → fibre. Capitals are read in the original."""
    places = range(start, end) if origins is None else origins[start:end]
    letters = [text[place] for place in places]
    begin = start + 1
    for place in range(start + 1, end + 1):
        if place < end and not _begins_a_word(letters, places, place - start):
            continue
        stop = place
        part = folded[begin:stop].strip("_")
        if len(part) > 1:
            begin += folded[begin:stop].index(part)
            yield part, begin, begin + len(part)
        begin = stop


def _begins_a_word(letters: list[str], places: Sequence[int], here: int) -> bool:
    """Whether camel case cuts before this letter of a hashtag."""
    letter, before = letters[here], letters[here - 1]
    if letter == "_" or before == "_":
        return True
    if places[here] == places[here - 1]:  # the second half of a ligature
        return False
    if letter.isdigit():
        return before.islower()
    follows = letters[here + 1] if here + 1 < len(letters) else ""
    return letter.isupper() and (before.islower() or follows.islower())
