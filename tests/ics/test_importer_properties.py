"""Whatever the bytes are, an import ends with a report or a clear refusal."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from couchcal.errors import Invalid
from couchcal.store.connection import Database
from tests.ics.test_importer import MIXED
from tests.ics.test_quirks import NOW, QUIRKS
from tests.support.ics_files import imported
from tests.support.practice import make_practice

FILES = [MIXED, *(quirk.data for quirk in QUIRKS if len(quirk.data) < 4_000)]
PIECES = [
    b"\n", b"\r\n ", b";", b":", b'"', b"\x00", b"\xff", b"BEGIN:VEVENT\n", b"END:VEVENT\n", b"RRULE:", b"20260101",
    b"99999999", b"-1", b"FREQ=YEARLY;BYDAY=53MO", b"COUNT=100000000", b"EXDATE:", b"TZID=", b"RECURRENCE-ID:",
    b"DURATION:PT", b"RDATE;VALUE=PERIOD:20261103T100000Z/PT1H,", b"UNTIL=00010101", b"RANGE=THISANDFUTURE",
]  # fmt: skip


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Database:
    return make_practice(tmp_path_factory.mktemp("properties"))


def try_import(database: Database, data: bytes) -> None:
    try:
        report = imported(database, data, now=NOW, dry_run=True)
    except Invalid as refusal:
        if refusal.code not in ("not_a_calendar", "vcalendar_1"):
            raise
        return
    assert report.read == report.added + report.updated + report.unchanged + len(report.skipped)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=200))
def test_any_bytes(shared: Database, data: bytes) -> None:
    try_import(shared, data)
    try_import(shared, b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20261103T100000Z\n" + data + b"\nEND:VEVENT\n")


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.sampled_from(FILES),
    edits=st.lists(
        st.tuples(st.floats(0, 1), st.integers(0, 12), st.one_of(st.binary(max_size=4), st.sampled_from(PIECES))),
        min_size=1,
        max_size=4,
    ),
)
def test_mutated_calendars(shared: Database, data: bytes, edits: list[tuple[float, int, bytes]]) -> None:
    for place, removed, added in edits:
        at = int(place * len(data))
        data = data[:at] + added + data[at + removed :]
    try_import(shared, data)


def test_nothing_was_kept_of_it(shared: Database) -> None:
    with closing(shared.connect()) as connection:
        assert connection.execute("SELECT count(*) FROM appointment").fetchone() == (0,)


def test_truncated_anywhere(tmp_path: Path) -> None:
    """Whole events before the cut are always kept."""
    database = make_practice(tmp_path)
    for cut in range(0, len(MIXED), 151):
        whole = MIXED[:cut].count(b"END:VEVENT\r\n")
        try:
            report = imported(database, MIXED[:cut], now=NOW, dry_run=True)
        except Invalid:
            assert whole == 0
            continue
        assert report.added >= whole
    database.dispose()
