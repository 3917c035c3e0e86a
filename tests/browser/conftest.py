"""A real Chromium on a whole served demo, one for all browser tests, with a real mail server for its letters."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

import servers
from builders.browsing import WITHIN, Letters, Visitors, text_of

FLAGS = (
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "browser" in item.path.parts:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The Chromium of this machine."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail("Chromium is not installed (apt install chromium)")
        pytest.skip("Chromium is not installed (apt install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def mail() -> Iterator[servers.MailSink]:
    with servers.mail_sink() as sink:
        yield sink


@pytest.fixture(scope="session")
def relais(
    chromium: Browser, mail: servers.MailSink, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[servers.Served]:
    """The demo, served as an operator would. `chromium` first: without it, nothing is started."""
    folder = tmp_path_factory.mktemp("served")
    with servers.served(folder, "--demo", "--without-past", extra={"SMTP_URL": mail.url}, within=240) as running:
        yield running


@pytest.fixture(scope="session")
def sessions() -> dict[str, Any]:
    return {}


@pytest.fixture
def visitors(chromium: Browser, relais: servers.Served, sessions: dict[str, Any]) -> Iterator[Visitors]:
    """Browsers of people. At the end, nothing may have gone wrong in any of them."""
    everybody = Visitors(chromium, relais.url, sessions)
    yield everybody
    everybody.close()
    assert everybody.troubles == []


@pytest.fixture
def letter(mail: servers.MailSink) -> Letters:
    """letter(address, *words): the newest letter to `address` (None: to anybody) with all these words; waits for it."""

    def find(address: str | None, *words: str) -> EmailMessage:
        def matching() -> list[EmailMessage]:
            both = zip(list(mail.letters), list(mail.recipients), strict=False)
            return [
                each for each, to in both if address in (None, *to) and all(word in text_of(each) for word in words)
            ]

        assert servers.eventually(matching, WITHIN), f"no letter to {address} with {words}"
        return matching()[-1]

    return find
