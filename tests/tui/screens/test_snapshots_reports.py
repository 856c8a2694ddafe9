"""How the reports and the waitlist look, in both themes, on a small and on a usual terminal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from textual.pilot import Pilot
from textual.screen import ModalScreen

from couchcal.practice import appointments, waitlist_changes
from couchcal.practice.cadence import Repeat
from couchcal.store.connection import Database
from couchcal.store.records import AvailabilityBlock
from couchcal.store.session import write_session
from couchcal.tui.forms.waitlist import WaitingForm
from couchcal.tui.screens.reports import ReportsScreen
from couchcal.tui.screens.waitlist import WaitlistScreen
from tests.support.practice import furnished_practice
from tests.tui.forms.host import ZONE, Host, at, clock, looked, people, session

TZ = ZoneInfo(ZONE)
FREED = (at(3, 15), at(3, 16))
SCREENS: dict[str, tuple[Callable[[Database], ModalScreen[Any]], tuple[str, ...]]] = {
    "hours": (lambda db: ReportsScreen(db, TZ, clock=clock), ()),
    "utilisation": (lambda db: ReportsScreen(db, TZ, clock=clock), ("2",)),
    "cancellations": (lambda db: ReportsScreen(db, TZ, clock=clock), ("3",)),
    "weeks": (lambda db: ReportsScreen(db, TZ, clock=clock), ("4", "p")),
    "waitlist": (lambda db: WaitlistScreen(db, TZ, clock=clock, freed=FREED), ()),
    "waiting": (lambda db: WaitingForm(db, clock=clock), ()),
}


def furnish(database: Database) -> None:
    ids = people(database)
    weekly = Repeat("weekly")
    session(database, ids["Jane Doe"], at(3, 9), repeat=weekly, service="90837")
    session(database, ids["Bob Reed"], at(5, 11), repeat=weekly)
    session(database, ids["Janet Ray"], at(2, 11))
    for client, day, kind in (("Jane Doe", 4, "no_show"), ("Maria Silva", 6, "late_cancel")):
        missed = session(database, ids[client], at(day, 14))
        appointments.cancel(database, missed, kind, fee_cents=7500, clock=clock)
    with write_session(database, "hours") as store:
        store.add_all(AvailabilityBlock(weekday=day, start_time=time(9), end_time=time(12)) for day in range(5))
    waitlist_changes.add(
        database,
        ids["Janet Ray"],
        days=[1, 3],
        from_time=time(12),
        to_time=time(17),
        note="after work",
        clock=clock,
    )
    waitlist_changes.add(database, ids["Bob Reed"], clock=clock)
    waitlist_changes.add(database, ids["Maria Silva"], days=[4], clock=clock)
    waitlist_changes.set_state(database, 2, "offered", clock=clock)


@pytest.fixture
def practice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setenv("TZ", "Europe/Paris")
    return furnished_practice(tmp_path, furnish)


@pytest.mark.parametrize(
    ("theme", "size"), [("couchcal-dark", (80, 24)), ("couchcal-light", (120, 36))], ids=["dark", "light"]
)
@pytest.mark.parametrize("name", SCREENS)
def test_a_screen(
    snap_compare: Callable[..., bool], practice: Database, name: str, theme: str, size: tuple[int, int]
) -> None:
    make, keys = SCREENS[name]

    async def run(pilot: Pilot[None]) -> None:
        await looked(pilot)
        await pilot.press(*keys)
        await looked(pilot)

    assert snap_compare(Host(make(practice), theme), terminal_size=size, run_before=run)
