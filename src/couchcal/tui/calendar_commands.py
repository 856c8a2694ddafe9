"""Commands about days and entries: going about, views, appointments."""

from __future__ import annotations

from couchcal.tui.command import Command


class CursorLeft(Command):
    """A day back."""

    keys, label, group, palette = "h,left", "Left", "Go", False


class CursorDown(Command):
    """Later; in the month a week on."""

    keys, label, group, palette = "j,down", "Down", "Go", False


class CursorUp(Command):
    """Earlier; in the month a week back."""

    keys, label, group, palette = "k,up", "Up", "Go", False


class CursorRight(Command):
    """A day on."""

    keys, label, group, palette = "l,right", "Right", "Go", False


class PreviousPeriod(Command):
    """The day, week or month before."""

    keys, label, group = "H,pageup", "Previous", "Go"


class NextPeriod(Command):
    """The next day, week or month."""

    keys, label, group = "L,pagedown", "Next", "Go"


class NextEntry(Command):
    """To the next entry."""

    keys, label, group = "tab", "Next entry", "Go"


class PreviousEntry(Command):
    """To the entry before."""

    keys, label, group = "shift+tab", "Previous entry", "Go"


class Today(Command):
    """To today and now."""

    keys, label, group, footer = "t", "Today", "Go", 9


class GoToDate(Command):
    """To a date in your own words: "fri", "3 mar", "+2w"."""

    keys, label, group, footer = "g", "Go to", "Go", 8


class JumpToEntry(Command):
    """A letter on every entry in sight; press it to go there."""

    keys, label, group = "f", "Jump", "Go"


class NextConflict(Command):
    """To the next entry that overlaps another."""

    keys, label, group = "c", "Next conflict", "Go"


class Search(Command):
    """Find an entry by client, title, service or id."""

    keys, label, group, footer = "slash", "Search", "Go", 7


class WaysOut(Command):
    """Free times near the overlapping entry under the cursor; choosing one moves it there."""

    keys, label, group = "w", "Resolve overlap", "Go"


class DayView(Command):
    """One day."""

    keys, label, group = "1", "Day", "View"


class WeekView(Command):
    """A week; three days where there is no room for seven."""

    keys, label, group = "2", "Week", "View"


class MonthView(Command):
    """Six weeks."""

    keys, label, group = "3", "Month", "View"


class AgendaView(Command):
    """A list, with the free time between."""

    keys, label, group = "4", "Agenda", "View"


class Zoom(Command):
    """Rows of 30, 60 or 15 minutes."""

    keys, label, group = "z", "Zoom", "View"


class ToggleSidebar(Command):
    """Show or hide the month and the details."""

    keys, label, group = "b", "Sidebar", "View"


class SecondZone(Command):
    """Show or hide the second time zone beside the hours."""

    keys, label, group = "Z", "Second zone", "View"


class Privacy(Command):
    """Ids instead of names, everywhere on screen."""

    keys, label, group = "asterisk", "Privacy", "View"


class New(Command):
    """A new appointment at the cursor."""

    keys, label, group, footer = "n", "New", "Appointments", 1


class QuickAdd(Command):
    """Book with one line: "tue 3pm jane 90837 weekly"."""

    keys, label, group, footer = "a", "Add", "Appointments", 2


class Open(Command):
    """Open the entry under the cursor; on an empty place a new one."""

    keys, label, group = "enter", "Open", "Appointments"


class Edit(Command):
    """Change the entry's details."""

    keys, label, group, footer = "e", "Edit", "Appointments", 3


class EditTimes(Command):
    """Change start and end only, also of a session whose note is signed."""

    keys, label, group = "T", "Edit times", "Appointments"


class Reschedule(Command):
    """Pick the entry up and move it with the cursor keys."""

    keys, label, group, footer = "m", "Move", "Appointments", 4


class ApplyToFuture(Command):
    """Repeat the last move for all future sessions of the series."""

    keys, label, group = "M", "Move all future too", "Appointments"


class TellClient(Command):
    """Tell the client of the session that was just moved, by e-mail."""

    keys, label, group = "i", "Inform of the move", "Appointments"


class CancelSession(Command):
    """Cancel the session; it stays on the calendar, marked."""

    keys, label, group, footer = "x", "Cancel", "Appointments", 5


class Restore(Command):
    """Take a cancellation back."""

    keys, label, group = "U", "Uncancel", "Appointments"


class Delete(Command):
    """Delete the entry, after asking."""

    keys, label, group = "D,delete", "Delete", "Appointments"


class Copy(Command):
    """Remember the entry, to paste it elsewhere."""

    keys, label, group = "y", "Copy", "Appointments"


class Paste(Command):
    """Book the copied entry at the cursor."""

    keys, label, group = "p", "Paste", "Appointments"


class Duplicate(Command):
    """A new appointment with all details of this one, to be given its own time."""

    keys, label, group = "Y", "Duplicate", "Appointments"


class FindTime(Command):
    """Free times in your own words: "50 min tue or thu afternoon next 3 weeks"; choosing one books it."""

    keys, label, group = "F", "Find a time", "Appointments"


CALENDAR_COMMANDS: tuple[type[Command], ...] = (
    CursorLeft, CursorDown, CursorUp, CursorRight, PreviousPeriod, NextPeriod, NextEntry, PreviousEntry,
    JumpToEntry, Today, GoToDate, NextConflict, WaysOut, Search,
    DayView, WeekView, MonthView, AgendaView, Zoom, ToggleSidebar, SecondZone, Privacy,
    New, QuickAdd, Open, Edit, EditTimes, Reschedule, ApplyToFuture, TellClient, CancelSession, Restore,
    Delete, Copy, Paste, Duplicate, FindTime,
)  # fmt: skip
"""In the order of help."""
