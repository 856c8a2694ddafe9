"""Starting the sync over: three ways, from the mildest on. SYNC-13, SYNC-20."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Button, Static

from couchcal.tui.forms.connect import sign_in_words
from couchcal.tui.forms.modal import Modal
from couchcal.tui.forms.plain import plain
from couchcal.tui.screens.sync_choose import Choosable

WAYS = (
    Choosable(
        "cursors",
        "Read everything anew",
        "Nothing is deleted or doubled: all is read again and compared.",
    ),
    Choosable(
        "events",
        "Delete our events from Google, then send them again",
        "Finds them by their mark, those that were copied or forgotten, too. Other events stay.",
    ),
    Choosable(
        "calendar",
        "Delete the whole calendar at Google, then make a new one",
        "What others wrote into that calendar goes with it. Whoever subscribed has to subscribe again.",
    ),
)
"""How it can be done, by the words of `sync.reset`."""
BODY = "Your appointments here stay as they are, whichever way you take."
_CONFIRMED = {
    "cursors": "All calendars are read again. This may take some minutes.",
    "events": "Every event that couchcal made is deleted from your calendar at Google, then sent again.",
    "calendar": "The calendar is deleted from Google with all that is in it. Then a new one is made and filled.",
}


class ResetDialog(Modal[bool]):
    """Asks once more, resets, and says how it went; True when it is done.

    Args:
        run: does it; blocks, and may take minutes.
    """

    AUTO_FOCUS = "#no"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "app.focus_previous", show=False),
        Binding("right", "app.focus_next", show=False),
        Binding("y", "go", "Reset", show=False),
        Binding("n", "leave", "No", show=False),
    ]

    def __init__(self, how: str, run: Callable[[str], object]) -> None:
        super().__init__("Start over", "y start over · n leave it")
        self._how = how
        self._run = run

    def compose_body(self) -> ComposeResult:
        yield Static(plain(f"{_CONFIRMED[self._how]}\n{BODY}"), id="body")
        with Horizontal(classes="buttons"):
            yield Button("Start over", id="go", classes="-danger")
            yield Button("Leave it", id="no")

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        if event.button.id == "go":
            self.action_go()
        else:
            self.action_leave()

    def action_leave(self) -> None:
        """Close; not while it is at it."""
        if not self.saving:
            self.dismiss(None)

    def action_go(self) -> None:
        """Do it."""
        self.query_one("#body", Static).update(plain("As soon as the sync under way is through …"))
        self.query_one("#go").disabled = True
        self.write(lambda: self._run(self._how), lambda _: self.dismiss(True), network=True)

    def unwritten(self, error: Exception) -> None:
        self.query_one("#body", Static).update(plain("Nothing was done yet."))
        self.query_one("#go").disabled = False
        self.show_problem(sign_in_words(error))
