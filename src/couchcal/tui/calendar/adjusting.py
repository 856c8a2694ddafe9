"""The calendar follows its settings while it runs: those of this computer, and those of the practice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

from couchcal.practice.agenda import practice_facts
from couchcal.scheduling.wallclock import UnknownZone, to_local, zone
from couchcal.settings import Settings
from couchcal.store.connection import database_errors
from couchcal.tui.calendar.places import Places
from couchcal.tui.calendar.state import second_zone
from couchcal.tui.commands import Keymap
from couchcal.tui.text import glyphs_for

if TYPE_CHECKING:
    from couchcal.practice.outcome import Done


class Adjusting(Places, part=True):
    """Opens the settings, and shows the calendar by them; nothing needs a restart."""

    class SettingsWritten(Message):
        """The settings of this computer may have changed: read them anew."""

    def action_preferences(self) -> None:
        from couchcal.tui.screens.preferences import PreferencesScreen

        self.app.push_screen(PreferencesScreen(self.database, clock=self.clock), self._adjusted)

    def _adjusted(self, done: Done | None) -> None:
        if done is not None:
            self.post_message(self.SettingsWritten())
        if done is None or done.changed:
            self._finished(done)
            return
        self.toast(done.label)  # undo does not reach the settings file
        self.fetch()

    def apply_settings(self, settings: Settings, keymap: Keymap) -> None:
        """Show by other settings; what was switched for now (zoom, second zone) stays unless its setting is
        another."""
        before, self.settings, self.keymap = self.settings, settings, keymap
        self._acts = self._actions_by_key()
        self.glyphs = glyphs_for(settings.ascii)
        self.app.set_class(not self.glyphs.lower, "-ascii")
        if settings.row_minutes != before.row_minutes:
            self.row_minutes, self.rows_chosen = settings.row_minutes, False
            self._fit_rows(self.app.size.height)
        if settings.second_time_zone != before.second_time_zone:
            self.second_zone = second_zone(settings.second_time_zone)
            self.second_shown = self.second_zone is not None
        self._follow_practice()
        self.show()

    def data_arrived(self) -> None:
        super().data_arrived()
        if self._follow_practice():
            self.fetch()

    def _follow_practice(self) -> bool:
        """Take over week start and zone of the practice, whoever changed them; whether the zone is another."""
        with database_errors(self.database.path):
            facts = practice_facts(self.reader)
        chosen = self.settings.week_start
        self.week_start = facts.week_start if chosen is None else chosen
        if facts.tz == self.tz_name:
            return False
        try:
            self.tz = zone(facts.tz)
        except UnknownZone:
            return False
        self.tz_name = facts.tz
        self.now_local = to_local(self.clock(), self.tz)
        return True
