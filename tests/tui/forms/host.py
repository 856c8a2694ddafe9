"""A tiny app around one modal, and a practice to run it on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from textual.app import ComposeResult
from textual.pilot import Pilot
from textual.screen import ModalScreen
from textual.widgets import Static

from couchcal.practice import appointments, client_changes
from couchcal.practice.cadence import Repeat
from couchcal.practice.draft import Draft
from couchcal.store.connection import Database
from couchcal.tui.key_order import KeysInOrder
from couchcal.tui.plain_marks import WithPlainMarks
from couchcal.tui.stylesheet import QuickStylesheet
from couchcal.tui.theme import THEMES

ZONE = "America/New_York"
NOW = datetime(2026, 3, 1, 14, 42, tzinfo=UTC)
"""Sunday 1 March 2026, 9:42 in New York."""
PENDING = object()
PATIENCE_S = 8
"""How long a write may take before the test fails, because a question waits for its answer."""
_GRID = "  9 am    ▌Jane D. ↻       ▌Omar K. ↻                        ▌Jane D. ↻       \n"


def clock() -> datetime:
    return NOW


def at(day: int, hour: int, minute: int = 0, *, month: int = 3) -> datetime:
    """An instant of March 2026 by its New York wall clock before the clocks change on the 8th."""
    return datetime(2026, month, day, tzinfo=UTC) + timedelta(hours=hour + 5, minutes=minute)


class Host(WithPlainMarks[None], KeysInOrder[None]):
    """Pushes a modal over something that looks like a calendar and keeps its answer."""

    def __init__(
        self, modal: ModalScreen[Any], theme: str = "couchcal-dark", *, backdrop: str = _GRID * 40
    ) -> None:
        super().__init__()
        self.stylesheet = QuickStylesheet(variables=self.get_css_variables())
        self.backdrop = backdrop
        self.modal = modal
        self.answer: Any = PENDING
        for known in THEMES:
            self.register_theme(known)
        self.theme = theme

    def compose(self) -> ComposeResult:
        yield Static(self.backdrop, markup=False)

    def on_mount(self) -> None:
        self.push_screen(self.modal, self._take)

    def _take(self, answer: Any) -> None:
        self.answer = answer


async def settle(pilot: Pilot[None]) -> None:
    """Wait until what is being read has come and is shown."""
    await pilot.pause()
    workers = pilot.app.workers
    await workers.wait_for_complete([worker for worker in workers if worker.group not in ("save", "write")])
    await pilot.pause()


async def looked(pilot: Pilot[None]) -> None:
    """Wait for what is asked only after a pause in typing."""
    await pilot.pause()
    while any(timer._repeat == 0 and timer._task and not timer._task.done() for timer in pilot.app.screen._timers):
        await asyncio.sleep(0.002)
    await settle(pilot)


async def saved(pilot: Pilot[None]) -> None:
    """Wait until a write, its screen and everything after are through."""
    await pilot.pause()
    await asyncio.wait_for(pilot.app.workers.wait_for_complete(), PATIENCE_S)
    await pilot.pause()


async def screen_of(app: Host, kind: type[ModalScreen[Any]]) -> None:
    """Wait until a screen of this kind is on top."""
    for _ in range(200):
        if isinstance(app.screen, kind):
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"no {kind.__name__} came")


@asynccontextmanager
async def shown(
    modal: ModalScreen[Any], size: tuple[int, int] = (100, 40)
) -> AsyncIterator[tuple[Host, Pilot[None]]]:
    """The modal on a running app, loaded."""
    app = Host(modal)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        yield app, pilot


def people(database: Database) -> dict[str, int]:
    """Four clients; names and their ids."""
    names = ("Jane Doe", "Janet Ray", "Bob Reed", "Maria Silva")
    return {name: client_changes.add(database, name, clock=clock).id for name in names}


def session(database: Database, client_id: int, start: datetime, **values: Any) -> int:
    """Book a client session of 50 minutes; its id."""
    repeat: Repeat | None = values.pop("repeat", None)
    fields: dict[str, Any] = {"service": "90834", "location_id": 1} | values
    draft = Draft("client_session", start, start + timedelta(minutes=50), ZONE, client_id=client_id, **fields)
    done = appointments.book(database, draft, repeat=repeat, clock=clock)
    assert done.appointment_id is not None
    return done.appointment_id


def row(database: Database, appointment_id: int) -> dict[str, Any]:
    """The stored columns of an appointment, its modifiers as text."""
    connection = database.connect()
    try:
        cursor = connection.execute("SELECT * FROM appointment WHERE id = ?", (appointment_id,))
        names = [column[0] for column in cursor.description]
        found = dict(zip(names, cursor.fetchone(), strict=True))
        found["modifiers"] = connection.execute(
            "SELECT group_concat(code || ':' || source, ' ') FROM appointment_modifier WHERE appointment_id = ?",
            (appointment_id,),
        ).fetchone()[0]
    finally:
        connection.close()
    return found


def count(database: Database) -> int:
    """How many appointments there are."""
    connection = database.connect()
    try:
        return int(connection.execute("SELECT count(*) FROM appointment").fetchone()[0])
    finally:
        connection.close()
