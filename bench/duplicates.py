"""Whether a report marked as a duplicate finds its original, and whether one that repeats another can be told.

The reports are not kept with the project: `--data` or RELAIS_ROUTING_DATA names a folder with `en_dup_hadoop.jsonl`
(rows of `id`, `text`, `time`, and `dup_of` where a report repeats another); without it, this is skipped by name.
The path is production's: the same analysis, the same index of open questions, the same judgement. Two readings of
the data: `earlier` compares each report with those that came before it; `all` with all others, so that the earlier of
two is marked as well. Exit code 1 when a goal is missed for either.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench._serving import scratch_folder
from helpdesk.routing.duplicates import Reading, judge
from helpdesk.routing.evaluation import auroc
from helpdesk.routing.meaning import meaning_of
from helpdesk.search.alike import heading_of
from helpdesk.search.index import AskedDocument, AskedHit
from helpdesk.search.query import Query
from helpdesk.search.whoosh_index import WhooshIndex

FOLDER = "RELAIS_ROUTING_DATA"
FILE = "en_dup_hadoop.jsonl"
GOALS = {"among_ten": 0.81, "auroc": 0.72, "judged": 0.72}
SOUGHT = 60
"""Found for each report, before those that came later are left out."""
JUDGED = 30
"""The best of them, whose likeness is looked at."""


@dataclass(frozen=True)
class Report:
    text: str
    at: datetime
    originals: frozenset[int]


@dataclass(frozen=True)
class Line:
    reading: str
    marked: int
    first: float
    among_ten: float
    auroc: float | None
    """By how much of a report the other holds, of what it would reach against itself."""
    judged: float | None
    """The same after codes, places and denials, as the ticket page orders them."""

    @property
    def met(self) -> bool:
        return all((getattr(self, name) or 0.0) >= goal for name, goal in GOALS.items())

    def sentence(self) -> str:
        found = f"original first {self.first:.3f}, among ten {self.among_ten:.3f}"
        told = f"AUROC {self.auroc or 0:.3f}, {self.judged or 0:.3f} as judged"
        goals = ", ".join(f"{name.replace('_', ' ')} {goal:g}" for name, goal in GOALS.items())
        verdict = "met" if self.met else "not met"
        return f"{self.reading:8} {self.marked:4} marked: {found}, {told} (goals: {goals}: {verdict})"


def main() -> int:
    args = _arguments()
    path = Path(args.data or os.environ.get(FOLDER, "")) / FILE
    if not (args.data or os.environ.get(FOLDER)) or not path.is_file():
        print(f"{FILE}: skipped, there is no such file in the folder given by --data or {FOLDER}", file=sys.stderr)
        if args.json:
            print(json.dumps({"skipped": [FILE]}))
        return 0
    reports = read(path)
    with scratch_folder() as folder:
        started = time.perf_counter()
        found = _search(reports, folder / "index")
        seconds = time.perf_counter() - started
    lines = [_line("earlier", reports, found), _line("all", reports, found)]
    if args.json:
        print(json.dumps({"file": FILE, "seconds": round(seconds, 1), "lines": [asdict(line) for line in lines]}))
    else:
        print(*[line.sentence() for line in lines], f"{len(reports)} reports in {seconds:.0f} s", sep="\n")
    return 0 if all(line.met for line in lines) else 1


def read(path: Path) -> list[Report]:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    numbers = {row["id"]: number for number, row in enumerate(rows)}
    return [
        Report(
            row["text"],
            datetime.strptime(row["time"], "%d/%b/%y %H:%M").replace(tzinfo=UTC),
            frozenset(numbers[other] for other in row.get("dup_of") or () if other in numbers),
        )
        for row in rows
    ]


def _search(reports: Sequence[Report], folder: Path) -> list[list[tuple[AskedHit, float]]]:
    """For each report those like it, best first, each with the likeness that production would show."""
    index = WhooshIndex(folder)
    headings = [heading_of(None, report.text) for report in reports]
    index.rebuild([AskedDocument(n, headings[n], report.text, "en") for n, report in enumerate(reports)], watermark=0)
    readings = [Reading(meaning_of(report.text, "en"), {}, "en") for report in reports]
    found = []
    for number, report in enumerate(reports):
        hits = index.asked(Query.of(report.text, "en"), headings[number], SOUGHT).hits
        found.append([
            (hit, judge(readings[number], readings[hit.ticket_id], hit.share).similarity)
            for hit in hits
            if hit.ticket_id != number
        ])  # fmt: skip
    return found


def _line(reading: str, reports: Sequence[Report], found: Sequence[Sequence[tuple[AskedHit, float]]]) -> Line:
    places: list[int | None] = []
    repeated: list[tuple[float, float]] = []
    new: list[tuple[float, float]] = []
    for report, hits in zip(reports, found, strict=True):
        shown = [each for each in hits if reading == "all" or reports[each[0].ticket_id].at <= report.at][:JUDGED]
        originals = [n for n in report.originals if reading == "all" or reports[n].at <= report.at]
        held, judged = max((h.share for h, _ in shown), default=0.0), max((s for _, s in shown), default=0.0)
        if originals:
            at = [place for place, (hit, _) in enumerate(shown) if hit.ticket_id in originals]
            places.append(at[0] if at else None)
            repeated.append((held, judged))
        elif not report.originals:
            new.append((held, judged))
    told = [auroc([each[by] for each in repeated], [each[by] for each in new]) for by in (0, 1)]
    return Line(reading, len(places), _within(places, 1), _within(places, 10), *told)


def _within(places: Sequence[int | None], limit: int) -> float:
    return round(sum(place is not None and place < limit for place in places) / max(1, len(places)), 4)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench duplicates", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", help=f"folder with {FILE} (else {FOLDER})")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
