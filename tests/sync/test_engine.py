"""A cycle from end to end on the remote in memory: what it does, what it leaves alone, how it ends."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from couchcal.sync import ledger, outbox, review, status, target
from couchcal.sync.incoming import FULL_EVERY
from couchcal.sync.lease import Lease, Taken
from couchcal.sync.port import Forbidden, NeedsSignIn, NotThere, Progress, RemoteEvent, Transient, When
from couchcal.sync.report import progress_text
from tests.support.demo import at
from tests.sync.desk import SyncDesk


@pytest.fixture
def desk(tmp_path: Path) -> SyncDesk:
    """A practice with one session that is synced, and a calendar of its own to read."""
    desk = SyncDesk(tmp_path)
    desk.book(4, 9)
    private = desk.remote.add_calendar("Private", "America/New_York")
    desk.ensure()
    desk.cycle()
    desk.write("UPDATE calendar_link SET enabled = true WHERE remote_calendar_id = ?", private.id)
    desk.cycle()
    desk.now.forward(minutes=5)
    desk.calls()
    return desk


def private(desk: SyncDesk) -> str:
    return str(desk.value("SELECT remote_calendar_id FROM calendar_link WHERE role = 'inbound' ORDER BY id"))


def lunch(desk: SyncDesk, name: str = "lunch") -> None:
    when = When(at(4, 12), at(4, 13), "America/New_York")
    desk.remote.put(private(desk), RemoteEvent(name, when=when, title="Lunch"))


def test_nothing_changed_is_one_request_a_calendar_and_no_write(desk: SyncDesk) -> None:
    desk.cycle()
    desk.calls()
    desk.now.forward(seconds=30)
    with closing(desk.database.connect()) as connection:
        tables = ("calendar_account", "calendar_link", "sync_state", "event_map", "sync_log", "change")
        before = [connection.execute(f"SELECT * FROM {table}").fetchall() for table in tables]
        report = desk.cycle()
        assert [connection.execute(f"SELECT * FROM {table}").fetchall() for table in tables] == before
    assert desk.calls() == ["events", "events"]
    assert report.status == "ok"
    assert not report.changed
    assert [each.requests for each in report.calendars] == [1, 1]


def test_the_report_is_that_of_the_contract(desk: SyncDesk) -> None:
    lunch(desk)
    row = desk.book(4, 15)
    desk.cycle()
    desk.calls()
    desk.cancel(row)
    report = desk.cycle().as_json()
    assert report == {
        "status": "ok",
        "calendars": [
            {"id": desk.calendar, "name": "couchcal", "pulled": 0, "pushed": 0, "deleted": 1, "requests": 2},
            {"id": private(desk), "name": "Private", "pulled": 0, "pushed": 0, "deleted": 0, "requests": 1},
        ],
        "pending": 0,
        "blocked": [],
        "review": [],
        "last_ok": desk.now().isoformat(),
        "next_try": None,
    }


def test_a_move_there_comes_back_and_is_no_echo(desk: SyncDesk) -> None:  # SYNC-01, SYNC-11
    row = 1
    event = desk.there(row)
    assert event.when is not None
    desk.remote.change(desk.calendar, event.id, when=When(at(5, 10), at(5, 10, 50), event.when.tz))
    report = desk.cycle()
    assert report.calendars[0].pulled == 1
    assert desk.start(row) == at(5, 10)
    assert "patch" not in desk.calls()
    assert not desk.cycle().changed


def test_external_events_come_and_go(desk: SyncDesk) -> None:  # SYNC-15, SYNC-23
    lunch(desk)
    assert desk.cycle().calendars[1].pulled == 1
    assert desk.value("SELECT title FROM external_event") == "Lunch"
    desk.remote.drop(private(desk), "lunch")
    assert desk.cycle().calendars[1].deleted == 1
    assert desk.value("SELECT count(*) FROM external_event") == 0


def test_one_way_reads_nothing_and_clears_what_came(desk: SyncDesk) -> None:  # SYNC-14
    lunch(desk)
    desk.cycle()
    desk.write("UPDATE calendar_link SET direction = 'one_way' WHERE role = 'owned_target'")
    event = desk.there(1)
    desk.remote.change(desk.calendar, event.id, when=When(at(5, 10), at(5, 10, 50), "America/New_York"))
    desk.calls()
    desk.cycle()
    assert desk.calls() == []
    assert desk.value("SELECT count(*) FROM external_event") == 0
    assert desk.start(1) == at(4, 9)
    desk.move(1, 6, 9)
    desk.cycle()
    when = desk.there(1).when
    assert when is not None
    assert when.start == at(6, 9)
    desk.write("UPDATE calendar_link SET direction = 'two_way' WHERE role = 'owned_target'")
    desk.cycle()
    assert desk.value("SELECT count(*) FROM external_event") == 1


def test_everything_is_read_once_a_day(desk: SyncDesk) -> None:
    desk.remote.hidden = set()
    generation = desk.value("SELECT max(generation) FROM sync_state")
    desk.now.moment += FULL_EVERY
    desk.cycle()
    assert desk.calls() == ["calendars", "events", "events"]
    assert desk.value("SELECT max(generation) FROM sync_state") == generation + 1


def test_who_has_to_sign_in_again_is_left_alone(desk: SyncDesk) -> None:  # SYNC-25
    desk.move(1, 6, 9)

    def revoked(_call: str, _name: str) -> None:
        raise NeedsSignIn("the sign-in is over")

    desk.remote.before = revoked
    assert desk.cycle().status == "needs_auth"
    desk.calls()
    assert desk.cycle().status == "needs_auth"
    assert desk.calls() == []
    assert desk.pending == 1
    found = desk.read(status.read)
    assert (found.state, found.connected, found.last_error) == ("needs_auth", False, "the sign-in is over")
    desk.remote.before = lambda *_: None
    desk.write("UPDATE calendar_account SET state = 'ok'")
    assert desk.cycle().status == "ok"
    assert desk.pending == 0


def test_without_an_account_a_person_has_to_sign_in(desk: SyncDesk) -> None:
    desk.write("DELETE FROM calendar_account")
    assert desk.cycle().status == "needs_auth"
    assert desk.read(status.read) is None


def test_a_pause_is_a_pause(desk: SyncDesk) -> None:
    desk.write("UPDATE calendar_account SET paused = 'user'")
    desk.move(1, 6, 9)
    assert desk.cycle().status == "paused"
    assert desk.calls() == []


def test_failures_in_a_row_wait_longer_and_longer(desk: SyncDesk) -> None:
    def silent(_call: str, _name: str) -> None:
        raise Transient("no answer")

    desk.remote.before = silent
    waits = []
    for _ in range(9):
        report = desk.cycle()
        assert report.status == "retry"
        assert report.next_try is not None
        waits.append((report.next_try - desk.now()).total_seconds())
    assert waits == sorted(waits)
    assert 15 <= waits[0] <= 19
    assert waits[-1] >= 3600
    assert len(desk.calls()) == 9 * 5
    desk.remote.before = lambda *_: None
    report = desk.cycle()
    assert (report.status, report.next_try) == ("ok", None)
    assert desk.value("SELECT failures FROM calendar_account") == 0


def test_a_service_that_says_when_is_believed(desk: SyncDesk) -> None:
    def limited(_call: str, _name: str) -> None:
        raise Transient("too many", retry_after=1800, limited=True)

    desk.remote.before = limited
    report = desk.cycle()
    assert report.next_try is not None
    assert (report.next_try - desk.now()).total_seconds() >= 1800
    assert len(desk.calls()) == 1


def test_a_calendar_that_cannot_be_read_holds_up_nobody(desk: SyncDesk) -> None:
    other = desk.remote.add_calendar("Other", "UTC")
    desk.cycle(calendars=True)
    desk.write("UPDATE calendar_link SET enabled = true")
    shut = private(desk)

    def refuse(call: str, name: str) -> None:
        if call == "events" and name == shut:
            raise Forbidden("not for you")

    desk.remote.before = refuse
    when = When(at(4, 12), at(4, 13), "UTC")
    desk.remote.put(other.id, RemoteEvent("e", when=when, title="Other"))
    desk.move(1, 6, 9)
    report = desk.cycle()
    assert report.status == "ok"
    assert desk.value("SELECT title FROM external_event") == "Other"
    assert desk.pending == 0
    assert desk.value("SELECT last_error FROM calendar_link WHERE remote_calendar_id = ?", shut) == "not for you"


def test_a_calendar_that_is_not_shared_any_more_is_no_deletion(desk: SyncDesk) -> None:
    lunch(desk)
    desk.cycle()
    del desk.remote.shelves[private(desk)]
    assert desk.cycle().status == "ok"
    assert desk.value("SELECT count(*) FROM external_event") == 1
    assert desk.reviews() == ["calendar_lost"]
    desk.calls()
    desk.cycle()
    assert desk.calls() == ["events"]


def test_the_target_is_lost_only_if_it_is(desk: SyncDesk) -> None:
    asked: list[str] = []

    def hide(call: str, name: str) -> None:
        if call == "events" and name == desk.calendar and not asked:
            asked.append(name)
            raise NotThere("not found")

    desk.remote.before = hide
    assert desk.cycle().status == "retry"
    assert desk.link.state == ""
    del desk.remote.shelves[desk.calendar]
    assert desk.cycle().status == "paused"
    assert desk.link.state == "lost"
    assert desk.value("SELECT count(*) FROM appointment WHERE status = 'scheduled'") == 1


def test_a_mass_deletion_there_pauses_before_anything_is_applied(desk: SyncDesk) -> None:
    desk.book_many(8)
    desk.cycle()
    for name in list(desk.live):
        desk.remote.drop(desk.calendar, name)
    assert desk.cycle().status == "paused"
    assert desk.reviews() == ["mass_delete"]
    found = desk.read(status.read)
    assert (found.paused, found.review) == ("mass_delete", 1)
    assert desk.value("SELECT count(*) FROM event_map WHERE state = 'live'") == 9


def test_another_process_at_work_is_not_disturbed(desk: SyncDesk) -> None:
    other = Lease(desk.database, clock=desk.now, pid=1, is_alive=lambda _: True)
    other.take()
    with pytest.raises(Taken) as raised:
        desk.cycle()
    assert raised.value.holder is not None
    assert raised.value.holder.pid == 1
    assert desk.calls() == []
    other.release()
    assert desk.cycle().status == "ok"


def test_who_slept_through_its_lease_writes_nothing_more(desk: SyncDesk) -> None:
    thief = Lease(desk.database, clock=desk.now, pid=1, is_alive=lambda _: True)
    desk.move(1, 6, 9)

    def steal(call: str, _name: str) -> None:
        if call == "patch":
            desk.now.forward(minutes=5)
            assert thief.take()

    desk.remote.after = steal
    report = desk.cycle()
    assert (report.status, report.reason) == ("retry", "another process has taken over")
    assert desk.pending == 1
    desk.remote.after = lambda *_: None
    thief.release()
    desk.cycle()
    assert desk.pending == 0
    assert len(desk.live) == 1


def test_a_stop_ends_the_cycle_between_two_entries(desk: SyncDesk) -> None:
    desk.book_many(4)
    made = []

    def stop(call: str, _name: str) -> None:
        if call == "insert":
            made.append(1)
            desk.waiter.stopping = len(made) == 2

    desk.remote.after = stop
    assert desk.cycle().reason == "stopped"
    assert desk.pending == 2
    desk.waiter.stopping = False
    desk.cycle()
    assert desk.pending == 0
    assert len(desk.live) == 5


def test_a_dry_run_tells_and_does_nothing(desk: SyncDesk) -> None:
    lunch(desk)
    moved = desk.book(4, 15)
    gone = desk.book(4, 17)
    desk.cycle()
    desk.remote.change(private(desk), "lunch", title="Late lunch")
    lunch(desk, "second")
    desk.remote.drop(desk.calendar, desk.mapped(moved).event_id)
    desk.move(1, 6, 9)
    desk.cancel(gone)
    new = desk.book(7, 9)
    before = desk.outcome()
    desk.calls()
    plan = desk.engine().plan()
    assert set(desk.calls()) == {"events"}
    assert desk.outcome() == before
    ours, theirs = plan.calendars
    assert (ours.gone, ours.inserts, ours.changes, ours.deletes) == (1, 1, 1, 1)
    assert (theirs.found, theirs.gone) == (2, 0)
    assert {(each.what, each.words) for each in plan.sendings} == {
        ("insert", "session Sat 7 Mar 9:00"), ("change", "session Fri 6 Mar 9:00"),
        ("delete", "session Wed 4 Mar 17:00"),
    }  # fmt: skip
    assert new
    assert "Canary" not in repr(plan)


def test_a_title_that_changed_there_is_not_put_back(desk: SyncDesk) -> None:
    desk.remote.change(desk.calendar, desk.mapped(1).event_id, title="Mine now")
    desk.cycle()
    desk.cycle()
    assert desk.there(1).title == "Mine now"


def test_an_event_made_by_hand_in_our_calendar_is_external(desk: SyncDesk) -> None:
    desk.remote.put(desk.calendar, replace(desk.there(1), id="copy"))
    desk.cycle()
    assert desk.value("SELECT count(*) FROM external_event") == 1
    assert not desk.cycle().changed
    assert len(desk.live) == 2


def test_nobody_is_named_in_what_is_written_down(desk: SyncDesk) -> None:  # SYNC-27
    desk.book_many(3)
    desk.cycle()
    desk.remote.drop(desk.calendar, desk.mapped(1).event_id)
    desk.move(2, 20, 9)
    desk.cycle()
    lines = repr(desk.read(ledger.log_lines)) + repr(desk.read(review.open_items))
    assert "Canary" not in lines
    assert "session Wed 4 Mar 9:00" in lines


# the calendar that is written to


def test_connecting_sends_everything_and_marks_the_end(tmp_path: Path) -> None:  # SYNC-08, SYNC-09
    desk = SyncDesk(tmp_path)
    desk.book_many(3)
    cancelled = desk.book(10, 9)
    desk.cancel(cancelled)
    desk.ensure()
    assert desk.link.name == target.DEFAULT_NAME
    found = desk.read(status.read)
    assert (found.pending, found.calendar) == (3, "couchcal")
    desk.cycle()
    found = desk.read(status.read)
    assert (found.pending, found.last_ok, found.working) == (0, desk.now(), False)
    assert len(desk.live) == 3


def test_a_calendar_whose_making_was_not_heard_of_is_found_again(tmp_path: Path) -> None:
    desk = SyncDesk(tmp_path)
    lost = [Transient("no answer")]

    def lose(call: str, _name: str) -> None:
        if call == "create_calendar" and lost:
            raise lost.pop()

    desk.remote.after = lose
    desk.ensure()
    assert desk.calls() == ["calendars", "create_calendar", "calendars"]
    assert list(desk.remote.shelves) == [desk.calendar]
    desk.ensure()
    assert desk.calls() == []


def test_the_main_calendar_is_never_written_to(tmp_path: Path) -> None:  # SYNC-08
    desk = SyncDesk(tmp_path)
    desk.remote.add_calendar("me@example.com", primary=True)
    desk.ensure()
    assert len(desk.remote.shelves) == 2
    assert not desk.remote.shelves[desk.calendar].calendar.primary


def test_what_is_next_on_the_calendar_goes_first(tmp_path: Path) -> None:
    desk = SyncDesk(tmp_path)
    past, late, soon = desk.book(2, 9), desk.book(25, 9), desk.book(3, 16)
    desk.ensure()
    desk.cycle()
    order = [name for call, name in desk.remote.calls if call == "insert"]
    assert order == [desk.mapped(row).event_id for row in (soon, late, past)]


# the books


def test_what_is_read_when_nothing_happens_is_found_by_an_index(desk: SyncDesk) -> None:
    statements: list[str] = []
    with closing(desk.database.connect_file()) as connection:
        connection.set_trace_callback(statements.append)
        outbox.anything_due(connection, desk.now())
        ledger.maps_of(connection, 1, [1])
        ledger.maps_by_event(connection, 1, ["a"])
        ledger.live_maps(connection, 1)
        outbox.deletes_due(connection, 1)
        connection.set_trace_callback(None)
        for statement in statements:
            for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}"):
                assert not row[3].startswith(("SCAN sync_outbox", "SCAN event_map", "SCAN m", "SCAN a")), row[3]
    assert len(statements) == 5


def test_the_log_keeps_its_last_lines(desk: SyncDesk) -> None:
    with closing(desk.database.connect()) as connection:
        connection.execute("BEGIN IMMEDIATE")
        for number in range(ledger.LOG_LINES + 50):
            ledger.log(connection, desk.now(), f"line {number}")
        connection.execute("COMMIT")
        lines = ledger.log_lines(connection)
    assert len(lines) == ledger.LOG_LINES
    assert lines[0] == (desk.now(), "info", f"line {ledger.LOG_LINES + 49}")


def test_progress_is_shown_as_it_was_told(desk: SyncDesk) -> None:
    assert (shown := desk.read(status.read)) is not None
    assert (shown.doing, shown.done, shown.of) == ("", 0, 0)
    told = progress_text(Progress("reading", 3, 20))
    desk.write("UPDATE worker_lease SET owner = 'another process', progress = ? WHERE name = 'sync'", told)
    assert (shown := desk.read(status.read)) is not None
    assert (shown.doing, shown.done, shown.of) == ("reading", 3, 20)
