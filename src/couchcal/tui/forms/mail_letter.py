"""What to do about a letter of the list."""

from __future__ import annotations

from datetime import tzinfo

from textual import on
from textual.app import ComposeResult
from textual.widgets import OptionList, Static

from couchcal.clock_words import in_chosen_clock, moment_words
from couchcal.mail import ledger
from couchcal.scheduling.wallclock import to_local
from couchcal.tui.forms.modal import Modal
from couchcal.tui.forms.options import Ways, way
from couchcal.tui.forms.plain import plain
from couchcal.tui.screens.mail_data import Row, kind_words
from couchcal.tui.screens.mail_lines import STATES


class LetterWays(Modal[str]):
    """All about a letter; answers `again` or `dismiss`."""

    AUTO_FOCUS = "#ways"

    def __init__(self, row: Row, tz: tzinfo) -> None:
        super().__init__(kind_words(row.item), "enter choose · esc back")
        self._row, self._tz = row, tz

    def compose_body(self) -> ComposeResult:
        item = self._row.item
        state = STATES.get(item.state, (item.state, ""))[0]
        tried = f", tried {item.attempts} times" if item.attempts > 1 else ""
        lines = [
            f"To {self._row.who}, {in_chosen_clock(moment_words(to_local(item.at, self._tz)))}",
            f"{state}{tried}",
        ]
        lines += [item.error] if item.error else []
        yield Static(plain("\n".join(lines)), id="body")
        troubled = item.state in ledger.TROUBLED
        ways = []
        if troubled and item.table == "letter":
            again = (
                "it may have arrived, and arrive twice"
                if item.state == "unknown"
                else "after what is wrong is set right"
            )
            ways.append(way("again", "Send it again", again))
        if troubled:
            ways.append(way("dismiss", "Dismiss", "nothing is sent; it leaves this list and the header"))
        ways.append(way("leave", "Leave it"))
        yield Ways(ways, id="ways")

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(event.option_id)
