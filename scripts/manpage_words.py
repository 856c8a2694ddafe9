"""What the manual page says around the commands.

Paragraphs are parted by empty lines. A line `TERM<tab>meaning` is an item of a list, an indented line an example.
"""

from __future__ import annotations

from couchcal import errors
from couchcal.cli import main


def _items(rows: dict[str, str]) -> str:
    return "\n".join(f"{term}\t{meaning}" for term, meaning in rows.items())


COMMON = frozenset({"db", "json", "names"})
"""Arguments that many commands share; explained once."""

BEFORE = {
    "NAME": "couchcal - the calendar a solo practitioner keeps open in a terminal",
    "SYNOPSIS": """
couchcal [--db PATH]

couchcal [--db PATH] COMMAND [ARGUMENT ...]
""",
    "DESCRIPTION": """
couchcal is a calendar and appointment book for a practice of one: a therapist, a counsellor, a coach.
Without a command it opens the calendar, or prints today's agenda where there is no terminal.
In the calendar, ? shows every key.

All data is in one SQLite file on this computer, encrypted unless you choose otherwise.
Appointments can be synced with Google Calendar, and clients can book on a page that couchcal serve offers.

A change is one step that couchcal undo takes back; what cannot be taken back asks first.
""",
    "COMMON OPTIONS": _items(
        {
            "--db PATH": "The database, a path or postgresql://USER@HOST/NAME. May stand before or after the "
            "command. "
            "Default: COUCHCAL_DATABASE_URL, else couchcal.db in the data directory.",
            "--json": "Print JSON, with stable names. An error is an object with code, message and hint.",
            "--names MODE": "How clients are called in what is printed: id, initials, first or full. "
            "Default: the setting, at first id.",
            "-h, --help": "Of the program, of a command or of its action: what it takes, with an example.",
            "-V, --version": "Print the version.",
        }
    ),
    "COMMANDS": """
Days are written 2026-03-02, today, mon or +2w; times 15:30 or 3pm; lengths 50 or 50m.
An ID is one of couchcal agenda, or its unique beginning.
""",
}

_EXAMPLES = """
Have a look, with invented clients:

  couchcal demo

Set up, take over another calendar, open it:

  couchcal init
  couchcal import calendar.ics
  couchcal

Book every week, and move all of it from next Friday on:

  couchcal add tue 3pm 50m C-0001 90834 weekly
  couchcal move 9e3779b1 fri 10:00 --scope future

Find a time:

  couchcal free 50 min tue or thu afternoon in the next 3 weeks

The coming week for another program:

  couchcal agenda --from today --to +1w --json

A backup, and the same calendar from it:

  couchcal backup /media/usb
  couchcal restore-backup /media/usb/couchcal-20260302.db

The practice onto a server, for a calendar on several computers:

  couchcal move-db couchcal.db postgresql://couchcal@db.example.com/couchcal
"""

ENVIRONMENT = {
    "COUCHCAL_HOME": "A directory for everything: config.toml, the database, its key file. "
    "Default: the platform's directories.",
    "COUCHCAL_DATABASE_URL": "The database, a path or postgresql://USER@HOST/NAME, where --db is not given.",
    "COUCHCAL_PASSPHRASE": "Answers where a passphrase or recovery code would be asked for.",
    "COUCHCAL_KEY_FILE": "The file with the key, 64 hexadecimal digits, mode 0600. It wins over the keyring.",
    "CREDENTIALS_DIRECTORY": "Set by systemd for services; couchcal-key in it is a key file.",
    "COUCHCAL_GOOGLE_CLIENT_SECRETS": "The file of the OAuth client for Google Calendar.",
    "COUCHCAL_GOOGLE_API_URL": "Another address of the calendar API; https, or this computer.",
    "COUCHCAL_SMTP_URL": "The mail server with its password, smtps://user:password@host:port. "
    "It wins over the settings.",
    "COUCHCAL_TEXT_TOKEN": "The token of the gateway for text messages. It wins over the keyring.",
    "COUCHCAL_NOW": "An instant such as 2026-03-02T09:00:00+00:00 that is taken for the present, "
    "for demonstrations and tests.",
    "COUCHCAL_DEBUG": "1 shows where an unexpected error came from. What it shows may hold clients' data.",
    "TZ": "The time zone offered by init, and that of the demonstration.",
    "LC_ALL, LC_TIME, LANG": "How days such as 3/4 are read and written; UTF-8 there allows box characters.",
    "NO_COLOR": "Not empty: no colours in what is printed.",
}
"""What the program reads, in the order in which it matters."""

EXITS = {
    0: "Done.",
    errors.EXIT_REFUSED: "Refused: a rule, a conflict, nothing found, or an error of the system.",
    errors.EXIT_USAGE: "The command line does not fit the command.",
    errors.EXIT_NEEDS_SIGN_IN: "Google wants a new sign-in: couchcal google connect.",
    errors.EXIT_REMOTE: "Google or the mail server did not answer, or not yet; it is tried again.",
    errors.EXIT_PAUSED: "Syncing is paused.",
    errors.EXIT_DATABASE: "The database is busy, locked, damaged, or of a newer couchcal.",
    main.INTERRUPTED: "Stopped by ctrl+c.",
    main.CLOSED_PIPE: "The reader of the output went away.",
}


AFTER = {
    "EXIT STATUS": _items({str(code): meaning for code, meaning in sorted(EXITS.items())}),
    "ENVIRONMENT": _items(ENVIRONMENT),
    "FILES": """
Where the XDG base directories are used. On macOS both are ~/Library/Application Support/couchcal; COUCHCAL_HOME
changes both anywhere. All files are readable by you alone.

"""
    + _items(
        {
            "~/.config/couchcal/config.toml": "Settings of this screen; couchcal settings lists them.",
            "~/.local/share/couchcal/couchcal.db": "The database.",
            "~/.local/share/couchcal/couchcal.db.key": "Says where its key is; the database needs it.",
            "~/.local/share/couchcal/couchcal.db.audit": "How far the audit trail got; shows an old copy.",
            "~/.local/share/couchcal/view": "What the calendar showed last.",
            "~/.local/share/couchcal/backups/": "Backups, each with its key file.",
        }
    ),
    "EXAMPLES": _EXAMPLES,
    "SEE ALSO": """
The folder docs of the sources: installing, settings, security, Google Calendar, the booking page, mail, feeds,
working in the background.
""",
}
