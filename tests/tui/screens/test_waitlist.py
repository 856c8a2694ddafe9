"""The waitlist on screen: adding, changing, offering, and booking from it."""

from __future__ import annotations

from contextlib import closing
from datetime import time, timedelta
from zoneinfo import ZoneInfo

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Static

from couchcal.practice import agenda, client_changes, waitlist, waitlist_changes
from couchcal.practice.outcome import Done
from couchcal.practice.undo import undo
from couchcal.practice.waitlist import Waiting
from couchcal.store.connection import Database
from couchcal.tui.forms.appointment import AppointmentForm
from couchcal.tui.forms.confirm import Confirm
from couchcal.tui.forms.field import Field
from couchcal.tui.forms.waitlist import WaitingForm
from couchcal.tui.screens.waitlist import WaitlistScreen
from tests.tui.forms.host import PENDING, ZONE, at, clock, looked, people, saved, screen_of, session, shown

TZ = ZoneInfo(ZONE)
TUESDAY = (at(3, 15), at(3, 16))


@pytest.fixture
def ids(database: Database) -> dict[str, int]:
    return people(database)


def listed(database: Database) -> list[Waiting]:
    with closing(database.connect()) as connection:
        return waitlist.waiting(connection, booked=True)


def wait(database: Database, client_id: int, **wishes: object) -> None:
    waitlist_changes.add(database, client_id, clock=clock, **wishes)  # type: ignore[arg-type]  # named by the tests


def lines(pilot: Pilot[None]) -> list[str]:
    options = pilot.app.screen.query_one("#waiting", OptionList).options
    return [" ".join(str(option.prompt).split()) for option in options]


async def test_an_empty_list_says_what_to_do(database: Database) -> None:
    async with shown(WaitlistScreen(database, TZ, clock=clock)) as (app, _):
        assert "n puts a client on the list" in str(app.screen.query_one("#count", Static).content)


async def test_adding_by_keyboard(database: Database, ids: dict[str, int]) -> None:
    async with shown(WaitlistScreen(database, TZ, clock=clock)) as (app, pilot):
        await pilot.press("n")
        await looked(pilot)
        await pilot.press(*"bob")
        await looked(pilot)
        await pilot.press("tab", "tab", "space", "tab", "tab", "space")  # takes Bob; Tuesday, Thursday
        for _ in range(4):
            await pilot.press("tab")
        await pilot.press(*"12-17", "tab", "tab", *"after work", "ctrl+s")
        await saved(pilot)
        assert isinstance(app.screen, WaitlistScreen)
        assert lines(pilot) == ["Bob Reed since 1 Mar Tue, Thu 12:00–17:00 · 50 min after work"]
    [row] = listed(database)
    assert (row.client_id, row.days, row.note) == (ids["Bob Reed"], frozenset({1, 3}), "after work")


async def test_what_is_wrong_is_said_beside_the_field_and_nothing_is_lost(
    database: Database, ids: dict[str, int]
) -> None:
    async with shown(WaitingForm(database, clock=clock)) as (app, pilot):
        await pilot.press("ctrl+s")
        await saved(pilot)
        assert app.screen.query_one("#row-client", Field).has_error
        app.screen.query_one("#client", Input).value = "C-0001"
        app.screen.query_one("#hours", Input).value = "17-12"
        await pilot.press("ctrl+s")
        await saved(pilot)
        assert app.screen.query_one("#row-hours", Field).has_error
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(app.screen, Confirm)
        await pilot.press("n")
        await pilot.pause()
        app.screen.query_one("#hours", Input).value = "12-17"
        await pilot.press("ctrl+s")
        await saved(pilot)
        assert isinstance(app.answer, Done)
    assert [row.from_time for row in listed(database)] == [time(12)]


async def test_editing_offering_and_removing(database: Database, ids: dict[str, int]) -> None:
    wait(database, ids["Jane Doe"], days=[1])
    wait(database, ids["Bob Reed"])
    async with shown(WaitlistScreen(database, TZ, clock=clock)) as (app, pilot):
        await pilot.press("e")
        await looked(pilot)
        assert app.screen.query_one("#client", Input).value == "Jane Doe · C-0001"
        app.screen.query_one("#note", Input).value = "call first"
        await pilot.press("ctrl+s")
        await saved(pilot)
        await pilot.press("o")
        await saved(pilot)
        assert lines(pilot)[0] == "Jane Doe since 1 Mar Tue · 50 min [offered] call first"
        await pilot.press("o", "j", "D")
        await saved(pilot)
        await pilot.press("j")
        assert len(lines(pilot)) == len(listed(database))
    assert [row.note for row in listed(database)][:1] == ["call first"]


async def test_those_whom_the_freed_time_fits_are_on_top_and_booked_into_it(
    database: Database, ids: dict[str, int]
) -> None:
    wait(database, ids["Maria Silva"], days=[4])
    wait(database, ids["Bob Reed"], days=[1])
    client_changes.edit(database, ids["Bob Reed"], {"usual_service": "90834", "usual_location_id": 1}, clock=clock)
    async with shown(WaitlistScreen(database, TZ, clock=clock, freed=TUESDAY)) as (app, pilot):
        assert [line.split(" since")[0] for line in lines(pilot)] == [
            "Fits Tue 3 Mar 15:00–16:00", "Bob Reed", "Others", "Maria Silva",
        ]  # fmt: skip
        await pilot.press("enter")
        await screen_of(app, AppointmentForm)
        await looked(pilot)
        assert app.screen.query_one("#client", Input).value == "Bob Reed · C-0003"
        assert app.screen.query_one("#start", Input).value == "15:00"
        await pilot.press("ctrl+s")
        await saved(pilot)
        assert isinstance(app.answer, Done)
    assert {row.client_id: row.state for row in listed(database)} == {
        ids["Maria Silva"]: "waiting", ids["Bob Reed"]: "booked",
    }  # fmt: skip
    undo(database)
    assert {row.state for row in listed(database)} == {"waiting"}
    with closing(database.connect()) as connection:
        assert agenda.between(connection, *TUESDAY, TZ) == []


async def test_without_a_freed_time_the_first_free_one_that_suits_is_proposed(
    database: Database, ids: dict[str, int]
) -> None:
    session(database, ids["Jane Doe"], at(3, 12))
    wait(database, ids["Bob Reed"], days=[1], from_time=time(12), to_time=time(17))
    async with shown(WaitlistScreen(database, TZ, clock=clock)) as (app, pilot):
        await pilot.press("b")
        await screen_of(app, AppointmentForm)
        await looked(pilot)
        assert app.screen.query_one("#day", Input).value == "2026-03-03"
        assert app.screen.query_one("#start", Input).value == "13:00"
        await pilot.press("escape")
        await saved(pilot)
        assert app.answer is PENDING
    assert [row.state for row in listed(database)] == ["waiting"]


async def test_nobody_fits_and_booked_ones_are_shown_on_request(database: Database, ids: dict[str, int]) -> None:
    wait(database, ids["Bob Reed"], days=[4])
    waitlist_changes.set_state(database, 1, "booked", clock=clock)
    async with shown(WaitlistScreen(database, TZ, clock=clock, freed=TUESDAY)) as (_, pilot):
        assert lines(pilot) == ["Nobody's wishes fit Tue 3 Mar 15:00–16:00"]
        await pilot.press("full_stop")
        assert lines(pilot)[-1].endswith("[booked]")
        await pilot.press("enter")  # there is nothing more to book
        await pilot.pause()
        assert len(listed(database)) == 1


async def test_other_name_modes_show_neither_names_nor_notes(database: Database, ids: dict[str, int]) -> None:
    wait(database, ids["Bob Reed"], note="Bob likes mornings")
    async with shown(WaitlistScreen(database, TZ, names="id", clock=clock)) as (app, pilot):
        assert lines(pilot) == ["C-0003 since 1 Mar any day · 50 min"]
        await pilot.press("o")
        await saved(pilot)
        assert [toast.message for toast in app._notifications] == ["Saved"]


async def test_names_and_notes_are_inert(database: Database, ids: dict[str, int]) -> None:
    client_changes.edit(database, ids["Bob Reed"], {"first": "[red]Bob"}, clock=clock)
    wait(database, ids["Bob Reed"], note="[b]x[/b]")
    async with shown(WaitlistScreen(database, TZ, clock=clock)) as (_, pilot):
        assert lines(pilot) == ["[red]Bob Reed since 1 Mar any day · 50 min [b]x[/b]"]


async def test_another_client_booked_in_the_form_leaves_the_entry_waiting(
    database: Database, ids: dict[str, int]
) -> None:
    wait(database, ids["Bob Reed"])
    start, end = TUESDAY
    async with shown(WaitlistScreen(database, TZ, clock=clock, freed=(start, end + timedelta(hours=1)))) as (
        app,
        pilot,
    ):
        await pilot.press("enter")
        await screen_of(app, AppointmentForm)
        await looked(pilot)
        app.screen.query_one("#client", Input).value = "Jane Doe · C-0001"
        app.screen.query_one("#service").value = "90834"  # type: ignore[attr-defined]  # a Pick
        await pilot.press("ctrl+s")
        await saved(pilot)
        assert isinstance(app.answer, Done)
    assert [row.state for row in listed(database)] == ["waiting"]
