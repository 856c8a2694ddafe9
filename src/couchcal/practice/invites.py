"""Access to the portal: an invitation that the client accepts, and its end (PORTAL-08)."""

from __future__ import annotations

from couchcal.clock import Clock, system_clock
from couchcal.errors import Refused
from couchcal.practice.outcome import Done
from couchcal.store.connection import Database


def invite(database: Database, client_id: int, *, actor: str = "user", clock: Clock = system_clock) -> Done:
    """Invite a client to the portal, or send the invitation again; undo within fifteen seconds sends nothing.

    Raises:
        NotFound: there is no such client. Refused: no address, another client signs in with it, not an active
        client, or they are in already.
    """
    from sqlmodel import col, func, select

    from couchcal.practice import letters
    from couchcal.practice.client_changes import load
    from couchcal.practice.rows import put
    from couchcal.store.records import Client
    from couchcal.store.session import write_session

    with write_session(database, "Invited a client", actor=actor, clock=clock) as session:
        client = load(session, client_id)
        label = f"Invited {client.internal_id} to the portal"
        session.relabel(label)
        if client.state != "active":
            raise Refused(f"a client of the {client.state} is not invited", "accept or bring them back first")
        if client.portal_state == "accepted":
            raise Refused("they are in the portal already", "revoke their access to begin again")
        if not client.email:
            raise Refused("there is no e-mail address on file", "add one to their record first")
        same = func.lower(col(Client.email)) == client.email.lower()
        others = select(Client.id).where(same, Client.id != client.id, Client.portal_state != "none")
        if session.exec(others).first() is not None:
            raise Refused("another client signs in with this address", "merge the two, or give another one")
        put(client, "portal_state", "invited")
        letters.queue(session, "portal_invite", client=client)
        return Done(label)


def revoke(database: Database, client_id: int, *, actor: str = "user", clock: Clock = system_clock) -> Done:
    """End a client's access to the portal: sessions, links and feeds of theirs open nothing from now on.

    Undo lets them sign in again; what was open stays closed.

    Raises:
        NotFound: there is no such client. Refused: they have no access.
    """
    from sqlmodel import select

    from couchcal.practice import tokens
    from couchcal.practice.client_changes import load
    from couchcal.store.records import OutboxEmail
    from couchcal.store.session import write_session

    with write_session(database, "Revoked access", actor=actor, clock=clock) as session:
        client = load(session, client_id)
        label = f"Ended the portal access of {client.internal_id}"
        session.relabel(label)
        if client.portal_state not in ("invited", "accepted"):
            raise Refused("they have no access to the portal", "nothing was changed")
        client.portal_state = "revoked"
        tokens.revoke(session, client_id)
        waiting = select(OutboxEmail).where(
            OutboxEmail.client_id == client_id, OutboxEmail.state == "queued", OutboxEmail.kind == "portal_invite"
        )
        for mail in session.exec(waiting).all():
            mail.state = "cancelled"
        session.flush()
        return Done(label)
