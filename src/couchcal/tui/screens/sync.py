"""The sync with Google: connecting, what is read and what leaves, how it is, and what to do about it.

SYNC-02, SYNC-03, SYNC-07…10, SYNC-13…15, SYNC-19, SYNC-20, SYNC-24…27.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widgets import Button, OptionList

from couchcal.errors import CouchcalError
from couchcal.practice.outcome import Done
from couchcal.tui.forms.away import away
from couchcal.tui.forms.confirm import Confirm
from couchcal.tui.forms.connect import sign_in_words
from couchcal.tui.forms.modal import in_thread
from couchcal.tui.forms.options import Ways
from couchcal.tui.screens.sync_choose import Choosable, ChooseWay
from couchcal.tui.screens.sync_gate import Gate
from couchcal.tui.screens.sync_showing import SyncShowing
from couchcal.tui.screens.sync_words import MODES, counted, example
from couchcal.tui.text import clean, glyphs_on

if TYPE_CHECKING:
    from couchcal.sync.google.signin import Granted
    from couchcal.tui.forms.connect_start import Start


class SyncScreen(SyncShowing):
    """Everything about the sync; each change is stored at once.

    Args:
        tz: the practice's zone.
        open_browser: shows an address in a graphical browser; None where there is none.
    """

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

    def __init__(self, gate: Gate, tz: tzinfo, *, open_browser: Callable[[str], bool] | None = None) -> None:
        super().__init__(gate, tz)
        self._open_browser = open_browser
        self._busy = False

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

    # What leaves

    def _choose_direction(self, now: str) -> None:
        def choose(events: int) -> None:
            gone = f" {counted(events, 'event')} of Google {'leaves' if events == 1 else 'leave'} this calendar."
            ways = [
                Choosable(
                    "two_way",
                    "Two-way",
                    "Your other calendars are shown here, and a session moved in Google moves here.",
                ),
                Choosable(
                    "one_way",
                    "One-way",
                    f"Appointments are sent, nothing is read.{gone if events else ''} At Google nothing changes.",
                ),
            ]
            self.app.push_screen(ChooseWay("Direction", "", ways, now=now), self._set_direction)

        self._look(self._gate.external_events, choose)

    def _set_direction(self, word: str | None) -> None:
        if word is None or self.state is None or word == self.state.direction:
            return

        def change() -> str:
            self._gate.set_direction(word)
            return "Two-way now" if word == "two_way" else "One-way now: nothing is read from Google"

        self._run(change)

    def _choose_mode(self) -> None:
        state = self.state
        if state is None:
            return
        glyphs = glyphs_on(self.app)
        ways = [
            Choosable(
                word,
                f"{label.capitalize()}:  {example(state.facts._replace(identifier_mode=word), glyphs)}",
                meaning,
            )
            for word, label, meaning in MODES
        ]
        body = "How clients are called in everything that leaves. What is in Google already is called anew."
        self.app.push_screen(
            ChooseWay("Names outside", body, ways, now=state.facts.identifier_mode), self._mode_chosen
        )

    def _mode_chosen(self, word: str | None) -> None:
        if word is None or self.state is None or word == self.state.facts.identifier_mode:
            return
        if word != "full":
            self._set("identifier_mode", word)
            return
        from couchcal.tui.forms.full_names import FullNamesWarning

        def warned(yes: bool | None) -> None:
            if yes:
                self._set("identifier_mode", "full")

        self.app.push_screen(FullNamesWarning(), warned)

    def _set_title(self, template: str | None) -> None:
        if template is not None and self.state is not None and template != self.state.facts.title:
            self._set("google_title", template)

    def _set(self, name: str, value: object) -> None:
        def change() -> str:
            done: Done = self._gate.set(name, value)
            return done.label

        self._run(change)

    # Signing in

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

    # Helpers

    def _back(self, _answer: object) -> None:
        self._read()

    def _look(self, look: Callable[[], int], then: Callable[[int], None]) -> None:
        async def work() -> None:
            try:
                found = await in_thread(self, "look", look)
            except Exception as error:
                self.show_problem(sign_in_words(error))
            else:
                then(found)

        self.run_worker(work(), group="write", exit_on_error=False)

    def _run(self, change: Callable[[], object], *, said: str = "") -> None:
        """Do something in a thread, say how it went, and show how everything is then. One at a time."""
        if not self._busy:
            self.run_worker(self._work(change, said), group="write", exit_on_error=False)

    async def _work(self, change: Callable[[], object], said: str) -> None:
        self._busy = True
        self.show_problem("")
        try:
            words = await away(change)
        except Exception as error:
            self.show_problem(sign_in_words(error))
            return
        finally:
            self._busy = False
        self.notify(said or str(words), markup=False)
        self._read()
