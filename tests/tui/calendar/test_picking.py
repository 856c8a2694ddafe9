"""Which entry the cursor stands on, against every entry looked at."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo

from hypothesis import given
from hypothesis import strategies as st

from couchcal.practice.agenda import Entry, day_instant
from couchcal.scheduling.wallclock import to_local, zone
from couchcal.tui.calendar.layout import Key, key_of, local_span, minutes_on
from couchcal.tui.calendar.picking import entry_at
from couchcal.tui.calendar.scene import Cursor
from tests.tui.calendar.entries import all_day, entry

ZONES = [
    zone(name) for name in ("UTC", "America/New_York", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Pacific/Apia")
]
"""Among them the furthest from UTC, and one that left out 30 December 2011."""
FIRST = datetime(2011, 12, 27, tzinfo=UTC)


def naive(
    entries: list[Entry], cursor: Cursor, keep: Key | None, row_minutes: int, tz: tzinfo, *, whole_day: bool
) -> Key | None:
    there = []
    for each in entries:
        if each.first_day is not None and each.end_day is not None:
            if each.first_day <= cursor.day < each.end_day and (whole_day or cursor.all_day):
                there.append(each)
        elif not cursor.all_day:
            minutes = minutes_on(*local_span(each.start, each.end, tz), cursor.day)
            in_row = minutes is not None and minutes[0] < cursor.minute + row_minutes and cursor.minute < minutes[1]
            if minutes is not None and (whole_day or in_row):
                there.append(each)
    there.sort(key=lambda each: (key_of(each) != keep, each.start, key_of(each)))
    return key_of(there[0]) if there else None


@st.composite
def scenes(draw: st.DrawFn) -> tuple[list[Entry], tzinfo]:
    tz = draw(st.sampled_from(ZONES))
    entries: list[Entry] = []
    for row_id in range(1, draw(st.integers(1, 8)) + 1):
        if draw(st.integers(0, 3)) == 0:
            first = date(2011, 12, 27) + timedelta(days=draw(st.integers(0, 8)))
            until = first + timedelta(days=draw(st.integers(1, 4)))
            whole = all_day(first, until, row_id)
            entries.append(whole._replace(start=day_instant(first, tz), end=day_instant(until, tz)))
        else:
            start = FIRST + timedelta(minutes=draw(st.integers(0, 8 * 1440)))
            length = draw(st.sampled_from([0, 1, 50, 600, 3000]))
            entries.append(entry(to_local(start, tz), length, row_id, tz))
    return entries, tz


@given(
    scenes(),
    st.builds(
        Cursor,
        st.dates(date(2011, 12, 26), date(2012, 1, 6)),
        st.integers(0, 47).map(lambda row: row * 30),
        st.booleans(),
    ),
    st.none() | st.integers(1, 8).map(lambda row_id: ("appointment", row_id)),
    st.booleans(),
)
def test_what_is_far_away_is_not_looked_at_and_nothing_is_missed(
    scene: tuple[list[Entry], tzinfo], cursor: Cursor, keep: Key | None, whole_day: bool
) -> None:
    entries, tz = scene
    expected = naive(entries, cursor, keep, 30, tz, whole_day=whole_day)
    assert entry_at(entries, cursor, keep, 30, tz, whole_day=whole_day) == expected
