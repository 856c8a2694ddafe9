"""The emulator's recurrence against its rules and against dateutil as the second implementation."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import islice

import pytest
from dateutil.rrule import rrulestr
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.google.recurrence import (
    Anchor,
    all_day_anchor,
    expand,
    instance_id,
    is_occurrence,
    read_instance_id,
    read_lines,
    split_id,
    timed_anchor,
    to_wall,
)
from tests.google.rrule import BadRecurrence
from tests.google.splitting import moved, remainder, truncated, until_before

ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Auckland")
FAR = timedelta(days=1100)
WALL = datetime.fromisoformat


def expanded(anchor: Anchor, *lines: str, days: int = 1100, dtstart_counts: bool = True) -> list[datetime]:
    end = anchor.instant + timedelta(days=days)
    return expand(anchor, read_lines(lines, anchor), anchor.instant, end, dtstart_counts=dtstart_counts)


def _numbers(low: int, high: int, size: int = 3, *, from_end: bool = False) -> st.SearchStrategy[list[int]]:
    number = st.integers(low, high)
    both = number | number.map(lambda n: -n) if from_end else number
    return st.lists(both, min_size=1, max_size=size, unique=True)


@st.composite
def rules(draw: st.DrawFn) -> str:
    """Rules read alike here and by dateutil, which cuts off the first week before BYSETPOS, gives the whole
    week for a BYWEEKNO without BYDAY, and leaves out days of a week that reaches into the next year."""
    freq = draw(st.sampled_from(("DAILY", "WEEKLY", "MONTHLY", "YEARLY")))
    parts: dict[str, object] = {"FREQ": freq}
    days = draw(st.lists(st.sampled_from(("MO", "TU", "WE", "TH", "FR", "SA", "SU")), max_size=3, unique=True))
    if draw(st.booleans()):
        parts["BYMONTH"] = draw(_numbers(1, 12))
    if freq == "YEARLY" and days and draw(st.booleans()):
        parts["BYWEEKNO"] = draw(_numbers(2, 50, from_end=True))
    elif freq == "YEARLY" and draw(st.booleans()):
        parts["BYYEARDAY"] = draw(_numbers(1, 366, from_end=True))
    elif freq in ("MONTHLY", "YEARLY") and days and draw(st.booleans()):
        days = [f"{draw(st.sampled_from((-2, -1, 1, 2, 5)))}{day}" for day in days]
    if freq != "WEEKLY" and draw(st.booleans()):
        parts["BYMONTHDAY"] = draw(_numbers(1, 31, from_end=True))
    if days:
        parts["BYDAY"] = days
    if draw(st.booleans()):
        parts["BYHOUR"] = draw(_numbers(0, 23, 2))
    if len(parts) > 1 and freq != "WEEKLY" and draw(st.booleans()):
        parts["BYSETPOS"] = draw(_numbers(1, 4, 2, from_end=True))
    parts["INTERVAL"] = draw(st.integers(1, 4))
    parts["WKST"] = draw(st.sampled_from(("MO", "SU", "WE")))
    if draw(st.booleans()):
        parts["COUNT"] = draw(st.integers(1, 12))
    text = {k: ",".join(str(x) for x in v) if isinstance(v, list) else str(v) for k, v in parts.items()}
    return ";".join(f"{k}={v}" for k, v in text.items())


@settings(max_examples=60, deadline=None)
@given(rules(), st.datetimes(WALL("2024-01-01T00:00"), WALL("2027-01-01T00:00")), st.sampled_from(ZONES))
def test_rules_agree_with_dateutil(rule: str, wall: datetime, zone: str) -> None:
    wall = wall.replace(minute=30, second=0, microsecond=0)
    anchor = timed_anchor(wall, zone)
    end = anchor.instant + FAR
    ours = expanded(anchor, f"RRULE:{rule}", dtstart_counts=False)
    assume(ours)  # a rule that never matches keeps dateutil busy until the year 9999
    bare, _, count = rule.partition(";COUNT=")
    other = rrulestr(f"{bare};UNTIL={to_wall(end, zone) + timedelta(days=1):%Y%m%dT%H%M%S}", dtstart=anchor.wall)
    walls = islice(other, int(count) if count else None)
    assert ours == sorted({instant for wall in walls if (instant := anchor.instant_of(wall)) < end})


@settings(max_examples=60, deadline=None)
@given(rules(), st.integers(0, 900), st.integers(1, 200))
def test_a_window_of_the_expansion_is_a_slice_of_all_of_it(rule: str, start: int, length: int) -> None:
    anchor = timed_anchor(WALL("2026-01-07T02:30"), "Australia/Lord_Howe")
    begin = anchor.instant + timedelta(days=start)
    end = begin + timedelta(days=length)
    everything = expanded(anchor, f"RRULE:{rule}")
    assert expand(anchor, read_lines([f"RRULE:{rule}"], anchor), begin, end) == [
        instant for instant in everything if begin <= instant < end
    ]


@settings(max_examples=60, deadline=None)
@given(rules(), st.integers(1, 40), st.sampled_from(ZONES))
def test_a_split_loses_and_adds_nothing(rule: str, place: int, zone: str) -> None:
    anchor = timed_anchor(WALL("2026-01-07T09:00"), zone)
    if "BYSETPOS" in rule or "INTERVAL=1" not in rule or "BYHOUR" in rule:
        return  # where the rest starts anew in the middle of a period
    lines = [f"RRULE:{rule}"]
    whole = expanded(anchor, *lines)
    if len(whole) <= place:
        return
    split = whole[place]
    before = expanded(anchor, *truncated(lines, anchor, split))
    rest = Anchor(split, zone)
    after = expanded(rest, *remainder(lines, anchor, split))
    end = anchor.instant + FAR
    assert before == whole[:place]
    assert [instant for instant in after if instant < end] == whole[place:]


def test_the_first_start_counts_even_where_no_rule_gives_it() -> None:  # R-REC3
    anchor = timed_anchor(WALL("2026-03-03T09:00"), "Europe/Berlin")  # a Tuesday
    mondays = [datetime(2026, 3, day, 8, tzinfo=UTC) for day in (9, 16, 23)]
    assert expanded(anchor, "RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=3") == [anchor.instant, *mondays[:2]]
    assert expanded(anchor, "RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=3", dtstart_counts=False) == mondays


def test_single_dates_add_and_remove() -> None:  # R-REC1
    anchor = timed_anchor(WALL("2026-03-02T09:00"), "Europe/Berlin")
    lines = (
        "RRULE:FREQ=WEEKLY;COUNT=3",
        "RDATE;TZID=America/New_York:20260304T040000,20260305T040000",
        "EXDATE;TZID=Europe/Berlin:20260309T090000",
        "EXDATE:20260305T090000Z",
    )
    assert expanded(anchor, *lines) == [
        datetime(2026, 3, day, hour, tzinfo=UTC) for day, hour in ((2, 8), (4, 9), (16, 8))
    ]


def test_exrule_removes() -> None:
    anchor = timed_anchor(WALL("2026-03-02T09:00"), "Asia/Kolkata")
    found = expanded(anchor, "RRULE:FREQ=DAILY;COUNT=4", "EXRULE:FREQ=DAILY;INTERVAL=2")
    assert [instant.day for instant in found] == [3, 5]


def test_all_day_series_count_days() -> None:
    anchor = all_day_anchor(date(2026, 3, 28))
    found = expanded(anchor, "RRULE:FREQ=DAILY;UNTIL=20260330", "EXDATE;VALUE=DATE:20260329")
    assert found == [datetime(2026, 3, day, tzinfo=UTC) for day in (28, 30)]
    assert instance_id("abcde", found[1], all_day=True) == "abcde_20260330"


def test_a_first_start_in_the_second_pass_of_a_fold_stays_there() -> None:
    second = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)  # 02:30+01:00 in Berlin, the second time round
    found = expanded(Anchor(second, "Europe/Berlin"), "RRULE:FREQ=DAILY;COUNT=2")
    assert found == [second, datetime(2026, 10, 26, 1, 30, tzinfo=UTC)]


@pytest.mark.parametrize(
    "line",
    [
        "DTSTART:20260302T090000Z",
        "DTEND;TZID=Europe/Berlin:20260302T090000",
        "RRULE:FREQ=WEEKLY;UNTIL=20260401T090000Z;COUNT=3",
        "RRULE:FREQ=WEEKLY;UNTIL=20260401",
        "RRULE:FREQ=WEEKLY;UNTIL=20260401T090000",
        "RRULE:FREQ=HOURLY",
        "RRULE:FREQ=WEEKLY;BYDAY=1MO",
        "RRULE:FREQ=WEEKLY;BYMONTHDAY=3",
        "RRULE:FREQ=DAILY;INTERVAL=0",
        "RRULE:FREQ=DAILY;COUNT=x",
        "RRULE:FREQ=DAILY;FREQ=DAILY",
        "RRULE:FREQ=DAILY;BYNONSENSE=1",
        "RRULE:FREQ=MONTHLY;BYMONTHDAY=0",
        "RRULE:BYDAY=MO",
        "RRULE",
        "EXDATE:20260230T090000Z",
        "EXDATE;VALUE=DATE:20260302",
        "RDATE;TZID=W. Europe Standard Time:20260302T090000",
        "RDATE;VALUE=PERIOD:20260302T090000Z/PT1H",
    ],
)
def test_lines_that_are_refused(line: str) -> None:  # R-REC1
    anchor = timed_anchor(WALL("2026-03-02T09:00"), "Europe/Berlin")
    with pytest.raises(BadRecurrence):
        read_lines([line], anchor)


def test_two_rules_and_a_bare_until_can_be_let_through() -> None:
    anchor = timed_anchor(WALL("2026-03-02T09:00"), "America/New_York")
    two = ["RRULE:FREQ=DAILY;COUNT=2", "RRULE:FREQ=WEEKLY;COUNT=2"]
    with pytest.raises(BadRecurrence):
        read_lines(two, anchor)
    end = anchor.instant + FAR
    assert len(expand(anchor, read_lines(two, anchor, two_rrules="accept"), anchor.instant, end)) == 3
    bare = read_lines(["RRULE:FREQ=DAILY;UNTIL=20260304"], anchor, bad_until="accept")
    assert len(expand(anchor, bare, anchor.instant, end)) == 3


def test_ids_of_instances_and_of_split_series() -> None:  # R-INST
    start = datetime(2025, 4, 1, 12, 30, tzinfo=UTC)
    assert instance_id("abcde_R20250327T123000", start, all_day=False) == "abcde_20250401T123000Z"
    assert split_id("abcde_R20250327T123000", start, all_day=False) == "abcde_R20250401T123000"
    assert split_id("abcde", start, all_day=True) == "abcde_R20250401"
    assert read_instance_id("_6p33_20250401T123000Z") == ("_6p33", start, False)
    assert read_instance_id("abcde_20250401") == ("abcde", datetime(2025, 4, 1, tzinfo=UTC), True)
    for odd in ("abcde", "abcde_20250401t123000z", "abcde_20251401", "abcde_R20250327T123000", "_20250401"):
        assert read_instance_id(odd) is None


def test_what_a_split_writes() -> None:  # 5.1
    anchor = timed_anchor(WALL("2026-03-02T09:00"), "Europe/Berlin")
    split = datetime(2026, 3, 16, 8, tzinfo=UTC)
    lines = ["RRULE:FREQ=WEEKLY;COUNT=5;BYDAY=MO", "EXDATE:20260309T080000Z,20260323T080000Z"]
    assert truncated(lines, anchor, split) == [
        "RRULE:FREQ=WEEKLY;BYDAY=MO;UNTIL=20260315T225959Z",
        "EXDATE:20260309T080000Z",
    ]
    assert remainder(lines, anchor, split) == ["RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=3", "EXDATE:20260323T080000Z"]
    assert remainder(lines, anchor, split, keep_count=True)[0] == "RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=5"
    assert until_before(all_day_anchor(date(2026, 3, 2)), datetime(2026, 3, 9, tzinfo=UTC)) == "20260308"


def test_what_is_an_occurrence() -> None:
    anchor = timed_anchor(WALL("2026-03-02T09:00"), "Europe/Berlin")
    recurrence = read_lines(["RRULE:FREQ=WEEKLY"], anchor)
    assert is_occurrence(anchor, recurrence, datetime(2026, 3, 30, 7, tzinfo=UTC))  # summer time
    assert not is_occurrence(anchor, recurrence, datetime(2026, 3, 30, 8, tzinfo=UTC))
    assert not is_occurrence(anchor, recurrence, datetime(2026, 2, 23, 8, tzinfo=UTC))


def test_rules_follow_a_start_that_moves() -> None:  # 5.1
    tuesday = timed_anchor(WALL("2026-03-03T09:00"), "Europe/Berlin")
    thursday = timed_anchor(WALL("2026-03-05T10:00"), "Europe/Berlin")
    lines = ["RRULE:FREQ=WEEKLY;BYDAY=TU,WE", "EXDATE:20260331T070000Z"]  # summer time by then
    assert moved(lines, tuesday, thursday) == ["RRULE:FREQ=WEEKLY;BYDAY=TH,WE", "EXDATE:20260402T080000Z"]
    assert moved(["RRULE:FREQ=MONTHLY;BYDAY=1TU"], tuesday, thursday) == ["RRULE:FREQ=MONTHLY;BYDAY=1TH"]
    day = all_day_anchor(date(2026, 3, 3))
    bounded = ["RRULE:FREQ=WEEKLY;UNTIL=20260401T080000Z", "EXDATE:20260310T080000Z"]
    assert moved(bounded, tuesday, day) == ["RRULE:FREQ=WEEKLY;UNTIL=20260401", "EXDATE;VALUE=DATE:20260310"]
