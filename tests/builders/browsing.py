"""Browsers of people, and what people do in them: for tests that drive the served demo."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

import servers

PASSWORD = "relais-demo-2026"
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
WITHIN = 60  # seconds for a letter or a suggestion: both are written by the workers

Letters = Callable[..., EmailMessage]


class Visitors:
    """Opens browsers for people, and notes whatever no page may do: errors, foreign requests, dialogs."""

    def __init__(self, browser: Browser, base: str, sessions: dict[str, Any]) -> None:
        self.browser, self.base, self.sessions = browser, base, sessions
        self.contexts: list[BrowserContext] = []
        self.troubles: list[str] = []

    def open(self, handle: str | None = None, *, phone: bool = False, **options: Any) -> Page:
        """A page of a new browser, signed in as `handle` (None: the public)."""
        options = {"locale": "fr-FR", "viewport": PHONE if phone else DESKTOP, "is_mobile": phone} | options
        context = self.browser.new_context(
            base_url=self.base, storage_state=self._session(handle), has_touch=phone, **options
        )
        context.set_default_timeout(15_000)
        self.contexts.append(context)
        page = context.new_page()
        self.watch(page)
        return page

    def watch(self, page: Page) -> None:
        page.on("console", lambda message: message.type == "error" and self._console(message))
        page.on("pageerror", lambda error: self.troubles.append(f"{page.url}: {error}"))
        page.on("dialog", self._dialog)
        page.on("request", self._request)

    def _console(self, message: Any) -> None:
        # A refused form is answered 4xx, and the browser writes that down by itself.
        if not re.search(r"Failed to load resource: the server responded with a status of 4\d\d", message.text):
            self.troubles.append(f"console: {message.text}")

    def _dialog(self, dialog: Any) -> None:
        if dialog.type != "beforeunload":
            self.troubles.append(f"dialog: {dialog.message}")
        dialog.accept()

    def _request(self, request: Any) -> None:
        if not request.url.startswith((self.base + "/", "data:")):
            self.troubles.append(f"request to another place: {request.url}")

    def _session(self, handle: str | None) -> Any:
        """The cookies of somebody who signed in by the page, once per run (signing in is rate limited)."""
        if handle is None:
            return None
        if handle not in self.sessions:
            context = self.browser.new_context(base_url=self.base, locale="fr-FR")
            page = context.new_page()
            page.goto("/account/sign-in")
            page.get_by_label("Identifiant").fill(handle)
            page.get_by_label("Mot de passe").fill(PASSWORD)
            page.get_by_role("button", name="Se connecter").click()
            page.wait_for_selector(".workplace")
            self.sessions[handle] = context.storage_state()
            context.close()
        return self.sessions[handle]

    def close(self) -> None:
        for context in self.contexts:
            context.close()


def text_of(letter: EmailMessage) -> str:
    """Subject and plain text of a letter."""
    body = letter.get_body(("plain",))
    return f"{letter['subject']}\n{body.get_content() if body else ''}"


def link_in(letter: EmailMessage, path: str) -> str:
    """The address in a letter whose path begins so."""
    found = re.search(rf"https?://\S+?({re.escape(path)}\S+)", text_of(letter))
    assert found, text_of(letter)
    return found[1]


def keep_trying(page: Page, selector: str, within: int = WITHIN) -> None:
    """Reload until something is on the page: suggestions are prepared by a worker."""

    def there() -> bool:
        if page.locator(selector).count():
            return True
        page.wait_for_timeout(400)
        page.reload()
        return bool(page.locator(selector).count())

    assert servers.eventually(there, within), f"{selector} did not appear on {page.url}"


# --- what people do -----------------------------------------------------------------------------------------------


def ask(visitors: Visitors, text: str, email: str = "") -> Page:
    """Ask by the public form. Returns the browser on the status page."""
    page = visitors.open()
    page.goto("/")
    page.get_by_label("Votre question").fill(text)
    if email:
        page.get_by_label("Votre adresse e-mail").fill(email)
    page.get_by_role("button", name="Envoyer ma question").click()
    page.wait_for_url("**/status/*")
    return page


def paste(cm: Page, url: str, text: str) -> str:
    """Paste a public post as the community manager. Returns the reference."""
    cm.goto("/paste")
    cm.get_by_label("Lien de la publication").fill(url)
    cm.get_by_label("Texte de la publication").fill(text)
    cm.get_by_role("button", name="Prendre en charge").click()
    cm.wait_for_url("**/tickets/*")
    return ref_of(cm)


def ref_of(page: Page) -> str:
    return page.url.rsplit("/", 1)[-1].split("?")[0]


def open_from_inbox(cm: Page, words: str) -> str:
    """Find a new question among those to triage by some of its words, and open it. Returns the reference."""
    cm.goto("/inbox")
    cm.locator(".queue-link", has_text=words).click()
    cm.wait_for_url("**/tickets/*")
    return ref_of(cm)


def offer_to_first(cm: Page) -> str:
    """Offer to the first person suggested. Returns their name."""
    keep_trying(cm, ".suggestion")
    first = cm.locator(".suggestion").first
    name = first.locator(".person-name").inner_text()
    first.get_by_role("button", name="Solliciter").click()
    cm.wait_for_selector("#offer .offer")
    return name


def offer_to(cm: Page, ref: str, handle: str) -> None:
    """Offer to somebody chosen from the list of everybody."""
    cm.goto(f"/tickets/{ref}")
    keep_trying(cm, "#suggestions")
    cm.locator("#suggestions summary", has_text="Choisir quelqu’un d’autre").click()
    form = cm.locator("#suggestions form", has=cm.locator("select[name=person]"))
    form.locator("select[name=person]").select_option(value=handle)
    form.get_by_role("button", name="Solliciter").click()
    cm.wait_for_selector("#offer .offer")


def write(page: Page, body: str, title: str = "Ce qu’il faut savoir", short: str = "") -> None:
    """Fill in the expert's editor."""
    page.locator("[name=title]").fill(title)
    page.locator("[name=body]").fill(body)
    page.locator("[name=short]").fill(short)
    page.locator("[name=sources]").fill("Guide interne, mis à jour ce mois-ci.")


def hand_over(page: Page) -> None:
    page.get_by_role("button", name="Remettre en validation").click()
    page.wait_for_selector(".expert.is-handed_over")


def rows(data_dir: Path, query: str, *values: Any) -> list[Any]:
    """What the served database holds, read only."""
    connection = sqlite3.connect(f"file:{data_dir / 'relais.db'}?mode=ro", uri=True)
    try:
        return connection.execute(query, values).fetchall()
    finally:
        connection.close()
