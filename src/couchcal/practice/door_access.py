"""Who a client is: signing in by mail, sessions of the portal, the link to one appointment (PORTAL-08).

Whoever asks to sign in gets the same answer, and the same is written, whether the practice knows the address or
not. A link is used up by the button on its page, never by looking at it.
"""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta

from sqlmodel import col, func, select

from couchcal.clock import Clock, system_clock
from couchcal.errors import Invalid
from couchcal.practice import letters, tokens
from couchcal.practice.door_fields import address_of
from couchcal.practice.door_shapes import ClientKey, LinkOver, Session, SignIn
from couchcal.store.connection import Database, database_errors
from couchcal.store.journal import JournalSession
from couchcal.store.public_id import encode
from couchcal.store.records import Client, PortalToken
from couchcal.store.session import write_session

MOST_LETTERS = 3
"""Letters to sign in that one address gets in a quarter of an hour."""
_QUARTER = timedelta(minutes=15)
_SEEN_EVERY_S = 60
"""A session that is in use is written down once a minute."""
_SESSION = """
SELECT t.id, t.client_id, coalesce(t.used_at, t.created_at) FROM portal_token t JOIN client c ON c.id = t.client_id
WHERE t.sha256 = ? AND t.purpose = 'session' AND t.expires_at > ?
  AND c.portal_state = 'accepted' AND c.state <> 'archived'
"""
_MANAGED = """
SELECT c.id, a.id, a.start_utc, t.subject FROM portal_token t JOIN client c ON c.id = t.client_id
JOIN appointment a ON a.id = CAST(substr(t.subject, 1, instr(t.subject, '@') - 1) AS INTEGER)
WHERE t.sha256 = ? AND t.purpose = 'manage' AND t.expires_at > ? AND a.client_id = c.id
  AND c.portal_state <> 'revoked' AND c.state <> 'archived'
"""


def sign_in(database: Database, email: str, *, clock: Clock = system_clock) -> SignIn:
    """Send a link and a code to an address, if it is that of a client with an invitation. Says neither.

    The answer's cookie is for the browser that asked: the code works there alone.
    """
    try:
        address = address_of(email)
    except Invalid:
        address = ""
    with write_session(database, "Asked to sign in", actor="client:0", clock=clock) as session:
        client = _invited(session, address)
        subject = tokens.digest(address.casefold())
        recent = select(func.count()).where(
            PortalToken.purpose == "browser", PortalToken.subject == subject,
            col(PortalToken.created_at) > session.now - _QUARTER,
        )  # fmt: skip
        few = session.exec(recent).one() < MOST_LETTERS
        expires = session.now + tokens.SIGN_IN_LIFE
        cookie = tokens.issue(
            session, "browser", client_id=client.id if client else None, subject=subject, expires_at=expires
        )
        if client is not None and few:
            browser = tokens.find(session, "browser", cookie)
            letters.queue(
                session, "sign_in", client=client, facts={"browser": browser.id if browser is not None else 0}
            )
        return SignIn(cookie)


def _invited(session: JournalSession, address: str) -> Client | None:
    """The client who signs in with an address; there is one at most."""
    return session.exec(
        select(Client).where(
            func.lower(col(Client.email)) == address.lower(), Client.email != "", Client.state != "archived",
            col(Client.portal_state).in_(("invited", "accepted")),
        )
    ).first()  # fmt: skip


def open_session(
    database: Database, *, token: str = "", code: str = "", browser: str = "", clock: Clock = system_clock
) -> Session:
    """Begin a session of the portal, by the link of a letter or by its code in the browser that asked for it.

    Whoever follows an invitation has accepted it (PORTAL-08).

    Raises:
        LinkOver: mistyped, used up, too late, or access was withdrawn.
    """
    with write_session(database, "Signed in", actor="client:0", clock=clock) as session:
        found = _by_token(session, token) if token else _by_code(session, code, browser)
        client = session.get(Client, found.client_id) if found is not None else None
        over = found is None or client is None or client.state == "archived"
        if not over and client is not None and found is not None and client.portal_state in ("invited", "accepted"):
            return _begin(session, found, client)
    raise LinkOver  # after the commit: a wrong code counts


def _begin(session: JournalSession, found: PortalToken, client: Client) -> Session:
    found.used_at = session.now
    browser = session.get(PortalToken, int(found.subject)) if found.subject else None
    if browser is not None:
        browser.used_at = session.now
    if client.portal_state == "invited":
        session.relabel(f"{client.internal_id} accepted the invitation")
        client.portal_state, client.portal_accepted_at = "accepted", session.now
    expires = session.now + tokens.SESSION_LIFE
    cookie = tokens.issue(session, "session", client_id=client.id, expires_at=expires)
    session.note("sign-in", "client", client.id or "")
    return Session(cookie, ClientKey(client.id or 0), expires)


def _by_token(session: JournalSession, token: str) -> PortalToken | None:
    for purpose in ("sign_in", "invite"):
        found = tokens.find(session, purpose, token)
        if found is not None:
            browser = session.get(PortalToken, int(found.subject)) if found.subject else None
            over = found.used_at is not None or (browser is not None and browser.used_at is not None)
            return None if over else found
    return None


def _by_code(session: JournalSession, code: str, cookie: str) -> PortalToken | None:
    browser = tokens.find(session, "browser", cookie)
    found = tokens.find_code(session, browser, code) if browser is not None else None
    return None if found is None or found.used_at is not None else found


def session(database: Database, cookie: str, *, clock: Clock = system_clock) -> ClientKey | None:
    """Whose session a cookie is; None when it is over: half an hour idle, twelve hours old, closed, or access was
    withdrawn meanwhile."""
    now = clock()
    with database_errors(database.path), closing(database.connect()) as connection:
        row = connection.execute(_SESSION, (tokens.digest(cookie), int(now.timestamp()))).fetchone()
    if row is None:
        return None
    token_id, client_id, seen_s = row
    idle_s = int(now.timestamp()) - seen_s
    if idle_s > tokens.SESSION_IDLE.total_seconds():
        return None
    if idle_s >= _SEEN_EVERY_S:
        with write_session(database, "Seen", actor=f"client:{client_id}", clock=clock) as store:
            found = store.get(PortalToken, token_id)
            if found is None:  # closed this moment
                return None
            found.used_at = store.now
    return ClientKey(client_id)


def close_session(database: Database, cookie: str, *, clock: Clock = system_clock) -> None:
    """End a session; one that is over already stays so."""
    with write_session(database, "Signed out", actor="client:0", clock=clock) as store:
        found = tokens.find(store, "session", cookie)
        if found is not None:
            store.delete(found)


def managed(database: Database, token: str, *, clock: Clock = system_clock) -> ClientKey | None:
    """What a manage link opens: one appointment of its client, until a day after its start.

    None when it moved, was deleted, or the client's access was withdrawn.
    """
    now = int(clock().timestamp())
    with database_errors(database.path), closing(database.connect()) as connection:
        row = connection.execute(_MANAGED, (tokens.digest(token), now)).fetchone()
    if row is None:
        return None
    client_id, row_id, start, subject = row
    return ClientKey(client_id, encode("appointment", row_id)) if subject == f"{row_id}@{start}" else None
