from __future__ import annotations

import asyncio
from zoneinfo import ZoneInfo

import pytest
from textual.content import Content
from textual.widgets import Input, OptionList, Static

from couchcal.practice import appointments
from couchcal.practice.agenda import Entry
from couchcal.store.connection import Database
from couchcal.tui.screens.help import HelpRow, HelpScreen, grouped, halves, matching
from couchcal.tui.screens.search import SearchScreen
from tests.tui.forms.host import PENDING, ZONE, Host, at, clock, looked, people, session, shown

TZ = ZoneInfo(ZONE)
ROWS = [
    HelpRow("Go", "h", "A day back"),
    HelpRow("Go", "l right", "A day on"),
    HelpRow("Appointments", "n", "A new [b]appointment"),
    HelpRow("Appointments", "ctrl+r", "Do again"),
]


async def answered(app: Host) -> None:
    """Wait until the modal has closed with an answer."""
    for _ in range(800):
        if app.answer is not PENDING:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("no answer came")


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


async def test_in_ascii_arrows_are_words_and_no_keys() -> None:
    modal = HelpScreen([HelpRow("Go", "j ↓", "Down"), HelpRow("Go", "h l ← →", "A day")])
    app = Host(modal)
    app.add_class("-ascii")
    async with app.run_test(size=(80, 24)) as pilot:
        await looked(pilot)
        said = str(modal.query_one("#left", Static).render())
        assert [line.split("  ")[0] for line in said.split("\n")] == ["Go", "j down", "h l left right"]
        hint = modal.query_one("#frame").border_subtitle
        assert Content.from_markup(str(hint)).plain == "type to filter · down more · esc close"


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
        assert found[1].endswith("[no show]")
        await pilot.press("down", "up", "enter")
        await answered(app)
    assert isinstance(app.answer, Entry)
    assert app.answer.start == at(3, 15)


async def test_enter_takes_what_is_found_for_all_that_is_typed(database: Database) -> None:
    ids = people(database)
    session(database, ids["Jane Doe"], at(3, 15))
    session(database, ids["Bob Reed"], at(5, 15))
    modal = SearchScreen(database, TZ, clock=clock)
    async with shown(modal) as (app, pilot):
        modal.query_one(Input).value = "jane"
        await looked(pilot)
        modal.query_one(Input).value = "bob"
        await pilot.press("enter")  # while the list is still that of jane
        await answered(app)
    assert isinstance(app.answer, Entry)
    assert app.answer.first == "Bob"


async def test_enter_is_forgotten_when_more_is_typed(database: Database) -> None:
    ids = people(database)
    session(database, ids["Jane Doe"], at(3, 15))
    modal = SearchScreen(database, TZ, clock=clock)
    async with shown(modal) as (app, pilot):
        modal.query_one(Input).value = "jan"
        await pilot.press("enter", "e")
        await looked(pilot)
        assert app.screen is modal
        assert texts(modal.query_one(OptionList))[-1].split()[5] == "Jane"


async def test_search_without_a_hit_says_what_to_do(database: Database) -> None:
    modal = SearchScreen(database, TZ, clock=clock)
    async with shown(modal) as (app, pilot):
        modal.query_one(Input).value = "100%[red]"
        await looked(pilot)
        assert str(modal.query_one("#found", Static).render()) == "Nothing found. Fewer letters find more."
        await pilot.press("enter", "escape")
        assert app.answer is None
