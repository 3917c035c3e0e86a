"""What a question says beside its subject: the codes, the technology, what is asked about it, and what is denied. Pure.

Two questions can share nearly every word and still need different answers: another code, another country, fibre and not
copper, "came" and "did not come". The word lists are short on purpose and hold no name of an organisation: what an
organisation calls things stands in its topics.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from helpdesk.routing.denials import Denials, denials_of
from helpdesk.routing.places import places_of, plainly
from helpdesk.search.alike import heading_of
from helpdesk.search.query import Query

TECHNOLOGIES: Mapping[str, str] = {
    "2G": r"2 ?g|gsm",
    "3G": r"3 ?g|umts",
    "4G": r"4 ?g|lte",
    "5G": r"5 ?g",
    "ADSL": r"[av]?dsl|cuivre|copper|rtc|pstn",
    "fibre": r"fibres?|fiber|fibree?s?|ftt[hox]",
    "satellite": r"satellites?",
    "eSIM": r"e ?sims?",
}
"""Ways to be connected that exclude one another in a question, and how they are written (plain text)."""

_INVERTED = "is|are|was|were|will|do|does|did|can|could|should|would|shall"
"""What follows "when" and "where" in a question, and not in the middle of a sentence ("fails when I start it")."""
ASPECTS: Mapping[str, str] = {
    "price": r"combien (?:ca )?(?:coutent?|vaut|valent)|prix|tarifs?|how much|prices?|costs?",
    "when": rf"quand|when (?:{_INVERTED})|(?:know|tell (?:me|us)|say) when|(?<!to )(?<!of )dates?|calendrier|calendar",
    "how_long": r"combien de temps|sous combien|quel delai|delais?|how long",
    "change": r"changer|modifier|changement de|to change|modify",
    "fault": r"pannes?|plus (?:de |d )?(?:internet|reseau|connexion|signal)|outages?|no (?:internet|signal|connection)",
    "thanks": r"merci (?:au|aux|a la|a votre|a vos)|bravo|thanks to|thank you to|well done",
    "twice": r"deux fois|2 fois|double|twice|doublon",
    "how": rf"comment|ou (?:trouver|est|se trouve)|how (?:do|can|to)|where (?:to|{_INVERTED})",
}
"""What is asked about a subject, and how it is said (plain text)."""

LONGEST_READ = 2_000
"""Characters read: what is asked stands early, and a page waits for a dozen texts to be read."""
LONGEST_JUDGED = 30
"""Informative words beyond which a text says too many things for one code, place or denied word to decide."""
FOCUSED = 10
"""Informative words up to which a code or a place is what a text is about; it is less and less of a longer one."""
_ERROR_CODE = re.compile(r"[a-z]{1,2}\d{1,4}")
_NO_CODE = re.compile(r"[\d.]+[a-z]{1,3}|v\d{1,2}")
"""4g, 8gb, 20h, v2: technologies are looked for by themselves, and every text has its own quantities and versions."""
_NAME_AND_NUMBER = re.compile(r"([a-z]{3,})(\d{1,4})")  # longer ones are of an order, a contract, a case


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one text says."""

    codes: frozenset[str]
    technologies: frozenset[str]
    places: frozenset[str]
    aspects: frozenset[str]
    denials: Denials
    """None of a text that is not short: those of its heading decide."""
    plain: str
    short: bool
    focus: float
    """How much one code or place says about the whole, 0 to 1."""
    asks: bool = True
    """False for an answer: it says what is so, and its denials and aspects mean nothing beside those of a question."""
    heading: Meaning | None = None
    """What the first sentence of a text that is not short says."""

    @property
    def decisive(self) -> Meaning:
        """The part that says what the text is about; the rest of a long one names much in passing."""
        return self if self.short or self.heading is None else self.heading

    @property
    def error_codes(self) -> frozenset[str]:
        return frozenset(code for code in self.codes if _ERROR_CODE.fullmatch(code))

    @property
    def numbered(self) -> dict[str, set[str]]:
        """Names that carry a number ("ria" → {"6"})."""
        found: dict[str, set[str]] = {}
        for code in self.codes:
            if parts := _NAME_AND_NUMBER.fullmatch(code):
                found.setdefault(parts[1], set()).add(parts[2])
        return found


@lru_cache(maxsize=4096)
def meaning_of(text: str, language: str | None = None) -> Meaning:
    """What `text` says. A pure function of it: the last few thousand are kept."""
    text = text[:LONGEST_READ]
    whole = _read(text, language)
    return whole if whole.short else replace(whole, heading=_read(heading_of(None, text), language))


def _read(text: str, language: str | None) -> Meaning:
    query = Query.of(text, language)
    plain = plainly(text)
    telling = query.informative()
    return Meaning(
        codes=frozenset(code for code in query.codes() if not _NO_CODE.fullmatch(code)),
        technologies=_named(TECHNOLOGIES, plain),
        places=places_of(text),
        aspects=_named(ASPECTS, plain),
        denials=denials_of(text) if len(telling) <= LONGEST_JUDGED else Denials(),
        plain=plain,
        short=len(telling) <= LONGEST_JUDGED,
        focus=min(1.0, (FOCUSED / max(1, len(telling))) ** 2),
    )


@lru_cache(maxsize=64)
def _looked_for(written: str) -> re.Pattern[str]:
    return re.compile(rf"(?<= )(?:{written})(?= )")


def _named(lists: Mapping[str, str], plain: str) -> frozenset[str]:
    return frozenset(name for name, written in lists.items() if _looked_for(written).search(plain))
