"""Keeping the figures of reports up with the event log."""

from __future__ import annotations

import logging

from helpdesk.rollups.following import follow as catch_up
from helpdesk.search.index import IndexBusy
from workers.carrying import STINT

log = logging.getLogger(__name__)


def follow() -> int:
    """Take in what changed since the last time, for one stint. Returns how many changes were read."""
    try:
        done = catch_up(seconds=STINT)
    except IndexBusy as busy:
        log.info("%s: the next turn looks again", busy)
        return 0
    if done:
        log.info("reports: %s changes read", done)
    return done
