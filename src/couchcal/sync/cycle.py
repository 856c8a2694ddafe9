"""One cycle of the sync: the calendars one after the other, each read and then sent to.

The target comes first, so that a calendar that is only read never holds up what a person did. Whatever ends a
cycle, the next one takes it up again.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from couchcal.clock import Clock
from couchcal.store.connection import Connection, Database
from couchcal.store.public_id import encode
from couchcal.sync import accounts, ledger, outbox, push, reset, review, target
from couchcal.sync.incoming import Incoming, is_past
from couchcal.sync.lease import Lease, LostLease, transaction
from couchcal.sync.ledger import Account, Link
from couchcal.sync.port import NeedsSignIn, Progress, Remote, RemoteProblem, Transient
from couchcal.sync.report import BlockedReport, CalendarReport, Report, ReviewReport, State
from couchcal.sync.target_calendar import CalendarLost
from couchcal.sync.waiter import Stopped, Waiter, trying

CALENDARS_EVERY = timedelta(hours=24)
"""How often the list of calendars is read."""
_OK_EVERY = timedelta(seconds=55)
"""How often a cycle without changes, for which nobody asked, writes down that it went well."""
_FIRST_DELAY = timedelta(seconds=15)
_LONGEST_DELAY = timedelta(minutes=60)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked of a cycle; see `Engine.cycle`."""

    pull: bool
    push: bool
    calendars: bool
    anew: bool


class Cycle:
    """One cycle, in the process that holds `lease`.

    Args:
        remote_of: gives the other side; may raise NeedsSignIn or Transient.
        connection: of `database`, for reading and for small changes.
        on_progress: told how far it is.
    """

    def __init__(
        self,
        database: Database,
        remote_of: Callable[[], Remote],
        *,
        connection: Connection,
        lease: Lease,
        clock: Clock,
        waiter: Waiter,
        rng: random.Random,
        wish: Wish,
        on_progress: Callable[[Progress], object] | None = None,
    ) -> None:
        self.database, self.remote_of = database, remote_of
        self.connection, self.lease = connection, lease
        self.clock, self.waiter, self.rng = clock, waiter, rng
        self.wish, self.on_progress = wish, on_progress
        self.reports: dict[int, CalendarReport] = {}
        self.problem: Transient | None = None
        self.read: list[int] = []

    def run(self) -> Report:
        """Do it, and say how it went.

        Raises:
            DatabaseProblem.
        """
        account = ledger.account(self.connection)
        if account is None:
            return self._report("needs_auth", "no account is connected")
        if account.state == "needs_auth":
            return self._report("needs_auth", account.last_error)
        if account.paused:
            return self._report("paused")
        try:
            self._work(account, self.remote_of())
        except NeedsSignIn as problem:
            with transaction(self.connection, self.lease):
                ledger.account_needs_sign_in(self.connection, account.id, problem.message)
                ledger.log(self.connection, self.clock(), f"sign in again: {problem.message}", "error")
            return self._report("needs_auth", problem.message)
        except Transient as problem:
            return self._failed(account, problem)
        except RemoteProblem as problem:  # of what is asked beside readings and sendings: the next cycle asks again
            return self._failed(account, Transient(problem.message, retry_after=problem.retry_after))
        except Stopped:
            return self._report("retry", "stopped")
        except LostLease:
            return self._report("retry", "another process has taken over")
        if self.problem is not None:
            return self._failed(account, self.problem)
        return self._ended(account)

    def _work(self, account: Account, remote: Remote) -> None:
        if self.wish.calendars and outbox.anything_postponed(self.connection):
            with transaction(self.connection, self.lease):
                outbox.postponed_no_more(self.connection)
        read_at = account.calendars_read_at
        if self.wish.calendars or (
            self.wish.pull and (read_at is None or self.clock() - read_at >= CALENDARS_EVERY)
        ):
            trying(
                self.waiter,
                lambda: accounts.refresh_calendars(self.database, remote, self.clock),
                rng=self.rng,
                beat=self.lease.renew,
            )
        links = ledger.links(self.connection, account.id)
        if any(link.target and link.state in reset.STARTING_OVER for link in links):
            self._start_over(remote, links[0])
            links = ledger.links(self.connection, account.id)
        if any(link.target and link.state == target.CREATING for link in links):
            target.ensure(self.database, remote, clock=self.clock, waiter=self.waiter, lease=self.lease)
            links = ledger.links(self.connection, account.id)
        incoming = Incoming(
            self.database,
            remote,
            connection=self.connection,
            lease=self.lease,
            clock=self.clock,
            waiter=self.waiter,
            anew=self.wish.anew,
            tell=self._tell,
        )
        one_way = any(link.target and link.direction == "one_way" for link in links)
        if one_way:
            incoming.forget(links)
        for link in _in_order(links):
            reading = self.wish.pull and not one_way and link.enabled and not link.state
            sending = self.wish.push and link.target and not link.state
            if (reading or sending) and not self._one(remote, link, incoming if reading else None, sending=sending):
                return

    def _start_over(self, remote: Remote, link: Link) -> None:
        """Go on with a reset that was begun."""
        try:
            reset.go_on(self.connection, remote, link, clock=self.clock, waiter=self.waiter, lease=self.lease)
        except CalendarLost:
            self._lost(link)

    def _lost(self, link: Link) -> None:
        with transaction(self.connection, self.lease):
            target.lost(self.connection, link, self.clock)

    def _one(self, remote: Remote, link: Link, incoming: Incoming | None, *, sending: bool) -> bool:
        """Read one calendar and send to it; False if the cycle ends here, as a person has to decide."""
        before = remote.requests
        self.reports[link.id] = CalendarReport(link.calendar_id, link.name)
        try:
            if incoming is not None and not self._pull(incoming, link):
                return False
            if sending:
                self._push(remote, link)
        except CalendarLost:
            self._lost(link)
            return False
        finally:
            made = remote.requests - before
            self.reports[link.id] = replace(self.reports[link.id], requests=made)
        return True

    def _pull(self, incoming: Incoming, link: Link) -> bool:
        """Read and take over; False if the cycle ends here."""
        taken = incoming.take(link)
        self._count(link, pulled=taken.pulled, deleted=taken.deleted)
        if taken.problem is not None:
            self.problem = taken.problem
        if taken.lost:
            self._lost(link)
            return not link.target
        if taken.read:
            self.read.append(link.id)
        return not taken.waits

    def _push(self, remote: Remote, link: Link) -> None:
        push.push(
            remote,
            self.database,
            link,
            clock=self.clock,
            waiter=self.waiter,
            lease=self.lease,
            rng=self.rng,
            on_progress=self._tell,
            on_sent=lambda pushed, deleted: self._count(link, pushed=pushed, deleted=deleted),
        )

    def _count(self, link: Link, *, pulled: int = 0, pushed: int = 0, deleted: int = 0) -> None:
        report = self.reports[link.id]
        self.reports[link.id] = replace(
            report,
            pulled=report.pulled + pulled,
            pushed=report.pushed + pushed,
            deleted=report.deleted + deleted,
        )

    def _tell(self, progress: Progress) -> None:
        if self.on_progress is not None:
            self.on_progress(progress)

    # the end

    def _failed(self, account: Account, problem: Transient) -> Report:
        delay = min(_FIRST_DELAY * 2 ** min(account.failures, 10), _LONGEST_DELAY) * self.rng.uniform(1, 1.25)
        asked = timedelta(seconds=problem.retry_after or 0)
        next_try = self.clock() + max(delay, asked)
        try:
            with transaction(self.connection, self.lease):
                ledger.account_fails(self.connection, account.id, problem.message, next_try)
                if problem.message != account.last_error:
                    ledger.log(self.connection, self.clock(), f"{problem.message}; trying again later", "warning")
                self.lease.tell(self.connection, "")
        except LostLease:
            pass
        return self._report("retry", problem.message)

    def _ended(self, account: Account) -> Report:
        now = self.clock()
        changed = any(each.pulled or each.pushed or each.deleted for each in self.reports.values())
        stale = is_past(account.last_ok, _OK_EVERY, now)
        whole = self.wish.pull and self.wish.push
        asked = self.wish.calendars  # by a person, who wants to see that it was done
        if changed or account.failures or ((stale or asked) and whole):
            with transaction(self.connection, self.lease):
                ledger.account_works(self.connection, account.id, now)
                self.connection.executemany(
                    "UPDATE calendar_link SET last_ok = ?, last_error = '' WHERE id = ?",
                    [(ledger.epoch(now), link_id) for link_id in self.read],
                )
                if changed:
                    ledger.log(self.connection, now, self._words())
                self.lease.tell(self.connection, "")
        return self._report("paused" if review.holds_up(self.connection) else "ok")

    def _words(self) -> str:
        pulled, pushed, deleted = (
            sum(getattr(each, name) for each in self.reports.values()) for name in ("pulled", "pushed", "deleted")
        )
        return f"taken over {pulled}, sent {pushed}, removed {deleted}"

    def _report(self, status: State, reason: str = "") -> Report:
        return report_of(self.connection, status, tuple(self.reports.values()), reason)


def report_of(
    connection: Connection, status: State, calendars: tuple[CalendarReport, ...] = (), reason: str = ""
) -> Report:
    """A report with everything that is written down: what waits, what is blocked, what a person has to decide."""
    account = ledger.account(connection)
    return Report(
        status,
        calendars,
        pending=outbox.counts(connection)[0],
        blocked=tuple(
            BlockedReport(encode("appointment", row.appointment_id), row.reason)
            for row in outbox.blocked(connection)
        ),
        review=tuple(ReviewReport(str(item.id), item.kind, item.detail) for item in review.open_items(connection)),
        last_ok=account.last_ok if account else None,
        next_try=account.next_try if account else None,
        reason=reason,
    )


def _in_order(links: Sequence[Link]) -> list[Link]:
    """The target first; then those that were read last time, so that one that cannot be read never keeps the
    others waiting."""
    return sorted(links, key=lambda link: (not link.target, bool(link.last_error)))
