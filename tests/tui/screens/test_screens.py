from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from textual.widgets import Input, OptionList, Static

from couchcal.practice import appointments
from couchcal.practice.agenda import Entry
from couchcal.store.connection import Database
from couchcal.tui.forms.appointment import AppointmentForm
from couchcal.tui.forms.client import ClientForm
from couchcal.tui.forms.field import Field
from couchcal.tui.screens.client_record import ClientRecordScreen
from couchcal.tui.screens.clients import ClientsScreen
from couchcal.tui.screens.help import HelpRow, HelpScreen, grouped, halves, matching
from couchcal.tui.screens.search import SearchScreen
from tests.tui.forms.host import ZONE, at, clock, looked, people, saved, screen_of, session, settle, shown

TZ = ZoneInfo(ZONE)
ROWS = [
    HelpRow("Go", "h", "A day back"),
    HelpRow("Go", "l right", "A day on"),
    HelpRow("Appointments", "n", "A new [b]appointment"),
    HelpRow("Appointments", "ctrl+r", "Do again"),
]


def texts(listing: OptionList) -> list[str]:
    return [str(option.prompt) for option in listing.options]


async def test_help_filters_as_you_type() -> None:
    modal = HelpScreen(ROWS)
    async with shown(modal, (120, 30)) as (app, pilot):
        left, right = (str(modal.query_one(f"#{side}", Static).render()) for side in ("left", "right"))
        assert left.splitlines()[0] == "Go"
        assert right.splitlines()[1].split() == ["n", "A", "new", "[b]appointment"]
        modal.query_one(Input).value = "appo new"
        await pilot.pause()
        assert "A day" not in str(modal.query_one("#left", Static).render())
        modal.query_one(Input).value = "zzz"
        await pilot.pause()
        assert str(modal.query_one("#left", Static).render()) == "no key like that"
        await pilot.press("escape")
        assert app.answer is None


@pytest.mark.parametrize(("text", "keys"), [("", 4), ("day", 2), ("n", 1), ("ctrl", 1), ("DAY back", 1), ("x", 0)])
def test_matching_help_rows(text: str, keys: int) -> None:
    assert len(matching(ROWS, text)) == keys


def test_help_columns_keep_order_and_lose_nothing() -> None:
    groups = grouped([HelpRow(f"g{n % 5}", "k", str(n)) for n in range(23)])
    left, right = halves(groups)
    assert left + right == groups


async def test_search_finds_as_you_type_and_enter_goes_there(database: Database) -> None:
    ids = people(database)
    session(database, ids["Jane Doe"], at(3, 15))
    cancelled = session(database, ids["Jane Doe"], at(4, 15))
    appointments.cancel(database, cancelled, "no_show", clock=clock)
    session(database, ids["Bob Reed"], at(5, 15))
    modal = SearchScreen(database, TZ, clock=clock)
    async with shown(modal) as (app, pilot):
        modal.query_one(Input).value = "jane"
        await looked(pilot)
        heading, *clients, _, first, second = texts(modal.query_one(OptionList))
        assert [heading, *clients] == ["Clients", "Jane Doe  C-0001", "Janet Ray  C-0002"]
        found = [first, second]
        assert [line.split()[:6] for line in found] == [
            ["Tue", "3", "Mar", "2026", "15:00", "Jane"],
            ["Wed", "4", "Mar", "2026", "15:00", "Jane"],
        ]
        assert found[1].endswith("cancelled")
        await pilot.press("down", "up", "enter")
    assert isinstance(app.answer, Entry)
    assert app.answer.start == at(3, 15)


async def test_search_without_a_hit_says_what_to_do(database: Database) -> None:
    modal = SearchScreen(database, TZ, clock=clock)
    async with shown(modal) as (app, pilot):
        modal.query_one(Input).value = "100%[red]"
        await looked(pilot)
        assert str(modal.query_one("#found", Static).render()) == "Nothing found. Fewer letters find more."
        await pilot.press("enter", "escape")
        assert app.answer is None


async def test_clients_are_listed_with_their_next_session_and_filtered(database: Database) -> None:
    ids = people(database)
    session(database, ids["Bob Reed"], at(5, 15))
    modal = ClientsScreen(database, TZ, clock=clock)
    async with shown(modal) as (_, pilot):
        listing = modal.query_one(OptionList)
        lines = [line.split() for line in texts(listing)]
        assert ["Bob", "Reed", "C-0003", "next", "Thu", "5", "Mar", "15:00"] in lines
        assert ["Jane", "Doe", "C-0001", "no", "session"] in lines
        await pilot.press("slash", *"bo", "enter")
        assert len(listing.options) == 1
        assert listing.has_focus


async def test_a_private_screen_shows_ids_only(database: Database) -> None:
    people(database)
    modal = ClientsScreen(database, TZ, names="id", clock=clock)
    async with shown(modal) as (app, pilot):
        assert not any("Jane" in line for line in texts(modal.query_one(OptionList)))
        await pilot.press("enter")
        await screen_of(app, ClientRecordScreen)
        await settle(pilot)
        record = str(app.screen.query_one("#record", Static).render())
        assert "E-mail" not in record


async def test_a_client_is_added_from_the_list(database: Database) -> None:
    modal = ClientsScreen(database, TZ, clock=clock)
    async with shown(modal) as (app, pilot):
        assert "n adds the first" in str(modal.query_one("#count", Static).render())
        await pilot.press("n")
        await screen_of(app, ClientForm)
        form = app.screen
        form.query_one("#name", Input).value = "Kim Lo"
        form.query_one("#email", Input).value = "nowhere"
        await pilot.press("ctrl+s")
        await saved(pilot)
        assert form.query_one("#row-email", Field).note == "that is no e-mail address"
        form.query_one("#email", Input).value = "kim@example.org"
        await pilot.press("ctrl+s")
        await saved(pilot)
        assert texts(modal.query_one(OptionList))[0].split()[:3] == ["Kim", "Lo", "C-0001"]


async def test_a_record_shows_sessions_and_books_for_its_client(database: Database) -> None:  # APT-20
    ids = people(database)
    session(database, ids["Bob Reed"], at(5, 15))
    modal = ClientsScreen(database, TZ, clock=clock)
    async with shown(modal) as (app, pilot):
        await pilot.press("slash", *"bob", "enter", "enter")
        await screen_of(app, ClientRecordScreen)
        await settle(pilot)
        record = str(app.screen.query_one("#record", Static).render())
        assert "C-0003" in record
        assert "Thu  5 Mar 2026  15:00" in record
        await pilot.press("n")
        await screen_of(app, AppointmentForm)
        await settle(pilot)
        assert app.screen.query_one("#client", Input).value == "Bob Reed · C-0003"
