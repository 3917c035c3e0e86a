"""Plain text of an answer's safe HTML (see `markup`), as it is pasted where no Markdown is understood."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_BLANKS = re.compile(r"[ \t\r\n]+")  # the no-break spaces of French typography stay
_BLOCKS = frozenset({"p", "h3", "h4", "h5", "h6", "pre", "tr", "hr"})


def plain_from_html(html: str) -> str:
    """The text with paragraphs kept: lists as "- " or "1. ", quotes as "> ", rows as "a | b", links with
    address.
    """
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.text()


class _Reader(HTMLParser):
    """Builds lines. `_margins` are the beginnings of lines in the lists and quotes that are open."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._blocks: list[tuple[str, bool]] = []  # text of a block, and whether it stands close to the one before
        self._inline: list[str] = []
        self._margins: list[str] = []
        self._bullet: str | None = None
        self._numbers: list[int | None] = []  # next number of each open list; None: bullets
        self._links: list[tuple[str, int]] = []
        self._verbatim = False
        self._cells = 0
        self._close = False

    # --- what the parser tells ---------------------------------------------------------------------

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag in _BLOCKS or tag in ("ul", "ol", "li", "blockquote"):
            self._end_block()
        if tag == "br":
            self._inline.append("\n")
        elif tag == "hr":
            self._inline.append("———")
            self._end_block()
        elif tag == "a":
            self._links.append((values.get("href") or "", len(self._inline)))
        elif tag in ("ul", "ol"):
            self._close = bool(self._numbers)
            self._numbers.append(int(values.get("start") or 1) if tag == "ol" else None)
        elif tag == "li":
            self._start_item()
        elif tag == "blockquote":
            self._margins.append("> ")
        elif tag == "pre":
            self._verbatim = True
        elif tag in ("td", "th"):
            before = "".join(self._inline).rstrip()
            self._inline = [f"{before} | " if self._cells else before]
            self._cells += 1

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._links:
            self._end_link()
        elif tag in ("li", "blockquote"):
            self._end_block()
            self._margins.pop()
            self._bullet = None
            self._close = tag == "li"
        elif tag in ("ul", "ol"):
            self._end_block()
            self._numbers.pop()
            self._close = bool(self._numbers)
        elif tag in _BLOCKS:
            self._end_block()
            self._close = tag == "tr"
        if tag == "pre":
            self._verbatim = False
        elif tag == "table":
            self._close = False

    def handle_data(self, data: str) -> None:
        self._inline.append(data if self._verbatim else _BLANKS.sub(" ", data))

    # --- what is built from it ---------------------------------------------------------------------

    def text(self) -> str:
        self._end_block()
        pieces: list[str] = []
        for block, close in self._blocks:
            if pieces:
                pieces.append("\n" if close else "\n\n")
            pieces.append(block)
        return "".join(pieces)

    def _start_item(self) -> None:
        number = self._numbers[-1] if self._numbers else None
        bullet = "- " if number is None else f"{number}. "
        if number is not None:
            self._numbers[-1] = number + 1
        self._margins.append(" " * len(bullet))
        self._bullet = bullet

    def _end_link(self) -> None:
        address, start = self._links.pop()
        words = "".join(self._inline[start:]).strip()
        bare = re.sub(r"\A(?:https?://|mailto:|tel:)", "", address)
        if words.rstrip("/") in (address.rstrip("/"), bare.rstrip("/")):
            self._inline[start:] = [address if address.startswith("http") else words]
        elif address:
            self._inline.append(f" ({bare if address.startswith(('mailto:', 'tel:')) else address})")

    def _end_block(self) -> None:
        text = "".join(self._inline)
        self._inline, self._cells = [], 0
        text = text.strip("\n") if self._verbatim else re.sub(r" *\n *", "\n", text).strip(" \n")
        if not text:
            return  # an item whose text follows in a paragraph of its own keeps its bullet for it
        first = "".join(self._margins)
        if self._bullet is not None:
            first = "".join(self._margins[:-1]) + self._bullet
        rest = "".join(self._margins)
        head, *tail = text.split("\n")
        block = "\n".join([first + head, *(f"{rest}{line}".rstrip() for line in tail)])
        self._blocks.append((block, self._close))
        self._bullet, self._close = None, False
