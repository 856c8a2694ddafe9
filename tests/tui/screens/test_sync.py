"""The sync's screen, driven against an emulated Google: connecting, calendars, what leaves, reviews."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import pytest
from textual.pilot import Pilot
from textual.screen import ModalScreen
from textual.widgets import Button, Input, OptionList, Static

from couchcal.practice import practice_settings
from couchcal.scheduling.wallclock import zone
from couchcal.store.connection import Database
from couchcal.tui.forms.confirm import Confirm
from couchcal.tui.forms.connect import ConnectForm
from couchcal.tui.forms.connect_start import StartForm
from couchcal.tui.forms.full_names import FullNamesWarning
from couchcal.tui.screens.sync import SyncScreen
from couchcal.tui.screens.sync_choose import ChooseWay
from couchcal.tui.screens.sync_lines import LinesScreen
from couchcal.tui.screens.sync_progress import SyncProgress
from couchcal.tui.screens.sync_reset import ResetDialog
from couchcal.tui.screens.sync_review import ReviewScreen
from couchcal.tui.screens.sync_review_item import ReviewDialog
from couchcal.tui.screens.sync_title import TitleForm
from tests.google.driving import EMAIL
from tests.support.pilot import until
from tests.tui.forms.host import ZONE, Host, at, people, saved, screen_of, session, shown
from tests.tui.screens.google_at_hand import Google

NEW_YORK = zone(ZONE)
Screen = TypeVar("Screen", bound=ModalScreen[Any])


@pytest.fixture
def google(database: Database, isolated_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Google]:
    made = Google(database, isolated_home, monkeypatch)
    yield made
    made.session.close()


def screen_over(google: Google, **values: Any) -> SyncScreen:
    return SyncScreen(google.gate, NEW_YORK, **values)


def said(screen: ModalScreen[Any], which: str) -> str:
    return str(screen.query_one(f"#{which}", Static).render())


def lines(screen: ModalScreen[Any], which: str = "sync") -> list[str]:
    return [str(option.prompt) for option in screen.query_one(f"#{which}", OptionList).options]


def buttons(screen: ModalScreen[Any]) -> list[str]:
    return [str(button.label) for button in screen.query("#sync-buttons Button").results(Button) if button.display]


def told(app: Host) -> list[str]:
    return [note.message for note in app._notifications]


async def on_top(pilot: Pilot[None], kind: type[Screen]) -> Screen:
    """Wait for a screen of this kind, loaded."""
    app = pilot.app
    assert isinstance(app, Host)
    await screen_of(app, kind)
    await pilot.pause()
    assert isinstance(app.screen, kind)
    return app.screen


async def go_to(pilot: Pilot[None], screen: SyncScreen, words: str) -> None:
    """Put the highlight on the line with these words, by keys."""
    listing = screen.query_one("#sync", OptionList)
    listing.focus()
    for _ in range(listing.option_count):
        at = listing.highlighted
        if at is not None and words in lines(screen)[at]:
            return
        await pilot.press("j")
    raise AssertionError(f"no line with {words!r}: {lines(screen)}")


async def refreshed(pilot: Pilot[None], screen: SyncScreen) -> None:
    """What is stored by now is on the screen."""
    await saved(pilot)
    screen._read()
    await saved(pilot)


# Connecting


async def test_without_a_client_file_the_screen_tells_how_to_get_one(google: Google) -> None:  # SYNC-07
    screen = screen_over(google)
    async with shown(screen, (80, 24)) as (app, pilot):
        assert str(google.client_file) in said(screen, "sync-about")
        assert buttons(screen) == ["Look again"]
        await pilot.press("c", "s", "p", "v", "d", "l", "R", "D", "space")
        assert app.screen is screen
        google.client_file.parent.mkdir(exist_ok=True)
        google.client_file.write_text("{}")
        await pilot.press("r")
        await saved(pilot)
        assert "is no Google client file" in said(screen, "sync-about")
        google.give_client_file()
        await pilot.press("enter")
        await saved(pilot)
        assert buttons(screen) == ["Connect"]
        assert "no agreement with Google" in said(screen, "sync-about")


async def test_before_connecting_what_leaves_is_shown_by_an_example(google: Google) -> None:  # SYNC-03, SYNC-27
    google.give_client_file()
    screen = screen_over(google)
    async with shown(screen) as (_, pilot):
        assert any("C-0001" in line for line in lines(screen))
        await go_to(pilot, screen, "Names outside")
        await pilot.press("enter")
        ways = await on_top(pilot, ChooseWay)
        assert "🔒 J.D." in lines(ways, "ways")[1]
        await pilot.press("down", "enter")
        await saved(pilot)
        assert any("🔒 J.D." in line for line in lines(screen))
    with closing(google.database.connect()) as connection:
        assert practice_settings.read(connection).identifier_mode == "initials"


async def test_connecting_from_the_first_key_to_the_tick(google: Google) -> None:  # SYNC-07…09
    google.give_client_file()
    client = people(google.database)["Jane Doe"]
    session(google.database, client, at(3, 15))
    screen = screen_over(google)
    worker = google.worker()
    async with shown(screen, (80, 24)) as (app, pilot):
        await pilot.press("c")
        connecting = await on_top(pilot, ConnectForm)
        await until(pilot, lambda: connecting.address)
        # the whole address is on the screen, so that it can be marked
        assert said(connecting, "address").replace("\n", "") == connecting.address
        back = browse(google.consent(connecting.address))
        assert back == 200
        start = await on_top(pilot, StartForm)
        start.query_one("#name", Input).value = "Practice [b]week[/]"
        await pilot.press("ctrl+s")
        progress = await on_top(pilot, SyncProgress)
        worker.start()
        worker.wake()
        await until(pilot, lambda: "Your calendar is in Google" in said(progress, "body"))
        await pilot.press("enter")
        await refreshed(pilot, screen)
        assert said(screen, "headline").startswith("✓ Synced 9:42")
        assert told(app) == []
        assert any("Practice [b]week[/]" in line and "go here" in line for line in lines(screen))
    worker.stop()
    assert google.titles("Practice [b]week[/]") == ["🔒 C-0001"]


def browse(address: str) -> int:
    """What the person's browser does with a redirect."""
    parts = urlsplit(address)
    with closing(HTTPConnection(parts.hostname or "", parts.port, timeout=5)) as connection:
        connection.request("GET", f"{parts.path or '/'}?{parts.query}")
        return connection.getresponse().status


async def test_esc_ends_the_waiting_and_nothing_is_stored(google: Google) -> None:  # SYNC-07
    google.give_client_file()
    screen = screen_over(google)
    async with shown(screen) as (app, pilot):
        await pilot.press("c")
        connecting = await on_top(pilot, ConnectForm)
        await until(pilot, lambda: connecting.address)
        await pilot.press("escape")
        assert app.screen is screen
        await saved(pilot)
        assert buttons(screen) == ["Connect"]


async def test_a_pasted_address_counts_and_a_wrong_one_is_explained(google: Google) -> None:  # SYNC-07
    google.give_client_file()
    screen = screen_over(google, open_browser=lambda _url: False)
    async with shown(screen) as (app, pilot):
        await pilot.press("c")
        connecting = await on_top(pilot, ConnectForm)
        await until(pilot, lambda: connecting.address)
        await pilot.press("c")
        assert app.clipboard == connecting.address
        await pilot.press("o")
        await until(pilot, lambda: "No browser could be opened" in said(connecting, "problem"))
        pasted = connecting.query_one("#pasted", Input)
        pasted.focus()
        pasted.value = "https://example.org/"
        await pilot.press("enter")
        await until(pilot, lambda: "This is not the address the browser ended at" in said(connecting, "problem"))
        assert pasted.value == "https://example.org/"
        pasted.value = google.consent(connecting.address)
        await pilot.press("enter")
        await on_top(pilot, StartForm)


async def test_a_refusal_at_google_is_one_clear_line_and_can_be_tried_again(google: Google) -> None:  # SYNC-07
    google.give_client_file()
    screen = screen_over(google)
    async with shown(screen) as (app, pilot):
        await pilot.press("c")
        connecting = await on_top(pilot, ConnectForm)
        await until(pilot, lambda: connecting.address)
        first = connecting.address
        pasted = connecting.query_one("#pasted", Input)
        pasted.value = f"http://127.0.0.1:1/?error=access_denied&state={state_of(first)}"
        pasted.focus()
        await pilot.press("enter")
        await until(pilot, lambda: "You did not allow it" in said(connecting, "problem"))
        assert app.screen is connecting
        await pilot.press("escape")


def state_of(address: str) -> str:
    return parse_qs(urlsplit(address).query)["state"][0]


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


# Connected


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
        assert google.cycle().status == "paused"
        await pilot.press("p")
        await refreshed(pilot, screen)
        assert "Paused" not in said(screen, "headline")
        woken = google.woken
        await pilot.press("s")
        await saved(pilot)
        assert google.woken == woken + 1


async def test_signing_in_again_comes_first_and_goes_on(google: Google) -> None:  # SYNC-25
    google.connect()
    client = people(google.database)["Jane Doe"]
    google.emulator.control("revoke_grant", {"email": EMAIL})
    session(google.database, client, at(3, 15))
    assert google.cycle().status == "needs_auth"
    screen = screen_over(google)
    async with shown(screen, (80, 24)) as (app, pilot):
        assert "sign in again" in said(screen, "headline")
        assert "1 change waits to be sent" in said(screen, "headline")
        assert buttons(screen)[0] == "Sign in again"
        assert isinstance(app.focused, Button)
        await pilot.press("enter")
        connecting = await on_top(pilot, ConnectForm)
        await until(pilot, lambda: connecting.address)
        browse(google.consent(connecting.address))
        await screen_of(app, SyncScreen)
        await refreshed(pilot, screen)
        assert "sign in again" not in said(screen, "headline")
    assert google.cycle().status == "ok"
    assert google.titles() == ["🔒 C-0001"]


async def test_another_account_is_asked_about(google: Google) -> None:  # SYNC-26
    google.connect()
    google.gate.disconnect()
    google.emulator.control("reset", {"seed": 2, "profile": "friendly", "users": [{"email": "bob@example.com"}]})
    screen = screen_over(google)
    async with shown(screen) as (_, pilot):
        await pilot.press("c")
        connecting = await on_top(pilot, ConnectForm)
        await until(pilot, lambda: connecting.address)
        browse(google.consent(connecting.address))
        question = await on_top(pilot, Confirm)
        assert "bob@example.com" in said(question, "body")
        assert EMAIL in said(question, "body")
        await pilot.press("n")
        await refreshed(pilot, screen)
        assert buttons(screen) == ["Connect"]


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
