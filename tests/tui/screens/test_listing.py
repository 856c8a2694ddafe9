"""What all screens with a list do: they follow others, keep their place, and tell what failed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from threading import Event
from typing import Any

from textual.widgets import Static
from textual.widgets.option_list import Option

from couchcal.errors import Refused
from couchcal.practice import time_off
from couchcal.store.connection import Database
from couchcal.tui.forms import modal
from couchcal.tui.forms.modal import Modal
from couchcal.tui.forms.row_list import RowList
from couchcal.tui.forms.time_off import TimeOffForm
from couchcal.tui.screens.listing import ListScreen
from couchcal.tui.screens.time_off import TimeOffScreen
from tests.tui.forms.host import clock, saved, screen_of, settle, shown
from tests.tui.screens.test_time_off import TZ, rows, take_off

PATIENCE_S = 10


def problem(screen: Modal[Any]) -> str:
    found = screen.query_one("#problem", Static)
    return str(found.content) if found.display else ""


def watches(screen: TimeOffScreen) -> bool:
    return screen._watch is not None


class Numbers(ListScreen[None, int, list[int]]):
    """A list of what it is told, read as slowly or as badly as a test wants."""

    CSS_PATH = str(Path(modal.__file__).parents[1] / "styles" / "forms.tcss")

    def __init__(self, database: Database) -> None:
        super().__init__("Numbers", "esc close", RowList(lambda row: row, id="numbers"), database, clock)
        self.answers: list[list[int] | Exception] = [[1, 2, 3]]
        self.go_on = Event()
        self.begun = Event()

    def fetch(self) -> list[int]:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        if answer == [0]:  # the slow one
            self.begun.set()
            assert self.go_on.wait(PATIENCE_S)
        return answer

    def lines(self, found: list[int]) -> Iterable[tuple[int, Option]]:
        return [(row, Option(str(row))) for row in found]

    def below(self, found: list[int]) -> str:
        return f"{len(found)} of them"


async def test_what_others_write_comes_up_by_itself_and_takes_no_highlight(database: Database) -> None:
    take_off(database, 20, 20)
    screen = TimeOffScreen(database, TZ, clock=clock)
    async with shown(screen) as (_, pilot):
        highlighted = screen.listing.row
        take_off(database, 10, 10)
        screen.look()
        await settle(pilot)
        assert len(screen.listing.rows) == 2
        assert screen.listing.row == highlighted


async def test_below_a_form_it_rests_without_a_connection_and_catches_up_afterwards(database: Database) -> None:
    take_off(database, 20, 20)
    screen = TimeOffScreen(database, TZ, clock=clock)
    async with shown(screen) as (app, pilot):
        assert watches(screen)
        await pilot.press("n")
        await screen_of(app, TimeOffForm)
        await settle(pilot)
        assert not watches(screen)
        take_off(database, 10, 10)
        screen.look()
        await settle(pilot)
        assert len(screen.listing.rows) == 1
        await pilot.press("escape")
        await saved(pilot)
        assert len(screen.listing.rows) == 2


async def test_an_answer_to_an_older_question_is_dropped(database: Database) -> None:
    screen = Numbers(database)
    async with shown(screen) as (_, pilot):
        screen.answers = [[0], [7]]
        screen.reload()
        while not screen.begun.is_set():
            await asyncio.sleep(0.002)
        screen.reload()
        screen.go_on.set()
        await settle(pilot)
        assert screen.listing.rows == [7]


async def test_a_reading_that_fails_is_told_until_one_succeeds(database: Database) -> None:
    screen = Numbers(database)
    async with shown(screen) as (_, pilot):
        screen.answers = [Refused("the file is locked", "try again"), [4]]
        screen.reload()
        await settle(pilot)
        assert problem(screen) == "The file is locked — try again."
        assert screen.listing.rows == [1, 2, 3]
        screen.reload()
        await settle(pilot)
        assert problem(screen) == ""
        screen.answers = [OSError("the words of a system")]
        screen.reload()
        await settle(pilot)
        assert problem(screen) == "It could not be read (OSError)."


async def test_a_change_that_fails_is_told_and_the_list_shows_how_things_are(database: Database) -> None:
    take_off(database, 20, 20)
    screen = TimeOffScreen(database, TZ, clock=clock)
    async with shown(screen) as (_, pilot):
        time_off.remove(database, rows(database)[0].id, clock=clock)
        await pilot.press("D")
        await saved(pilot)
        assert problem(screen)
        assert list(screen.listing.rows) == []
        screen.reload()
        await settle(pilot)
        assert problem(screen)


async def test_one_change_at_a_time(database: Database) -> None:
    screen, done = Numbers(database), list[str]()
    async with shown(screen) as (_, pilot):
        gate = Event()

        def slow() -> str:
            assert gate.wait(PATIENCE_S)
            return "first"

        screen.write(slow, done.append)
        screen.write(lambda: "second", done.append)
        gate.set()
        await saved(pilot)
        screen.write(lambda: "third", done.append)
        await saved(pilot)
    assert done == ["first", "third"]


async def test_what_was_added_gets_the_highlight(database: Database) -> None:
    take_off(database, 10, 10)
    take_off(database, 20, 20)
    screen = TimeOffScreen(database, TZ, clock=clock)
    async with shown(screen) as (app, pilot):
        await pilot.press("n")
        await screen_of(app, TimeOffForm)
        await pilot.press(*"15 mar", "ctrl+s")
        await saved(pilot)
        row = screen.listing.row
        assert row is not None
        assert row.first_day == date(2026, 3, 15)


async def test_an_empty_list_takes_no_room_and_gets_the_keys_when_it_comes_back(database: Database) -> None:
    class Hiding(Numbers):
        HIDES_EMPTY = True
        AUTO_FOCUS = "#numbers"

    screen = Hiding(database)
    async with shown(screen) as (_, pilot):
        assert screen.focused is screen.listing
        for answer, there in (([], False), ([5, 6], True)):
            screen.answers = [answer]
            screen.reload()
            await settle(pilot)
            assert screen.listing.display is there
        await pilot.press("down")
        assert screen.listing.row == 6
