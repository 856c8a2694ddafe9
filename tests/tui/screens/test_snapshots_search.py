"""How searching and finding a time look, dark on a small terminal and light on a usual one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from textual.pilot import Pilot
from textual.screen import ModalScreen
from textual.widgets import Input

from couchcal.practice import appointments
from couchcal.practice.cadence import Repeat
from couchcal.store.connection import Database
from couchcal.tui.screens.finder import FinderScreen
from couchcal.tui.screens.search import SearchScreen
from tests.support.practice import furnished_practice
from tests.tui.forms.host import ZONE, Host, at, clock, looked, people, session

TZ = ZoneInfo(ZONE)
SMALL_DARK, USUAL_LIGHT = ("couchcal-dark", (80, 24)), ("couchcal-light", (120, 36))
MODALS: dict[str, tuple[Callable[[Database], ModalScreen[Any]], str, tuple[str, ...]]] = {
    "search": (lambda db: SearchScreen(db, TZ, clock=clock), "jan", ()),
    "search_empty": (lambda db: SearchScreen(db, TZ, clock=clock), "", ()),
    "finder": (lambda db: FinderScreen(db, TZ, clock=clock), "50 min, tue or thu afternoon for jane d", ("down",)),
    "finder_around": (lambda db: FinderScreen(db, TZ, clock=clock), "weekdays before noon", ("down", "ctrl+o")),
    "finder_unknown": (lambda db: FinderScreen(db, TZ, clock=clock), "tue quux", ()),
}
CASES = [(name, *how) for how in (SMALL_DARK, USUAL_LIGHT) for name in MODALS]


def furnish(database: Database) -> None:
    ids = people(database)
    session(database, ids["Jane Doe"], at(3, 9), repeat=Repeat("weekly"))
    missed = session(database, ids["Janet Ray"], at(2, 15, 30))
    appointments.cancel(database, missed, "no_show", clock=clock)
    session(database, ids["Bob Reed"], at(2, 10))


@pytest.fixture
def practice(tmp_path: Path) -> Database:
    return furnished_practice(tmp_path, furnish)


@pytest.mark.parametrize(
    ("name", "theme", "size"), CASES, ids=[f"{name}-{theme[9:]}-{size[0]}x{size[1]}" for name, theme, size in CASES]
)
def test_a_screen(
    snap_compare: Callable[..., bool], practice: Database, name: str, theme: str, size: tuple[int, int]
) -> None:
    make, text, keys = MODALS[name]

    async def run(pilot: Pilot[None]) -> None:
        await looked(pilot)
        pilot.app.screen.query_one("#text", Input).value = text
        await looked(pilot)
        await pilot.press(*keys)
        await looked(pilot)

    assert snap_compare(Host(make(practice), theme), terminal_size=size, run_before=run)
