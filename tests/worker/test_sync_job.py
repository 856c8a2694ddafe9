"""When the sync runs: soon after commits, every minute, at once when asked; never before it may."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from couchcal.store.connection import Database
from couchcal.sync import ledger
from couchcal.sync.lease import Lease, ask, is_answered, transaction
from couchcal.sync.port import Remote, Transient
from couchcal.sync.report import Report
from couchcal.worker.answers import answer_of, given
from couchcal.worker.sync_job import BUSY_S, EVERY_S, SyncJob
from couchcal.worker.watch import Watch
from tests.sync.desk import SyncDesk


class Kept:
    """A source that gives one client."""

    def __init__(self, remote: Remote) -> None:
        self._remote = remote

    def __call__(self) -> Remote:
        return self._remote

    def close(self) -> None:
        return None


class Round:
    """The job over a practice and a remote in memory; both clocks are turned by hand."""

    def __init__(self, desk: SyncDesk) -> None:
        self.desk, self.monotonic = desk, 500.0
        self.reports: list[Report] = []
        self.made = 0
        self.watch = Watch(desk.database)
        self.job = SyncJob(
            desk.database, self.watch, clock=desk.now, waiter=desk.waiter, source_of=self._source,
            told=self.reports.append, chance=lambda: 0.5,
        )  # fmt: skip

    def _source(self, _database: Database) -> Kept:
        self.made += 1
        return Kept(self.desk.remote)

    def turn(self, seconds: float = 0.5, *, asked: bool = False, wall: float | None = None) -> list[str]:
        """A turn of the loop after some seconds; the requests it made. `wall` seconds pass on the clock."""
        self.monotonic += seconds
        self.desk.now.forward(seconds=seconds if wall is None else wall)
        before = len(self.desk.remote.calls)
        if self.job.due(self.monotonic, moved=self.watch.moved(), asked=asked):
            self.job.run(self.monotonic)
        return [name for name, _ in self.desk.remote.calls[before:]]


@pytest.fixture
def desk(tmp_path: Path) -> SyncDesk:
    return SyncDesk(tmp_path)


@pytest.fixture
def rounds(desk: SyncDesk) -> Iterator[Round]:
    found = Round(desk)
    yield found
    found.watch.close()


@pytest.fixture
def synced(rounds: Round) -> Round:
    """With a calendar to send to, after its first cycle."""
    rounds.desk.ensure()
    rounds.turn()
    rounds.turn()
    return rounds


def test_nothing_of_the_network_is_made_before_there_is_an_account(desk: SyncDesk, rounds: Round) -> None:
    with closing(desk.database.connect()) as connection:
        connection.execute("UPDATE calendar_account SET state = 'disabled'")
    for _ in range(300):
        assert rounds.turn() == []
    assert rounds.turn(asked=True) == []
    assert rounds.made == 0
    with closing(desk.database.connect()) as connection:
        connection.execute("UPDATE calendar_account SET state = 'ok'")
    assert rounds.turn() != []
    assert rounds.made == 1


def test_a_commit_is_sent_in_the_next_turn_and_nothing_is_read_for_it(desk: SyncDesk, synced: Round) -> None:
    desk.book()  # SYNC-01
    assert synced.turn() == ["insert"]
    assert synced.turn() == []
    desk.cancel(1)
    assert synced.turn() == ["delete"]


def test_everything_is_read_once_a_minute(synced: Round) -> None:
    calls = [name for _ in range(5 * 121) for name in synced.turn()]
    assert calls == ["events"] * 5
    assert all(report.status == "ok" for report in synced.reports)


def test_what_is_committed_during_a_cycle_is_sent_in_the_next_turn(desk: SyncDesk, synced: Round) -> None:
    later = iter([12, 13])

    def meanwhile(call: str, _subject: str) -> None:
        if call == "insert" and (hour := next(later, None)) is not None:
            desk.remote.before = lambda _call, _subject: None
            desk.book(hour=hour)
            desk.remote.before = meanwhile

    desk.remote.before = meanwhile
    desk.book(hour=11)
    assert [name for _ in range(4) for name in synced.turn()] == ["insert"] * 3


def test_who_asks_is_answered_with_the_report(desk: SyncDesk, synced: Round) -> None:  # SYNC-20
    desk.book()
    with closing(desk.database.connect()) as connection:
        first, second = ask(connection), ask(connection)
        calls = synced.turn()
        assert is_answered(connection, first)
        assert is_answered(connection, second)
        assert given(connection, second) == answer_of(synced.reports[-1])
    assert {"calendars", "events", "insert"} <= set(calls)
    assert synced.reports[-1].calendars[0].pushed == 1
    assert synced.turn() == []


def test_a_pause_that_the_sync_gave_itself_is_kept_unless_somebody_asks(desk: SyncDesk, synced: Round) -> None:
    def broken(_call: str, _subject: str) -> None:
        raise Transient("no network")

    desk.remote.before = broken
    synced.turn(EVERY_S)
    assert [report.status for report in synced.reports[-1:]] == ["retry"]
    with closing(desk.database.connect()) as connection:
        account = ledger.account(connection)
    assert account is not None
    assert account.next_try is not None
    left = (account.next_try - desk.now()).total_seconds()
    desk.book()
    assert synced.turn(1) == []
    assert synced.turn(left - 2) == []
    assert synced.turn(3) != []  # the time has come
    assert synced.turn(1) == []
    assert synced.turn(1, asked=True) != []
    desk.remote.before = lambda _call, _subject: None
    synced.turn(asked=True)
    assert [report.status for report in synced.reports[-1:]] == ["ok"]
    assert desk.value("SELECT count(*) FROM sync_outbox") == 0


@pytest.mark.parametrize("days", [1, -1])
def test_a_clock_that_is_set_by_a_day_makes_one_cycle_and_no_more(desk: SyncDesk, synced: Round, days: int) -> None:
    with closing(desk.database.connect()) as connection, transaction(connection):
        ledger.account_fails(connection, 1, "no network", desk.now() + timedelta(minutes=30))
    synced.turn()
    shift = timedelta(days=days).total_seconds()
    assert synced.turn(wall=shift).count("events") == 1
    assert [name for _ in range(100) for name in synced.turn()] == []
    desk.book()
    assert synced.turn() == ["insert"]


@pytest.mark.parametrize(("column", "value"), [("paused", "user"), ("state", "needs_auth")])
def test_nothing_is_tried_until_a_person_lets_it(
    desk: SyncDesk, synced: Round, column: str, value: str
) -> None:  # SYNC-25
    with closing(desk.database.connect()) as connection:
        before = connection.execute(f"SELECT {column} FROM calendar_account").fetchone()[0]
        connection.execute(f"UPDATE calendar_account SET {column} = ?", (value,))
    desk.book()
    assert [name for _ in range(300) for name in synced.turn()] == []
    with closing(desk.database.connect()) as connection:
        connection.execute(f"UPDATE calendar_account SET {column} = ?", (before,))
    assert set(synced.turn()) == {"events", "insert"}


def test_another_calendar_is_read_at_once(desk: SyncDesk, synced: Round) -> None:
    private = desk.remote.add_calendar("Private", "America/New_York")
    with closing(desk.database.connect()) as connection:
        connection.execute(
            "INSERT INTO calendar_link (created_at, updated_at, version, account_id, remote_calendar_id, name,"
            " role, direction, access_role, enabled, state, last_error, time_zone)"
            " VALUES (0, 0, 1, 1, ?, 'Private', 'inbound', 'two_way', 'owner', true, '', '', 'UTC')",
            (private.id,),
        )
    assert synced.turn() == ["events", "events"]
    assert synced.turn() == []


def test_a_command_that_syncs_just_now_is_left_alone(desk: SyncDesk, synced: Round) -> None:
    other = Lease(desk.database, clock=desk.now, pid=1, host="elsewhere")
    assert other.take()
    desk.book()
    told = len(synced.reports)
    assert synced.turn() == []
    assert len(synced.reports) == told
    other.release()
    assert set(synced.turn(BUSY_S)) | set(synced.turn(BUSY_S)) >= {"insert"}


def test_what_cannot_be_sent_is_not_sent_again_and_again(desk: SyncDesk, synced: Round) -> None:
    def stubborn(call: str, _subject: str) -> None:
        if call == "insert":
            raise Transient("not now", limited=True)

    desk.remote.before = stubborn
    desk.book()
    tried = [name for _ in range(40) for name in synced.turn()].count("insert")
    assert 1 <= tried <= 10
