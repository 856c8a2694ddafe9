"""The one read: against a naive oracle, its plan, its cost, its columns."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import combinations
from pathlib import Path
from typing import Any, get_type_hints
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import SQLModel

from couchcal.practice import agenda
from couchcal.practice.agenda import Entry
from couchcal.practice.entries_by_id import NEIGHBOURS, entries_by_id
from couchcal.store.connection import Connection
from couchcal.store.records import Appointment
from tests.support.entries import insert, insert_link, spread
from tests.support.practice import make_practice

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
BASE = int(datetime(2026, 3, 7, tzinfo=UTC).timestamp())
FIRST = int((datetime(1, 1, 3, tzinfo=UTC) - EPOCH).total_seconds())
LAST = int((datetime(9999, 12, 29, tzinfo=UTC) - EPOCH).total_seconds())
DAY = 86_400
ZONES = [
    "UTC", "America/New_York", "Pacific/Apia", "Africa/Casablanca", "Asia/Kathmandu", "Australia/Lord_Howe",
    "Pacific/Kiritimati", "Etc/GMT+12", "America/Santiago",
]  # fmt: skip
"""Zones that change on 2026-03-08 or not at all, at midnight, by half an hour, and those furthest from UTC."""


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    database = make_practice(tmp_path_factory.mktemp("agenda"))
    with closing(database.connect()) as opened:
        insert_link(opened)
        yield opened


STARTS = st.one_of(
    st.integers(BASE - 4 * DAY, BASE + 4 * DAY),
    st.sampled_from([BASE + hour * 3600 for hour in range(-24, 49, 3)]),
    st.integers(BASE - 800 * DAY, BASE + 800 * DAY),
    st.sampled_from([FIRST, FIRST + DAY, LAST - DAY, LAST]),
)
LENGTHS = st.one_of(
    st.sampled_from([0, 1, 1800, 3000, 3600, 3 * 3600, DAY - 1, DAY, DAY + 1, 2 * DAY, 2 * DAY + 1, 8 * DAY]),
    st.integers(0, 40 * DAY),
    st.integers(0, 3000 * DAY),
)


@st.composite
def rows(draw: st.DrawFn, table: str) -> dict[str, Any]:
    start, length = draw(STARTS), draw(LENGTHS)
    row: dict[str, Any] = {"all_day": table != "booking_request" and draw(st.booleans())}
    if row["all_day"]:
        start -= start % DAY
        length = max(DAY, length - length % DAY)
    if table == "booking_request":
        length = min(length, DAY)
        row["status"] = draw(st.sampled_from(["pending", "declined"]))
    if table in ("booking_request", "time_off"):
        length = max(length, 1)
    row |= {"start_utc": start, "end_utc": min(start + length, LAST + DAY)}
    if table == "appointment":
        row["status"] = draw(st.sampled_from(["scheduled", "scheduled", "tentative", "completed", "cancelled"]))
        row["busy"] = draw(st.sampled_from([True, True, True, False]))
        row["group_key"] = draw(st.sampled_from([None, None, "a", "b"]))
        row["origin"] = "ics"
    if table == "external_event":
        row["status"] = draw(st.sampled_from(["confirmed", "tentative", "cancelled"]))
        row["transparent"] = draw(st.booleans())
        row["rrule"] = draw(st.sampled_from(["", "", "", "FREQ=DAILY"]))
    return row


CALENDARS = st.fixed_dictionaries(
    {
        "appointment": st.lists(rows("appointment"), max_size=12),
        "external_event": st.lists(rows("external_event"), max_size=4),
        "time_off": st.lists(rows("time_off"), max_size=3),
        "booking_request": st.lists(rows("booking_request"), max_size=3),
    }
)
WINDOWS = st.builds(
    lambda start, length: (start, start + length),
    STARTS,
    st.sampled_from([1, 3600, DAY, 7 * DAY, 42 * DAY, 366 * DAY]),
)


class Shown:
    """A row as the oracle reads it, without the code under test."""

    def __init__(self, table: str, number: int, row: dict[str, Any], tz: tzinfo) -> None:
        self.key = (table, number)
        self.row = row
        self.start, self.end = self._bound(row["start_utc"], tz), self._bound(row["end_utc"], tz)
        self.hidden = (
            (table == "external_event" and (row["rrule"] != "" or row["status"] == "cancelled"))
            or (table == "booking_request" and row["status"] != "pending")
        )  # fmt: skip
        busy = row.get("busy", True) if table == "appointment" else not row.get("transparent", True)
        self.blocks = (
            table in ("appointment", "external_event")
            and not self.hidden
            and busy
            and row["status"] != "cancelled"
            and self.end > self.start
        )

    def _bound(self, seconds: int, tz: tzinfo) -> datetime:
        instant = EPOCH + timedelta(seconds=seconds)
        if not self.row["all_day"]:
            return instant
        return instant.replace(tzinfo=tz).astimezone(UTC)

    def overlaps(self, other: Shown) -> bool:
        group = self.row.get("group_key")
        same_group = group is not None and group == other.row.get("group_key")
        return self.start < other.end and other.start < self.end and not same_group


def oracle(
    calendar: dict[str, list[dict[str, Any]]], lo: datetime, hi: datetime, tz: tzinfo, *, cancelled: bool
) -> list[tuple[datetime, tuple[str, int], bool]]:
    everything = [
        Shown(table, number, row, tz) for table, found in calendar.items() for number, row in enumerate(found, 1)
    ]
    clashing = set()
    for one, other in combinations([shown for shown in everything if shown.blocks], 2):
        if one.overlaps(other):
            clashing |= {one.key, other.key}
    return [
        (shown.start, shown.key, shown.key in clashing)
        for shown in everything
        if not shown.hidden
        and (cancelled or shown.row.get("status") != "cancelled")
        and shown.start < hi
        and (shown.end > lo or shown.start >= lo)
        and not (shown.key[0] in ("time_off", "booking_request") and shown.end <= lo)
    ]


# INV-A1, INV-A5, INV-A6, INV-A10, CNF-01, CNF-02, CNF-03
@settings(max_examples=120, deadline=None)
@given(calendar=CALENDARS, window=WINDOWS, zone=st.sampled_from(ZONES), cancelled=st.booleans())
def test_between_is_what_a_plain_loop_finds(
    connection: Connection,
    calendar: dict[str, list[dict[str, Any]]],
    window: tuple[int, int],
    zone: str,
    cancelled: bool,
) -> None:
    tz = ZoneInfo(zone)
    lo, hi = EPOCH + timedelta(seconds=window[0]), EPOCH + timedelta(seconds=min(window[1], LAST + DAY))
    connection.execute("BEGIN IMMEDIATE")
    try:
        for table, found in calendar.items():
            insert(connection, table, found)
        entries = agenda.between(connection, lo, hi, tz, cancelled=cancelled)
        expected = oracle(calendar, lo, hi, tz, cancelled=cancelled)
        got = [(entry.start, (entry.table, entry.row_id), entry.conflict) for entry in entries]
        assert sorted(got) == sorted(expected)
        assert [(entry.start, entry.id) for entry in entries] == sorted(
            (entry.start, entry.id) for entry in entries
        )
        marks = {key: mark for _, key, mark in oracle(calendar, EPOCH.replace(year=1), LATEST, tz, cancelled=True)}
        for number in range(1, len(calendar["appointment"]) + 1):
            entry = agenda.one(connection, number, tz)
            assert entry is not None
            assert entry.conflict == marks["appointment", number]
        ids = {table: range(len(found), 0, -2) for table, found in calendar.items()}  # not all: the rest clash, too
        some = entries_by_id(connection, ids["appointment"], ids["external_event"], tz)
        on_calendar = {
            (table, number) for table in ("appointment", "external_event") for number in ids[table]
        } & marks.keys()
        assert {(entry.table, entry.row_id) for entry in some} == on_calendar
        assert len(some) == len(on_calendar)
        for entry in some:
            assert entry.conflict == marks[entry.table, entry.row_id]
    finally:
        connection.execute("ROLLBACK")


LATEST = datetime.max.replace(tzinfo=UTC)


def test_the_whole_of_time_is_a_window(connection: Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    insert(
        connection,
        "appointment",
        [
            {"start_utc": at, "end_utc": at + 60, "origin": "ics"}
            for at in (FIRST - 2 * DAY, BASE, LAST + 3 * DAY - 61)
        ],
    )
    found = agenda.between(connection, datetime.min.replace(tzinfo=UTC), LATEST, ZoneInfo("Asia/Kathmandu"))
    connection.execute("ROLLBACK")
    assert [entry.row_id for entry in found] == [1, 2, 3]


def test_a_window_may_have_fractions_of_seconds(connection: Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    insert(connection, "appointment", [{"start_utc": BASE, "end_utc": BASE + 60}])
    at = EPOCH + timedelta(seconds=BASE)
    half = timedelta(microseconds=500_000)
    tz = ZoneInfo("UTC")
    assert len(agenda.between(connection, at - DAY_LONG, at + half, tz)) == 1
    assert len(agenda.between(connection, at - DAY_LONG, at - half, tz)) == 0
    assert len(agenda.between(connection, at + timedelta(seconds=60) - half, at + DAY_LONG, tz)) == 1
    assert len(agenda.between(connection, at + timedelta(seconds=60) + half, at + DAY_LONG, tz)) == 0
    connection.execute("ROLLBACK")


DAY_LONG = timedelta(days=1)


@pytest.mark.sqlite_only("how SQLite plans")
@pytest.mark.parametrize("encrypt", [False, True])
@pytest.mark.parametrize("analyzed", [False, True])
def test_the_plan_searches_the_span_indexes(tmp_path: Path, encrypt: bool, analyzed: bool) -> None:
    with closing(make_practice(tmp_path, encrypt).connect()) as connection:
        insert_link(connection)
        insert(connection, "appointment", ({"start_utc": n * 3600, "end_utc": n * 3600 + 60} for n in range(500)))
        insert(connection, "external_event", ({"start_utc": n * 9, "end_utc": n * 9 + 60} for n in range(500)))
        if analyzed:
            connection.execute("ANALYZE")
        arguments = agenda.statement_arguments(BASE, BASE + 7 * DAY, cancelled=True)
        plans = [
            [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", values)]
            for statement, values in ((agenda.STATEMENT, arguments), (NEIGHBOURS, ("[]", "[]")))
        ]
    for plan in plans:
        for table in ("appointment", "external_event"):
            searched = f"SEARCH a USING INDEX ix_{table}_span (span=? AND start_utc>? AND start_utc<?)"
            assert searched in plan, plan
        assert not [step for step in plan if re.match(r"SCAN (a|appointment|external_event)\b", step)], plan


def _steps(connection: sqlite3.Connection) -> int:
    count = 0

    def step() -> int:
        nonlocal count
        count += 1
        return 0

    connection.set_progress_handler(step, 10)
    start = EPOCH + timedelta(seconds=BASE)
    entries = agenda.between(connection, start, start + timedelta(days=7), ZoneInfo("America/New_York"))
    connection.set_progress_handler(None, 0)
    assert len(entries) == 151
    return count


@pytest.mark.parametrize("table", ["appointment", "external_event"])
def test_the_cost_does_not_depend_on_how_much_is_stored(tmp_path: Path, table: str) -> None:
    shown = [{"start_utc": BASE + n * 3600, "end_utc": BASE + n * 3600 + 3000} for n in range(150)]
    years = {"start_utc": BASE - 3000 * DAY, "end_utc": BASE + 3000 * DAY}
    with closing(make_practice(tmp_path).connect_file()) as connection:
        insert_link(connection)
        insert(connection, table, [*shown, years])
        cost = {}
        for stored in (1_000, 100_000):
            connection.execute("BEGIN IMMEDIATE")
            spread(connection, table, stored, BASE)
            cost[stored] = _steps(connection)
            connection.execute("ROLLBACK")
    assert cost[100_000] <= 1.2 * cost[1_000], cost


# The columns of the statement and the fields of an Entry, held against the records.

_ALIASES = {"c": "client", "l": "location", "s": "series", "x": "cancellation"}
_COLUMN_OF = {
    "kind": "kind", "tz": "tz", "all_day": "all_day", "status": "status", "title": "title",
    "client_id": "client_id", "service": "service", "place": "place", "busy": "busy", "series_id": "series_id",
    "origin": "origin",
    "group_key": "group_key", "billing_status": "billing_status", "claim_status": "claim_status",
    "version": "version", "start": "start_utc", "end": "end_utc", "uid": "uid",
}  # fmt: skip


def test_every_column_of_the_statement_is_one_of_the_records() -> None:
    for part in agenda.STATEMENT.split("UNION ALL"):
        source = re.search(r"(?:JOIN|FROM) (\w+) a\b", part)
        assert source is not None
        aliases = {**_ALIASES, "a": source[1], "k": "calendar_link" if "calendar_link k" in part else "calendar"}
        used = set(re.findall(r"\b([acklsx])\.(\w+)", part))
        assert len(used) > 5
        for alias, column in used:
            assert column in SQLModel.metadata.tables[aliases[alias]].columns, f"{aliases[alias]}.{column}"


@pytest.mark.parametrize("field", sorted(_COLUMN_OF))
def test_fields_of_an_entry_have_the_types_of_their_columns(field: str) -> None:
    column = Appointment.model_fields[_COLUMN_OF[field]]
    assert get_type_hints(Entry)[field] == column.annotation


def test_facts_of_the_practice(connection: Connection) -> None:
    facts = agenda.practice_facts(connection)
    assert (facts.tz, facts.week_start, facts.identifier_mode) == ("America/New_York", 0, "id")
