"""A folder that holds a sentence-embedding model: what is wrong with it, and which model it is.

Models are read as the sentence-transformers library keeps them: a folder with a `modules.json`.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
from pathlib import Path

LIBRARY = "sentence_transformers"
INSTALL = "see docs/embeddings.md"
_EDGE = 1 << 20


def problem_with(folder: Path) -> str | None:
    """Why the model in `folder` can't be used, as far as a quick look tells, in one sentence; None when it can."""
    if not folder.is_dir():
        return f"{folder} is not a folder: name the one that holds the model's modules.json."
    try:
        parts = json.loads((folder / "modules.json").read_text(encoding="utf-8"))
        paths = [folder / part["path"] for part in parts]
    except OSError as error:
        reason = error.strerror or error
        return f"{folder}/modules.json can't be read ({reason}): the folder must hold a whole sentence-embedding model."
    except (ValueError, TypeError, KeyError):
        return f"{folder}/modules.json is damaged: copy the model there again."
    # Parts without anything to remember (such as scaling to length 1) need no folder of their own.
    if not paths or not paths[0].is_dir():
        return f"{folder} lacks parts that its modules.json names: copy the model there again."
    if importlib.util.find_spec(LIBRARY) is None:
        return f"the packages that run a model are not installed: {INSTALL}."
    return None


def identity_of(folder: Path) -> str:
    """A word that changes when the model does: of the names, sizes and edges of its files."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".md"):
        size = path.stat().st_size
        digest.update(f"{path.relative_to(folder)}\0{size}\0".encode())
        with path.open("rb") as file:
            digest.update(file.read(_EDGE))
            file.seek(max(0, size - _EDGE))
            digest.update(file.read(_EDGE))
    return digest.hexdigest()[:16]
