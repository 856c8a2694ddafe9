"""Requests on the calendar: the block in every view, the way from it to the answer, and news of what clients do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import closing

import pytest
from textual.pilot import Pilot

from couchcal.practice import door, event_types
from couchcal.practice.door import Applicant, ClientKey, Wish
from couchcal.store.connection import Database
from couchcal.tui.calendar.lines import Line
from couchcal.tui.calendar.news_words import news_words
from couchcal.tui.calendar.period import View
from couchcal.tui.calendar.screen import CalendarScreen
from couchcal.tui.screens.requests import RequestsScreen
from tests.support.demo import ZONE, at, clock
from tests.support.pilot import until
from tests.tui.conftest import AppFactory, settle, toasts

SIZE = (120, 36)
DEE = Applicant("[b]Dee New", "dee@example.org")


def block(screen: CalendarScreen) -> str:
    """All that the view shows."""
    view = screen.current
    return "\n".join(view.render_line(y).text for y in range(view.size.height))


async def to_the_request(screen: CalendarScreen, pilot: Pilot[None]) -> None:
    screen.go_to(next(entry for entry in screen.loaded.entries if entry.kind == "request"))
    await settle(pilot)


@pytest.mark.parametrize("view", list(View))
async def test_enter_on_the_block_opens_the_request(make: AppFactory, view: View) -> None:  # REQ-04, REQ-05
    async with make(view).run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        await to_the_request(screen, pilot)
        shown = block(screen)
        assert "? O" in shown
        assert ("╌" in shown) == (view in (View.DAY, View.WEEK))
        await pilot.press("enter")
        await settle(pilot)
        top = pilot.app.screen
        assert isinstance(top, RequestsScreen)
        current = top.listing.row
        assert current is not None
        assert current.row.start == at(4, 12)
        await pilot.press("escape")
        await settle(pilot)
        assert pilot.app.screen is screen


async def test_in_ascii_the_block_is_a_box_of_plain_characters(make: AppFactory) -> None:
    async with make(ascii=True).run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        await to_the_request(screen, pilot)
        shown = block(screen)
        assert "+ ? Omar~ +" in shown
        assert "+---------+" in shown
        assert shown.isascii()


def opened(database: Database, confirm: str) -> int:
    """Clients may book; the id of what they can book."""
    with closing(database.connect()) as connection:
        connection.execute(
            "UPDATE practice SET slug = 'quiet', self_scheduling = true, confirm_portal = ?", (confirm,)
        )
        connection.execute(
            "UPDATE client SET portal_state = 'accepted', email = 'omar@example.org' WHERE first = 'Omar'"
        )
    values = {"title": "Talk", "minutes": 30, "service": "90834"}
    event_types.add(database, values, clock=clock)
    with closing(database.connect()) as connection:
        return int(connection.execute("SELECT max(id) FROM event_type").fetchone()[0])


def book(database: Database, kind: int, who: Applicant | ClientKey, hour: int = 16) -> None:
    """Somebody books through the door, on a database of their own as another process has it."""
    elsewhere = database.another()
    wish = Wish(kind, "in_person", at(5, hour), ZONE, who, "", f"nonce {hour}")
    door.book(elsewhere, wish, mail=False, clock=clock)
    elsewhere.dispose()


def header(screen: CalendarScreen) -> str:
    return screen.query_one("#header", Line).render_line(0).text


@pytest.mark.parametrize(
    ("names", "words"),
    [("full", "[b]Dee N. asks for Thu 5 Mar 16:00 · r shows it"), ("id", "1 new request · r shows it")],
)
async def test_a_request_made_elsewhere_shows_by_itself(
    make: AppFactory, demo: Database, names: str, words: str
) -> None:  # REQ-03
    kind = opened(demo, "request")
    async with make(names=names).run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        assert "Requests 1" in header(screen)
        await asyncio.to_thread(book, demo, kind, DEE)
        await until(pilot, lambda: toasts(pilot))
        assert toasts(pilot) == [words]
        assert "Requests 2" in header(screen)
        assert len([entry for entry in screen.scene.entries if entry.kind == "request"]) == 2


async def test_what_clients_book_at_once_is_told_over_any_screen(make: AppFactory, demo: Database) -> None:
    # NOTIF-01
    kind = opened(demo, "instant")
    async with make(names="first").run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        await pilot.press("r")
        await settle(pilot)
        omar = next(entry.client_id for entry in screen.loaded.entries if entry.first == "Omar")
        await asyncio.to_thread(book, demo, kind, ClientKey(omar or 0))
        await until(pilot, lambda: toasts(pilot))
        assert toasts(pilot) == ["1 new booking"]
        assert any(entry.start == at(5, 16) for entry in screen.loaded.entries)


def test_several_things_are_counted_and_name_nobody(demo: Database) -> None:
    from couchcal.practice.news import Item
    from couchcal.scheduling.wallclock import zone

    key: Callable[[str], str] = {"requests": "r"}.__getitem__
    with closing(demo.connect()) as connection:

        def told(*items: Item, names: str = "full", keys: Callable[[str], str] | None = key) -> str:
            return news_words(connection, items, zone(ZONE), names, keys)

        asked, moved, gone = Item("asked", 1), Item("moved", 1), Item("withdrawn", 999)
        assert told(asked) == "Omar K. asks for Wed 4 Mar 12:00 · r shows it"
        assert told(asked, keys=None) == "Omar K. asks for Wed 4 Mar 12:00"
        assert told(asked, Item("asked", 2)) == "2 new requests · r shows them"
        assert told(moved) == "Jane D. moved their session to Mon 2 Mar 9:00"
        assert told(moved, names="initials") == "1 session moved by its client"
        assert told(moved, moved, asked) == "1 new request, 2 sessions moved by their clients · r shows them"
        assert told(gone) == "1 request withdrawn"
