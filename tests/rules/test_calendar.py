"""Working time: the worked examples, the nights that have 23 or 25 hours, and every mistake in a calendar
refused.
"""

from __future__ import annotations

import copy
import json
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.errors import BadInput
from helpdesk.sla.calendar import Calendar, due, elapsed, working_spans
from helpdesk.sla.calendar_document import DAYS, calendar_from_entries, from_document, to_entry
from helpdesk.sla.public_holidays import computed_holidays

DEMO = Path(__file__).parents[2] / "data" / "demo"
DOCUMENT = yaml.safe_load((DEMO / "calendars.yaml").read_text("utf-8"))
BOOK = from_document(DOCUMENT)
PARIS = ZoneInfo("Europe/Paris")


def paris(*parts):
    return datetime(*parts, tzinfo=PARIS)


def a_calendar(hours, **given) -> Calendar:
    entry = {"id": "c", "timezone": "Europe/Paris", "valid_from": "2026-01-01", "hours": hours, **given}
    sets = {"fr-metropole": DOCUMENT["holiday_sets"]["fr-metropole"]}
    return from_document({"calendars": [entry], "holiday_sets": sets})["c"]


# The text of each example of the demo, as instants.
EXAMPLES = {
    "vendredi soir, heure d'été, lundi": ("cal-facturation", paris(2026, 3, 27, 16, 30), paris(2026, 3, 30, 9, 15)),
    "lundi de Pâques": ("cal-bureau", paris(2026, 4, 3, 16, 45), paris(2026, 4, 7, 9, 20)),
    "pause déjeuner": ("cal-bureau", paris(2026, 3, 25, 12, 10), paris(2026, 3, 25, 13, 50)),
    "nuit du changement d'heure, temps réel": (
        "cal-24x7",
        datetime.fromisoformat("2026-03-29T01:50:00+01:00"),
        datetime.fromisoformat("2026-03-29T03:20:00+02:00"),
    ),
    "fuseau de La Réunion": ("cal-reunion", paris(2026, 3, 30, 10, 30), paris(2026, 3, 30, 13, 30)),
    "changement de version de calendrier": ("cal-facturation", paris(2026, 4, 3, 16, 50), paris(2026, 4, 3, 17, 40)),
}
WRITTEN = yaml.safe_load((DEMO / "sla_policies.yaml").read_text("utf-8"))["examples_for_tests"]


@pytest.mark.parametrize("example", WRITTEN, ids=lambda example: example["name"])
def test_the_worked_examples_come_out_as_written(example):
    code, start, end = EXAMPLES[example["name"]]
    expected = example.get("expected_business_minutes", example.get("expected_real_minutes"))
    assert elapsed(BOOK[code], start, end) == expected
    assert due(BOOK[code], start, expected) == end.astimezone(UTC)


def test_a_holiday_in_the_middle_moves_the_deadline():
    calendar = a_calendar({day: ["09:00-18:00"] for day in DAYS[:5]}, holidays="fr-metropole")
    assert due(calendar, paris(2026, 11, 10, 17), 240) == paris(2026, 11, 12, 12)


def test_holiday_hours_closed_days_and_bridges():
    com, bureau = BOOK["cal-com"], BOOK["cal-bureau"]
    assert elapsed(com, paris(2026, 4, 6), paris(2026, 4, 7)) == 8 * 60
    assert elapsed(com, paris(2026, 5, 1), paris(2026, 5, 2)) == 0
    assert elapsed(com, paris(2026, 5, 14), paris(2026, 5, 15)) == 8 * 60
    assert elapsed(bureau, paris(2026, 5, 14), paris(2026, 5, 18)) == 0


def test_sets_inherit_holidays():
    reunion = BOOK["cal-reunion"].versions[0]
    assert reunion.is_holiday(date(2026, 12, 20))
    assert reunion.is_holiday(date(2026, 4, 6))
    assert not BOOK["cal-com"].versions[0].is_holiday(date(2026, 12, 20))


@pytest.mark.parametrize("name", ["fr-metropole", "fr-alsace-moselle", "fr-reunion"])
@pytest.mark.parametrize("year", [2026, 2027])
def test_computed_holidays_are_those_written_down(name, year):
    listed = set(DOCUMENT["holiday_sets"][name][year])
    parent = DOCUMENT["holiday_sets"][name].get("inherits")
    listed |= set(DOCUMENT["holiday_sets"][parent][year]) if parent else set()
    assert computed_holidays(name, year) == listed


def test_years_that_nobody_wrote_down_are_computed():
    assert elapsed(BOOK["cal-bureau"], paris(2029, 5, 1), paris(2029, 5, 2)) == 0
    assert elapsed(BOOK["cal-24x7"], paris(2029, 5, 1), paris(2029, 5, 2)) == 24 * 60


def test_each_day_counts_with_the_version_in_force():
    calendar = BOOK["cal-facturation"]
    assert [version.number for version in calendar.versions] == [1, 2]
    assert elapsed(calendar, paris(2026, 3, 27, 16, 50), paris(2026, 3, 27, 17, 40)) == 10
    assert {span.version for span in working_spans(calendar, paris(2026, 3, 30), paris(2026, 4, 3))} == {1, 2}
    assert calendar.in_force(paris(2026, 3, 31, 23, 59)).number == 1
    assert calendar.in_force(paris(2026, 4, 1)).number == 2
    assert elapsed(calendar, paris(2025, 12, 1), paris(2025, 12, 2)) == 570  # before the first version: as in it


def test_nights_of_23_and_25_hours():
    always = BOOK["cal-24x7"]
    assert elapsed(always, paris(2026, 3, 29), paris(2026, 3, 30)) == 23 * 60
    assert elapsed(always, paris(2026, 10, 25), paris(2026, 10, 26)) == 25 * 60


def test_an_opening_that_does_not_exist_is_at_the_next_valid_instant():
    calendar = a_calendar({"sun": ["02:30-04:00"]})
    assert elapsed(calendar, paris(2026, 3, 29), paris(2026, 3, 30)) == 60
    assert due(calendar, paris(2026, 3, 29), 1) == datetime(2026, 3, 29, 1, 1, tzinfo=UTC)
    assert elapsed(a_calendar({"sun": ["02:10-02:50"]}), paris(2026, 3, 29), paris(2026, 3, 30)) == 0


def test_an_opening_that_exists_twice_is_at_the_first():
    calendar = a_calendar({"sun": ["02:30-04:00"]})
    assert elapsed(calendar, paris(2026, 10, 25), paris(2026, 10, 26)) == 150
    assert due(calendar, paris(2026, 10, 25), 1) == datetime(2026, 10, 25, 0, 31, tzinfo=UTC)


def test_nothing_to_wait_for_is_due_at_once_and_the_last_minute_at_closing():
    calendar = BOOK["cal-bureau"]
    night = paris(2026, 3, 25, 3)
    assert due(calendar, night, 0) == night
    assert due(calendar, paris(2026, 3, 25, 12), 30) == paris(2026, 3, 25, 12, 30)
    assert due(calendar, paris(2026, 3, 25, 12), 30.5) == paris(2026, 3, 25, 13, 30, 30)


INSTANTS = st.integers(0, 2 * 365 * 86_400).map(
    lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
CODES = st.sampled_from(sorted(BOOK.calendars))


@given(CODES, INSTANTS, st.integers(0, 20_000).map(lambda number: number / 2))
def test_due_and_elapsed_are_inverse(code, start, minutes):
    end = due(BOOK[code], start, minutes)
    assert elapsed(BOOK[code], start, end) == pytest.approx(minutes, abs=1e-6)
    if minutes:
        assert elapsed(BOOK[code], start, end - timedelta(seconds=1)) < minutes  # the first such instant


@given(CODES, INSTANTS, st.timedeltas(timedelta(), timedelta(days=40)), st.timedeltas(timedelta(), timedelta(days=40)))
def test_time_adds_up_and_never_exceeds_real_time(code, start, first, second):
    calendar, middle, end = BOOK[code], start + first, start + first + second
    whole = elapsed(calendar, start, end)
    assert whole == pytest.approx(elapsed(calendar, start, middle) + elapsed(calendar, middle, end))
    assert 0 <= whole <= (end - start) / timedelta(minutes=1) + 1e-9
    spans = list(working_spans(calendar, start, end))
    assert all(one.end <= other.start for one, other in pairwise(spans))


@given(
    INSTANTS,
    st.timedeltas(timedelta(), timedelta(days=40)),
    st.sampled_from(["Europe/Paris", "Indian/Reunion", "America/Havana", "Australia/Lord_Howe", "Atlantic/Azores"]),
)
def test_a_calendar_that_never_closes_is_real_time_in_every_zone(start, length, zone):
    calendar = a_calendar({day: ["00:00-24:00"] for day in DAYS}, timezone=zone)
    assert elapsed(calendar, start, start + length) == length / timedelta(minutes=1)


@pytest.mark.parametrize(
    ("start", "end"),
    [(paris(2026, 1, 2), paris(2026, 1, 1)), (paris(2026, 1, 1).replace(tzinfo=None), paris(2026, 1, 2))],
)
def test_instants_that_make_no_sense_are_refused(start, end):
    with pytest.raises(ValueError, match=r"before|zone"):
        elapsed(BOOK["cal-24x7"], start, end)


def test_a_deadline_that_never_comes_is_refused():
    shut = a_calendar(
        {"mon": ["09:00-10:00"]}, closed_on=[f"{month:02}-{day:02}" for month in range(1, 13) for day in range(1, 29)]
    )
    with pytest.raises(ValueError, match="working time"):
        due(shut, paris(2026, 1, 1), 60 * 24 * 365)
    with pytest.raises(ValueError, match="negative"):
        due(shut, paris(2026, 1, 1), -1)


@pytest.mark.parametrize("code", sorted(BOOK.calendars))
def test_a_version_written_down_and_read_again_is_the_same(code):
    entries = json.loads(json.dumps([to_entry(version) for version in BOOK[code].versions]))
    assert calendar_from_entries(entries) == BOOK[code]


MISTAKES = [
    ({"hours": {"mon": ["09:00-12:00", "11:30-17:00"]}}, "hours.mon", "overlapping_hours"),
    ({"hours": {"mon": ["12:00-09:00"]}}, "hours.mon", "bad_hours"),
    ({"hours": {"mon": ["09:00-09:00"]}}, "hours.mon", "bad_hours"),
    ({"hours": {"mon": ["9h-17h"]}}, "hours.mon", "bad_hours"),
    ({"hours": {"mon": ["09:00-24:30"]}}, "hours.mon", "bad_hours"),
    ({"hours": {"mon": ["24:00-24:00"]}}, "hours.mon", "bad_hours"),
    ({"hours": {"lun": ["09:00-17:00"]}}, "hours.lun", "unknown_day"),
    ({"hours": {}}, "hours", "empty_calendar"),
    ({"hours": {"mon": []}}, "hours", "empty_calendar"),
    ({"hours": None}, "hours", "empty_calendar"),
    ({"hours": ["09:00-17:00"]}, "hours", "bad_hours"),
    ({"timezone": "Europe/Atlantis"}, "timezone", "unknown_zone"),
    ({"timezone": "../../etc/passwd"}, "timezone", "unknown_zone"),
    ({"timezone": None}, "timezone", "unknown_zone"),
    ({"timezone": "Europe"}, "timezone", "unknown_zone"),
    ({"holidays": "fr-mars"}, "holidays", "unknown_holidays"),
    ({"valid_from": "bientôt"}, "valid_from", "bad_date"),
    ({"closed_on": ["13-01"]}, "closed_on", "bad_date"),
    ({"extra_closed": ["2026-02-30"]}, "extra_closed", "bad_date"),
    ({"holiday_hours": ["10:00-18:00", "17:00-19:00"]}, "holiday_hours", "overlapping_hours"),
    ({"version": "deux"}, "version", "bad_version"),
]


def refused(document):
    with pytest.raises(BadInput) as refusal:
        from_document(document)
    return [(problem.field, problem.code) for problem in refusal.value.problems]


@pytest.mark.parametrize(("change", "place", "code"), MISTAKES)
def test_a_mistake_is_refused_with_its_place(change, place, code):
    document = copy.deepcopy(DOCUMENT)
    document["calendars"][0] |= change
    assert (f"calendars.cal-com.{place}", code) in refused(document)


def test_touching_intervals_are_allowed():
    assert elapsed(a_calendar({"mon": ["09:00-12:00", "12:00-13:00"]}), paris(2026, 3, 23), paris(2026, 3, 24)) == 240


def test_versions_sets_and_changes_that_contradict_each_other_are_refused():
    document = copy.deepcopy(DOCUMENT)
    document["calendars"].append(document["calendars"][0])
    assert refused(document) == [("calendars.cal-com.version", "versions_out_of_order")]
    document = copy.deepcopy(DOCUMENT)
    document["holiday_sets"]["fr-metropole"]["inherits"] = "fr-reunion"
    assert ("holiday_sets.fr-metropole", "inherits_itself") in refused(document)
    changes = [
        {"calendar": "cal-lune", "valid_from": "2026-04-01", "change": "lundi 08:00-09:00"},
        {"calendar": "cal-com", "valid_from": "2026-04-01", "change": "on ouvre plus tôt"},
        {"calendar": "cal-com", "valid_from": "2025-04-01", "hours": {"mon": ["08:00-09:00"]}},
    ]
    assert refused({**DOCUMENT, "calendar_changes": changes}) == [
        ("calendar_changes.cal-lune", "unknown_calendar"),
        ("calendar_changes.cal-com", "change_not_understood"),
        ("calendars.cal-com.version", "versions_out_of_order"),
    ]
