"""A sentence-embedding model in a folder on this machine: texts in, points whose nearness is nearness of meaning out.

An optional extra (see docs/embeddings.md). The library that runs the model is imported by `load` alone, so nothing of
it is paid for where no model is named.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from helpdesk.embedding.folder import identity_of, problem_with

LONGEST = 5_000
"""Characters of a text that are read: models see a few hundred words at most, and cut the rest off themselves."""
BATCH = 8
"""Texts encoded together: a question that waits for a turn waits for so many."""

_QUIET_AND_OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TQDM_DISABLE": "1",
    "TOKENIZERS_PARALLELISM": "false",
}

_THREADS = "OMP_NUM_THREADS"
"""One, unless the operator says otherwise: on a busy machine two that wait for one another took forty times as long."""

Vectors = NDArray[np.float32]


class ModelUnusable(Exception):
    """There is no model to be used; the message is one sentence that says what to do."""


class Model:
    """A loaded model. One thread at a time."""

    def __init__(self, kept: Any, identity: str) -> None:
        self._kept = kept
        self.identity = identity

    def encode(self, texts: Sequence[str]) -> Vectors:
        """One row of length 1 (or 0, of a text in which the model sees nothing) for each text."""
        # What is no character (half a surrogate pair) makes the library refuse the text.
        shortened = [text[:LONGEST].encode("utf-8", "replace").decode("utf-8") for text in texts]
        found = np.asarray(
            self._kept.encode(shortened, batch_size=BATCH, convert_to_numpy=True, show_progress_bar=False),
            dtype=np.float32,
        ).reshape(len(texts), -1)
        found = np.nan_to_num(found)
        lengths = np.linalg.norm(found, axis=1, keepdims=True)
        return (found / np.where(lengths > 0, lengths, 1)).astype(np.float32)


def load(folder: Path) -> Model:
    """Read the model; seconds, and some hundred megabytes of memory. Nothing is fetched. Raises ModelUnusable."""
    problem = problem_with(folder)
    if problem:
        raise ModelUnusable(problem)
    os.environ.update(_QUIET_AND_OFFLINE)
    os.environ.setdefault(_THREADS, "1")
    try:
        from sentence_transformers import SentenceTransformer

        model = Model(SentenceTransformer(str(folder), local_files_only=True), identity_of(folder))
        model.encode(["a"])
    except Exception as error:  # whatever a foreign file makes a foreign library raise
        said = " ".join(str(error).split())[:200] or type(error).__name__
        raise ModelUnusable(f"the model in {folder} can't be loaded ({said}): copy it there again.") from error
    return model
