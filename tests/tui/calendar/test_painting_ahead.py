"""Lines that are kept, and weeks painted before they are asked for, are what would be painted now."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from textual.strip import Strip

from couchcal.practice.agenda import Entry
from couchcal.scheduling.drag import grab, land_at
from couchcal.tui.calendar import painting_ahead
from couchcal.tui.calendar.layout import key_of
from couchcal.tui.calendar.period import Period, View
from couchcal.tui.calendar.scene import Cursor, Ghost, Scene
from couchcal.tui.calendar.screen import CalendarScreen
from couchcal.tui.calendar.time_grid import TimeGrid
from couchcal.tui.calendar.time_paint import TimePainter
from couchcal.tui.palette import Palette
from couchcal.tui.theme import DARK
from tests.support.pilot import until
from tests.tui.calendar.entries import NEW_YORK, all_day, entry, local
from tests.tui.conftest import AppFactory, settle

PALETTE = Palette.of(DARK.to_color_system().generate() | DARK.variables)
PERIOD = Period(date(2026, 3, 2), 7)
ENTRIES = (
    all_day(date(2026, 3, 3), date(2026, 3, 5), 5),
    all_day(date(2026, 3, 3), date(2026, 3, 5), 6, "Fair"),
    entry(local(3, 9), 50, 1),
    entry(local(3, 9, 30), 50, 2),
    entry(local(4, 10), 200, 3, kind="request"),
    entry(local(4, 23, 30), 120, 4, kind="time_off", client_id=None),
)
SCENE = Scene(View.WEEK, PERIOD, ENTRIES, NEW_YORK, local(3, 9, 40), row_minutes=60)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The weeks beside are painted, as they are outside of the other tests."""
    monkeypatch.setattr(painting_ahead, "_REST_SECONDS", 0.02)


cursors = st.builds(
    Cursor,
    st.dates(date(2026, 3, 1), date(2026, 3, 9)),
    st.integers(0, 23).map(lambda row: row * 60),
    st.booleans(),
    st.sampled_from([None, *(key_of(one) for one in ENTRIES)]),
)


def held(one: Entry, minutes: int, warning: str) -> Ghost:
    hand = grab(one.start, one.end, NEW_YORK, all_day=one.all_day)
    return Ghost(one, land_at(hand, one.start + timedelta(minutes=minutes)), warning)


ghosts = st.none() | st.builds(
    held,
    st.sampled_from(ENTRIES),
    st.sampled_from([0, 30, -45, 1440, 3 * 1440]),
    st.sampled_from(["", "overlaps Bob R."]),
)


def lines(painter: TimePainter, cursor: Cursor, ghost: Ghost | None) -> list[Strip]:
    above = [painter.header(line, cursor, ghost) for line in range(painter.header_lines)]
    return above + [painter.row(row, cursor, ghost) for row in range(painter.rows)]


@given(st.lists(st.tuples(cursors, ghosts), min_size=1, max_size=4))
@example([(Cursor(date(2026, 3, 3)), held(ENTRIES[2], 30, warning)) for warning in ("", "overlaps Bob R.")])
def test_kept_lines_are_those_that_would_be_painted_now(steps: list[tuple[Cursor, Ghost | None]]) -> None:
    kept = TimePainter(SCENE, 100, PALETTE)
    for cursor, ghost in steps:
        assert lines(kept, cursor, ghost) == lines(TimePainter(SCENE, 100, PALETTE), cursor, ghost)


def painted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[date, int]]:
    """The rows that are painted from now on: the first day of the week, and which row."""
    rows: list[tuple[date, int]] = []
    paint = TimePainter._paint_row

    def seen(painter: TimePainter, row: int, cursor: Cursor, ghost: Ghost | None, second: str) -> Strip:
        rows.append((painter.days[0], row))
        return paint(painter, row, cursor, ghost, second)

    monkeypatch.setattr(TimePainter, "_paint_row", seen)
    return rows


async def test_the_weeks_beside_are_painted_while_the_keys_rest(
    make: AppFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = painted(monkeypatch)
    app = make()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await settle(pilot)
        week, height = screen.period.first, screen.current.size.height - 3

        async def is_ready(first: date) -> None:
            await until(pilot, lambda: len({row for day, row in rows if day == first}) >= height)
            await until(pilot, lambda: screen._brush is None)

        await is_ready(week + timedelta(days=7))
        await is_ready(week - timedelta(days=7))
        rows.clear()
        await pilot.press("L")
        await settle(pilot)
        await is_ready(week + timedelta(days=14))
        here = {row for day, row in rows if day == screen.period.first}
        assert screen.period.first == week + timedelta(days=7)
        assert here <= rows_marked(screen)
        rows.clear()
        await pilot.press("H")
        await settle(pilot)
        assert {row for day, row in rows if day == week} <= rows_marked(screen)


def rows_marked(screen: CalendarScreen) -> set[int]:
    """The rows of the cursor and of what it stands on."""
    row = screen.cursor.minute // screen.row_minutes
    return set(range(row - 3, row + 4))


async def test_what_changed_is_painted_anew(make: AppFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    app = make()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await settle(pilot)
        await until(pilot, lambda: screen._brush is None)
        before = texts(screen)
        assert any("Jane" in line for line in before)
        await pilot.press("asterisk")  # names away
        await settle(pilot)
        assert not any("Jane" in line for line in texts(screen))
        await pilot.press("asterisk")
        await settle(pilot)
        assert texts(screen) == before


KEYS = (
    "L H H L t j j k l h J m j l L enter u asterisk L H asterisk z L H z z 1 L H 2 H Z m L H escape L H "
    "H m j s L enter escape ctrl+r u L H t"
)


async def test_whatever_was_done_the_screen_is_what_would_be_painted_now(make: AppFactory) -> None:
    app = make(second_time_zone="Europe/London")
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await settle(pilot)
        for key in KEYS.split():
            await pilot.press(key)
            await settle(pilot)
            if app.screen is not screen:
                await pilot.press("escape")
                await settle(pilot)
            await until(pilot, lambda: screen._brush is None)
            grid = screen.current
            assert isinstance(grid, TimeGrid)
            fresh = TimePainter(screen.scene, grid.size.width, grid.palette)
            top = grid.scroll_offset.y - fresh.header_lines
            above = [fresh.header(line, screen.cursor, screen.ghost) for line in range(fresh.header_lines)]
            rows = range(top + fresh.header_lines, min(top + grid.size.height, fresh.rows))
            wanted = above + [fresh.row(row, screen.cursor, screen.ghost) for row in rows]
            shown = [grid.render_line(y) for y in range(len(wanted))]
            assert shown == wanted, key


async def test_few_scenes_are_kept(make: AppFactory) -> None:
    app = make()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await settle(pilot)
        for key in "LLLLLLHHH":
            await pilot.press(key)
            await settle(pilot)
        grid = screen.current
        assert isinstance(grid, TimeGrid)
        assert grid.painter.scene.is_drawn_like(screen.scene)
        assert len(grid._painters) <= 4
        app.theme = "couchcal-light"
        await settle(pilot)
        assert all(painter.palette is screen.palette for painter in grid._painters)


def test_scenes_are_alike_while_now_is_out_of_sight() -> None:
    later_now = replace(SCENE, now_local=local(3, 9, 41), generation=7)
    assert not SCENE.is_drawn_like(later_now)
    apart, then = (replace(SCENE, now_local=local(20, 9, minute)) for minute in (40, 41))
    assert apart.is_drawn_like(then)
    assert not apart.is_drawn_like(replace(SCENE, now_local=local(21, 9, 40)))


def texts(screen: CalendarScreen) -> list[str]:
    """The lines of the view as they are now."""
    view = screen.current
    return [view.render_line(y).text for y in range(view.size.height)]
