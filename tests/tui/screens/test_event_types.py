"""The list of event types and their form."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.widgets import Input, OptionList, Static

from couchcal.practice import event_types
from couchcal.practice.event_types import EventTypeRow
from couchcal.store.connection import Database
from couchcal.tui.forms.choice import Choice
from couchcal.tui.forms.confirm import Confirm
from couchcal.tui.forms.event_type import EventTypeForm
from couchcal.tui.forms.event_type_values import duration_words, parse_count, parse_duration, read
from couchcal.tui.forms.field import Field
from couchcal.tui.forms.pick import Pick
from couchcal.tui.screens.event_types import EventTypesScreen
from tests.tui.forms.host import at as instant
from tests.tui.forms.host import clock, people, saved, screen_of, session, settle, shown


def add(database: Database, *titles: str, **values: Any) -> None:
    for title in titles:
        event_types.add(database, {"title": title, "minutes": 50} | values, clock=clock)


def rows(database: Database, *, inactive: bool = False) -> list[EventTypeRow]:
    with closing(database.connect()) as connection:
        return event_types.event_types(connection, inactive=inactive)


def titles(database: Database) -> list[str]:
    return [row.title for row in rows(database)]


def lines(screen: EventTypesScreen) -> list[str]:
    return [str(option.prompt) for option in screen.query_one("#types", OptionList).options]


def said(screen: EventTypesScreen, which: str) -> str:
    return str(screen.query_one(f"#{which}", Static).render())


async def test_an_empty_list_says_what_to_do(database: Database) -> None:
    screen = EventTypesScreen(database, clock=clock)
    async with shown(screen) as (app, pilot):
        assert said(screen, "count").startswith("No event types yet: n makes")
        await pilot.press("e", "D", "J", "r", "escape")
        assert app.answer is None


async def test_an_event_type_is_made_with_all_it_can_say(database: Database) -> None:  # EVT-01, VIS-01
    screen = EventTypesScreen(database, clock=clock)
    async with shown(screen, (80, 24)) as (app, pilot):
        await pilot.press("n")
        await screen_of(app, EventTypeForm)
        await settle(pilot)
        form = app.screen
        form.query_one("#title", Input).value = "Intake"
        form.query_one("#minutes", Input).focus()
        await pilot.press("tab", "right")  # the common length after 50
        assert form.query_one("#minutes", Input).value == "60"
        form.query_one("#visit_mode", Pick).value = "telehealth"
        form.query_one("#service", Pick).value = "90791"
        for name, text in (("buffer_after", "10"), ("min_notice_min", "1d"), ("max_per_day", "3")):
            form.query_one(f"#{name}", Input).value = text
        form.query_one("#slot_step", Pick).value = 0
        form.query_one("#audience", Choice).value = "public"
        form.query_one("#confirm", Choice).value = "request"
        await pilot.press("ctrl+s")
        await saved(pilot)
        assert lines(screen)[0].split() == ["Intake", "60", "min", "Telehealth", "only", "0/10", "page"]
        assert said(screen, "count") == "1 in use, of 15"
        assert "starts every session length" in said(screen, "about")
    (row,) = rows(database)
    assert (row.minutes, row.visit_mode, row.service) == (60, "telehealth", "90791")
    assert (row.buffer_before, row.buffer_after, row.audience, row.confirm) == (0, 10, "public", "request")
    assert (row.min_notice_min, row.window_days, row.slot_step, row.max_per_day) == (1440, None, 0, 3)


async def test_what_is_wrong_is_said_beside_its_field(database: Database) -> None:
    screen = EventTypesScreen(database, clock=clock)
    async with shown(screen) as (app, pilot):
        await pilot.press("n")
        await screen_of(app, EventTypeForm)
        await settle(pilot)
        form = app.screen
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert form.query_one("#row-title", Field).note == "give it a title"
        form.query_one("#title", Input).value = "Intake"
        form.query_one("#buffer_before", Input).value = "soon"
        await pilot.pause()
        assert form.query_one("#row-buffer_before", Field).note == "minutes, or 2h, or 1d"
        form.query_one("#buffer_before", Input).value = ""
        form.query_one("#minutes", Input).value = "2"
        await pilot.press("ctrl+s")
        await saved(pilot)
        assert form.query_one("#row-minutes", Field).note == "the length is 5 to 480 minutes"
        await pilot.press("escape")
        await screen_of(app, Confirm)
        await pilot.press("n")
        assert form.query_one("#title", Input).value == "Intake"


async def test_editing_changes_only_what_was_changed(database: Database) -> None:  # EVT-01
    add(database, "Intake", service="90791", window_days=30, description="first\nsecond")
    (before,) = rows(database)
    screen = EventTypesScreen(database, clock=clock)
    async with shown(screen) as (app, pilot):
        assert said(screen, "about") == "90791 · 30 days ahead\nfirst"
        await pilot.press("enter")
        await screen_of(app, EventTypeForm)
        await settle(pilot)
        await pilot.press("escape")  # nothing changed: no question
        await settle(pilot)
        assert app.screen is screen
        await pilot.press("e")
        await screen_of(app, EventTypeForm)
        await settle(pilot)
        app.screen.query_one("#title", Input).value = "[red]First visit"
        await pilot.press("ctrl+s")
        await saved(pilot)
        assert lines(screen)[0].startswith("[red]First visit")
    (after,) = rows(database)
    assert after == before._replace(title="[red]First visit", version=after.version)


async def test_order_is_changed_with_keys_and_the_highlight_goes_along(database: Database) -> None:
    add(database, "One", "Two", "Three")
    screen = EventTypesScreen(database, clock=clock)
    async with shown(screen) as (_, pilot):
        for key, order in (("J", "Two One Three"), ("plus", "Two Three One"), ("K", "Two One Three")):
            await pilot.press(key)
            await saved(pilot)
            assert titles(database) == order.split()
        assert screen.query_one("#types", OptionList).highlighted == 1


async def test_one_that_is_used_is_kept_and_comes_back(database: Database) -> None:  # EVT-01
    add(database, "Intake", "Spare")
    client = people(database)["Jane Doe"]
    booked = session(database, client, instant(3, 9))
    with closing(database.connect()) as connection:
        connection.execute("UPDATE appointment SET event_type_id = ? WHERE id = ?", (rows(database)[0].id, booked))
    screen = EventTypesScreen(database, clock=clock)
    async with shown(screen) as (app, pilot):
        await pilot.press("D")
        await saved(pilot)
        told = [note.message for note in app._notifications]
        assert told == ["Removed Intake: it is named elsewhere, so it is kept, and can be restored"]
        await pilot.press("D")  # Spare is named nowhere
        await saved(pilot)
        told = [note.message for note in app._notifications]
        assert told[-1] == "Removed Spare: undo on the calendar brings it back"
        assert [row.title for row in rows(database, inactive=True)] == ["Intake"]
        assert said(screen, "count").endswith("1 removed, . shows")
        await pilot.press("full_stop")
        assert lines(screen)[0].endswith("removed")
        await pilot.press("r")
        await saved(pilot)
    assert titles(database) == ["Intake"]


async def test_fifteen_are_the_limit_and_it_is_said(database: Database) -> None:  # EVT-01
    add(database, *(f"Type {number}" for number in range(15)))
    screen = EventTypesScreen(database, clock=clock)
    async with shown(screen, (80, 24)) as (app, pilot):
        assert said(screen, "count") == "15 in use, of 15: remove one to make room for another"
        await pilot.press("n")
        assert app.screen is screen
        assert "more cannot be offered" in said(screen, "problem")


@given(st.integers(0, 43200))
def test_a_length_of_time_reads_back(minutes: int) -> None:
    assert parse_duration(duration_words(minutes)) == minutes


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("45", 45), ("2h", 120), ("1 day", 1440), ("1h 30", 90), ("1h30m", 90), ("2 hours", 120), (" ", None)],
)
def test_lengths_as_people_type_them(text: str, minutes: int | None) -> None:
    assert parse_duration(text) == minutes


@pytest.mark.parametrize("text", ["soon", "-5", "1.5h", "5x", "1h 2h"])
def test_what_is_no_length(text: str) -> None:
    with pytest.raises(ValueError, match="minutes"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["-1", "three", "1.5", "999999"])
def test_what_is_no_count(text: str) -> None:
    with pytest.raises(ValueError, match="whole number"):
        parse_count(text)


def test_a_form_without_a_length_asks_for_one() -> None:
    assert read({"title": "Intake", "minutes": "", "buffer_before": ""}).errors == {"minutes": "how long is it?"}
