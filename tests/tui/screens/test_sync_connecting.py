"""Connecting an account on the sync's screen, against an emulated Google: the sign-in, the first sync, again."""

from __future__ import annotations

from contextlib import closing
from functools import partial
from urllib.parse import parse_qs, urlsplit

from textual.widgets import Button, Input

from couchcal.practice import practice_settings
from couchcal.tui.forms.confirm import Confirm
from couchcal.tui.forms.connect import ConnectForm
from couchcal.tui.forms.connect_start import StartForm
from couchcal.tui.screens.sync import SyncScreen
from couchcal.tui.screens.sync_choose import ChooseWay
from couchcal.tui.screens.sync_progress import SyncProgress
from tests.google.driving import EMAIL
from tests.support.pilot import until
from tests.tui.forms.host import at, clock, people, saved, screen_of, session, shown
from tests.tui.screens.google_at_hand import Google
from tests.tui.screens.sync_steps import (
    NEW_YORK,
    browse,
    buttons,
    go_to,
    lines,
    on_top,
    refreshed,
    said,
    screen_over,
    told,
)


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


async def test_another_account_is_asked_about_and_taken(google: Google) -> None:  # SYNC-26
    google.connect()
    client = people(google.database)["Jane Doe"]
    session(google.database, client, at(3, 15))
    google.cycle()
    google.gate.disconnect()
    google.emulator.control("reset", {"seed": 2, "profile": "friendly", "users": [{"email": "bob@example.com"}]})
    screen = screen_over(google)
    async with shown(screen) as (app, pilot):
        await pilot.press("c")
        connecting = await on_top(pilot, ConnectForm)
        await until(pilot, lambda: connecting.address)
        browse(google.consent(connecting.address))
        question = await on_top(pilot, Confirm)
        assert "bob@example.com" in said(question, "body")
        assert EMAIL in said(question, "body")
        await pilot.press("y")
        await on_top(pilot, StartForm)
        await pilot.press("ctrl+s")
        await on_top(pilot, SyncProgress)
        await pilot.press("escape")
        await screen_of(app, SyncScreen)
        assert told(app)[-1] == "The sync goes on in the background"
        await refreshed(pilot, screen)
        assert "bob@example.com" in said(screen, "headline")
    google.cycle()
    made = [each for each in google.emulator.world.calendars.values() if "@group" in each.id]
    names = {each.owner: each.summary for each in made}
    assert names == {"bob@example.com": "couchcal"}


async def test_the_account_that_is_linked_is_kept_if_one_says_so(google: Google) -> None:  # SYNC-26
    google.connect()
    google.gate.disconnect()
    google.emulator.control("reset", {"seed": 2, "profile": "friendly", "users": [{"email": "bob@example.com"}]})
    screen = screen_over(google)
    async with shown(screen) as (app, pilot):
        await pilot.press("c")
        connecting = await on_top(pilot, ConnectForm)
        await until(pilot, lambda: connecting.address)
        browse(google.consent(connecting.address))
        await on_top(pilot, Confirm)
        await pilot.press("n")
        await screen_of(app, SyncScreen)
        await refreshed(pilot, screen)
        assert buttons(screen) == ["Connect"]


async def test_a_box_that_is_needed_is_asked_for_before_anything_else(google: Google) -> None:  # SYNC-07
    google.give_client_file()
    google.emulator.control("config", {"consent": "uncheck", "consent_uncheck": ["calendar.app.created"]})
    screen = screen_over(google)
    async with shown(screen, (80, 24)) as (_, pilot):
        await pilot.press("c")
        connecting = await on_top(pilot, ConnectForm)
        await until(pilot, lambda: connecting.address)
        first = connecting.address
        browse(google.consent(first))
        await until(pilot, lambda: "Make secondary Google calendars" in said(connecting, "problem"))
        assert not connecting.query_one("#copy").display
        google.emulator.control("config", {"consent": "allow"})
        await pilot.press("enter")  # Try again has the focus
        await until(pilot, lambda: connecting.address not in ("", first))
        await pilot.pause()
        assert connecting.query_one("#copy").display
        browse(google.consent(connecting.address))
        await on_top(pilot, StartForm)


async def test_the_first_sync_is_cancelled_and_goes_on_later(google: Google) -> None:  # SYNC-09
    google.connect()
    client = people(google.database)["Jane Doe"]
    session(google.database, client, at(3, 15))
    screen = screen_over(google)
    gate = google.gate
    async with shown(screen, (80, 24)) as (app, pilot):
        screen.app.push_screen(
            SyncProgress(gate.status, partial(gate.pause, "user"), NEW_YORK, clock=clock), screen._followed
        )
        progress = await on_top(pilot, SyncProgress)
        await until(pilot, lambda: "Starting" in said(progress, "body"))
        await pilot.press("x")
        await screen_of(app, SyncScreen)
        await refreshed(pilot, screen)
        assert "Paused" in said(screen, "headline")
        assert "1 change waits to be sent" in said(screen, "headline")
        assert told(app)[-1] == "Paused: p goes on where it stopped"
        google.cycle()
        assert google.titles() == []
        await pilot.press("p")
        await refreshed(pilot, screen)
        assert "Paused" not in said(screen, "headline")
    google.cycle()
    assert google.titles() == ["🔒 C-0001"]
