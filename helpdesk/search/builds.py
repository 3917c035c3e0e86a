"""Builds of an index side by side in one folder, and which of them is in use.

index/CURRENT            the name of the build in use; replaced atomically
index/0007/              a build: the engine's files, and BUILD, the version that made it
index/0007/TORN          somebody could not read it: it is not used again
index/.writing           locked while somebody changes a build or swaps in another
index/.rebuilding        locked while somebody makes a new build
"""

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from helpdesk.search.index import IndexBusy, IndexUnusable


class Builds:
    """The builds in `folder`, made by `version`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def current(self, version: str) -> Path:
        """The build in use. Raises IndexUnusable when there is none that `version` made."""
        try:
            name = (self.folder / "CURRENT").read_text().strip()
            made_by = (self.folder / name / "BUILD").read_text().strip()
        except OSError as failure:
            raise IndexUnusable("no index has been built yet") from failure
        if not name or made_by != version:
            raise IndexUnusable(f"the index was made by version {made_by or '?'}, this is {version}")
        build = self.folder / name
        if (build / "TORN").exists():
            raise IndexUnusable("the index has torn files")
        return build

    def condemn(self, build: Path) -> None:
        """Never use a build again: what stands in its files is not what was written."""
        if build.is_dir():
            (build / "TORN").touch()

    @contextmanager
    def new(self, version: str) -> Iterator[Path]:
        """A folder for a new build, named after the highest number there is; removed when filling it fails."""
        numbers = [int(entry.name) for entry in self.folder.iterdir() if entry.name.isdigit()]
        build = self.folder / f"{max(numbers, default=0) + 1:04d}"
        build.mkdir(mode=0o700)
        try:
            yield build
            (build / "BUILD").write_text(version)
            synchronise(build / "BUILD")
            synchronise(build)
        except BaseException:
            shutil.rmtree(build, ignore_errors=True)
            raise

    def use(self, build: Path) -> None:
        """Swap in a build, and remove all others but the one before: somebody may be opening it just now."""
        pointer = self.folder / "CURRENT"
        before = pointer.read_text().strip() if pointer.exists() else ""
        temporary = self.folder / f".CURRENT.{os.getpid()}"
        temporary.write_text(build.name)
        synchronise(temporary)
        temporary.replace(pointer)
        synchronise(self.folder)
        for entry in self.folder.iterdir():
            if entry.name.isdigit() and entry.name not in (build.name, before):
                shutil.rmtree(entry)

    @contextmanager
    def locked(self, name: str, seconds: float) -> Iterator[None]:
        """One process at a time on this machine; the kernel frees the lock of one that died. Raises IndexBusy."""
        if not self.folder.is_dir():
            raise IndexUnusable("no index has been built yet")
        with (self.folder / name).open("w") as lock:
            deadline = time.monotonic() + seconds
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise IndexBusy("another process is writing the index") from None
                    time.sleep(0.05)
            yield


def synchronise(path: Path) -> None:
    """Wait until a file or a folder is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
