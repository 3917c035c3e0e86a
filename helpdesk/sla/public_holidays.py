"""Public holidays of the sets that are known by name, for the years that an organisation has not written
down.
"""

from __future__ import annotations

from datetime import date
from functools import cache

import holidays

_SUBDIVISIONS = {"fr-metropole": None, "fr-alsace-moselle": "57", "fr-reunion": "974"}


@cache
def computed_holidays(set_name: str, year: int) -> frozenset[date]:
    """The holidays of `year` in a known set ("fr-metropole"…), or none for a set that only its owner can
    list.
    """
    if set_name not in _SUBDIVISIONS:
        return frozenset()
    return frozenset(holidays.country_holidays("FR", subdiv=_SUBDIVISIONS[set_name], years=year))
