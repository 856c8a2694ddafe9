from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from couchcal.scheduling.recurrence import RecurrenceError, Rule, parse_rule
from couchcal.scheduling.recurrence_rule import FREQUENCIES


def some(numbers: st.SearchStrategy[int]) -> st.SearchStrategy[tuple[int, ...]]:
    return st.sets(numbers, max_size=3).map(lambda chosen: tuple(sorted(chosen)))


def signed(bound: int) -> st.SearchStrategy[int]:
    return st.integers(-bound, bound).filter(bool)


whole_seconds = st.datetimes().map(lambda moment: moment.replace(microsecond=0))
rules = st.builds(
    Rule,
    freq=st.sampled_from(list(FREQUENCIES.values())),
    interval=st.integers(1, 10**10 - 1),
    count=st.none() | st.integers(1, 10**10 - 1),
    until=st.none() | st.dates() | whole_seconds | whole_seconds.map(lambda moment: moment.replace(tzinfo=UTC)),
    byday=st.sets(st.tuples(st.integers(-53, 53), st.integers(0, 6)), max_size=4).map(
        lambda days: tuple(sorted(days))
    ),
    bymonth=some(st.integers(1, 12)),
    bymonthday=some(signed(31)),
    byyearday=some(signed(366)),
    byweekno=some(signed(53)),
    bysetpos=some(signed(366)),
    byhour=some(st.integers(0, 23)),
    byminute=some(st.integers(0, 59)),
    bysecond=some(st.integers(0, 60)),
    wkst=st.integers(0, 6),
)


@given(rules)
def test_text_reads_back_equal(rule: Rule) -> None:
    assert parse_rule(str(rule)) == rule


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("FREQ=DAILY", "FREQ=DAILY"),
        ("RRULE:freq=weekly; byday = fr, mo ;;", "FREQ=WEEKLY;BYDAY=MO,FR"),
        ("INTERVAL=2;FREQ=WEEKLY;BYDAY=TU", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;WKST=MO"),
        ("FREQ=WEEKLY;WKST=SU", "FREQ=WEEKLY;WKST=SU"),
        ("FREQ=MONTHLY;BYDAY=+1MO,-1FR,0TU", "FREQ=MONTHLY;BYDAY=-1FR,TU,1MO"),
        ("FREQ=MONTHLY;BYMONTHDAY=15,1,15", "FREQ=MONTHLY;BYMONTHDAY=1,15"),
        ("FREQ=DAILY;X-COLOUR=blue;COUNT=3;COUNT=3", "FREQ=DAILY;COUNT=3"),
        ("RSCALE=GREGORIAN;FREQ=YEARLY;SKIP=OMIT", "FREQ=YEARLY"),
        ("FREQ=DAILY;UNTIL=20260131", "FREQ=DAILY;UNTIL=20260131"),
        ("FREQ=DAILY;UNTIL=20260131T090000z", "FREQ=DAILY;UNTIL=20260131T090000Z"),
        ("FREQ=DAILY;UNTIL=20260131T235960", "FREQ=DAILY;UNTIL=20260131T235959"),
    ],
)
def test_what_real_files_write(text: str, canonical: str) -> None:
    assert str(parse_rule(text)) == canonical


def test_until_keeps_the_type_it_was_written_in() -> None:
    assert parse_rule("FREQ=DAILY;UNTIL=20260131").until == date(2026, 1, 31)
    assert parse_rule("FREQ=DAILY;UNTIL=20260131T090000").until == datetime.fromisoformat("2026-01-31T09:00")
    assert parse_rule("FREQ=DAILY;UNTIL=20260131T090000Z").until == datetime(2026, 1, 31, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "FREQ"),
        ("FREQ=FORTNIGHTLY", "FREQ"),
        ("COUNT=3", "FREQ"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL"),
        ("FREQ=DAILY;COUNT=-1", "COUNT"),
        ("FREQ=DAILY;COUNT=1e5", "COUNT"),
        ("FREQ=DAILY;COUNT=²", "COUNT"),
        ("FREQ=DAILY;COUNT=" + "9" * 5000, "COUNT"),
        ("FREQ=DAILY;COUNT=3;COUNT=4", "COUNT"),
        ("FREQ=DAILY;UNTIL=20260231", "UNTIL"),
        ("FREQ=DAILY;UNTIL=tomorrow", "UNTIL"),
        ("FREQ=DAILY;UNTIL=20260131T9", "UNTIL"),
        ("FREQ=YEARLY;BYMONTH=13", "BYMONTH"),
        ("FREQ=YEARLY;BYMONTH=5L", "BYMONTH"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY"),
        ("FREQ=MONTHLY;BYDAY=XX", "BYDAY"),
        ("FREQ=MONTHLY;BYDAY=99MO", "BYDAY"),
        ("FREQ=WEEKLY;WKST=1", "WKST"),
        ("FREQ=DAILY;BYDAY=", "BYDAY"),
        ("FREQ=DAILY;BYEASTER=1", "BYEASTER"),
        ("FREQ=DAILY;WEEKLY", "WEEKLY"),
        ("RSCALE=CHINESE;FREQ=YEARLY", "RSCALE"),
        ("RSCALE=GREGORIAN;FREQ=YEARLY;SKIP=FORWARD", "SKIP"),
    ],
)
def test_errors_name_the_part(text: str, named: str) -> None:
    with pytest.raises(RecurrenceError, match=named):
        parse_rule(text)


@given(st.text() | st.text("FREQ=DAILYUNTBS;,:-0123 ").map("FREQ=DAILY;".__add__))
def test_any_text_is_a_rule_or_an_error(text: str) -> None:
    try:
        rule = parse_rule(text)
    except RecurrenceError:
        return
    assert parse_rule(str(rule)) == rule


def test_an_all_day_rule_has_no_times() -> None:  # RFC 5545 3.3.10
    assert parse_rule("FREQ=DAILY;BYHOUR=9;BYMINUTE=1;BYSECOND=2").for_all_day() == parse_rule("FREQ=DAILY")
    with pytest.raises(RecurrenceError, match="HOURLY"):
        parse_rule("FREQ=HOURLY").for_all_day()
