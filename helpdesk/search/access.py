"""The index of this node, opened once per process."""

from __future__ import annotations

from pathlib import Path

from config import Settings
from helpdesk.search.index import Index
from helpdesk.search.whoosh_index import WhooshIndex

_open: dict[Path, WhooshIndex] = {}


def open_index(settings: Settings) -> Index:
    """The index in the data folder of `settings`."""
    folder = settings.data_dir / "index"
    if folder not in _open:
        _open[folder] = WhooshIndex(folder)
    return _open[folder]


def index_problem(settings: Settings) -> str | None:
    """None when the index can be searched, else why not."""
    return open_index(settings).problem()
