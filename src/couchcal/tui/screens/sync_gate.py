"""What the sync's screens ask of the sync. Everything here blocks: it belongs into threads.

The modules that know Google, HTTP and the ORM are imported by the first call that needs them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from couchcal.clock import Clock, system_clock
from couchcal.errors import CouchcalError, Refused
from couchcal.practice import disclosure, practice_settings
from couchcal.practice.outcome import Done
from couchcal.store.connection import Connection, Database, database_errors
from couchcal.sync import accounts, lease, ledger, outbox, review, status
from couchcal.sync.accounts import Link
from couchcal.sync.lease import Lease
from couchcal.sync.review import ReviewItem
from couchcal.sync.status import Status
from couchcal.tui.screens.sync_state import About, SyncState, Unsent

if TYPE_CHECKING:
    import requests

    from couchcal.sync.google.signin import Granted, SignIn
    from couchcal.sync.port import Remote
    from couchcal.sync.report import Plan

LONGEST_S = 60.0
"""How long a cycle under way is waited for."""
_POLL_S = 0.1


class Gate:
    """The sync of one database, as the screens use it.

    Args:
        wake: called when there is something to do for the background worker.
        session: what requests go through; None for the network.
    """

    def __init__(
        self,
        database: Database,
        *,
        wake: Callable[[], None],
        clock: Clock = system_clock,
        session: requests.Session | None = None,
    ) -> None:
        self.database = database
        self.clock = clock
        self._wake = wake
        self._session = session

    # Looking

    def read(self) -> SyncState:
        """How everything is."""
        with self._reading() as connection:
            found = status.read(connection)
            links = tuple(accounts.links(connection))
            facts = disclosure.facts(connection)
        reasons = {link.id: accounts.selectable(link) for link in links}
        where, problem = _client_file() if found is None else (Path(), "")
        return SyncState(found, links, reasons, facts, where, problem)

    def status(self) -> Status | None:
        """How the sync is."""
        with self._reading() as connection:
            return status.read(connection)

    def reviews(self) -> list[ReviewItem]:
        """What waits for a person."""
        with self._reading() as connection:
            return review.open_items(connection)

    def unsent(self) -> list[Unsent]:
        """What Google does not take, the earliest entry first."""
        with self._reading() as connection:
            rows = outbox.blocked(connection)
            found = disclosure.disclosed(connection, [row.appointment_id for row in rows])
        reasons = {row.appointment_id: row.reason for row in rows}
        known = sorted(found, key=lambda row_id: found[row_id].start.isoformat())
        gone = [row_id for row_id in reasons if row_id not in found]
        return [
            *(Unsent(row_id, found[row_id].words, reasons[row_id]) for row_id in known),
            *(Unsent(row_id, "a deleted entry", reasons[row_id]) for row_id in gone),
        ]

    def about(self, review_id: int) -> About:
        """One of it, with how it is here and there, and what would go."""
        with self._reading() as connection:
            stored = review.load(connection, review_id)
            if stored.kind != "mass_delete":
                return About(stored.ours, stored.theirs)
            said: dict[str, Any] = json.loads(stored.ours if stored.pushing else stored.theirs or "{}")
            wanted = said.get("appointments", [])
            found = disclosure.disclosed(connection, wanted)
        entries = tuple(found[row_id].words if row_id in found else "a deleted entry" for row_id in wanted)
        return About(entries=entries, events=said.get("events", 0))

    def log(self) -> list[tuple[Any, str, str]]:
        """The lines of the log, the newest first: when, level, text."""
        with self._reading() as connection:
            return ledger.log_lines(connection)

    def external_events(self) -> int:
        """How many events of Google are on the calendar here."""
        with self._reading() as connection:
            row = connection.execute("SELECT count(*) FROM external_event WHERE rrule = ''").fetchone()
            return int(row[0])

    # Signing in

    def sign_in(self, login_hint: str = "") -> SignIn:
        """Open the way back and make the address to sign in at.

        Raises:
            NotFound, Refused: the client file cannot be used.
        """
        from couchcal.sync.google import config
        from couchcal.sync.google.signin import SignIn

        return SignIn(config.load(), login_hint=login_hint, session=self._session)

    def connect(self, granted: Granted, calendar_name: str | None = None, *, switch: bool = False) -> None:
        """Keep the sign-in, and see to it that there is a calendar to write to.

        Raises:
            Refused: with code `other_account` if another one is linked, and `switch` is not given (SYNC-26).
        """
        from couchcal.sync.google.auth import connect

        connect(
            self.database,
            granted,
            calendar_name=calendar_name,
            clock=self.clock,
            switch=switch,
            session=self._session,
        )
        self._wake()

    def disconnect(self) -> bool:
        """Give the sign-in back; whether Google could be told."""
        return accounts.disconnect(self.database, session=self._session, clock=self.clock)

    # Deciding

    def sync_now(self) -> None:
        """Have a cycle made, by whichever process does the work."""
        with self._reading() as connection, lease.transaction(connection):
            lease.ask(connection)
        self._wake()

    def pause(self, why: str) -> None:
        """Pause (`user`), or go on (empty)."""
        with self._reading() as connection, lease.transaction(connection):
            found = ledger.account(connection)
            if found is not None and found.paused in ("", "user"):
                ledger.pause(connection, found.id, why)
        self._wake()

    def set_read(self, link_id: int, *, on: bool) -> Link:
        """Read a calendar from now on, or no more."""
        change = accounts.enable if on else accounts.disable
        link = change(self.database, link_id, clock=self.clock)
        self._wake()
        return link

    def look_for_calendars(self) -> int:
        """Read the list of calendars anew; how many there are."""
        remote = self._remote()
        try:
            return len(accounts.refresh_calendars(self.database, remote, self.clock))
        finally:
            _close(remote)

    def set_direction(self, direction: str) -> None:
        """Two-way or one-way."""
        accounts.set_direction(self.database, "one_way" if direction == "one_way" else "two_way", clock=self.clock)
        self._wake()

    def set(self, name: str, value: object) -> Done:
        """Change one of the practice's decisions on what leaves."""
        return practice_settings.change(self.database, {name: value}, clock=self.clock)

    def resolve(self, review_id: int, word: str) -> Done:
        """Decide on what waits for a person."""
        from couchcal.sync.resolving import resolve

        done = resolve(self.database, review_id, word, clock=self.clock)
        self._wake()
        return done

    def send_again(self, appointment_ids: Sequence[int]) -> None:
        """Try to send these again, with the next sync."""
        with self._reading() as connection, lease.transaction(connection):
            outbox.enqueue(connection, appointment_ids)
        self._wake()

    def reset(self, how: str) -> None:
        """Write down how to start over (`cursors`, `events` or `calendar`), as soon as the cycle under way is
        through; the next one does it.

        Raises:
            Refused: that cycle takes too long.
        """
        from couchcal.sync.reset import How, reset

        ways: dict[str, How] = {"cursors": "cursors", "events": "events", "calendar": "calendar"}
        held = Lease(self.database, clock=self.clock)
        until = time.monotonic() + LONGEST_S
        while not held.take():
            if time.monotonic() > until:
                raise Refused("the sync under way takes long", "pause it, and try again when it stands still")
            time.sleep(_POLL_S)
        try:
            reset(self.database, None, how=ways[how], clock=self.clock, lease=held)
        finally:
            if held.held:
                held.release()
        self.sync_now()

    def plan(self) -> Plan:
        """What a cycle would do."""
        from couchcal.sync.engine import Engine
        from couchcal.sync.waiter import RealWaiter

        return Engine(self.database, self._remote, clock=self.clock, waiter=RealWaiter()).plan()

    def _remote(self) -> Remote:
        from couchcal.sync.google.auth import remote_for, working_account

        return remote_for(self.database, working_account(self.database).id, session=self._session)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with database_errors(self.database.path), closing(self.database.connect()) as connection:
            yield connection


def _close(remote: object) -> None:
    """Close the connections of a remote that has any."""
    close = getattr(remote, "close", None)
    if close is not None:
        close()


def _client_file() -> tuple[Path, str]:
    """Where the client file is looked for, and what is wrong with it."""
    from couchcal.sync.google import config

    where = config.client_file()
    try:
        config.read_client(where)
        config.api_url()
    except CouchcalError as error:
        return where, error.message
    return where, ""
