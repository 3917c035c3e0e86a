"""The index of this node, opened once per process."""

from __future__ import annotations

from pathlib import Path

from config import Settings
from helpdesk.search.index import Index
from helpdesk.search.whoosh_index import WhooshIndex

_open: dict[Path, WhooshIndex] = {}
_folder: Path | None = None


def connect(settings: Settings) -> None:
    """Say where this process finds its index. It is opened on first use: after a web server has forked."""
    global _folder
    _folder = settings.data_dir / "index"


def the_index() -> Index:
    """The index of this process."""
    if _folder is None:
        raise RuntimeError("search.access.connect() was not called")
    return _at(_folder)


def open_index(settings: Settings) -> Index:
    """The index in the data folder of `settings`."""
    return _at(settings.data_dir / "index")


def index_problem(settings: Settings) -> str | None:
    """None when the index can be searched, else why not."""
    return open_index(settings).problem()


def _at(folder: Path) -> WhooshIndex:
    if folder not in _open:
        _open[folder] = WhooshIndex(folder)
    return _open[folder]
