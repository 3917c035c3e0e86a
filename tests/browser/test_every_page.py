"""Every page that a role can reach, in a real browser: axe finds nothing, light or dark, on a desktop or a phone."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from builders.browsing import DESKTOP, PHONE, Letters, Visitors, ask, link_in, offer_to_first, open_from_inbox
from pages.examination import faults, kind_of

WHO = ("cm-1", "head-box", "exp-box-01", "adm-1", None)
EVERYTHING = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# size, colours, rules: everything once, then what a dark or a small page can change. (What is the same in both colours,
# the place and the size of things, is looked at in one.)
LOOKS: tuple[tuple[Any, Any, list[str]], ...] = (
    (DESKTOP, "light", EVERYTHING),
    (DESKTOP, "dark", ["color-contrast"]),
    (PHONE, "dark", ["color-contrast", "target-size", "scrollable-region-focusable"]),
)
MADE_BY_WORKERS = ("/tickets", "/questions", "/search")  # pages that the crawl without workers sees half empty
LINKS = """[...document.links]
    .filter(link => link.origin == location.origin && !/\\.(csv|xlsx|yaml)$/.test(link.pathname))
    .map(link => link.pathname + link.search)"""
LIBRARY = Axe().axe_script
# Of rows built alike, axe looks at the first: they hold the same elements with the same attributes (but for what only
# names or leads somewhere) and text in the same places, and style sheets cannot tell them apart by their place.
MARK_ALIKE = """() => {
    const names = /^(id|for|name|value|href|src|action|title|datetime|aria-(label|labelledby|describedby|controls))$/;
    const attribute = ({name, value}) => name + "=" + (names.test(name) ? Boolean(value.trim()) : value);
    const element = node => [node.localName, ...[...node.attributes].map(attribute), "(",
        ...[...node.childNodes].map(built), ")"].join(" ");
    const built = node => node.nodeType === Node.TEXT_NODE ? (node.data.trim() && "text")
        : node.nodeType === Node.ELEMENT_NODE ? element(node) : "";
    document.querySelectorAll("[data-alike]").forEach(row => row.removeAttribute("data-alike"));
    for (const list of document.querySelectorAll("body *")) {
        if (list.closest("select, [data-alike]")) continue;
        const seen = new Set();
        [...list.children].forEach((row, place, rows) => {
            const one = [place === 0, place % 2, place === rows.length - 1, built(row)].join(" ");
            row.toggleAttribute("data-alike", seen.has(one));
            seen.add(one);
        });
    }
}"""


@pytest.fixture(scope="module")
def in_every_look() -> set[str]:
    """The kinds of pages that somebody saw in every look: what other roles see there is looked at once."""
    return set()


@pytest.mark.slow
@pytest.mark.parametrize("handle", WHO)
def test_nothing_is_in_anybodys_way(visitors: Visitors, in_every_look: set[str], handle: str | None) -> None:
    page = visitors.open(handle)
    home = "/account/home" if handle else "/account/sign-in"
    waiting, seen, wrong = [home, "/"], set[str](), []
    while waiting:
        address = waiting.pop(0)
        kind = kind_of(address).split("?")[0]
        if kind in seen:
            continue
        seen.add(kind)
        answer = page.goto(address)
        assert answer is not None
        if answer.status != 200:
            wrong.append(f"{address}: {answer.status}")
        if kind.startswith(MADE_BY_WORKERS):
            wrong += [f"{address}: {fault}" for fault in faults(answer.text(), "fr")]
        wrong += [f"{address}: {fault}" for fault in looked_at(page, LOOKS[:1] if kind in in_every_look else LOOKS)]
        in_every_look.update({kind} - {home})  # everybody's home is another page
        waiting += page.evaluate(LINKS)
    assert not wrong, "\n".join(wrong)
    assert len(seen) >= 4


@pytest.mark.slow
def test_nor_on_the_pages_that_only_a_letter_or_a_mistake_leads_to(visitors: Visitors, letter: Letters) -> None:
    question = f"Quel débit avec la fibre Éco ? {time.time_ns()}"
    asker = ask(visitors, question, email="curieuse@example.org")
    wrong = [f"status: {fault}" for fault in looked_at(asker, LOOKS)]
    first, late = visitors.open("cm-1"), visitors.open("cm-2")
    ref = open_from_inbox(first, question)
    late.goto(f"/tickets/{ref}")
    offer_to_first(first)
    late.locator("#triage select[name=class_]").select_option("complaint")
    late.get_by_role("button", name="Enregistrer la qualification").click()
    expect(late.locator(".message-warning").first).to_be_visible()
    wrong += [f"somebody was quicker: {fault}" for fault in looked_at(late, LOOKS)]
    link = link_in(letter(None, ref, "/answer/"), "/answer/")
    expert = visitors.open()
    expert.goto(link)
    wrong += [f"asked: {fault}" for fault in looked_at(expert, LOOKS)]
    expert.get_by_role("button", name="Oui, je réponds").click()
    expert.wait_for_selector("[name=body]")
    wrong += [f"answering: {fault}" for fault in looked_at(expert, LOOKS)]
    for address in ("/answer/over-since-long", "/status/never-given", "/nothing", "/account/password/never-given"):
        answer = expert.goto(address)
        assert answer is not None
        assert answer.status in (404, 410), address
        wrong += [f"{address}: {fault}" for fault in looked_at(expert, LOOKS)]
    assert not wrong, "\n".join(wrong)


def looked_at(page: Page, looks: tuple[tuple[Any, Any, list[str]], ...]) -> list[str]:
    """What axe finds in these looks of the page, and whether it is ever wider than the screen."""
    found = []
    page.evaluate(LIBRARY)
    page.evaluate(MARK_ALIKE)
    for size, scheme, rules in looks:
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # no colour is halfway when it is looked at
        found += [f"{size['width']} {scheme}: {each}" for each in violations(page, rules)]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{size['width']}: wider than the screen")
    page.set_viewport_size(DESKTOP)
    page.emulate_media(color_scheme="light")
    return found


def violations(page: Page, rules: list[str]) -> list[str]:
    options = {"runOnly": rules, "resultTypes": ["violations"], "preload": False, "iframes": False}
    where = {"include": [["html"]], "exclude": [["[data-alike]"]]}
    report = page.evaluate(f"axe.run({json.dumps(where)}, {json.dumps(options)})")["violations"]
    return [f"{each['id']} {node['target']} {node['html'][:120]}" for each in report for node in each["nodes"][:3]]
