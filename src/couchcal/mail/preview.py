"""Mail as it would look, and a test of the way it takes: about an appointment of Ada Sample, who is nobody."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from email.message import EmailMessage
from uuid import uuid4

from couchcal.errors import NotFound
from couchcal.mail import facts, reminders, words
from couchcal.mail.compose import compose
from couchcal.mail.config import MailConfig
from couchcal.mail.facts import Letter
from couchcal.mail.links import UNSUBSCRIBE, link
from couchcal.mail.message import Envelope, Page, build
from couchcal.mail.transport import Transport
from couchcal.practice.names import client_label
from couchcal.store.connection import Connection

REMINDER = "reminder"
KINDS = (*words.TO_CLIENT, *(f"{kind}_to_you" for kind in words.TO_PRACTITIONER), REMINDER)
"""Every kind there is; those with `_to_you` are for the practitioner."""
SITE = "https://book.example.org"
_SOMEBODY = "ada@example.org"
_FIRST, _LAST, _INTERNAL_ID = "Ada", "Sample", "C-0000"
_TOKEN = "example"  # noqa: S105  opens nothing


def example_config() -> MailConfig:
    """What a preview is made with where mail is not set up."""
    return MailConfig("", 0, "none", "", "", "office@example.org", "you@example.org", SITE, minimal=False)


def preview(connection: Connection, kind: str, config: MailConfig, now: datetime) -> EmailMessage:
    """A mail of one of `KINDS` as it would be sent now; to the practitioner the example is called as clients are.

    Raises:
        NotFound: there is no such kind.
    """
    if kind not in KINDS:
        raise NotFound(f"there is no mail called '{kind}'", f"they are {', '.join(KINDS)}")
    public_url = config.public_url or SITE
    if kind == REMINDER:
        stop = link(public_url, UNSUBSCRIBE, _TOKEN)
        label = facts.house(connection).label
        envelope = Envelope(config.sender, label, _SOMEBODY, "<preview@couchcal>", now, reminders.one_click(stop))
        return build(reminders.page(public_url, stop), envelope)
    practitioner = kind.endswith("_to_you")
    practice = facts.house(connection)
    called = client_label(_INTERNAL_ID, _FIRST, _LAST, practice.identifier_mode)
    start = (now + timedelta(days=3)).replace(minute=0, second=0)
    payload = {
        "uid": "preview@couchcal", "sequence": 1, "start": start.isoformat(), "day": now.date().isoformat(),
        "end": (start + timedelta(minutes=50)).isoformat(), "tz": practice.tz,
        "visit_type": "in_person",
    }  # fmt: skip
    if kind in ("rescheduled", "moved_by_client_to_you"):
        payload["was"] = (start - timedelta(days=1)).isoformat()
    letter = Letter(
        0, kind.removesuffix("_to_you"), _SOMEBODY, None, practitioner, None, 1, json.dumps(payload),
        "<preview@couchcal>", now,
    )  # fmt: skip
    code = "123456" if kind == "sign_in" else ""
    config = config._replace(public_url=public_url)
    return compose(connection, letter, config, token=_TOKEN, code=code, called=called, now=now).message


def send_trial(config: MailConfig, label: str, recipient: str, now: datetime) -> str:
    """Send a mail that says that mail goes out; what the server answers.

    Args:
        label: the practice's name for the sender.
        recipient: an address as `addresses.on_the_wire` gives it.

    Raises:
        Trouble: it did not go out, or that is not known.
    """
    message_id = f"<{uuid4()}@{config.sender.rpartition('@')[2]}>"
    envelope = Envelope(config.sender, label, recipient, message_id, now)
    with Transport(config) as transport:
        return transport.send(build(Page(words.TEST.subject, words.TEST.lead), envelope), recipient)
