"""Mail as it would look, and a test of the way it takes: about an appointment that is nobody's."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime, timedelta
from email.message import EmailMessage

from couchcal.errors import NotFound
from couchcal.mail import facts, reminders, words
from couchcal.mail.compose import compose
from couchcal.mail.config import MailConfig
from couchcal.mail.facts import Letter
from couchcal.mail.links import UNSUBSCRIBE, link
from couchcal.mail.message import Envelope, Page, build

REMINDER = "reminder"
KINDS = (*words.TO_CLIENT, *(f"{kind}_to_you" for kind in words.TO_PRACTITIONER), REMINDER)
"""Every kind there is; those with `_to_you` are for the practitioner."""
SITE = "https://book.example.org"
_SOMEBODY = "client@example.org"
_TOKEN = "example"  # noqa: S105  opens nothing


def example_config(sender: str) -> MailConfig:
    """What a preview is made with where mail is not set up."""
    return MailConfig("", 0, "none", "", "", sender or "office@example.org", "you@example.org", SITE, minimal=False)


def preview(connection: sqlite3.Connection, kind: str, config: MailConfig, now: datetime) -> EmailMessage:
    """A mail of one of `KINDS` as it would be sent now.

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
    start = (now + timedelta(days=3)).replace(minute=0, second=0)
    payload = {
        "uid": "preview@couchcal", "sequence": 1, "start": start.isoformat(), "day": now.date().isoformat(),
        "end": (start + timedelta(minutes=50)).isoformat(), "tz": facts.house(connection).tz,
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
    return compose(connection, letter, config, token=_TOKEN, code=code, now=now).message


def trial(sender: str, label: str, recipient: str, message_id: str, now: datetime) -> EmailMessage:
    """A mail that says that mail goes out."""
    return build(Page(words.TEST.subject, words.TEST.lead), Envelope(sender, label, recipient, message_id, now))
