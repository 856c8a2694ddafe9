"""Reminders: planned as rows, claimed and committed, looked at once more, sent at most once (REM-01…05, INV-M1).

A reminder says that there is an appointment and where the portal is: no name, no time, no service (INV-M3). Whether
it may go is asked when it goes (C-04): the practice wants reminders, the client has accepted the portal, has not
unsubscribed and has an address, the client and the appointment allow this channel, the appointment is still on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from typing import NamedTuple
from uuid import uuid4

from couchcal.clock import Clock
from couchcal.mail import facts, links, sms, words
from couchcal.mail.addresses import on_the_wire
from couchcal.mail.config import MailConfig, TextConfig
from couchcal.mail.message import Envelope, Page, build
from couchcal.mail.reminder_plan import LEADS, seconds
from couchcal.mail.transport import Deferred, Rejected, Transport, Uncertain, Unreachable
from couchcal.practice import rows, tokens
from couchcal.store.connection import Connection, Database, database_errors
from couchcal.store.session import write_session

UNKNOWN = "the program ended while it was being sent; it may have arrived"
_STATE = f"""{LEADS}
SELECT r.appointment_id, a.client_id, r.kind, r.channel, r.due_at, a.start_utc, max(a.created_at,
       coalesce(a.moved_at, 0)), lead.seconds, a.status,
       CASE r.channel WHEN 'email' THEN a.remind_email ELSE a.remind_text END,
       CASE r.channel WHEN 'email' THEN c.remind_email ELSE c.remind_text END,
       c.portal_state, c.unsubscribed_at, c.email, c.phone, p.tz
FROM reminder r JOIN appointment a ON a.id = r.appointment_id JOIN client c ON c.id = a.client_id
CROSS JOIN practice p LEFT JOIN lead ON lead.kind = r.kind
WHERE r.id = ?1 ORDER BY p.id LIMIT 1
"""  # noqa: S608  our own fragments


class Ways(NamedTuple):
    """How reminders go out from here; None where a way is not set up."""

    mail: MailConfig | None
    text: TextConfig | None


class _Reminder(NamedTuple):
    """A reminder with everything that decides about it."""

    appointment_id: int
    client_id: int
    kind: str
    channel: str
    due_s: int
    start_s: int
    made_s: int
    lead_s: int | None
    status: str
    wanted: bool
    allowed: bool
    portal: str
    unsubscribed_s: int | None
    email: str
    phone: str
    tz: str


class _Verdict(NamedTuple):
    """What is to be done with a reminder that is due: `send`, or the state it gets and why."""

    state: str
    reason: str = ""


def send_due(database: Database, ways: Ways, transport: Transport | None, *, clock: Clock) -> Iterator[bool]:
    """Send what is due, the oldest first; yields for each whether it may be gone on with the next at once (False:
    it is to be tried again later). The generator can be left between two.

    Raises:
        Unreachable: a server is not to be had; the reminder is planned again.
    """
    for row_id, channel in _due(database, clock()):
        if transport is not None and channel == "email":
            transport.open()  # before it is claimed: a server that is not there costs no reminder
        if not _claim(database, row_id, clock=clock):
            continue
        with _reading(database) as connection:
            reminder = _read(connection, row_id)
        verdict = _verdict(reminder, ways, clock()) if reminder is not None else _Verdict("skipped", "gone")
        if verdict.state == "send" and reminder is not None:
            verdict = _send(database, row_id, reminder, ways, transport, clock=clock)
        _write(database, row_id, verdict, clock=clock)
        yield verdict.state != "pending"


def _due(database: Database, now: datetime) -> list[tuple[int, str]]:
    with _reading(database) as connection:
        return connection.execute(
            "SELECT id, channel FROM reminder WHERE state = 'pending' AND due_at <= ? ORDER BY due_at, id",
            (seconds(now),),
        ).fetchall()


def _claim(database: Database, row_id: int, *, clock: Clock) -> bool:
    """Take a planned reminder, so that nobody else ever sends it; whether it was there to take."""
    with write_session(database, "Reminders", actor="worker", clock=clock) as session:
        return (
            rows.raw_connection(session)
            .execute(
                "UPDATE reminder SET state = 'claimed', reason = '', updated_at = ?"
                " WHERE id = ? AND state = 'pending'",
                (seconds(session.now), row_id),
            )
            .rowcount
            == 1
        )


def _read(connection: Connection, row_id: int) -> _Reminder | None:
    row = connection.execute(_STATE, (row_id,)).fetchone()
    return _Reminder(*row) if row is not None else None


def _verdict(reminder: _Reminder, ways: Ways, now: datetime) -> _Verdict:
    """What is to be done with a claimed reminder: every condition of C-04, read after the claim (INV-M2)."""
    at = seconds(now)
    if reminder.lead_s is None:
        return _Verdict("skipped", "the practice sends none")
    if reminder.start_s - reminder.lead_s != reminder.due_s:
        return _Verdict("pending")  # it was moved just now, and is planned anew
    if reminder.made_s > reminder.due_s:
        return _Verdict("skipped", "the appointment was made or moved after it was due")
    if at >= reminder.start_s or at - reminder.due_s > reminder.lead_s // 2:
        return _Verdict("missed", "nothing was running when it was due")
    reason = _kept_back(reminder) or _no_way(reminder, ways)
    return _Verdict("skipped", reason) if reason else _Verdict("send")


def _kept_back(reminder: _Reminder) -> str:
    """Why the client or the appointment wants no such reminder, empty if they do."""
    if reminder.status != "scheduled":
        return "the appointment is cancelled" if reminder.status == "cancelled" else "the appointment is not on"
    if not reminder.wanted:
        return "it is off for this appointment"
    if not reminder.allowed:
        return "it is off for this client"
    if reminder.portal != "accepted":
        return "the client has no portal access"
    if reminder.unsubscribed_s is not None:
        return "the client wants no reminders"
    if reminder.channel == "email" and not on_the_wire(reminder.email):
        return "there is no valid e-mail address"
    if reminder.channel == "text" and not sms.number(reminder.phone, reminder.tz):
        return "there is no telephone number with a country code"
    return ""


def _no_way(reminder: _Reminder, ways: Ways) -> str:
    if ways.mail is None or not ways.mail.public_url:
        return "public_url of [mail] is not set" if ways.mail is not None else "mail is not set up"
    if reminder.channel == "text" and ways.text is None:
        return "no text gateway is set up"
    return ""


def _send(
    database: Database,
    row_id: int,
    reminder: _Reminder,
    ways: Ways,
    transport: Transport | None,
    *,
    clock: Clock,
) -> _Verdict:
    try:
        if reminder.channel == "text":
            _send_text(database, reminder, ways)
        elif transport is not None and ways.mail is not None:
            _send_mail(database, reminder, ways.mail, transport, clock=clock)
    except Uncertain as error:
        return _Verdict("claimed", str(error))
    except Rejected as error:
        return _Verdict("missed", str(error))  # the client should have got it: somebody may want to know
    except Deferred as error:
        return _Verdict("pending", str(error))
    except Unreachable as error:
        _write(database, row_id, _Verdict("pending", str(error)), clock=clock)
        raise
    return _Verdict("sent")


def _send_mail(
    database: Database, reminder: _Reminder, config: MailConfig, transport: Transport, *, clock: Clock
) -> None:
    with write_session(database, "Reminders", actor="worker", clock=clock) as session:
        token = tokens.issue(
            session, "unsubscribe", client_id=reminder.client_id, expires_at=session.now + tokens.UNSUBSCRIBE_LIFE
        )
        practice = facts.house(rows.raw_connection(session))
    stop = links.link(config.public_url, links.UNSUBSCRIBE, token)
    message_id = f"<{uuid4()}@{config.sender.rpartition('@')[2]}>"
    recipient = on_the_wire(reminder.email)
    envelope = Envelope(config.sender, practice.label, recipient, message_id, clock(), one_click(stop))
    transport.send(build(page(config.public_url, stop), envelope), recipient)


def page(public_url: str, stop: str) -> Page:
    """What every reminder says: the same of every appointment (REM-04)."""
    said = words.REMINDER
    button = (said.button, links.link(public_url, links.PORTAL))
    return Page(said.subject, said.lead, button=button, notes=(words.unsubscribe(stop),))


def one_click(url: str) -> dict[str, str]:
    """The headers by which mail programs unsubscribe with one click (RFC 8058)."""
    return {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def _send_text(database: Database, reminder: _Reminder, ways: Ways) -> None:
    if ways.mail is None or ways.text is None:
        return
    with _reading(database) as connection:
        practice = facts.house(connection)
    url = links.link(ways.mail.public_url, links.PORTAL)
    text = words.text_reminder(practice.label, url, ways.text.reminder)
    sms.send(ways.text, sms.number(reminder.phone, reminder.tz), text)


def leave_unknown(database: Database, *, clock: Clock) -> None:
    """Mark what a process left behind that ended while sending. For the one that sends now, before it begins."""
    with write_session(database, "Reminders", actor="worker", clock=clock) as session:
        rows.raw_connection(session).execute(
            "UPDATE reminder SET reason = ?, updated_at = ? WHERE state = 'claimed' AND reason = ''",
            (UNKNOWN, seconds(session.now)),
        )


def _write(database: Database, row_id: int, verdict: _Verdict, *, clock: Clock) -> None:
    with write_session(database, "Reminders", actor="worker", clock=clock) as session:
        rows.raw_connection(session).execute(
            "UPDATE reminder SET state = ?, reason = ?, updated_at = ? WHERE id = ? AND state = 'claimed'",
            (verdict.state, verdict.reason, seconds(session.now), row_id),
        )
        if verdict.state == "sent":
            session.note("mail", "reminder", row_id)


@contextmanager
def _reading(database: Database) -> Iterator[Connection]:
    with database_errors(database.path), closing(database.connect()) as connection:
        yield connection
