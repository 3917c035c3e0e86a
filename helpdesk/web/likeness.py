"""Why two questions look alike or are not the same, in the reader's words."""

from __future__ import annotations

from babel import Locale
from flask_babel import get_locale, gettext

from helpdesk.routing.duplicates import VETOES, Found, Sign
from helpdesk.routing.wording import Names

VERY, SOMEWHAT = 0.6, 0.4


def closeness(similarity: float) -> str:
    """How alike, in words: no number that pretends to be exact."""
    if similarity >= VERY:
        return str(gettext("Very similar"))
    return str(gettext("Similar") if similarity >= SOMEWHAT else gettext("Somewhat similar"))


def why(found: Found, names: Names) -> str:
    """One reason as a short sentence without a full stop: "Other place: Suisse / Tunisie"."""
    if found.sign is not Sign.SAME_TOPIC:
        return conflict(found)
    topics = ", ".join(names.topic(int(value)) for value in found.mine)
    return _sentences()[found.sign].replace("…", topics)


def conflict(found: Found) -> str:
    """The same for a reason that speaks of no topic."""
    sides = [", ".join(_called(found.sign, value) for value in side) for side in (found.mine, found.theirs)]
    both = " / ".join(side for side in sides if side)
    said = _sentences()[found.sign]
    return said.replace("…", both) if both and "…" in said else said


def is_against(found: Found) -> bool:
    """Whether this speaks against the two being the same."""
    return found.sign in VETOES or found.sign is Sign.OTHER_ASPECT


def _sentences() -> dict[Sign, str]:
    return {
        Sign.SAME_CODE: gettext("Same code or product: …"),
        Sign.SAME_PLACE: gettext("Same place: …"),
        Sign.SAME_TOPIC: gettext("Same topic: …"),
        Sign.SAME_TECHNOLOGY: gettext("Same technology: …"),
        Sign.SAME_WAVE: gettext("Same channel, within the hour"),
        Sign.OTHER_CODE: gettext("Other code or product: …"),
        Sign.OTHER_PLACE: gettext("Other place: …"),
        Sign.OTHER_TECHNOLOGY: gettext("Other technology: …"),
        Sign.OTHER_ASPECT: gettext("Something else is asked: …"),
        Sign.DENIED: gettext("One says yes, the other says no"),
    }


def _called(sign: Sign, value: str) -> str:
    if sign in (Sign.SAME_PLACE, Sign.OTHER_PLACE):
        return _place(value)
    if sign is Sign.OTHER_ASPECT:
        return _aspects().get(value, value)
    return value.upper() if sign in (Sign.SAME_CODE, Sign.OTHER_CODE) else value


def _place(value: str) -> str:
    """A country as the reader calls it, or a town with its capitals back."""
    locale: Locale | None = get_locale()
    return str(locale.territories.get(value, value)) if value.isupper() and locale else value.title()


def _aspects() -> dict[str, str]:
    return {
        "price": gettext("the price"),
        "when": gettext("the date"),
        "how_long": gettext("how long it takes"),
        "change": gettext("a change"),
        "fault": gettext("a fault"),
        "thanks": gettext("thanks"),
        "twice": gettext("something done twice"),
        "how": gettext("how to do it"),
    }
