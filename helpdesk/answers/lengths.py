"""How long a text is for the channel it goes to, counted as that channel counts, and which variant fits.

Nothing is ever cut: a text that does not fit is refused, and people write a shorter one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from helpdesk.answers.graphemes import EMOJI_STYLE, KEYCAP, graphemes, is_flag_letter, is_picture
from helpdesk.errors import BadInput, Problem

CHARACTERS, VISIBLE, WEIGHTED, BYTES = "characters", "visible characters", "weighted characters", "bytes"


@dataclass(frozen=True)
class Length:
    """`count` and `limit` in `unit`; no limit is None."""

    count: int
    limit: int | None
    unit: str

    @property
    def fits(self) -> bool:
        return self.limit is None or self.count <= self.limit


@dataclass(frozen=True)
class Variant:
    """The text to publish, word for word; `which` is "body" or "short"."""

    text: str
    which: str
    length: Length


_LINK = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
# A few endings that X makes links of even without "https://".
_BARE_LINK = re.compile(
    r"(?<![\w@./\-])(?:[\w\-]{1,63}\.){1,8}(?:com|org|net|info|fr|eu|io|be|ch|lu|ca|uk|de|es|it|paris|bzh|app|dev)\b(?![\w@.])"
    r"(?:/[^\s<>\"]*)?",
    re.IGNORECASE,
)
_LINK_TAIL = re.compile(r"[.,;:!?'\"»”’…)\]]+\Z")
_FULL_MENTION = re.compile(r"(?<![\w/@])@(\w[\w.\-]{0,63})@[\w.\-]+\w")


def _with_links_as(size: int | None, text: str, pattern: re.Pattern[str] = _LINK) -> str:
    """The text with each link replaced by `size` plain letters; the punctuation after a link is not part of
    it.
    """
    if size is None:
        return text

    def stand_in(match: re.Match[str]) -> str:
        tail = _LINK_TAIL.search(match.group())
        return "x" * size + (tail.group() if tail else "")

    return pattern.sub(stand_in, text)


def _utf16(text: str, link: int | None) -> int:
    """As pages written in JavaScript count: an emoji outside the first plane is two."""
    return len(_with_links_as(link, text).encode("utf-16-le", "surrogatepass")) // 2


def _code_points(text: str, link: int | None) -> int:
    return len(_with_links_as(link, text))


def _bytes(text: str, link: int | None) -> int:
    return len(_with_links_as(link, text).encode("utf-8", "surrogatepass"))


def _visible(text: str, link: int | None) -> int:
    return sum(1 for _ in graphemes(_with_links_as(link, text)))


def _mastodon(text: str, link: int | None) -> int:
    """Links count the same whatever their length, and of `@name@server` only `@name`."""
    return _visible(_FULL_MENTION.sub(r"@\1", _with_links_as(link, text)), None)


def _x(text: str, link: int | None) -> int:
    """Weights of X: 1 for Latin, Greek, Cyrillic, Semitic… letters and common punctuation, 2 for all else."""
    text = unicodedata.normalize("NFC", text)
    text = _with_links_as(link, _with_links_as(link, text), _BARE_LINK)
    return sum(_x_weight(grapheme) for grapheme in graphemes(text))


def _x_weight(grapheme: str) -> int:
    joined = len(grapheme) > 1 and (is_picture(grapheme[0]) or KEYCAP in grapheme or EMOJI_STYLE in grapheme)
    if joined or is_flag_letter(grapheme[0]):
        return 2
    return sum(1 if _is_light_on_x(ord(character)) else 2 for character in grapheme)


def _is_light_on_x(code: int) -> bool:
    return code <= 0x10FF or 0x2000 <= code <= 0x200D or 0x2010 <= code <= 0x201F or 0x2032 <= code <= 0x2037


@dataclass(frozen=True)
class _Rule:
    count: Callable[[str, int | None], int]
    unit: str
    limit: int | None
    link: int | None = None


_RULES: dict[str, tuple[_Rule, ...]] = {
    "mastodon": (_Rule(_mastodon, VISIBLE, 500, link=23),),
    "bluesky": (_Rule(_visible, VISIBLE, 300), _Rule(_bytes, BYTES, 3_000)),
    "x": (_Rule(_x, WEIGHTED, 280, link=23),),
    "facebook": (_Rule(_utf16, CHARACTERS, 8_000),),
    "instagram": (_Rule(_utf16, CHARACTERS, 2_200),),
    "linkedin": (_Rule(_utf16, CHARACTERS, 1_250),),
    "discourse": (_Rule(_code_points, CHARACTERS, 32_000),),
    "google_reviews": (_Rule(_bytes, BYTES, 4_096),),
    "google_avis": (_Rule(_bytes, BYTES, 4_096),),
}
_NO_LIMIT = (_Rule(_code_points, CHARACTERS, None),)


def measure(kind: str, text: str, *, max_chars: int | None = None, url_counts_as: int | None = None) -> Length:
    """The length of a plain text as `kind` of channel counts it; a channel's own settings replace the usual
    ones.

    A kind that is not known (web, e-mail, a forum copied by hand…) has no limit but the one given. Where
    two limits apply, the answer is about the one that is broken, else about the first.
    """
    text = text.replace("\r\n", "\n")
    measures = []
    for number, rule in enumerate(_RULES.get(kind, _NO_LIMIT)):
        limit = max_chars if max_chars is not None and number == 0 else rule.limit
        link = url_counts_as if url_counts_as is not None else rule.link
        measures.append(Length(rule.count(text, link if rule.unit != BYTES else None), limit, rule.unit))
    return next((length for length in measures if not length.fits), measures[0])


def choose_variant(
    kind: str,
    body_plain: str,
    short: str | None,
    *,
    max_chars: int | None = None,
    url_counts_as: int | None = None,
) -> Variant:
    """The body if it fits, else the short variant if it fits. Raises `BadInput` that tells each length and
    limit.
    """
    problems = []
    for which, text in (("body", body_plain), ("short", short)):
        if not text or not text.strip():
            problems.append(Problem(which, "missing_for_channel" if which == "short" else "missing"))
            continue
        length = measure(kind, text, max_chars=max_chars, url_counts_as=url_counts_as)
        if length.fits:
            return Variant(text, which, length)
        figures = {"count": length.count, "limit": length.limit, "unit": length.unit}
        problems.append(Problem(which, "too_long_for_channel", figures))
    raise BadInput(problems)
