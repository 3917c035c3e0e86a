"""What a question says beside its subject: the codes, the technology, what is asked about it, and what is denied. Pure.

Two questions can share nearly every word and still need different answers: another code, another country, fibre and not
copper, "came" and "did not come". The word lists are short on purpose and hold no name of an organisation: what an
organisation calls things stands in its topics.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from helpdesk.routing.places import places_of, plainly
from helpdesk.search.query import Query
from helpdesk.search.text import analyse_each, fold

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

ASPECTS: Mapping[str, str] = {
    "price": r"combien (?:ca )?(?:coutent?|vaut|valent)|prix|tarifs?|how much|prices?|costs?",
    "when": r"quand|a quelle date|date (?:de|du|d|exacte)|date|when|calendrier",
    "how_long": r"combien de temps|sous combien|quel delai|delais?|how long",
    "change": r"changer|modifier|changement de|to change|modify",
    "fault": r"pannes?|plus (?:de |d )?(?:internet|reseau|connexion|signal)|outages?|no (?:internet|signal|connection)",
    "thanks": r"merci (?:au|aux|a la|a votre|a vos)|bravo|thanks to|thank you to|well done",
    "twice": r"deux fois|2 fois|double|twice|doublon",
    "how": r"comment|ou (?:trouver|est|se trouve)|how (?:do|can|to)|where",
}
"""What is asked about a subject, and how it is said (plain text)."""

LONGEST_READ = 2_000
"""Characters read: what is asked stands early, and a page waits for a dozen texts to be read."""
LONGEST_JUDGED = 30
"""Informative words beyond which a text says too many things for one code, place or denied word to decide."""
FOCUSED = 15
"""Informative words up to which a code or a place is what a text is about; it is less and less of a longer one."""
_ERROR_CODE = re.compile(r"(?!v\d)[a-z]{1,2}\d{1,4}")  # v2 is a version, and every text has its own
_QUANTITY = re.compile(r"[\d.]+[a-z]{1,3}")  # 4g, 8gb, 20h: no code, and technologies are looked for by themselves
_NAME_AND_NUMBER = re.compile(r"([a-z]{3,})(\d+)")
_NO = frozenset({"pas", "jamais", "aucun", "aucune", "sans", "rien", "not", "never", "no", "without", "cannot"})
_REACH = 2
"""How many informative words after a denial it can be about."""
_HAVING = ("'ai", "'a", "avons", "avez", "ont")
_CLAUSE = re.compile(r"[.,;:!?\n]+")
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one text says."""

    codes: frozenset[str]
    technologies: frozenset[str]
    places: frozenset[str]
    aspects: frozenset[str]
    denied: frozenset[str]
    """Stems that stand behind a denial, and nowhere else."""
    said: frozenset[str]
    """Stems that stand without one."""
    plain: str
    short: bool
    focus: float
    """How much one code or place says about the whole, 0 to 1."""
    asks: bool = True
    """False for an answer: it says what is so, and its denials and aspects mean nothing beside those of a question."""

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
    query = Query.of(text, language)
    plain = plainly(text)
    telling = query.informative()
    denied, said = _denials(text)
    return Meaning(
        codes=frozenset(code for code in query.codes() if not _QUANTITY.fullmatch(code)),
        technologies=_named(TECHNOLOGIES, plain),
        places=places_of(text),
        aspects=_named(ASPECTS, plain),
        denied=frozenset(denied - said),
        said=frozenset(said),
        plain=plain,
        short=len(telling) <= LONGEST_JUDGED,
        focus=min(1.0, (FOCUSED / max(1, len(telling))) ** 2),
    )


@lru_cache(maxsize=64)
def _looked_for(written: str) -> re.Pattern[str]:
    return re.compile(rf"(?<= )(?:{written})(?= )")


def _named(lists: Mapping[str, str], plain: str) -> frozenset[str]:
    return frozenset(name for name, written in lists.items() if _looked_for(written).search(plain))


def _denials(text: str) -> tuple[set[str], set[str]]:
    """Stems that stand behind a denial, and stems that do not; in every language, as the other text may be in another
    or too short to tell."""
    denied: set[str] = set()
    said: set[str] = set()
    for clause in _CLAUSE.split(fold(text)):
        words = _WORD.findall(clause)
        about = _denied_places(words)
        for place, word in enumerate(words):
            (denied if place in about else said).update(_stems(word))
    return denied, said


@lru_cache(maxsize=50_000)
def _stems(word: str) -> frozenset[str]:
    return frozenset(token.term for found in analyse_each(word).values() for token in found if not token.common)


def _denied_places(words: list[str]) -> set[int]:
    """Which words of a clause a denial is about: between "ne" and "pas", and the next few after it."""
    about: set[int] = set()
    for place, word in enumerate(words):
        start = _opens(words, place)
        longer = word in ("no", "not") and words[place + 1 : place + 2] in (["longer"], ["more"])
        if word in _NO or word.endswith("n't") or start is not None or (word == "plus" and _means_none(words, place)):
            about.update(range(start if start is not None else place, place))
            about.update(range(place + 1, place + 2 + _REACH + longer))
    return about


def _opens(words: list[str], place: int) -> int | None:
    """Where the "ne" stands that the second half of a French denial belongs to."""
    if words[place] not in ("pas", "plus", "jamais", "rien", "aucun", "aucune"):
        return None
    near = range(max(0, place - 4), place)
    return next((p for p in reversed(near) if words[p] == "ne" or words[p].startswith("n'")), None)


def _means_none(words: list[str], place: int) -> bool:
    """Whether a "plus" without "ne" says "no more", as in "plus de réseau" and "j'ai plus internet", and not "more"."""
    return place == 0 or any(words[place - 1].endswith(had) for had in _HAVING)
