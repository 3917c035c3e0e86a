"""Public holidays by country and region, for the years that an organisation has not written down.

A set is named by the country's two letters, alone or with a region: `FR`, `FR-974`, `DE-BY`, `CA-QC`. The French sets
also have names of their own, as people write them.
"""

from __future__ import annotations

from datetime import date
from functools import cache

import holidays

NAMED = {"fr-metropole": "FR", "fr-alsace-moselle": "FR-57", "fr-reunion": "FR-974"}


@cache
def is_known(set_name: str) -> bool:
    """Whether the holidays of this set can be computed."""
    country, region = _parts(set_name)
    regions = _regions()
    return country in regions and (region is None or region in regions[country])


@cache
def computed_holidays(set_name: str, year: int) -> frozenset[date]:
    """The holidays of `year` in a known set ("FR-974"…), or none for a set that only its owner can list."""
    if not is_known(set_name):
        return frozenset()
    country, region = _parts(set_name)
    return frozenset(holidays.country_holidays(country, subdiv=region, years=year))


def known_sets() -> list[str]:
    """Every set that can be computed, in order: countries, each followed by its regions."""
    found: list[str] = []
    for country, regions in sorted(_regions().items()):
        found += [country, *(f"{country}-{region}" for region in sorted(regions))]
    return found


@cache
def _regions() -> dict[str, frozenset[str]]:
    """The countries that are known by two letters, and the codes of their regions."""
    known = holidays.list_supported_countries()
    return {country: frozenset(regions) for country, regions in known.items() if len(country) == 2}


def _parts(set_name: str) -> tuple[str, str | None]:
    country, dash, region = NAMED.get(set_name, set_name).partition("-")
    return country, region if dash else None
