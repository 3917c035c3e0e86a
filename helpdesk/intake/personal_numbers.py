"""Where a text holds a number that belongs to a person: telephone, IBAN, payment card, social security,
customer.

Every finder reads a *skeleton* (see `masking.skeleton`): plain digits, plain spaces and dashes, no
invisible characters. It yields `(start, end)` and never looks twice at a character more than a fixed number
of times, so a hostile text costs what a friendly one costs. Public figures stay readable: prices, dates,
ports, error codes, and the special numbers that organisations publish (08 in France and Britain, 800 in
North America, short numbers).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

Span = tuple[int, int]

# --- telephone -----------------------------------------------------------------------------------------

_TELEPHONES = [
    re.compile(pattern)
    for pattern in (
        # France: 0x or +33 x, then four pairs
        r"(?<!\d)(?:(?:\+|00)[ .\-]?33[ .\-]?(?:\(0\)[ .\-]?)?|\(?0)[1-9]\)?(?:[ .\-_]{0,3}\d\d){4}(?!\d)",
        r"(?<!\d)0[1-9](?:/\d\d){4}(?![/\d])",
        # International, E.164 with any grouping
        r"(?<![\d+])(?:\(?\+)[ ]?[1-9](?:[ .\-/()]{0,3}\d){6,14}(?!\d)",
        r"(?<!\d)00[ .\-]?[1-9](?:[ .\-/()]{0,3}\d){8,13}(?!\d)",
        # National numbers of other countries that start with a trunk zero (Britain, Belgium, Switzerland…)
        r"(?<!\d)\(?0[1-9](?:[ .\-()]{0,3}\d){8,9}(?!\d)",
        # North America without its country code
        r"(?<!\d)(?:1[ .\-])?(?:\([2-9]\d\d\) ?|[2-9]\d\d[.\-])[2-9]\d\d[.\- ]\d{4}(?!\d)",
    )
]
_ANNOUNCED_TELEPHONE = re.compile(
    r"(?i:\b(?:t[ée]l(?:[ée]phone)?|phone|mobile|portable|cell|gsm|whatsapp|call|reach me"
    r"|(?:r?appel|joign|contact)\w{0,10}))\b[^\d\n\0]{0,30}(\+?\d(?:[ .\-/()]{0,3}\d){7,14})(?!\d)"
)
_DATE_FIRST = re.compile(
    r"\D{0,2}(?:[0-3]?\d[./\- ][01]?\d[./\- ](?:19|20)\d\d|(?:19|20)\d\d[./\-][01]\d[./\-][0-3]\d)(?!\d)"
)
_SHORT_DATE = re.compile(r"[0-3]\d[./\-][01]\d")
_PRICE_OR_SHARE = re.compile(r" ?(?:k?€|\$|£|%|(?i:eur(?:os?)?|chf|usd|gbp)\b)")
_NORTH_AMERICAN_FREE = re.compile(r"1?8(?:00|33|44|55|66|77|88)\d{7}\Z")


def telephones(skeleton: str) -> Iterator[Span]:
    """Personal telephone numbers, French or not; special and short numbers that the public is meant to call
    are left.
    """
    for pattern in _TELEPHONES:
        for match in pattern.finditer(skeleton):
            if _is_personal_telephone(skeleton, *match.span()):
                yield match.span()
    for match in _ANNOUNCED_TELEPHONE.finditer(skeleton):
        if _is_personal_telephone(skeleton, *match.span(1)):
            yield match.span(1)


def _is_personal_telephone(skeleton: str, start: int, end: int) -> bool:
    raw = skeleton[start:end]
    if _PRICE_OR_SHARE.match(skeleton, end) or _DATE_FIRST.match(raw):
        return False
    if sum(_SHORT_DATE.fullmatch(word) is not None for word in raw.split()) >= 2:
        return False
    digits = "".join(character for character in raw if character.isdigit())
    international = "+" in raw or digits.startswith("00")
    if international:
        digits = digits.removeprefix("00")
        if len(digits) < 10 and re.fullmatch(r"\+\d{1,3}(?: \d{3})+", raw):
            return False  # "+10 000 000" counts things
        if digits.startswith(("33", "44")):
            digits = "0" + digits[2:].lstrip("0")
    if _NORTH_AMERICAN_FREE.match(digits) and not digits.startswith("0"):
        return False
    return not digits.startswith("08")


# --- bank and payment ----------------------------------------------------------------------------------

_IBAN_LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29,
    "CH": 21, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "EE": 20, "EG": 29, "ES": 24, "FI": 18, "FO": 18,
    "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "HR": 21, "HU": 28, "IE": 22, "IL": 23,
    "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LI": 21, "LT": 20, "LU": 20, "LV": 21,
    "MA": 28, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MR": 27, "MT": 31, "MU": 30, "NL": 18, "NO": 15,
    "PL": 28, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "SA": 24, "SE": 24, "SI": 19, "SK": 24, "SM": 27,
    "TN": 24, "TR": 26, "UA": 29, "XK": 20,
}  # fmt: skip
_IBAN_START = re.compile(r"(?<![A-Za-z0-9])([A-Za-z]{2})[ \-.]?\d[ ]?\d")
_IBAN_ANNOUNCED = re.compile(r"(?i)\biban\b[^\w\n]{0,4}(?:est|is|n°)?[^\w\n]{0,4}\Z")


def ibans(skeleton: str) -> Iterator[Span]:
    """Account numbers whose check digits are right, or that the word IBAN announces (one typing error is
    still an IBAN).
    """
    for match in _IBAN_START.finditer(skeleton):
        length = _IBAN_LENGTHS.get(match.group(1).upper())
        if length is None:
            continue
        found = re.compile(rf"[A-Za-z0-9](?:[ \-.]{{0,2}}[A-Za-z0-9]){{{length - 1}}}(?![A-Za-z0-9])").match(
            skeleton, match.start()
        )
        if found is None:
            continue
        code = re.sub(r"[^A-Za-z0-9]", "", found.group()).upper()
        announced = _IBAN_ANNOUNCED.search(skeleton, max(0, match.start() - 24), match.start())
        if announced or _iban_is_right(code):
            yield found.span()


def _iban_is_right(code: str) -> bool:
    """ISO 13616: country and check digits moved to the end, letters as 10…35, remainder 1 modulo 97."""
    return int("".join(str(int(character, 36)) for character in code[4:] + code[:4])) % 97 == 1


_CARD = re.compile(
    r"(?<!\d)(?:[2-6]\d{3}([ .\-]{1,2})\d{4}\1\d{4}\1\d{4}(?:\1\d{1,3})?"
    r"|3[47]\d\d([ .\-]{1,2})\d{6}\2\d{5}|[3-6]\d{12,18}|2[2-7]\d{14})(?!\d)"
)


def cards(skeleton: str) -> Iterator[Span]:
    """Payment card numbers: 13 to 19 digits in the usual groups or none, with the right last digit (Luhn)."""
    for match in _CARD.finditer(skeleton):
        if _luhn_is_right([int(character) for character in match.group() if character.isdigit()]):
            yield match.span()


def _luhn_is_right(digits: list[int]) -> bool:
    doubled = [digit * 2 - 9 * (digit > 4) for digit in digits[-2::-2]]
    return (sum(digits[::-2]) + sum(doubled)) % 10 == 0


_SOCIAL_SECURITY = re.compile(
    r"(?<!\d)[12][ .]?\d\d[ .]?\d\d[ .]?(?:\d\d|2[ABab])[ .]?\d{3}[ .]?\d{3}[ .\-/]{0,3}\d\d(?!\d)"
)


def social_security_numbers(skeleton: str) -> Iterator[Span]:
    """French social security numbers (NIR) with their key: the key is 97 minus the remainder modulo 97."""
    for match in _SOCIAL_SECURITY.finditer(skeleton):
        code = re.sub(r"[^\dA-Z]", "", match.group().upper()).replace("2A", "19").replace("2B", "18")
        if code.isdigit() and int(code[-2:]) == 97 - int(code[:-2]) % 97:
            yield match.span()


# --- customer and contract numbers ---------------------------------------------------------------------

_LINKS = (
    r"(?:[^\w\n\0]{1,4}|\b(?:n°|nº|n|no|num|num[ée]ro|number|ref|r[ée]f|r[ée]f[ée]rence|reference|id|identifiant|code"
    r"|est|is|le|la|the|suis|am|c'est|it's|bien|client|cliente|internet|fixe|mobile|fibre)\b[°º.]?){0,10}"
)
_NUMBER = (
    r"((?:[A-Za-z]{1,4}[\-/]?)?(?:\d[A-Za-z\d]{0,24})"  # AB-123456
    r"(?:[\-/][A-Za-z\d]{1,24}){0,6}(?: \d{3,12}\b){0,6})"  # 123-456, 123 456, not pairs
)


class CustomerNumbers:
    """Finds the numbers that follow one of `words` ("client"…) and those that have one of `shapes`.

    A shape is a literal in which `#` stands for a digit and `@` for a letter, such as `OC-########`. Shapes
    rather than regular expressions: an administrator cannot write one that makes every message slow.
    """

    def __init__(self, words: tuple[str, ...], shapes: tuple[str, ...]) -> None:
        alternatives = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
        self._announced = re.compile(rf"(?i)\b(?:{alternatives})\b{_LINKS}{_NUMBER}") if words else None
        symbols = {"#": r"\d", "@": "[A-Za-z]"}
        self._shapes = [
            re.compile(r"(?i)(?<!\w)" + "".join(symbols.get(sign, re.escape(sign)) for sign in shape) + r"(?!\w)")
            for shape in shapes
        ]

    def __call__(self, skeleton: str) -> Iterator[Span]:
        for shape in self._shapes:
            for match in shape.finditer(skeleton):
                yield match.span()
        for match in self._announced.finditer(skeleton) if self._announced else ():
            raw = match.group(1)
            few = sum(character.isdigit() for character in raw) < 5
            if not (few or _PRICE_OR_SHARE.match(skeleton, match.end()) or _DATE_FIRST.match(raw)):
                yield match.span(1)
