"""Locking the screen: at once by a key, or after some minutes without one (45 CFR 164.312(a)(2)(iii)).

What is open stays in memory, in a mode of its own that is not shown: forms keep what was typed. The connections are
closed and the key is dropped; the worker beside the screen goes on with a key of its own. Where the data is not
encrypted the screen is only hidden.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.notifications import SeverityLevel

from couchcal.clock import Clock
from couchcal.errors import CouchcalError
from couchcal.settings import Settings
from couchcal.store.connection import Database
from couchcal.tui.calendar.screen import CalendarScreen
from couchcal.tui.commands import Keymap
from couchcal.tui.key_order import KeysInOrder

if TYPE_CHECKING:
    from couchcal.tui.screens.lock import Answer

MODE = "locked"
LONGEST_MINUTES = 60
"""How long an encrypted calendar may stay open untouched, whatever the settings say."""
_LOOK_S = 5.0
"""How often it is looked whether somebody is there."""
_PATIENCE_S = 20.0
"""How long what is under way may take before its connection is taken away."""
_GLANCE_S = 0.01
_ALLOWED = frozenset({"quit", "lock"})
"""Commands of the application that work while it is locked."""


class Locking(KeysInOrder[None]):
    """An application that can be locked. Its title, its toasts and its screens say nothing meanwhile."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+l", "lock", "Lock", show=False, priority=True, id="lock")
    ]
    database: Database
    clock: Clock
    settings: Settings
    keys: Keymap

    def __init__(self) -> None:
        super().__init__()
        self._behind: str | None = None
        """The mode that is hidden; None while nothing is."""
        self._held_back: list[Callable[[], None]] = []
        """What was to be said meanwhile."""
        self._failures = 0
        self._active_at: datetime | None = None
        self._dropping: asyncio.Task[None] | None = None

    @property
    def is_locked(self) -> bool:
        """Whether the lock screen covers everything."""
        return self._behind is not None

    @property
    def idle_limit(self) -> timedelta | None:
        """How long nobody may touch anything before it locks, None for ever."""
        minutes = self.settings.lock_minutes
        if minutes == 0 and self.database.encrypted:
            minutes = LONGEST_MINUTES
        return timedelta(minutes=minutes) if minutes else None

    # Being there

    def on_mount(self) -> None:
        self._active_at = self.clock()
        self.set_interval(_LOOK_S, self.look_for_somebody)

    def look_for_somebody(self) -> bool:
        """Lock if nobody touched anything for too long; whether that is so."""
        now = self.clock()
        if self._active_at is None or now < self._active_at:  # the clock was set back
            self._active_at = now
        limit = self.idle_limit
        if self.is_locked or limit is None or now - self._active_at < limit:
            return False
        self.action_lock()
        return True

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key | events.Paste | events.MouseEvent) and not event.is_forwarded:
            left_alone = self.look_for_somebody()
            self._active_at = self.clock()
            if left_alone:  # whoever wakes the computer does not press keys in the calendar
                return
            if isinstance(event, events.Key) and self._locks_now(event):
                self.action_lock()
                return
        await super().on_event(event)

    def _locks_now(self, key: events.Key) -> bool:
        """Whether the key locks, and no key before it waits: it is not kept until a busy widget is done."""
        return not self._put_back and not self._due and key.key in self.keys.keys["lock"].split(",")

    # Locking

    def action_lock(self) -> None:
        """Hide everything at once; then let go of the data."""
        if self.is_locked or not self.screen_stack:
            return
        self.capture_mouse(None)
        self._behind = self._current_mode
        self._modes.setdefault(self._behind, self.get_default_screen)
        if MODE in self._modes:
            self.remove_mode(MODE)
        self.add_mode(MODE, self._lock_screen)
        self.switch_mode(MODE)
        if self.database.encrypted:
            self._dropping = asyncio.create_task(self._let_go())

    def _lock_screen(self) -> Any:
        from couchcal.store.keys import asks_for
        from couchcal.tui.screens.lock import LockScreen, wait_after

        if self.database.encrypted:
            asks = asks_for(self.database.path)
            screen = LockScreen("couchcal is locked", asks, self._unlock, wait=wait_after(self._failures))
        else:
            screen = LockScreen("The calendar is hidden", "", self._show_again)
        screen._css_update_count = self._css_update_count  # it brings no style sheet: none is read anew
        return screen

    async def _let_go(self) -> None:
        """Close the connections and drop the key, once what is under way is done."""
        latest = asyncio.get_running_loop().time() + _PATIENCE_S
        while self._is_at_work() and asyncio.get_running_loop().time() < latest:
            await asyncio.sleep(_GLANCE_S)
        for screen in self._calendars():
            await screen.rest()
        self.database.lock()

    def _is_at_work(self) -> bool:
        return any(
            worker.is_running and (worker._thread_worker or worker.group in ("save", "write"))
            for worker in self.workers
        )

    def _calendars(self) -> list[CalendarScreen]:
        stack = self._screen_stacks.get(self._behind or "", [])
        return [screen for screen in stack if isinstance(screen, CalendarScreen)]

    # Unlocking

    async def _show_again(self, _typed: str) -> Answer:
        from couchcal.tui.screens.lock import Answer

        self._uncover()
        return Answer()

    async def _unlock(self, typed: str) -> Answer:
        from couchcal.practice.opening import unlocking_key
        from couchcal.store.keys import asks_for
        from couchcal.tui.forms.modal import in_thread, problem_words
        from couchcal.tui.screens.lock import Answer, wait_after

        path = self.database.path
        if self._dropping is not None:
            await self._dropping
        try:
            key = await in_thread(self.screen, "unlock", partial(unlocking_key, path, typed))
        except CouchcalError as error:
            if error.code != "wrong_passphrase":
                return Answer(problem_words(error), 0, asks_for(path, again=True))
            self._failures += 1
            problem = f"{error.message[:1].upper()}{error.message[1:]}."
            return Answer(problem, wait_after(self._failures), asks_for(path, again=True))
        except Exception as error:
            return Answer(f"It could not be unlocked ({type(error).__name__}).", 0, asks_for(path, again=True))
        self.database.unlock(key)
        self._failures = 0
        self.run_worker(self._write_down, group="audit", thread=True, exit_on_error=False)
        self._uncover()
        return Answer()

    def _write_down(self) -> None:
        from couchcal.store.failed_tries import note_failed

        with suppress(CouchcalError):
            note_failed(self.database, "screen", always=True, clock=self.clock)

    def _uncover(self) -> None:
        behind = self._behind
        if behind is None:
            return
        for screen in self._calendars():
            screen.go_on()
        self._behind = None
        self._active_at = self.clock()
        self.switch_mode(behind)
        self.remove_mode(MODE)
        held, self._held_back = self._held_back, []
        for say in held:
            say()
        self.unlocked()

    def unlocked(self) -> None:
        """Called when everything is to be seen again."""

    # What must not show meanwhile

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if self.is_locked and action not in _ALLOWED:
            return False
        return super().check_action(action, parameters)

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        say = partial(super().notify, message, title=title, severity=severity, timeout=timeout, markup=markup)
        if self.is_locked:
            self._held_back.append(say)
        else:
            say()

    def _refresh_notifications(self) -> None:
        if not self.is_locked:
            super()._refresh_notifications()

    def push_screen(self, *screen: Any, mode: str | None = None, **options: Any) -> Any:
        """Show a screen; while locked it waits behind, where it would have been on top."""
        return super().push_screen(*screen, mode=self._behind if mode is None else mode, **options)

    def pop_screen(self) -> AwaitComplete:
        """Take the top screen away; while locked the one behind, such as a form that has saved."""
        if self._behind is None:
            return super().pop_screen()
        shown, self._current_mode = self._current_mode, self._behind
        try:
            return super().pop_screen()
        finally:
            self._current_mode = shown
