"""How the locked screen looks, dark on a small terminal and light on a usual one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.pilot import Pilot

from couchcal.tui.app import CouchcalApp
from couchcal.tui.screens.lock import Answer, LockScreen
from tests.tui.conftest import AppFactory, settle


async def _no(_typed: str) -> Answer:
    return Answer("The passphrase is wrong.", 4, "Passphrase")


@pytest.mark.parametrize("state", ["asking", "wrong", "hidden"])
@pytest.mark.parametrize(
    ("theme", "size"),
    [("couchcal-dark", (80, 24)), ("couchcal-light", (120, 36))],
    ids=["small-dark", "usual-light"],
)
def test_the_lock(
    snap_compare: Callable[..., bool],
    make: AppFactory,
    monkeypatch: pytest.MonkeyPatch,
    state: str,
    theme: str,
    size: tuple[int, int],
) -> None:
    asks = "" if state == "hidden" else "Passphrase"
    title = "The calendar is hidden" if state == "hidden" else "couchcal is locked"

    def screen(app: CouchcalApp) -> LockScreen:
        made = LockScreen(title, asks, _no)
        made._css_update_count = app._css_update_count
        return made

    async def run(pilot: Pilot[None]) -> None:
        await settle(pilot)
        await pilot.press("ctrl+l")
        if state == "wrong":
            await pilot.press("x", "enter")
        await pilot.pause()

    monkeypatch.setattr(CouchcalApp, "_lock_screen", screen)
    assert snap_compare(make(theme=theme), terminal_size=size, run_before=run)
