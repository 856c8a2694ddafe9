"""What the mail screen reads: how mail is set up, what became of letters, and each kind of letter as an example."""

from __future__ import annotations

import os
from contextlib import closing
from datetime import datetime
from typing import Literal, NamedTuple

from couchcal.errors import Refused
from couchcal.mail import ledger, words
from couchcal.mail.ledger import Item
from couchcal.practice import practice_settings
from couchcal.practice.names import client_label
from couchcal.settings import load as load_settings
from couchcal.store.connection import Connection, Database, database_errors

Tone = Literal["good", "warning"]
_MOST = 200


class Standing(NamedTuple):
    """How mail is set up, line by line; `warning` where somebody has to do something before all of it goes out.

    `own` is the practitioner's address for tests, empty if there is none.
    """

    lines: tuple[str, ...]
    tone: Tone
    own: str = ""


class Row(NamedTuple):
    """A letter or reminder, and who it is for as clients are called here."""

    item: Item
    who: str


class Listed(NamedTuple):
    """What became of mail, the newest first; `troubled` counts what did not go out, or may not have."""

    rows: list[Row]
    troubled: int


class Example(NamedTuple):
    """A kind of letter: what it is called, to whom it goes, and all of it as text."""

    kind: str
    title: str
    to: str
    text: str


def standing(database: Database) -> Standing:
    """How mail is set up here. Asks the keyring, which may take its time, and no server."""
    from couchcal.mail import config

    with database_errors(database.path), closing(database.connect()) as connection:
        practice = practice_settings.read(connection)
    settings = load_settings()
    reminders = _reminders(practice.reminders_on, practice.reminder_lead, also_24h=practice.reminder_24h)
    agenda = f"Your day comes at {settings.mail.agenda}." if settings.mail.agenda else ""
    last = " ".join(part for part in (reminders, agenda) if part)
    try:
        found = config.load()
        config.load_text()
    except Refused as error:
        hint = "w asks for it" if error.code == config.NO_PASSWORD else error.hint
        return Standing((_sentence(f"{error.message}: {hint}"), last), "warning", settings.mail.to)
    if found is None:
        return Standing(("Mail is not set up: nothing is sent. Settings (,) have the server.", last), "warning")
    source = " (COUCHCAL_SMTP_URL)" if os.environ.get("COUCHCAL_SMTP_URL") else ""
    signed = f", signed in as {found.user}" if found.user else ""
    way = f"{found.host}, port {found.port}, {_ENCRYPTED[found.security]}{signed}{source}"
    addresses = f"From {found.sender}" + (f", to you at {found.to}" if found.to != found.sender else "")
    if not found.public_url:
        address = "No page address yet (,): no links in letters, and no reminders."
        return Standing((way, addresses, address, last), "warning", found.to)
    return Standing((way, addresses, f"Links begin with {found.public_url}", last), "good", found.to)


_ENCRYPTED = {"starttls": "encrypted (STARTTLS)", "tls": "encrypted (TLS)", "none": "not encrypted"}


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _reminders(on: bool, lead: int, *, also_24h: bool) -> str:
    if not on:
        return "Reminders are off."
    return f"Reminders go out {lead} minutes{' and 24 hours' if also_24h else ''} before."


def listed(database: Database, names: str, *, troubled: bool) -> Listed:
    """What became of letters and reminders; `names` is how clients are called here."""
    with database_errors(database.path), closing(database.connect()) as connection:
        found = ledger.items(connection, troubled=troubled, most=_MOST)
        count = len(found) if troubled else len(ledger.items(connection, troubled=True, most=_MOST))
        called = _called(connection, {item.client_id for item in found if item.client_id is not None}, names)
    return Listed([Row(item, _who(item, called)) for item in found], count)


def _called(connection: Connection, clients: set[int], names: str) -> dict[int, str]:
    found = connection.execute(
        "SELECT id, internal_id, coalesce(nullif(trim(preferred), ''), first), last FROM client"
    )
    return {row[0]: client_label(row[1], row[2], row[3], names) for row in found if row[0] in clients}


def _who(item: Item, called: dict[int, str]) -> str:
    if item.to == "you":
        return "you"
    return called.get(item.client_id, item.to) if item.client_id is not None else item.to


def kind_words(item: Item) -> str:
    """What a letter or reminder is called: its subject."""
    if item.table == "reminder":
        when = " (day before)" if "24h" in item.kind else ""
        return f"{words.REMINDER.subject}{when}{' by text' if item.kind.endswith('_text') else ''}"
    catalogue = words.TO_PRACTITIONER if item.to == "you" else words.TO_CLIENT
    said = catalogue.get(item.kind) or words.TO_CLIENT.get(item.kind)
    return said.subject if said is not None else item.kind


def examples(database: Database, now: datetime) -> list[Example]:
    """Every kind of letter as it would be sent now, of Ada Sample, who is nobody."""
    from contextlib import suppress

    from couchcal.mail import config
    from couchcal.mail.preview import KINDS, example_config, preview

    found = None
    with suppress(Refused):  # a password is not needed to look
        found = config.load()
    setting = found or example_config()
    made = []
    with database_errors(database.path), closing(database.connect()) as connection:
        for kind in KINDS:
            message = preview(connection, kind, setting, now)
            body = message.get_body(("plain",))
            text = str(body.get_content()).replace("\r\n", "\n") if body is not None else ""
            attached = [part.get_filename() or "" for part in message.iter_attachments()]
            header = [f"{name}: {message[name]}" for name in ("From", "To", "Subject")]
            header += [f"Attached: {', '.join(attached)}"] if attached else []
            to = "to you" if kind.endswith("_to_you") else "to the client"
            made.append(Example(kind, str(message["Subject"]), to, "\n".join((*header, "", text))))
    return made
