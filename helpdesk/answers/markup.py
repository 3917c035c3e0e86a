"""What an expert writes in Markdown becomes safe HTML for our pages, or plain text for networks without
Markdown.

Both come from the same rendering, so what is approved, shown and pasted says the same. Nothing a person
typed is lost: raw HTML is shown as it was typed, a picture becomes a link to it, and a `#word` that starts
a line stays a hashtag.
"""

from __future__ import annotations

import re
from typing import Any
from xml.etree.ElementTree import Element

import nh3
from markdown import Markdown
from markdown.blockprocessors import HashHeaderProcessor
from markdown.extensions import Extension
from markdown.inlinepatterns import InlineProcessor
from markdown.treeprocessors import Treeprocessor

from helpdesk.answers.plain import plain_from_html

_TAGS = {
    "p", "br", "strong", "em", "a", "ul", "ol", "li", "blockquote", "code", "pre", "h3", "h4", "h5", "h6",
    "hr", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
_LINK = re.compile(r"(?:https?://[^/\s]|mailto:[^\s]|tel:[+\d])", re.IGNORECASE)
_SCHEMES = {"http", "https", "mailto", "tel"}
_HEADING_SHIFT = 2  # a page has its own h1 and its sections h2


def to_html(markdown: str) -> str:
    """Safe HTML of an answer. Headings start at h3; links open with `rel="noopener noreferrer nofollow
    ugc"`.
    """
    source = markdown.encode("utf-8", "replace").decode("utf-8")
    renderer = Markdown(
        extensions=[
            "fenced_code",
            "tables",
            "sane_lists",
            "nl2br",
            _House(strict=source.count("[") > _MANY_BRACKETS),
        ],
        output_format="html",
        tab_length=2,
    )
    return nh3.clean(
        renderer.convert(_shallow(source)),
        tags=_TAGS,
        attributes={"a": {"href"}, "ol": {"start"}},
        attribute_filter=_listed,
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer nofollow ugc",
    )


def to_plain(markdown: str) -> str:
    """The same answer as text to paste: paragraphs kept, "- " before list items, links as "words
    (address)".
    """
    return plain_from_html(to_html(markdown))


def _listed(tag: str, attribute: str, value: str) -> str | None:
    """Only the listed attributes (the library adds `title` and `lang` to any list), only complete addresses.

    A link to a page of ours would mean something else on another site.
    """
    if (tag, attribute) == ("a", "href"):
        return value if _LINK.match(value) else None
    if (tag, attribute) == ("ol", "start"):
        return value if value.isdecimal() else None
    return value if (tag, attribute) == ("a", "rel") else None  # never the writer's: it is set by `link_rel`


# The parser calls itself for each level of lists and quotes: six marks on a line, ten levels of indentation.
_DEEP_ITEM = re.compile(r"(?m)^((?:[ \t]*(?:\d{1,9}[.)]|[-+*>])(?:[ \t]+|(?<=>))){6})(?=[ \t]*(?:\d|[-+*>]))")
_DEEP_MARGIN = re.compile(r"(?m)^[ \t]{20,}")
# It looks for the end of each bracket through the rest of its paragraph: thousands would take minutes.
_MANY_BRACKETS = 100


def _shallow(source: str) -> str:
    return _DEEP_ITEM.sub(r"\1\\", _DEEP_MARGIN.sub(" " * 20, source))


class _House(Extension):
    """Our dialect of Markdown. `strict`: only links without brackets or parentheses inside count, and no
    pictures.
    """

    def __init__(self, *, strict: bool) -> None:
        super().__init__()
        self._strict = strict

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 (the name is the library's)
        md.preprocessors.deregister("html_block")
        md.inlinePatterns.deregister("html")
        md.parser.blockprocessors.deregister("code")  # an indented paragraph is a paragraph; code is fenced
        md.parser.blockprocessors.register(_SpacedHeading(md.parser), "hashheader", 70)
        md.inlinePatterns.register(_BareLink(_BareLink.PATTERN, md), "bare_link", 105)
        if self._strict:
            for name in _BRACKET_PATTERNS:
                md.inlinePatterns.deregister(name)
            md.inlinePatterns.register(_StrictLink(_StrictLink.PATTERN, md), "link", 160)
        md.treeprocessors.register(_Tame(md), "tame", 5)


_BRACKET_PATTERNS = (
    "link", "reference", "short_reference", "image_link", "image_reference", "short_image_ref",
)  # fmt: skip


class _StrictLink(InlineProcessor):
    """`[words](address)` found without searching further than its own signs."""

    PATTERN = r"\[([^\[\]\n]{1,300})\]\(([^()\s]{1,2000})\)"
    ANCESTOR_EXCLUDES = ("a",)

    def handleMatch(  # type: ignore[override]  # noqa: N802 (the name is the library's)
        self, m: re.Match[str], data: str
    ) -> tuple[Element | None, int | None, int | None]:
        link = Element("a", {"href": m.group(2)})
        link.text = m.group(1)
        return link, m.start(0), m.end(0)


class _SpacedHeading(HashHeaderProcessor):
    """A heading needs a blank after its marks; `#fibre` is a hashtag."""

    RE = re.compile(r"(?:^|\n)(?P<level>#{1,6})[ \t]+(?P<header>[^\n]*?)#*(?:\n|$)")


class _BareLink(InlineProcessor):
    """`https://…` in running text is a link; the punctuation after it is not part of it."""

    PATTERN = r"\bhttps?://[^\s<>\"`\x02\x03]{3,2000}"
    ANCESTOR_EXCLUDES = ("a",)

    def handleMatch(  # type: ignore[override]  # noqa: N802 (the name is the library's)
        self, m: re.Match[str], data: str
    ) -> tuple[Element | None, int | None, int | None]:
        address = m.group()
        while address and (
            address[-1] in ".,;:!?'*_]»”’…" or (address[-1] == ")" and address.count("(") < address.count(")"))
        ):
            address = address[:-1]
        link = Element("a", {"href": address})
        link.text = address
        return link, m.start(0), m.start(0) + len(address)


class _Tame(Treeprocessor):
    """Headings go down two levels, and a picture becomes a link to it."""

    def run(self, root: Element) -> Any:
        for element in root.iter():
            if re.fullmatch("h[1-6]", element.tag):
                element.tag = f"h{min(6, int(element.tag[1]) + _HEADING_SHIFT)}"
            elif element.tag == "img":
                source, words = element.get("src", ""), element.get("alt", "")
                element.tag, element.text = "a", words or source
                element.attrib.clear()
                element.set("href", source)
