"""Inclusive writing: both genders in one word, read as the plain word. Pure; all words are folded.

`étudiant·e·s`, `étudiant(e)s`, `étudiant.e.s`, `étudiant-e-s`, `client/cliente`, `lecteur/trice`, `tou·te·s`.
"""

import re

ENDINGS = "e|ne|te|le|fe|se|ve|ere|iere|rice|trice|ice|euse"
"""What is added to the plain word, without the plural."""

WRITTEN = rf"""
    [^\W\d_]{{3,}}(?: (?:[·•‧∙⋅⸱][^\W\d_]{{1,6}})+
                    | \((?:s|x|(?:{ENDINGS})s?)\)s?(?!\w)
                    | [.-](?:{ENDINGS})(?:[.-]?s)?(?!\w) )
"""
"""The pattern (verbose) of a word and its endings, on folded text."""

PAIR = r"[^\W\d_]{3,24}/[^\W\d_]{1,24}(?![-'\w])"
"""The pattern of two words that may be the two genders of one (see `both_genders`)."""

_FIRST_SIGN = re.compile(r"[·•‧∙⋅⸱(.\-]")
_ADDED = re.compile(rf"(?:{ENDINGS})s?")

# Masculine ending → feminine ending, without the plural.
_GENDERS = (
    ("", "e"),
    ("teur", "trice"),
    ("eur", "euse"),
    ("er", "ere"),
    ("f", "ve"),
    ("x", "se"),
    ("en", "enne"),
    ("on", "onne"),
    ("el", "elle"),
    ("eau", "elle"),
    ("et", "ette"),
    ("ou", "oute"),
    ("c", "que"),
    ("c", "che"),
)


def plain(written: str) -> str:
    """The plain word of what `WRITTEN` matched: "etudiants" for "etudiant·e·s", "tous" for "tou·te·s"."""
    word = _FIRST_SIGN.split(written, maxsplit=1)[0]
    several = written.rstrip(")").endswith("s") and not word.endswith(("s", "x"))
    return word + "s" if several else word


def both_genders(first: str, second: str) -> str | None:
    """The plain word when the two are its genders, in either order, or a word and its ending; None otherwise."""
    if _ADDED.fullmatch(second):
        return first
    if _is_feminine(second, of=first):
        return first
    return second if _is_feminine(first, of=second) else None


def _is_feminine(feminine: str, of: str) -> bool:
    masculine = of
    if masculine.endswith("s") and feminine.endswith("s"):
        masculine, feminine = masculine[:-1], feminine[:-1]
    return any(
        feminine.endswith(hers)
        and masculine.endswith(his)
        and feminine == masculine[: len(masculine) - len(his)] + hers
        for his, hers in _GENDERS
    )
