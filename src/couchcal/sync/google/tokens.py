"""Where the sign-in is kept: the keyring of this computer, else the database.

The access token is beside it while it lasts, so that each run of the program does not ask for another one. It is
kept where that costs nothing: what cannot be kept is got again.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any, NamedTuple

from couchcal.errors import DatabaseProblem
from couchcal.store.connection import Connection, Database
from couchcal.store.keys import SERVICE, usable_keyring
from couchcal.sync.account_rows import reading, writing
from couchcal.sync.port import Transient

KEYRING = "keyring:"
IN_DATABASE = "database"
_LOCKED = "the keyring of this computer, which has Google's sign-in, cannot be opened: unlock it"


class Secret(NamedTuple):
    """What a sign-in left behind; the client is the one it was made with."""

    refresh_token: str
    client_id: str
    client_secret: str
    token_uri: str
    access_token: str = ""
    access_ends: str = ""
    """When the access token ends: ISO 8601, UTC without an offset, by this computer's clock."""

    def lasting(self) -> Secret:
        """Without the access token."""
        return self._replace(access_token="", access_ends="")


class TokenStore:
    """The secrets of accounts, by account id."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def load(self, account_id: int) -> Secret | None:
        """The secret of an account, None if there is none (any more).

        Raises:
            Transient: the keyring is locked, or not to be reached from here.
        """
        with reading(self._database) as connection:
            place = _place(connection, account_id)
            if not place.startswith(KEYRING):
                row = connection.execute(
                    "SELECT secret FROM account_secret WHERE account_id = ?", (account_id,)
                ).fetchone()
                return _parsed(row[0]) if row is not None else None
        return _parsed(_keyring_get(place.removeprefix(KEYRING)))

    def save(self, account_id: int, secret: Secret) -> str:
        """Keep a secret; returns `keyring` or `database`, where it is.

        Raises:
            DatabaseProblem: it cannot be written.
        """
        text = _text(secret)
        with reading(self._database) as connection:
            before = _place(connection, account_id)
        entry = _keyring_put(before.removeprefix(KEYRING) if before.startswith(KEYRING) else "", secret)
        with writing(self._database) as connection:
            connection.execute("DELETE FROM account_secret WHERE account_id = ?", (account_id,))
            if not entry:
                connection.execute(
                    "INSERT INTO account_secret (account_id, secret) VALUES (?, ?)", (account_id, text)
                )
            connection.execute(
                "UPDATE calendar_account SET secret_ref = ? WHERE id = ?",
                (KEYRING + entry if entry else IN_DATABASE, account_id),
            )
        return "keyring" if entry else IN_DATABASE

    def keep_access(self, account_id: int, secret: Secret) -> None:
        """Put the access token of a secret beside what is kept, if that is still the same sign-in."""
        with suppress(Transient, DatabaseProblem):
            known = self.load(account_id)
            if known is None or known.refresh_token != secret.refresh_token:
                return
            with reading(self._database) as connection:
                place = _place(connection, account_id)
            if place.startswith(KEYRING):
                _keyring_put(place.removeprefix(KEYRING), secret)
                return
            with writing(self._database) as connection:
                connection.execute(
                    "UPDATE account_secret SET secret = ? WHERE account_id = ? AND secret = ?",
                    (_text(secret), account_id, _text(known)),
                )

    def clear(self, account_id: int) -> None:
        """Forget a secret, wherever it is."""
        with writing(self._database) as connection:
            place = _place(connection, account_id)
            connection.execute("DELETE FROM account_secret WHERE account_id = ?", (account_id,))
            connection.execute("UPDATE calendar_account SET secret_ref = '' WHERE id = ?", (account_id,))
        if place.startswith(KEYRING):
            _keyring_delete(place.removeprefix(KEYRING))


def _place(connection: Connection, account_id: int) -> str:
    row = connection.execute("SELECT secret_ref FROM calendar_account WHERE id = ?", (account_id,)).fetchone()
    return str(row[0]) if row is not None else ""


def _text(secret: Secret) -> str:
    return json.dumps(secret._asdict())


def _parsed(text: str | None) -> Secret | None:
    try:
        found = json.loads(text or "")
        return Secret(**{name: str(found[name]) for name in Secret._fields if name in found})
    except (ValueError, TypeError, KeyError):
        return None


def _keyring_get(entry: str) -> str | None:
    backend = usable_keyring()
    if backend is None:
        raise Transient(_LOCKED)
    from keyring.errors import KeyringError

    try:
        found: Any = backend.get_password(SERVICE, entry)
    except (KeyringError, ValueError, OSError, RuntimeError):
        raise Transient(_LOCKED) from None
    return found if isinstance(found, str) else None


def _keyring_put(entry: str, secret: Secret) -> str:
    """The entry that has the secret now, empty if no keyring takes it. Some take little: the access token may be
    left out."""
    backend = usable_keyring()
    if backend is None:
        return ""
    import secrets

    from keyring.errors import KeyringError

    entry = entry or f"google-{secrets.token_hex(8)}"
    for each in (secret, secret.lasting()):
        with suppress(KeyringError, ValueError, OSError, RuntimeError):
            backend.set_password(SERVICE, entry, _text(each))
            return entry
    return ""


def _keyring_delete(entry: str) -> None:
    backend = usable_keyring()
    if backend is None:
        return
    from keyring.errors import KeyringError

    try:
        backend.delete_password(SERVICE, entry)
    except (KeyringError, ValueError, OSError, RuntimeError):
        return  # it is revoked, or gone already
