"""Connecting an account, signing in again, and following the first sync. SYNC-03, SYNC-07, SYNC-26."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from functools import partial
from typing import TYPE_CHECKING

from couchcal.errors import CouchcalError
from couchcal.tui.forms.away import away
from couchcal.tui.forms.confirm import Confirm
from couchcal.tui.forms.connect import sign_in_words
from couchcal.tui.screens.sync_gate import Gate
from couchcal.tui.screens.sync_leaving import SyncLeaving
from couchcal.tui.screens.sync_words import counted

if TYPE_CHECKING:
    from couchcal.sync.google.signin import Granted
    from couchcal.tui.forms.connect_start import Start


class SyncSigningIn(SyncLeaving):
    """From the client file to the first sync.

    Args:
        tz: the practice's zone.
        open_browser: shows an address in a graphical browser; None where there is none.
    """

    def __init__(self, gate: Gate, tz: tzinfo, *, open_browser: Callable[[str], bool] | None = None) -> None:
        super().__init__(gate, tz)
        self._open_browser = open_browser

    def action_connect(self) -> None:
        """Connect an account; of a connected one look for its calendars anew."""
        state = self.state
        if state is None:
            return
        if self.connected:
            self._run(lambda: f"{counted(self._gate.look_for_calendars(), 'calendar')} found")
        elif state.client_problem:
            self.action_look_again()
        else:
            self._sign_in(again=False)

    def action_sign_in(self) -> None:
        """Sign in again."""
        if self.connected:
            self._sign_in(again=True)

    def action_look_again(self) -> None:
        """Look whether the client file is there now."""
        if not self.connected:
            self._read()

    def _sign_in(self, *, again: bool) -> None:
        from couchcal.tui.forms.connect import ConnectForm

        email = self.state.status.email if self.state is not None and self.state.status is not None else ""
        form = ConnectForm(
            partial(self._gate.sign_in, email if again else ""), open_browser=self._open_browser, again=again
        )
        self.app.push_screen(form, self._granted)

    def _granted(self, granted: Granted | None) -> None:
        if granted is None or self.state is None:
            return
        if self.state.target is None:
            self._begin(granted, switch=False)
        else:
            self.run_worker(self._go_on(granted), group="write", exit_on_error=False)

    async def _go_on(self, granted: Granted) -> None:
        """Connect the account that is known; another one is asked about (SYNC-26)."""
        try:
            await away(lambda: self._gate.connect(granted))
        except CouchcalError as error:
            if error.code != "other_account":
                self.show_problem(sign_in_words(error))
                return
            question = Confirm(
                "Another account",
                f"{error.message[:1].upper()}{error.message[1:]}. Start over with the new one? The calendar at the "
                "other account stays there as it is, and what was read from it goes from here.",
                "Start over",
                "Keep the old one",
            )
            self.app.push_screen(question, lambda yes: self._begin(granted, switch=True) if yes else None)
            return
        except Exception as error:
            self.show_problem(sign_in_words(error))
            return
        self.notify("Signed in")
        self._read()

    def _begin(self, granted: Granted, *, switch: bool) -> None:
        """Ask for the new calendar's name and how clients are called, then follow the first sync."""
        from couchcal.tui.forms.connect_start import StartForm

        state = self.state
        if state is None:
            return

        def begin(start: Start) -> None:
            if start.identifier_mode != state.facts.identifier_mode:
                self._gate.set("identifier_mode", start.identifier_mode)
            self._gate.connect(granted, start.calendar_name, switch=switch)

        self.app.push_screen(StartForm(state.facts, begin), self._begun)

    def _begun(self, start: Start | None) -> None:
        if start is None:
            return
        from couchcal.tui.screens.sync_progress import SyncProgress

        progress = SyncProgress(
            self._gate.status, partial(self._gate.pause, "user"), self._tz, clock=self._gate.clock
        )
        self.app.push_screen(progress, self._followed)

    def _followed(self, through: bool | None) -> None:
        if through is None:
            self.notify("The sync goes on in the background")
        elif not through:
            self.notify("Paused: p goes on where it stopped")
        self._read()
        self.query_one("#sync").focus()
