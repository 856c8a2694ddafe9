"""Going places: cursor, periods, views, today, dates, conflicts, search."""

from __future__ import annotations

from datetime import date, timedelta

from couchcal.practice.agenda import Entry, day_instant
from couchcal.settings import remember_view
from couchcal.tui.calendar.base import CalendarBase
from couchcal.tui.calendar.layout import DAY_MINUTES, key_of
from couchcal.tui.calendar.period import View, later, step
from couchcal.tui.calendar.picking import arrival, jump_labels
from couchcal.tui.calendar.scene import Cursor

_ROW_MINUTES = (30, 60, 15)
_HALF_A_YEAR = timedelta(days=183)


class Navigation(CalendarBase, part=True):
    """Nothing here changes the calendar."""

    def action_cursor_left(self) -> None:
        self._by_days(-1)

    def action_cursor_right(self) -> None:
        self._by_days(1)

    def action_cursor_down(self) -> None:
        self._vertically(1)

    def action_cursor_up(self) -> None:
        self._vertically(-1)

    def _by_days(self, days: int) -> None:
        self.point(self.cursor._replace(day=later(self.cursor.day, days), picked=None))

    def _vertically(self, sign: int) -> None:
        if self.calendar_view is View.MONTH:
            self._by_days(7 * sign)
        elif self.calendar_view is View.AGENDA:
            beside = self.current.beside(self.cursor, sign)
            if beside is None or beside.entry is None:
                self._neighbour(sign)
            else:
                self.point(self.cursor_on(beside.entry)._replace(day=beside.day))
        elif self.cursor.all_day:
            if sign > 0:
                self.point(self.cursor._replace(all_day=False, minute=self.cursor.minute, picked=None))
        else:
            minute = self.cursor.minute + sign * self.row_minutes
            if minute < 0:
                self.point(self.cursor._replace(all_day=True, minute=0, picked=None))
            else:
                self.point(
                    self.cursor._replace(minute=min(minute, DAY_MINUTES - self.row_minutes), picked=None),
                    keep=self.cursor.picked,
                )

    def action_previous_period(self) -> None:
        self._by_periods(-1)

    def action_next_period(self) -> None:
        self._by_periods(1)

    def _by_periods(self, periods: int) -> None:
        day = step(self.calendar_view, self.cursor.day, periods, self.week_columns)
        if self.calendar_view is View.WEEK and self.week_columns < 7:
            self.period = self.period._replace(first=later(self.period.first, (day - self.cursor.day).days))
        if self.calendar_view is View.AGENDA:
            self.period = self.period._replace(first=later(self.period.first, 7 * periods))
        self.cursor = self.cursor._replace(day=day, picked=None)
        self.show()
        self._repick()

    def action_next_entry(self) -> None:
        self._neighbour(1)

    def action_previous_entry(self) -> None:
        self._neighbour(-1)

    def _neighbour(self, sign: int) -> None:
        """The next or previous entry of all that are loaded; it may lie in another period."""
        entries = self.loaded.entries
        here = (self.cursor_instant(), "")
        chosen = self.picked
        if chosen is not None:
            here = (chosen.start, chosen.id)
            if chosen.all_day:  # of several days the one under the cursor
                here = (max(chosen.start, day_instant(self.cursor.day, self.tz)), chosen.id)
        if sign > 0:
            found = next((entry for entry in entries if (entry.start, entry.id) > here), None)
        else:
            found = next((entry for entry in reversed(entries) if (entry.start, entry.id) < here), None)
        if found is None:
            self.toast("No further entries near here")
            return
        self.go_to(found)

    def go_to(self, entry: Entry) -> None:
        """Put the cursor on an entry, wherever it is."""
        self.point(self.cursor_on(entry))

    def action_today(self) -> None:
        now = self.now_local
        minute = (now.hour * 60 + now.minute) // self.row_minutes * self.row_minutes
        self.point(Cursor(now.date(), minute))

    def action_go_to_date(self) -> None:
        from couchcal.tui.forms.prompt import Prompt

        def problem(text: str) -> str | None:
            known = _day_to_see(text, self.now_local.date())
            return None if known else "no date I know: try fri, 3 mar, +2w, 2026-12-31"

        def go(text: str | None) -> None:
            day = _day_to_see(text, self.now_local.date()) if text else None
            if day is not None:
                self.go_to_day(day)

        self.app.push_screen(Prompt("Go to", "fri · 3 mar · +2w · 2026-12-31", problem), go)

    def go_to_day(self, day: date) -> None:
        """Put the cursor on a day: at the hour it has if that is one of work, else where the day begins."""
        day = later(day, 0)
        minute = arrival(
            day, self.cursor.minute, self.loaded.availability, self.loaded.entries, self.tz, self.scene.first_minute
        )
        minute = minute // self.row_minutes * self.row_minutes
        at_its_hour = minute == self.cursor.minute
        self.point(self.cursor._replace(day=day, minute=minute, picked=None))
        if not at_its_hour:
            self.current.reveal(first=True)

    def action_jump_to_entry(self) -> None:
        letters = jump_labels(len(self.scene.entries))
        self.labels = {key_of(entry): label for entry, label in zip(self.scene.entries, letters, strict=False)}
        if self.labels:
            self.show()
        else:
            self.toast("There is nothing here to jump to")

    def action_search(self) -> None:
        from couchcal.tui.screens.search import SearchScreen

        def go(entry: Entry | None) -> None:
            if entry is not None:
                self.go_to(entry)

        self.app.push_screen(SearchScreen(self.database, self.tz, names=self.names, clock=self.clock), go)

    # Views

    def action_day_view(self) -> None:
        self._switch(View.DAY)

    def action_week_view(self) -> None:
        self._switch(View.WEEK)

    def action_month_view(self) -> None:
        self._switch(View.MONTH)

    def action_agenda_view(self) -> None:
        self._switch(View.AGENDA)

    def _switch(self, view: View) -> None:
        if view is self.calendar_view:
            return
        self.calendar_view = view
        self.cursor = self.cursor._replace(all_day=False) if self.cursor.picked is None else self.cursor
        self.show()
        self._repick()
        remember_view(view.value)

    def action_zoom(self) -> None:
        self.rows_chosen = True
        place = _ROW_MINUTES.index(self.row_minutes)
        self.row_minutes = _ROW_MINUTES[(place + 1) % len(_ROW_MINUTES)]
        self.cursor = self.cursor._replace(minute=self.cursor.minute // self.row_minutes * self.row_minutes)
        self.show()

    def action_toggle_sidebar(self) -> None:
        self.sidebar_wanted = not self.sidebar_wanted
        self.set_class(not self._sidebar_shown(), "-no-sidebar")
        self.show()

    def action_privacy(self) -> None:
        self.private = not self.private
        self.show()


def _day_to_see(text: str, today: date) -> date | None:
    """A day to look at, or None: of a date without a year the nearest, so that `24 feb` in March is last week.
    What is booked lies ahead, which is how `parse_day` reads it."""
    from couchcal.typed_dates import parse_day

    day = parse_day(text, today)
    if day is None or day - today <= _HALF_A_YEAR or text.lstrip().startswith("+"):
        return day
    return parse_day(text, today - _HALF_A_YEAR)
