"""Whom to call, on screen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Static

from couchcal.practice import client_changes
from couchcal.practice.agenda import Entry
from couchcal.store.connection import Database
from couchcal.tui.forms.appointment import AppointmentForm
from couchcal.tui.forms.tick import Tick
from couchcal.tui.screens.calls import CallsScreen
from tests.support.practice import furnished_practice, make_practice
from tests.tui.forms.host import ZONE, Host, at, clock, people, saved, session, settle, shown

TZ = ZoneInfo(ZONE)


def furnish(database: Database) -> None:
    """Jane and Bob want to be called, Bob has left no number; Maria does not."""
    clients = people(database)
    for name, phone in (("Jane Doe", "212 555 0100"), ("Bob Reed", "")):
        changes = {"remind_phone": True, "phone": phone}
        client_changes.edit(database, clients[name], changes, clock=clock)
    session(database, clients["Jane Doe"], at(2, 15))
    session(database, clients["Bob Reed"], at(1, 16))
    session(database, clients["Bob Reed"], at(2, 9))
    session(database, clients["Jane Doe"], at(4, 9))


@pytest.fixture
def practice(tmp_path: Path) -> Database:
    return furnished_practice(tmp_path, furnish)


def lines(screen: CallsScreen) -> list[str]:
    return [" ".join(str(option.prompt).split()) for option in screen.listing.options]


async def test_numbers_by_day_and_enter_goes_to_the_session(practice: Database) -> None:  # APT-16
    screen = CallsScreen(practice, TZ, clock=clock)
    async with shown(screen) as (app, pilot):
        await settle(pilot)
        assert lines(screen) == [
            "Today, Sun 1 Mar", "16:00 Bob Reed no number on file",
            "Tomorrow, Mon 2 Mar", "9:00 Bob Reed no number on file", "15:00 Jane Doe 212 555 0100",
        ]  # fmt: skip
        assert str(screen.query_one("#count", Static).content) == "3 calls"
        await pilot.press("j", "j", "enter")
    assert isinstance(app.answer, Entry)
    assert (app.answer.first, app.answer.start) == ("Jane", at(2, 15))


async def test_nobody_is_named_where_names_are_hidden(practice: Database) -> None:
    screen = CallsScreen(practice, TZ, names="id", clock=clock)
    async with shown(screen) as (_, pilot):
        await settle(pilot)
        assert lines(screen)[-1] == "15:00 C-0001 hidden with the names"


async def test_where_nobody_is_to_be_called_it_says_what_to_do(tmp_path: Path) -> None:
    screen = CallsScreen(make_practice(tmp_path), TZ, clock=clock)
    async with shown(screen) as (_, pilot):
        await settle(pilot)
        assert "Remind by phone" in str(screen.query_one("#count", Static).content)


async def test_the_form_ticks_what_the_client_wants_unless_a_person_has(practice: Database) -> None:  # APT-16
    form = AppointmentForm(practice, ZONE, draft={}, clock=clock)
    async with shown(form) as (_, pilot):
        await settle(pilot)
        client, tick = form.query_one("#client", Input), form.query_one("#remind_phone", Tick)
        client.focus()
        await pilot.press(*"jane doe", "tab")
        await settle(pilot)
        assert tick.value
        tick.toggle()
        await settle(pilot)
        client.focus()
        await pilot.press("tab")
        await settle(pilot)
        assert not tick.value


@pytest.mark.parametrize(
    ("theme", "size"),
    [("couchcal-dark", (80, 24)), ("couchcal-light", (120, 36))],
    ids=["calls-dark-80x24", "calls-light-120x36"],
)
def test_how_it_looks(
    snap_compare: Callable[..., bool], practice: Database, theme: str, size: tuple[int, int]
) -> None:
    async def run(pilot: Pilot[None]) -> None:
        await saved(pilot)
        await pilot.press("j")
        await saved(pilot)

    host = Host(CallsScreen(practice, TZ, clock=clock), theme)
    assert snap_compare(host, terminal_size=size, run_before=run)
