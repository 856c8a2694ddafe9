"""How requests, their answers and the booking link look, in both themes, on a small and on a usual terminal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from textual.pilot import Pilot
from textual.screen import ModalScreen

from couchcal.practice import client_changes, request_answers, requests
from couchcal.practice.door import Applicant
from couchcal.store.connection import Database
from couchcal.tui.forms.decline import DeclineDialog
from couchcal.tui.forms.link import LinkDialog
from couchcal.tui.forms.link_shown import CodeScreen, FeedAddress
from couchcal.tui.qr import modules
from couchcal.tui.screens.requests import RequestsScreen
from tests.practice.conftest import Desk
from tests.practice.door import Door
from tests.support.practice import furnished_practice
from tests.tui.forms.host import Host, clock, looked

TZ = ZoneInfo("America/New_York")
PUBLIC = "https://book.example.org"
LINK = f"{PUBLIC}/book/quiet-room"
FEED = f"{PUBLIC}/feed/{'k3J-' * 10}9xZ.ics"


def furnish(database: Database) -> None:
    client_changes.add(database, "Ann Sample", email="ann@example.org", phone="555-0101", tz="Europe/Paris")
    client_changes.add(database, "Bob Test")
    desk = Desk(database)
    desk.now = clock()
    door = Door(desk)
    ann = door.known()
    declined = {"decline_message": "I am away that day. The week after there is time."}
    door.book("2026-03-04 12:00", ann)
    request_answers.decline(database, max(desk.rows("booking_request")), *declined.values(), clock=clock)
    door.book("2026-03-04 14:00", ann)
    request_answers.accept(database, max(desk.rows("booking_request")), clock=clock)
    door.book("2026-03-03 10:00", ann, note="Could we meet a second time this week?", zone="Europe/Paris")
    door.book("2026-03-05 14:00", Applicant("Dee New", "dee@example.org", "555-0199"), mail=False)
    door.book("2026-03-06 09:00", Applicant("A Very Long Name Of Somebody New", "long@example.org"), mail=False)
    desk.book("2026-03-05 14:30", client_id=desk.bob)
    desk.close()


def screen(database: Database, names: str = "full") -> RequestsScreen:
    return RequestsScreen(database, TZ, names=names, clock=clock)


def decline(database: Database) -> DeclineDialog:
    with closing(database.connect()) as connection:
        return DeclineDialog(database, requests.requests(connection)[0], TZ, clock=clock)


SCREENS: dict[str, tuple[Callable[[Database], ModalScreen[Any]], tuple[str, ...]]] = {
    "pending": (screen, ("j",)),
    "private": (lambda db: screen(db, "id"), ()),
    "past": (screen, ("tab", "j")),
    "accept": (screen, ("j", "enter")),
    "decline": (decline, (*"I am away",)),
    "link": (lambda db: LinkDialog(db, PUBLIC, clock=clock), ()),
    "link-local": (lambda db: LinkDialog(db, "", clock=clock), ()),
    "code": (lambda _: CodeScreen(LINK, modules(LINK)), ()),
    "feed": (lambda _: FeedAddress(FEED, True), ()),
}


@pytest.fixture
def practice(tmp_path: Path) -> Database:
    return furnished_practice(tmp_path, furnish)


def pressed(keys: tuple[str, ...]) -> Callable[[Pilot[None]], Awaitable[None]]:
    async def run(pilot: Pilot[None]) -> None:
        await looked(pilot)
        for key in keys:
            await pilot.press(key)
            await looked(pilot)

    return run


SIZES = (("couchcal-dark", (80, 24)), ("couchcal-light", (120, 36)))
CASES = [(name, theme, size) for theme, size in SIZES for name in SCREENS]


@pytest.mark.parametrize(
    ("name", "theme", "size"), CASES, ids=[f"{name}-{theme[9:]}-{size[0]}x{size[1]}" for name, theme, size in CASES]
)
def test_a_screen(
    snap_compare: Callable[..., bool], practice: Database, name: str, theme: str, size: tuple[int, int]
) -> None:
    make, keys = SCREENS[name]
    assert snap_compare(Host(make(practice), theme), terminal_size=size, run_before=pressed(keys))
