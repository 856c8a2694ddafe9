"""The sync's screen with an account, against an emulated Google: calendars, what leaves, reviews, starting over."""

from __future__ import annotations

from contextlib import closing

from textual.widgets import Input, OptionList

from couchcal.practice import practice_settings
from couchcal.tui.forms.confirm import Confirm
from couchcal.tui.forms.full_names import FullNamesWarning
from couchcal.tui.screens.sync import SyncScreen
from couchcal.tui.screens.sync_choose import ChooseWay
from couchcal.tui.screens.sync_lines import LinesScreen
from couchcal.tui.screens.sync_reset import ResetDialog
from couchcal.tui.screens.sync_review import ReviewScreen
from couchcal.tui.screens.sync_review_item import ReviewDialog
from couchcal.tui.screens.sync_title import TitleForm
from tests.tui.forms.host import at, people, saved, screen_of, session, shown
from tests.tui.screens.google_at_hand import Google
from tests.tui.screens.sync_steps import buttons, go_to, lines, on_top, refreshed, said, screen_over, told


def keys(screen: SyncScreen) -> str:
    return str(screen.query_one("#frame").border_subtitle)


async def test_full_names_are_asked_about_in_red_before_they_leave(google: Google) -> None:  # SYNC-04
    google.connect()
    screen = screen_over(google)
    async with shown(screen, (80, 24)) as (_, pilot):
        for answer, mode in (("n", "id"), ("y", "full")):
            await go_to(pilot, screen, "Names outside")
            await pilot.press("enter")
            await on_top(pilot, ChooseWay)
            await pilot.press("end", "enter")
            await on_top(pilot, FullNamesWarning)
            await pilot.press(answer)
            await refreshed(pilot, screen)
            with closing(google.database.connect()) as connection:
                assert practice_settings.read(connection).identifier_mode == mode
        assert any("🔒 Jane Doe" in line for line in lines(screen))


async def test_calendars_are_listed_with_a_tick_or_a_reason(google: Google) -> None:  # SYNC-10, SYNC-15, SYNC-24
    google.emulator.add_user("bob@example.com")
    family = google.make_calendar("Family [red]x[/] \x1b[31m" + "long " * 20)
    google.put(family, "Dentist", 9)
    google.connect()
    screen = screen_over(google)
    async with shown(screen, (80, 24)) as (app, pilot):
        listed = lines(screen)
        assert listed[0] == "Calendars"
        assert "couchcal" in listed[1]
        assert "go here" in listed[1]
        assert not any("\x1b" in line for line in listed)
        await go_to(pilot, screen, "[ ] Family [red]x[/]")
        await pilot.press("space")
        await refreshed(pilot, screen)
        assert any(line.startswith("[x] Family [red]x[/]") for line in lines(screen))
        assert google.cycle().status == "ok"
        await refreshed(pilot, screen)
        assert google.gate.external_events() == 1
        assert "[x] Family" in lines(screen)[screen.query_one("#sync", OptionList).highlighted or 0]
        await pilot.press("space")
        await refreshed(pilot, screen)
        assert google.gate.external_events() == 0
        assert told(app)[0].startswith("Reads Family [red]x[/]")


async def test_one_way_says_what_it_clears_and_does(google: Google) -> None:  # SYNC-02, SYNC-14
    family = google.make_calendar("Family")
    google.put(family, "Dentist", 9)
    google.connect()
    with closing(google.database.connect()) as connection:
        (link_id,) = connection.execute("SELECT id FROM calendar_link WHERE name = 'Family'").fetchone()
    google.gate.set_read(link_id, on=True)
    google.cycle()
    screen = screen_over(google)
    async with shown(screen) as (_, pilot):
        await go_to(pilot, screen, "Direction")
        await pilot.press("enter")
        ways = await on_top(pilot, ChooseWay)
        assert "1 event of Google leaves this calendar" in lines(ways, "ways")[1]
        await pilot.press("down", "enter")
        await refreshed(pilot, screen)
        assert google.gate.external_events() == 0
        assert any("one-way: nothing is read" in line for line in lines(screen))
        assert any("not read while" in line for line in lines(screen))
        assert "nothing is read from Google" in said(screen, "headline")


async def test_the_title_is_changed_with_an_example_and_nothing_typed_is_lost(google: Google) -> None:  # SYNC-12
    google.connect()
    screen = screen_over(google)
    async with shown(screen, (80, 24)) as (app, pilot):
        await go_to(pilot, screen, "Title")
        await pilot.press("enter")
        form = await on_top(pilot, TitleForm)
        form.query_one(Input).value = "Session {name} [b]"
        await pilot.pause()
        assert said(form, "example").endswith("🔒 Session C-0001 [b]")
        await pilot.press("escape")
        await on_top(pilot, Confirm)
        await pilot.press("n")
        assert form.query_one(Input).value == "Session {name} [b]"
        form.query_one(Input).focus()
        await pilot.press("enter")
        await refreshed(pilot, screen)
        assert any("Session {name} [b]" in line for line in lines(screen))
        await go_to(pilot, screen, "Other events")
        await pilot.press("space")
        await refreshed(pilot, screen)
        await go_to(pilot, screen, "Place")
        await pilot.press("space")
        await refreshed(pilot, screen)
        assert len(told(app)) == 3
    with closing(google.database.connect()) as connection:
        row = connection.execute("SELECT google_title, google_event_titles, google_place FROM practice").fetchone()
    assert row == ("Session {name} [b]", 1, 0)


async def test_pausing_going_on_and_a_turn_now(google: Google) -> None:  # SYNC-19
    google.connect()
    screen = screen_over(google)
    async with shown(screen) as (_, pilot):
        await pilot.press("p")
        await refreshed(pilot, screen)
        assert "Paused" in said(screen, "headline")
        assert "Resume" in buttons(screen)
        assert screen.query_one("#do-pause").content_size.width >= len("Resume")
        assert "resume" in keys(screen)
        assert google.cycle().status == "paused"
        await pilot.press("p")
        await refreshed(pilot, screen)
        assert "Paused" not in said(screen, "headline")
        assert "pause" in keys(screen)
        woken = google.woken
        await pilot.press("s")
        await saved(pilot)
        assert google.woken == woken + 1


async def test_disconnecting_asks_and_says_what_stays(google: Google) -> None:
    google.connect()
    screen = screen_over(google)
    async with shown(screen) as (app, pilot):
        await pilot.press("D")
        question = await on_top(pilot, Confirm)
        assert "stays there" in said(question, "body")
        await pilot.press("y")
        await refreshed(pilot, screen)
        assert told(app) == ["Disconnected"]
        assert buttons(screen) == ["Connect"]


# Reviews, dry run, log, starting over


def booked(google: Google, *hours: int) -> list[int]:
    client = people(google.database)["Jane Doe"]
    ids = [session(google.database, client, at(3 + hour // 24, hour % 24)) for hour in hours]
    google.connect()
    assert google.cycle().status == "ok"
    return ids


async def test_a_deletion_in_google_is_decided_by_a_key(google: Google) -> None:  # SYNC-11
    booked(google, 15)
    calendar = google.calendar("couchcal")
    (event,) = google.person.events(calendar).items
    google.person.ui("delete", calendar=calendar, event=event["id"])
    google.cycle()
    screen = screen_over(google)
    async with shown(screen, (80, 24)) as (app, pilot):
        assert "Review 1" in buttons(screen)
        await pilot.press("v")
        reviews = await on_top(pilot, ReviewScreen)
        await saved(pilot)
        assert "Session Tue 3 Mar 15:00 was deleted in Google" in lines(reviews, "reviews")[0]
        assert "Jane" not in "".join(lines(reviews, "reviews"))
        await pilot.press("enter")
        item = await on_top(pilot, ReviewDialog)
        assert len(lines(item, "ways")) == 3
        await pilot.press("2")
        await screen_of(app, ReviewScreen)
        await saved(pilot)
        assert said(reviews, "count") == "Nothing waits for you."
        assert len(told(app)) == 1
    google.cycle()
    assert google.titles() == ["🔒 C-0001"]


async def test_the_guard_shows_all_that_would_go(google: Google) -> None:  # SYNC-11
    booked(google, *range(9, 21))
    calendar = google.calendar("couchcal")
    for event in google.person.events(calendar).items:
        google.person.ui("delete", calendar=calendar, event=event["id"])
    assert google.cycle().status == "paused"
    screen = screen_over(google)
    async with shown(screen, (80, 24)) as (app, pilot):
        assert "so many deletions at once" in said(screen, "headline")
        assert buttons(screen)[0] == "Decide"
        assert "decide" in keys(screen)
        assert "pause" not in keys(screen)
        await pilot.press("enter")
        item = await on_top(pilot, ReviewDialog)
        text = said(item, "body")
        assert all(f"session Tue 3 Mar {hour}:00" in text for hour in range(9, 21))
        assert len(lines(item, "ways")) == 3
        await pilot.press("down", "enter")  # ours are put back
        await screen_of(app, ReviewScreen)
        await saved(pilot)
        await pilot.press("escape")
        await refreshed(pilot, screen)
        assert "Stopped" not in said(screen, "headline")
    google.cycle()
    assert len(google.titles()) == 12


async def test_a_dry_run_names_no_client_and_changes_nothing(google: Google) -> None:
    booked(google, 15)
    session(google.database, people_id(google), at(4, 10))
    screen = screen_over(google)
    async with shown(screen, (80, 24)) as (_, pilot):
        await pilot.press("d")
        listed = await on_top(pilot, LinesScreen)
        await saved(pilot)
        text = said(listed, "text-lines")
        assert "send" in text
        assert "session Wed 4 Mar 10:00" in text
        assert "Jane" not in text
        await pilot.press("escape")
        await pilot.press("l")
        listed = await on_top(pilot, LinesScreen)
        await saved(pilot)
        assert "sent 1" in said(listed, "text-lines")
    assert google.titles() == ["🔒 C-0001"]


def people_id(google: Google) -> int:
    with closing(google.database.connect()) as connection:
        return int(connection.execute("SELECT min(id) FROM client").fetchone()[0])


async def test_starting_over_explains_three_ways_and_asks(google: Google) -> None:  # SYNC-13, SYNC-20
    booked(google, 15)
    before = google.calendar("couchcal")
    screen = screen_over(google)
    async with shown(screen, (80, 24)) as (app, pilot):
        await pilot.press("R")
        ways = await on_top(pilot, ChooseWay)
        assert len(lines(ways, "ways")) == 3
        await pilot.press("end", "enter")
        question = await on_top(pilot, ResetDialog)
        assert "The calendar is deleted from Google" in said(question, "body")
        await pilot.press("y")
        await screen_of(app, SyncScreen)
        await saved(pilot)
        assert told(app)[-1].startswith("Started over")
    google.cycle()
    assert google.calendar("couchcal") != before
    assert google.titles() == ["🔒 C-0001"]


async def test_what_comes_in_takes_neither_focus_nor_place(google: Google) -> None:
    google.connect()
    screen = screen_over(google)
    async with shown(screen, (80, 24)) as (app, pilot):
        await go_to(pilot, screen, "Place")
        google.make_calendar("Another")
        google.cycle()
        await refreshed(pilot, screen)
        assert any("Another" in line for line in lines(screen))
        assert screen.current_key == "google_place"
        assert app.focused is screen.query_one("#sync")
