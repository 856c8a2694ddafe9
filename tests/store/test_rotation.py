"""Which backups stay."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from couchcal.store.rotation import DAYS, MONTHS, WEEKS, kept

MOMENTS = st.sets(st.datetimes(datetime(2024, 1, 1), datetime(2027, 1, 1)), max_size=40)  # noqa: DTZ001  wall clocks
FIRST = datetime(2026, 1, 1, 3)  # noqa: DTZ001


@given(MOMENTS)
def test_the_newest_of_a_day_a_week_and_a_month_stays(moments: set[datetime]) -> None:
    stay = kept(moments)
    assert stay <= moments
    days = sorted({moment.date() for moment in moments}, reverse=True)
    for day in days[:DAYS]:
        assert max(moment for moment in moments if moment.date() == day) in stay
    weeks = sorted({moment.isocalendar()[:2] for moment in moments}, reverse=True)
    for week in weeks[:WEEKS]:
        assert max(moment for moment in moments if moment.isocalendar()[:2] == week) in stay
    months = sorted({(moment.year, moment.month) for moment in moments}, reverse=True)
    for month in months[:MONTHS]:
        assert max(moment for moment in moments if (moment.year, moment.month) == month) in stay
    earlier = {moment for moment in stay if days and moment.date() != days[0]}
    assert len(earlier) < DAYS + WEEKS + MONTHS


@given(MOMENTS)
def test_rotating_again_removes_nothing(moments: set[datetime]) -> None:
    assert kept(kept(moments)) == kept(moments)


def test_a_year_of_nights_leaves_days_weeks_and_months() -> None:
    stay: set[datetime] = set()
    for night in range(366):
        stay = kept(stay | {FIRST + timedelta(days=night)})
    ages = sorted((FIRST + timedelta(days=365) - moment).days for moment in stay)
    assert ages[:7] == [0, 1, 2, 3, 4, 5, 6]
    assert 19 <= len(ages) <= 23
    assert 300 < ages[-1] <= 366
    assert max(later - earlier for earlier, later in pairwise(ages)) <= 31
