"""Where the sign-in is kept: SYNC-07."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from keyring.errors import KeyringLocked, PasswordDeleteError, PasswordSetError

from couchcal.store.connection import Database
from couchcal.sync import accounts
from couchcal.sync.account_rows import reading
from couchcal.sync.google.tokens import Secret, TokenStore
from couchcal.sync.port import Transient

SECRET = Secret("1//refresh", "client", "client secret", "https://oauth2.googleapis.com/token")
WITH_ACCESS = SECRET._replace(access_token="ya29.a", access_ends="2026-03-03T16:42:00")


class Ring:
    """A keyring of this process."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], str] = {}
        self.locked = False
        self.longest = 1000

    def _look(self) -> None:
        if self.locked:
            raise KeyringLocked("locked")

    def get_password(self, service: str, name: str) -> str | None:
        self._look()
        return self.entries.get((service, name))

    def set_password(self, service: str, name: str, value: str) -> None:
        self._look()
        if len(value) > self.longest:
            raise PasswordSetError("too long")
        self.entries[service, name] = value

    def delete_password(self, service: str, name: str) -> None:
        self._look()
        if self.entries.pop((service, name), None) is None:
            raise PasswordDeleteError("not found")


@pytest.fixture
def ring(monkeypatch: pytest.MonkeyPatch) -> Ring:
    made = Ring()
    monkeypatch.setattr("couchcal.sync.google.tokens.usable_keyring", lambda: made)
    return made


@pytest.fixture
def account_id(database: Database) -> int:
    now = datetime(2026, 3, 3, tzinfo=UTC)
    return accounts.put(database, "ada@example.com", frozenset(), clock=lambda: now)


def stored(database: Database) -> tuple[str, list[Any]]:
    with reading(database) as connection:
        account = accounts.account(connection)
        assert account is not None
        return account.secret_ref, connection.execute("SELECT secret FROM account_secret").fetchall()


def test_in_the_database_where_there_is_no_keyring(database: Database, account_id: int) -> None:
    store = TokenStore(database)
    assert store.load(account_id) is None
    assert store.save(account_id, SECRET) == "database"
    assert store.save(account_id, SECRET._replace(refresh_token="2")) == "database"
    assert store.load(account_id) == SECRET._replace(refresh_token="2")
    store.clear(account_id)
    assert store.load(account_id) is None
    assert stored(database) == ("", [])


def test_in_the_keyring(database: Database, account_id: int, ring: Ring) -> None:
    store = TokenStore(database)
    assert store.save(account_id, SECRET) == "keyring"
    assert store.save(account_id, SECRET._replace(refresh_token="2")) == "keyring"
    reference, rows = stored(database)
    assert reference.startswith("keyring:google-")
    assert rows == []
    (entry,) = ring.entries.items()
    assert entry[0][0] == "couchcal"
    assert json.loads(entry[1])["refresh_token"] == "2"
    assert store.load(account_id) == SECRET._replace(refresh_token="2")
    store.clear(account_id)
    assert ring.entries == {}
    assert store.load(account_id) is None


@pytest.mark.parametrize("in_a_keyring", [False, True])
def test_the_access_token_is_beside_it(
    database: Database, account_id: int, request: pytest.FixtureRequest, in_a_keyring: bool
) -> None:
    ring = request.getfixturevalue("ring") if in_a_keyring else None
    store = TokenStore(database)
    store.keep_access(account_id, WITH_ACCESS)
    assert store.load(account_id) is None, "there is nothing it could be beside"
    store.save(account_id, SECRET)
    store.keep_access(account_id, WITH_ACCESS)
    assert store.load(account_id) == WITH_ACCESS
    store.keep_access(account_id, WITH_ACCESS._replace(refresh_token="of another sign-in", access_token="b"))
    assert store.load(account_id) == WITH_ACCESS
    if ring is not None:
        ring.longest = 200
        store.keep_access(account_id, WITH_ACCESS._replace(access_token="b" * 100))
        assert store.load(account_id) == SECRET
        assert stored(database)[1] == []
        ring.locked = True
        store.keep_access(account_id, WITH_ACCESS)
    store.clear(account_id)


def test_a_locked_keyring_is_no_lost_sign_in(
    database: Database, account_id: int, ring: Ring, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = TokenStore(database)
    store.save(account_id, SECRET)
    ring.locked = True
    with pytest.raises(Transient, match="keyring"):
        store.load(account_id)
    monkeypatch.setattr("couchcal.sync.google.tokens.usable_keyring", lambda: None)
    with pytest.raises(Transient, match="keyring"):  # a service without the session of the desktop
        store.load(account_id)
    assert store.save(account_id, SECRET) == "database", "another sign-in is kept all the same"
    store.clear(account_id)


def test_a_keyring_that_lost_it(database: Database, account_id: int, ring: Ring) -> None:
    store = TokenStore(database)
    store.save(account_id, SECRET)
    for broken in ("", "{}", "[]", "nonsense"):
        ring.entries = dict.fromkeys(ring.entries, broken)
        assert store.load(account_id) is None
    ring.entries = {}
    assert store.load(account_id) is None
    store.clear(account_id)
