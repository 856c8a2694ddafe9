"""Grab, move, drop, put back: by keys and by mouse, over a real database."""

from __future__ import annotations

from datetime import timedelta

import pytest
from textual import events
from textual.pilot import Pilot

from couchcal.practice import appointments
from couchcal.practice.agenda import Entry, between
from couchcal.scheduling.wallclock import zone
from couchcal.store.connection import Database
from couchcal.tui.calendar.lines import Line
from couchcal.tui.calendar.period import View
from couchcal.tui.calendar.screen import CalendarScreen
from couchcal.tui.calendar.time_grid import TimeGrid
from couchcal.tui.calendar.time_paint import TimePainter
from couchcal.tui.calendar.view import CalendarView, Hit
from tests.support.demo import ZONE, at, event
from tests.tui.conftest import AppFactory, settle, stored, toasts

SIZE = (120, 36)


def put_cursor_on(screen: CalendarScreen, title: str) -> None:
    entry = next(entry for entry in screen.scene.entries if title in (entry.title, entry.first))
    screen.go_to(entry)


def cell_of(screen: CalendarScreen, title: str, *, last_row: bool = False) -> tuple[int, int]:
    """A cell of the widget that shows an entry."""
    grid = screen.query_one(TimeGrid)
    painter: TimePainter = grid.painter
    for index, column in enumerate(painter.blocks):
        for block in column:
            cells = painter.cells_of(index, block)
            if title in (block.entry.title, block.entry.first) and cells is not None:
                row = (block.end - 1 if last_row else block.start) // painter.row_minutes
                return cells[0] + 1, row - grid.scroll_offset.y + painter.header_lines
    raise LookupError(title)


def week_of(database: Database) -> list[Entry]:
    """What is stored in the weeks after the demo week."""
    connection = database.connect()
    try:
        return between(connection, at(9, 0), at(30, 0), zone(ZONE))
    finally:
        connection.close()


def turning(screen: CalendarScreen) -> bool:
    """Whether the page is about to be turned."""
    return screen._turning is not None


def holding(screen: CalendarScreen) -> bool:
    return screen.ghost is not None


async def drag(pilot: Pilot[None], screen: CalendarScreen, start: tuple[int, int], offset: tuple[int, int]) -> None:
    grid = screen.query_one(TimeGrid)
    await pilot.mouse_down(grid, start)
    await pilot.hover(grid, (start[0] + offset[0], start[1] + offset[1]))
    await pilot.pause()


async def test_keys_move_a_session_and_undo_brings_it_back(make: AppFactory, demo: Database) -> None:
    # DND-01, DND-05
    async with make().run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        put_cursor_on(screen, "Supervision")
        await pilot.press("m", "j", "l")
        assert screen.ghost is not None
        assert screen.ghost.grab.start == at(5, 15, 15)
        await pilot.press("enter")
        await settle(pilot)
        assert not holding(screen)
        assert next(e for e in stored(demo) if e.title == "Supervision").start == at(5, 15, 15)
        assert any("Supervision" in text and "u undo" in text for text in toasts(pilot))
        assert screen.picked is not None
        assert screen.picked.title == "Supervision"
        await pilot.press("u")
        await settle(pilot)
        assert next(e for e in stored(demo) if e.title == "Supervision").start == at(4, 15)


async def test_escape_puts_back_and_nothing_is_written(make: AppFactory, demo: Database) -> None:
    # L2
    before = stored(demo)
    async with make().run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        put_cursor_on(screen, "Supervision")
        home = screen.cursor
        await pilot.press("m", "L", "J", "escape")
        await settle(pilot)
        assert not holding(screen)
        assert screen.cursor == home
        assert home.day in screen.period
    assert stored(demo) == before


async def test_commands_do_not_work_while_something_is_in_the_hand(make: AppFactory) -> None:
    async with make().run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        put_cursor_on(screen, "Supervision")
        await pilot.press("m", "n", "3", "t")
        assert pilot.app.screen is screen
        assert screen.calendar_view is View.WEEK
        assert screen.ghost is not None


async def test_moving_past_the_week_pages_along(make: AppFactory) -> None:
    async with make().run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        put_cursor_on(screen, "Supervision")
        await pilot.press("m", "L")
        await settle(pilot)
        assert screen.ghost is not None
        assert at(11, 15) == screen.ghost.grab.start
        assert screen.cursor.day in screen.period
        assert screen.period.first.day == 9


async def test_the_landing_place_and_a_conflict_are_named(make: AppFactory) -> None:
    # DND-05, CNF-01: shown while moving, before anything is stored
    async with make().run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        screen.go_to(next(e for e in screen.scene.entries if e.first == "Tom" and not e.cancelled))
        await pilot.press("m", "J")
        assert screen.ghost is not None
        assert screen.ghost.warning == "overlaps Lena F."
        line = screen.query_one("#status").render_line(0).text
        assert "MOVING" in line
        assert "Tue 3 Mar 14:00–15:00" in line
        assert "overlaps Lena F." in line
        await pilot.press("J")
        assert screen.ghost.warning == ""  # 15:00 touches 15:00: no conflict (CNF-02)


async def test_locked_things_refuse_and_say_the_way_out(make: AppFactory) -> None:
    # DND-04, DND-06, EDT-01
    async with make().run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        entries = screen.scene.entries
        locked = {
            "clear the claim first": next(e for e in entries if e.claim_status == "submitted"),
            "press U": next(e for e in entries if e.cancelled),
            "accept or decline": next(e for e in entries if e.kind == "request"),
            "remove the time off": next(e for e in entries if e.kind == "time_off"),
        }
        for way_out, entry in locked.items():
            screen.go_to(entry)
            screen.action_reschedule()
            await pilot.pause()
            assert not holding(screen)
            assert way_out in toasts(pilot)[-1]


async def test_month_moves_by_days_and_keeps_the_hour(make: AppFactory, demo: Database) -> None:
    # DND-02
    async with make(View.MONTH).run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        put_cursor_on(screen, "Supervision")
        await pilot.press("m", "h", "enter")
        await settle(pilot)
    assert next(e for e in stored(demo) if e.title == "Supervision").start == at(3, 15)


async def test_an_all_day_event_moves_by_whole_days(make: AppFactory, demo: Database) -> None:
    async with make().run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        put_cursor_on(screen, "Conference")
        await pilot.press("m", "h", "enter")
        await settle(pilot)
    moved = next(e for e in stored(demo) if e.title == "Conference")
    assert moved.first_day is not None
    assert (moved.first_day.day, (moved.end_day - moved.first_day).days if moved.end_day else 0) == (4, 2)


async def test_next_free_slot_is_inside_the_hours_and_free(make: AppFactory) -> None:
    async with make().run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        put_cursor_on(screen, "Supervision")
        await pilot.press("m", "f")
        await settle(pilot)
        assert screen.ghost is not None
        assert screen.ghost.grab.start == at(4, 15, 15)  # its own old place is free
        for _ in range(4):
            await pilot.press("f")
            await settle(pilot)
        # 16:10 is the last start of 50 minutes before 17:00; 16:15 would be late, so the next day opens at 9
        assert screen.ghost.grab.start == at(5, 9)


async def test_an_exact_time_can_be_typed(make: AppFactory) -> None:
    async with make().run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        put_cursor_on(screen, "Supervision")
        await pilot.press("m", "=")
        await pilot.pause()
        await pilot.press(*"16:05", "enter")
        await pilot.pause()
        assert screen.ghost is not None
        assert screen.ghost.grab.start == at(4, 16, 5)


async def test_one_of_a_series_then_all_future_with_one_key(make: AppFactory, demo: Database) -> None:
    # REC-04: this one by default; the toast offers the rest
    async with make().run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        screen.go_to(
            next(e for e in screen.loaded.entries if e.first == "Maria" and e.rrule and e.start == at(5, 10))
        )
        await pilot.press("m", "J", "enter")
        await settle(pilot)
        assert any("M move all future too" in text for text in toasts(pilot))
        assert {
            e.start for e in screen.loaded.entries if e.first == "Maria" and e.rrule and e.start > at(6, 0)
        } >= {at(12, 10)}
        await pilot.press("M")
        await settle(pilot)
        later = [e.start for e in screen.loaded.entries if e.first == "Maria" and e.rrule and e.start > at(5, 0)]
        assert later[:2] == [at(5, 11), at(12, 11)]


async def test_mouse_drags_to_another_time_and_releases_saves(make: AppFactory, demo: Database) -> None:
    # DND-03
    async with make().run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        start = cell_of(screen, "Staff meeting")
        await drag(pilot, screen, start, (0, 4))
        assert screen.ghost is not None
        assert screen.ghost.grab.start == at(6, 11, 30)
        await pilot.mouse_up(screen.query_one(TimeGrid), (start[0], start[1] + 4))
        await settle(pilot)
    moved = next(e for e in stored(demo) if e.title == "Staff meeting")
    assert (moved.start, moved.end - moved.start) == (at(6, 11, 30), timedelta(minutes=90))


async def test_mouse_on_the_lower_edge_resizes(make: AppFactory, demo: Database) -> None:
    async with make().run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        start = cell_of(screen, "Staff meeting", last_row=True)
        await drag(pilot, screen, start, (0, 1))
        await pilot.mouse_up(screen.query_one(TimeGrid), (start[0], start[1] + 1))
        await settle(pilot)
    resized = next(e for e in stored(demo) if e.title == "Staff meeting")
    assert (resized.start, resized.end) == (at(6, 9, 30), at(6, 11, 30))


async def test_the_lower_edge_pulled_aside_takes_all_of_it_along(make: AppFactory, demo: Database) -> None:
    # a session over the night is what nobody pulls for
    async with make().run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        grid = screen.query_one(TimeGrid)
        start = cell_of(screen, "Supervision", last_row=True)
        aside = grid.painter.columns.places[3][0] + 2 - start[0]
        before = next(e for e in stored(demo) if e.title == "Supervision")
        await drag(pilot, screen, start, (0, 3))
        assert screen.ghost is not None
        assert screen.ghost.grab.end > before.end
        for by, at_start in (((aside, 0), at(5, 15)), ((0, 0), at(4, 15)), ((aside, 2), at(5, 16))):
            await pilot.hover(grid, (start[0] + by[0], start[1] + by[1]))
            await pilot.pause()
            assert screen.ghost is not None
            assert (screen.ghost.grab.start, screen.ghost.grab.end) == (at_start, at_start + timedelta(minutes=50))
        await pilot.mouse_up(grid, (start[0] + aside, start[1] + 2))
        await settle(pilot)
    moved = next(e for e in stored(demo) if e.title == "Supervision")
    assert (moved.start, moved.end) == (at(5, 16), at(5, 16, 50))


async def test_escape_ends_a_mouse_drag_without_writing(make: AppFactory, demo: Database) -> None:
    before = stored(demo)
    async with make().run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        start = cell_of(screen, "Staff meeting")
        await drag(pilot, screen, start, (0, 4))
        await pilot.press("escape")
        await pilot.mouse_up(screen.query_one(TimeGrid), (start[0], start[1] + 4))
        await settle(pilot)
        assert not holding(screen)
    assert stored(demo) == before


async def test_somebody_elses_change_is_not_overwritten(make: AppFactory, demo: Database) -> None:
    # two programs at once
    async with make().run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        put_cursor_on(screen, "Supervision")
        entry = screen.picked
        assert entry is not None
        await pilot.press("m", "j")
        appointments.reschedule(demo, entry.row_id, at(4, 16), at(4, 16, 50))
        await pilot.press("enter")
        await settle(pilot)
        assert not holding(screen)
    assert next(e for e in stored(demo) if e.title == "Supervision").start == at(4, 16)


async def test_a_resized_terminal_does_not_lose_the_entry_in_the_hand(make: AppFactory, demo: Database) -> None:
    event(demo, "Visit", at(5, 16))
    async with make().run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        put_cursor_on(screen, "Visit")
        await pilot.press("m", "j")
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert screen.ghost is not None
        assert screen.cursor.day in screen.period
        await pilot.press("enter")
        await settle(pilot)
    assert next(e for e in stored(demo) if e.title == "Visit").start == at(5, 16, 15)


async def test_a_drop_that_goes_wrong_puts_the_entry_back(
    make: AppFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with make().run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        put_cursor_on(screen, "Supervision")
        home = screen.cursor

        def broken(*_: object) -> None:
            raise ValueError("Jane Doe")

        monkeypatch.setattr(screen, "_reschedule", broken)
        await pilot.press("m", "j", "enter")
        await settle(pilot)
        assert not holding(screen)
        assert screen.cursor == home
        assert any("ValueError" in text for text in toasts(pilot))
        assert not any("Jane" in text for text in toasts(pilot))


async def test_keys_in_one_breath_reach_the_entry_in_the_hand(make: AppFactory) -> None:
    # DND-03: `mlJ` faster than messages travel
    async with make().run_test(size=(120, 36)) as pilot:
        screen = await settle(pilot)
        screen.go_to(next(e for e in screen.scene.entries if e.first == "Omar"))
        start = screen.picked.start if screen.picked else None
        for key in "mlJ":
            pilot.app.post_message(events.Key(key, key))
        await settle(pilot)
        assert screen.ghost is not None
        assert start is not None
        assert screen.ghost.grab.start - start == timedelta(days=1, hours=1)


async def test_at_80_columns_where_it_lands_is_never_cut(make: AppFactory) -> None:
    async with make().run_test(size=(80, 24)) as pilot:
        screen = await settle(pilot)
        screen.go_to(next(e for e in screen.scene.entries if e.first == "Omar"))
        await pilot.press("m", "J")
        status = screen.query_one("#status", Line).render_line(0).text
        assert "…" not in status
        assert "Enter drop" in status


async def test_from_the_agenda_it_is_moved_in_the_week_and_says_so(make: AppFactory) -> None:
    async with make(View.AGENDA).run_test(size=(120, 36)) as pilot:
        screen = await settle(pilot)
        await pilot.press("tab", "m")
        assert screen.calendar_view is View.WEEK
        assert "in Week" in screen.query_one("#status", Line).render_line(0).text


async def test_an_entry_held_at_the_right_edge_goes_on_to_next_week(make: AppFactory, demo: Database) -> None:
    async with make().run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        grid = screen.query_one(TimeGrid)
        start = cell_of(screen, "Staff meeting")
        edge = (grid.size.width - 1, start[1])
        await pilot.mouse_down(grid, start)
        await pilot.hover(grid, edge)
        await pilot.pause()
        assert turning(screen)
        assert screen.ghost is not None
        assert screen.ghost.grab.start == at(8, 9, 30)
        message = CalendarView.Dragged("move", _hit(grid, start), _hit(grid, edge))
        screen._turn(message)
        assert screen.ghost.grab.start == at(15, 9, 30)
        assert screen.period.first.day == 9
        await pilot.mouse_up(grid, edge)
        await settle(pilot)
        assert not turning(screen)
    assert next(e for e in week_of(demo) if e.title == "Staff meeting").start == at(15, 9, 30)


def _hit(grid: TimeGrid, cell: tuple[int, int]) -> Hit:
    hit = grid.hit(*cell)
    assert hit is not None
    return hit


async def test_from_a_month_to_the_month_before_the_hour_stays_though_clocks_change(
    make: AppFactory, demo: Database
) -> None:
    # DND-02, L3: EDT to EST, same hour on the clock
    event(demo, "Retreat", at(10, 15))
    async with make(View.MONTH).run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        put_cursor_on(screen, "Retreat")
        await pilot.press("m", "k", "k", "k", "enter")
        await settle(pilot)
        assert screen.picked is not None
        assert screen.picked.start == at(17, 15, month=2)


async def test_details_changed_elsewhere_go_along_with_the_move(make: AppFactory, demo: Database) -> None:
    # another field was changed meanwhile, which is no reason to refuse
    async with make().run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        put_cursor_on(screen, "Supervision")
        entry = screen.picked
        assert entry is not None
        await pilot.press("m", "J")
        appointments.edit(demo, entry.row_id, {"instructions": "bring the file"})
        screen._tick()
        await settle(pilot)
        assert screen.ghost is not None
        await pilot.press("enter")
        await settle(pilot)
    assert next(e for e in stored(demo) if e.title == "Supervision").start == at(4, 16)


async def test_what_was_cancelled_elsewhere_is_put_back_and_told(make: AppFactory, demo: Database) -> None:
    async with make().run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        screen.go_to(next(e for e in screen.scene.entries if e.first == "Maria" and e.rrule))
        entry = screen.picked
        assert entry is not None
        await pilot.press("m", "J")
        appointments.cancel(demo, entry.row_id, "late_cancel")
        screen._tick()
        await settle(pilot)
        assert not holding(screen)
        assert any("Maria S. was cancelled elsewhere" in text for text in toasts(pilot))
