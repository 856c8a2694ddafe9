"""The jumping evaluation against the naive walk of dateutil, on random rules and windows far from DTSTART."""

from __future__ import annotations

import datetime as datetime_module
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain, islice, pairwise, takewhile
from types import SimpleNamespace

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from couchcal.scheduling.recurrence import PER_YEAR_CAP, RecurrenceError, Rule, last_start, per_year, starts
from couchcal.scheduling.recurrence_rule import FREQUENCIES, WEEKDAYS

FIRST = datetime.fromisoformat("1995-01-01")
HORIZON = datetime.fromisoformat("2012-01-01")
LONG = [FREQUENCIES[name] for name in ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")]
SHORT = [FREQUENCIES[name] for name in ("HOURLY", "MINUTELY", "SECONDLY")]


@pytest.fixture(scope="module", autouse=True)
def oracle_horizon() -> Iterator[None]:
    """Keep dateutil from walking a rule without occurrences to the year 9999."""
    bounded = SimpleNamespace(**vars(datetime_module) | {"MAXYEAR": HORIZON.year})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dateutil.rrule.datetime", bounded)
        yield


def walk(text: str, begin: datetime) -> Iterator[datetime]:
    try:
        yield from rrulestr(text, dtstart=begin)
    except ValueError as refusal:
        # BYHOUR that INTERVAL never reaches: dateutil refuses a rule without occurrences.
        if "empty" not in str(refusal):
            raise


def naive_starts(rule: Rule, dtstart: datetime) -> Iterator[datetime]:
    """Every start before HORIZON, walked from the beginning; dateutil's own departures are worded away.

    dateutil counts BYSETPOS of the first week from DTSTART rather than from the week's start, and repeats YEARLY
    with BYMONTHDAY alone in each month.
    """
    walked, begin = replace(rule, count=None), dtstart
    if rule.freq == "WEEKLY":
        begin -= timedelta(days=(dtstart.weekday() - rule.wkst) % 7)
        if not (rule.byday or rule.bymonthday or rule.byyearday):
            walked = replace(walked, byday=((0, dtstart.weekday()),))
    if rule.freq == "YEARLY" and rule.bymonthday and not (rule.bymonth or rule.byday or rule.byyearday):
        walked = replace(walked, bymonth=(dtstart.month,))
    found = (start for start in walk(str(walked), begin) if start >= dtstart)
    return takewhile(lambda start: start < HORIZON, islice(found, rule.count))


def week_numbers(day: datetime, wkst: int) -> set[int]:
    """Number of the week of `day` from both ends of its year, which is the year of the week's fourth day."""
    fourth = (day - timedelta(days=(day.weekday() - wkst) % 7 - 3)).date()
    new_year = fourth.replace(month=1, day=1)
    next_new_year = fourth.replace(year=fourth.year + 1, month=1, day=1)
    return {(fourth - new_year).days // 7 + 1, -1 - ((next_new_year - fourth).days - 1) // 7}


def few(numbers: st.SearchStrategy[int], size: int = 3) -> st.SearchStrategy[tuple[int, ...]]:
    return st.just(()) | st.sets(numbers, max_size=size).map(lambda chosen: tuple(sorted(chosen)))


def signed(bound: int) -> st.SearchStrategy[int]:
    return st.integers(1, bound) | st.integers(-bound, -1)


moments = st.integers(0, 6 * 365 * 1440).map(lambda minute: FIRST + timedelta(minutes=minute))
ends = st.none() | moments.map(lambda moment: moment + timedelta(days=2000))
weekday_sets = st.sets(st.integers(0, 6), min_size=1, max_size=5).map(
    lambda days: tuple((0, day) for day in sorted(days))
)


@st.composite
def long_rules(draw: st.DrawFn) -> Rule:
    freq = draw(st.sampled_from(LONG))
    counted = freq in {"MONTHLY", "YEARLY"}
    ordinals = st.sets(st.tuples(signed(5), st.integers(0, 6)), min_size=1, max_size=3).map(
        lambda days: tuple(sorted(days))
    )
    rule = Rule(
        freq=freq,
        interval=draw(st.integers(1, 5)),
        count=draw(st.none() | st.integers(1, 400)),
        until=draw(ends),
        byday=draw(st.just(()) | weekday_sets | (ordinals if counted else st.nothing())),
        bymonth=draw(few(st.integers(1, 12), 5)),
        bymonthday=draw(few(signed(31))),
        byyearday=draw(few(signed(366)) if freq == "YEARLY" else st.just(())),
        byhour=draw(few(st.integers(0, 23), 2)),
        byminute=draw(few(st.integers(0, 59), 2)),
        wkst=draw(st.integers(0, 6)),
    )
    several = rule.byday or rule.bymonthday or rule.byhour
    return replace(rule, bysetpos=draw(few(signed(6))) if several else ())


@st.composite
def week_number_rules(draw: st.DrawFn) -> Rule:
    return Rule(
        freq="YEARLY",
        byweekno=draw(st.sets(signed(53), min_size=1, max_size=3).map(lambda chosen: tuple(sorted(chosen)))),
        byday=draw(weekday_sets),
        bymonth=draw(few(st.integers(1, 12), 6)),
        wkst=draw(st.integers(0, 6)),
    )


@st.composite
def short_rules(draw: st.DrawFn) -> Rule:
    freq = draw(st.sampled_from(SHORT))
    return Rule(
        freq=freq,
        interval=draw(st.integers(1, 100) if freq == "HOURLY" else st.integers(500, 5000)),
        count=draw(st.none() | st.integers(1, 400)),
        until=draw(ends),
        byday=draw(st.just(()) | weekday_sets),
        bymonth=draw(few(st.integers(1, 12), 6)),
        byhour=draw(few(st.integers(0, 23), 12)),
    )


def assert_window_agrees(rule: Rule, dtstart: datetime, lo: datetime, days: int) -> None:
    hi = lo + timedelta(days=days)
    walked = takewhile(lambda start: start < hi, naive_starts(rule, dtstart))
    assert starts(rule, dtstart, lo, hi) == [start for start in walked if start >= lo]


@settings(max_examples=150, deadline=None)
@given(long_rules(), moments, moments.map(lambda moment: moment + timedelta(days=1500)), st.integers(1, 900))
def test_window_equals_the_walk(rule: Rule, dtstart: datetime, lo: datetime, days: int) -> None:
    assert_window_agrees(rule, dtstart, lo, days)


@settings(max_examples=60, deadline=None)
@given(week_number_rules(), moments, moments, st.integers(1, 2000))
def test_week_numbers_equal_the_definition(rule: Rule, dtstart: datetime, lo: datetime, days: int) -> None:
    """Day by day, since dateutil errs in early January when weeks begin on another day than Monday."""
    clock = timedelta(hours=dtstart.hour, minutes=dtstart.minute)
    midnights = (lo.replace(hour=0, minute=0) + timedelta(days=day) for day in range(days + 1))
    hi = lo + timedelta(days=days)
    expected = [
        midnight + clock
        for midnight in midnights
        if max(lo, dtstart) <= midnight + clock < hi
        and week_numbers(midnight, rule.wkst) & set(rule.byweekno)
        and (0, midnight.weekday()) in rule.byday
        and (not rule.bymonth or midnight.month in rule.bymonth)
    ]
    assert starts(rule, dtstart, lo, hi) == expected


@settings(max_examples=60, deadline=None)
@given(short_rules(), moments, st.integers(0, 200), st.integers(1, 20))
def test_rules_below_a_day_equal_the_walk(rule: Rule, dtstart: datetime, after: int, days: int) -> None:
    assert_window_agrees(rule, dtstart, dtstart + timedelta(days=after), days)


@settings(max_examples=60, deadline=None)
@given(long_rules(), moments, st.lists(moments, max_size=4))
def test_adjoining_windows_make_the_whole(rule: Rule, dtstart: datetime, cuts: list[datetime]) -> None:
    edges = [FIRST, *sorted(cuts), HORIZON]
    pieces = [starts(rule, dtstart, lo, hi) for lo, hi in pairwise(edges)]
    assert list(chain.from_iterable(pieces)) == starts(rule, dtstart, FIRST, HORIZON, limit=10**6)


@settings(max_examples=40, deadline=None)
@given(long_rules(), moments, st.integers(1, 60))
def test_last_start_ends_the_walk(rule: Rule, dtstart: datetime, count: int) -> None:
    finite = rule if rule.until else replace(rule, count=min(rule.count or count, count))
    walked = list(naive_starts(finite, dtstart))
    last = last_start(finite, dtstart)
    if last is None or last < HORIZON:
        assert last == (walked[-1] if walked else None)
        assert last is None or finite.count is None or len(walked) <= finite.count
    else:
        assert len(walked) < (finite.count or 0)


@settings(max_examples=40, deadline=None)
@given(long_rules() | week_number_rules() | short_rules(), moments, st.integers(1995, 2011))
def test_per_year_is_an_upper_bound(rule: Rule, dtstart: datetime, year: int) -> None:
    bound = per_year(rule, dtstart)
    lo, hi = FIRST.replace(year=year), FIRST.replace(year=year + 1)
    try:
        found = len(starts(rule, dtstart, lo, hi, limit=PER_YEAR_CAP))
    except RecurrenceError:
        found = PER_YEAR_CAP
    assert found <= bound <= PER_YEAR_CAP


def test_the_oracle_knows_weekdays_by_the_same_names() -> None:
    monday = datetime.fromisoformat("2001-01-01")
    for weekday, name in enumerate(WEEKDAYS):
        first = next(iter(rrulestr(f"FREQ=DAILY;BYDAY={name}", dtstart=monday)))
        assert first == monday + timedelta(days=weekday)
