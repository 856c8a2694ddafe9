from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from couchcal.scheduling.recurrence import (
    PER_YEAR_CAP,
    TooManyOccurrences,
    last_start,
    parse_rule,
    per_year,
    recurrence_set,
    starts,
)
from couchcal.scheduling.wallclock import MAX_LOCAL, MIN_LOCAL, zone

NEW_YORK = zone("America/New_York")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def found(rule: str, dtstart: str, lo: str, hi: str) -> list[str]:
    return [
        start.isoformat(" ", "minutes")
        for start in starts(parse_rule(rule), at(dtstart), at(lo), at(hi), tz=NEW_YORK)
    ]


def test_window_is_half_open() -> None:
    assert found("FREQ=DAILY", "2026-03-02 09:00", "2026-03-03 09:00", "2026-03-05 09:00") == [
        "2026-03-03 09:00",
        "2026-03-04 09:00",
    ]
    assert found("FREQ=DAILY", "2026-03-02 09:00", "2026-03-05", "2026-03-05") == []
    assert found("FREQ=DAILY", "2026-03-02 09:00", "2020-01-01", "2026-03-02 09:00") == []


def test_wall_clock_time_stays_across_a_time_change() -> None:  # INV-S1
    assert found("FREQ=WEEKLY", "2026-03-03 09:00", "2026-03-01", "2026-03-16") == [
        "2026-03-03 09:00",
        "2026-03-10 09:00",
    ]


def test_unmatched_dtstart_is_no_occurrence_and_not_counted() -> None:  # RFC 5545 3.8.5.3
    assert found("FREQ=WEEKLY;BYDAY=TU;COUNT=2", "2026-03-02 09:00", "2026-01-01", "2027-01-01") == [
        "2026-03-03 09:00",
        "2026-03-10 09:00",
    ]


@pytest.mark.parametrize(
    ("until", "last"),
    [
        ("20260303", "2026-03-03 20:00"),  # a date: its whole day
        ("20260303T200000", "2026-03-03 20:00"),  # the moment itself is included
        ("20260303T195959", "2026-03-02 20:00"),
        ("20260304T010000Z", "2026-03-03 20:00"),  # 20:00 in New York
        ("20260304T005959Z", "2026-03-02 20:00"),
        ("20260309T000000Z", "2026-03-08 20:00"),  # summer time since 8 March
        ("20260308T235959Z", "2026-03-07 20:00"),
    ],
)
def test_until(until: str, last: str) -> None:  # RFC 5545 3.3.10
    rule = parse_rule(f"FREQ=DAILY;UNTIL={until}")
    dtstart = at("2026-03-01 20:00")
    assert starts(rule, dtstart, MIN_LOCAL, MAX_LOCAL, tz=NEW_YORK)[-1] == at(last)
    assert last_start(rule, dtstart, NEW_YORK) == at(last)


def test_until_in_utc_without_a_zone_compares_digits() -> None:
    rule = parse_rule("FREQ=DAILY;UNTIL=20260303T200000Z")
    assert last_start(rule, at("2026-03-01 20:00")) == at("2026-03-03 20:00")


def test_until_decides_by_instant_inside_a_gap() -> None:
    # 02:30 does not exist on 8 March and is read as 07:30Z; 03:00, later on the clock, is 07:00Z.
    rule = parse_rule("FREQ=MINUTELY;INTERVAL=30;UNTIL=20260308T071500Z")
    kept = starts(rule, at("2026-03-08 01:30"), MIN_LOCAL, MAX_LOCAL, tz=NEW_YORK)
    assert kept == [at("2026-03-08 01:30"), at("2026-03-08 02:00"), at("2026-03-08 03:00")]


def test_the_earlier_of_count_and_until_ends_the_rule() -> None:
    dtstart = at("2026-03-02 09:00")
    assert last_start(parse_rule("FREQ=DAILY;COUNT=3;UNTIL=20260401"), dtstart) == at("2026-03-04 09:00")
    assert last_start(parse_rule("FREQ=DAILY;COUNT=30;UNTIL=20260303"), dtstart) == at("2026-03-03 09:00")


def test_rules_without_a_last_start() -> None:
    dtstart = at("2026-03-02 09:00")
    assert last_start(parse_rule("FREQ=DAILY"), dtstart) is None
    assert last_start(parse_rule("FREQ=DAILY;COUNT=9999999999"), dtstart) is None
    assert last_start(parse_rule("FREQ=DAILY;UNTIL=20260101"), dtstart) is None


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;INTERVAL=7;BYDAY=TU",
        "FREQ=MONTHLY;BYMONTH=2;BYYEARDAY=1;BYSETPOS=1",
        "FREQ=WEEKLY;BYMONTH=2;BYMONTHDAY=30;BYSETPOS=1",
        "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=SECONDLY;INTERVAL=2;BYSECOND=1",
        "FREQ=HOURLY;INTERVAL=24;BYHOUR=10",
        "FREQ=DAILY;BYSETPOS=2",
        "FREQ=DAILY;INTERVAL=9999999999;BYDAY=TU",
    ],
)
def test_impossible_rules_end(rule: str) -> None:
    dtstart = at("1970-01-05 09:00")  # a Monday
    assert starts(parse_rule(rule), dtstart, MIN_LOCAL, MAX_LOCAL) == []
    assert last_start(parse_rule(f"{rule};COUNT=100000000"), dtstart) is None


def test_sparse_rules_jump() -> None:
    leap = found("FREQ=YEARLY;INTERVAL=1000", "1600-02-29 09:00", "1600-03-01", "9999-12-31")
    assert leap == ["3600-02-29 09:00", "5600-02-29 09:00", "7600-02-29 09:00", "9600-02-29 09:00"]
    assert found("FREQ=YEARLY", "1896-02-29 09:00", "1896-03-01", "1905-01-01") == ["1904-02-29 09:00"]


def test_the_ends_of_time() -> None:
    daily = parse_rule("FREQ=DAILY")
    assert starts(daily, MIN_LOCAL, MIN_LOCAL, at("0001-01-03")) == [MIN_LOCAL, at("0001-01-02")]
    assert starts(daily, at("2026-03-02 09:00"), at("9999-12-31"), MAX_LOCAL) == [at("9999-12-31 09:00")]
    for rule in (
        "FREQ=YEARLY;BYWEEKNO=1,-1",
        "FREQ=WEEKLY;BYDAY=SU,MO;BYSETPOS=-1;WKST=TU",
        "FREQ=MONTHLY;BYDAY=-1MO",
    ):
        early = starts(parse_rule(rule), MIN_LOCAL, MIN_LOCAL, at("0002-01-01"))
        late = starts(parse_rule(rule), at("9998-01-01"), at("9999-01-01"), MAX_LOCAL)
        assert early
        assert late


def test_count_is_exact_far_from_dtstart() -> None:
    rule = parse_rule("FREQ=DAILY;COUNT=20000")
    dtstart = at("1970-01-01 09:00")
    last = dtstart + timedelta(days=19_999)
    assert starts(rule, dtstart, last - timedelta(days=1), MAX_LOCAL) == [last - timedelta(days=1), last]
    assert last_start(rule, dtstart) == last


def test_interval_of_week_numbers_counts_the_years_weeks_belong_to() -> None:  # RFC 5545 3.3.10, BYWEEKNO
    assert found(
        "FREQ=YEARLY;INTERVAL=3;BYWEEKNO=1;BYDAY=MO,TU", "2024-12-31 09:00", "2024-01-01", "2032-01-01"
    ) == [
        "2024-12-31 09:00",
        "2028-01-03 09:00",
        "2028-01-04 09:00",
        "2030-12-30 09:00",
        "2030-12-31 09:00",
    ]


def test_week_number_alone_keeps_the_weekday_of_dtstart() -> None:  # RFC 5545 3.3.10
    assert found("FREQ=YEARLY;BYWEEKNO=20", "1997-05-12 09:00", "1997-01-01", "2000-01-01") == [
        "1997-05-12 09:00",
        "1998-05-11 09:00",
        "1999-05-17 09:00",
    ]


def test_week_numbers_from_the_end_reach_the_first_week() -> None:  # RFC 5545 3.3.10
    # 1997 has 52 weeks, the first from 30 December 1996; 1998 has 53.
    assert found("FREQ=YEARLY;BYWEEKNO=-52;BYDAY=MO", "1996-02-01 09:00", "1996-02-01", "1998-12-01") == [
        "1996-12-30 09:00",
        "1998-01-05 09:00",
    ]


def test_month_day_alone_keeps_the_month_of_dtstart() -> None:
    assert found("FREQ=YEARLY;BYMONTHDAY=1,15", "2026-03-15 09:00", "2026-01-01", "2027-04-01") == [
        "2026-03-15 09:00",
        "2027-03-01 09:00",
        "2027-03-15 09:00",
    ]


def test_set_positions_of_the_first_week_count_from_its_start() -> None:
    assert found(
        "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1,3", "2024-10-23 09:00", "2024-10-01", "2024-10-31"
    ) == [
        "2024-10-23 09:00",
        "2024-10-28 09:00",
        "2024-10-30 09:00",
    ]


def test_a_leap_second_is_second_59() -> None:
    rule = parse_rule("FREQ=DAILY;BYSECOND=59,60;COUNT=1")
    assert last_start(rule, at("2026-03-02 09:00:59")) == at("2026-03-02 09:00:59")


def test_too_many_is_an_error_not_a_long_list() -> None:
    rule = parse_rule("FREQ=SECONDLY")
    with pytest.raises(TooManyOccurrences, match="more than 100 "):
        starts(rule, at("1970-01-01"), at("2026-01-01"), MAX_LOCAL, limit=100)
    with pytest.raises(TooManyOccurrences, match="more than 3 "):
        recurrence_set(
            at("2026-01-01"), [], [at(f"2026-01-0{day}") for day in range(2, 7)], [], MIN_LOCAL, MAX_LOCAL, limit=3
        )
    assert len(starts(rule, at("1970-01-01"), at("2026-01-01"), at("2026-01-01 00:01:40"), limit=100)) == 100


@pytest.mark.parametrize(
    ("rule", "bound"),
    [
        ("FREQ=YEARLY", 1),
        ("FREQ=MONTHLY;BYDAY=2TU", 12),
        ("FREQ=DAILY", 366),
        ("FREQ=DAILY;COUNT=5", 5),
        ("FREQ=SECONDLY", PER_YEAR_CAP),
        ("FREQ=MINUTELY;BYHOUR=9;BYMINUTE=0,30;BYMONTH=1;BYMONTHDAY=1", 2),
    ],
)
def test_per_year_of_usual_rules(rule: str, bound: int) -> None:
    assert per_year(parse_rule(rule), at("2026-03-02 09:00")) == bound


def test_per_year_knows_that_until_ends_soon() -> None:
    rule = parse_rule("FREQ=SECONDLY;INTERVAL=60;UNTIL=20260302T100000Z")
    assert per_year(rule, at("2026-03-02 09:00")) < 2000


def test_a_set_is_the_union_without_the_exceptions() -> None:  # RFC 5545 3.8.5
    mondays, tuesdays = parse_rule("FREQ=WEEKLY;BYDAY=MO"), parse_rule("FREQ=WEEKLY;BYDAY=TU,MO")
    result = recurrence_set(
        at("2026-03-02 09:00"),
        [mondays, tuesdays],
        [at("2026-03-05 10:00"), at("2026-03-03 09:00"), at("2026-04-01 10:00")],
        [at("2026-03-09 09:00"), at("2026-03-05 11:00")],
        at("2026-03-01"),
        at("2026-03-12"),
    )
    assert result == [
        at("2026-03-02 09:00"),
        at("2026-03-03 09:00"),
        at("2026-03-05 10:00"),
        at("2026-03-10 09:00"),
    ]


def test_dtstart_belongs_to_a_set_without_rules() -> None:
    dtstart, other = at("2026-03-02 09:00"), at("2026-03-20 09:00")
    everything = (MIN_LOCAL, MAX_LOCAL)
    assert recurrence_set(dtstart, [], [], [], *everything) == [dtstart]
    assert recurrence_set(dtstart, [], [other], [], *everything) == [dtstart, other]
    assert recurrence_set(dtstart, [], [other], [dtstart], *everything) == [other]


def test_an_unmatched_dtstart_can_be_added_as_a_date() -> None:
    dtstart = at("2026-03-02 09:00")
    rule = parse_rule("FREQ=WEEKLY;BYDAY=TU;COUNT=1")
    assert recurrence_set(dtstart, [rule], [dtstart], [], MIN_LOCAL, MAX_LOCAL) == [dtstart, at("2026-03-03 09:00")]
