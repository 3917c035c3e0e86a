"""How near texts are, measured in this process: for evaluations, which have no database and no other process to ask."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from helpdesk.embedding.model import Model, Vectors


class Measuring:
    """A model that remembers the vectors of every text it met, rounded as they are when they are kept."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._known: dict[str, Vectors] = {}

    def __call__(self, texts: Mapping[str, str]) -> Callable[[str, Sequence[str]], Mapping[str, float]]:
        """To a function that says how near of these texts, by key, those of some keys are to another text."""
        self._meet(texts.values())

        def nearness(text: str, keys: Sequence[str]) -> Mapping[str, float]:
            self._meet([text])
            vector = self._known[text].astype(np.float32)
            return {key: float(self._known[texts[key]].astype(np.float32) @ vector) for key in keys if key in texts}

        return nearness

    def _meet(self, texts: Iterable[str]) -> None:
        lacking = list(dict.fromkeys(text for text in texts if text not in self._known))
        if lacking:
            self._known.update(zip(lacking, self._model.encode(lacking).astype(np.float16), strict=True))
