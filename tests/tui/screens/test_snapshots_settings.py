"""How the settings and the lists of the practice look, in both themes, on a small and on a usual terminal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.screen import ModalScreen
from textual.widgets import Input

from couchcal.practice import catalogue
from couchcal.store.connection import Database
from couchcal.tui.forms.full_names import FullNamesWarning
from couchcal.tui.screens.preferences import PreferencesScreen
from couchcal.tui.screens.services import ServicesScreen
from tests.support.practice import furnished_practice
from tests.tui.forms.host import Host, at, clock, looked, people, saved, session

Run = Callable[[Pilot[None]], Awaitable[None]]


def pressed(*keys: str) -> Run:
    async def run(pilot: Pilot[None]) -> None:
        await looked(pilot)
        await pilot.press(*keys)
        await saved(pilot)

    return run


async def wrong(pilot: Pilot[None]) -> None:
    """Settings of the office and of video, one of them wrong."""
    await looked(pilot)
    screen = pilot.app.screen
    screen.query_one("#ours-telehealth_template", Input).value = "video.example/{token}"
    screen.query_one("#ours-window_days", Input).value = ""
    await pilot.press("ctrl+s")
    await saved(pilot)


SCREENS: dict[str, tuple[Callable[[Database], ModalScreen[Any]], Run]] = {
    "preferences": (lambda db: PreferencesScreen(db, clock=clock), pressed("tab")),
    "preferences_wrong": (lambda db: PreferencesScreen(db, clock=clock), wrong),
    "full_names": (lambda _: FullNamesWarning(), pressed()),
    "services": (lambda db: ServicesScreen(db, clock=clock), pressed("full_stop", "end")),
    "places": (lambda db: ServicesScreen(db, clock=clock), pressed("3")),
    "service": (lambda db: ServicesScreen(db, clock=clock), pressed("n", *"930", "ctrl+s")),
}
CASES = [
    *((name, "couchcal-dark", (80, 24)) for name in SCREENS),
    *((name, "couchcal-light", (120, 36)) for name in SCREENS),
]


def furnish(database: Database) -> None:
    session(database, people(database)["Jane Doe"], at(3, 15), service="90791")
    catalogue.remove(database, "service", 1, clock=clock)
    catalogue.edit(database, "service", 4, {"fee_cents": 18000}, clock=clock)


@pytest.fixture
def practice(tmp_path: Path) -> Database:
    return furnished_practice(tmp_path, furnish)


@pytest.mark.parametrize(
    ("name", "theme", "size"), CASES, ids=[f"{name}-{theme[9:]}-{size[0]}x{size[1]}" for name, theme, size in CASES]
)
def test_a_screen(
    snap_compare: Callable[..., bool], practice: Database, name: str, theme: str, size: tuple[int, int]
) -> None:
    make, run = SCREENS[name]
    assert snap_compare(Host(make(practice), theme), terminal_size=size, run_before=run)
