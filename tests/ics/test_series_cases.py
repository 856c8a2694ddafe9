"""Whole calendars with the answers that other projects' tests state (option --recurrence-cases)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from couchcal.ics.importer import import_file
from couchcal.store.connection import Database
from tests.support import ics_files
from tests.support.practice import make_practice

REASONS = {
    "test_calendar_from_issue[2024-07]": "an override of no occurrence stays an event of its own,"
    " as four of five other readers have it",
}
"""Cases that are answered otherwise, and why."""


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _cases(folder: Path, kind: str) -> list[dict[str, Any]]:
    cases = json.loads((folder / "series_cases.json").read_text("utf-8"))
    return [case for case in cases if case["kind"] == kind]


def _window(at: str) -> tuple[datetime, datetime]:
    """A day, month or year."""
    if len(at) == 10:
        start = _moment(at)
        return start, start + timedelta(days=1)
    if len(at) == 7:
        start = _moment(f"{at}-01")
        return start, (start + timedelta(days=32)).replace(day=1)
    start = _moment(f"{at}-01-01")
    return start, start.replace(year=start.year + 1)


def test_instances(recurrence_cases: Path, tmp_path: Path) -> None:
    wrong = {}
    cases = _cases(recurrence_cases, "instances")
    for number, case in enumerate(cases):
        tz = case.get("float_tz", "UTC")
        database = make_practice(tmp_path, tz=tz, filename=f"{number}.db")
        start, end = _moment(case["from"]), _moment(case["to"])
        ics_files.imported(database, case["ics"].encode(), now=end)
        got = ics_files.instances(database, start, end, tz)
        database.dispose()
        given = [
            tuple(instance.get(name) for name in ("start", "end", "summary", "uid"))
            for instance in case["expected"]
        ]
        shown = [(one.start, one.end, one.summary, one.uid) for one in got]
        matches = len(given) == len(shown) and all(
            all(want is None or want == have for want, have in zip(wanted, had, strict=True))
            for wanted, had in zip(sorted(given, key=str), sorted(shown, key=str), strict=True)
        )
        if not matches:
            wrong[case["name"]] = (given, shown)
    assert len(cases) >= 10
    assert {name: pair for name, pair in wrong.items() if name not in REASONS} == {}


def test_counts(recurrence_cases: Path, ics_corpus: Path, tmp_path: Path) -> None:
    stores: dict[tuple[str, str], Database] = {}
    wrong = {}
    cases = _cases(recurrence_cases, "count")
    for case in cases:
        start, end = _window(case["at"])
        name = (case["file"], case["at"][:7])
        database = stores.get(name)
        if database is None:
            database = stores[name] = make_practice(tmp_path, tz="UTC", filename=f"{len(stores)}.db")
            import_file(database, ics_corpus / case["file"], clock=ics_files.at(end + timedelta(days=31)))
        shown = ics_files.overlapping(database, start, end)
        if shown != case["count"]:
            wrong[case["name"]] = (shown, case["count"])
    for database in stores.values():
        database.dispose()
    assert len(cases) >= 50
    assert {name: pair for name, pair in wrong.items() if name not in REASONS} == {}
