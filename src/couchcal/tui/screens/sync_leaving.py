"""What leaves for Google, and in which direction the sync goes. SYNC-02, SYNC-13, SYNC-24, SYNC-25."""

from __future__ import annotations

from couchcal.practice.outcome import Done
from couchcal.tui.screens.sync_choose import Choosable, ChooseWay
from couchcal.tui.screens.sync_running import SyncRunning
from couchcal.tui.screens.sync_words import MODES, counted, example
from couchcal.tui.text import glyphs_on


class SyncLeaving(SyncRunning):
    """The choices about direction, names, titles and places."""

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

        self.read(self._gate.external_events, choose)

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
