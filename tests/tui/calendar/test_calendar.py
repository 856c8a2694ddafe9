"""Going places and changing things on the calendar screen, over a real database."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from couchcal import settings
from couchcal.errors import DatabaseProblem
from couchcal.practice import appointments
from couchcal.store.connection import Database
from couchcal.tui.calendar import data, reading
from couchcal.tui.calendar.agenda_list import AgendaList
from couchcal.tui.calendar.layout import key_of
from couchcal.tui.calendar.lines import Line
from couchcal.tui.calendar.screen import CalendarScreen
from couchcal.tui.calendar.sidebar import Sidebar
from couchcal.tui.calendar.time_grid import TimeGrid
from couchcal.tui.calendar.view import CalendarView
from couchcal.tui.screens.requests import RequestsScreen
from tests.support.demo import at, session
from tests.tui.conftest import AppFactory, settle, stored, toasts

SIZE = (120, 36)


def seen(screen: CalendarScreen) -> str:
    """All text on screen."""
    widgets = [screen.query_one("#header", Line), screen.current, screen.query_one(Sidebar)]
    return "\n".join(widget.render_line(y).text for widget in widgets for y in range(widget.size.height))


async def test_the_cursor_walks_picks_and_pages(make: AppFactory) -> None:
    async with make().run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        assert (screen.cursor.day, screen.cursor.minute) == (date(2026, 3, 3), 630)
        await pilot.press("k", "k", "h")
        assert (screen.cursor.day, screen.cursor.minute) == (date(2026, 3, 2), 570)
        assert screen.picked is not None
        assert screen.picked.first == "Jane"
        await pilot.press("H")
        assert screen.period.first == date(2026, 2, 23)
        await pilot.press("t")
        assert (screen.cursor.day, screen.period.first) == (date(2026, 3, 3), date(2026, 3, 2))
        await pilot.press("tab", "tab", "shift+tab")
        assert screen.picked is not None
        assert screen.picked.start == at(3, 13)


async def test_conflicts_and_requests_are_a_key_away(make: AppFactory) -> None:
    # CNF-01, REQ-03
    async with make().run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        header = screen.query_one("#header", Line).render_line(0).text
        assert "⚠ 2" in header
        assert "Requests 1" in header
        screen.action_next_conflict()
        assert screen.picked is not None
        assert screen.picked.conflict
        await pilot.press("r")
        await settle(pilot)
        assert isinstance(pilot.app.screen, RequestsScreen)
        await pilot.press("g")
        await settle(pilot)
        assert screen.picked is not None
        assert screen.picked.kind == "request"


async def test_jump_letters_lead_to_an_entry(make: AppFactory) -> None:
    async with make().run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        screen.action_jump_to_entry()
        wanted = next(e for e in screen.scene.entries if e.title == "Supervision")
        await pilot.press(screen.labels[key_of(wanted)])
        assert screen.picked == wanted
        assert not screen.labels


async def test_the_view_is_remembered(make: AppFactory) -> None:
    # CAL-01
    async with make().run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        await pilot.press("4")
        assert isinstance(screen.current, AgendaList)
    assert settings.remembered_view() == "agenda"


async def test_privacy_leaves_no_name_on_any_view(make: AppFactory) -> None:
    async with make().run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        screen.go_to(next(e for e in screen.scene.entries if e.first == "Omar"))
        for switch in (
            screen.action_week_view, screen.action_day_view, screen.action_month_view, screen.action_agenda_view,
        ):  # fmt: skip
            switch()
            await pilot.pause()
            assert "Omar" in seen(screen)
            screen.action_privacy()
            text = seen(screen)
            for name in ("Jane", "Omar", "Lena", "Maria", "Supervision", "dentist"):
                assert name not in text
            assert "C-0" in text
            screen.action_privacy()


async def test_details_tell_time_place_money_and_locks(make: AppFactory) -> None:
    # CAL-02
    async with make().run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        screen.go_to(next(e for e in screen.scene.entries if e.claim_status == "submitted"))
        text = seen(screen)
        for part in ("Maria Silva", "Client session · 50 min", "Mon 2 Mar 15:30–16:20", "claim submitted", "bill"):
            assert part in text
        screen.go_to(next(e for e in screen.scene.entries if e.cancelled))
        assert "no show · fee 75.00" in seen(screen)


async def test_two_programs_at_once_see_each_other(make: AppFactory, demo: Database) -> None:
    async with make().run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        connection = demo.connect()
        client = connection.execute("SELECT id FROM client WHERE first = 'Tom'").fetchone()[0]
        connection.close()
        new = session(demo, client, at(6, 12))
        screen._tick()
        await settle(pilot)
        assert ("appointment", new) in {key_of(entry) for entry in screen.scene.entries}


async def test_what_could_not_be_read_is_told_once_and_read_again(
    make: AppFactory, demo: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with make().run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        good, tries = data.load, []

        def busy(*arguments: Any) -> data.Loaded:
            tries.append(arguments)
            raise DatabaseProblem("the database is busy", "try again")

        monkeypatch.setattr(reading, "_AGAIN_SECONDS", 0.05)
        monkeypatch.setattr(data, "load", busy)
        new = session(demo, next(e.client_id for e in screen.scene.entries if e.client_id), at(6, 12))
        screen._tick()
        while len(tries) < 3:
            await pilot.pause(0.02)
        assert toasts(pilot).count("the database is busy; try again") == 1
        monkeypatch.setattr(data, "load", good)
        while ("appointment", new) not in {key_of(entry) for entry in screen.scene.entries}:
            await pilot.pause(0.02)


async def test_far_away_weeks_get_their_sessions_in_the_background(make: AppFactory) -> None:
    # REC-08
    async with make().run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        screen.go_to_day(date(2028, 6, 5))
        await settle(pilot)
        await settle(pilot)
        assert {e.first for e in screen.scene.entries} >= {"Jane", "Omar", "Bob", "Maria"}


async def test_copy_and_paste_book_at_the_cursor(make: AppFactory, demo: Database) -> None:
    async with make().run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        screen.go_to(next(e for e in screen.scene.entries if e.first == "Lena"))
        await pilot.press("y")
        screen.point(screen.cursor._replace(day=date(2026, 3, 6), minute=720, picked=None))
        await pilot.press("p")
        await settle(pilot)
    copy = next(e for e in stored(demo) if e.start == at(6, 12))
    assert (copy.first, copy.service, copy.series_id) == (
        "Lena",
        "90791" if copy.service == "90791" else "90837",
        None,
    )


async def test_cancel_keeps_it_marked_and_uncancel_restores(make: AppFactory, demo: Database) -> None:
    # CXL-01, CXL-08
    async with make().run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        missed = next(e for e in screen.scene.entries if e.cancelled)
        screen.go_to(missed)
        await pilot.press("U")
        await settle(pilot)
        assert next(e for e in stored(demo) if e.row_id == missed.row_id).status == "scheduled"
        appointments.cancel(demo, missed.row_id, "late_cancel")
        screen._tick()
        await settle(pilot)
        assert screen.picked is not None
        assert screen.picked.cancelled
        assert screen.scene.words_of(screen.picked).tag == "[late cancel]"


async def test_nothing_under_the_cursor_is_said_not_ignored(make: AppFactory) -> None:
    async with make().run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        for act in (
            screen.action_edit,
            screen.action_cancel_session,
            screen.action_delete,
            screen.action_reschedule,
        ):
            act()
        await pilot.pause()
        assert len(toasts(pilot)) == 4
        assert pilot.app.screen is screen


async def test_clicks_choose_and_a_second_click_on_an_empty_place_books(make: AppFactory) -> None:
    from couchcal.tui.forms.appointment import AppointmentForm

    async with make().run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        grid = screen.query_one(TimeGrid)
        x, width = grid.painter.columns.places[5]
        place = (x + width // 2, 12)
        await pilot.click(grid, place)
        assert screen.cursor.day == date(2026, 3, 7)
        assert screen.picked is None
        await pilot.click(grid, place)
        await pilot.pause()
        assert isinstance(pilot.app.screen, AppointmentForm)


async def test_a_cursor_step_repaints_two_lines_of_the_grid(
    make: AppFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with make().run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        screen.point(screen.cursor._replace(day=date(2026, 3, 3), minute=660, picked=None))
        await pilot.pause()
        drawn: list[tuple[str, int]] = []
        for kind in (CalendarView, Sidebar, Line):
            original = kind.render_line

            def counted(
                self: CalendarView, y: int, original: object = original, name: str = kind.__name__
            ) -> object:
                drawn.append((name, y))
                return original(self, y)  # type: ignore[operator]

            monkeypatch.setattr(kind, "render_line", counted)
        await pilot.press("j")
        await pilot.pause()
        assert len({y for name, y in drawn if name == "CalendarView"}) == 2
        assert [name for name, _ in drawn if name != "CalendarView"] == []
