"""docs/reference/keys.md: the keys of the calendar and of each screen, from their tables."""

from __future__ import annotations

from importlib import import_module

from textual.binding import Binding
from textual.dom import DOMNode

from couchcal.tui.command import display
from couchcal.tui.commands import COMMANDS
from couchcal.tui.grab_help import GRAB_HELP
from scripts.reference.markdown import code, document, prose, table

_SCREENS = {
    "The form of an appointment": ("forms.appointment.AppointmentForm", "new"),
    "Quick add": ("forms.quick_add.QuickAdd", "quick-add"),
    "Ways out of an overlap": ("calendar.ways_out.WaysOut", "ways-out"),
    "Requests": ("screens.requests.RequestsScreen", "requests"),
    "Clients": ("screens.clients.ClientsScreen", "clients"),
    "A client's record": ("screens.client_record.ClientRecordScreen", "clients"),
    "Waitlist": ("screens.waitlist.WaitlistScreen", "waiting"),
    "Weekly hours": ("screens.availability.AvailabilityScreen", "availability"),
    "Event types": ("screens.event_types.EventTypesScreen", "event-types"),
    "Time off": ("screens.time_off.TimeOffScreen", "time-off"),
    "Booking link": ("forms.link.LinkDialog", "booking-link"),
    "Services, modifiers, places, rooms": ("screens.services.ServicesScreen", "services"),
    "Reports": ("screens.reports.ReportsScreen", "reports"),
    "Mail": ("screens.mail.MailScreen", "mail"),
    "Google Calendar": ("screens.sync.SyncScreen", "sync"),
    "Settings": ("screens.preferences.PreferencesScreen", "preferences"),
    "Audit trail": ("screens.audit.AuditScreen", "audit-trail"),
}
"""Each screen with keys of its own, and the command of the calendar that leads there."""
_INTRO = """
`?` shows the keys as they are for you, and filters them as you type. `Ctrl+P` finds a command by its name. The
last column is the name of the command in `[keys]` of `config.toml`, which gives it other keys
([Settings](../settings.md#keys)).
"""
_EVERYWHERE = (
    ("`Esc`", "close; a form in which something was typed asks once"),
    ("`Ctrl+S`", "save, in every form"),
    ("`Tab` `Shift+Tab`", "the next field, the one before"),
    ("`j` `k` `↓` `↑`", "up and down a list"),
    ("`Enter`", "open, choose"),
    ("`Ctrl+Q`", "leave the program from anywhere"),
)
_MOUSE = (
    ("click on an entry", "the cursor goes there, its details are shown; a double click opens it"),
    ("click on an empty place", "the cursor goes there; a second click begins a new appointment"),
    ("drag a block", "moves it; held at the left or right edge it turns the page; `Esc` puts it back"),
    ("drag its lower edge", "changes its length"),
    ("click on a day of the small month", "goes there"),
    ("wheel", "scrolls"),
)


def page() -> str:
    """The whole page."""
    keys = {command.id(): " ".join(code(display(key)) for key in command.keys.split(",")) for command in COMMANDS}
    sections = ["## On the calendar"]
    for group in dict.fromkeys(command.group for command in COMMANDS):
        rows = [(keys[c.id()], prose(c.help()), code(c.id())) for c in COMMANDS if c.group == group]
        sections += [f"### {group}", table(("key", "what it does", "name"), rows)]
    sections += [
        "## While moving an entry",
        "After `m`. Nothing is stored before it is dropped.",
        table(("key", "what it does"), ((_split(shown), prose(label)) for shown, label in GRAB_HELP)),
        "## With the mouse",
        table(("", "what it does"), _MOUSE),
        "## In every list and form",
        table(("key", "what it does"), _EVERYWHERE),
        "## On each screen",
    ]
    for title, (path, name) in _SCREENS.items():
        sections += [
            f"### {title}",
            f"From the calendar: {keys[name]}.",
            table(("key", "what it does"), _rows(path)),
        ]
    return document("Keys", _INTRO, *sections)


def screen_classes() -> list[type[DOMNode]]:
    """The classes of the screens on the page."""
    return [_screen(path) for path, _ in _SCREENS.values()]


def _screen(path: str) -> type[DOMNode]:
    module, _, name = path.rpartition(".")
    found: type[DOMNode] = getattr(import_module(f"couchcal.tui.{module}"), name)
    return found


def _rows(path: str) -> list[tuple[str, str]]:
    """The keys of a screen that have a label, those of its own class before those it inherits; Esc is told once."""
    labels: dict[str, str] = {}
    for cls in _screen(path).__mro__:
        if not cls.__module__.startswith("couchcal."):
            continue
        for binding in cls.__dict__.get("BINDINGS", ()):
            if isinstance(binding, Binding) and binding.description and binding.key not in ("escape", *labels):
                labels[binding.key] = binding.description
    keys: dict[str, list[str]] = {}
    for key, label in labels.items():
        keys.setdefault(label.lstrip("0123456789 "), []).extend(code(display(one)) for one in key.split(","))
    return [(" ".join(shown), prose(label)) for label, shown in keys.items()]


def _split(keys: str) -> str:
    return " ".join(code(key) for key in keys.split())
