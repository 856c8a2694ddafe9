"""Events of remote calendars on ours, against another implementation that expands them the slow way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from couchcal.practice import agenda, external
from couchcal.practice.external import External
from couchcal.store.connection import Connection, Database
from couchcal.store.session import write_session
from tests.google import recurrence
from tests.support.entries import insert_link
from tests.support.practice import make_practice

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)
FIRST, LAST = NOW - 300 * DAY, NOW + 700 * DAY
"""The window that is looked at; all of it has rows."""
Shown = set[tuple[datetime | date, datetime | date, str]]
RULES = [
    ["RRULE:FREQ=WEEKLY"],
    ["RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH", "EXDATE;TZID=Europe/Berlin:20260302T090000"],
    ["RRULE:FREQ=DAILY;COUNT=40"],
    ["RRULE:FREQ=WEEKLY;BYDAY=SU;COUNT=3"],
    ["RRULE:FREQ=WEEKLY;BYDAY=SU;COUNT=1"],
    ["RRULE:FREQ=MONTHLY;BYDAY=-1FR;UNTIL=20261231T000000Z"],
    ["RRULE:FREQ=MONTHLY;BYMONTHDAY=31"],
    ["RRULE:FREQ=WEEKLY", "EXRULE:FREQ=MONTHLY;BYDAY=1MO,1TU,1WE,1TH,1FR,1SA,1SU"],
]
DAYS_RULES = [
    ["RRULE:FREQ=YEARLY"],
    ["RRULE:FREQ=WEEKLY;BYDAY=TU", "EXDATE;VALUE=DATE:20260303,20260310", "RDATE;VALUE=DATE:20260305"],
    ["RRULE:FREQ=DAILY;INTERVAL=9;UNTIL=20260601"],
    ["RDATE;VALUE=DATE:20260401,20260511"],
]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    made = make_practice(tmp_path_factory.mktemp("external"))
    with closing(made.connect()) as connection:
        insert_link(connection)
    yield made
    made.dispose()


@pytest.fixture(scope="module")
def reading(database: Database) -> Iterator[Connection]:
    with closing(database.connect()) as connection:
        yield connection


def clock() -> datetime:
    return NOW


def clear(database: Database) -> None:
    with write_session(database, "Cleared", actor="google", clock=clock) as session:
        external.clear(session, 1)


def store(database: Database, *events: External) -> external.Stored:
    with write_session(database, "Read", actor="google", clock=clock) as session:
        return external.store(session, 1, events, clock=clock)


def shown(connection: Connection) -> Shown:
    """What is on the calendar of it; all-day entries by their dates."""
    return {
        (entry.first_day or entry.start, entry.end_day or entry.end, entry.title)
        for entry in agenda.between(connection, FIRST, LAST, UTC)
        if entry.kind == "external"
    }


def table(connection: Connection) -> list[tuple[object, ...]]:
    return connection.execute("SELECT * FROM external_event ORDER BY id").fetchall()


@dataclass
class Remote:
    """A remote calendar in the words of its own rules: what it has, and what it therefore shows."""

    events: dict[str, External] = field(default_factory=dict)
    exceptions: dict[tuple[str, datetime], External | None] = field(default_factory=dict)

    def starts(self, name: str, lo: datetime, hi: datetime) -> list[datetime]:
        event = self.events.get(name)
        if event is None or not event.recurrence:
            return []
        if isinstance(event.start, datetime):
            anchor = recurrence.Anchor(event.start, event.tz)
        else:
            assert event.start is not None
            anchor = recurrence.all_day_anchor(event.start)
        return recurrence.expand(
            anchor, recurrence.read_lines(event.recurrence, anchor, bad_until="accept"), lo, hi
        )

    def shows(self) -> Shown:
        found: Shown = set()
        for name, event in self.events.items():
            assert event.start is not None
            assert event.end is not None
            if not event.recurrence:
                found.add((event.start, event.end, event.title))
            for start in self.starts(name, NOW - 366 * DAY, NOW + 731 * DAY):
                if (name, start) not in self.exceptions:
                    first: datetime | date = start if isinstance(event.start, datetime) else start.date()
                    found.add((first, first + (event.end - event.start), event.title))
        for exception in filter(None, self.exceptions.values()):
            assert exception.start is not None
            assert exception.end is not None
            found.add((exception.start, exception.end, exception.title))
        return {one for one in found if _moment(one[0]) < LAST and _moment(one[1]) > FIRST}

    def forget(self, name: str) -> None:
        self.exceptions = {key: value for key, value in self.exceptions.items() if key[0] != name}


def _moment(value: datetime | date) -> datetime:
    return value if isinstance(value, datetime) else datetime(value.year, value.month, value.day, tzinfo=UTC)


def instance_id(master: str, start: datetime) -> str:
    return recurrence.instance_id(master, start, all_day=master.startswith("d"))


@st.composite
def changes(draw: st.DrawFn, remote: Remote) -> tuple[External, ...]:
    """A change of the remote calendar, as what a reading then shows of it."""
    name = draw(st.sampled_from(["t1", "t2", "d1"]))
    all_day = name == "d1"
    kind = draw(st.sampled_from(["event", "event", "exception", "exception", "cancelled", "deleted"]))
    title = draw(st.sampled_from("abc"))
    if kind == "event":
        start: datetime | date = NOW + draw(st.integers(-420 * 24, 200 * 24)) * timedelta(hours=1)
        length = (
            draw(st.sampled_from([1, 2])) * DAY
            if all_day
            else draw(st.sampled_from([50, 0, 2000])) * timedelta(minutes=1)
        )
        if all_day and isinstance(start, datetime):
            start = start.date()
        lines = draw(st.sampled_from([[], *(DAYS_RULES if all_day else RULES)]))
        zone = draw(st.sampled_from(["America/New_York", "Europe/Berlin", "Australia/Lord_Howe"]))
        event = External(
            name, start=start, end=start + length, tz="" if all_day else zone, title=title, recurrence=tuple(lines)
        )
        before = remote.events.get(name)
        if before is not None and before.recurrence and not lines:
            remote.forget(name)
        remote.events[name] = event
        return (event,)
    if kind == "deleted":
        remote.events.pop(name, None)
        remote.forget(name)
        return (External(name, cancelled=True),)
    starts = remote.starts(name, NOW - 50 * DAY, NOW + 90 * DAY)
    known = [key[1] for key in remote.exceptions if key[0] == name]
    if not starts and not known:
        # Of a master that is not there (yet).
        starts = [datetime(2026, 3, 9, tzinfo=UTC) if all_day else datetime(2026, 3, 9, 14, tzinfo=UTC)]
        bare = False
    else:
        bare = True
    original = draw(st.sampled_from([*starts[:6], *known]))
    there: datetime | date = original.date() if all_day else original
    tombstone = External(instance_id(name, original), cancelled=True)
    if kind == "cancelled":
        remote.exceptions[name, original] = None
        if bare and draw(st.booleans()):
            return (tombstone,)
        return (replace(tombstone, recurring_id=name, original_start=there),)
    moved = there + draw(st.integers(-3, 3)) * DAY
    exception = External(
        tombstone.id, start=moved, end=moved + DAY, tz="America/New_York", title=title.upper(), recurring_id=name,
        original_start=there,
    )  # fmt: skip
    remote.exceptions[name, original] = exception
    return (exception,)


@settings(max_examples=40)
@given(st.data())
def test_the_calendar_shows_what_the_remote_shows(
    database: Database, reading: Connection, data: st.DataObject
) -> None:  # SYNC-23
    clear(database)
    remote = Remote()
    for _ in range(data.draw(st.integers(1, 6))):
        events = data.draw(changes(remote))
        store(database, *events)
        assert shown(reading) == remote.shows()
        before = table(reading)
        assert store(database, *events) == external.Stored(0, 0)
        assert table(reading) == before
    clear(database)
    whole = [*remote.events.values(), *_exceptions(remote)]
    for batch in _batches(data.draw(st.permutations(whole)), data.draw(st.integers(1, 3))):
        store(database, *batch)
    assert shown(reading) == remote.shows()


def _exceptions(remote: Remote) -> Iterator[External]:
    for (name, original), exception in remote.exceptions.items():
        there = original.date() if name.startswith("d") else original
        yield exception or External(
            instance_id(name, original), cancelled=True, recurring_id=name, original_start=there
        )


def _batches(events: Sequence[External], number: int) -> Iterator[Sequence[External]]:
    size = -(-len(events) // number) or 1
    for first in range(0, len(events), size):
        yield events[first : first + size]
