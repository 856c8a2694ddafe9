"""Every command: the module it lives in, one line for `--help`, an example. Imports nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable


class Command(NamedTuple):
    """A row of `--help`. `module` is below `couchcal.cli`; its `HANDLERS` has the command's name."""

    module: str
    summary: str
    example: str


class Handler(NamedTuple):
    """What a module offers for a command: its options, and what it does (returns the exit code)."""

    configure: Callable[[ArgumentParser], None]
    run: Callable[[Namespace], int]


COMMANDS = {
    "demo": Command("demo", "a throw-away practice with invented clients", "couchcal demo"),
    "init": Command("init", "set up your practice", "couchcal init --name 'Quiet Room' --tz America/New_York"),
    "agenda": Command("agenda", "what is on the calendar", "couchcal agenda --from mon --to +2w --json"),
    "show": Command("show", "one entry in full", "couchcal show 9e3779b1"),
    "add": Command("add", "book from one line of words", "couchcal add tue 3pm 50m C-0001 90834 weekly"),
    "move": Command("change", "give an entry another time", "couchcal move 9e3779b1 fri 3pm --scope future"),
    "edit": Command("edit", "change fields of an entry", "couchcal edit 9e3779b1 service=90837 modifiers=95"),
    "cancel": Command("change", "cancel, keeping a record", "couchcal cancel 9e3779b1 --type no_show --fee 25.00"),
    "restore": Command("change", "take a cancellation back", "couchcal restore 9e3779b1"),
    "delete": Command("change", "delete for good", "couchcal delete 9e3779b1 --scope future --yes"),
    "repeat": Command("change", "start or stop repeating", "couchcal repeat 9e3779b1 2w --until 2026-12-31"),
    "mark": Command("change", "note, bill and claim states", "couchcal mark 9e3779b1 note-signed"),
    "client": Command("clients", "the clients of the practice", "couchcal client add 'Jane Doe' --phone 555-0100"),
    "availability": Command(
        "availability", "the weekly hours", "couchcal availability set mon-thu 9:00-12:00,13:00-17:00"
    ),
    "event-type": Command(
        "event_types", "what clients can book", "couchcal event-type add Intake --minutes 80 --visit telehealth"
    ),
    "time-off": Command("time_off", "days and hours off", "couchcal time-off add 2026-08-03 2026-08-14"),
    "free": Command("free", "the next free slots", "couchcal free 50 min tue or thu afternoon, next 3 weeks"),
    "request": Command("requests", "what clients ask for", "couchcal request accept r9e3779b1 --start 'tue 15:30'"),
    "find": Command("show", "entries with these words", "couchcal find supervision --json"),
    "import": Command("files", "read .ics files", "couchcal import calendar.ics --calendar Personal"),
    "export": Command("files", "write an .ics file", "couchcal export -o calendar.ics --from today --to +4w"),
    "google": Command("google", "Google Calendar: connect, choose calendars", "couchcal google connect"),
    "waitlist": Command(
        "waitlist", "who waits for a time", "couchcal waitlist add C-0001 --days tue,thu --hours 12-17"
    ),
    "report": Command("reports", "hours, utilisation, missed sessions", "couchcal report --month 2026-03 --csv"),
    "sync": Command("sync", "sync with Google Calendar", "couchcal sync"),
    "worker": Command("worker", "keep in sync without a screen", "couchcal worker --once"),
    "serve": Command("serve", "the booking page for clients", "couchcal serve --port 8080"),
    "link": Command("link", "the address of the booking page, or of your feed", "couchcal link --feed"),
    "mail": Command("mail", "mail to clients and to you", "couchcal mail list --failed"),
    "calls": Command("calls", "whom to remind by telephone", "couchcal calls --from tomorrow --to +3d"),
    "undo": Command("history", "take back the latest change", "couchcal undo"),
    "redo": Command("history", "do again what was undone", "couchcal redo"),
    "backup": Command("backup", "a checked copy of all your data", "couchcal backup /media/usb"),
    "restore-backup": Command(
        "backup", "put a backup in the place of your data", "couchcal restore-backup backups/couchcal-20260302.db"
    ),
    "move-db": Command(
        "move_db",
        "copy everything to another database: a file, or a server",
        "couchcal move-db couchcal.db postgresql+psycopg://couchcal@db.example.com/couchcal",
    ),
    "forget": Command("forget", "remove a client for good", "couchcal forget C-0005"),
    "audit": Command("audit", "who did what, and whether that record is whole", "couchcal audit verify"),
    "settings": Command("settings", "what is set, and setting it", "couchcal settings set theme couchcal-light"),
    "service": Command("catalogue", "services and their codes", "couchcal service list"),
    "modifier": Command("catalogue", "billing modifiers", "couchcal modifier list"),
    "place": Command("catalogue", "places, with their place of service", "couchcal place edit Office pos=10"),
    "room": Command("catalogue", "rooms of a place", "couchcal room add 'Blue room' place=Office"),
    "key": Command("key", "the key of the data: where it is, passphrase, recovery", "couchcal key passphrase"),
    "doctor": Command("doctor", "check keys, files and this terminal", "couchcal doctor"),
    "guide": Command("guide", "the pages of the documentation", "couchcal guide google"),
    "completion": Command("completion", "tab completion for a shell", "couchcal completion bash"),
}
