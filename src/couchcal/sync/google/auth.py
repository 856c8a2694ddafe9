"""A sign-in that was granted: it is kept, and the account's calendars are asked with it (SYNC-08, SYNC-26)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from couchcal.clock import Clock, system_clock
from couchcal.errors import NotFound, Refused
from couchcal.store.connection import Database
from couchcal.sync import accounts
from couchcal.sync.account_rows import APP_CREATED, CALENDAR_LIST, SCOPE, reading
from couchcal.sync.google import config
from couchcal.sync.google.signin import Granted
from couchcal.sync.google.tokens import Secret, TokenStore
from couchcal.sync.port import NeedsSignIn, Transient

if TYPE_CHECKING:
    import requests
    from google.oauth2.credentials import Credentials

    from couchcal.sync.google.client import GoogleRemote
    from couchcal.sync.google.session import Tokens

_NOT_SIGNED_IN = "no Google account is connected: run couchcal google connect"


def connect(
    database: Database,
    granted: Granted,
    *,
    calendar_name: str | None = None,
    clock: Clock = system_clock,
    switch: bool = False,
    session: requests.Session | None = None,
) -> int:
    """Keep a sign-in, list the account's calendars and see to it that there is one to write to (SYNC-08); returns
    the account's id. Connecting the account that is linked already goes on where it was.

    Args:
        calendar_name: of the calendar that is made; None for the usual one.
        switch: let go of another account that is linked (SYNC-26).

    Raises:
        Refused: a box that is needed was not ticked, or another account is linked. NeedsSignIn, Transient: as
        Google says; from the moment the sign-in is kept, the next cycle goes on.
    """
    from couchcal.sync.google.client import GoogleRemote

    refuse_unticked(granted.scopes)
    remote = GoogleRemote(granted.credentials, config.api_url(), session=session)
    try:
        email = next((calendar.id for calendar in remote.calendars() if calendar.primary), "")
        if not email:
            raise Transient("Google's list of calendars has no primary one: try again")
        with reading(database) as connection:
            known = accounts.account(connection)
        if known is not None and known.email and known.email.casefold() != email.casefold():
            if not switch:
                raise accounts.other_account(known.email, email)
            accounts.forget(database, session=session, clock=clock)
        account_id = accounts.put(database, email, granted.scopes, clock=clock)
        TokenStore(database).save(account_id, secret_of(granted.credentials))
        accounts.signed_in(database, account_id, clock=clock)
        accounts.refresh_calendars(database, remote, clock)
        _ensure_target(database, remote, calendar_name, clock)
        return account_id
    finally:
        remote.close()


def refuse_unticked(scopes: frozenset[str]) -> None:
    """Say which box has to be ticked.

    Raises:
        Refused: one without which nothing can be connected is missing.
    """
    full = SCOPE + "calendar" in scopes
    words = {
        APP_CREATED: "'Make secondary Google calendars, and see, create, change, and delete events on them'",
        CALENDAR_LIST: "'See the list of Google calendars you're subscribed to'",
    }
    missing = [word for scope, word in words.items() if scope not in scopes and not full]
    if missing:
        raise Refused(
            "not everything was allowed that is needed", f"connect again and tick {' and '.join(missing)}",
            code="unticked",
        )  # fmt: skip


def _ensure_target(database: Database, remote: GoogleRemote, name: str | None, clock: Clock) -> None:
    from couchcal.sync.target import ensure

    ensure(database, remote, clock=clock, name=name)


def secret_of(credentials: Credentials) -> Secret:
    """What of credentials is kept."""
    found: Any = credentials
    lasting = Secret(found.refresh_token, found.client_id, found.client_secret, found.token_uri)
    return _with_access(lasting, found.token, found.expiry)


def _with_access(secret: Secret, token: str | None, expiry: datetime | None) -> Secret:
    """The secret with an access token, of which it is known when it ends."""
    if not token or expiry is None:
        return secret.lasting()
    return secret._replace(access_token=token, access_ends=expiry.isoformat())


def _tokens(secret: Secret) -> Tokens:
    from couchcal.sync.google.session import Tokens

    try:
        expiry = datetime.fromisoformat(secret.access_ends)
    except ValueError:
        return Tokens(secret.refresh_token)
    if expiry.tzinfo is not None or not secret.access_token:
        return Tokens(secret.refresh_token)
    return Tokens(secret.refresh_token, secret.access_token, expiry)


def remote_for(database: Database, account_id: int, *, session: requests.Session | None = None) -> GoogleRemote:
    """The account's Google Calendar. The client file counts where there is one, else the client that the sign-in
    was made with.

    Raises:
        NeedsSignIn: there is no sign-in. Transient: the keyring that has it is locked.
        Refused: the address of the API is not safe.
    """
    from google.oauth2.credentials import Credentials

    from couchcal.sync.google.client import GoogleRemote

    store = TokenStore(database)
    secret = store.load(account_id)
    if secret is None:
        raise NeedsSignIn(_NOT_SIGNED_IN)
    secret = _of_the_file(secret)

    kept = secret

    def keep(tokens: Tokens) -> None:
        nonlocal kept
        found = _with_access(kept._replace(refresh_token=tokens.refresh), tokens.access, tokens.expiry)
        if found.refresh_token == kept.refresh_token:
            store.keep_access(account_id, found)
        else:
            store.save(account_id, found)
        kept = found

    def latest() -> Tokens | None:
        nonlocal kept
        found = store.load(account_id)
        if found is None:
            return None
        kept = _of_the_file(found)
        return _tokens(kept)

    make: Any = Credentials
    tokens = _tokens(secret)
    credentials = make(
        tokens.access,
        refresh_token=secret.refresh_token,
        token_uri=secret.token_uri,
        client_id=secret.client_id,
        client_secret=secret.client_secret,
        expiry=tokens.expiry,
    )
    return GoogleRemote(credentials, config.api_url(), session=session, renewed=keep, stored=latest)


def _of_the_file(secret: Secret) -> Secret:
    try:
        client = config.read_client(config.client_file())
    except (NotFound, Refused):
        return secret
    found = secret._replace(
        client_id=client.client_id, client_secret=client.client_secret, token_uri=client.token_uri
    )
    return found if found == secret else found.lasting()  # what another client got says nothing of this one


def working_account(database: Database) -> accounts.Account:
    """The linked account, if its sign-in is good as far as is known: with one that is over nothing is asked.

    Raises:
        NeedsSignIn: no account is connected, or a person has to sign in again.
    """
    with reading(database) as connection:
        found = accounts.account(connection)
    if found is None or not found.connected:
        raise NeedsSignIn(_NOT_SIGNED_IN)
    if found.state == "needs_auth":
        raise NeedsSignIn(found.last_error or _NOT_SIGNED_IN)
    return found


class Source:
    """The remote of the linked account, for who asks for it again and again: the same one, with its connection and
    its access token, as long as the sign-in is the same.

    One thread at a time.
    """

    def __init__(self, database: Database, *, session: requests.Session | None = None) -> None:
        self._database = database
        self._session = session
        self._remote: GoogleRemote | None = None
        self._of = (0, 0)

    def __call__(self) -> GoogleRemote:
        """The remote.

        Raises:
            NeedsSignIn: as `working_account`. Transient, Refused: as `remote_for`.
        """
        try:
            found = working_account(self._database)
        except NeedsSignIn:
            self.close()
            raise
        sign_in = (found.id, found.sign_in)
        if self._remote is None or sign_in != self._of:
            self.close()
            self._remote = remote_for(self._database, found.id, session=self._session)
            self._of = sign_in
        return self._remote

    def close(self) -> None:
        """Close its connections."""
        if self._remote is not None:
            self._remote.close()
            self._remote = None
