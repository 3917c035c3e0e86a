"""Whole stories in a real browser: each person on their own device, letters over SMTP, workers doing their part."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import expect

from builders.browsing import (
    Letters,
    Visitors,
    ask,
    hand_over,
    keep_trying,
    link_in,
    offer_to,
    offer_to_first,
    open_from_inbox,
    paste,
    ref_of,
    rows,
    write,
)
from servers import Served

ADDRESS = (
    "Bonjour, j'habite un lotissement neuf, impasse des Tilleuls à Valmorin-sur-Ondre. Quand je tape mon adresse dans"
    " le test, elle n'existe pas. Comment savoir si je peux avoir la fibre ?"
)
TWO_G = "Quand la 2G s’éteindra-t-elle dans ma commune ? Mon téléphone antérieur à la 4G pourra-t-il encore appeler ?"
D3 = "Ria 6 : voyant orange qui clignote, D3 affiché, redémarre en boucle depuis la mise à jour. Une solution ?"
CANCEL = "Je voudrais arrêter mon abonnement, je ne trouve pas comment on résilie en ligne. Y a-t-il des frais ?"


def test_a_question_goes_from_the_public_form_to_its_published_answer(visitors: Visitors, letter: Letters) -> None:
    asker = ask(visitors, ADDRESS, email="camille@ailleurs.example")
    status_page = asker.url
    assert letter("camille@ailleurs.example", status_page)

    cm = visitors.open("cm-1")
    ref = open_from_inbox(cm, "impasse des Tilleuls")
    keep_trying(cm, ".suggestion")
    assert cm.locator(".suggestion").first.locator(".reasons li").count() > 0
    assert cm.locator(".suggestion").first.locator(".reasons mark").count() > 0, "no word of the asker is shown"
    cm.get_by_label("Nature").select_option("question")
    cm.get_by_role("button", name="Enregistrer la qualification").click()
    cm.wait_for_selector("#triage .facts")
    expert = offer_to_first(cm)

    sent = letter(None, ref, "/answer/")
    link = link_in(sent, "/answer/")
    phone = visitors.open(phone=True)
    for _scanner in range(3):  # a mail scanner opens links before their reader does
        assert phone.request.get(link).ok
    phone.goto(link)
    assert expert in phone.content()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390, "the page is wider than the phone"
    phone.get_by_role("button", name="Oui, je réponds").click()
    write(phone, "Écrivez-nous par le formulaire « Adresse nouvelle » : nous l'ajoutons **sous dix jours**.")
    expect(phone.locator("[data-preview] strong")).to_have_text("sous dix jours")
    hand_over(phone)

    asked = letter(None, ref, f"/approve/{ref}")
    approver = str(asked["To"]).rsplit("<")[-1].split("@")[0]
    deciding = visitors.open(approver)
    deciding.goto(f"/approve/{ref}")
    deciding.get_by_role("button", name="Valider ce texte").click()
    expect(deciding.get_by_text(f"{ref} est validée")).to_be_visible()

    cm.goto(f"/publish/{ref}")
    cm.get_by_role("button", name="Publier sur la page de suivi").click()
    cm.wait_for_selector(".verdict-equal")

    asker.goto(status_page)
    expect(asker.get_by_text("sous dix jours")).to_be_visible()
    inside = asker.content()
    approver_name = deciding.locator(".account .who strong").first.inner_text()
    for internal in (ref, expert, approver_name, "Lison Marchais", "Réseau fixe"):
        assert internal not in inside, f"{internal} is on the asker's page"
    assert letter("camille@ailleurs.example", "sous dix jours")


def test_an_answer_in_force_is_posted_again_in_three_clicks(visitors: Visitors, relais: Served) -> None:
    cm = visitors.open("cm-1")
    ref = paste(cm, "https://forum.oceliane.example/t/d3-encore", D3)
    keep_trying(cm, ".official")
    first = cm.locator(".official").first
    expect(first).to_contain_text("Valable jusqu’au")
    expect(first.locator(".official-text")).to_contain_text("D3")
    first.get_by_role("button", name="Utiliser cette réponse").click()  # one
    cm.get_by_role("link", name="Publier", exact=True).click()  # two
    cm.get_by_label("Adresse du message publié").fill("https://forum.oceliane.example/t/d3-encore/2")
    cm.get_by_role("button", name="Je l’ai publiée").click()  # three
    cm.wait_for_selector(".verdict")
    offers = "SELECT count(*) FROM offer JOIN ticket ON ticket.id = ticket_id WHERE ref = ?"
    assert rows(relais.data_dir, offers, ref) == [(0,)], "an expert was disturbed"


def test_an_expired_answer_is_greyed_cannot_be_posted_and_starts_the_new_one(
    visitors: Visitors, letter: Letters, relais: Served
) -> None:
    cm = visitors.open("cm-1")
    ref = paste(cm, "https://forum.oceliane.example/t/2g-portails", TWO_G)
    keep_trying(cm, ".official.is-unusable")
    expired = cm.locator(".official.is-unusable", has_text="oa-007")
    expect(expired).to_contain_text("Périmée, à réviser")
    assert expired.get_by_role("button").count() == 0

    (answer,) = rows(relais.data_dir, "SELECT id FROM official_answer WHERE code = 'oa-007'")[0]
    token = cm.locator("[name=csrf_token]").first.input_value()
    crafted = cm.request.post(f"/tickets/{ref}/reuse", form={"csrf_token": token, "answer": str(answer)})
    assert crafted.status in (403, 404, 409, 422)
    assert rows(relais.data_dir, "SELECT state FROM ticket WHERE ref = ?", ref) == [("received",)]

    offer_to_first(cm)
    phone = visitors.open(phone=True)
    phone.goto(link_in(letter(None, ref, "/answer/"), "/answer/"))
    phone.get_by_role("button", name="Oui, je réponds").click()
    expect(phone.locator("[name=body]")).to_have_value(re.compile("2G"))
    expect(phone.get_by_text("Commencée à partir d’une réponse antérieure")).to_be_visible()


def test_who_is_away_is_replaced_by_their_delegate_and_the_reason_is_written(visitors: Visitors) -> None:
    cm = visitors.open("cm-1")
    paste(cm, "https://forum.oceliane.example/t/resilier", CANCEL)
    keep_trying(cm, ".suggestion")
    first = cm.locator(".suggestion").first
    expect(first.locator(".person-name")).to_have_text("Fatoumata Sy-Bellec")
    expect(first).to_contain_text("Remplace Éric Pontaillac")
    assert "oa-027" not in cm.content(), "a withdrawn answer is shown"


@pytest.mark.parametrize(
    ("reason", "words"), [("unavailable", "pas disponible"), ("out_of_scope", "hors de son domaine")]
)
def test_a_refusal_by_link_says_why_to_the_desk(visitors: Visitors, letter: Letters, reason: str, words: str) -> None:
    cm = visitors.open("cm-1")
    address = f"https://forum.oceliane.example/t/wifi-{reason}"
    ref = paste(cm, address, f"Mon Wi-Fi coupe, Ria 7, répéteur Mesh ? ({reason})")
    name = offer_to_first(cm)
    phone = visitors.open(phone=True)
    link = link_in(letter(None, ref, "/answer/"), "/answer/")
    phone.goto(link)
    phone.locator("summary", has_text="Non, pas moi").click()
    phone.locator(f"button[name=reason][value={reason}]").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text(re.compile("réglé"))
    phone.goto(link)  # the link is spent, and says so instead of failing
    assert phone.locator("form[action*=accept]").count() == 0

    cm.goto(f"/tickets/{ref}")
    cm.locator("summary", has_text="Pourquoi pas quelqu’un d’autre ?").click()
    expect(cm.locator(".not-chosen li", has_text=name)).to_contain_text(words)
    chosen = [each.inner_text() for each in cm.locator(".suggestion .person-name").all()]
    assert name not in chosen, "who said no is suggested again for the same question"

    paste(cm, f"{address}-2", f"Le Wi-Fi coupe encore, Ria 7 avec répéteur Mesh ? ({reason})")
    keep_trying(cm, ".suggestion")
    if reason == "unavailable":  # nothing was said about what they know
        expect(cm.locator(".suggestion .person-name").first).to_have_text(name)


def test_nobody_approves_their_own_words(visitors: Visitors, letter: Letters, relais: Served) -> None:
    cm = visitors.open("cm-1")
    ref = paste(cm, "https://forum.oceliane.example/t/garantie", "La garantie de mon décodeur Ondine dure combien ?")
    offer_to(cm, ref, "head-box")
    head = visitors.open("head-box")
    head.goto("/questions")
    head.locator(".queue-link", has_text="garantie de mon décodeur").click()
    head.get_by_role("button", name="Oui, je réponds").click()
    write(head, "La garantie dure deux ans.")
    hand_over(head)

    head.goto(f"/approve/{ref}")  # by the page
    assert head.get_by_role("button", name="Valider ce texte").count() == 0
    expect(head.get_by_text("Personne ne valide sa propre réponse")).to_be_visible()
    form = {"csrf_token": head.locator("[name=csrf_token]").first.input_value(), "decision": "approve", "revision": "1"}
    crafted = head.request.post(f"/approve/{ref}", form=form)  # by a crafted request
    assert crafted.status in (403, 404)
    stale = head.request.post(f"/approve/{ref}", form=form | {"version": "1"})  # by a stale tab
    assert stale.status in (403, 404, 409)
    assert rows(relais.data_dir, "SELECT state FROM ticket WHERE ref = ?", ref) == [("validating",)]
    logged = (
        "SELECT count(*) FROM event JOIN ticket ON ticket.id = ticket_id WHERE ref = ? AND kind = 'refused_approval'"
    )
    assert rows(relais.data_dir, logged, ref)[0][0] >= 1, "the attempt left no trace"


def test_a_figure_changed_while_posting_is_shown_and_recorded(visitors: Visitors) -> None:
    cm = visitors.open("cm-1")
    cm.goto("/publish")
    cm.locator(".queue-row", has_text="Mastodon").locator(".queue-link").first.click()
    ref = ref_of(cm)
    approved = cm.locator("#text-to-post").inner_text()
    changed = re.sub(r"\d", lambda digit: str((int(digit[0]) + 1) % 10), approved, count=1)
    assert changed != approved
    cm.get_by_label("Adresse du message publié").fill(f"https://social.oceliane.example/@oceliane/{time.time_ns()}")
    cm.get_by_label("Le texte tel qu’il a été publié").fill(changed)
    cm.get_by_role("button", name="Je l’ai publiée").click()
    expect(cm.locator(".verdict-different")).to_be_visible()
    expect(cm.locator("ins").first).to_be_visible()
    cm.goto(f"/tickets/{ref}")
    expect(cm.locator("#history")).to_contain_text("diffère du texte validé")
