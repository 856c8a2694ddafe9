"""Commands that lead to the screens of the practice, and those of the program itself."""

from __future__ import annotations

from couchcal.tui.command import Command


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


class Calls(Command):
    """Whom to remind of today's and tomorrow's sessions by telephone, with their numbers."""

    keys, label, group = "P", "To call", "Practice"


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


PLACE_COMMANDS: tuple[type[Command], ...] = (
    Requests, Clients, Waiting, Availability, EventTypes, TimeOff, BookingLink, Services, Reports,
    Mail, Calls, Sync,
    Undo, Redo, Preferences, AuditTrail, Lock, Help, Quit,
)  # fmt: skip
"""In the order of help."""
