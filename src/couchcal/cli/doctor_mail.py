"""What `couchcal doctor` says of mail, reminders and text messages. Asks no server: `couchcal mail test` does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from couchcal.cli.doctor_patient import Finding
from couchcal.clock import system_clock
from couchcal.errors import Refused
from couchcal.mail import config, ledger
from couchcal.mail.reminder_plan import wanted
from couchcal.settings_mail import is_local
from couchcal.store.connection import Connection

LATE = timedelta(hours=1)
"""A letter that is due for so long is worth a word."""


def findings(connection: Connection) -> Iterator[Finding]:
    """How mail is set up, and whether any does not go out."""
    try:
        found = config.load()
        texts = config.load_text()
    except Refused as error:
        yield Finding("mail", "fail", error.message, error.hint)
        return
    if found is None:
        yield Finding("mail", "ok", "not set up: nothing is sent")
    elif found.security == "none" and not is_local(found.host):
        yield Finding("mail", "warn", "mail travels in the clear", "set security to starttls or tls in [mail]")
    else:
        yield Finding("mail", "ok", f"{found.host}, port {found.port}, {found.security}")
    if wanted(connection) and (found is None or not found.public_url):
        missing = "mail is not set up" if found is None else "public_url of [mail] is not set"
        yield Finding("reminders", "warn", f"reminders are on, but {missing}", config.GUIDE)
    if texts is not None:
        yield Finding("text", "ok", "a text gateway is set up")
    counts = ledger.counts(connection, system_clock(), LATE)
    if found is not None and counts.late:
        why = f": {counts.trouble}" if counts.trouble else ""
        yield Finding("outbox", "warn", f"{counts.late} letters wait too long{why}", "couchcal worker sends them")
    if counts.failed or counts.unknown:
        yield Finding(
            "outbox",
            "warn",
            f"{counts.failed} letters failed, {counts.unknown} unknown",
            "couchcal mail list --failed",
        )
