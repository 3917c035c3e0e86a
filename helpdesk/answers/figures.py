"""The figures of a text: numbers, prices, dates, hours, also spelled out in French or English.

An approver who reads a corrected answer must not miss that "dix jours" became "huit jours". Figures are
compared by what they mean: "10 jours" and "dix jours" are the same, "8 jours" and "8 semaines" are not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from helpdesk.answers.differences import shortest_edit


@dataclass(frozen=True)
class NumberChange:
    """A figure as it was written before and after; None on the side where there is none."""

    before: str | None
    after: str | None


_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "janvier january janv jan", "février fevrier february févr fevr feb", "mars march mar",
            "avril april avr apr", "mai may", "juin june jun", "juillet july juil jul", "août aout august aug",
            "septembre september sept sep", "octobre october oct", "novembre november nov",
            "décembre decembre december déc dec",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_UNITS = {
    name: unit
    for unit, names in {
        "€": "€ euro euros eur", "$": "$ dollar dollars usd", "£": "£ pound pounds gbp", "%": "% pourcent percent",
        "minute": "minute minutes min mn", "hour": "heure heures hour hours", "day": "jour jours day days",
        "week": "semaine semaines week weeks", "month": "mois month months",
        "year": "an ans année années year years", "mb": "mo mb", "gb": "go gb", "mb/s": "mb/s mbit/s mbps",
        "gb/s": "gb/s gbit/s gbps", "km": "km", "m": "m mètre mètres metre metres", "working day": "ouvrés ouvrables",
    }.items()
    for name in names.split()
}  # fmt: skip
_SPELLED = {
    "zéro": 0, "zero": 0, "deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "six": 6, "sept": 7, "huit": 8, "neuf": 9,
    "dix": 10, "onze": 11, "douze": 12, "treize": 13, "quatorze": 14, "quinze": 15, "seize": 16, "vingt": 20,
    "vingts": 20, "trente": 30, "quarante": 40, "cinquante": 50, "soixante": 60, "septante": 70, "huitante": 80,
    "nonante": 90, "two": 2, "three": 3, "four": 4, "five": 5, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17,
    "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60,
    "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
_ONE = {"un": 1, "une": 1, "one": 1}
_SCALES = {
    "cent": 100, "cents": 100, "hundred": 100, "mille": 1_000, "thousand": 1_000, "million": 1_000_000,
    "millions": 1_000_000, "milliard": 1_000_000_000, "milliards": 1_000_000_000, "billion": 1_000_000_000,
}  # fmt: skip


def _either(words: dict[str, int] | dict[str, str]) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


_SPELLED_WORD = _either({**_SPELLED, **_ONE, **_SCALES})
_FIGURE = re.compile(
    rf"""(?<![\w])(?:
      (?P<iso>\d{{4}}-\d\d-\d\d)
    | (?P<slashed>\d{{1,2}}[/.]\d{{1,2}}[/.](?:\d{{4}}|\d\d))
    | (?P<day>\d{{1,2}})(?:er|st|nd|rd|th)?\s(?P<month>{_either(_MONTHS)})\.?(?:,?\s(?P<year>\d{{4}}))?(?!\w)
    | (?P<month2>{_either(_MONTHS)})\.?\s(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?(?:,?\s(?P<year2>\d{{4}}))?(?!\w)
    | (?P<clock>\d{{1,2}}\s?[h:]\s?\d\d|\d{{1,2}}\s?h)(?!\w)
    | (?P<before>[€$£]\s?)?(?P<number>\d{{1,3}}(?:[\s.,]\d{{3}})+(?:[.,]\d{{1,2}})?|\d+(?:[.,]\d+)?)(?!\d)
    | (?P<spelled>(?:{_SPELLED_WORD})(?:(?:-|\s)(?:(?:et|and)(?:-|\s))?(?:{_SPELLED_WORD}))*)(?!\w)
    )""",
    re.VERBOSE | re.IGNORECASE,
)
_UNIT_AFTER = re.compile(rf"[\s-]{{0,2}}({_either(_UNITS)})(?![\w/])", re.IGNORECASE)
_MOST_CHANGES = 300


def numbers_changed(before: str, after: str) -> list[NumberChange]:
    """The figures that are not the same in both texts, in reading order; a replaced figure is one change."""
    old, new = list(_figures(before)), list(_figures(after))
    edits = shortest_edit([key for key, _ in old], [key for key, _ in new], most=_MOST_CHANGES)
    if edits is None:
        return [NumberChange(text, None) for _, text in old] + [NumberChange(None, text) for _, text in new]
    changes: list[NumberChange] = []
    waiting: tuple[list[str], list[str]] = ([], [])
    olds, news = iter(old), iter(new)
    for piece in edits:
        if piece.kind == "same":
            changes += _paired(*waiting)
            waiting = ([], [])
        if piece.kind != "added":
            text = next(olds)[1]
            if piece.kind == "removed":
                waiting[0].append(text)
        if piece.kind != "removed":
            text = next(news)[1]
            if piece.kind == "added":
                waiting[1].append(text)
    return changes + _paired(*waiting)


def _paired(removed: list[str], added: list[str]) -> list[NumberChange]:
    longest = max(len(removed), len(added))
    olds = [*removed, *[None] * (longest - len(removed))]
    news = [*added, *[None] * (longest - len(added))]
    return [NumberChange(old, new) for old, new in zip(olds, news, strict=True)]


def _figures(text: str) -> Iterator[tuple[str, str]]:
    """What each figure means, in one canonical spelling, and how it is written."""
    for match in _FIGURE.finditer(text):
        meaning = _meaning(match)
        unit = _UNIT_AFTER.match(text, match.end())
        if meaning is None or (match["spelled"] and match["spelled"].lower() in _ONE and not unit):
            continue  # "un" and "one" are articles unless they count something
        named = _UNITS[unit.group(1).lower()] if unit else (match["before"] or "").strip()
        written = text[match.start() : unit.end() if unit else match.end()]
        yield (f"{meaning} {named}" if named else meaning), written


def _meaning(match: re.Match[str]) -> str | None:
    if match["iso"]:
        return match["iso"]
    if match["slashed"]:
        day, month, year = re.split(r"[/.]", match["slashed"])
        return f"{2000 + int(year) if len(year) == 2 else year}-{int(month):02}-{int(day):02}"
    month_name = match["month"] or match["month2"]
    if month_name:
        day, year = match["day"] or match["day2"], match["year"] or match["year2"] or "----"
        return f"{year}-{_MONTHS[month_name.lower()]:02}-{int(day):02}"
    if match["clock"]:
        hours, minutes = re.split(r"\D+", match["clock"] + " ")[:2]
        return f"{int(hours)}:{int(minutes or 0):02}"
    if match["number"]:
        return _plain_number(match["number"])
    return str(_spelled_value(match["spelled"].lower()))


def _plain_number(written: str) -> str:
    """Blanks, and points or commas before exactly three digits, separate thousands; a last one marks
    decimals.
    """
    bare = re.sub(r"\s", "", written)
    bare = re.sub(r"[.,](?=\d{3}(?:\D|\Z))", "", bare).replace(",", ".")
    whole, _, decimals = bare.partition(".")
    decimals = decimals.rstrip("0")
    return (whole.lstrip("0") or "0") + (f".{decimals}" if decimals else "")


def _spelled_value(words: str) -> int:
    total = current = 0
    for word in re.split(r"[\s-]+", words):
        if word in ("vingt", "vingts") and current % 100 == 4:
            current += 76  # quatre-vingts
        elif word in _SCALES:
            scale = _SCALES[word]
            if scale == 100:
                current = max(1, current) * 100
            else:
                total, current = total + max(1, current) * scale, 0
        elif word not in ("et", "and"):
            current += _SPELLED.get(word, _ONE.get(word, 0))
    return total + current
