"""What is said after a change, and what it offers: the rest of a series, the review, the waitlist."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import date, datetime, timedelta

import pytest

from couchcal.practice import appointments, client_changes, marks, practice_settings, waitlist_changes
from couchcal.practice.agenda import Entry, between
from couchcal.practice.cadence import Repeat
from couchcal.practice.draft import Draft
from couchcal.scheduling.wallclock import to_local, zone
from couchcal.settings_file import write_settings
from couchcal.store.connection import Database
from couchcal.tui.calendar.period import View
from couchcal.tui.calendar.screen import CalendarScreen
from couchcal.tui.calendar.writing import Freed
from couchcal.tui.forms.appointment import AppointmentForm
from couchcal.tui.forms.cancel import CancelAnswer, CancelDialog
from couchcal.tui.forms.confirm import Confirm
from couchcal.tui.forms.delete import DeleteDialog
from tests.support.demo import ZONE, at, clock, session
from tests.tui.calendar.test_reviewing import client
from tests.tui.conftest import AppFactory, settle, stored, toasts

SIZE = (120, 36)


def stand_on(screen: CalendarScreen, first: str, day: date) -> Entry:
    found = (e for e in screen.loaded.entries if e.first == first and not e.cancelled and day_of(e.start) == day)
    entry = next(found)
    screen.go_to(entry)
    return entry


def day_of(instant: datetime) -> date:
    return to_local(instant, zone(ZONE)).date()


def series_of(database: Database, first: str) -> list[Entry]:
    connection = database.connect()
    try:
        found = between(connection, at(1, 0), at(30, 0, month=4), zone(ZONE))
    finally:
        connection.close()
    return [entry for entry in found if entry.first == first and entry.rrule]


async def test_a_series_over_what_is_there_says_how_often_and_how_to_review(
    make: AppFactory, demo: Database
) -> None:
    # REC-11
    async with make().run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        done = appointments.book(
            demo, Draft(
                "client_session", at(3, 9, 10), at(3, 10), "America/New_York", client_id=client(demo, "Tom"),
                service="90837",
            ), repeat=Repeat("weekly"), clock=clock,
        )  # fmt: skip
        screen.post_message(screen.Written(done))
        await settle(pilot)
        assert f"{done.conflicts} overlaps · c reviews" in toasts(pilot)[-1]
        assert done.conflicts > 5


async def test_all_future_follow_and_what_stays_is_named(make: AppFactory, demo: Database) -> None:
    # C-02, REC-09
    marks.mark(demo, series_of(demo, "Maria")[2].row_id, "note-signed", clock=clock)
    async with make().run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        stand_on(screen, "Maria", date(2026, 3, 5))
        await pilot.press("m", "J", "enter")
        await settle(pilot)
        assert "M move all future too, 1 stays" in toasts(pilot)[-1]
        await pilot.press("M")
        await settle(pilot)
        said = toasts(pilot)[-1]
        assert "and all following" in said
        assert "left as it was: Maria S. Thu 19 Mar" in said
        assert "note is signed" in said
        await pilot.press("M")
        await pilot.pause()
        assert "First move one session" in toasts(pilot)[-1]


async def test_the_client_of_a_move_is_told_when_somebody_says_so(make: AppFactory, demo: Database) -> None:
    write_settings({"mail.host": "127.0.0.1", "mail.port": 9, "mail.from": "office@practice.example"})
    client_changes.edit(demo, client(demo, "Maria"), {"email": "maria@client.example"}, clock=clock)
    async with make().run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        await pilot.press("i")
        await pilot.pause()
        assert "First move a session" in toasts(pilot)[-1]
        entry = stand_on(screen, "Maria", date(2026, 3, 5))
        for _ in range(2):
            await pilot.press("m", "J", "enter")
            await settle(pilot)
            assert "i tells the client" in toasts(pilot)[-1]
        assert letters(demo) == []
        await pilot.press("i")
        await settle(pilot)
        assert "is told of the new time" in toasts(pilot)[-1]
        ((kind, recipient, facts),) = letters(demo)
        assert (kind, recipient) == ("rescheduled", "maria@client.example")
        assert json.loads(facts)["was"] == entry.start.isoformat(), "the start before both moves"
        await pilot.press("u")
        await settle(pilot)
        assert letters(demo) == []


@pytest.mark.parametrize("missing", ["address", "server", "question"])
async def test_nobody_is_asked_about_letters_that_cannot_go_or_go_anyway(
    make: AppFactory, demo: Database, missing: str
) -> None:
    if missing != "server":
        write_settings({"mail.host": "127.0.0.1", "mail.port": 9, "mail.from": "office@practice.example"})
    if missing != "address":
        client_changes.edit(demo, client(demo, "Maria"), {"email": "maria@client.example"}, clock=clock)
    if missing == "question":
        practice_settings.change(demo, {"notify_on_move": "never"}, clock=clock)
    async with make().run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        stand_on(screen, "Maria", date(2026, 3, 5))
        await pilot.press("m", "J", "enter")
        await settle(pilot)
        assert "tells the client" not in toasts(pilot)[-1]


def letters(database: Database) -> list[tuple[str, str, str]]:
    with closing(database.connect()) as connection:
        asked = "SELECT kind, recipient, payload FROM outbox_email WHERE state = 'queued' AND kind = 'rescheduled'"
        return [tuple(row) for row in connection.execute(asked)]


async def test_cancelling_one_of_a_series_offers_nothing_for_the_others(make: AppFactory) -> None:
    # REC-12
    async with make().run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        stand_on(screen, "Maria", date(2026, 3, 5))
        await pilot.press("x")
        await pilot.pause()
        assert isinstance(pilot.app.screen, CancelDialog)
        pilot.app.screen.dismiss(CancelAnswer("other", "", None, "", False))
        await settle(pilot)
        said = toasts(pilot)[-1]
        assert said.startswith("Cancelled Maria")
        assert "future" not in said


async def test_a_past_session_of_a_series_goes_into_the_future_only_after_a_question(
    make: AppFactory, demo: Database
) -> None:
    # C-03
    async with make().run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        stand_on(screen, "Jane", date(2026, 3, 2))
        await pilot.press("m", "l", "l", "enter")
        await pilot.pause()
        assert isinstance(pilot.app.screen, Confirm)
        await pilot.press("n")
        await pilot.pause()
        assert screen.ghost is not None
        assert {e.start for e in stored(demo) if e.first == "Jane" and e.rrule} == {at(2, 9)}
        await pilot.press("enter")
        await pilot.pause()
        await pilot.press("y")
        await settle(pilot)
        assert {e.start for e in stored(demo) if e.first == "Jane" and e.rrule} == {at(4, 9)}
        assert "future too" not in toasts(pilot)[-1]


async def test_a_past_single_session_and_one_kept_in_the_past_ask_nothing(make: AppFactory, demo: Database) -> None:
    async with make().run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        stand_on(screen, "Jane", date(2026, 3, 2))
        await pilot.press("m", "J", "enter")
        await settle(pilot)
        assert pilot.app.screen is screen
    assert {e.start for e in stored(demo) if e.first == "Jane" and e.rrule} == {at(2, 10)}


def waiting_for(demo: Database, first: str, **values: object) -> None:
    waitlist_changes.add(demo, client(demo, first), clock=clock, **values)  # type: ignore[arg-type]  # the fields of a row


async def test_a_time_that_comes_free_is_offered_to_the_waitlist(make: AppFactory, demo: Database) -> None:
    waiting_for(demo, "Omar")
    waiting_for(demo, "Bob")
    async with make().run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        stand_on(screen, "Maria", date(2026, 3, 5))
        await pilot.press("x")
        await pilot.pause()
        pilot.app.screen.dismiss(CancelAnswer("other", "", None, "", False))
        await settle(pilot)
        await settle(pilot)
        assert toasts(pilot)[-1] == "2 on the waitlist would take Thu 5 Mar 10:00 · W shows them"
        assert screen.offered == Freed(at(5, 10), at(5, 10, 50))


async def test_nothing_is_offered_of_what_is_over_still_taken_or_no_clients_time(
    make: AppFactory, demo: Database
) -> None:
    waiting_for(demo, "Omar")
    async with make().run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        stand_on(screen, "Jane", date(2026, 3, 2))
        for title in ("Jane", "Lena", "Supervision"):
            day = date(2026, 3, 2) if title == "Jane" else date(2026, 3, 4)
            screen.go_to(
                next(e for e in screen.loaded.entries if title in (e.first, e.title) and day_of(e.start) == day)
            )
            await pilot.press("D")
            await pilot.pause()
            assert isinstance(pilot.app.screen, DeleteDialog)
            pilot.app.screen.dismiss("this")
            await settle(pilot)
            await settle(pilot)
        assert not [text for text in toasts(pilot) if "waitlist" in text]
        assert screen.offered is None


async def test_duplicate_opens_a_form_with_everything_a_week_later(make: AppFactory, demo: Database) -> None:
    original = session(demo, client(demo, "Tom"), at(5, 15), minutes=45, service="90834")
    appointments.edit(demo, original, {"instructions": "side door", "group_key": "circle"}, clock=clock)
    async with make().run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        stand_on(screen, "Tom", date(2026, 3, 5))
        await pilot.press("Y")
        await settle(pilot)
        form = pilot.app.screen
        assert isinstance(form, AppointmentForm)
        assert len(stored(demo)) == len(screen.scene.entries)
        await pilot.press("ctrl+s")
        await settle(pilot)
        await settle(pilot)
        copy = next(e for e in screen.loaded.entries if e.first == "Tom" and e.start == at(12, 15))
    assert (copy.end - copy.start, copy.service, copy.group_key) == (timedelta(minutes=45), "90834", None)
    connection = demo.connect()
    assert connection.execute("SELECT instructions FROM appointment WHERE id = ?", (copy.row_id,)).fetchone() == (
        "side door",
    )
    connection.close()


async def test_more_entries_than_letters_get_two(make: AppFactory, demo: Database) -> None:
    for index in range(40):
        session(demo, client(demo, "Tom"), at(2 + index % 5, 7) + timedelta(minutes=index // 5 * 10), minutes=10)
    async with make(View.AGENDA).run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        assert len(screen.scene.entries) > 52
        for view in ("4", "3"):
            await pilot.press(view, "f")
            label = list(screen.labels.values())[30]
            wanted = list(screen.labels)[30]
            assert {len(text) for text in screen.labels.values()} == {2}
            await pilot.press(label[0])
            assert {len(text) for text in screen.labels.values()} == {1}
            await pilot.press(label[1])
            assert not screen.labels
            assert screen.cursor.picked == wanted
            await pilot.press("f", "a", "escape")
            assert not screen.labels
            assert screen.cursor.picked == wanted


@pytest.mark.parametrize("names", ["id", "initials", "first"])
async def test_toasts_call_nobody_by_name_where_names_are_not_shown(
    make: AppFactory, demo: Database, names: str
) -> None:
    waiting_for(demo, "Omar")
    async with make(names=names).run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        stand_on(screen, "Maria", date(2026, 3, 5))
        for keys in (("m", "J", "enter"), ("M",), ("u",), ("ctrl+r",)):
            await pilot.press(*keys)
            await settle(pilot)
        said = "\n".join(toasts(pilot))
        assert "Saved" in said
        assert "Undone" in said
        assert "Silva" not in said
        assert "Maria S." not in said


async def test_on_a_small_terminal_no_offer_is_torn_apart(make: AppFactory, demo: Database) -> None:
    # C-02
    marks.mark(demo, series_of(demo, "Maria")[2].row_id, "note-signed", clock=clock)
    async with make().run_test(size=(80, 24)) as pilot:
        screen = await settle(pilot)
        stand_on(screen, "Maria", date(2026, 3, 5))
        await pilot.press("m", "J", "enter")
        await settle(pilot)
        said, offer = toasts(pilot)[-1].splitlines()[:2]
        assert said.startswith("Moved Maria")
        assert said.endswith(" · u undo")
        assert offer == "M move all future too, 1 stays"
