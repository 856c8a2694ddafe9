"""Every command once: keys, label, help group, footer, palette entry and the name that `[keys]` remaps.

The screen's method for `GoToDate` is `action_go_to_date`; its name in settings is `go-to-date`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial
from typing import ClassVar, NamedTuple

from textual.binding import Binding, InvalidBinding
from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.types import IgnoreReturnCallbackType

_WORD = r"(?<!^)(?=[A-Z])"
_KEY_NAMES = {
    "question_mark": "?", "slash": "/", "asterisk": "*", "escape": "Esc", "enter": "Enter", "delete": "Del",
    "left": "←", "right": "→", "up": "↑", "down": "↓", "pageup": "PgUp", "pagedown": "PgDn", "tab": "Tab",
    "shift+tab": "Shift+Tab", "full_stop": ".", "comma": ",", "plus": "+", "minus": "-", "equals_sign": "=",
    "at": "@", "less_than_sign": "<", "greater_than_sign": ">", "space": "Space",
}  # fmt: skip


class Command:
    """Something the user can do. The docstring of a subclass is what palette and help say of it."""

    keys: ClassVar[str]
    """Textual key names or characters, separated by commas."""
    label: ClassVar[str]
    group: ClassVar[str]
    footer: ClassVar[int] = 0
    """Rank in the status line, 1 first; 0 is not there."""
    palette: ClassVar[bool] = True

    @classmethod
    @cache
    def id(cls) -> str:
        """The name in `[keys]` of the settings: the class name in kebab case."""
        return re.sub(_WORD, "-", cls.__name__).lower()

    @classmethod
    def action(cls) -> str:
        """The action: `action_<name>` is the method that does it."""
        return cls.id().replace("-", "_")

    @classmethod
    def help(cls) -> str:
        """One sentence on what it does."""
        return (cls.__doc__ or cls.label).strip().splitlines()[0].rstrip(".")


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


class Undo(Command):
    """Take the last change back."""

    keys, label, group, footer = "u", "Undo", "Program", 6


class Redo(Command):
    """Do again what was undone."""

    keys, label, group = "ctrl+r", "Redo", "Program"


class Requests(Command):
    """What clients ask for: accept, decline, and what became of the others."""

    keys, label, group = "r", "Requests", "Practice"


class Clients(Command):
    """The list of clients."""

    keys, label, group = "C", "Clients", "Practice"


class Waiting(Command):
    """Clients who wait for a time."""

    keys, label, group = "W", "Waitlist", "Practice"


class Availability(Command):
    """Weekly hours in which clients can book."""

    keys, label, group = "A", "Availability", "Practice"


class EventTypes(Command):
    """What clients can book: title, length, visit type."""

    keys, label, group = "E", "Event types", "Practice"


class TimeOff(Command):
    """Days and hours off."""

    keys, label, group = "O", "Time off", "Practice"


class Services(Command):
    """Services, modifiers, places and rooms."""

    keys, label, group = "V", "Services and places", "Practice"


class BookingLink(Command):
    """The link that clients book at, its QR code, and your calendar as a feed."""

    keys, label, group = "B", "Booking link", "Practice"


class Reports(Command):
    """Hours by service, utilisation, late cancels and no-shows, sessions per week."""

    keys, label, group = "R", "Reports", "Practice"


class Mail(Command):
    """Letters: how mail is set up, a test, each kind to look at, and what did not go out."""

    keys, label, group = "at", "Mail", "Practice"


class Sync(Command):
    """Google Calendar: connect, choose calendars and what leaves, see how the sync is."""

    keys, label, group = "S", "Google Calendar", "Practice"


class Preferences(Command):
    """Settings of this program and of the practice."""

    keys, label, group = "comma", "Settings", "Program"


class AuditTrail(Command):
    """Who did what and when, and whether that record is whole."""

    keys, label, group = "ctrl+t", "Audit trail", "Program"


class Lock(Command):
    """Hide everything until the passphrase is given; what you were typing stays."""

    keys, label, group = "ctrl+l", "Lock", "Program"


class Help(Command):
    """All keys."""

    keys, label, group, footer = "question_mark", "Keys", "Program", 10


class Quit(Command):
    """Leave; everything is saved already."""

    keys, label, group = "q", "Quit", "Program"


COMMANDS: tuple[type[Command], ...] = (
    CursorLeft, CursorDown, CursorUp, CursorRight, PreviousPeriod, NextPeriod, NextEntry, PreviousEntry,
    JumpToEntry, Today, GoToDate, NextConflict, WaysOut, Search,
    DayView, WeekView, MonthView, AgendaView, Zoom, ToggleSidebar, SecondZone, Privacy,
    New, QuickAdd, Open, Edit, EditTimes, Reschedule, ApplyToFuture, CancelSession, Restore, Delete, Copy, Paste,
    Duplicate, FindTime,
    Requests, Clients, Waiting, Availability, EventTypes, TimeOff, BookingLink, Services, Reports,
    Mail, Sync,
    Undo, Redo, Preferences, AuditTrail, Lock, Help, Quit,
)  # fmt: skip


class Keymap(NamedTuple):
    """Keys by command id, and what was wrong with the settings."""

    keys: Mapping[str, str]
    problems: tuple[str, ...]

    @property
    def remapped(self) -> dict[str, str]:
        """Only the commands whose keys are not the default ones: Textual walks the whole map on every key."""
        return {
            command.id(): self.keys[command.id()]
            for command in COMMANDS
            if self.keys[command.id()] != _normal(command.keys)
        }

    def shown_first(self, name: str) -> str:
        """The first key of a command, by its id."""
        return display(self.keys[name].split(",")[0])

    def shown(self, command: type[Command]) -> str:
        """The command's keys as people read them."""
        return " ".join(display(key) for key in self.keys[command.id()].split(","))


def keymap(overrides: Mapping[str, str], where: Callable[[str], str] = lambda _name: "keys") -> Keymap:
    """The default keys with the remaps of the settings. A remap that names no command or no key, or takes a
    key that another command has, is left out and reported; `where` says where the settings have it."""
    keys = {command.id(): _normal(command.keys) for command in COMMANDS}
    problems: list[str] = []
    wanted: dict[str, str] = {}
    for name, text in overrides.items():
        if name not in keys:
            problems.append(f"{where(name)}: there is no command '{name}'{_nearest(name, keys)}")
            continue
        try:
            wanted[name] = _normal(text)
        except InvalidBinding:
            problems.append(f"{where(name)}: '{text}' is no key for {name}")
    taken = {key: name for name, text in keys.items() if name not in wanted for key in text.split(",")}
    for name, text in wanted.items():
        clash = next((key for key in text.split(",") if key in taken), None)
        if clash is not None:
            other = taken[clash]
            problems.append(f"{where(name)}: {display(clash)} for {name} belongs to {other}; remap that one too")
            text = ",".join(key for key in keys[name].split(",") if key not in taken) or keys[name]
        keys[name] = text
        taken.update(dict.fromkeys(filter(None, text.split(",")), name))
    return Keymap(keys, tuple(problems))


def bindings(commands: Iterable[type[Command]] = COMMANDS) -> list[Binding]:
    """The commands as bindings with their ids, for `App.set_keymap`."""
    return [
        Binding(command.keys, command.action(), command.label, show=bool(command.footer), id=command.id())
        for command in commands
    ]


def display(key: str) -> str:
    """A key as it is printed on the keyboard."""
    if key in _KEY_NAMES:
        return _KEY_NAMES[key]
    return key.replace("ctrl+", "Ctrl+").replace("shift+", "Shift+")


@cache
def _normal(text: str) -> str:
    """Keys by their Textual names."""
    return ",".join(binding.key for binding in Binding.make_bindings([Binding(text, "none")]))


def _nearest(name: str, known: Iterable[str]) -> str:
    import difflib

    close = difflib.get_close_matches(name, list(known), 1)
    return f"; did you mean '{close[0]}'?" if close else ""


class CalendarCommands(Provider):
    """The commands in the palette."""

    async def discover(self) -> Hits:
        for command in self._commands():
            yield DiscoveryHit(self._title(command), self._run(command), help=command.help())

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for command in self._commands():
            score = max(matcher.match(command.label), matcher.match(command.help()) * 0.8)
            if score > 0:
                yield Hit(score, matcher.highlight(self._title(command)), self._run(command), help=command.help())

    def _commands(self) -> list[type[Command]]:
        return [command for command in COMMANDS if command.palette]

    def _title(self, command: type[Command]) -> str:
        keys = getattr(self.app, "keys", None)
        key = keys.shown_first(command.id()) if isinstance(keys, Keymap) else display(command.keys.split(",")[0])
        return f"{command.label}  ({key})"

    def _run(self, command: type[Command]) -> IgnoreReturnCallbackType:
        return partial(self.screen.run_action, command.action())
