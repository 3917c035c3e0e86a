"""What goes wrong in real life: two people at once, impatience, hostile text, no mouse, no scripts, wrong person."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import Page, expect

from builders.browsing import (
    Letters,
    Visitors,
    ask,
    hand_over,
    keep_trying,
    link_in,
    offer_to_first,
    open_from_inbox,
    paste,
    rows,
    write,
)
from servers import Served

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'><svg onload=alert(3)> {{ 7*7 }} مرحبا بكم 👩‍👩‍👧🎉"
FORUM = "https://forum.oceliane.example/t/"


def test_two_people_at_once_are_told_what_the_other_did(visitors: Visitors) -> None:
    first, second = visitors.open("cm-1"), visitors.open("cm-2")
    ref = paste(first, FORUM + "two-at-once", "Le répéteur clignote en violet, est-ce normal ?")
    second.goto(f"/tickets/{ref}")
    for page, kind in ((first, "complaint"), (second, "suggestion")):
        page.locator("#triage select[name=class_]").select_option(kind)
    first.get_by_role("button", name="Enregistrer la qualification").click()
    first.wait_for_selector("#triage .facts")
    with second.expect_response(lambda answer: answer.request.method == "POST") as answered:
        second.get_by_role("button", name="Enregistrer la qualification").click()
    assert answered.value.status == 409
    expect(second.get_by_text("Quelqu’un d’autre a agi avant vous")).to_be_visible()
    expect(second.locator(".message-warning")).to_contain_text("Lison Marchais a qualifié la demande")
    assert second.locator("#triage select[name=class_]").input_value() == "suggestion"  # what was chosen is kept


def test_a_double_click_asks_one_question_and_one_expert(visitors: Visitors, relais: Served) -> None:
    page = visitors.open()
    page.goto("/")
    words = f"Combien de chaînes dans le bouquet ? {time.time_ns()}"
    page.get_by_label("Votre question").fill(words)
    page.get_by_role("button", name="Envoyer ma question").dblclick()
    page.wait_for_url("**/status/*")
    assert rows(relais.data_dir, "SELECT count(*) FROM question WHERE text = ?", words) == [(1,)]

    cm = visitors.open("cm-1")
    ref = open_from_inbox(cm, words[:30])
    keep_trying(cm, ".suggestion")
    cm.locator(".suggestion").first.get_by_role("button", name="Solliciter").dblclick()
    cm.wait_for_selector("#offer .offer")
    offers = "SELECT count(*) FROM offer JOIN ticket ON ticket.id = ticket_id WHERE ref = ?"
    assert rows(relais.data_dir, offers, ref) == [(1,)]


def test_twenty_thousand_hostile_characters_stay_text_everywhere(visitors: Visitors, letter: Letters) -> None:
    filler = "é" * (20_000 - len(HOSTILE) - 40)
    words = f"Dangereux {time.time_ns()}"
    asker = ask(visitors, f"{words} {HOSTILE} {filler}")
    expect(asker.locator(".asked")).to_contain_text("<script>alert(1)</script>")
    cm = visitors.open("cm-1")
    ref = open_from_inbox(cm, words)
    expect(cm.locator(".utterance-text")).to_contain_text("onerror=alert(2)")
    expect(cm.locator(".utterance-text")).to_contain_text("{{ 7*7 }} مرحبا")
    assert cm.evaluate("document.documentElement.scrollWidth") <= 1280, "a long word widens the page"
    cm.goto(f"/search?q={words.replace(' ', '+')}")
    expect(cm.get_by_role("heading", level=1)).to_be_visible()
    cm.goto(f"/tickets/{ref}")
    offer_to_first(cm)
    phone = visitors.open(phone=True)
    phone.goto(link_in(letter(None, ref, "/answer/"), "/answer/"))
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    phone.get_by_role("button", name="Oui, je réponds").click()
    write(phone, f"Réponse **grasse** {HOSTILE} [lien](javascript:alert(4))", title=HOSTILE)
    expect(phone.locator("[data-preview] strong")).to_have_text("grasse")
    assert phone.locator("[data-preview] :is(script, img, svg, [onload], a[href^=javascript])").count() == 0
    hand_over(phone)
    expect(phone.locator(".expert")).to_contain_text("<script>alert(1)</script>")


def test_a_longer_text_is_refused_and_kept(visitors: Visitors) -> None:
    page = visitors.open(java_script_enabled=False)
    page.goto("/")
    page.get_by_label("Votre question").fill("à" * 20_001)
    page.get_by_role("button", name="Envoyer ma question").click()
    expect(page.locator(".error-summary")).to_contain_text("20")
    assert len(page.get_by_label("Votre question").input_value()) == 20_001


def test_the_public_form_needs_no_mouse(visitors: Visitors) -> None:
    page = visitors.open()
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    tab_to(page, "textarea[name=text]")
    page.keyboard.type("Vos boutiques sont-elles ouvertes le lundi ?")
    tab_to(page, "form button.button-primary")
    page.keyboard.press("Enter")
    page.wait_for_url("**/status/*")
    expect(page.get_by_text("Vos boutiques sont-elles ouvertes le lundi ?")).to_be_visible()


def tab_to(page: Page, selector: str, most: int = 25) -> None:
    for _press in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    pytest.fail(f"{selector} cannot be reached by Tab")


def test_the_inbox_is_walked_by_keys(visitors: Visitors) -> None:
    cm = visitors.open("cm-1")
    cm.goto("/inbox?queue=route")
    links = cm.locator(".queue-link")
    cm.keyboard.press("j")
    expect(links.nth(0)).to_be_focused()
    cm.keyboard.press("j")
    expect(links.nth(1)).to_be_focused()
    cm.keyboard.press("k")
    expect(links.nth(0)).to_be_focused()
    cm.keyboard.press("/")
    expect(cm.locator("#seek")).to_be_focused()
    cm.keyboard.type("jk/")  # in a field, keys are letters
    expect(cm.locator("#seek")).to_have_value("jk/")
    cm.locator("#seek").blur()
    links.nth(0).focus()
    cm.keyboard.press("Enter")
    cm.wait_for_url("**/tickets/*")
    cm.keyboard.press("u")
    cm.wait_for_url("**/inbox*")


def test_asking_and_answering_work_without_scripts(visitors: Visitors, letter: Letters) -> None:
    page = visitors.open(java_script_enabled=False)
    page.goto("/")
    words = f"Le décodeur enregistre-t-il deux chaînes à la fois ? {time.time_ns()}"
    page.get_by_label("Votre question").fill(words)
    page.get_by_role("button", name="Envoyer ma question").click()
    expect(page.get_by_text(words)).to_be_visible()
    cm = visitors.open("cm-1")
    ref = open_from_inbox(cm, words[-19:])
    offer_to_first(cm)
    expert = visitors.open(phone=True, java_script_enabled=False)
    expert.goto(link_in(letter(None, ref, "/answer/"), "/answer/"))
    expert.get_by_role("button", name="Oui, je réponds").click()
    write(expert, "Oui, deux chaînes **à la fois**.")
    expert.get_by_role("button", name="Enregistrer cette version").click()
    expect(expert.locator("[name=body]")).to_have_value("Oui, deux chaînes **à la fois**.")
    hand_over(expert)


def test_a_broken_or_spent_link_says_so(visitors: Visitors) -> None:
    page = visitors.open()
    for address in ("/answer/notalink", "/status/notalink", "/account/password/notalink"):
        answer = page.goto(address)
        assert answer is not None
        assert answer.status in (404, 410), address
        expect(page.get_by_role("heading", level=1)).to_have_count(1)


def test_what_is_not_for_somebody_does_not_exist_for_them(visitors: Visitors) -> None:
    for handle, addresses in {
        "exp-box-01": ("/inbox", "/publish", "/admin", "/approve"),
        "adm-1": ("/inbox", "/tickets/R-2026-000001", "/questions"),
        None: ("/inbox", "/admin", "/questions"),
    }.items():
        page = visitors.open(handle)
        for address in addresses:
            answer = page.goto(address)
            assert answer is not None
            if handle is None:
                assert re.search(r"/account/sign-in", page.url), address
            else:
                assert answer.status == 404, f"{handle} {address}"
