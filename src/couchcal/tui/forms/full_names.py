"""The warning before the full names of clients leave this computer. SYNC-04."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Static

from couchcal.tui.forms.confirm import Confirm
from couchcal.tui.forms.plain import plain

_WHO = "Full names say who your clients are: that is protected health information (PHI)."
_WHERE = (
    "They will stand in the title of every session in Google Calendar, and in mail. A personal Google account has"
    " no agreement that covers them (BAA), and whoever sees that calendar sees them."
)
_ELSE = "Ids such as C-0001 are the safest; initials say less than names."


class FullNamesWarning(Confirm):
    """Asks before "Names outside" becomes full names; True only if they are to leave."""

    def __init__(self) -> None:
        super().__init__("Full names outside", f"{_WHERE}\n\n{_ELSE}", "Send full names", "Keep them here")

    def compose_body(self) -> ComposeResult:
        yield Static(plain(_WHO, "bold $text-error"), id="warning")
        yield from super().compose_body()
