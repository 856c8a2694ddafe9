"""How the screens of clients look, in both themes, on a small and on a usual terminal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from textual.pilot import Pilot
from textual.screen import ModalScreen

from couchcal.practice import appointments, client_changes, clients, marks
from couchcal.practice.cadence import Repeat
from couchcal.store.connection import Database
from couchcal.tui.forms.client import ClientForm
from couchcal.tui.forms.client_merge import MergeDialog
from couchcal.tui.forms.client_reject import RejectDialog
from couchcal.tui.screens.client_record import ClientRecordScreen
from couchcal.tui.screens.clients import ClientsScreen
from tests.support.practice import furnished_practice
from tests.tui.forms.host import ZONE, Host, at, clock, looked, people, session

TZ = ZoneInfo(ZONE)
JANE, NEW = 1, 5


def merge(database: Database) -> MergeDialog:
    with closing(database.connect()) as connection:
        return MergeDialog(database, clients.get(connection, NEW), clients.get(connection, JANE), clock=clock)


def reject(database: Database) -> RejectDialog:
    with closing(database.connect()) as connection:
        return RejectDialog(database, clients.get(connection, NEW))


SCREENS: dict[str, tuple[Callable[[Database], ModalScreen[Any]], tuple[str, ...]]] = {
    "list": (lambda db: ClientsScreen(db, TZ, clock=clock), ("full_stop",)),
    "record": (lambda db: ClientRecordScreen(db, JANE, TZ, clock=clock), ("right",)),
    "details": (lambda db: ClientRecordScreen(db, JANE, TZ, clock=clock), ("left",)),
    "booking": (lambda db: ClientRecordScreen(db, NEW, TZ, clock=clock), ()),
    "edit": (lambda db: ClientForm(db, client_id=JANE, clock=clock), ()),
    "add": (lambda db: ClientForm(db, "Jane Doe", clock=clock), ("tab", "tab", "tab", "x", "ctrl+s")),
    "merge": (merge, ()),
    "reject": (reject, ()),
}


def furnish(database: Database) -> None:
    ids = people(database)
    fields = {
        "email": "jane@example.org", "phone": "555-0100", "tz": "Europe/Paris", "usual_service": "90834",
        "usual_location_id": 1, "notes_admin": "Prefers mornings.\nInvoice to the parents.", "preferred": "Jay",
    }  # fmt: skip
    client_changes.edit(database, ids["Jane Doe"], fields, clock=clock)
    past = [session(database, JANE, at(3, 15) - timedelta(weeks=week)) for week in range(1, 7)]
    appointments.cancel(database, past[1], "no_show", clock=clock)
    appointments.cancel(database, past[2], "late_cancel", clock=clock)
    marks.mark(database, past[3], "note-signed", clock=clock)
    session(database, JANE, at(3, 15), repeat=Repeat("weekly"))
    session(database, ids["Bob Reed"], at(3, 15, 30))
    new = {"phone": "555-0199", "notes_admin": "Asked for evenings"}
    booked = client_changes.add(database, "Jaine Doe", email="Jane@example.org", fields=new, clock=clock)
    session(database, booked.id, at(5, 15))
    with closing(database.connect()) as connection:
        connection.execute("UPDATE client SET state = 'intake', portal_state = 'invited' WHERE id = ?", (NEW,))
        connection.execute("UPDATE client SET state = 'archived' WHERE id = ?", (ids["Maria Silva"],))


@pytest.fixture
def practice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setenv("TZ", "Europe/Paris")
    return furnished_practice(tmp_path, furnish)


def pressed(keys: tuple[str, ...]) -> Callable[[Pilot[None]], Awaitable[None]]:
    async def run(pilot: Pilot[None]) -> None:
        await looked(pilot)
        await pilot.press(*keys)
        await looked(pilot)

    return run


SIZES = (("couchcal-dark", (80, 24)), ("couchcal-light", (120, 36)))
CASES = [(name, theme, size) for theme, size in SIZES for name in SCREENS]


@pytest.mark.parametrize(
    ("name", "theme", "size"), CASES, ids=[f"{name}-{theme[9:]}-{size[0]}x{size[1]}" for name, theme, size in CASES]
)
def test_a_screen(
    snap_compare: Callable[..., bool], practice: Database, name: str, theme: str, size: tuple[int, int]
) -> None:
    make, keys = SCREENS[name]
    assert snap_compare(Host(make(practice), theme), terminal_size=size, run_before=pressed(keys))
