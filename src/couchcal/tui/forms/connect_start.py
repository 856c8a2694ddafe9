"""After the sign-in: the name of the new calendar, and how clients are called there. SYNC-03, SYNC-04, SYNC-08."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Button, Input, Static

from couchcal.practice.disclosure import Facts
from couchcal.tui.forms.choice import Choice
from couchcal.tui.forms.connect import sign_in_words
from couchcal.tui.forms.field import Field
from couchcal.tui.forms.modal import ChangedModal
from couchcal.tui.forms.plain import plain
from couchcal.tui.screens.sync_words import MODE_WORDS, MODES, example, name_text
from couchcal.tui.text import clean, glyphs_on

DEFAULT_NAME = "couchcal"
_LONGEST_NAME = 100
_ABOUT = (
    "You are signed in. A new calendar is made at Google for your appointments; your other calendars are not "
    "written to."
)


class Start(NamedTuple):
    """What was decided: the calendar's name, and how clients are called outside."""

    calendar_name: str
    identifier_mode: str


class StartForm(ChangedModal[Start]):
    """Asks for both and starts the sync; answers what was decided once the calendar is there.

    Args:
        facts: what leaves at present.
        begin: makes the calendar and stores what was decided; blocks.
    """

    SIZE = "-wide"
    AUTO_FOCUS = "#name"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+s", "save", "Start", show=False)]

    def __init__(self, facts: Facts, begin: Callable[[Start], object]) -> None:
        super().__init__("Start the sync", "ctrl+s start · tab next · esc close")
        self._facts = facts
        self._begin = begin
        self._agreed = facts.identifier_mode == "full"
        """Whether full names were said yes to."""

    def compose_body(self) -> ComposeResult:
        yield Static(plain(_ABOUT), id="body")
        name = Input(DEFAULT_NAME, id="name", max_length=_LONGEST_NAME)
        yield Field("Calendar", name, id="row-name", hint="at Google")
        words = [(word, label) for word, label, _ in MODES]
        modes = Choice(words, self._facts.identifier_mode, id="mode")
        yield Field("Clients are", modes, id="row-mode")
        yield Static(id="explained", markup=False)
        yield Button("Start sync", id="save")

    def on_mount(self) -> None:
        self._explain()

    def changed(self) -> bool:
        return self._decided() != Start(DEFAULT_NAME, self._facts.identifier_mode)

    def _decided(self) -> Start:
        mode = self.query_one("#mode", Choice).value or self._facts.identifier_mode
        return Start(clean(self.query_one("#name", Input).value), mode)

    @on(Choice.Changed)
    def _explain(self) -> None:
        mode = self._decided().identifier_mode
        shown = example(self._facts._replace(identifier_mode=mode), glyphs_on(self.app))
        meaning = next(meaning for word, _, meaning in MODES if word == mode)
        explained = self.query_one("#explained", Static)
        explained.update(plain(f"{name_text()} shows as  {shown}\n{meaning}"))
        explained.set_class(mode == "full", "-warning")

    @on(Input.Changed)
    def _typed(self) -> None:
        self.query_one("#row-name", Field).error("")
        self.show_problem("")

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self.focus_next()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.action_save()

    def action_save(self) -> None:
        """Start; full names are asked about first."""
        if self.saving:
            return
        decided = self._decided()
        if not decided.calendar_name:
            self.query_one("#row-name", Field).error("give it a name")
            self.query_one("#name").focus()
            return
        if decided.identifier_mode == "full" and not self._agreed:
            from couchcal.tui.forms.full_names import FullNamesWarning

            self.app.push_screen(FullNamesWarning(), self._warned)
            return
        self.query_one("#save", Button).label = "Making the calendar …"
        self.write(lambda: self._begin(decided), lambda _: self.dismiss(decided), network=True)

    def unwritten(self, error: Exception) -> None:
        self.query_one("#save", Button).label = "Start sync"
        self.show_problem(sign_in_words(error))

    def _warned(self, yes: bool | None) -> None:
        if yes:
            self._agreed = True
            self.action_save()
        else:
            self.query_one("#mode", Choice).value = MODES[0][0]
            self.notify(f"Clients are called by {MODE_WORDS['id']}")
