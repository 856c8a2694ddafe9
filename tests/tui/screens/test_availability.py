"""The week of availability on a screen: keys, mouse, dialogs, and what is stored in the end."""

from __future__ import annotations

from contextlib import closing
from datetime import time

from textual.geometry import Offset
from textual.pilot import Pilot
from textual.widgets import Input, Static

from couchcal.practice import availability, event_types, undo
from couchcal.practice.availability import BlockRow
from couchcal.practice.outcome import Done
from couchcal.store.connection import Database
from couchcal.tui.forms.confirm import Confirm
from couchcal.tui.forms.tick import Tick
from couchcal.tui.screens.availability import AvailabilityScreen
from couchcal.tui.screens.availability_dialogs import CopyDialog, HoursDialog, LimitsDialog
from couchcal.tui.screens.week_editor import Cell
from couchcal.tui.screens.week_grid import LINES
from tests.tui.forms.host import PENDING, clock, saved, screen_of, settle, shown

NINE_TO_TWELVE = (time(9), time(12))


def set_hours(database: Database, *days: int, hours: tuple[tuple[time, time], ...] = (NINE_TO_TWELVE,)) -> None:
    blocks = {day: [BlockRow(day, start, end) for start, end in hours] for day in days}
    availability.set_days(database, blocks, clock=clock)


def stored(database: Database) -> list[BlockRow]:
    with closing(database.connect()) as connection:
        return availability.weekly(connection)


def line(screen: AvailabilityScreen, which: str) -> str:
    return str(screen.query_one(f"#{which}", Static).render())


def drawn(screen: AvailabilityScreen) -> list[str]:
    grid = screen.grid
    return [grid.render_line(y).text for y in range(grid.size.height)]


async def test_it_opens_at_the_first_block_and_says_the_days_hours(database: Database) -> None:  # AVL-01, AVL-03
    set_hours(database, 0, 1, hours=(NINE_TO_TWELVE, (time(13), time(17))))
    screen = AvailabilityScreen(database, week_start=0, clock=clock)
    async with shown(screen, (80, 24)) as (_, pilot):
        assert line(screen, "day") == "Mon 9:00–12:00, 13:00–17:00 · 7 h"
        assert screen.query_one("#frame").border_title == "Availability · 14 h a week"
        await pilot.press("left", "right", "right", "right")
        assert line(screen, "day") == "Thu Unavailable"
        lines = drawn(screen)
        assert lines[0].split()[:4] == ["Mon", "7", "h", "Tue"]
        assert "8:00" in lines[1] or "8:00" in lines[2]  # a whole working day is in sight
        assert any("17:00" in text for text in lines)


async def test_an_empty_week_opens_at_eight(database: Database) -> None:
    screen = AvailabilityScreen(database, week_start=6, clock=clock)
    async with shown(screen, (80, 24)) as (app, pilot):
        assert screen.editor.cursor == Cell(0, 32)
        assert "nothing can be booked" in str(screen.query_one("#frame").border_title)
        assert drawn(screen)[0].split()[0] == "Sun"
        assert "space opens" in line(screen, "here")
        await pilot.press("ctrl+s")
        await saved(pilot)
        assert app.answer is None  # nothing changed, nothing written


async def test_painting_with_keys_is_stored_as_one_step(database: Database) -> None:  # AVL-01
    screen = AvailabilityScreen(database, week_start=0, clock=clock)
    async with shown(screen) as (app, pilot):
        await pilot.press("down", "down", "down", "down", "v", *["j"] * 11, "l", "space")
        assert line(screen, "day") == "Tue 9:00–12:00 · 3 h"
        assert "not saved" in str(screen.query_one("#frame").border_title)
        await pilot.press("ctrl+s")
        await saved(pilot)
        assert isinstance(app.answer, Done)
    assert stored(database) == [BlockRow(day, *NINE_TO_TWELVE) for day in (0, 1)]
    undo.undo(database, clock=clock)
    assert stored(database) == []


async def test_a_week_that_begins_on_sunday_stores_the_right_weekday(database: Database) -> None:
    screen = AvailabilityScreen(database, week_start=6, clock=clock)
    async with shown(screen) as (_, pilot):
        await pilot.press("right", "space", "ctrl+s")
        await saved(pilot)
    assert stored(database) == [BlockRow(0, time(8), time(8, 15))]


async def test_shift_paints_and_erases_and_undo_takes_it_back(database: Database) -> None:
    set_hours(database, 0)
    screen = AvailabilityScreen(database, week_start=0, clock=clock)
    async with shown(screen) as (_, pilot):
        await pilot.press("shift+down", "shift+down", "shift+down")
        assert line(screen, "here").startswith("Closes Mon 9:00–10:00")
        await pilot.press("up")
        assert line(screen, "day") == "Mon 10:00–12:00 · 2 h"
        await pilot.press("u")
        assert line(screen, "day") == "Mon 9:00–12:00 · 3 h"
        await pilot.press("ctrl+r")
        assert line(screen, "day") == "Mon 10:00–12:00 · 2 h"


async def test_esc_drops_a_stroke_then_asks_before_it_loses_changes(database: Database) -> None:
    screen = AvailabilityScreen(database, week_start=0, clock=clock)
    async with shown(screen) as (app, pilot):
        await pilot.press("v", "down", "escape")
        assert screen.editor.week == ((),) * 7
        await pilot.press("space", "escape")
        await screen_of(app, Confirm)
        await pilot.press("n")
        assert line(screen, "day") == "Mon 8:15–8:30 · 15 min"
        await pilot.press("escape", "y")
        await pilot.pause()
        assert app.answer is None
    assert stored(database) == []


async def test_hours_are_typed_in_words_with_what_is_wrong_beside_them(
    database: Database,
) -> None:  # AVL-01, AVL-05
    set_hours(database, 0)
    screen = AvailabilityScreen(database, week_start=0, clock=clock)
    async with shown(screen) as (app, pilot):
        await pilot.press("enter")
        await screen_of(app, HoursDialog)
        typed = app.screen.query_one("#text", Input)
        assert typed.value == "9:00-12:00"
        typed.value = "12-9"
        await pilot.pause()
        assert "9:00" in (words := str(app.screen.query_one("#understood", Static).render()))
        assert typed.has_class("-bad")
        await pilot.press("enter")
        assert isinstance(app.screen, HoursDialog), words
        typed.value = "9:10-12, 22-24"
        await pilot.pause()
        assert str(app.screen.query_one("#understood", Static).render()) == "9:10–12:00, 22:00–24:00 · 4:50 h"
        await pilot.press("enter", "ctrl+s")
        await saved(pilot)
    assert stored(database) == [BlockRow(0, time(9, 10), time(12)), BlockRow(0, time(22), time(0))]


async def test_hours_off_the_grid_show_as_partial_and_survive(database: Database) -> None:
    set_hours(database, 0, hours=((time(9, 10), time(12)),))
    screen = AvailabilityScreen(database, week_start=0, clock=clock)
    async with shown(screen, (80, 24)) as (_, pilot):
        await pilot.press("right")  # no cursor in the day's column
        partly = next(text for text in drawn(screen) if text.strip().startswith("9:00"))
        assert partly[6:8] == "▅▅"
        await pilot.press("left", "end", "down", "space", "ctrl+s")
        await saved(pilot)
    assert stored(database) == [BlockRow(0, time(9, 10), time(12, 15))]


async def test_a_day_is_copied_to_ticked_days_in_one_step(database: Database) -> None:  # AVL-02
    set_hours(database, 0)
    set_hours(database, 5, hours=((time(20), time(21)),))
    screen = AvailabilityScreen(database, week_start=0, clock=clock)
    async with shown(screen) as (app, pilot):
        await pilot.press("c")
        await screen_of(app, CopyDialog)
        await pilot.press("ctrl+s")
        assert isinstance(app.screen, CopyDialog)  # nothing ticked yet
        await pilot.press("w")
        app.screen.query_one("#day-5", Tick).value = True
        await pilot.press("ctrl+s", "ctrl+s")
        await saved(pilot)
    assert stored(database) == [BlockRow(day, *NINE_TO_TWELVE) for day in range(6)]
    undo.undo(database, clock=clock)
    assert stored(database) == [BlockRow(0, *NINE_TO_TWELVE), BlockRow(5, time(20), time(21))]


async def test_a_day_is_cleared(database: Database) -> None:  # AVL-05
    set_hours(database, 0, 1)
    screen = AvailabilityScreen(database, week_start=0, clock=clock)
    async with shown(screen) as (_, pilot):
        await pilot.press("x")
        assert line(screen, "day") == "Mon Unavailable"
        await pilot.press("ctrl+s")
        await saved(pilot)
    assert stored(database) == [BlockRow(1, *NINE_TO_TWELVE)]


async def test_a_block_is_limited_to_event_types_and_visits(database: Database) -> None:  # AVL-07
    set_hours(database, 0)
    event_types.add(database, {"title": "[b]Intake", "minutes": 60}, clock=clock)
    screen = AvailabilityScreen(database, week_start=0, clock=clock)
    async with shown(screen) as (app, pilot):
        assert line(screen, "here") == "9:00–12:00 open to every event type and visit"
        await pilot.press("a")
        await screen_of(app, LimitsDialog)
        dialog = app.screen
        for tick in dialog.query(Tick):
            tick.value = tick.id != "visit-in_person"
        await pilot.pause()
        assert str(dialog.query_one("#allowed", Static).render()) == "only [b]Intake · telehealth only"
        await pilot.press("ctrl+s")
        assert line(screen, "here") == "9:00–12:00 only [b]Intake · telehealth only"
        await pilot.press("right")
        assert any("9–12 *" in text for text in drawn(screen))
        await pilot.press("ctrl+s")
        await saved(pilot)
    (block,) = stored(database)
    assert block.visit_types == {"telehealth"}
    assert len(block.event_types) == 1


async def test_a_block_for_a_removed_event_type_does_not_open_to_all(database: Database) -> None:  # AVL-07
    for title in ("Intake", "Follow-up"):
        event_types.add(database, {"title": title}, clock=clock)
    blocks = [BlockRow(0, *NINE_TO_TWELVE, frozenset({1}))]
    availability.set_days(database, {0: blocks}, clock=clock)
    event_types.remove(database, 1, clock=clock)
    screen = AvailabilityScreen(database, week_start=0, clock=clock)
    async with shown(screen) as (app, pilot):
        assert line(screen, "here") == "9:00–12:00 only Intake (removed)"
        await pilot.press("a")
        await screen_of(app, LimitsDialog)
        app.screen.query_one("#visit-telehealth", Tick).value = True
        await pilot.press("ctrl+s", "ctrl+s")
        await saved(pilot)
    assert stored(database) == [blocks[0]._replace(visit_types=frozenset({"telehealth"}))]


async def test_sixteen_blocks_are_refused_in_words_before_saving(database: Database) -> None:  # AVL-04
    hours = tuple((time(hour), time(hour, 30)) for hour in range(15))
    set_hours(database, 2, hours=hours)
    before = stored(database)
    screen = AvailabilityScreen(database, week_start=0, clock=clock)
    async with shown(screen) as (app, pilot):
        await pilot.press("right", "right", "end", "down", "down", "down", "space")
        assert line(screen, "here") == "Wed has 16 blocks; a day takes 15. Join or clear some."
        await pilot.press("left", "ctrl+s")
        await saved(pilot)
        assert screen.editor.cursor.column == 2
        assert app.answer is PENDING
    assert stored(database) == before


async def test_the_end_of_the_day_is_midnight(database: Database) -> None:
    screen = AvailabilityScreen(database, week_start=0, clock=clock)
    async with shown(screen, (80, 24)) as (_, pilot):
        await pilot.press(*["pagedown"] * 9, "shift+up", "shift+up", "shift+up", "ctrl+s")
        await saved(pilot)
    assert stored(database) == [BlockRow(0, time(23), time(0))]


async def drag(
    pilot: Pilot[None], screen: AvailabilityScreen, first: tuple[int, int], last: tuple[int, int]
) -> None:
    """Press in a column on a line of half an hour, move, let go."""

    def place(column: int, row: int) -> tuple[int, int]:
        return screen.grid.column_cells(column)[0] + 2, row - round(screen.grid.scroll_offset.y) + 1

    await pilot.mouse_down(screen.grid, offset=Offset(*place(*first)))
    await pilot.hover(screen.grid, offset=Offset(*place(*last)))
    await pilot.mouse_up(screen.grid, offset=Offset(*place(*last)))
    await pilot.pause()


async def test_the_mouse_paints_a_rectangle_and_erases_from_an_open_cell(database: Database) -> None:
    screen = AvailabilityScreen(database, week_start=0, clock=clock)
    async with shown(screen, (120, 36)) as (_, pilot):
        await drag(pilot, screen, (0, 18), (1, 23))
        assert line(screen, "day") == "Tue 9:00–12:00 · 3 h"
        await drag(pilot, screen, (1, 20), (1, 20))
        assert line(screen, "day") == "Tue 9:00–10:00, 10:30–12:00 · 2:30 h"
        await pilot.press("u", "ctrl+s")
        await saved(pilot)
    assert stored(database) == [BlockRow(day, *NINE_TO_TWELVE) for day in (0, 1)]


async def test_a_double_click_on_a_day_types_its_hours(database: Database) -> None:
    screen = AvailabilityScreen(database, week_start=0, clock=clock)
    async with shown(screen, (120, 36)) as (app, pilot):
        offset = (screen.grid.column_cells(3)[0] + 1, 0)
        await pilot.click(screen.grid, offset=offset)
        assert screen.editor.cursor.column == 3
        await pilot.click(screen.grid, offset=offset, times=2)
        await screen_of(app, HoursDialog)


async def test_the_wheel_scrolls_to_the_rest_of_the_day(database: Database) -> None:
    screen = AvailabilityScreen(database, week_start=0, clock=clock)
    async with shown(screen, (80, 24)) as (_, pilot):
        screen.grid.open_at(0)
        await pilot.pause()
        assert "0:00" in drawn(screen)[1]
        screen.grid.open_at(LINES)
        await settle(pilot)
        assert "23:00" in drawn(screen)[-2]
