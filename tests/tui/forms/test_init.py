from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Input, Static

from couchcal.practice import agenda
from couchcal.practice.opening import open_database
from couchcal.store.connection import Database
from couchcal.tui.forms.choice import Choice
from couchcal.tui.forms.confirm import Confirm
from couchcal.tui.forms.field import Field
from couchcal.tui.forms.init import InitForm
from tests.tui.forms.host import PENDING, clock, saved, shown


@pytest.fixture(autouse=True)
def no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Paris")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")


async def test_a_practice_locked_by_a_passphrase(tmp_path: Path) -> None:
    path = tmp_path / "new" / "couchcal.db"
    modal = InitForm(path, clock=clock)
    async with shown(modal) as (app, pilot):
        assert modal.query_one("#protection", Choice).value == "passphrase"
        assert modal.query_one("#tz", Input).value == "Europe/Paris"
        for name, text in (("name", "Quiet Rooms"), ("tz", "Mars"), ("passphrase", "one two"), ("again", "one")):
            modal.query_one(f"#{name}", Input).value = text
        await pilot.press("ctrl+s")
        assert modal.query_one("#row-tz", Field).note == "no such time zone"
        assert modal.query_one("#row-again", Field).note == "not the same"
        assert modal.focused is modal.query_one("#tz")
        modal.query_one("#tz", Input).value = "America/New_York"
        modal.query_one("#again", Input).value = "one two"
        await pilot.press("ctrl+s")
        await saved(pilot)
    assert isinstance(app.answer, Database)
    assert app.answer.encrypted
    asked: list[str] = []

    def ask(prompt: str) -> str:
        asked.append(prompt)
        return "one two"

    connection = open_database(path, ask=ask).connect()
    facts = agenda.practice_facts(connection)
    connection.close()
    assert (facts.name, facts.tz, len(asked)) == ("Quiet Rooms", "America/New_York", 1)


async def test_a_passphrase_is_offered_beside_the_keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets: dict[str, str] = {}

    class Desktop:
        def set_password(self, service: str, name: str, secret: str) -> None:
            secrets[name] = secret

    monkeypatch.setattr("couchcal.store.keys.usable_keyring", Desktop)
    monkeypatch.setattr("couchcal.tui.forms.init.usable_keyring", Desktop)
    path = tmp_path / "couchcal.db"
    modal = InitForm(path, clock=clock)
    async with shown(modal) as (app, pilot):
        protection = modal.query_one("#protection", Choice)
        assert [key for key, _ in protection._options] == ["keyring", "passphrase", "none"]
        assert protection.value == "keyring"
        protection.value = "passphrase"
        await pilot.pause()
        for name in ("passphrase", "again"):
            modal.query_one(f"#{name}", Input).value = "several good words"
        await pilot.press("ctrl+s")
        await saved(pilot)
    assert isinstance(app.answer, Database)
    assert not secrets
    open_database(path, ask=lambda _prompt: "several good words").connect().close()


async def test_what_is_no_place_for_a_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "couchcal.db"
    path.symlink_to("/dev/full")
    modal = InitForm(path, clock=clock)
    async with shown(modal) as (app, pilot):
        modal.query_one("#protection", Choice).value = "none"
        await pilot.press("ctrl+s")
        await saved(pilot)
        assert app.answer is PENDING
    assert path.is_symlink()


async def test_no_encryption_is_a_stated_choice(tmp_path: Path) -> None:
    modal = InitForm(tmp_path / "couchcal.db", clock=clock)
    async with shown(modal) as (app, pilot):
        modal.query_one("#protection", Choice).value = "none"
        await pilot.pause()
        assert "Anyone who gets the file can read it" in str(modal.query_one("#explained", Static).render())
        assert not modal.query_one("#row-passphrase").display
        await pilot.press("ctrl+s")
        await saved(pilot)
    assert isinstance(app.answer, Database)
    assert not app.answer.encrypted


async def test_a_place_that_cannot_be_used_is_told_and_nothing_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "couchcal.db"
    path.write_bytes(b"somebody else's file")
    modal = InitForm(path, clock=clock)
    async with shown(modal) as (app, pilot):
        modal.query_one("#protection", Choice).value = "none"
        modal.query_one("#name", Input).value = "Quiet Rooms"
        await pilot.press("ctrl+s")
        await saved(pilot)
        assert app.answer is PENDING
        assert "already there" in str(modal.query_one("#problem", Static).render())
        await pilot.press("escape")
        assert isinstance(app.screen, Confirm)
    assert path.read_bytes() == b"somebody else's file"
