"""docs/reference/settings.md: every setting, what it may hold and what holds while it is not set."""

from __future__ import annotations

from couchcal.practice import practice_setting_values as values
from couchcal.practice.practice_settings import PracticeSettings
from couchcal.settings_keys import KEYS, Key
from couchcal.settings_tables import TABLE_KEYS
from scripts.manpage_words import ENVIRONMENT
from scripts.reference.markdown import code, document, prose, table

_INTRO = """
Every setting, as the program has it. [Settings](../settings.md) tells how they are changed, and what belongs to
what.
"""
_MANY = 8
"""From how many words to choose from on the first and the last say enough."""
ALLOWED = {
    "second_time_zone": "an IANA name such as `Europe/Paris`",
    "calendar_file": "the full path of a file that ends in `.ics`",
    "mail.host": "a name such as `smtp.example.org`",
    "mail.port": "1 to 65535",
    "mail.user": "text",
    "mail.from": "a plain address",
    "mail.to": "a plain address",
    "mail.public_url": "an address that begins with `https://`, or is on this computer",
    "mail.agenda": "a time of day such as `07:00`",
    "mail.wait": "0 to 600",
    "text.url": "an address; https, or this computer",
    "text.account": "text",
    "text.from": "a number such as `+12125550100`",
    "text.reminder": "up to 200 characters with `{link}` in them",
    "backup.copy_to": "the full path of a folder",
    "practice.slug": "small letters, digits, single dashes",
    "practice.tz": "an IANA name",
    "practice.telehealth_template": "a link; `{token}` in it becomes a room for each session",
    "practice.telehealth_modifier": "two letters or digits",
    "practice.google_title": "up to 60 characters; `{name}` in it becomes the client",
    "practice.practitioner_npi": "ten digits with a right check digit",
}
"""What may be typed where there is nothing to choose from and not every text will do."""
_UNITS = {"min_notice_min": "minutes", "window_days": "days", "cancel_notice_h": "hours"}
_GOOGLE = (
    (
        "`client_secrets`",
        "the file of the OAuth client",
        "a path; a relative one is beside config.toml",
        "client_secret.json",
    ),
    ("`api_url`", "the address of the API", "https, or this computer", "Google's"),
)
_TABLES = {
    "mail": "How mail goes out ([Mail](../mail.md)).",
    "text": "A gateway for text messages ([Mail](../mail.md#text-messages)).",
    "booking": "How this computer serves the booking page ([The booking page](../booking.md)).",
    "backup": "One more place for the nightly backup ([Backups](../backups.md)).",
}
_HEAD = ("key", "what it is for", "allowed", "while it is not set")


def page() -> str:
    """The whole page."""
    sections = [
        "## This computer: config.toml",
        "On the command line by their names: `couchcal settings set theme couchcal-light`. Those in tables have "
        "the table's name before "
        "them: `couchcal settings set mail.host smtp.example.org`.",
        table(_HEAD, (_row(key, name) for name, key in KEYS.items())),
        "### [keys]",
        "The name of any command of the calendar, and its keys with commas between: [Keys](keys.md) has the names.",
        "### [google]",
        table(_HEAD, _GOOGLE),
    ]
    for name in dict.fromkeys(full.partition(".")[0] for full in TABLE_KEYS):
        rows = (
            _row(key, full.partition(".")[2]) for full, key in TABLE_KEYS.items() if full.startswith(f"{name}.")
        )
        sections += [f"### [{name}]", _TABLES[name], table(_HEAD, rows)]
    first = _at_first()
    sections += [
        "## The practice",
        "In the database, for every computer that opens it: `couchcal settings set practice.slug quiet-room`.",
        table(
            ("key", "what it is for", "allowed", "at first"), (_practice_row(name, first) for name in values.LABELS)
        ),
        "## The environment",
        table(("variable", "what it does"), ((code(name), prose(words)) for name, words in ENVIRONMENT.items())),
    ]
    return document("Every setting", _INTRO, *sections)


def _row(key: Key, name: str) -> tuple[str, str, str, str]:
    return code(name), prose(key.about), _words(key.words) or ALLOWED[key.name], prose(key.unset)


def _words(words: tuple[str, ...]) -> str:
    if len(words) > _MANY:
        return f"{code(words[0])} to {code(words[-1])}"
    return ", ".join(map(code, words))


def _practice_row(name: str, first: PracticeSettings) -> tuple[str, str, str, str]:
    about = f"{values.LABELS[name]}: {values.ABOUT[name]}".rstrip(": ")
    if name in values.TRUTHS:
        allowed = "`on`, `off`"
    elif name in values.RANGES:
        low, high = values.RANGES[name]
        none = values.NONE_WORDS.get(name)
        lowest = max(low, 1) if none else low
        allowed = f"{_UNITS.get(name, '')} from {lowest} to {high}".strip() + (f", or `{none}`" if none else "")
    else:
        words = tuple(values.to_text(name, word) for word in values.WORDS.get(name, ()))
        allowed = _words(words) or ALLOWED.get(f"practice.{name}", "text")
    at_first = "asked for" if name == "tz" else prose(values.to_text(name, getattr(first, name)))
    return code(f"practice.{name}"), prose(about), allowed, at_first or values.NONE_WORDS.get(name, "nothing")


def _at_first() -> PracticeSettings:
    """What a new practice has."""
    import tempfile
    from contextlib import closing
    from pathlib import Path

    from couchcal.practice import practice_settings
    from couchcal.practice.opening import create_practice

    with tempfile.TemporaryDirectory() as folder:
        database = create_practice(Path(folder) / "couchcal.db", name="", tz="UTC", encrypt=False).database
        try:
            with closing(database.connect()) as connection:
                return practice_settings.read(connection)
        finally:
            database.dispose()
