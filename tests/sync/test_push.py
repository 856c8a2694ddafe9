"""What waits is sent: once, only what changed, and whatever the remote says to it (SYNC-01, SYNC-17)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from couchcal.practice import appointments, undo
from couchcal.sync import outbox, push, review
from couchcal.sync.port import Forbidden, NotThere, Rejected, Transient
from couchcal.sync.resolving import resolve
from couchcal.sync.waiter import Unreachable
from tests.support.demo import at
from tests.sync.desk import SyncDesk
from tests.sync.sending import once, push_only, shift


@pytest.fixture
def desk(tmp_path: Path) -> SyncDesk:
    """A practice whose calendar is there and empty; nothing waits."""
    desk = SyncDesk(tmp_path)
    desk.ensure()
    desk.cycle()
    desk.now.forward(minutes=5)
    desk.calls()
    return desk


# the usual


def test_a_booking_is_one_request_and_a_change_is_one(desk: SyncDesk) -> None:  # SYNC-01
    row = desk.book(4, 9)
    assert push_only(desk) == ["insert"]
    assert desk.mapped(row).state == "live"
    desk.move(row, 4, 11)
    assert push_only(desk) == ["patch"]
    when = desk.there(row).when
    assert when is not None
    assert when.start == at(4, 11)
    assert desk.pending == 0


def test_what_comes_to_nothing_is_not_sent(desk: SyncDesk) -> None:
    row = desk.book(4, 9)
    push_only(desk)
    desk.move(row, 4, 11)
    desk.move(row, 4, 9)
    desk.cancel(row)
    desk.restore(row)
    never = desk.book(4, 12)
    desk.cancel(never)
    assert push_only(desk) == []
    assert desk.pending == 0
    assert desk.value("SELECT count(*) FROM event_map WHERE appointment_id = ?", never) == 0


def test_only_what_changed_is_in_the_request(desk: SyncDesk) -> None:
    row = desk.book(4, 9)
    push_only(desk)
    desk.remote.change(desk.calendar, desk.mapped(row).event_id, title="of somebody else's making")
    desk.cycle()
    desk.move(row, 4, 11)
    push_only(desk)
    assert desk.there(row).title == "of somebody else's making"
    desk.write("UPDATE practice SET google_title = 'Session'")  # SYNC-21: titles are sent anew in place
    assert push_only(desk) == ["patch"]
    assert desk.there(row).title == "🔒 Session"


def test_cancelled_or_deleted_here_is_removed_there(desk: SyncDesk) -> None:  # SYNC-17, SYNC-18
    first, second = desk.book(4, 9), desk.book(4, 11)
    push_only(desk)
    desk.cancel(first)
    desk.delete(second)
    assert push_only(desk) == ["delete", "delete"]
    assert not desk.live
    assert desk.value("SELECT status FROM appointment WHERE id = ?", first) == "cancelled"


def test_restored_here_comes_back_under_its_id(desk: SyncDesk) -> None:
    row = desk.book(4, 9)
    push_only(desk)
    name = desk.mapped(row).event_id
    desk.cancel(row)
    push_only(desk)
    desk.restore(row)
    assert push_only(desk) == ["event", "patch"]
    assert list(desk.live) == [name]


def test_undo_of_a_deletion_finds_the_event_again(desk: SyncDesk) -> None:
    row = desk.book(4, 9)
    push_only(desk)
    desk.delete(row)
    push_only(desk)
    undo.undo(desk.database, clock=desk.now)
    assert push_only(desk) == ["event", "patch"]
    assert len(desk.live) == 1


# answers that got lost, ids that are used up


def test_a_delete_whose_answer_got_lost_is_done(desk: SyncDesk) -> None:
    row = desk.book(4, 9)
    push_only(desk)
    desk.cancel(row)
    desk.remote.after = once("delete", Transient("no answer"))
    assert push_only(desk) == ["delete", "delete"]
    assert desk.mapped(row).state == "deleted"


# changes of both sides


def test_a_move_there_and_a_title_here_are_both_kept(desk: SyncDesk) -> None:
    row = desk.book(4, 9)
    push_only(desk)
    shift(desk, row, 3)
    desk.write("UPDATE practice SET google_title = 'Session'")
    assert push_only(desk) == ["patch", "event", "patch"]
    assert desk.start(row) == at(4, 12)
    assert desk.there(row).title == "🔒 Session"


def test_of_two_moves_the_one_here_stays_and_the_other_is_shown(desk: SyncDesk) -> None:
    row = desk.book(4, 9)
    push_only(desk)
    shift(desk, row, 3)
    desk.move(row, 6, 9)
    push_only(desk)
    assert desk.start(row) == at(6, 9)
    when = desk.there(row).when
    assert when is not None
    assert when.start == at(6, 9)
    assert desk.reviews() == ["conflict"]


def test_an_event_that_always_changes_is_left_for_later(desk: SyncDesk) -> None:
    row = desk.book(4, 9)
    push_only(desk)

    def fiddle(call: str, name: str) -> None:
        if call == "patch":
            desk.remote.change(desk.calendar, name, place="somewhere")

    desk.remote.before = fiddle
    desk.move(row, 4, 11)
    assert push_only(desk) == ["patch", "event"] * 4
    assert desk.pending == 1
    desk.remote.before = lambda *_: None
    assert push_only(desk) == []
    desk.now.forward(minutes=2)
    push_only(desk)
    assert desk.pending == 0


def test_a_change_while_it_is_sent_is_sent_too(desk: SyncDesk) -> None:
    row = desk.book(4, 9)
    desk.remote.before = once("insert", then=lambda: desk.move(row, 4, 11))
    assert push_only(desk) == ["insert", "patch"]
    when = desk.there(row).when
    assert when is not None
    assert when.start == at(4, 11)


def test_a_name_that_is_hidden_while_others_are_sent_does_not_leave(desk: SyncDesk) -> None:  # SYNC-03, SYNC-21
    desk.write("UPDATE practice SET identifier_mode = 'full'")
    desk.book_many(3)

    def hide() -> None:
        desk.write("UPDATE practice SET identifier_mode = 'id'")

    desk.remote.before = once("insert", then=hide)
    assert push_only(desk) == ["insert", "insert", "insert", "patch"]
    assert {event.title for event in desk.live.values()} == {"🔒 C-0001"}


def test_what_was_taken_and_is_cancelled_before_its_turn_is_not_sent(desk: SyncDesk) -> None:
    first, *_ = desk.book_many(3)
    desk.remote.before = once("insert", then=lambda: desk.cancel(first))
    calls = push_only(desk)
    assert len(desk.live) == 2
    assert calls.count("insert") == 2


def test_cancelled_here_wins_over_moved_there(desk: SyncDesk) -> None:
    row = desk.book(4, 9)
    push_only(desk)
    shift(desk, row, 3)
    desk.cancel(row)
    assert push_only(desk) == ["delete", "event", "delete"]
    assert not desk.live
    assert desk.reviews() == ["conflict"]


def test_deleted_there_and_changed_here_comes_back(desk: SyncDesk) -> None:
    row = desk.book(4, 9)
    push_only(desk)
    desk.remote.drop(desk.calendar, desk.mapped(row).event_id)
    desk.move(row, 4, 11)
    push_only(desk)
    assert len(desk.live) == 1
    assert desk.value("SELECT resolution FROM sync_review") == "restored"


def test_an_open_question_is_not_answered_by_sending(desk: SyncDesk) -> None:  # SYNC-11
    row = desk.book(4, 9)
    push_only(desk)
    desk.remote.drop(desk.calendar, desk.mapped(row).event_id)
    desk.cycle()
    desk.calls()
    desk.write("UPDATE appointment SET status = status WHERE id = ?", row)  # queued, with nothing new
    assert push_only(desk) == []
    assert desk.reviews() == ["remote_deleted"]
    desk.move(row, 4, 11)
    push_only(desk)
    assert desk.reviews() == []
    assert len(desk.live) == 1


# refusals


def test_one_that_is_refused_never_holds_up_the_rest(desk: SyncDesk) -> None:
    first, second, third = desk.book(4, 9), desk.book(4, 11), desk.book(4, 13)
    desk.remote.before = once("insert", Rejected("that cannot be"))
    report = desk.cycle(pull=False)
    assert report.status == "ok"
    assert [row.reason for row in report.blocked] == ["that cannot be"]
    assert desk.value("SELECT appointment_id FROM sync_outbox") == third  # the newest goes first
    assert {desk.mapped(row).state for row in (first, second)} == {"live"}
    desk.calls()
    assert push_only(desk) == []
    desk.move(third, 5, 13)
    assert push_only(desk) == ["insert"]
    assert len(desk.live) == 3


def test_a_calendar_that_refuses_everything_is_left_alone(desk: SyncDesk) -> None:
    desk.book_many(8)

    def refuse(call: str, _name: str) -> None:
        if call == "insert":
            raise Forbidden("you need to have writer access")

    desk.remote.before = refuse
    assert desk.cycle(pull=False).status == "retry"
    assert len(desk.calls()) == 5


def test_a_new_calendar_may_refuse_for_a_minute(tmp_path: Path) -> None:
    desk = SyncDesk(tmp_path)
    desk.book(4, 9)
    desk.ensure()
    desk.remote.before = once("insert", Forbidden("not yet"))
    report = desk.cycle()
    assert (report.status, report.blocked) == ("retry", ())
    desk.now.forward(minutes=1)
    assert desk.cycle().status == "ok"
    assert len(desk.live) == 1


def test_when_nobody_answers_the_rest_waits(desk: SyncDesk) -> None:
    desk.book_many(3)

    def silent(call: str, _name: str) -> None:
        if call == "insert":
            raise Transient("no answer")

    desk.remote.before = silent
    assert desk.cycle(pull=False).status == "retry"
    assert len(desk.calls()) == 5
    assert desk.pending == 3


def test_what_never_gets_through_is_not_always_the_first(desk: SyncDesk) -> None:
    desk.book_many(3)
    poison = desk.value("SELECT max(appointment_id) FROM sync_outbox")
    with pytest.raises(Unreachable):
        _push_with(desk, "insert", lambda: desk.mapped(poison).event_id)
    desk.now.forward(minutes=10)
    with pytest.raises(Unreachable):
        _push_with(desk, "insert", lambda: desk.mapped(poison).event_id)
    assert len(desk.live) == 2


def _push_with(desk: SyncDesk, call: str, poison: Callable[[], str]) -> None:
    def silent(made: str, name: str) -> None:
        if made == call and name == poison():
            raise Transient("no answer")

    desk.remote.before = silent
    push.push(desk.remote, desk.database, desk.link, clock=desk.now, waiter=desk.waiter)


def test_an_event_is_not_there_is_no_lost_calendar(desk: SyncDesk) -> None:
    row = desk.book(4, 9)
    push_only(desk)
    desk.move(row, 4, 11)
    desk.remote.before = once("patch", NotThere("not found"))
    assert push_only(desk)[:2] == ["patch", "calendar"]
    assert desk.link.state == ""


def test_a_calendar_that_is_gone_waits_for_a_person(desk: SyncDesk) -> None:
    desk.book(4, 9)
    del desk.remote.shelves[desk.calendar]
    report = desk.cycle(pull=False)
    assert report.status == "paused"
    assert desk.link.state == "lost"
    assert desk.reviews() == ["calendar_lost"]
    desk.calls()
    assert desk.cycle().status == "paused"
    assert desk.calls() == []
    item = desk.read(review.open_items)[0]
    resolve(desk.database, item.id, "recreate", clock=desk.now)
    assert desk.cycle().status == "ok"
    assert len(desk.live) == 1
    assert len(desk.remote.shelves) == 1


# the guard


def test_a_great_many_deletions_wait_and_the_rest_goes_on(desk: SyncDesk) -> None:
    rows = desk.book_many(14)
    push_only(desk)
    for row in rows[:11]:
        desk.delete(row)
    desk.move(rows[13], 20, 9)
    assert push_only(desk) == ["patch"]
    assert len(desk.live) == 14
    assert desk.reviews() == ["mass_delete"]
    assert push_only(desk) == []
    item = desk.read(review.open_items)[0]
    resolve(desk.database, item.id, "apply", clock=desk.now)
    assert push_only(desk) == ["delete"] * 11
    push_only(desk)
    assert desk.value("SELECT resolution FROM sync_review") == "applied"


def test_ten_deletions_are_not_many(desk: SyncDesk) -> None:
    for row in desk.book_many(12)[:10]:
        push_only(desk)
        appointments.delete(desk.database, row, clock=desk.now)
    push_only(desk)
    assert desk.reviews() == []
    assert len(desk.live) == 2


def test_what_was_held_and_is_taken_back_here_is_no_question_any_more(desk: SyncDesk) -> None:
    rows = desk.book_many(14)
    push_only(desk)
    for row in rows[:11]:
        desk.cancel(row)
    push_only(desk)
    assert desk.reviews() == ["mass_delete"]
    for row in rows[:11]:
        desk.restore(row)
    push_only(desk)
    assert desk.reviews() == []
    assert len(desk.live) == 14


# how much it costs


def test_each_is_one_request_and_progress_is_told(desk: SyncDesk) -> None:  # SYNC-09
    desk.book_many(60)
    told: list[tuple[int, int]] = []
    push.push(
        desk.remote,
        desk.database,
        desk.link,
        clock=desk.now,
        waiter=desk.waiter,
        on_progress=lambda progress: told.append((progress.done, progress.of)),
    )
    assert desk.calls() == ["insert"] * 60
    assert told == [(n, 60) for n in range(1, 61)]
    assert desk.waiter.paces >= 60


def test_nothing_to_send_is_no_write(desk: SyncDesk) -> None:
    before = desk.read(lambda connection: connection.execute("PRAGMA data_version").fetchone())
    changes = desk.value("SELECT count(*) FROM sync_log")
    assert push_only(desk) == []
    assert desk.value("SELECT count(*) FROM sync_log") == changes
    assert before is not None
    assert desk.read(outbox.counts) == (0, 0)
