"""What came of loading something."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Counts:
    """How many rows were new, changed or unchanged, and why the others were refused."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: list[str] = field(default_factory=list)

    def add(self, what: str) -> None:
        """Count one row: "new", "changed" or "unchanged"."""
        setattr(self, what, getattr(self, what) + 1)

    def merge(self, other: Counts) -> None:
        self.new += other.new
        self.changed += other.changed
        self.unchanged += other.unchanged
        self.refused += other.refused
