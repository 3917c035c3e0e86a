"""Keeping this machine's index up with the database. One worker per machine: the index has one writer."""

from __future__ import annotations

import logging
import time

from helpdesk import outbox
from helpdesk.outbox import Lane
from helpdesk.search.access import the_index
from helpdesk.search.following import follow as catch_up
from helpdesk.search.index import IndexBusy
from workers.carrying import STINT

log = logging.getLogger(__name__)


def follow() -> int:
    """Read what changed since the index was last written, for one stint. Returns how many changes were read."""
    began = time.monotonic()
    try:
        done = catch_up(the_index(), seconds=STINT)
    except IndexBusy:
        log.info("somebody else is writing the index: the next sweep looks again")
        return 0
    if done:
        log.info("index: %s changes read", done)
    if time.monotonic() - began >= STINT:
        outbox.nudge(Lane.INDEX)  # there may be more
    return done
