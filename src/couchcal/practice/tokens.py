"""Links, codes and sessions: 256 random bits each, of which only the SHA-256 is kept. Runs inside write sessions.

Purposes: `verify` (an address, for a request), `invite` and `sign_in` (single use), `browser` (what a code is bound
to), `code` (six digits), `session` (of the portal), `manage` (one appointment), `unsubscribe`, `feed`,
`client_feed`.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlmodel import col, or_, select

from couchcal.store.journal import JournalSession
from couchcal.store.records import PortalToken

SIGN_IN_LIFE = timedelta(minutes=30)
INVITE_LIFE = timedelta(days=14)
SESSION_LIFE = timedelta(hours=12)
SESSION_IDLE = timedelta(minutes=30)
MANAGE_AFTER = timedelta(days=1)
"""How long after its start a link to one appointment works."""
UNSUBSCRIBE_LIFE = timedelta(days=400)
ENDLESS = datetime.fromisoformat("9999-01-01T00:00:00+00:00")
"""When a feed expires: it is revoked instead."""
CODE_TRIES = 5
_BYTES = 32
_KEPT = timedelta(days=1)
"""How long a token that is over stays, so that limits can count it."""


def digest(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def issue(
    session: JournalSession, purpose: str, *, expires_at: datetime, client_id: int | None = None, subject: str = ""
) -> str:
    """A new token; this is the only time that its secret is known here."""
    secret = secrets.token_urlsafe(_BYTES)
    _store(session, purpose, secret, expires_at, client_id, subject)
    return secret


def issue_code(session: JournalSession, browser: PortalToken) -> str:
    """Six digits that open a session in the browser which asked for them, as long as its own token lives."""
    code = f"{secrets.randbelow(1_000_000):06d}"
    _store(session, "code", _salted(browser, code), browser.expires_at, browser.client_id, str(browser.id))
    return code


def _store(
    session: JournalSession, purpose: str, secret: str, expires_at: datetime, client_id: int | None, subject: str
) -> None:
    sha256 = digest(secret)
    if session.exec(select(PortalToken.id).where(PortalToken.sha256 == sha256)).first() is None:
        session.add(
            PortalToken(sha256=sha256, purpose=purpose, client_id=client_id, subject=subject, expires_at=expires_at)
        )
        session.flush()


def _salted(browser: PortalToken, code: str) -> str:
    return f"{browser.sha256}:{code}"


def find(session: JournalSession, purpose: str, secret: str) -> PortalToken | None:
    """The token of a secret, used or not; None if there is none, or its time is up."""
    row = session.exec(
        select(PortalToken).where(PortalToken.sha256 == digest(secret), PortalToken.purpose == purpose)
    ).first()
    return row if row is not None and row.expires_at > session.now else None


def find_code(session: JournalSession, browser: PortalToken, code: str) -> PortalToken | None:
    """The unused code of a browser, None if it is wrong, which counts: after five there is none that is right."""
    if browser.used_at is not None or browser.tries >= CODE_TRIES:
        return None
    found = find(session, "code", _salted(browser, code.strip()))
    if found is None:
        browser.tries += 1
        session.flush()
    return found


def revoke(session: JournalSession, client_id: int) -> None:
    """End everything that opens anything of a client, but the link that stops reminders."""
    for row in session.exec(
        select(PortalToken).where(PortalToken.client_id == client_id, PortalToken.purpose != "unsubscribe")
    ):
        session.delete(row)


def sweep(session: JournalSession) -> None:
    """Forget what has been over for a day: its time is up, or its one use is made."""
    limit = session.now - _KEPT
    over = or_(col(PortalToken.expires_at) < limit, col(PortalToken.used_at) < limit)
    lasting = ("session", "feed", "client_feed", "manage", "unsubscribe")
    for row in session.exec(select(PortalToken).where(over)):
        if row.expires_at < limit or row.purpose not in lasting:
            session.delete(row)
