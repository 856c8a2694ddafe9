"""One cycle of the sync: the calendars one after the other, each read and then sent to.

The target comes first, so that a calendar that is only read never holds up what a person did. Whatever ends a
cycle, the next one takes it up again.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from couchcal.clock import Clock
from couchcal.practice import external_rows
from couchcal.store.connection import Connection, Database
from couchcal.store.public_id import encode
from couchcal.sync import accounts, ledger, outbox, pull, push, reset, review, target
from couchcal.sync.lease import Lease, LostLease, transaction
from couchcal.sync.ledger import Account, Link
from couchcal.sync.port import (
    Forbidden,
    NeedsSignIn,
    NotThere,
    Progress,
    Rejected,
    Remote,
    RemoteProblem,
    Transient,
)
from couchcal.sync.report import BlockedReport, CalendarReport, Report, ReviewReport, State
from couchcal.sync.waiter import Stopped, Unreachable, Waiter, trying

FULL_EVERY = timedelta(hours=24)
"""How often everything is read although a token is there: it heals what a wrong answer hid."""
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
        one_way = any(link.target and link.direction == "one_way" for link in links)
        if one_way:
            self._forget(links)
        for link in _in_order(links):
            reading = self.wish.pull and not one_way and link.enabled and not link.state
            sending = self.wish.push and link.target and not link.state
            if (reading or sending) and not self._one(remote, link, reading=reading, sending=sending):
                return

    def _start_over(self, remote: Remote, link: Link) -> None:
        """Go on with a reset that was begun."""
        try:
            reset.go_on(self.connection, remote, link, clock=self.clock, waiter=self.waiter, lease=self.lease)
        except push.CalendarLost:
            self._lost(link)

    def _lost(self, link: Link) -> None:
        with transaction(self.connection, self.lease):
            target.lost(self.connection, link, self.clock)

    def _one(self, remote: Remote, link: Link, *, reading: bool, sending: bool) -> bool:
        """Read one calendar and send to it; False if the cycle ends here, as a person has to decide."""
        before = remote.requests
        self.reports[link.id] = CalendarReport(link.calendar_id, link.name)
        try:
            if reading and not self._pull(remote, link):
                return False
            if sending:
                self._push(remote, link)
        except push.CalendarLost:
            self._lost(link)
            return False
        finally:
            made = remote.requests - before
            self.reports[link.id] = replace(self.reports[link.id], requests=made)
        return True

    # reading

    def _pull(self, remote: Remote, link: Link) -> bool:
        """Read and apply; False if it waits for a person."""
        try:
            reading = pull.read(
                remote,
                self.database,
                link,
                waiter=self.waiter,
                lease=self.lease,
                anew=self.wish.anew or self._is_time_for_everything(link),
                on_page=lambda count: self._tell(Progress("reading", count)),
            )
        except NotThere:
            return self._is_there(remote, link)
        except Unreachable:
            raise
        except Transient as problem:
            self._not_read(link, problem)
            return True
        except (Forbidden, Rejected) as problem:
            fresh = link.target and self.clock() - link.created_at < push.FRESH
            self._not_read(link, Transient("the new calendar is not ready yet") if fresh else problem)
            return True
        if not reading.token:
            return True
        if reading.tells and not self._apply(link, reading):
            return False
        self.read.append(link.id)
        return True

    def _apply(self, link: Link, reading: pull.Reading) -> bool:
        """Take over what was read; False if it waits for a person."""
        from couchcal.sync import apply  # the ORM, which most cycles do without

        applied = apply.apply(self.database, link, reading, clock=self.clock, lease=self.lease)
        if applied.paused:
            return False
        report = self.reports[link.id]
        self.reports[link.id] = replace(
            report, pulled=report.pulled + applied.pulled, deleted=report.deleted + applied.deleted
        )
        return True

    def _is_time_for_everything(self, link: Link) -> bool:
        row = self.connection.execute(
            "SELECT full_sync_at FROM sync_state WHERE link_id = ?", (link.id,)
        ).fetchone()
        return self._is_past(ledger.moment(row[0]) if row else None, FULL_EVERY)

    def _is_past(self, last: datetime | None, span: timedelta) -> bool:
        """Whether that long has gone since; a moment that is to come is of a clock that was wrong."""
        return last is None or not timedelta(0) <= self.clock() - last < span

    def _is_there(self, remote: Remote, link: Link) -> bool:
        """A calendar that is not found is lost only if nothing else shows it."""
        if link.target:
            try:
                trying(self.waiter, lambda: remote.calendar(link.calendar_id), beat=self.lease.renew)
            except NotThere:
                there = False
            else:
                there = True
        else:
            listed = trying(self.waiter, remote.calendars, beat=self.lease.renew)
            there = any(each.id == link.calendar_id and not each.deleted for each in listed)
        if there:
            self._not_read(link, Transient("the calendar does not answer"))
            return True
        self._lost(link)
        return not link.target

    def _not_read(self, link: Link, problem: RemoteProblem) -> None:
        """One calendar could not be read: the others are."""
        row = self.connection.execute("SELECT last_error FROM calendar_link WHERE id = ?", (link.id,)).fetchone()
        if row[0] != problem.message:
            with transaction(self.connection, self.lease):
                self.connection.execute(
                    "UPDATE calendar_link SET last_error = ? WHERE id = ?", (problem.message, link.id)
                )
                ledger.log(self.connection, self.clock(), f"{link.name} was not read: {problem.message}", "warning")
        if isinstance(problem, Transient):
            self.problem = problem

    def _forget(self, links: Sequence[Link]) -> None:
        """One way: nothing comes from anywhere, and what came goes (SYNC-14)."""
        for link in links:
            row = self.connection.execute(
                "SELECT EXISTS (SELECT 1 FROM sync_state WHERE link_id = ?1)"
                " OR EXISTS (SELECT 1 FROM external_event WHERE link_id = ?1)",
                (link.id,),
            ).fetchone()
            if row[0]:
                with transaction(self.connection, self.lease):
                    external_rows.clear(self.connection, link.id)
                    pull.drop_stage(self.connection, link.id)
                    self.connection.execute("DELETE FROM sync_state WHERE link_id = ?", (link.id,))

    # sending

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
            on_sent=lambda pushed, deleted: self._count(link, pushed, deleted),
        )

    def _count(self, link: Link, pushed: int, deleted: int) -> None:
        report = self.reports[link.id]
        self.reports[link.id] = replace(report, pushed=report.pushed + pushed, deleted=report.deleted + deleted)

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
        stale = self._is_past(account.last_ok, _OK_EVERY)
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
