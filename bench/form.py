"""Opening the appointment form, from the key to the painted screen, in this process."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from bench.data import TODAY
from bench.files import Store
from bench.table import Table

if TYPE_CHECKING:
    from textual.app import App
    from textual.pilot import Pilot

    from couchcal.store.connection import Database

_OPENINGS = 9
_REST_S = 0.4
_PATIENCE_S = 10.0


def measure(table: Table, work: Path, store: Store) -> None:
    """The first opening once the keys have rested, and later ones, with the largest store."""
    from couchcal.store.connection import Database

    path = work / "form.db"
    shutil.copyfile(store.plain, path)
    first, *later = asyncio.run(_openings(Database(path, None)))
    table.limit(f"opening the appointment form, {store.size} stored, the first time", first * 1000, 60, "ms")
    median = sorted(later)[len(later) // 2]
    table.limit(f"opening it again, {store.size} stored, median", median * 1000, 60, "ms")


async def _openings(database: Database) -> list[float]:
    from couchcal.settings import Settings
    from couchcal.tui.app import make_app
    from couchcal.tui.calendar.period import View

    app = make_app(database, clock=lambda: TODAY, settings=Settings(), view=View.WEEK)
    async with app.run_test(size=(120, 36)) as pilot:
        await _until(lambda: _is_built(app))
        await asyncio.sleep(2 * _REST_S)
        return [await _open(pilot) for _ in range(_OPENINGS)]


def _is_built(app: App[None]) -> bool:
    from couchcal.tui.forms.appointment import AppointmentForm

    return app.is_screen_installed("appointment") and app.get_screen("appointment", AppointmentForm).built


async def _open(pilot: Pilot[None]) -> float:
    """Seconds from the key to the end of the first painting that shows the filled form."""
    from couchcal.tui.forms.appointment import AppointmentForm

    app = pilot.app
    form = app.get_screen("appointment", AppointmentForm)
    painted: list[float] = []
    paint = form._compositor_refresh

    def painting() -> None:
        paint()
        if app.screen is form:
            painted.append(time.perf_counter())

    form._compositor_refresh = painting  # type: ignore[method-assign]
    began = time.perf_counter()
    app.simulate_key("n")
    await _until(lambda: bool(painted))
    await asyncio.sleep(_REST_S)
    await pilot.press("escape")
    await asyncio.sleep(_REST_S)
    form._compositor_refresh = paint  # type: ignore[method-assign]
    return painted[0] - began


async def _until(ready: Callable[[], bool]) -> None:
    deadline = time.perf_counter() + _PATIENCE_S
    while not ready():
        if time.perf_counter() > deadline:
            raise TimeoutError("the form did not come")
        await asyncio.sleep(0.001)
