"""The form on a series, and two people on one appointment."""

from __future__ import annotations

import pytest
from textual.widgets import TextArea

from couchcal.practice import appointments
from couchcal.practice.cadence import Repeat
from couchcal.practice.outcome import Done
from couchcal.store.connection import Database
from couchcal.tui.forms.confirm import Confirm
from couchcal.tui.forms.merge import MergeScreen
from couchcal.tui.forms.pick import Pick
from couchcal.tui.forms.scope import ScopeDialog
from tests.tui.forms.filled import form, note, text, type_in
from tests.tui.forms.host import (
    PENDING,
    at,
    clock,
    count,
    people,
    row,
    saved,
    screen_of,
    session,
    shown,
)


@pytest.mark.parametrize(
    ("repeats", "hint", "booked"),
    [("2w", "on Tuesdays only", 6), ("monthly", "the 1st Tuesday", 3), ("custom", "", 3)],
)
async def test_repeating(database: Database, repeats: str, hint: str, booked: int) -> None:  # REC-01, REC-03
    people(database)
    modal = form(database, draft={"client_id": 1, "service": "90834"})
    async with shown(modal) as (app, pilot):
        modal.query_one("#repeats", Pick).value = repeats
        await pilot.pause()
        if hint:
            assert note(modal, "repeats") == hint
        if repeats == "custom":
            assert (text(modal, "every"), note(modal, "until")) == ("6", "Tue 26 May")
            type_in(modal, every="60")
            await pilot.press("ctrl+s")
            await saved(pilot)
            assert note(modal, "every") == "1 to 52 weeks"
            type_in(modal, every="4")
        await pilot.press("ctrl+s")
        await saved(pilot)
    assert app.answer.changed == booked == count(database)


async def test_a_change_in_a_series_asks_for_its_scope(database: Database) -> None:  # REC-04
    ids = people(database)
    first = session(database, ids["Jane Doe"], at(3, 15), repeat=Repeat("weekly"))
    modal = form(database, appointment_id=first, mode="edit")
    async with shown(modal) as (app, pilot):
        assert modal.query_one("#repeats", Pick).value == "keep"
        modal.query_one("#service", Pick).value = "90837"
        for key in ("escape", "f"):
            await pilot.press("ctrl+s")
            await screen_of(app, ScopeDialog)
            await pilot.press(key)
            assert app.screen is not modal or app.answer is PENDING
        await saved(pilot)
    assert app.answer.changed == count(database)
    assert row(database, first + 3)["service"] == "90837"


async def test_a_series_can_begin_and_stop_in_the_form(database: Database) -> None:  # REC-02, REC-09
    ids = people(database)
    existing = session(database, ids["Jane Doe"], at(3, 15))
    for choice, left in (("weekly", 11), ("stop", 0)):
        modal = form(database, appointment_id=existing, mode="edit")
        async with shown(modal) as (app, pilot):
            modal.query_one("#repeats", Pick).value = choice
            await pilot.press("ctrl+s")
            await saved(pilot)
        assert isinstance(app.answer, Done)
        assert count(database) == left


async def test_two_at_once_are_merged(database: Database) -> None:
    existing = session(database, people(database)["Jane Doe"], at(3, 15))
    modal = form(database, appointment_id=existing, mode="edit")
    async with shown(modal) as (app, pilot):
        appointments.edit(database, existing, {"service": "90837", "instructions": "theirs"}, clock=clock)
        type_in(modal, diagnoses="F41.1")
        modal.query_one("#instructions", TextArea).text = "mine"
        await pilot.press("ctrl+s")
        await screen_of(app, MergeScreen)
        await pilot.press("escape")  # nothing typed is lost
        await pilot.pause()
        assert app.screen is modal
        assert text(modal, "diagnoses") == "F41.1"
        await pilot.press("ctrl+s")
        await screen_of(app, MergeScreen)
        await pilot.press("right", "ctrl+s")  # theirs, of the instructions that both changed
        await saved(pilot)
    stored = row(database, existing)
    assert (stored["service"], stored["diagnoses"], stored["instructions"]) == ("90837", "F41.1", "theirs")
    assert isinstance(app.answer, Done)


async def test_theirs_can_be_taken(database: Database) -> None:
    existing = session(database, people(database)["Jane Doe"], at(3, 15))
    modal = form(database, appointment_id=existing, mode="edit")
    async with shown(modal) as (app, pilot):
        appointments.reschedule(database, existing, at(3, 16), at(3, 16, 50), clock=clock)
        before = row(database, existing)
        type_in(modal, diagnoses="F41.1")
        await pilot.press("ctrl+s")
        await screen_of(app, MergeScreen)
        await pilot.press("down", "enter")
        await saved(pilot)
    assert app.answer is None
    assert row(database, existing) == before


async def test_what_was_deleted_meanwhile_is_booked_anew(database: Database) -> None:
    existing = session(database, people(database)["Jane Doe"], at(3, 15))
    modal = form(database, appointment_id=existing, mode="edit")
    async with shown(modal) as (app, pilot):
        appointments.delete(database, existing, clock=clock)
        type_in(modal, diagnoses="F41.1")
        for key in ("n", "y"):
            await pilot.press("ctrl+s")
            await screen_of(app, Confirm)
            await pilot.press(key)
            await pilot.pause()
        await saved(pilot)
    assert app.answer.appointment_id != existing
    stored = row(database, app.answer.appointment_id)
    assert (stored["diagnoses"], stored["start_utc"]) == ("F41.1", int(at(3, 15).timestamp()))


async def test_two_at_once_in_a_series(database: Database) -> None:
    first = session(database, people(database)["Jane Doe"], at(3, 15), repeat=Repeat("weekly"))
    modal = form(database, appointment_id=first, mode="edit")
    async with shown(modal) as (app, pilot):
        appointments.edit(database, first, {"diagnoses": "F41.1"}, scope="future", clock=clock)
        modal.query_one("#service", Pick).value = "90837"
        await pilot.press("ctrl+s")
        await screen_of(app, ScopeDialog)
        await pilot.press("f")
        await screen_of(app, MergeScreen)
        await pilot.press("ctrl+s")
        await saved(pilot)
    later = row(database, first + 3)
    assert (later["service"], later["diagnoses"]) == ("90837", "F41.1")


async def test_the_cadence_of_a_series_is_changed_in_the_form(database: Database) -> None:  # REC-03, REC-13
    ids = people(database)
    first = session(database, ids["Jane Doe"], at(3, 15), repeat=Repeat("weekly"))
    modal = form(database, appointment_id=first, mode="edit")
    async with shown(modal) as (app, pilot):
        modal.query_one("#repeats", Pick).value = "2w"
        await pilot.pause()
        type_in(modal, until="+6w")
        await pilot.press("ctrl+s")
        await screen_of(app, ScopeDialog)
        await pilot.press("t")  # a cadence is of all that follow
        assert isinstance(app.screen, ScopeDialog)
        await pilot.press("f")
        await saved(pilot)
    assert count(database) == 4
    modal = form(database, appointment_id=first, mode="edit")
    async with shown(modal) as (app, pilot):
        assert (modal.query_one("#repeats", Pick).value, text(modal, "until")) == ("keep", "2026-04-14")
        type_in(modal, until="")
        await pilot.press("ctrl+s")
        await screen_of(app, ScopeDialog)
        await pilot.press("f")
        await saved(pilot)
    assert count(database) > 4
