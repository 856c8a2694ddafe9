"""The sync with Google: connecting, what is read and what leaves, how it is, and what to do about it.

SYNC-02, SYNC-03, SYNC-07…10, SYNC-13…15, SYNC-19, SYNC-20, SYNC-24…27.
"""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widgets import Button, OptionList

from couchcal.tui.forms.confirm import Confirm
from couchcal.tui.forms.options import Ways
from couchcal.tui.screens.sync_choose import ChooseWay
from couchcal.tui.screens.sync_signing_in import SyncSigningIn
from couchcal.tui.text import clean, glyphs_on


class SyncScreen(SyncSigningIn):
    """Everything about the sync; each change is stored at once."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "tick", "On or off", show=False),
        Binding("c", "connect", "Connect", show=False),
        Binding("i", "sign_in", "Sign in again", show=False),
        Binding("r", "look_again", "Look again", show=False),
        Binding("s", "sync_now", "Sync now", show=False),
        Binding("p", "pause", "Pause", show=False),
        Binding("v", "review", "Review", show=False),
        Binding("d", "plan", "Dry run", show=False),
        Binding("l", "log", "Log", show=False),
        Binding("R", "reset", "Start over", show=False),
        Binding("D", "disconnect", "Disconnect", show=False),
        Binding("j", "highlight(1)", show=False),
        Binding("k", "highlight(-1)", show=False),
        Binding("left", "app.focus_previous", show=False),
        Binding("right", "app.focus_next", show=False),
    ]

    # The list

    def action_highlight(self, by: int) -> None:
        """Move the highlight."""
        self.query_one("#sync", Ways).step(by)

    def action_tick(self) -> None:
        """What Enter does."""
        self._act(self.current_key)

    @on(OptionList.OptionSelected, "#sync")
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._act(self.current_key)

    def _act(self, key: str) -> None:
        state = self.state
        if state is None or not key:
            return
        self.show_problem("")
        if key.startswith("link "):
            self._toggle_link(int(key.removeprefix("link ")))
        elif key == "direction":
            self._choose_direction(state.direction)
        elif key == "identifier_mode":
            self._choose_mode()
        elif key == "google_title":
            from couchcal.tui.screens.sync_title import TitleForm

            self.app.push_screen(TitleForm(state.facts), self._set_title)
        elif key == "google_event_titles":
            self._set(key, not state.facts.event_titles)
        elif key == "google_place":
            self._set(key, not state.facts.place)

    def _toggle_link(self, link_id: int) -> None:
        state = self.state
        link = next((link for link in state.links if link.id == link_id), None) if state is not None else None
        if link is None:
            return
        if link.role == "owned_target":
            self.notify("Your appointments go to this calendar. D disconnects it.")
            return

        def change() -> str:
            self._gate.set_read(link_id, on=not link.enabled)
            name = clean(link.name)
            return (
                f"{name} is not read any more: its events are gone from here" if link.enabled else f"Reads {name}"
            )

        self._run(change)

    # What to do

    def action_sync_now(self) -> None:
        """Sync now."""
        status = self.state.status if self.state is not None else None
        if status is None:
            return
        if status.state == "needs_auth":
            self.action_sign_in()
        elif status.paused:
            self.notify("It is paused: p goes on" if status.paused == "user" else "It waits for you: v decides")
        else:
            self._run(self._gate.sync_now, said="Syncing")

    def action_pause(self) -> None:
        """Pause, or go on."""
        status = self.state.status if self.state is not None else None
        if status is None:
            return
        if status.paused == "user":
            self._run(partial(self._gate.pause, ""), said="Goes on")
        elif status.paused:
            self.notify("It waits for your decision: v")
        else:
            self._run(partial(self._gate.pause, "user"), said="Paused: changes wait until p goes on")

    def action_review(self) -> None:
        """Look at what waits for a decision."""
        if not self.connected:
            return
        from couchcal.tui.screens.sync_review import ReviewScreen

        self.app.push_screen(ReviewScreen(self._gate, self._tz), self._back)

    def action_decide(self) -> None:
        """Go right to what holds the sync up."""
        if not self.connected:
            return
        from couchcal.tui.screens.sync_review import ReviewScreen

        self.app.push_screen(ReviewScreen(self._gate, self._tz, at_once=True), self._back)

    def action_plan(self) -> None:
        """See what a sync would do."""
        if not self.connected:
            return
        from couchcal.tui.screens.sync_lines import LinesScreen
        from couchcal.tui.screens.sync_reports import plan_lines

        glyphs = glyphs_on(self.app)
        screen = LinesScreen(
            "Dry run",
            lambda: plan_lines(self._gate.plan(), glyphs),
            waiting="Reading what is in Google …",
            empty="Nothing would be sent and nothing came in.",
            about="What a sync would do now. Nothing is sent and nothing is changed.",
        )
        self.app.push_screen(screen, self._back)

    def action_log(self) -> None:
        """See what the last syncs did."""
        if not self.connected:
            return
        from couchcal.tui.screens.sync_lines import LinesScreen
        from couchcal.tui.screens.sync_reports import log_lines

        glyphs = glyphs_on(self.app)
        screen = LinesScreen(
            "Log of the sync",
            lambda: log_lines(self._gate.log(), self._gate.clock(), self._tz, glyphs),
            waiting="…",
            empty="Nothing happened yet.",
        )
        self.app.push_screen(screen, self._back)

    def action_reset(self) -> None:
        """Start over, in one of three ways."""
        if not self.connected:
            return
        from couchcal.tui.screens.sync_reset import BODY, WAYS, ResetDialog

        def confirm(how: str | None) -> None:
            if how is not None:
                self.app.push_screen(ResetDialog(how, self._gate.reset), done)

        def done(through: bool | None) -> None:
            if through:
                self.notify("Started over: everything is compared and sent anew in the background")
            self._read()

        self.app.push_screen(ChooseWay("Start over", BODY, WAYS), confirm)

    def action_disconnect(self) -> None:
        """Give the sign-in back."""
        if not self.connected:
            return
        question = Confirm(
            "Disconnect",
            "couchcal gives its access to Google back and syncs no more. Your appointments stay here, and what is "
            "in Google stays there. Connecting again goes on from here.",
            "Disconnect",
            "Stay connected",
        )
        self.app.push_screen(question, self._disconnect)

    def _disconnect(self, yes: bool | None) -> None:
        def change() -> str:
            told = self._gate.disconnect()
            rest = "" if told else "; Google could not be told: take the access away in your Google account"
            return f"Disconnected{rest}"

        if yes:
            self._run(change)

    @on(Button.Pressed)
    async def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        await self.run_action(str(event.button.id).removeprefix("do-"))
