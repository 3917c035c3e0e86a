"""What a reader takes for one character: a letter with its accents, a flag, a family of emoji joined
together.

Follows the rules of Unicode text segmentation (UAX 29) that public posts meet. Joined consonants of Indic
scripts and old Korean letters may count for a little more than on a network, never for less.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

ZERO_WIDTH_JOINER = "\u200d"
EMOJI_STYLE = "\ufe0f"
KEYCAP = "\u20e3"
_PICTURE_RANGES = (
    (0x2190, 0x21FF), (0x2300, 0x23FF), (0x25A0, 0x27BF), (0x2900, 0x297F), (0x2B00, 0x2BFF),
    (0x1F000, 0x1F1E5), (0x1F200, 0x1F3FA), (0x1F400, 0x1FAFF),
)  # fmt: skip
_PICTURES = frozenset("©®‼⁉™ℹⓂ〰〽㊗㊙")


def is_picture(character: str) -> bool:
    """Whether this character can be an emoji or a part of one (flags and skin tones apart)."""
    return character in _PICTURES or any(low <= ord(character) <= high for low, high in _PICTURE_RANGES)


def is_flag_letter(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def graphemes(text: str) -> Iterator[str]:
    """The text cut into what readers see as single characters; joined together they give the text back."""
    start = 0
    for place in range(1, len(text) + 1):
        if place == len(text) or _breaks(text, start, place):
            yield text[start:place]
            start = place


def _breaks(text: str, start: int, place: int) -> bool:
    """Whether a new visible character begins at `place`, the current one having begun at `start`."""
    before, after = text[place - 1], text[place]
    if before == "\r" and after == "\n":
        return False
    if _is_control(before) or _is_control(after):
        return True
    if _extends(after):
        return False
    if before == ZERO_WIDTH_JOINER and is_picture(after):
        return not is_picture(text[start])
    if is_flag_letter(before) and is_flag_letter(after):
        return place - start != 1  # two letters make a flag
    return not _joins_in_hangul(before, after)


def _is_control(character: str) -> bool:
    category = unicodedata.category(character)
    return category in ("Cc", "Zl", "Zp") or (category == "Cf" and not _extends(character))


def _extends(character: str) -> bool:
    return (
        unicodedata.category(character) in ("Mn", "Me", "Mc")
        or character in "\u200c\u200d\uff9e\uff9f"
        or "\U0001f3fb" <= character <= "\U0001f3ff"
        or "\U000e0020" <= character <= "\U000e007f"
    )


def _joins_in_hangul(before: str, after: str) -> bool:
    """Leading consonant, vowel and final consonant of one Korean syllable."""
    if not ("\u1100" <= before <= "\ud7a3" and ("\u1100" <= after <= "\u11ff" or "\uac00" <= after <= "\ud7a3")):
        return False
    leading, vowel = "\u1100" <= before <= "\u115f", "\u1160" <= before <= "\u11a7"
    syllable = "\uac00" <= before <= "\ud7a3"
    open_syllable = syllable and (ord(before) - 0xAC00) % 28 == 0
    if leading:
        return after <= "\u11a7" or after >= "\uac00"
    if "\u1160" <= after <= "\u11a7":
        return vowel or open_syllable
    return "\u11a8" <= after <= "\u11ff" and (vowel or syllable or "\u11a8" <= before <= "\u11ff")
