"""The locked screen: nothing shows, nothing is lost, the key is gone, and only the right words open it."""

from __future__ import annotations

import asyncio
import gc
import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input, Static

from couchcal.practice import appointments, client_changes
from couchcal.practice.draft import Draft
from couchcal.settings import Settings
from couchcal.store import key_changes, key_wraps, keys
from couchcal.store.connection import Database
from couchcal.tui.app import CouchcalApp, make_app
from couchcal.tui.calendar.period import View
from couchcal.tui.screens import lock
from couchcal.tui.screens.lock import LockScreen, wait_after
from tests.support.demo import NOW, clock
from tests.support.keyrings import use_keyring
from tests.support.pilot import until
from tests.support.practice import PASSPHRASE, make_practice
from tests.support.terminal import Terminal, environment
from tests.tui.conftest import AppFactory, settle, stored, toasts

CANARY = "Zebulon"


@pytest.fixture
def sealed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """An encrypted practice with one client, whose passphrase is cheap to try."""
    monkeypatch.setattr(key_wraps, "ARGON2", {"time_cost": 1, "memory_kib": 64, "parallelism": 1})
    database = make_practice(tmp_path, encrypt=True)
    assert database.key is not None
    database.key = bytes(bytearray(database.key))  # an object of its own: the template holds the other one
    record = {"store": "passphrase", **key_wraps.seal(database.key, PASSPHRASE)}
    keys.sidecar(database.path).write_text(json.dumps(record))
    client_changes.add(database, f"{CANARY} Canary")
    yield database
    database.dispose()


@asynccontextmanager
async def running(database: Database, **settings: Any) -> AsyncIterator[Pilot[None]]:
    app = make_app(database, clock=clock, settings=Settings(ascii=False, **settings), view=View.WEEK)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await settle(pilot)
        yield pilot


def app_of(pilot: Pilot[None]) -> CouchcalApp:
    assert isinstance(pilot.app, CouchcalApp)
    return pilot.app


def seen(pilot: Pilot[None]) -> str:
    """All that is on the terminal."""
    return "\n".join(
        "".join(segment.text for segment in strip)
        for strip in pilot.app.screen._compositor.render_strips(pilot.app.size)
    )


async def locked(pilot: Pilot[None]) -> LockScreen:
    """Lock by the key, and wait until the data is let go of."""
    await pilot.press("ctrl+l")
    await until(pilot, lambda: isinstance(pilot.app.screen, LockScreen))
    database = app_of(pilot).database
    await until(pilot, lambda: database.locked or not database.encrypted)
    screen = pilot.app.screen
    assert isinstance(screen, LockScreen)
    return screen


async def unlock(pilot: Pilot[None], words: str) -> None:
    screen = pilot.app.screen
    await until(pilot, lambda: not screen.query_one("#passphrase", Input).disabled)
    screen.query_one("#passphrase", Input).value = words
    await pilot.press("enter")
    await until(pilot, lambda: not app_of(pilot).is_locked)
    await settle(pilot)


def said(screen: LockScreen) -> str:
    return str(screen.query_one("#problem", Static).render())


async def test_a_half_typed_form_is_hidden_and_comes_back(sealed: Database) -> None:
    async with running(sealed) as pilot:
        await pilot.press("a")
        await settle(pilot)
        form = pilot.app.screen
        focused = form.focused
        assert isinstance(focused, Input)
        await pilot.press(*"Yolanda")
        assert "Yolanda" in seen(pilot)
        screen = await locked(pilot)
        assert "couchcal is locked" in seen(pilot)
        for name in ("Yolanda", CANARY, "Week", "C-0001", "2026"):
            assert name not in seen(pilot), name
        await pilot.press("ctrl+p", "ctrl+l", "question_mark", "escape")
        assert pilot.app.screen is screen
        assert (pilot.app.title, pilot.app.sub_title) == ("couchcal", "")
        await unlock(pilot, PASSPHRASE)
        assert pilot.app.screen is form
        assert form.focused is focused
        assert focused.value == "Yolanda"
        await pilot.press("x")
        assert focused.value == "Yolandax"


async def test_the_key_is_dropped_and_comes_back(sealed: Database) -> None:
    async with running(sealed) as pilot:
        key = sealed.key
        await locked(pilot)
        assert sealed.key is None
        assert sealed.engine is None
        assert sealed.encrypted
        holders = [holder for holder in gc.get_referrers(key) if isinstance(holder, Database)]
        assert holders == []
        with pytest.raises(Exception, match="locked"):
            sealed.connect()
        with pytest.raises(Exception, match="closed"):
            (await _calendar(pilot)).reader.execute("SELECT 1")
        await unlock(pilot, PASSPHRASE)
        assert sealed.key == key


async def _calendar(pilot: Pilot[None]) -> Any:
    behind = app_of(pilot)._behind
    return pilot.app._screen_stacks[behind or ""][0]


async def test_wrong_words_wait_longer_each_time(sealed: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def wait(failures: int) -> int:
        asked.append(failures)
        return 0

    assert [wait_after(failures) for failures in (0, 1, 2, 3, 6, 7, 40)] == [0, 1, 2, 4, 32, 60, 60]
    async with running(sealed) as pilot:
        screen = await locked(pilot)
        screen.query_one("#passphrase", Input).value = "wrong words"
        await pilot.press("enter")
        await until(pilot, lambda: "passphrase is wrong" in said(screen))
        assert "Try again in 1 second" in said(screen)
        assert screen.query_one("#passphrase", Input).disabled
        assert screen.query_one("#passphrase", Input).value == ""
        monkeypatch.setattr(lock, "wait_after", wait)
        await until(pilot, lambda: not screen.query_one("#passphrase", Input).disabled)
        screen.query_one("#passphrase", Input).value = "more wrong words"
        await pilot.press("enter")
        await until(pilot, lambda: asked == [2])
        await unlock(pilot, PASSPHRASE)
    with closing(sealed.connect()) as connection:
        entry = connection.execute("SELECT action, entity, fields FROM audit_entry ORDER BY id DESC").fetchone()
    assert entry == ("unlock", "screen", "failed=2")


async def test_the_recovery_code_unlocks(sealed: Database) -> None:
    code = key_changes.set_recovery_code(sealed)
    async with running(sealed) as pilot:
        await locked(pilot)
        await unlock(pilot, code.lower())
        assert sealed.key is not None


async def test_a_keyring_opens_at_a_key_and_a_passphrase_beside_it_is_asked_for(
    sealed: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desktop = use_keyring(monkeypatch, tmp_path / "keyring.json")
    key_changes.move_key(sealed, "keyring")
    code = key_changes.set_recovery_code(sealed)
    async with running(sealed) as pilot:
        screen = await locked(pilot)
        assert not screen.query_one("#passphrase", Input).display
        desktop.locked = True
        await pilot.press("enter")
        await until(pilot, lambda: "refused" in said(screen))
        assert screen.query_one("#passphrase", Input).placeholder == "Recovery code"
        await unlock(pilot, code)
        desktop.locked = False
        screen = await locked(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: not app_of(pilot).is_locked)
        key_changes.set_passphrase(sealed, "for the lock")
        screen = await locked(pilot)
        assert screen.query_one("#passphrase", Input).display
        await unlock(pilot, "for the lock")


async def test_a_passphrase_of_the_environment_does_not_unlock(
    sealed: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUCHCAL_PASSPHRASE", PASSPHRASE)
    async with running(sealed) as pilot:
        await locked(pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert app_of(pilot).is_locked


async def test_the_worker_beside_the_screen_goes_on_with_a_key_of_its_own(sealed: Database) -> None:
    async with running(sealed) as pilot:
        background = app_of(pilot).background
        await asyncio.to_thread(background.wake)
        worker = background._worker
        assert worker is not None
        await locked(pilot)
        assert sealed.key is None
        assert worker.running
        worker._database.connect().close()
        await unlock(pilot, PASSPHRASE)
        assert background._worker is worker


async def test_toasts_wait_until_it_is_unlocked(sealed: Database) -> None:
    async with running(sealed) as pilot:
        pilot.app.notify(f"{CANARY} was here before", timeout=60)
        await until(pilot, lambda: CANARY in seen(pilot))
        await locked(pilot)
        pilot.app.notify(f"{CANARY} is due", timeout=60)
        await pilot.pause()
        assert CANARY not in seen(pilot)
        await unlock(pilot, PASSPHRASE)
        assert f"{CANARY} is due" in toasts(pilot)


async def test_what_others_changed_meanwhile_shows_afterwards(sealed: Database) -> None:
    async with running(sealed) as pilot:
        await locked(pilot)
        other = Database(sealed.path, keys.load_key(sealed.path, ask=lambda _prompt: PASSPHRASE))
        start = NOW + timedelta(hours=1)
        draft = Draft("other_event", start, start + timedelta(hours=1), "America/New_York", title="Supervision")
        appointments.book(other, draft)
        other.dispose()
        await pilot.pause()
        await unlock(pilot, PASSPHRASE)
        await until(pilot, lambda: "Supervision" in seen(pilot))


async def test_a_form_that_saves_behind_the_lock_goes_away_behind_it(sealed: Database) -> None:
    from couchcal.tui.forms.confirm import Confirm

    async with running(sealed) as pilot:
        answers: list[bool | None] = []
        first, second = Confirm("First", f"{CANARY}?", "Yes", "No"), Confirm("Second", f"{CANARY}?", "Yes", "No")
        await pilot.app.push_screen(first, answers.append)
        await locked(pilot)
        first.dismiss(True)
        pilot.app.push_screen(second)
        await pilot.pause()
        assert isinstance(pilot.app.screen, LockScreen)
        assert CANARY not in seen(pilot)
        assert answers == [True]
        await unlock(pilot, PASSPHRASE)
        assert pilot.app.screen_stack[-1] is second
        assert len(pilot.app.screen_stack) == 2


class _Moving:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.mark.parametrize(("minutes", "limit"), [(10, 10), (3, 3), (0, 60)])
async def test_it_locks_by_itself_when_nobody_touches_it(sealed: Database, minutes: int, limit: int) -> None:
    moving = _Moving()
    app = make_app(sealed, clock=moving, settings=Settings(lock_minutes=minutes), view=View.WEEK)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        mouse = events.MouseMove(None, 5, 5, 0, 0, 0, False, False, False, 5, 5)
        for touch in (events.Key("j", "j"), mouse, events.Paste("text")):
            moving.now += timedelta(minutes=limit, seconds=-1)
            app.post_message(touch)
            await pilot.pause()
            assert not app.look_for_somebody()
        moving.now += timedelta(minutes=limit)
        day = (await settle(pilot)).cursor.day
        await pilot.press("l")  # the key that wakes the computer does nothing else
        await until(pilot, lambda: isinstance(pilot.app.screen, LockScreen))
        await unlock(pilot, PASSPHRASE)
        assert (await settle(pilot)).cursor.day == day
        assert not app.look_for_somebody()


async def test_without_encryption_it_only_hides(make: AppFactory, demo: Database) -> None:
    async with make().run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        name = next(entry.title for entry in stored(demo) if entry.kind == "other_event")
        screen = await locked(pilot)
        assert "The calendar is hidden" in seen(pilot)
        assert name not in seen(pilot)
        await pilot.press("j")
        assert pilot.app.screen is screen
        await pilot.press("enter")
        await until(pilot, lambda: not app_of(pilot).is_locked)
        await settle(pilot)
    app = make(lock_minutes=0)
    assert app.idle_limit is None


async def test_the_key_can_be_another_one(make: AppFactory) -> None:
    async with make(keys={"lock": "f9"}).run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("ctrl+l")
        assert not app_of(pilot).is_locked
        await pilot.press("C")
        await settle(pilot)
        await pilot.press("f9")
        await until(pilot, lambda: app_of(pilot).is_locked)


@pytest.mark.terminal
def test_on_a_real_terminal_nothing_is_left_to_be_seen(sealed: Database) -> None:
    sealed.dispose()
    home = sealed.path.parent
    terminal = Terminal(environment(home, NOW, COUCHCAL_PASSPHRASE=PASSPHRASE), columns=100, rows=30)
    terminal.wait_for("new")
    terminal.press("C", lambda: CANARY in terminal.text)
    terminal.send("\x0c")
    terminal.wait_for("couchcal is locked")
    before = len(terminal.raw)
    assert CANARY not in terminal.text
    assert "Clients" not in terminal.text
    terminal.press(f"{PASSPHRASE}\r", lambda: CANARY in terminal.text)
    assert PASSPHRASE.encode() not in terminal.raw[before:]
    assert CANARY.encode() not in b"".join(re.findall(rb"\x1b\][02];[^\x07\x1b]*", terminal.raw))
    terminal.send("\x0c")
    terminal.wait_for("couchcal is locked")
    terminal.send("\x11")
    assert terminal.finish() == 0
    assert terminal.modes_left_on() == set()
