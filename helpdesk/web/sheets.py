"""A table of figures once, for the page, as CSV and as a spreadsheet: three ways to read the same numbers."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import xlsxwriter
from flask_babel import gettext as _

from helpdesk.web import clock_wording
from helpdesk.web.looks import number, percent

LONGEST_SHEET_NAME = 31
"""What spreadsheet programs allow."""
DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
"""What spreadsheet programs take for the beginning of a formula."""


class Form(StrEnum):
    """How the values of a column are written."""

    TEXT = "text"
    COUNT = "count"
    SHARE = "share"
    DURATION = "duration"
    """Seconds of working time; told to programs in minutes."""


@dataclass(frozen=True)
class Column:
    label: str
    form: Form = Form.TEXT

    @property
    def is_number(self) -> bool:
        return self.form is not Form.TEXT


@dataclass(frozen=True)
class Cell:
    """A value (None: too little is known to tell), and where the tickets behind it are listed."""

    value: Any
    url: str | None = None


@dataclass(frozen=True)
class Sheet:
    """`code` names it in addresses and files."""

    code: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]


def told(cell: Cell, form: Form) -> str:
    """A value as the page says it."""
    if cell.value is None:
        return "–"
    if form is Form.SHARE:
        return percent(round(cell.value, 2))
    if form is Form.DURATION:
        return duration(cell.value)
    return number(cell.value) if form is Form.COUNT else str(cell.value)


def duration(seconds: float) -> str:
    """Working time in hours and minutes: a working day is not the same length everywhere."""
    return clock_wording.duration(seconds / 60)


def as_csv(sheet: Sheet) -> str:
    """With a byte order mark, which spreadsheet programs need to read accents."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(_headings(sheet))
    for row in sheet.rows:
        writer.writerow([_plain(cell.value, column.form) for cell, column in zip(row, sheet.columns, strict=True)])
    return "\ufeff" + written.getvalue()


def as_workbook(sheets: Iterable[Sheet], about: Sequence[tuple[str, str]]) -> bytes:
    """A spreadsheet: `about` on the first page (what, value), then each table on its own."""
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        strong = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        forms = {
            Form.SHARE: book.add_format({"num_format": "0 %"}),
            Form.DURATION: book.add_format({"num_format": "0.0"}),
        }
        first = book.add_worksheet(str(_("About"))[:LONGEST_SHEET_NAME])
        first.set_column(0, 1, 40)
        for place, (what, value) in enumerate(about):
            first.write_string(place, 0, what, strong)
            first.write_string(place, 1, value)
        for sheet in sheets:
            page = book.add_worksheet(_sheet_name(sheet.title))
            page.set_column(0, 0, 32)
            page.set_column(1, max(1, len(sheet.columns) - 1), 16)
            page.freeze_panes(1, 1)
            page.write_row(0, 0, _headings(sheet), strong)
            for line, row in enumerate(sheet.rows, 1):
                for place, (cell, column) in enumerate(zip(row, sheet.columns, strict=True)):
                    if cell.value is not None:
                        page.write(line, place, _figure(cell.value, column.form), forms.get(column.form))
    return made.getvalue()


def _sheet_name(title: str) -> str:
    return "".join(" " if letter in "[]:*?/\\" else letter for letter in title)[:LONGEST_SHEET_NAME].strip("' ")


def _headings(sheet: Sheet) -> list[str]:
    minutes = str(_("minutes"))
    return [f"{c.label} ({minutes})" if c.form is Form.DURATION else c.label for c in sheet.columns]


def _figure(value: Any, form: Form) -> Any:
    return round(value / 60, 1) if form is Form.DURATION else str(value) if form is Form.TEXT else value


def _plain(value: Any, form: Form) -> Any:
    if value is None:
        return ""
    if form is Form.SHARE:
        return round(value, 4)
    written = _figure(value, form)
    return f"'{written}" if isinstance(written, str) and written.startswith(DANGEROUS) else written
