"""Exports under an independent lint (option --ics-lint): nothing to find, in any name mode."""

from __future__ import annotations

import io
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from couchcal.ics.writer import export
from couchcal.practice import demo
from couchcal.store.connection import Database
from tests.support.ics_files import at, calendar, imported, vevent
from tests.support.practice import make_practice

NOW = datetime(2026, 3, 3, 15, tzinfo=UTC)


def _findings(lint: Path, file: Path) -> str:
    done = subprocess.run(
        [sys.executable, str(lint), "--export", str(file)], capture_output=True, text=True, check=False, timeout=120
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


def _export(database: Database, file: Path, **options: Any) -> None:
    out = io.BytesIO()
    assert export(database, out, **options) > 0
    file.write_bytes(out.getvalue())


@pytest.fixture(scope="module")
def practice(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Database:
    """A lively practice: series, moves, cancellations, groups, time off."""
    if not request.config.getoption("--ics-lint"):
        pytest.skip("needs --ics-lint")
    return demo.build(tmp_path_factory.mktemp("demo") / "demo.db", tz="America/New_York", clock=at(NOW))


@pytest.mark.parametrize("names", ["id", "initials", "first", "full"])
@pytest.mark.parametrize("cancelled", [False, True])
def test_our_own_practice(ics_lint: Path, practice: Database, tmp_path: Path, names: str, cancelled: bool) -> None:
    _export(practice, tmp_path / "out.ics", names=names, cancelled=cancelled)
    assert _findings(ics_lint, tmp_path / "out.ics") == ""


def test_a_window(ics_lint: Path, practice: Database, tmp_path: Path) -> None:
    lo, hi = datetime(2026, 2, 20, tzinfo=UTC), datetime(2026, 4, 2, 4, tzinfo=UTC)
    _export(practice, tmp_path / "out.ics", start=lo, end=hi)
    assert _findings(ics_lint, tmp_path / "out.ics") == ""


def test_imported_entries(ics_lint: Path, tmp_path: Path) -> None:
    database = make_practice(tmp_path)
    zoned = "TZID=W. Europe Standard Time"
    imported(
        database,
        calendar(
            vevent(
                f"DTSTART;{zoned}:20260105T090000", f"DTEND;{zoned}:20260105T100000",
                "RRULE:FREQ=WEEKLY;INTERVAL=2;UNTIL=20260601",
                f"EXDATE;{zoned}:20260119T090000,20260202T090000", "SUMMARY:Größe; 日本, " + "x" * 90,
                "ATTENDEE;CN=\"Reed, Bob\";RSVP=TRUE:mailto:bob@example.com", "CLASS:CONFIDENTIAL",
            ),
            vevent(
                f"RECURRENCE-ID;{zoned}:20260216T090000", f"DTSTART;{zoned}:20260217T090000",
                f"DTEND;{zoned}:20260217T100000", "SUMMARY:Moved\\, once",
            ),
            vevent("DTSTART;VALUE=DATE:20260301", "RRULE:FREQ=YEARLY;COUNT=4", "SUMMARY:Birthday", uid="two"),
            vevent("DTSTART:20260301T100000", "DURATION:PT0S", uid="three"),
            vevent("DTSTART;VALUE=DATE:20260301", "RDATE;VALUE=DATE:20260305,20260309", "SUMMARY:Set", uid="four"),
            vevent("RECURRENCE-ID:20260401T100000Z", "DTSTART:20260402T100000Z", "SUMMARY:Orphan", uid="five"),
            vevent("RECURRENCE-ID:20260403T100000Z", "DTSTART:20260404T100000Z", "SUMMARY:Orphan", uid="five"),
        ),
        now=NOW,
    )  # fmt: skip
    _export(database, tmp_path / "out.ics")
    assert _findings(ics_lint, tmp_path / "out.ics") == ""
