"""What goes out and comes back is the same calendar, as the importer reads it and as icalendar and dateutil do."""

from __future__ import annotations

import io
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from couchcal.errors import CouchcalError, Invalid
from couchcal.ics.importer import import_file
from couchcal.ics.writer import export
from couchcal.practice import appointments, client_changes, series
from couchcal.practice.agenda import between
from couchcal.practice.cadence import Repeat
from couchcal.practice.draft import Draft
from couchcal.practice.names import entry_title
from couchcal.scheduling.wallclock import to_instant, zone
from couchcal.store.connection import Database
from tests.support.ics_files import at
from tests.support.ics_reading import Shown, shown
from tests.support.practice import make_practice

NEW_YORK = "America/New_York"
NOW = datetime(2026, 9, 30, 12, tzinfo=UTC)
"""The weeks after it have both a change of the clocks and, in Dublin, one on another day."""
CLOCK = at(NOW)
FIRST = datetime(2026, 9, 1, tzinfo=UTC)


class Step(NamedTuple):
    """Something a practitioner does; `pick` chooses among the rows that are there."""

    do: str
    pick: int
    day: int
    minute: int
    length: int
    tz: str
    repeat: Repeat | None


_STEPS = st.builds(
    Step,
    do=st.sampled_from(
        ["session", "session", "event", "all_day", "move", "move_future", "cancel", "delete", "delete_future",
         "stop", "title", "title_future", "retime_zone"]
    ),
    pick=st.integers(0, 10_000),
    day=st.integers(0, 50),
    minute=st.sampled_from([0, 30, 60, 90, 120, 150, 540, 600, 1_380]),
    length=st.sampled_from([15, 50, 90, 600]),
    tz=st.sampled_from([NEW_YORK, NEW_YORK, "Europe/Dublin", "UTC", "Asia/Kolkata"]),
    repeat=st.none()
    | st.builds(
        Repeat,
        st.sampled_from(["weekly", "monthly"]),
        st.integers(1, 3),
        st.none() | st.integers(0, 60).map(lambda days: date(2026, 11, 21) + timedelta(days=days)),
    ),
)  # fmt: skip


def _take(database: Database, step: Step) -> None:
    day = datetime(2026, 10, 1, tzinfo=UTC) + timedelta(days=step.day)
    local = day.replace(tzinfo=None) + timedelta(minutes=step.minute)
    start = to_instant(local, zone(step.tz), fold=step.pick % 2)
    end = start + timedelta(minutes=step.length)
    if step.do == "session":
        draft = Draft("client_session", start, end, step.tz, client_id=1, service="90837", location_id=1)
        appointments.book(database, draft, repeat=step.repeat, clock=CLOCK)
    elif step.do == "event":
        draft = Draft("other_event", start, end, step.tz, title=f"Event; {step.pick}", place="Room, 1")
        appointments.book(database, draft, repeat=step.repeat, clock=CLOCK)
    elif step.do == "all_day":
        draft = Draft(
            "other_event", day, day + timedelta(days=1 + step.pick % 3), step.tz, all_day=True, title="Away"
        )
        appointments.book(database, draft, repeat=step.repeat, clock=CLOCK)
    else:
        _change(database, step, start, end)


def _change(database: Database, step: Step, start: datetime, end: datetime) -> None:
    with closing(database.connect()) as connection:
        ids = [row[0] for row in connection.execute("SELECT id FROM appointment ORDER BY id")]
    if not ids:
        return
    row_id = ids[step.pick % len(ids)]
    changes: dict[str, Callable[[], Any]] = {
        "move": lambda: appointments.reschedule(database, row_id, start, end, clock=CLOCK),
        "move_future": lambda: appointments.reschedule(database, row_id, start, end, scope="future", clock=CLOCK),
        "cancel": lambda: appointments.cancel(database, row_id, "no_show", clock=CLOCK),
        "delete": lambda: appointments.delete(database, row_id, clock=CLOCK),
        "delete_future": lambda: appointments.delete(database, row_id, scope="future", clock=CLOCK),
        "stop": lambda: series.stop_repeating(database, row_id, clock=CLOCK),
        "title": lambda: appointments.edit(database, row_id, {"title": f"Renamed {step.pick}"}, clock=CLOCK),
        "title_future": lambda: appointments.edit(
            database, row_id, {"title": f"All renamed {step.pick}"}, scope="future", clock=CLOCK
        ),
        "retime_zone": lambda: appointments.edit(database, row_id, {"tz": step.tz}, clock=CLOCK),
    }
    try:
        changes[step.do]()
    except CouchcalError:
        return  # a rule of the practice forbids it; the calendar stays as it was


def _seen(database: Database, lo: datetime, hi: datetime, *, cancelled: bool = False) -> Counter[Shown]:
    """What the agenda has in a window; all-day entries by their dates, as a file says them."""
    with closing(database.connect()) as connection:
        entries = between(connection, lo, hi, zone(NEW_YORK), cancelled=cancelled)
    found: Counter[Shown] = Counter()
    for entry in entries:
        start, end = entry.start, entry.end
        if entry.first_day is not None and entry.end_day is not None:
            start = datetime.combine(entry.first_day, datetime.min.time(), tzinfo=UTC)
            end = datetime.combine(entry.end_day, datetime.min.time(), tzinfo=UTC)
        title = entry_title(entry, "id")
        if entry.cancelled and not title.startswith("[cancelled] "):
            title = f"[cancelled] {title}"
        found[Shown(start, end, title, entry.all_day)] += 1
    return found


def _horizon(database: Database) -> datetime:
    """Until when every series has its rows."""
    with closing(database.connect()) as connection:
        (least,) = connection.execute("SELECT min(materialised_to) FROM series").fetchone()
    return NOW + timedelta(days=60) if least is None else datetime.fromtimestamp(min(least, 4e9), UTC)


def _exported(database: Database, **options: Any) -> bytes:
    out = io.BytesIO()
    export(database, out, **options)
    return out.getvalue()


class Workshop:
    """Hands out practices; those of one example go when the next begins."""

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="couchcal-roundtrip-"))

    def practice(self, name: str) -> Database:
        directory = self.directory / name
        shutil.rmtree(directory, ignore_errors=True)
        return make_practice(directory, tz=NEW_YORK)


@pytest.fixture(scope="module")
def workshop() -> Any:
    made = Workshop()
    yield made
    shutil.rmtree(made.directory, ignore_errors=True)


def _built(workshop: Workshop, steps: list[Step]) -> Database:
    database = workshop.practice("source")
    client_changes.add(database, "Jane Doe", clock=CLOCK)
    for step in steps:
        _take(database, step)
    return database


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=st.lists(_STEPS, min_size=1, max_size=7), cancelled=st.booleans())
def test_what_is_exported_is_what_the_agenda_shows(workshop: Workshop, steps: list[Step], cancelled: bool) -> None:
    source = _built(workshop, steps)
    hi = _horizon(source)
    data = _exported(source, cancelled=cancelled)
    expected = _seen(source, FIRST, hi, cancelled=cancelled)
    read = Counter(entry for entry in shown(data, FIRST, hi + timedelta(days=2)) if _overlaps(entry, FIRST, hi))
    assert read == expected
    copy = workshop.practice("copy")
    report = import_file(copy, io.BytesIO(data), calendar="Copy", clock=CLOCK)
    assert report.skipped == []
    series.extend_all(copy, FIRST, hi, clock=CLOCK)
    assert _seen(copy, FIRST, hi, cancelled=cancelled) == expected
    again = import_file(source, io.BytesIO(data), calendar="Copy", clock=CLOCK)
    assert (again.added, again.updated) == (0, 0)
    source.dispose()
    copy.dispose()


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    steps=st.lists(_STEPS, min_size=1, max_size=6), begin=st.integers(0, 80), length=st.integers(1, 60),
    ends=st.sampled_from(["both", "start", "end"]),
)  # fmt: skip
def test_a_window_holds_what_the_agenda_shows_in_it(
    workshop: Workshop, steps: list[Step], begin: int, length: int, ends: str
) -> None:
    source = _built(workshop, steps)
    lo = to_instant(datetime(2026, 9, 20) + timedelta(days=begin), zone(NEW_YORK))  # noqa: DTZ001  wall clock
    hi = to_instant(datetime(2026, 9, 20) + timedelta(days=begin + length), zone(NEW_YORK))  # noqa: DTZ001
    series.extend_all(source, FIRST, hi, clock=CLOCK)
    start, end = (lo if ends != "end" else None), (hi if ends != "start" else None)
    data = _exported(source, start=start, end=end)
    horizon = min(_horizon(source), NOW + timedelta(days=400))
    lo, hi = start or FIRST, end or horizon
    expected = _seen(source, lo, hi)
    read = Counter(shown(data, FIRST - timedelta(days=30), hi + timedelta(days=2)))
    if ends == "start":
        read = Counter(entry for entry in read.elements() if _overlaps(entry, lo, hi))
    assert read == expected
    source.dispose()


def _overlaps(entry: Shown, lo: datetime, hi: datetime) -> bool:
    start, end = entry.start, entry.end
    if entry.all_day:
        start, end = (to_instant(moment.replace(tzinfo=None), zone(NEW_YORK)) for moment in (start, end))
    return start < hi and end > lo


_SAMPLE = 12
"""Every twelfth file keeps the test short; which ones follows from the names alone."""


def test_real_files_survive_export_and_import(ics_corpus: Path, tmp_path: Path) -> None:
    tried = 0
    for number, path in enumerate(sorted(ics_corpus.rglob("*.ics"))):
        if number % _SAMPLE or path.stat().st_size > 200_000:
            continue
        before = make_practice(tmp_path, tz=NEW_YORK, filename=f"{number}-before.db")
        after = make_practice(tmp_path, tz=NEW_YORK, filename=f"{number}-after.db")
        try:
            report = import_file(before, path, calendar="Copy", clock=CLOCK)
        except Invalid:
            continue
        if not report.added:
            continue
        data = _exported(before, cancelled=True)
        copied = import_file(after, io.BytesIO(data), calendar="Copy", clock=CLOCK)
        assert copied.skipped == [], path
        lo, hi = datetime(1990, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
        for database in (before, after):
            series.extend_all(database, lo, hi, clock=CLOCK)
        assert _seen(after, lo, hi, cancelled=True) == _seen(before, lo, hi, cancelled=True), path
        before.dispose()
        after.dispose()
        tried += 1
    assert tried > 10
