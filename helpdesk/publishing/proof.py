"""Is what was posted what was approved? Equal, equal but for its form, or different; and what exactly
differs.

Networks and hands change the form of a text: quotes become typographic, line breaks go, Markdown signs are
lost, a tracker is added to a link. None of that changes what was said. Anything else does, be it one word
or one figure.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from helpdesk.answers.differences import Piece, differences
from helpdesk.answers.figures import numbers_changed
from helpdesk.intake.links import canonical_link, host_of

Verdict = Literal["equal", "form", "different"]


@dataclass(frozen=True)
class Comparison:
    """`causes` say why the verdict is not "equal", as codes in a fixed order.

    Form: mention, signature, links, markdown, typography, invisible, spaces. Different: shortened_link (a
    network put its own short address, which can't be followed back), figures, words.
    """

    verdict: Verdict
    pieces: tuple[Piece, ...]
    causes: tuple[str, ...] = ()


def digest(text: str) -> str:
    """SHA-256 (64 hexadecimal digits) of the text in UTF-8, composed (NFC) and with plain line ends."""
    return hashlib.sha256(_composed(text).encode("utf-8")).hexdigest()


def compare(approved: str, posted: str, *, mentions: Sequence[str] = (), signatures: Sequence[str] = ()) -> Comparison:
    """Compare the approved variant with what was read back from the channel.

    `mentions` may open and `signatures` may close the posted text without being part of the approved one:
    the handle of the asker that a network adds to a reply, the signature configured for the channel.
    """
    approved, posted = _composed(approved).strip(), _composed(posted).strip()
    pieces = tuple(differences(approved, posted))
    if approved == posted:
        return Comparison("equal", pieces)
    bare, around = _without_surroundings(approved, posted, mentions, signatures)
    if _form(approved) == _form(bare):
        needed = (name for name, _ in _STAGES if _form(approved, without=name) != _form(bare, without=name))
        return Comparison("form", pieces, (*around, *needed) or ("spaces",))
    return Comparison("different", pieces, tuple(_causes(approved, bare)))


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))


# --- what may stand around -----------------------------------------------------------------------------


def _without_surroundings(
    approved: str, posted: str, mentions: Sequence[str], signatures: Sequence[str]
) -> tuple[str, list[str]]:
    """The posted text without the mentions and the signature that were added to it, and which of the two
    there were.
    """
    around = []
    opened = _after_all(posted, mentions)
    if opened != posted and _form(approved) != _form(posted) and not _starts_alike(approved, posted):
        posted = opened
        around.append("mention")
    for signature in map(_composed, signatures):
        closed = signature.strip()
        if closed and posted.endswith(closed) and not approved.endswith(closed):
            posted = posted[: -len(closed)].rstrip()
            around.append("signature")
            break
    return posted, around


def _after_all(text: str, mentions: Sequence[str]) -> str:
    """What follows the mentions at the start of the text, in whatever order they stand."""
    rests = [rest for mention in mentions if (rest := _after(text, mention)) is not None]
    return _after_all(rests[0], [mention for mention in mentions if _after(text, mention) is None]) if rests else text


def _after(text: str, mention: str) -> str | None:
    """What follows `mention` at the start of the text, or None; a longer handle is another one."""
    mention = _composed(mention).strip()
    rest = text[len(mention) :]
    if not mention or not text.startswith(mention) or (rest and (rest[0].isalnum() or rest[0] in "_@")):
        return None
    return rest.lstrip(" \t\n,:")


def _starts_alike(approved: str, posted: str) -> bool:
    return approved.split(maxsplit=1)[:1] == posted.split(maxsplit=1)[:1]


# --- form ----------------------------------------------------------------------------------------------

_LINK = re.compile(r"https?://[^\s<>\"»”)\]]+", re.IGNORECASE)
_LINK_TAIL = re.compile(r"[.,;:!?'’…]+\Z")
_QUOTES = str.maketrans(
    dict.fromkeys("‘’‚‛ʼ′`´", "'") | dict.fromkeys("“”„‟″", '"') | dict.fromkeys("‐‑‒–—―−", "-") | {"…": "..."}
)
_INVISIBLE = re.compile("[\ufe0e\ufe0f\u200b\u2060\ufeff\u00ad\u200e\u200f\u061c\u2066-\u2069]")
_EMPHASIS = re.compile(r"(?<!\w)(\*\*\*|\*\*|\*|__|_|~~|`)(?=\S)([^\n]{1,400}?)(?<=\S)\1(?!\w)")
_MARKDOWN_LINK = re.compile(
    r"!?\[([^\[\]\n]{1,300})\]\((?:mailto:|tel:)?([^()\s]{1,2000})\)|<((?:https?://)[^<>\s]{1,2000})>"
)
_LINE_SIGN = re.compile(r"(?m)^[ \t]*(?:#{1,6}[ \t]+|>[ \t]?|[-*+•–][ \t]+)")
_RULER = re.compile(r"(?m)^[ \t]*(?:[-*_—][ \t]*){3,}$|^(?:`{3}|~{3})\w*$")
_ESCAPED = re.compile(r"\\([\\`*_{}\[\]()#+\-.!>~|])")


def _canonical_links(text: str) -> str:
    def canonical(match: re.Match[str]) -> str:
        tail = _LINK_TAIL.search(match.group())
        end = tail.start() if tail else len(match.group())
        return canonical_link(match.group()[:end]) + match.group()[end:]

    return _LINK.sub(canonical, text)


def _without_markdown(text: str) -> str:
    text = _MARKDOWN_LINK.sub(
        lambda link: link[3] or (link[2] if link[1] == link[2] else f"{link[1]} ({link[2]})"), text
    )
    text = _RULER.sub("", text)
    for _ in range(3):  # quotes of lists, bold in italics
        text = _LINE_SIGN.sub("", text)
        text = _EMPHASIS.sub(r"\2", text)
    return _ESCAPED.sub(r"\1", text)


def _plain_typography(text: str) -> str:
    text = re.sub(r"«\s*|\s*»", '"', text)
    return re.sub(r"[ \t\u00a0\u202f\u2009]+(?=[;:!?%€])", "", text.translate(_QUOTES))


def _without_invisible(text: str) -> str:
    return _INVISIBLE.sub("", text)


def _plain_spaces(text: str) -> str:
    return " ".join(text.split())


_STAGES: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("links", _canonical_links),
    ("markdown", _without_markdown),
    ("typography", _plain_typography),
    ("invisible", _without_invisible),
    ("spaces", _plain_spaces),
)


def _form(text: str, *, without: str | None = None) -> str:
    """The text with everything that is only form made the same, but for one stage left out."""
    for name, stage in _STAGES:
        if name != without:
            text = stage(text)
    return text.strip()


# --- what differs --------------------------------------------------------------------------------------

_SHORTENERS = frozenset(
    {
        "t.co",
        "bit.ly",
        "lnkd.in",
        "buff.ly",
        "ow.ly",
        "tinyurl.com",
        "is.gd",
        "fb.me",
        "youtu.be",
        "dlvr.it",
        "l.facebook.com",
    }
)


def _causes(approved: str, posted: str) -> list[str]:
    before, after = _LINK.findall(approved), _LINK.findall(posted)
    short = [link for link in after if host_of(link) in _SHORTENERS and link not in before]
    causes = ["shortened_link"] if short else []
    for link in [*before, *after]:  # a link is told once, not again as words and figures
        approved, posted = approved.replace(link, "⛓"), posted.replace(link, "⛓")
    if numbers_changed(_form(approved), _form(posted)):
        causes.append("figures")
    if _form(approved) != _form(posted) or not causes:
        causes.append("words")
    return causes
