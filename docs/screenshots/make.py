"""Take the pictures of the README from a demo that is served for it: `.venv/bin/python docs/screenshots/make.py`.

Needs Chromium. Writes the PNG files beside this script, in French, light: `ticket.png` (the desk, 1280 x 800),
`expert.png` (the expert's page on a phone, 390 x 844) and `head.png` (the department head's page, 1280 wide, down to
its charts), for which it waits until the workers have played the demo's past.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from playwright.sync_api import Page, sync_playwright  # noqa: E402

import servers  # noqa: E402
from builders.browsing import Visitors, ask, keep_trying, open_from_inbox  # noqa: E402
from helpdesk.demo import reliving  # noqa: E402

QUESTION = (
    "Mon Wi-Fi coupe toutes les dix minutes dans la chambre du fond avec la Ria 7. Votre répéteur Mesh réglerait-il le"
    " problème, ou est-ce un canal encombré ?"
)
PAST_WITHIN = 600  # seconds
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
        picture_for_the_head(people, relais.data_dir)
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


def picture_for_the_head(people: Visitors, data_dir: Path) -> None:
    """The department page with all its weeks."""
    database = f"file:{data_dir / 'relais.db'}?mode=ro"
    left = "SELECT count(*) FROM outbox WHERE job = ? AND state != 'done'"
    with contextlib.closing(sqlite3.connect(database, uri=True)) as connection:
        lived = servers.eventually(lambda: connection.execute(left, (reliving.DAY,)).fetchone() == (0,), PAST_WITHIN)
        if not lived:
            raise SystemExit("the demo's past is not complete")
    page = people.open("head-fix", reduced_motion="reduce")
    while True:  # the figures follow the log every ten seconds
        page.goto("/department")
        if not page.locator(".department-page [role=status]").count():
            break
        page.wait_for_timeout(2_000)
    page.wait_for_timeout(12_000)
    page.reload()
    end = page.locator(".time-charts .chart").first.bounding_box()
    assert end is not None
    save(page, "head.png", height=end["y"] + end["height"] + 24)


def save(page: Page, name: str, height: float | None = None) -> None:
    """The screen, or the page from its top down to `height`."""
    target = HERE / name
    clip = {"x": 0, "y": 0, "width": page.viewport_size["width"], "height": height} if height else None
    page.screenshot(path=target, clip=clip, full_page=height is not None)
    if target.stat().st_size > LARGEST:
        raise SystemExit(f"{name} is larger than {LARGEST} bytes")
    print(target.relative_to(ROOT))


if __name__ == "__main__":
    sys.exit(main())
