from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from couchcal.scheduling.wallclock import to_local, zone
from couchcal.tui.forms.appointment_values import (
    Times,
    TimeText,
    follow,
    read_length,
    read_start,
    read_times,
    write_length,
    write_times,
)

NOW = datetime(2026, 3, 1, 9, 42)  # noqa: DTZ001  wall clock, a Sunday
NEW_YORK = "America/New_York"
ZONES = st.sampled_from([NEW_YORK, "UTC", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia", "Europe/Paris"])
INSTANTS = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)).map(  # noqa: DTZ001  bounds
    lambda at: at.replace(second=0, microsecond=0, tzinfo=UTC)
)
LENGTHS = st.integers(1, 31 * 1440).map(lambda minutes: timedelta(minutes=minutes))
TEXT = TimeText("2026-03-03", "15:00", "15:50", "50 min", "2026-03-03", NEW_YORK)


def local(times: Times | None) -> tuple[str, str]:
    assert times is not None
    tz = zone(times.tz)
    return f"{to_local(times.start, tz):%a %d %H:%M}", f"{to_local(times.end, tz):%a %d %H:%M}"


@given(start=INSTANTS, length=LENGTHS, tz=ZONES)
def test_reading_what_was_written_gives_the_same_instants(start: datetime, length: timedelta, tz: str) -> None:
    times = Times(start, start + length, tz)
    text = write_times(times)
    assert read_times(text, NOW, (text, times)).times == times


@given(start=INSTANTS, length=LENGTHS, tz=ZONES)
def test_reading_needs_no_memory_but_in_the_hour_that_comes_twice(
    start: datetime, length: timedelta, tz: str
) -> None:
    times = Times(start, start + length, tz)
    read = read_times(write_times(times), NOW)
    if not read.notes:
        assert read.times == times


@given(day=st.dates(datetime(1990, 1, 1).date(), datetime(2090, 1, 1).date()), days=st.integers(1, 300), tz=ZONES)  # noqa: DTZ001
def test_all_day_entries_keep_their_days(day: object, days: int, tz: str) -> None:
    start = datetime.combine(day, datetime.min.time(), UTC)  # type: ignore[arg-type]  # a date
    times = Times(start, start + timedelta(days=days), tz, all_day=True)
    assert read_times(write_times(times), NOW).times == times


@given(minutes=st.integers(1, 31 * 1440))
def test_a_length_reads_back(minutes: int) -> None:
    assert read_length(write_length(timedelta(minutes=minutes))) == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("typed", "minutes"),
    [
        ("50", 50),
        ("50m", 50),
        ("1h30", 90),
        ("1:30", 90),
        ("1.5h", 90),
        ("an hour", 60),
        ("0", None),
        ("soon", None),
    ],
)
def test_lengths_as_people_type_them(typed: str, minutes: int | None) -> None:
    assert read_length(typed) == (None if minutes is None else timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("day", "start", "expected"),
    [
        ("2026-03-03", "3pm", "Tue 03 15:00"),
        ("2026-03-03", "14:05", "Tue 03 14:05"),  # APT-21: no grid
        ("2026-03-03", "1530", "Tue 03 15:30"),
        ("2026-03-03", "noon", "Tue 03 12:00"),
        ("tue", "9:07", "Tue 03 09:07"),
        ("+1w", "3", "Sun 08 15:00"),
        ("2026-03-03", "fri 3pm", "Fri 06 15:00"),
    ],
)
def test_days_and_starts_as_people_type_them(day: str, start: str, expected: str) -> None:  # APT-12
    read = read_start(replace(TEXT, day=day, start=start), NOW)
    assert read is not None
    assert f"{read:%a %d %H:%M}" == expected


def test_every_minute_of_the_day_is_a_start() -> None:  # APT-21
    for minute in range(1440):
        text = f"{minute // 60:02}:{minute % 60:02}"
        read = read_start(replace(TEXT, start=text), NOW)
        assert read is not None
        assert f"{read:%H:%M}" == text


@pytest.mark.parametrize(
    ("field", "typed", "place"),
    [
        ("day", "someday", "day"),
        ("start", "", "times"),
        ("start", "tue", "times"),
        ("start", "25:00", "times"),
        ("end", "later", "times"),
        ("end", "15:00", "times"),
        ("end", "14:00", "times"),
        ("end", "2026-03-02 15:50", "times"),
        ("tz", "Mars/Olympus", "tz"),
    ],
)
def test_what_cannot_be_read_is_said_beside_its_field(field: str, typed: str, place: str) -> None:  # APT-19
    text = TimeText(**{**{name: getattr(TEXT, name) for name in TimeText.__slots__}, field: typed})
    read = read_times(text, NOW)
    assert read.times is None
    assert list(read.errors) == [place]


def test_a_new_start_keeps_the_length() -> None:  # APT-12
    after = follow(replace(TEXT, start="9:10"), "start", timedelta(minutes=50), NOW)
    assert (after.end, after.length) == ("10:00", "50 min")


def test_a_new_end_gives_the_length_and_a_new_length_the_end() -> None:
    assert follow(replace(TEXT, end="16:30"), "end", timedelta(minutes=50), NOW).length == "90 min"
    assert follow(replace(TEXT, length="1h"), "length", timedelta(minutes=50), NOW).end == "16:00"


def test_a_session_may_cross_midnight() -> None:
    times = read_times(replace(TEXT, start="23:30", end="00:20"), NOW).times
    assert local(times) == ("Tue 03 23:30", "Wed 04 00:20")


def test_a_time_that_the_clocks_skip_is_told() -> None:
    read = read_times(replace(TEXT, day="2026-03-08", start="02:30", end="04:20"), NOW)
    assert read.notes == ("2:30 does not exist on this day; it becomes 3:30",)
    after = follow(replace(TEXT, day="2026-03-08", start="02:30"), "start", timedelta(minutes=50), NOW)
    assert after.end == "04:20"
    assert local(read_times(after, NOW).times) == ("Sun 08 03:30", "Sun 08 04:20")


def test_a_time_that_comes_twice_is_told_and_the_second_survives_editing_the_end() -> None:
    second = Times(datetime(2026, 11, 1, 6, 30, tzinfo=UTC), datetime(2026, 11, 1, 7, 20, tzinfo=UTC), NEW_YORK)
    text = write_times(second)
    assert read_times(text, NOW).notes == ("1:30 comes twice on this day; the first is taken",)
    later = read_times(replace(text, end="03:00"), NOW, (text, second)).times
    assert later == replace(second, end=datetime(2026, 11, 1, 8, 0, tzinfo=UTC))
