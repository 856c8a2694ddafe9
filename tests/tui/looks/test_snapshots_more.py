"""How it looks where there is nothing, where there is too much, and what the other pictures do not show."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.command import CommandList
from textual.pilot import Pilot
from textual.screen import ModalScreen
from textual.theme import Theme

from couchcal.practice import client_changes
from couchcal.practice.disclosure import Facts
from couchcal.settings import Settings
from couchcal.store.connection import Database
from couchcal.tui.app import make_app
from couchcal.tui.calendar.period import View
from couchcal.tui.forms.recovery import RecoveryCode
from couchcal.tui.screens.sync_reset import ResetDialog
from couchcal.tui.screens.sync_title import TitleForm
from couchcal.tui.theme import DARK, LIGHT
from tests.support.demo import at, clock, empty_practice, event, session
from tests.tui.conftest import settle
from tests.tui.forms.host import Host
from tests.tui.forms.host import settle as settled

Compare = Callable[..., bool]
SMALL = (80, 24)
NAMES = (
    "Jane-Wilhelmina Featherstonehaugh-Cholmondeley",
    "Janet 名前 東京",
    "Bob Ré\u0301ed",
    "O",
    "Maria d’Ávila",
)


def overfull(path: Path) -> Database:
    """A Wednesday of thirty sessions, one after and beside the other, and a Thursday of long titles."""
    database = empty_practice(path)
    clients = [client_changes.add(database, name, clock=clock).id for name in NAMES]
    for number in range(24):
        session(database, clients[number % len(clients)], at(4, 8 + number // 2, 30 * (number % 2)), minutes=25)
    for number in range(6):
        session(database, clients[number % len(clients)], at(4, 10, 5 * number), minutes=50)
    for number in range(3):
        event(database, f"A title that is longer than any column has room for {number}", at(5, 9 + number), 45)
    return database


@pytest.mark.parametrize("view", list(View), ids=lambda view: view.value)
def test_nothing_yet(snap_compare: Compare, tmp_path: Path, view: View) -> None:
    app = make_app(empty_practice(tmp_path / "empty.db"), clock=clock, settings=Settings(ascii=False), view=view)
    assert snap_compare(app, terminal_size=SMALL, run_before=settle)


@pytest.mark.parametrize("view", list(View), ids=lambda view: view.value)
def test_too_much(snap_compare: Compare, tmp_path: Path, view: View) -> None:
    async def onto_wednesday(pilot: Pilot[None]) -> None:
        await settle(pilot)
        await pilot.press("l")
        await settle(pilot)

    app = make_app(overfull(tmp_path / "full.db"), clock=clock, settings=Settings(ascii=False), view=view)
    assert snap_compare(app, terminal_size=SMALL, run_before=onto_wednesday)


@pytest.mark.parametrize(
    ("theme", "size"),
    [pytest.param(DARK, SMALL, id="dark"), pytest.param(LIGHT, (120, 36), id="light", marks=pytest.mark.long)],
)
def test_the_palette(snap_compare: Compare, tmp_path: Path, theme: Theme, size: tuple[int, int]) -> None:
    async def ask_for_reports(pilot: Pilot[None]) -> None:
        await settle(pilot)
        await pilot.press("ctrl+p", *"rep")
        found = pilot.app.screen.query_one(CommandList)
        while not found.option_count or "Reports" not in str(found.get_option_at_index(0).prompt):
            await pilot.pause()
        await pilot.pause()

    settings = Settings(ascii=False, theme=theme.name)
    app = make_app(empty_practice(tmp_path / "empty.db"), clock=clock, settings=settings)
    assert snap_compare(app, terminal_size=size, run_before=ask_for_reports)


def _facts() -> Facts:
    return Facts("id", "{name}", event_titles=False, place=True, tz="America/New_York")


MODALS: dict[str, Callable[[], ModalScreen[Any]]] = {
    "recovery": lambda: RecoveryCode("ABCD-EFGH-IJKL-MNOP-QRST-UVWX-YZ23", "the keyring of this computer"),
    "title": lambda: TitleForm(_facts()),
    "reset": lambda: ResetDialog("events", lambda _how: None),
}


@pytest.mark.parametrize("name", MODALS)
def test_a_dialog(snap_compare: Compare, name: str) -> None:
    assert snap_compare(Host(MODALS[name]()), terminal_size=SMALL, run_before=settled)
