"""Which places a text names, so that two questions about different places are not taken for one. Pure.

Countries come from Unicode's own lists (through Babel), in French and English: "Suisse" and "Switzerland" are one
place. Towns are not listed anywhere: a name with a capital after a word of place ("à Port-Lannévez", "canton de Vaux")
is one, and is then also recognised in the other text when that writes it without capitals or hyphens.
"""

from __future__ import annotations

import re
from functools import cache

from babel import Locale

from helpdesk.search.text import LANGUAGES, fold

_ALSO = {
    "angleterre": "GB", "england": "GB", "ecosse": "GB", "scotland": "GB", "uk": "GB", "grande bretagne": "GB",
    "great britain": "GB", "usa": "US", "etats unis": "US", "united states": "US", "hollande": "NL", "holland": "NL",
    "turkey": "TR", "turquie": "TR", "turkiye": "TR", "czech republic": "CZ", "republique tcheque": "CZ",
    "hong kong": "HK", "coree": "KR", "korea": "KR", "ivory coast": "CI", "cote d'ivoire": "CI",
}  # fmt: skip
"""Names in use beside the official ones, folded."""
_ALSO_FIRST_NAMES = frozenset({"chad", "dominique", "georgia", "israel", "jersey", "jordan", "maurice"})
"""Names of countries that are names of people and things as well: not read as places."""

_KINDS = "[Cc]ommune|[Cc]anton|[Vv]ille|[Vv]illage|[Qq]uartier|[Ss]ecteur|[Zz]one|[Tt]own|[Cc]ity"
_BEFORE = rf"(?: à | [Aa]ux? | in | at | near | around | vers | près\ de | (?:{_KINDS})\ (?:de|du|d['’]|of)? )"
_SMALL = r"(?:sur|sous|les|lès|le|la|en|de|du|des|aux|upon|on)[- ](?:la[- ]|l['’])?"
_PART = r"[A-ZÀ-Þ][a-zß-ÿœ’']+"  # no names of programs: HDFS, JDK11, FileSystem
_NAME = rf"{_PART}(?:[-\ ](?:{_SMALL})?{_PART})*(?!\w|\.\w)"
_TOWN = re.compile(rf"(?<!\w){_BEFORE}\s?(?P<name>{_NAME})", re.VERBOSE)
_NEVER_TOWNS = """
    january february march april may june july august september october november december monday tuesday wednesday
    thursday friday saturday sunday janvier fevrier mars avril mai juin juillet aout septembre octobre novembre
    decembre lundi mardi mercredi jeudi vendredi samedi dimanche noel paques christmas easter english french francais
    anglais monsieur madame internet wifi
"""
_NO_TOWN = frozenset(_NEVER_TOWNS.split())
_NOT_LETTERS = re.compile(r"[^a-z0-9]+")


def places_of(text: str) -> frozenset[str]:
    """The places `text` names: codes of countries in capitals ("CH"), towns folded ("port lannevez")."""
    return countries_of(text) | towns_of(text)


def countries_of(text: str) -> frozenset[str]:
    """The countries `text` names, as ISO 3166 codes."""
    flat = plainly(text)
    return frozenset(code for name, code in _countries().items() if name in flat and f" {name} " in flat)


def towns_of(text: str) -> frozenset[str]:
    """The places other than countries that `text` names with a capital after a word of place, folded."""
    names = {plainly(found["name"]).strip() for found in _TOWN.finditer(text)}
    return frozenset(name for name in names if not _NO_TOWN.intersection(name.split()) and name not in _countries())


def plainly(text: str) -> str:
    """`text` as words between single spaces, and one at either end: how names are looked for in it."""
    return f" {_NOT_LETTERS.sub(' ', fold(text)).strip()} "


@cache
def _countries() -> dict[str, str]:
    """Plain name → code, in every language Relais reads."""
    known = {}
    for language in LANGUAGES:
        for code, name in Locale.parse(language).territories.items():
            plain = plainly(name).strip()
            if len(code) == 2 and code.isalpha() and plain not in _ALSO_FIRST_NAMES:
                known[plain] = code
    return known | {plainly(name).strip(): code for name, code in _ALSO.items()}
