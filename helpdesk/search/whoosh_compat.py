"""Whoosh 2.7.4, made fit for service. Only modules named `whoosh_*` import it.

What is changed, and why:
- readers look into memory maps instead of copying files into each process, or sharing a file position between threads
  (`DurableStorage.open_file`, `install`);
- a commit reaches the disk before it is announced (`DurableStorage.rename_file`): Whoosh itself never calls fsync;
- what a killed writer left behind is swept away (`sweep`);
- segments are merged by orders of magnitude (`merge_tiers`), never all at once inside a commit.

Other packages install under the same name, with a `refresh()` that returns deleted documents: the version is
checked.
"""

import io
import math
import mmap
import os
import re
from pathlib import Path
from typing import Any

import whoosh
from whoosh.filedb import structfile
from whoosh.filedb.filestore import FileStorage
from whoosh.reading import SegmentReader

from helpdesk.search.builds import synchronise

WANTED = (2, 7, 4)

if whoosh.__version__ != WANTED:
    raise ImportError(f"Relais needs Whoosh {WANTED}; another package has its name: {whoosh.__version__}")


class _View(io.RawIOBase):
    """A read-only file over a buffer, without copying it."""

    def __init__(self, buffer: Any) -> None:
        self._buffer = memoryview(buffer)
        self._position = 0

    def read(self, size: int | None = -1) -> bytes:
        start = self._position
        left = len(self._buffer) - start
        self._position += left if size is None or size < 0 else min(size, left)
        return bytes(self._buffer[start : self._position])

    def readinto(self, target: Any) -> int:
        data = self.read(len(target))
        target[: len(data)] = data
        return len(data)

    def readline(self, size: int | None = -1) -> bytes:
        start = self._position
        end = start
        while end < len(self._buffer):
            chunk = bytes(self._buffer[end : end + 256])
            newline = chunk.find(b"\n")
            if newline >= 0:
                end += newline + 1
                break
            end += len(chunk)
        if size is not None and size >= 0:
            end = min(end, start + size)
        self._position = end
        return bytes(self._buffer[start:end])

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: len(self._buffer)}[whence]
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True


def _open_without_copy(self: Any, buf: Any, name: str | None = None, onclose: Any = None) -> None:
    self._buf = buf
    self._name = name
    self.file = io.BufferedReader(_View(buf))  # a pickle is read in hundreds of small pieces
    self.onclose = onclose
    self.is_real = False
    self.is_closed = False


def install() -> None:
    """Make readers share the memory map. Safe to call again."""
    structfile.BufferFile.__init__ = _open_without_copy


install()


class DurableStorage(FileStorage):
    """Segments and table of contents reach the disk before the new table takes its name, and then the
    name."""

    def __init__(self, path: str, **options: Any) -> None:
        super().__init__(path, **options)
        self._unsynced: set[str] = set()

    def create_file(self, name: str, **options: Any) -> Any:
        self._unsynced.add(name)
        return super().create_file(name, **options)

    def open_file(self, name: str, **options: Any) -> structfile.BufferFile:
        """The file as a memory map, which lives as long as anything looks into it."""
        with open(self._fpath(name), "rb") as file:
            whole = name.endswith(".toc") or not os.fstat(file.fileno()).st_size
            content = file.read() if whole else mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        return structfile.BufferFile(memoryview(content), name=name, **options)

    def rename_file(self, oldname: str, newname: str, safe: bool = False) -> None:
        announces = newname.endswith(".toc")
        if announces:
            for name in self._unsynced:
                if self.file_exists(name):  # temporary files of the writer are gone by now
                    synchronise(Path(self.folder, name))
            self._unsynced.clear()
        super().rename_file(oldname, newname, safe)
        if announces:
            synchronise(Path(self.folder))


def sweep(storage: FileStorage) -> None:
    """Remove unfinished tables of contents, which Whoosh leaves behind for ever when a writer is killed. Only for
    whoever holds the writer's lock."""
    for name in storage.list():
        if re.search(r"[.]toc[.][0-9.]+$", name):
            storage.delete_file(name)


def merge_tiers(writer: Any, segments: list[Any], together: int = 8, most: int = 200_000) -> list[Any]:
    """Merge policy: join segments once `together` of one order of magnitude exist; big ones are left
    alone."""
    tiers: dict[int, list[Any]] = {}
    for segment in segments:
        tiers.setdefault(int(math.log(max(segment.doc_count_all(), 1), together)), []).append(segment)
    for _, alike in sorted(tiers.items()):
        if len(alike) >= together and sum(s.doc_count_all() for s in alike) <= most:
            for segment in alike:
                reader = SegmentReader(writer.storage, writer.schema, segment)
                writer.add_reader(reader)
                reader.close()
            return [s for s in segments if s not in alike]
    return segments
