"""The week's bookable hours: painted; whole days typed, copied or limited; saved as one step. AVL-01…05, AVL-07."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from textual.binding import Binding, BindingType

from couchcal.practice import availability
from couchcal.practice.availability import BlockRow
from couchcal.scheduling.hours import hours_words
from couchcal.tui.screens.availability_dialogs import (
    CopyDialog,
    Hours,
    HoursDialog,
    Limits,
    LimitsDialog,
)
from couchcal.tui.screens.availability_painting import AvailabilityPainting
from couchcal.tui.screens.week_editor import Cell
from couchcal.tui.screens.week_paint import (
    Week,
    block_at,
    hours_of,
    rows_of,
    with_hours,
)
from couchcal.tui.screens.week_words import day_words, shown_hours


class AvailabilityScreen(AvailabilityPainting):
    """The hours of whole days: typed, copied, cleared, limited to what may be booked; saved as one step."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "type", "Type the day's hours", show=False),
        Binding("c", "copy", "Copy the day", show=False),
        Binding("x,delete", "clear", "Clear the day", show=False),
        Binding("a", "limits", "What the block allows", show=False),
        Binding("ctrl+s", "save", "Save", show=False),
    ]

    # Whole days

    def action_clear(self) -> None:
        """Close the cursor's day."""
        self._set(self.editor.take().with_days([(self.editor.cursor.column, ())]))

    def action_type(self) -> None:
        """Type the day's hours; a stroke under way is taken instead."""
        if self.editor.stroke is not None:
            self._set(self.editor.take())
            return
        column, day = self.editor.cursor.column, self.editor.day

        def put(hours: Hours | None) -> None:
            if hours is not None:
                self._set(self.editor.with_days([(column, with_hours(day, hours))]))

        text = hours_words(hours_of(day), clock_24h=self._hour24) if day else ""
        dialog = HoursDialog(self._weekday(column), day, text, hour24=self._hour24)
        self.app.push_screen(dialog, put)

    def action_copy(self) -> None:
        """Copy the day to others (AVL-02)."""
        self._set(self.editor.take())
        column, day = self.editor.cursor.column, self.editor.day

        def put(weekdays: list[int] | None) -> None:
            if weekdays:
                columns = [(weekday - self._week_start) % 7 for weekday in weekdays]
                self._set(self.editor.with_days((target, day) for target in columns))

        words = day_words(day, hour24=self._hour24)
        self.app.push_screen(CopyDialog(self._weekday(column), words, self._week_start), put)

    def action_limits(self) -> None:
        """Choose what the block under the cursor is open to (AVL-07)."""
        self._set(self.editor.take())
        column, day = self.editor.cursor.column, self.editor.day
        block = block_at(day, self.editor.cursor.row)
        if block is None:
            self.show_problem("There are no hours under the cursor: go to a block first.")
            return

        def put(limits: Limits | None) -> None:
            if limits is not None:
                changed = block._replace(event_types=limits.event_types, visit_types=limits.visit_types)
                blocks = tuple(changed if other == block else other for other in day)
                self._set(self.editor.with_days([(column, blocks)]))

        hours = shown_hours(hours_of((block,)), hour24=self._hour24)
        self.app.push_screen(LimitsDialog(f"{self._day_name(column)} {hours}", block, self._types), put)

    # Leaving

    def action_leave(self) -> None:
        """Drop the stroke under way, else close; asks once when something would be lost."""
        if self.editor.stroke is not None:
            self._set(self.editor.drop())
        else:
            super().action_leave()

    def action_save(self) -> None:
        """Store the changed days as one step."""
        self._set(self.editor.take())
        if problem := self._too_many():
            column = self.editor.too_many()[0]
            self._set(self.editor.go(Cell(column, self.editor.cursor.row)))
            self.show_problem(problem)
        elif self._stored is not None:
            self._store(self._stored)

    def _store(self, stored: Week) -> None:
        changed = self.editor.changed_from(stored)
        if not changed:
            self.dismiss(None)
            return
        days: dict[int, Sequence[BlockRow]] = {
            self._weekday(column): rows_of(self.editor.week[column], self._weekday(column)) for column in changed
        }
        self.write(partial(availability.set_days, self._database, days, clock=self._clock), self.dismiss)
