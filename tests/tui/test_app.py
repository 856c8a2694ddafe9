"""The application around the calendar: what it loads, what it survives, what it keeps to itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from couchcal.store.connection import Database
from couchcal.tui.app import make_app
from couchcal.tui.calendar.lines import Line
from couchcal.tui.calendar.period import View
from tests.support.demo import NOW, clock, empty_practice
from tests.support.pilot import until
from tests.tui.conftest import AppFactory, settle, toasts

_HEAVY = ("sqlalchemy", "sqlmodel", "icalendar", "requests", "google", "keyring")


def test_the_first_screen_is_painted_before_anything_heavy_is_loaded(demo: Database) -> None:
    code = f"""
import asyncio, sys
from pathlib import Path
from couchcal.store.connection import Database
from couchcal.tui.app import make_app
from couchcal.tui.calendar.period import View

async def main():
    app = make_app(Database(Path({str(demo.path)!r}), None), view=View.WEEK)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        await asyncio.sleep(0.15)
        assert "couchcal" in app.screen.query_one("#header").render_line(0).text
        print([name for name in {_HEAVY!r} if name in sys.modules])
asyncio.run(main())
"""
    environment = {**os.environ, "COUCHCAL_NOW": NOW.isoformat()}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60, env=environment
    )
    assert done.stdout.strip() == "[]", done.stderr


async def test_no_size_of_terminal_is_a_crash(make: AppFactory) -> None:
    async with make().run_test(size=(240, 70)) as pilot:
        screen = await settle(pilot)
        for size in ((20, 5), (39, 24), (40, 10), (1, 1), (80, 24)):
            await pilot.resize_terminal(*size)
            for act in (screen.action_month_view, screen.action_agenda_view, screen.action_day_view):
                act()
                await pilot.pause()
            screen.action_next_entry()
            screen.action_reschedule()
            await pilot.pause()
            screen.put_back()
            assert screen.has_class("-too-small") == (size[0] < 40 or size[1] < 10)
        await pilot.resize_terminal(20, 5)
        await until(pilot, lambda: "Too small" in screen.query_one("#header", Line).render_line(0).text)


async def test_an_empty_calendar_says_what_to_do_next(tmp_path: Path) -> None:
    database = empty_practice(tmp_path / "empty.db")
    async with make_app(database, clock=clock, view=View.WEEK).run_test(size=(120, 36)) as pilot:
        screen = await settle(pilot)
        sidebar = screen.query_one("#sidebar")
        text = "\n".join(sidebar.render_line(y).text for y in range(sidebar.size.height))
        assert "Nothing booked yet" in text
    database.dispose()


async def test_wrong_settings_are_told_and_the_rest_works(make: AppFactory) -> None:
    app = make(keys={"reschedule": "j", "dance": "f"}, problems=("config.toml: theme = 'pink'",))
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        said = "\n".join(toasts(pilot))
        assert "'dance'" in said
        assert "pink" in said
        assert "belongs to cursor-down" in said


async def test_remapped_keys_work_and_show(make: AppFactory) -> None:
    async with make(keys={"privacy": "K", "new": "N"}).run_test(size=(120, 36)) as pilot:
        screen = await settle(pilot)
        await pilot.press("*")
        assert "private" not in screen.query_one("#header", Line).render_line(0).text
        await pilot.press("K")
        assert screen.private
        assert "N new" in screen.query_one("#status", Line).render_line(0).text


@pytest.mark.parametrize("debug", ["", "1"])
async def test_a_crash_shows_nobodys_data(
    make: AppFactory, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, debug: str
) -> None:
    monkeypatch.setenv("COUCHCAL_DEBUG", debug)

    def explode(client_name: str) -> None:
        try:
            raise KeyError(client_name[:4])
        except KeyError as error:
            raise RuntimeError(f"broken {len(client_name)}") from error

    async def crash() -> None:
        async with make().run_test(size=(100, 30)) as pilot:
            await settle(pilot)
            pilot.app.call_later(explode, "Jane " + "Doe-Secret")
            await pilot.pause()

    with pytest.raises(RuntimeError, match="broken"):
        await crash()
    shown = capsys.readouterr().err
    assert "RuntimeError" in shown
    assert "in explode" in shown
    assert ("broken 15" in shown, "'Jane'" in shown) == (bool(debug), bool(debug))
    assert "Jane Doe-Secret" not in shown


async def test_the_title_never_carries_a_name(make: AppFactory) -> None:
    async with make().run_test(size=(100, 30)) as pilot:
        screen = await settle(pilot)
        screen.action_next_entry()
        assert (pilot.app.title, pilot.app.sub_title) == ("couchcal", "")
