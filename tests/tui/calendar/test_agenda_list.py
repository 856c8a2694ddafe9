"""The agenda: what lasts all day stands under each of its days, and the cursor walks them in order."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from couchcal.tui.calendar.agenda_list import agenda_rows
from couchcal.tui.calendar.period import Period, View
from couchcal.tui.calendar.scene import Scene
from tests.tui.calendar.entries import NEW_YORK, all_day, entry, local
from tests.tui.conftest import AppFactory, settle
from tests.tui.looks.cells import rows_of, text_of

FIRST = date(2026, 3, 2)
PERIOD = Period(FIRST, 28)


@given(st.integers(-10, 27), st.integers(1, 40))
def test_a_day_off_is_under_each_of_its_days(begin: int, days: int) -> None:
    first = FIRST + timedelta(begin)
    until = first + timedelta(days)
    off = all_day(first, until, row_id=2)
    scene = Scene(View.AGENDA, PERIOD, (entry(local(4, 9)), off), NEW_YORK, local(3, 10))
    shown = [row.day for row in agenda_rows(scene) if row.entry == off]
    days_seen = [FIRST + timedelta(each) for each in range(PERIOD.days)]
    assert shown == [day for day in days_seen if first <= day < until]


async def test_the_cursor_goes_on_from_the_day_it_is_on(make: AppFactory) -> None:
    async with make(View.AGENDA).run_test(size=(100, 40)) as pilot:
        screen = await settle(pilot)
        assert text_of(rows_of(pilot.app)).count("Conference") == 2  # Thursday and Friday
        screen.go_to_day(date(2026, 3, 6))
        await pilot.pause()
        assert screen.picked is not None
        assert screen.picked.title == "Conference"
        lines = text_of(rows_of(pilot.app)).splitlines()
        (marked,) = (region for _, region in screen.current.cursor_marks(screen.cursor))
        below = lines[screen.current.region.y + marked.y - 1 :]
        assert "Fri 6 March" in below[0]
        assert "Conference" in below[1]
        await pilot.press("j")
        assert screen.picked.title == "Staff meeting"
        await pilot.press("k")
        assert screen.picked.title == "Conference"
