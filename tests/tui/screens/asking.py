"""A practice whose door is open, for tests of what the practitioner sees of those who ask."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from textual.pilot import Pilot
from textual.widgets import OptionList, Static

from couchcal.practice import client_changes, requests
from couchcal.practice.requests import RequestRow
from couchcal.store.connection import Database
from couchcal.tui.screens.requests import RequestsScreen
from tests.practice.conftest import NEW_YORK, Desk
from tests.practice.door import Door
from tests.support.practice import furnished_practice

TUESDAY, THURSDAY = "2026-03-03 10:00", "2026-03-05 14:00"
__all__ = ["NEW_YORK", "THURSDAY", "TUESDAY", "about", "lines", "listed", "open_door", "screen", "told"]


def _people(database: Database) -> None:
    client_changes.add(database, "Ann Sample", email="ann@example.org", phone="555-0101")
    client_changes.add(database, "Bob Test")


def open_door(folder: Path) -> Door:
    """The door of a new practice with two clients; it is Monday 2 March 2026, 7:00 in New York."""
    return Door(Desk(furnished_practice(folder, _people)))


def screen(at: Door, names: str = "full", begin: int | None = None) -> RequestsScreen:
    return RequestsScreen(at.database, NEW_YORK, names=names, clock=at.desk.clock, at=begin)


def listed(at: Door, *, past: bool = False) -> list[RequestRow]:
    with closing(at.database.connect()) as connection:
        return requests.requests(connection, past=past)


def lines(pilot: Pilot[None]) -> list[str]:
    """The lines of the list, blanks made one."""
    return [
        " ".join(str(option.prompt).split())
        for option in pilot.app.screen.query_one("#requests", OptionList).options
    ]


def about(pilot: Pilot[None]) -> str:
    """What is said of the request under the cursor."""
    return str(pilot.app.screen.query_one("#request", Static).content)


def told(pilot: Pilot[None]) -> list[str]:
    """What was said to the user."""
    return [notification.message for notification in pilot.app._notifications]
