from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone, tzinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from couchcal.scheduling.wallclock import (
    MAX_LOCAL,
    MIN_LOCAL,
    UnknownZone,
    day_bounds,
    first_existing,
    is_ambiguous,
    is_gap,
    register_zone,
    to_instant,
    to_local,
    zone,
)

NAMES = (
    "UTC",
    "Africa/Casablanca",
    "America/Havana",
    "America/New_York",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Europe/Dublin",
    "Pacific/Apia",
)
SECOND = timedelta(seconds=1)

zones = st.sampled_from(NAMES).map(zone)
# Whole minutes of the years in which the zones above changed their clocks, and any moment at all.
modern = st.datetimes(datetime.fromisoformat("1970-01-02"), datetime.fromisoformat("2037-12-30")).map(
    lambda moment: moment.replace(second=0, microsecond=0)
)
anytime = st.datetimes() | st.sampled_from([MIN_LOCAL, MAX_LOCAL])
days = st.dates(date(1970, 1, 2), date(2037, 12, 30))


def local(text: str) -> datetime:
    return datetime.fromisoformat(text)


def utc(text: str) -> datetime:
    return local(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "wall", "instant"),
    [
        ("America/New_York", "2026-03-08 02:30", "2026-03-08 07:30"),  # gap: the offset before it
        ("America/New_York", "2026-11-01 01:30", "2026-11-01 05:30"),  # twice: the first
        ("Australia/Lord_Howe", "2026-10-04 02:15", "2026-10-03 15:45"),  # a gap of 30 minutes
        ("Australia/Lord_Howe", "2026-04-05 01:45", "2026-04-04 14:45"),
        ("Asia/Kathmandu", "2026-06-01 09:00", "2026-06-01 03:15"),
        ("Europe/Dublin", "2026-01-15 09:00", "2026-01-15 09:00"),  # winter is its "daylight" time, negative
        ("Europe/Dublin", "2026-07-15 09:00", "2026-07-15 08:00"),
        ("Pacific/Apia", "2011-12-30 09:00", "2011-12-30 19:00"),  # a day that never was
        ("UTC", "2026-03-08 02:30", "2026-03-08 02:30"),
    ],
)
def test_wall_clock_to_instant(name: str, wall: str, instant: str) -> None:  # RFC 5545 3.3.5
    assert to_instant(local(wall), zone(name)) == utc(instant)


def test_second_of_an_ambiguous_time() -> None:
    new_york = zone("America/New_York")
    assert to_instant(local("2026-11-01 01:30"), new_york, fold=1) == utc("2026-11-01 06:30")
    # Fold says nothing in a gap: the offset before it holds.
    assert to_instant(local("2026-03-08 02:30"), new_york, fold=1) == utc("2026-03-08 07:30")


def test_gap_moves_forward_for_availability() -> None:
    assert first_existing(local("2026-03-08 02:30"), zone("America/New_York")) == utc("2026-03-08 07:00")
    assert first_existing(local("2026-10-04 02:15:00.5"), zone("Australia/Lord_Howe")) == utc("2026-10-03 15:30")
    assert first_existing(local("2011-12-30 09:00"), zone("Pacific/Apia")) == utc("2011-12-30 10:00")


@given(anytime, zones)
def test_instants_come_back_unless_clocks_skipped_them(wall: datetime, tz: tzinfo) -> None:
    instant = to_instant(wall, tz)
    assert instant.tzinfo is UTC
    edge = instant.replace(tzinfo=None) in (MIN_LOCAL, MAX_LOCAL)
    if not is_gap(wall, tz) and not edge:
        assert to_local(instant, tz) == wall
        assert first_existing(wall, tz) == instant
        second = to_instant(wall, tz, fold=1)
        assert (instant < second) == is_ambiguous(wall, tz)


@given(modern, zones)
def test_gaps_and_folds_are_what_utc_shows(wall: datetime, tz: tzinfo) -> None:
    """The naive meaning: a time exists as often as instants within a day and a half show it."""
    centre = wall.replace(tzinfo=UTC)
    shown = {
        centre - offset
        for moment in (centre + timedelta(hours=hour) for hour in range(-36, 37))
        if (offset := moment.astimezone(tz).utcoffset()) is not None and to_local(centre - offset, tz) == wall
    }
    assert is_gap(wall, tz) == (not shown)
    assert is_ambiguous(wall, tz) == (len(shown) == 2)
    if shown:
        assert to_instant(wall, tz) == min(shown)


@given(modern, zones)
def test_first_existing_is_the_first_moment_not_before(wall: datetime, tz: tzinfo) -> None:
    instant = first_existing(wall, tz)
    assert to_local(instant, tz) >= wall
    assert to_local(instant - SECOND, tz) < wall


@given(days, zones)
def test_consecutive_days_meet(day: date, tz: tzinfo) -> None:
    start, end = day_bounds(day, tz)
    assert start <= end == day_bounds(day + timedelta(days=1), tz)[0]
    if start < end:
        assert to_local(start, tz).date() == day


@pytest.mark.parametrize(
    ("name", "day", "hours"),
    [
        ("America/New_York", date(2026, 3, 8), 23),
        ("America/New_York", date(2026, 11, 1), 25),
        ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
        ("America/Sao_Paulo", date(2018, 11, 4), 23),  # begins at 01:00
        ("America/Havana", date(2026, 11, 1), 25),  # midnight twice
        ("Pacific/Apia", date(2011, 12, 30), 0),
        ("Pacific/Apia", date(2011, 12, 31), 24),
    ],
)
def test_length_of_a_day(name: str, day: date, hours: float) -> None:
    start, end = day_bounds(day, zone(name))
    assert end - start == timedelta(hours=hours)


@given(anytime, zones)
def test_the_ends_of_time_do_not_overflow(moment: datetime, tz: tzinfo) -> None:
    assert first_existing(moment, tz) >= MIN_LOCAL.replace(tzinfo=UTC)
    assert to_local(moment.replace(tzinfo=UTC), tz).tzinfo is None
    start, end = day_bounds(moment.date(), tz)
    assert start <= end


def test_results_no_datetime_can_hold_are_clamped() -> None:
    east, west = timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))
    first, last = MIN_LOCAL.replace(tzinfo=UTC), MAX_LOCAL.replace(tzinfo=UTC)
    assert to_instant(MIN_LOCAL, east) == first
    assert to_instant(MAX_LOCAL, west) == last
    assert to_local(first, west) == MIN_LOCAL
    assert to_local(last, east) == MAX_LOCAL
    assert day_bounds(date.max, west)[1] == last


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Mars/Olympus",
        "America",
        "/etc/localtime",
        "../zoneinfo/UTC",
        "Europe/../UTC",
        "UTC\0",
        "\ud800",
        "x" * 5000,
    ],
)
def test_names_that_are_no_zone(name: str) -> None:
    with pytest.raises(UnknownZone):
        zone(name)


@given(st.text(st.characters(), max_size=20))
def test_any_text_is_a_zone_or_unknown(name: str) -> None:
    try:
        found = zone(name)
    except UnknownZone:
        return
    assert found.utcoffset(local("2026-01-01")) is not None


def test_custom_zones_have_their_own_name_space() -> None:
    custom = timezone(timedelta(hours=5, minutes=45))
    register_zone("VTIMEZONE:test", custom)
    assert zone("VTIMEZONE:test") is custom
    with pytest.raises(UnknownZone):
        zone("VTIMEZONE:absent")
    with pytest.raises(ValueError, match="VTIMEZONE:"):
        register_zone("Europe/Dublin", custom)
