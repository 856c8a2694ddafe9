"""The calendar screen: everything together."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from couchcal.tui.calendar.adjusting import Adjusting
from couchcal.tui.calendar.copying import Copying
from couchcal.tui.calendar.places import Places
from couchcal.tui.calendar.reviewing import Reviewing
from couchcal.tui.calendar.sidebar import Sidebar
from couchcal.tui.calendar.zones import Zones
from couchcal.tui.commands import COMMANDS, bindings
from couchcal.tui.grab_help import GRAB_HELP


class CalendarScreen(Adjusting, Places, Zones, Reviewing, Copying, inherit_bindings=False):
    """The practice's calendar."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings()]

    def on_sidebar_day_chosen(self, message: Sidebar.DayChosen) -> None:
        self.go_to_day(message.day)

    def action_help(self) -> None:
        from couchcal.tui.screens.help import HelpRow, HelpScreen

        rows = [HelpRow(command.group, self.keymap.shown(command), command.help()) for command in COMMANDS]
        rows += [HelpRow("While moving", keys, label) for keys, label in GRAB_HELP]
        self.app.push_screen(HelpScreen(rows))

    async def action_lock(self) -> None:
        await self.app.run_action("app.lock")

    def action_quit(self) -> None:
        self.app.exit()
