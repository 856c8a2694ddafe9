"""Sending what is in the outbox, each letter at most once: claimed and committed, sent, and written down.

A process that ends between the claim and the word of the server leaves the letter `claimed`: nobody knows whether
it went out, so nobody sends it again by itself; it is shown as unknown (`couchcal mail list`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import uuid4

from sqlalchemy import update
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from couchcal.clock import Clock
from couchcal.mail.compose import TOO_LATE, Mail, Undeliverable, compose
from couchcal.mail.config import MailConfig
from couchcal.mail.facts import Letter
from couchcal.mail.transport import Deferred, Rejected, Transport, Uncertain, Unreachable
from couchcal.practice import letters, rows
from couchcal.store.connection import Database
from couchcal.store.journal import JournalSession
from couchcal.store.records import OutboxEmail
from couchcal.store.session import read_session, write_session

FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=6)
"""How long a letter waits that the server wants to have later: twice as long each time."""
MOST_ATTEMPTS = 14
"""After how many tries, over more than two days, it is given up."""
UNKNOWN = "the program ended while it was being sent; it may have arrived"
OVER = timedelta(days=4)
"""A letter that could not go out for so long is no news any more."""


class Claimed(NamedTuple):
    """A letter that this process alone may send, and its mail."""

    id: int
    attempts: int
    mail: Mail


def send_due(database: Database, config: MailConfig, transport: Transport, *, clock: Clock) -> Iterator[int]:
    """Send what is due, the oldest first, one transaction before and one after each; yields ids as they are done.

    The generator can be left between two letters.

    Raises:
        Unreachable: the server is not to be had; what is queued stays queued.
    """
    while True:
        letter_id = _next(database, clock())
        if letter_id is None:
            return
        transport.open()
        claimed = claim(database, letter_id, config, clock=clock)
        if claimed is not None:
            _send(database, claimed, transport, clock=clock)
        yield letter_id


def _next(database: Database, now: datetime) -> int | None:
    """The oldest letter that is due. Those to one reader about one appointment keep their order."""
    earlier = aliased(OutboxEmail)
    overtaken = (
        select(earlier.id)
        .where(
            earlier.appointment_id == OutboxEmail.appointment_id,
            earlier.recipient == OutboxEmail.recipient,
            earlier.state == "queued",
            col(earlier.id) < col(OutboxEmail.id),
        )
        .exists()
    )
    statement = (
        select(OutboxEmail.id)
        .where(OutboxEmail.state == "queued", OutboxEmail.not_before <= now, ~overtaken)
        .order_by(col(OutboxEmail.not_before), col(OutboxEmail.id))
        .limit(1)
    )
    with read_session(database) as session:
        return session.exec(statement).first()


def claim(database: Database, letter_id: int, config: MailConfig, *, clock: Clock) -> Claimed | None:
    """Take a letter that is due and make its mail, in one transaction; None if it was taken back meanwhile, or no
    mail can be made of it, which is written down then.

    The mail is made of what is true at this moment; what opens something in it is made now, too.
    """
    with write_session(database, "Mail", actor="worker", clock=clock) as session:
        row = session.get(OutboxEmail, letter_id)
        if row is None or row.state != "queued" or row.not_before > session.now:
            return None
        if session.now - row.not_before > OVER:
            _put(session, letter_id, state="failed", error=TOO_LATE)
            return None
        message_id = row.message_id or f"<{uuid4()}@{config.sender.rpartition('@')[2]}>"
        letter = Letter(
            letter_id, row.kind, row.recipient, row.client_id, row.to_practitioner, row.appointment_id,
            row.sequence, row.payload, message_id, row.not_before,
        )  # fmt: skip
        try:
            opens = letters.secrets(session, row)
            mail = compose(
                rows.raw_connection(session), letter, config, token=opens.token, code=opens.code, now=session.now
            )
        except Undeliverable as error:
            _put(session, letter_id, state="failed", error=str(error))
            return None
        except (KeyError, ValueError, TypeError):
            # One letter that makes no sense must not keep back those behind it.
            _put(session, letter_id, state="failed", error="its facts make no sense")
            return None
        _put(session, letter_id, state="claimed", attempts=row.attempts + 1, message_id=message_id, error="")
        return Claimed(letter_id, row.attempts + 1, mail)


def _send(database: Database, claimed: Claimed, transport: Transport, *, clock: Clock) -> None:
    try:
        transport.send(claimed.mail.message, claimed.mail.recipient)
    except Uncertain as error:
        _write(database, claimed.id, clock, error=str(error))
    except Rejected as error:
        _write(database, claimed.id, clock, state="failed", error=str(error))
    except Deferred as error:
        wait = min(FIRST_WAIT * 2.0 ** (claimed.attempts - 1), LONGEST_WAIT)
        if claimed.attempts >= MOST_ATTEMPTS:
            _write(database, claimed.id, clock, state="failed", error=str(error))
        else:
            _write(database, claimed.id, clock, state="queued", error=str(error), not_before=clock() + wait)
    except Unreachable as error:
        _write(database, claimed.id, clock, state="queued", attempts=claimed.attempts - 1, error=str(error))
        raise
    else:
        _write(database, claimed.id, clock, state="sent", error="")


def leave_unknown(database: Database, *, clock: Clock) -> int:
    """Mark what a process left behind that ended while sending; how many that are. For the one process that sends,
    before it begins."""
    with write_session(database, "Mail", actor="worker", clock=clock) as session:
        done = session.connection().execute(
            update(OutboxEmail)
            .where(col(OutboxEmail.state) == "claimed", col(OutboxEmail.error) == "")
            .values(error=UNKNOWN, updated_at=session.now)
        )
        return int(done.rowcount)


def note_trouble(database: Database, words: str, *, clock: Clock) -> None:
    """Say of what is due why it is not sent."""
    with write_session(database, "Mail", actor="worker", clock=clock) as session:
        session.connection().execute(
            update(OutboxEmail)
            .where(
                col(OutboxEmail.state) == "queued",
                col(OutboxEmail.not_before) <= session.now,
                col(OutboxEmail.error) != words,
            )
            .values(error=words)
        )


def _write(database: Database, letter_id: int, clock: Clock, **values: object) -> None:
    with write_session(database, "Mail", actor="worker", clock=clock) as session:
        _put(session, letter_id, **values)
        if values.get("state") == "sent":
            session.note("mail", "outbox_email", letter_id)


def _put(session: JournalSession, letter_id: int, **values: object) -> None:
    """Set columns of a letter past the journal: deliveries are no part of undo."""
    session.connection().execute(
        update(OutboxEmail).where(col(OutboxEmail.id) == letter_id).values(updated_at=session.now, **values)
    )
