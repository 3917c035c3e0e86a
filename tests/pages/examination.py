"""What every page must be, whoever reads it: one function that looks at the HTML of a page and says what is wrong.

Used by the crawl of all pages in this folder, and by the browser tests on what the real server sends.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from urllib.parse import urljoin, urlsplit
from xml.etree.ElementTree import Element

import html5lib
from babel.messages.pofile import read_po
from html5lib.html5parser import ParseError

CATALOGUE = Path(__file__).resolve().parents[2] / "translations" / "fr" / "LC_MESSAGES" / "messages.po"
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
FIELDS = ("input", "select", "textarea")
UNLABELLED = ("hidden", "submit", "button", "image")
POINTERS = ("aria-labelledby", "aria-describedby", "aria-controls", "for", "list")
WRITTEN_BY_PEOPLE = ("as-written", "prose", "queue-link", "review-words", "official-text", "precedent-title")


def faults(html: str, locale: str) -> list[str]:
    """What is wrong with a page in `locale`; empty when nothing is. Raises nothing for whatever the page holds."""
    try:
        page = _tree(html)
    except ParseError as error:
        return [f"the markup is not valid: {error}"]
    of_page = (_headings(page), _names(page), _fields(page), _inline(page))
    return [*_head(page, locale), *(fault for found in of_page for fault in found), *_words(page, locale)]


def links(html: str, address: str) -> list[str]:
    """The addresses of our own pages that a page links to, without fragments, in their order."""
    try:
        page = _tree(html)
    except ParseError:
        page = html5lib.parse(html, namespaceHTMLElements=False)
    found = []
    for link in page.iter("a"):
        target = urlsplit(urljoin(address, link.get("href", "")))
        if target.netloc == urlsplit(address).netloc and target.scheme in ("http", "https"):
            found.append(target.path + (f"?{target.query}" if target.query else ""))
    return list(dict.fromkeys(found))


@lru_cache(maxsize=1)
def _tree(html: str) -> Element:
    """The page, read once for whoever looks at it next. Raises ParseError when its markup is not valid."""
    page: Element = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(html)
    return page


def kind_of(address: str) -> str:
    """Addresses of the same kind of page, with the same questions asked of it, give the same words."""
    path, _mark, query = address.partition("?")
    path = re.sub(r"R-\d{4}-\d{6}", "REF", path)
    path = re.sub(r"^(/answers|/admin/people|/admin/topics|/admin/departments|/admin/channels)/[^/]+", r"\1/ONE", path)
    path = re.sub(r"/\d+\b", "/N", path)
    path = re.sub(r"^/(status|answer)/.+", r"/\1/SECRET", path)
    asked = sorted(part for part in query.split("&") if part and not part.startswith("cursor="))
    names = [
        part if part.startswith(("queue=", "state=", "status=", "late=")) else part.split("=")[0] for part in asked
    ]
    return path + ("?" + "&".join(names) if names else "") + ("&cursor" if "cursor=" in query else "")


def _head(page: Element, locale: str) -> Iterator[str]:
    if page.get("lang") != locale:
        yield f"the page says lang={page.get('lang')}, not {locale}"
    title = page.find(".//title")
    if title is None or not (title.text or "").strip():
        yield "the page has no title"
    if page.find(".//main") is None:
        yield "the page has no main part"


def _headings(page: Element) -> Iterator[str]:
    levels = [int(element.tag[1]) for element in page.iter() if element.tag in HEADINGS]
    if levels.count(1) != 1:
        yield f"{levels.count(1)} h1"
    for before, after in zip([0, *levels], levels, strict=False):
        if after > before + 1:
            yield f"h{after} follows h{before}"


def _names(page: Element) -> Iterator[str]:
    ids = Counter(element.get("id") for element in page.iter() if element.get("id") is not None)
    yield from (f"id {name!r} is there {count} times" for name, count in ids.items() if count > 1)
    for element in page.iter():
        for pointer in POINTERS:
            for name in (element.get(pointer) or "").split():
                if name not in ids:
                    yield f"{element.tag} {pointer}={name!r} points nowhere"


def _fields(page: Element) -> Iterator[str]:
    named = {label.get("for") for label in page.iter("label")}
    wrapped = {id(field) for label in page.iter("label") for field in label.iter() if field.tag in FIELDS}
    for field in page.iter():
        if field.tag not in FIELDS or field.get("type") in UNLABELLED:
            continue
        if not (
            field.get("id") in named or field.get("aria-label") or field.get("aria-labelledby") or id(field) in wrapped
        ):
            yield f"the field {field.get('name')!r} has no label"


def _inline(page: Element) -> Iterator[str]:
    for element in page.iter():
        if element.tag == "style" or (element.tag == "script" and element.get("src") is None):
            yield f"an inline {element.tag}"
        yield from (f"{element.tag} {name}" for name in element.attrib if name == "style" or str(name).startswith("on"))


def _words(page: Element, locale: str) -> Iterator[str]:
    if locale != "fr":
        return
    for text in _ours(page):
        if " ".join(text.split()) in untranslated():
            yield f"English on a French page: {text.strip()!r}"


def _ours(element: Element) -> Iterator[str]:
    """The texts of a page that we wrote ourselves: not questions and answers, nor parts in another language."""
    if element.tag in ("script", "title", "pre", "option") or not isinstance(element.tag, str):
        return
    own = set((element.get("class") or "").split()).isdisjoint(WRITTEN_BY_PEOPLE) and element.get("lang") in (
        None,
        "fr",
    )
    if own:
        yield element.text or ""
        yield from (element.get(name) or "" for name in ("aria-label", "placeholder", "title"))
        for child in element:
            yield from _ours(child)
            yield child.tail or ""


@cache
def untranslated() -> frozenset[str]:
    """The English of our own messages that reads otherwise in French."""
    with CATALOGUE.open("rb") as file:
        catalogue = read_po(file, locale="fr")
    plain = (message for message in catalogue if isinstance(message.id, str) and message.id)
    different = {message.id for message in plain if message.string and message.string != message.id}
    french = {message.string for message in catalogue if isinstance(message.string, str)}
    return frozenset(different - french)
