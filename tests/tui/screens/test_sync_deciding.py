"""What a sync leaves to a person, each kind of it; what Google does not take; starting over; the mouse."""

from __future__ import annotations

from contextlib import closing

import pytest
from textual.pilot import Pilot
from textual.screen import ModalScreen

from couchcal.practice.appointments import reschedule
from couchcal.practice.disclosure import disclosed
from couchcal.store.connection import Database
from couchcal.sync.ids import event_id
from couchcal.tui.forms.confirm import Confirm
from couchcal.tui.screens.sync import SyncScreen
from couchcal.tui.screens.sync_choose import ChooseWay
from couchcal.tui.screens.sync_reset import ResetDialog
from couchcal.tui.screens.sync_review import ReviewScreen
from couchcal.tui.screens.sync_review_item import ReviewDialog
from tests.google.driving import timed
from tests.tui.forms.host import at, clock, people, saved, screen_of, session, shown
from tests.tui.screens.google_at_hand import Google
from tests.tui.screens.sync_steps import buttons, go_to, lines, on_top, refreshed, said, screen_over, told


def booked(google: Google, *hours: int) -> list[int]:
    """Sessions on Tuesday 3 March that are in Google."""
    client = people(google.database)["Jane Doe"]
    ids = [session(google.database, client, at(3, hour)) for hour in hours]
    google.connect()
    assert google.cycle().status == "ok"
    return ids


def when(database: Database, row_id: int) -> str:
    with closing(database.connect()) as connection:
        return disclosed(connection, [row_id])[row_id].words


async def opened(pilot: Pilot[None]) -> ReviewDialog:
    """The first item to review, by keys."""
    await pilot.press("v")
    await on_top(pilot, ReviewScreen)
    await saved(pilot)
    await pilot.press("enter")
    return await on_top(pilot, ReviewDialog)


async def decided(pilot: Pilot[None], key: str) -> ReviewScreen:
    """Decide by a key; the list then."""
    await pilot.press(key)
    listed = await on_top(pilot, ReviewScreen)
    await saved(pilot)
    return listed


@pytest.mark.parametrize(
    ("key", "at_google", "words"),
    [("1", "18:00", "stays as it is here"), ("2", "17:00", "Moved")],
    ids=["keep", "take"],
)
async def test_what_both_sides_changed_is_shown_side_by_side(
    google: Google, key: str, at_google: str, words: str
) -> None:  # SYNC-11
    (row_id,) = booked(google, 15)
    calendar = google.calendar("couchcal")
    (event,) = google.person.events(calendar).items
    google.person.ui(
        "move_time", calendar=calendar, event=event["id"],
        start="2026-03-03T17:00:00-05:00", end="2026-03-03T17:50:00-05:00",
    )  # fmt: skip
    reschedule(google.database, row_id, at(3, 18), at(3, 18, 50), clock=clock)
    google.cycle()
    screen = screen_over(google)
    async with shown(screen, (80, 24)) as (app, pilot):
        item = await opened(pilot)
        text = said(item, "body")
        assert "Here    Tue 3 Mar 18:00–18:50" in text
        assert "Google  Tue 3 Mar 17:00–17:50" in text
        listed = await decided(pilot, key)
        assert said(listed, "count") == "Nothing waits for you."
        assert words in told(app)[-1]
    google.cycle()
    assert when(google.database, row_id) == f"session Tue 3 Mar {at_google}"
    (event,) = google.person.events(calendar).items
    assert at_google in event["start"]["dateTime"]


async def test_what_is_put_back_is_told_and_nothing_is_to_be_decided(google: Google) -> None:  # SYNC-11
    client = people(google.database)["Jane Doe"]
    session(google.database, client, at(1, 8))  # it is over by now
    google.connect()
    google.cycle()
    calendar = google.calendar("couchcal")
    (event,) = google.person.events(calendar).items
    google.person.ui(
        "move_time", calendar=calendar, event=event["id"],
        start="2026-03-05T10:00:00-05:00", end="2026-03-05T10:50:00-05:00",
    )  # fmt: skip
    google.cycle()
    screen = screen_over(google)
    async with shown(screen, (80, 24)) as (_, pilot):
        item = await opened(pilot)
        assert "it is put back" in said(item, "body")
        assert "There is nothing to decide" in said(item, "body")
        assert [line.split("\n")[0] for line in lines(item, "ways")] == ["1  Understood"]
        listed = await decided(pilot, "enter")
        assert said(listed, "count") == "Nothing waits for you."


async def test_a_calendar_that_is_gone_is_made_anew(google: Google) -> None:
    booked(google, 15)
    before = google.calendar("couchcal")
    google.emulator.control("delete_calendar", {"calendar": before})
    assert google.cycle().status == "paused"
    screen = screen_over(google)
    async with shown(screen, (80, 24)) as (app, pilot):
        assert "Your calendar is gone from Google" in said(screen, "headline")
        assert any("is gone from Google" in line for line in lines(screen))
        await pilot.press("enter")  # Decide has the focus
        item = await on_top(pilot, ReviewDialog)
        assert len(lines(item, "ways")) == 2
        await decided(pilot, "1")
        await pilot.press("escape")
        await refreshed(pilot, screen)
        assert "is gone" not in said(screen, "headline")
        assert "A new calendar" in told(app)[-1]
    google.cycle()
    assert google.calendar("couchcal") != before
    assert google.titles() == ["🔒 C-0001"]


async def test_a_calendar_that_was_read_and_is_gone_is_read_no_more(google: Google) -> None:  # SYNC-26
    google.connect()
    family = google.make_calendar("Family")
    google.gate.look_for_calendars()
    google.put(family, "Dentist", 10)
    link = next(link for link in google.gate.read().links if link.name == "Family")
    google.gate.set_read(link.id, on=True)
    google.cycle()
    assert google.gate.external_events() == 1
    google.emulator.control("delete_calendar", {"calendar": family})
    google.cycle()
    assert google.gate.external_events() == 1  # what is gone by mistake stays until somebody says so
    screen = screen_over(google)
    async with shown(screen, (80, 24)) as (_, pilot):
        item = await opened(pilot)
        assert "What was read from it goes from here" in lines(item, "ways")[0]
        await decided(pilot, "1")
    assert google.gate.external_events() == 0


@pytest.mark.parametrize(("key", "left"), [("1", 1), ("2", 0)], ids=["keep", "remove"])
async def test_an_event_of_ours_that_nobody_knows_here(google: Google, key: str, left: int) -> None:
    google.connect()
    calendar = google.calendar("couchcal")
    mark = event_id(calendar, "gone@couchcal", 0)  # as after an older backup was restored
    body = timed("2026-03-03T15:00:00-05:00", "2026-03-03T15:50:00-05:00", summary="C-0009")
    google.person.insert(
        calendar, body | {"id": mark, "extendedProperties": {"private": {"couchcal": mark, "couchcal_v": "1"}}}
    )
    google.cycle()
    screen = screen_over(google)
    async with shown(screen, (80, 24)) as (_, pilot):
        item = await opened(pilot)
        assert "this database does not know it" in said(item, "body")
        listed = await decided(pilot, key)
        assert said(listed, "count") == "Nothing waits for you."
    google.cycle()
    assert len(google.titles()) == left


async def test_what_google_does_not_take_is_listed_and_sent_again(google: Google) -> None:  # SYNC-09
    refusal = {
        "match": {"op": "events.insert"}, "times": 2,
        "action": {"type": "status", "code": 400, "reason": "invalid", "message": "Invalid Value"},
    }  # fmt: skip
    google.emulator.control("faults", refusal)
    booked(google, 15, 16)
    assert google.titles() == []
    screen = screen_over(google)
    async with shown(screen, (80, 24)) as (app, pilot):
        assert "2 could not be sent" in said(screen, "headline")
        assert "Review 2" in buttons(screen)
        await pilot.press("v")
        listed = await on_top(pilot, ReviewScreen)
        await saved(pilot)
        assert said(listed, "count") == "2 changes not sent"
        assert all("Not sent" in line and "Google refused it (400)" in line for line in lines(listed, "reviews"))
        assert "Session Tue 3 Mar 15:00" in lines(listed, "reviews")[0]
        await pilot.press("enter")
        asked = await on_top(pilot, ChooseWay)
        assert "Google refused it (400)" in said(asked, "body")
        await pilot.press("enter")
        await on_top(pilot, ReviewScreen)
        await saved(pilot)
        assert said(listed, "count") == "1 change not sent"
        assert told(app)[-1] == "1 change to be sent again"
    google.cycle()
    assert google.titles() == ["🔒 C-0001"]
    async with shown(screen_over(google), (80, 24)) as (_, pilot):
        await pilot.press("v")
        await on_top(pilot, ReviewScreen)
        await saved(pilot)
        await pilot.press("enter")
        await on_top(pilot, ChooseWay)
        await pilot.press("escape")
        listed = await on_top(pilot, ReviewScreen)
        assert said(listed, "count") == "1 change not sent"


async def test_what_comes_to_be_reviewed_meanwhile_keeps_the_highlight(google: Google) -> None:
    booked(google, 15, 16)
    calendar = google.calendar("couchcal")
    first, second = sorted(google.person.events(calendar).items, key=lambda event: event["start"]["dateTime"])
    google.person.ui("delete", calendar=calendar, event=first["id"])
    google.cycle()
    screen = screen_over(google)
    async with shown(screen, (80, 24)) as (_, pilot):
        await pilot.press("v")
        listed = await on_top(pilot, ReviewScreen)
        await saved(pilot)
        google.person.ui("delete", calendar=calendar, event=second["id"])
        google.cycle()
        listed.look()
        await saved(pilot)
        assert len(lines(listed, "reviews")) == 2
        await pilot.press("enter")
        item = await on_top(pilot, ReviewDialog)
        assert "15:00" in said(item, "body")


@pytest.mark.parametrize("steps", [0, 1], ids=["cursors", "events"])
async def test_starting_over_in_the_milder_ways(google: Google, steps: int) -> None:  # SYNC-13, SYNC-20
    booked(google, 15)
    calendar = google.calendar("couchcal")
    (before,) = google.person.events(calendar).items
    google.put(calendar, "Of somebody else", 9)
    screen = screen_over(google)
    async with shown(screen, (80, 24)) as (app, pilot):
        await pilot.press("R")
        await on_top(pilot, ChooseWay)
        await pilot.press(*["down"] * steps, "enter")
        question = await on_top(pilot, ResetDialog)
        await pilot.press("n")
        await screen_of(app, SyncScreen)
        assert told(app) == []
        await pilot.press("R", *["down"] * steps, "enter")
        question = await on_top(pilot, ResetDialog)
        assert "Your appointments here stay as they are" in said(question, "body")
        await pilot.press("y")
        await screen_of(app, SyncScreen)
        await saved(pilot)
        assert told(app)[-1].startswith("Started over")
    google.cycle()
    assert google.calendar("couchcal") == calendar
    assert google.titles() == ["Of somebody else", "🔒 C-0001"]
    ids = {event["id"] for event in google.person.events(calendar).items}
    assert (before["id"] in ids) is (steps == 0)


async def test_the_mouse_does_it_all(google: Google) -> None:
    booked(google, 15)
    google.make_calendar("Family")
    google.gate.look_for_calendars()
    calendar = google.calendar("couchcal")
    (event,) = google.person.events(calendar).items
    google.person.ui("delete", calendar=calendar, event=event["id"])
    google.cycle()
    screen = screen_over(google)
    async with shown(screen, (80, 24)) as (app, pilot):
        row = next(place for place, line in enumerate(lines(screen)) if "Family" in line)
        await pilot.click("#sync", offset=(6, row))
        await refreshed(pilot, screen)
        assert any("[x] Family" in line for line in lines(screen))
        await pilot.click("#do-review")
        listed = await on_top(pilot, ReviewScreen)
        await saved(pilot)
        await pilot.click("#reviews", offset=(6, 1))
        item = await on_top(pilot, ReviewDialog)
        await pilot.click("#ways", offset=(6, 2))  # put it back
        await on_top(pilot, ReviewScreen)
        await saved(pilot)
        assert lines(listed, "reviews") == []
        await pilot.press("escape")
        await screen_of(app, SyncScreen)
        await pilot.click("#do-pause")
        await refreshed(pilot, screen)
        assert "Resume" in buttons(screen)
        await pilot.click("#do-disconnect")
        question: ModalScreen[bool | None] = await on_top(pilot, Confirm)
        await pilot.click("#no")
        await screen_of(app, SyncScreen)
        assert question not in app.screen_stack
        assert item not in app.screen_stack
    google.gate.pause("")
    google.cycle()
    assert google.titles() == ["🔒 C-0001"]


async def test_below_a_dialog_nothing_moves(google: Google) -> None:
    google.connect()
    screen = screen_over(google)
    async with shown(screen, (80, 24)) as (app, pilot):
        await go_to(pilot, screen, "Direction")
        await pilot.press("enter")
        await on_top(pilot, ChooseWay)
        before = said(screen, "headline")
        google.gate.pause("user")
        screen._look_on()
        await saved(pilot)
        assert said(screen, "headline") == before
        await pilot.press("escape")
        await screen_of(app, SyncScreen)
        screen._look_on()
        await saved(pilot)
        assert "Paused" in said(screen, "headline")
