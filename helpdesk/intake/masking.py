"""Personal data is masked before anyone reads a text.

`mask(text)` keeps the text as it came but for the pieces that identify a person, each replaced by a mark
such as `⟦phone⟧`. The marks are what is stored and indexed; a page turns them into small labels in the
reader's language with `split_marks`. The two brackets of a mark are taken out of the text itself first, so
nobody can write one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial

from helpdesk.intake import personal_numbers, personal_words

Span = tuple[int, int]
Finder = Callable[[str], Iterator[Span]]

KINDS = ("email", "iban", "card", "national-number", "customer-number", "phone", "name", "address")

_OPEN, _CLOSE = "⟦", "⟧"
_NEUTRAL = str.maketrans({_OPEN: "\u301a", _CLOSE: "\u301b"})  # look-alikes that mean nothing to split_marks
_MARK = re.compile(f"{_OPEN}({'|'.join(KINDS)}){_CLOSE}")


@dataclass(frozen=True)
class Finding:
    """One piece of personal data: its kind and where it stood in the verbatim text, in code points."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True)
class Masked:
    """A text that may be shown, and what was hidden to make it so (in the order of the text)."""

    text: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Mark:
    """A hidden piece, to be shown as a label; `kind` is one of KINDS."""

    kind: str


@dataclass(frozen=True)
class MaskingRules:
    """What an organisation can choose.

    `customer_words` announce a customer or contract number; `customer_shapes` are literals with `#` for a
    digit and `@` for a letter; `public_words` (lower case) are products and places that must not be taken
    for names.
    """

    customer_words: tuple[str, ...] = (
        "client", "cliente", "contrat", "contrats", "abonné", "abonnée", "abonne", "abonnement", "compte",
        "dossier", "commande", "adhérent", "customer", "contract", "account", "subscriber", "subscription",
        "order", "membership",
    )  # fmt: skip
    customer_shapes: tuple[str, ...] = ()
    public_words: frozenset[str] = frozenset({"box", "fibre", "internet", "wifi", "wi-fi", "tv", "forfait", "service"})


DEFAULT_RULES = MaskingRules()


def mask(text: str, rules: MaskingRules = DEFAULT_RULES) -> Masked:
    """Hide personal data in a verbatim text. Time grows in proportion to the length of the text."""
    letters, places = skeleton(text)
    findings: list[Finding] = []
    for kind, finder in _finders(rules):
        spans = _apart(finder(letters))
        findings += [Finding(kind, places[start], places[end - 1] + 1) for start, end in spans]
        letters = _blank(letters, spans)
    findings.sort(key=lambda finding: finding.start)
    return Masked(_replace(text, findings), tuple(findings))


def split_marks(text: str) -> list[str | Mark]:
    """Cut a masked text into ordinary pieces and marks, in order; empty pieces are left out."""
    pieces: list[str | Mark] = []
    for number, piece in enumerate(_MARK.split(text)):
        if number % 2:
            pieces.append(Mark(piece))
        elif piece:
            pieces.append(piece)
    return pieces


def skeleton(text: str) -> tuple[str, list[int] | range]:
    """The text as finders read it, and for each of its characters the place it had in `text`.

    Invisible characters and accents written apart are dropped, digits of every script become 0-9, every
    blank a space, every dash "-": a telephone number copied from an address book looks the same as one that
    was typed.
    """
    if text.isascii():
        return text.replace("\t", " ").replace("\r", " "), range(len(text))
    letters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        plain = _plain(character)
        if plain:
            letters.append(plain)
            places.append(place)
    return "".join(letters), places


@cache
def _plain(character: str) -> str:
    """One character as finders read it: one plain character, or nothing."""
    category = unicodedata.category(character)
    if category in ("Cf", "Mn", "Me"):
        return ""
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category == "Pd" or character == "\u2212":
        return "-"
    if category == "Zs" or character in "\t\r":
        return " "
    if category in ("Zl", "Zp"):
        return "\n"
    if character in "‘’ʼ´`":
        return "'"
    folded = unicodedata.normalize("NFKC", character)
    return folded if len(folded) == 1 and character not in "ºª" else character


@cache
def _finders(rules: MaskingRules) -> tuple[tuple[str, Finder], ...]:
    """In this order, because a later finder only sees what earlier ones left: the surest first, names last
    but one.
    """
    return (
        ("email", personal_words.emails),
        ("iban", personal_numbers.ibans),
        ("card", personal_numbers.cards),
        ("national-number", personal_numbers.social_security_numbers),
        ("customer-number", personal_numbers.CustomerNumbers(rules.customer_words, rules.customer_shapes)),
        ("phone", personal_numbers.telephones),
        ("name", partial(personal_words.names, public_words=rules.public_words)),
        ("address", personal_words.addresses),
    )


def _apart(spans: Iterator[Span]) -> list[Span]:
    """The spans in order, those that overlap made one."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _blank(letters: str, spans: list[Span]) -> str:
    pieces, last = [], 0
    for start, end in spans:
        pieces += [letters[last:start], "\0" * (end - start)]
        last = end
    return "".join(pieces) + letters[last:]


def _replace(text: str, findings: list[Finding]) -> str:
    pieces, last = [], 0
    for finding in findings:
        pieces += [text[last : finding.start].translate(_NEUTRAL), f"{_OPEN}{finding.kind}{_CLOSE}"]
        last = finding.end
    return "".join(pieces) + text[last:].translate(_NEUTRAL)
