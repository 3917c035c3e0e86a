"""`python -m workers [LANE…]`: one RQ worker process (default: all lanes)."""

from __future__ import annotations

import sys

from helpdesk.starting import without_collecting

if __name__ == "__main__":
    with without_collecting():
        from workers.running import work

    sys.exit(work(sys.argv[1:]))
