"""The second time zone beside the hours: shown, hidden, chosen (CAL-03)."""

from __future__ import annotations

from couchcal.clock import local_zone_name
from couchcal.errors import CouchcalError
from couchcal.practice.glance import client_zones
from couchcal.store.connection import database_errors
from couchcal.tui.calendar.navigation import Navigation
from couchcal.tui.calendar.period import View
from couchcal.tui.calendar.state import second_zone


class Zones(Navigation, part=True):
    """`Z` shows and hides; where none is set yet it asks which."""

    def action_second_zone(self) -> None:
        if self.second_zone is None:
            self._ask_zone()
            return
        self.second_shown = not self.second_shown
        self._say_zone()
        self.show()

    def _ask_zone(self) -> None:
        from couchcal.tui.calendar.zone_choice import ZoneChoice

        with database_errors(self.database.path):
            likely = [*client_zones(self.reader), local_zone_name()]
        likely = [name for name in dict.fromkeys(likely) if name != self.tz_name and second_zone(name) is not None]
        self.app.push_screen(ZoneChoice(self.clock(), likely, hour24=self.settings.clock_24h), self._take_zone)

    def _take_zone(self, name: str | None) -> None:
        chosen = second_zone(name or "")
        if chosen is None:
            return
        self.second_zone, self.second_shown = chosen, True
        self.settings = self.settings._replace(second_time_zone=chosen.name)
        self._keep_zone(chosen.name)
        self._say_zone()
        self.show()

    def _keep_zone(self, name: str) -> None:
        """Remember the zone for the next start; where that cannot be kept, it is said."""
        from couchcal.settings import write_setting

        try:
            write_setting(None, "second_time_zone", name)
        except CouchcalError as error:
            self.toast(f"Not remembered for the next start: {error.message}", severity="warning")

    def _say_zone(self) -> None:
        if self.second_zone is None or self.calendar_view in (View.DAY, View.WEEK):
            return
        where = "Day and Week show it beside the hours" if self.second_shown else "hidden"
        self.toast(f"{self.second_zone.name}{self.glyphs.separator}{where}")
