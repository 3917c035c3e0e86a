"""`python -m workers [LANE…]`: one RQ worker process (default: all lanes)."""

from __future__ import annotations

import sys

from workers.running import work

if __name__ == "__main__":
    sys.exit(work(sys.argv[1:]))
