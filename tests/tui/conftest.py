"""The demo practice, copied for each test, and an application over it that stands still in time."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from couchcal.practice.agenda import Entry, between
from couchcal.scheduling.wallclock import zone
from couchcal.settings import Settings
from couchcal.store.connection import Database
from couchcal.tui.app import CouchcalApp, make_app
from couchcal.tui.calendar.period import View
from couchcal.tui.calendar.screen import CalendarScreen
from tests.support.demo import ZONE, at, clock, demo_practice
from tests.support.pilot import (
    frames_are_painted_at_rest,
    nothing_is_painted_ahead,
    pilots_wait_for_conditions,
    stylesheets_are_parsed_once,
    toasts_stay,
)

AppFactory = Callable[..., CouchcalApp]


@pytest.fixture(scope="session", autouse=True)
def quick_and_steady() -> Iterator[None]:
    with (
        pilots_wait_for_conditions(), frames_are_painted_at_rest(), stylesheets_are_parsed_once(), toasts_stay(),
        nothing_is_painted_ahead(),
    ):  # fmt: skip
        yield


@pytest.fixture(scope="session")
def demo_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo practice's file, made once."""
    path = tmp_path_factory.mktemp("demo") / "demo.db"
    database = demo_practice(path)
    database.dispose()
    connection = database.connect()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return path


@pytest.fixture
def demo(demo_template: Path, tmp_path: Path) -> Iterator[Database]:
    """A copy of the demo practice."""
    path = tmp_path / "practice.db"
    shutil.copyfile(demo_template, path)
    database = Database(path, None, keeps=True)
    yield database
    database.dispose()


@pytest.fixture
def make(demo: Database) -> AppFactory:
    """An application over the demo practice; keywords are settings."""

    def build(view: View = View.WEEK, **settings: Any) -> CouchcalApp:
        return make_app(
            demo, clock=clock, settings=Settings(ascii=settings.pop("ascii", False), **settings), view=view
        )

    return build


async def settle(pilot: Pilot[None]) -> CalendarScreen:
    """Wait until nothing is read or written any more; the calendar screen."""
    for _ in range(3):
        await pilot.pause()
        while any(worker.is_running for worker in pilot.app.workers):
            await asyncio.sleep(0.002)
    await pilot.pause()
    screen = pilot.app.screen_stack[0]
    assert isinstance(screen, CalendarScreen)
    return screen


def stored(database: Database) -> list[Entry]:
    """What the demo week holds, cancelled entries among them."""
    connection = database.connect()
    try:
        return between(connection, at(2, 0), at(9, 0), zone(ZONE), cancelled=True)
    finally:
        connection.close()


def toasts(pilot: Pilot[None]) -> list[str]:
    """What was said to the user."""
    return [notification.message for notification in pilot.app._notifications]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of the pictures of forms and screens, each there twice, the dark and small ones are everyday."""
    for item in items:
        where, _, case = item.nodeid.partition("::")
        if "/test_snapshots" in where and "tui/calendar" not in where and "-light-" in case:
            item.add_marker("long")
