"""The booking link on screen: its address, its code, the clipboard, and the feed of the practitioner."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input, Static

from couchcal.practice import booking_link, feeds
from couchcal.store.connection import Database
from couchcal.tui.forms.confirm import Confirm
from couchcal.tui.forms.field import Field
from couchcal.tui.forms.link import LinkDialog, suggested
from couchcal.tui.forms.link_shown import CodeScreen, FeedAddress
from couchcal.tui.qr import drawn, modules
from tests.support.practice import furnished_practice
from tests.tui.forms.host import Host, clock, saved, screen_of, shown
from tests.tui.screens.asking import told

PUBLIC = "https://book.example.org"


def named(database: Database) -> None:
    with closing(database.connect()) as connection:
        connection.execute("UPDATE practice SET slug = 'quiet-room', public_label = 'Quiet Room'")


@pytest.fixture
def practice(tmp_path: Path) -> Database:
    return furnished_practice(tmp_path, named)


def words(app: Host, name: str) -> str:
    return str(app.screen.query_one(name, Static).content)


def since(database: Database) -> datetime | None:
    with closing(database.connect()) as connection:
        return booking_link.feed_since(connection)


def opens(database: Database, address: str) -> bool:
    token = address.removeprefix(f"{PUBLIC}/feed/").removesuffix(".ics")
    with closing(database.connect()) as connection:
        return feeds.feed(connection, token, now=clock()) is not None


async def address(app: Host, pilot: Pilot[None]) -> str:
    """The address of the feed that was just made."""
    await screen_of(app, FeedAddress)
    found = words(app, "#feed-address")
    await pilot.press("escape")
    await saved(pilot)
    return found


async def test_the_link_its_code_and_the_clipboard(practice: Database) -> None:  # BOOK-01
    async with shown(LinkDialog(practice, PUBLIC, clock=clock), size=(80, 24)) as (app, pilot):
        link = f"{PUBLIC}/book/quiet-room"
        assert words(app, "#link") == link
        assert app.screen.query_one("#code", Static).content == drawn(modules(link), 19, ascii_only=False)
        frame = app.screen.query_one("#frame").region
        assert app.screen.query_one("#code").region.intersection(frame) == app.screen.query_one("#code").region
        await pilot.press("y")
        assert app.clipboard == link
        assert told(pilot)[-1].startswith("Copied")
        await pilot.press("Q")
        await screen_of(app, CodeScreen)
        await pilot.press("escape", "escape")
        await pilot.pause()
        assert app.answer is None


async def test_without_a_public_address_it_says_what_to_do(practice: Database) -> None:
    async with shown(LinkDialog(practice, "", clock=clock)) as (app, pilot):
        assert words(app, "#link") == "http://127.0.0.1:8080/book/quiet-room"
        assert "“Page address” in the settings" in words(app, "#link-state")
        assert not app.screen.query_one("#code").display
        await pilot.press("Q")
        assert "would lead nobody here yet" in told(pilot)[-1]


async def test_where_there_are_no_half_blocks_the_code_is_alone(practice: Database) -> None:
    async with shown(LinkDialog(practice, PUBLIC, clock=clock), size=(80, 24)) as (app, pilot):
        app.add_class("-ascii")
        await pilot.resize_terminal(90, 24)
        await pilot.pause()
        assert not app.screen.query_one("#code").display
        await pilot.press("Q")
        await screen_of(app, CodeScreen)
        await pilot.pause()
        assert "##" in words(app, "#code")
        box = app.screen.query_one("#code-box")
        await pilot.press("down", "down")
        await pilot.pause()
        assert (box.max_scroll_y > 0, box.scroll_offset.y) == (True, 2)


async def test_a_practice_without_an_address_is_asked_for_one(database: Database) -> None:
    with closing(database.connect()) as connection:
        connection.execute("UPDATE practice SET slug = ''")
    async with shown(LinkDialog(database, PUBLIC, clock=clock)) as (app, pilot):
        field = app.screen.query_one("#slug", Input)
        assert (field.has_focus, field.value) == (True, "test-practice")
        field.value = "Quiet Room!"
        await pilot.press("enter")
        await saved(pilot)
        assert app.screen.query_one("#field-slug", Field).has_error
        field.value = "quiet-room"
        await pilot.press("enter")
        await saved(pilot)
        assert words(app, "#link") == f"{PUBLIC}/book/quiet-room"
        assert app.screen.query_one("#code").display
        await pilot.press("escape")
        await pilot.pause()
        assert "quiet" not in str(app.answer.label)
    with closing(database.connect()) as connection:
        assert booking_link.slug(connection) == "quiet-room"


async def test_a_feed_is_made_shown_once_renewed_and_ended(practice: Database) -> None:
    async with shown(LinkDialog(practice, PUBLIC, clock=clock)) as (app, pilot):
        assert "none" in words(app, "#feed-state")
        await pilot.press("f")
        await screen_of(app, FeedAddress)
        await pilot.press("y")
        first = await address(app, pilot)
        assert (app.clipboard, opens(practice, first)) == (first, True)
        assert "since 1 Mar 2026" in words(app, "#feed-state")
        assert first.split("/")[-1] not in "".join(str(widget.content) for widget in app.screen.query(Static))
        app.screen.query_one("#feed", Button).press()
        await screen_of(app, Confirm)
        await pilot.press("n")
        await saved(pilot)
        assert opens(practice, first)
        await pilot.press("f")
        await screen_of(app, Confirm)
        await pilot.press("y")
        second = await address(app, pilot)
        assert (opens(practice, first), opens(practice, second)) == (False, True)
        await pilot.press("F")
        await screen_of(app, Confirm)
        await pilot.press("y")
        await saved(pilot)
        assert (opens(practice, second), since(practice)) == (False, None)
        await pilot.press("F")
        assert told(pilot)[-1] == "There is no feed"


def test_an_address_is_suggested_from_the_name() -> None:
    assert [suggested(name) for name in ("Quiet Rooms & Co.", "  ", "x" * 60)] == ["quiet-rooms-co", "", "x" * 40]
