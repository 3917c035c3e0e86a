"""The search box in a real browser: its list by keyboard, and what was just saved found."""

from __future__ import annotations

from playwright.sync_api import expect

from builders.browsing import Visitors, ask, keep_trying


def test_the_list_below_the_box_is_walked_by_keyboard(visitors: Visitors) -> None:
    page = visitors.open("cm-1")
    page.goto("/search")
    box = page.locator("#words")
    expect(box).to_have_attribute("role", "combobox")
    expect(box).to_have_attribute("aria-expanded", "false")
    box.press_sequentially("fibre éta")
    options = page.locator(".completed [role=option]")
    expect(options.first).to_contain_text("état:")
    expect(box).to_have_attribute("aria-expanded", "true")
    box.press("ArrowDown")
    expect(box).to_have_attribute("aria-activedescendant", str(options.first.get_attribute("id")))
    expect(options.first).to_have_attribute("aria-selected", "true")
    box.press("Enter")
    expect(box).to_have_value("fibre état:")
    expect(options.first).to_contain_text("état:reçue")
    box.press("ArrowDown")
    box.press("Enter")
    expect(box).to_have_value("fibre état:reçue ")
    expect(page.locator(".completed [role=listbox]")).to_be_hidden()
    box.press("Enter")
    expect(page.locator(".search-chip b")).to_have_text("reçue")
    expect(box).to_have_attribute("role", "combobox")  # the new page has started its scripts
    box.press("End")
    box.press_sequentially(" dép")
    expect(options.first).to_be_visible()
    box.press("Escape")
    expect(page.locator(".completed [role=listbox]")).to_be_hidden()
    expect(box).to_have_attribute("aria-expanded", "false")


def test_the_box_works_without_scripts(visitors: Visitors) -> None:
    page = visitors.open("cm-1", java_script_enabled=False)
    page.goto("/search")
    page.locator("#words").fill("fibre type:question")
    page.locator(".search-form button").click()
    expect(page.locator(".search-chip b")).to_have_text("question")
    keep_trying(page, ".found-row mark")  # a demo that has just started is still being indexed
    page.locator(".search-chip").click()
    expect(page.locator("#words")).to_have_value("fibre")


def test_what_was_just_asked_is_found_without_anybody_doing_anything(visitors: Visitors) -> None:
    """How soon is measured by `bin/relais bench freshness`: a test on a busy machine can't tell."""
    ask(visitors, "Le zorglubon de mon compteur clignote depuis ce matin, que faire ?")
    cm = visitors.open("cm-1")
    cm.goto("/search?q=zorglubon+état:reçue")
    keep_trying(cm, ".found-row mark")
    expect(cm.locator(".found-row")).to_have_count(1)
