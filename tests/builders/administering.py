"""An administrator's browser, and how its pages are read."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from helpdesk.accounts.models import Person
from people import sign_in


def a_browser_of(client: Any, person: Person) -> Any:
    """The browser of `person`, reading English."""
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    return sign_in(client, person)


def seen(answer: Any) -> str:
    """What the hidden field of a page remembers."""
    found = re.search(r'name="seen"[^>]*value="([^"]*)"', answer.text)
    assert found is not None
    return unescape(found[1])


def error_at(answer: Any, field: str) -> str:
    """The sentence beside a field; empty when there is none."""
    found = re.search(rf'id="{field}-error">(.*?)</div>', answer.text, re.DOTALL)
    return re.sub("<[^>]+>", "", unescape(found[1])) if found else ""
