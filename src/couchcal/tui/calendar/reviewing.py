"""The review of overlaps: to the next one, however far ahead, and ways out of it (CNF-01…03, REC-11)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from couchcal.practice.agenda import day_instant
from couchcal.practice.locks import refusal
from couchcal.store.connection import database_errors
from couchcal.tui.calendar.answers import Answers
from couchcal.tui.calendar.details import clash
from couchcal.tui.calendar.layout import key_of
from couchcal.tui.calendar.navigation import Navigation
from couchcal.tui.calendar.words import name_of

if TYPE_CHECKING:
    from couchcal.tui.calendar.ways_out import WayOut


class Reviewing(Navigation, Answers, part=True):
    """`c` walks the overlaps from today on, and those in sight; `w` moves one of two to a free time."""

    def action_next_conflict(self) -> None:
        """Go to the next overlap after the cursor; after the last one comes the first."""
        from couchcal.practice.overlaps import Overlap, entries_at, overlaps

        with database_errors(self.database.path):
            since = min(self.now_local.date(), self.period.first)
            found = overlaps(self.reader, day_instant(since, self.tz), self.tz)
        if not found:
            self.toast("No overlaps from today on")
            return
        here = self.picked
        at = Overlap(here.start, key_of(here)) if here is not None else Overlap(self.cursor_instant(), ("", 0))
        place = next((index for index, overlap in enumerate(found) if overlap > at), 0)
        with database_errors(self.database.path):
            entry, others = entries_at(self.reader, found[place], self.tz)
        if entry is None:
            return
        self.go_to(entry)
        names = " and ".join(name_of(each, self.names) for each in (*others[:2], entry))
        out = f"{self.keymap.shown_first('ways-out')} free times"
        count = f"{self.glyphs.conflict} {place + 1} of {len(found)}"
        self.app.clear_notifications()  # a walk leaves no pile of them over the calendar
        self.toast(self.glyphs.separator.join((f"{count}: {names}", out)))

    def action_ways_out(self) -> None:
        """List free times for the entry under the cursor, or for one that it overlaps; locks hold (DND-04)."""
        entry = self.picked
        if entry is None:
            self.toast("There is nothing under the cursor")
            return
        if entry.all_day:
            self.toast(
                f"{name_of(entry, self.names)} takes whole days: {self.keymap.shown_first('reschedule')} moves it"
            )
            return
        others = [other for other in self.scene.entries if clash(entry, other)] if entry.conflict else []
        subjects = [each for each in (entry, *others) if not each.all_day and refusal(each, "time") is None]
        if not subjects:
            self.toast(f"{name_of(entry, self.names)} stays: {refusal(entry, 'time')}", severity="warning")
            return
        from couchcal.tui.calendar.ways_out import WaysOut

        self.warm_soon()
        screen = WaysOut(
            self.database, self.tz, subjects, others,
            now=self.clock(), names=self.names, hour24=self.settings.clock_24h,
        )  # fmt: skip
        self.app.push_screen(screen, self._take_way_out)

    def _take_way_out(self, way: WayOut | None) -> None:
        if way is None or not self.is_as_shown(way.entry):
            return
        from couchcal.scheduling import drag

        entry = way.entry
        grab = drag.grab(entry.start, entry.end, self.tz, in_series=entry.series_id is not None)
        self.reschedule(entry, drag.land_at(grab, way.start))
