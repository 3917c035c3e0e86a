"""Take the pictures of the README from a demo that is served for it: `.venv/bin/python docs/screenshots/make.py`.

Needs Chromium. Writes the PNG files beside this script, in French, light: `ticket.png` (the desk, 1280 x 800) and
`expert.png` (the expert's page on a phone, 390 x 844).
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from playwright.sync_api import Page, sync_playwright  # noqa: E402

import servers  # noqa: E402
from builders.browsing import Visitors, ask, keep_trying, open_from_inbox  # noqa: E402

QUESTION = (
    "Mon Wi-Fi coupe toutes les dix minutes dans la chambre du fond avec la Ria 7. Votre répéteur Mesh réglerait-il le"
    " problème, ou est-ce un canal encombré ?"
)
LARGEST = 300_000  # bytes: the README must open quickly


def main() -> int:
    """Serve, ask, look, save. Returns 1 when Chromium is missing."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        print("Chromium is not installed.", file=sys.stderr)
        return 1
    with (
        tempfile.TemporaryDirectory() as folder,
        servers.served(Path(folder), "--demo", within=300) as relais,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        people = Visitors(browser, relais.url, {})
        ask(people, QUESTION)
        handle = picture_of_the_desk(people)
        picture_on_a_phone(people, handle)
        people.close()
        browser.close()
    return 0


def picture_of_the_desk(people: Visitors) -> str:
    """The ticket page with the people who could answer; then asks the first. Returns their handle."""
    desk = people.open("cm-1", reduced_motion="reduce")
    open_from_inbox(desk, "chambre du fond")
    keep_trying(desk, ".suggestion")
    desk.get_by_label("Nature").select_option("question")
    desk.get_by_role("button", name="Enregistrer la qualification").click()
    desk.wait_for_selector("#triage .facts")
    desk.goto(desk.url)  # without the message that the triage is saved
    save(desk, "ticket.png")
    first = desk.locator(".suggestion").first
    handle = first.locator("input[name=person]").get_attribute("value") or ""
    first.get_by_role("button", name="Solliciter").click()
    desk.wait_for_selector("#offer .offer")
    return handle


def picture_on_a_phone(people: Visitors, handle: str) -> None:
    """The question as the expert finds it on a phone."""
    phone = people.open(handle, phone=True, reduced_motion="reduce", device_scale_factor=2)
    phone.goto("/questions")
    phone.locator(".queue-link", has_text="chambre du fond").click()
    phone.wait_for_selector(".decide")
    save(phone, "expert.png")


def save(page: Page, name: str) -> None:
    target = HERE / name
    page.screenshot(path=target)
    if target.stat().st_size > LARGEST:
        raise SystemExit(f"{name} is larger than {LARGEST} bytes")
    print(target.relative_to(ROOT))


if __name__ == "__main__":
    sys.exit(main())
