"""How the audit trail looks, in both themes, on a small and on a usual terminal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from textual.pilot import Pilot

from couchcal.practice import appointments
from couchcal.practice.cadence import Repeat
from couchcal.store import audit
from couchcal.store.connection import Database
from couchcal.tui.screens.audit import AuditScreen
from tests.support.practice import furnished_practice
from tests.tui.forms.host import ZONE, Host, at, clock, looked, people, session

TZ = ZoneInfo(ZONE)


def furnish(database: Database) -> None:
    ids = people(database)
    session(database, ids["Jane Doe"], at(3, 9), repeat=Repeat("weekly"), service="90837")
    row = session(database, ids["Bob Reed"], at(5, 11))
    appointments.cancel(database, row, "late_cancel", clock=clock)
    audit.note(database, "view", "client", ids["Jane Doe"], clock=clock)
    audit.note(database, "sync", "calendar", fields="pushed=12 pulled=1 deleted=0", actor="worker", clock=clock)
    audit.note(database, "sign-in", "portal", actor=f"client:{ids['Jane Doe']}", clock=clock)
    audit.note(database, "backup", "database", "couchcal-20260301.db", actor="worker", clock=clock)


@pytest.mark.parametrize(("theme", "size"), [("couchcal-dark", (80, 24)), ("couchcal-light", (120, 36))])
def test_the_trail(snap_compare: Callable[..., bool], tmp_path: Path, theme: str, size: tuple[int, int]) -> None:
    database = furnished_practice(tmp_path, furnish)

    async def run(pilot: Pilot[None]) -> None:
        await looked(pilot)
        await pilot.press("d", *"today", "enter")  # what the practice was made with has another day each time
        await looked(pilot)

    assert snap_compare(Host(AuditScreen(database, TZ, clock=clock), theme), terminal_size=size, run_before=run)
