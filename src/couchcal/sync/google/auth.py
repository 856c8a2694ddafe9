"""Signing in at Google as a desktop program: loopback redirect with PKCE, or the pasted address of it (SYNC-07).

Nothing is printed, no browser opened here, and oauthlib's environment variables need not be set.
"""

from __future__ import annotations

import secrets
import threading
import time
from datetime import UTC, datetime, timedelta
from queue import Empty
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Self

from couchcal.clock import Clock, system_clock
from couchcal.errors import NotFound, Refused
from couchcal.store.connection import Database
from couchcal.sync import accounts
from couchcal.sync.account_rows import APP_CREATED, CALENDAR_LIST, EVENTS, FREE_BUSY, SCOPE, reading
from couchcal.sync.google import config
from couchcal.sync.google.config import Client, GoogleConfig
from couchcal.sync.google.receiver import Receiver, Redirect, WrongState, is_redirect_address, read
from couchcal.sync.google.tokens import Secret, TokenStore
from couchcal.sync.port import NeedsSignIn, Transient

if TYPE_CHECKING:
    import requests
    from google.oauth2.credentials import Credentials

    from couchcal.sync.google.client import GoogleRemote
    from couchcal.sync.google.session import Tokens

WAIT_S = 15 * 60.0
"""How long a sign-in is waited for."""
_POLL_S = 0.1
_NOT_SIGNED_IN = "no Google account is connected: run couchcal google connect"


class Stop(Protocol):
    """Something that says when to give up, such as `threading.Event`."""

    def is_set(self) -> bool:
        """Whether to give up."""


class Granted(NamedTuple):
    """What the person allowed: credentials with a refresh token, and the scopes that were ticked."""

    credentials: Credentials
    scopes: frozenset[str]


class SignIn:
    """One sign-in: listens on 127.0.0.1 from its creation until `close`.

    `url` is where the person goes. `wait` and `paste` may run in several threads; the first redirect counts, and
    both give the same.

    Args:
        port: of the redirect; 0 takes a free one. A fixed one can be led through ssh.
        busy_only: ask for the times of others' events alone, not for what they are.
        login_hint: the address of the account that is expected.
        session: whose adapters carry the requests.

    Raises:
        Refused: the port cannot be used.
    """

    def __init__(
        self,
        config: GoogleConfig,
        port: int = 0,
        *,
        busy_only: bool = False,
        login_hint: str = "",
        session: requests.Session | None = None,
    ) -> None:
        self._client = config.client
        self._state = secrets.token_urlsafe(24)
        self._receiver = Receiver(self._state, port)
        self._granted: Granted | None = None
        self._lock = threading.Lock()
        scopes = [APP_CREATED, CALENDAR_LIST, FREE_BUSY if busy_only else EVENTS]
        self._flow = _flow(self._client, scopes, self._receiver.redirect_uri, session)
        options = {"login_hint": login_hint} if login_hint else {}
        url, _ = self._flow.authorization_url(state=self._state, access_type="offline", prompt="consent", **options)
        self.url = _with_scheme_of(self._client.auth_uri, url)

    def wait(self, stop: Stop | None = None, timeout: float = WAIT_S) -> Granted:
        """Wait for the person.

        Raises:
            Refused: they did not allow it, `stop` was set, or `timeout` seconds went by. Transient: Google could
            not be asked. NeedsSignIn: the client file is not right.
        """
        until = time.monotonic() + timeout
        while self._granted is None:
            if stop is not None and stop.is_set():
                raise Refused("the sign-in was cancelled", "start it again when you like")
            if time.monotonic() > until:
                raise Refused("nobody answered in the browser", "run couchcal google connect again")
            try:
                found = self._receiver.arrived.get(timeout=_POLL_S)
            except Empty:
                continue
            self._finish(found)
        return self._granted

    def paste(self, text: str) -> Granted:
        """Go on with the address the browser ended at, where it could not reach this computer.

        Raises:
            Refused: it is no such address, or one of another sign-in; and as `wait`.
        """
        text = "".join(text.split()).strip("'\"<>")
        if not is_redirect_address(text):
            raise Refused(
                "this is not the address the browser ended at", "it begins with http://127.0.0.1: copy it whole"
            )
        try:
            found = read(text, self._state)
        except WrongState:
            raise Refused("this address is of another sign-in", "use the address that is shown now") from None
        if found is None:
            raise Refused("this address has no code in it", "copy all of it, up to its end")
        return self._finish(found)

    def close(self) -> None:
        """Listen no more."""
        self._receiver.close()
        self._flow.oauth2session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _finish(self, redirect: Redirect) -> Granted:
        with self._lock:
            if self._granted is None:
                if "code" not in redirect:
                    raise _denied(redirect.get("error", ""))
                self._granted = self._exchange(redirect["code"])
            return self._granted

    def _exchange(self, code: str) -> Granted:
        from google.oauth2.credentials import Credentials

        from couchcal.sync.google.session import NETWORK_ERRORS, TIMEOUTS, network_problem

        asked = self._flow.oauth2session.scope
        self._flow.oauth2session.scope = None  # a person may untick some: oauthlib would call that an error
        try:
            token = self._flow.fetch_token(code=code, include_client_id=True, timeout=TIMEOUTS)
        except NETWORK_ERRORS as error:
            raise network_problem(error) from None
        finally:
            self._flow.oauth2session.scope = asked
        scopes = _words(token.get("scope")) or frozenset(asked)
        if not token.get("refresh_token"):
            raise Refused("Google gave no lasting sign-in", "run couchcal google connect again")
        client = self._client
        make: Any = Credentials
        credentials = make(
            token["access_token"],
            refresh_token=token["refresh_token"],
            token_uri=client.token_uri,
            client_id=client.client_id,
            client_secret=client.client_secret,
            expiry=_expiry(token.get("expires_in")),
        )
        return Granted(credentials, scopes)


def _flow(client: Client, scopes: list[str], redirect_uri: str, session: requests.Session | None) -> Any:
    """The library's flow. It insists on https, so it is given https; where the client file says http, which it may
    for this computer alone, that is what goes over the wire."""
    from google_auth_oauthlib.flow import Flow

    known = client._asdict() | {"auth_uri": _https(client.auth_uri), "token_uri": _https(client.token_uri)}
    flow = Flow.from_client_config({"installed": known}, scopes, redirect_uri=redirect_uri)
    if session is not None:
        flow.oauth2session.adapters = dict(session.adapters)
        flow.oauth2session.verify = session.verify
    if client.token_uri.startswith("http:"):
        from couchcal.sync.google.session import Unencrypted

        flow.oauth2session.mount(_https(client.token_uri), Unencrypted(flow.oauth2session))
    flow.oauth2session.register_compliance_hook("access_token_request", _without_redirects)
    flow.oauth2session.register_compliance_hook("access_token_response", _believed)
    return flow


def _without_redirects(url: str, headers: Any, options: Any) -> tuple[str, Any, Any]:
    return url, headers, options | {"allow_redirects": False}


def _https(url: str) -> str:
    return "https:" + url.partition(":")[2]


def _with_scheme_of(original: str, url: str) -> str:
    return original.partition(":")[0] + ":" + url.partition(":")[2]


def _believed(response: requests.Response) -> requests.Response:
    """The answer to a code, if it is a token.

    Raises:
        Refused: the code is of no use (any more). NeedsSignIn: the client is wrong. Transient: no real answer.
    """
    from couchcal.sync.google import answers
    from couchcal.sync.google.session import is_token, token_problem

    if is_token(response):
        return response
    found = answers.parse(response.content)
    if found is not None and found.get("error") in ("invalid_grant", "redirect_uri_mismatch", "invalid_request"):
        raise Refused("this sign-in is over or was used already", "start it again with couchcal google connect")
    raise token_problem(response.status_code, response.headers, response.content)


def _denied(error: str) -> Refused:
    if error == "access_denied":
        return Refused("you did not allow it at Google", "nothing was changed; couchcal google connect asks again")
    known = error if error.isascii() and error.replace("_", "").isalnum() and len(error) < 40 else "no reason given"
    return Refused(f"Google ended the sign-in ({known})", "run couchcal google connect again")


def _words(scope: Any) -> frozenset[str]:
    if isinstance(scope, str):
        return frozenset(scope.split())
    return frozenset(str(word) for word in scope) if isinstance(scope, (list, tuple)) else frozenset()


def _expiry(seconds: Any) -> datetime | None:
    """When an access token ends, naive UTC by this computer's clock, as google-auth keeps it."""
    if not isinstance(seconds, (int, float)):
        return None
    return datetime.now(UTC).replace(tzinfo=None) + timedelta(seconds=float(seconds))


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
