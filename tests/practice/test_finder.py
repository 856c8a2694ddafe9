"""Free times that fit a wish, against a plain look at every one of them."""

from __future__ import annotations

from contextlib import closing
from datetime import date, time, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from couchcal.practice import client_changes, finder
from couchcal.practice.openings import free_starts
from couchcal.scheduling.finder import Wish, parse_wish
from tests.practice.conftest import NEW_YORK, Desk

TODAY = date(2026, 3, 2)
clock_times = st.none() | st.integers(0, 23).map(time)
wishes = st.builds(
    Wish,
    first=st.just(TODAY),
    last=st.integers(0, 40).map(lambda days: TODAY + timedelta(days=days)),
    weekdays=st.frozensets(st.integers(0, 6)),
    from_time=clock_times,
    to_time=clock_times,
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wishes, st.sampled_from([30, 50, 90]), st.sampled_from([None, 1, 3]), st.integers(1, 40))
def test_times_are_those_of_the_wish(desk: Desk, wish: Wish, minutes: int, per_day: int | None, limit: int) -> None:
    with closing(desk.database.connect()) as connection:
        found = finder.find_times(connection, wish, desk.now, NEW_YORK, limit, minutes=minutes, per_day=per_day)
        every = []
        for start in free_starts(connection, minutes, first=TODAY, last=wish.last, now=desk.now, tz=NEW_YORK):
            begin = start.astimezone(NEW_YORK)
            end = begin + timedelta(minutes=minutes)
            early = wish.from_time is not None and begin.time() < wish.from_time
            late = wish.to_time is not None and end.replace(tzinfo=None) > begin.replace(
                hour=wish.to_time.hour, minute=0, tzinfo=None
            )
            if begin.weekday() in wish.weekdays and not early and not late:
                every.append(start)
    days = [start.astimezone(NEW_YORK).date() for start in every]
    if per_day is None:
        assert found == every[:limit]
    else:
        assert found == sorted(set(found) & set(every))
        assert len(found) == min(limit, sum(min(per_day, days.count(day)) for day in set(days)))


def test_the_usual_length_of_the_client(desk: Desk) -> None:
    desk.book("2026-02-24 10:00", 45)
    zoe = client_changes.add(desk.database, "Zoë Quick", clock=desk.clock)
    client_changes.edit(desk.database, zoe.id, {"usual_service": "90837"}, clock=desk.clock)
    with closing(desk.database.connect()) as connection:

        def known(text: str) -> tuple[list[int], int]:
            found = finder.sought(connection, parse_wish(text, TODAY))
            return [row.id for row in found.clients], found.minutes

        (typical,) = connection.execute("SELECT typical_min FROM service_code WHERE code = '90837'").fetchone()
        assert known("for ann") == known("for sam ann") == known("for c-0001") == ([desk.ann], 45)
        assert known("for ann 30m") == ([desk.ann], 30)
        assert known("for zoe") == ([zoe.id], typical)
        assert known("for bob") == ([desk.bob], finder.DEFAULT_MINUTES)
        assert known("for nobody") == known("tue") == ([], finder.DEFAULT_MINUTES)


def test_series_have_their_rows_before_times_are_offered(desk: Desk) -> None:  # REC-08
    desk.weekly("2026-03-03 10:00")
    wish = parse_wish("tue 10-11, from 2027-06-01 until 2027-06-30", TODAY)
    finder.cover(desk.database, wish, NEW_YORK, clock=desk.clock)
    with closing(desk.database.connect()) as connection:
        assert finder.find_times(connection, wish, desk.now, NEW_YORK, minutes=50) == []
