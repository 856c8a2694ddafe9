"""The first run: a practice, and the code that opens it when all else is lost."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from textual.widgets import Input, Static

from couchcal.practice.opening import open_database
from couchcal.store import key_wraps
from couchcal.tui.first_run import FirstRunApp
from couchcal.tui.forms.choice import Choice
from couchcal.tui.forms.init import InitForm
from couchcal.tui.forms.recovery import RecoveryCode
from tests.support.pilot import until


@pytest.fixture(autouse=True)
def no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    monkeypatch.setattr(key_wraps, "ARGON2", {"time_cost": 1, "memory_kib": 64, "parallelism": 1})


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_the_recovery_code_is_shown_once_and_opens(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "couchcal.db"
    app = FirstRunApp(path)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: isinstance(app.screen, InitForm))
        form = app.screen
        await until(pilot, lambda: form.query_one("#protection", Choice).value == "passphrase")
        for name in ("passphrase", "again"):
            form.query_one(f"#{name}", Input).value = "several good words"
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, RecoveryCode) and app.screen.query("#body"))
        body = app.screen.query_one("#body", Static)
        await until(pilot, lambda: body.region.height >= 5)
        shown = str(body.render())
        code = "".join(line for line in shown.splitlines() if re.fullmatch(r"[A-Z0-9-]+", line))
        assert "couchcal.db.key, locked by your passphrase" in shown
        await pilot.press("enter")
    assert app.return_value is not None
    assert open_database(path, ask=lambda _prompt: code).key == app.return_value.key


async def test_without_encryption_there_is_none(tmp_path: Path) -> None:
    app = FirstRunApp(tmp_path / "couchcal.db")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, InitForm))
        await until(pilot, lambda: app.screen.query_one("#protection", Choice).value == "passphrase")
        app.screen.query_one("#protection", Choice).value = "none"
        await pilot.press("ctrl+s")
        await until(pilot, lambda: app.return_value is not None)
    assert app.return_value is not None
    assert not app.return_value.encrypted
