"""One form for many appointments: nothing of one may be seen in the next."""

from __future__ import annotations

import asyncio
import re
from contextlib import closing
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from textual.pilot import Pilot
from textual.widgets import Input, Static, TextArea

from couchcal.practice import marks
from couchcal.practice.cadence import Repeat
from couchcal.store.connection import Database
from couchcal.tui.forms.appointment import AppointmentForm
from couchcal.tui.forms.appointment_begin import Opening
from couchcal.tui.forms.appointment_opening import build, open_form
from couchcal.tui.forms.choice import Choice
from couchcal.tui.forms.confirm import Confirm
from couchcal.tui.forms.field import Field
from couchcal.tui.forms.pick import Pick
from tests.support.practice import make_practice
from tests.tui.forms.host import ZONE, Host, at, clock, people, session, settle

Steps = list[tuple[int, int]]
"""What is opened, by number, and which mess is left in it."""
NEW = {"kind": "client_session", "start": at(3, 15)}


def state(form: AppointmentForm) -> dict[str, Any]:
    """All that a person can see of a form."""
    rows = {row.id: (row.display, row.disabled, row.note, row.has_error) for row in form.query(Field)}
    picks = {pick.id: [text for text, _ in pick._options] for pick in form.query(Pick)}
    texts = {name: str(form.query_one(name, Static).render()) for name in ("#live", "#problem")}
    texts["#live"] = re.sub(
        r" · [^·]*\(saves anyway\)", "", texts["#live"].replace("\n", " · ")
    )  # comes a moment later
    shown = {name: form.query_one(name).display for name in ("#locks", "#problem")}
    focused = form.focused.id if form.focused is not None else None
    undone = [area.history.undo_stack for area in form.query(TextArea)]
    title = str(form.query_one("#frame").border_title)
    return {
        "raw": form.rows.collect(), "rows": rows, "picks": picks, "texts": texts, "shown": shown,
        "focused": focused, "undone": undone, "title": title, "changed": form.changed(),
        "scroll": form.query_one("#rows").scroll_offset,
    }  # fmt: skip


async def fresh(database: Database, opening: Opening) -> dict[str, Any]:
    form = AppointmentForm(
        database, opening.tz_name, draft=opening.draft, appointment_id=opening.appointment_id, mode=opening.mode,
        names=opening.names, clock=clock,
    )  # fmt: skip
    app = Host(form)
    async with app.run_test(size=(100, 40)) as pilot:
        await settle(pilot)
        return state(form)


def soil(form: AppointmentForm, mess: int) -> None:
    """Leave something of a person's behind."""
    if mess & 1:
        form.query_one("#instructions", TextArea).text = "of somebody else"
        form.query_one("#diagnoses", Input).value = "F41.1"
    if mess & 2:
        form.query_one("#kind", Choice).value = "other_event"
        form.query_one("#day", Input).value = "nonsense"
    if mess & 4:
        form.query_one("#row-client", Field).error("who?")
        form.query_one("#repeats", Pick).value = "custom"
        form.show_problem("It went wrong.")


async def close(pilot: Pilot[None]) -> None:
    await pilot.press("escape")
    await pilot.pause()
    if isinstance(pilot.app.screen, Confirm):
        await pilot.press("y")
        await pilot.pause()


def openings(database: Database) -> list[Opening]:
    ids = people(database)
    weekly = session(database, ids["Jane Doe"], at(3, 15), repeat=Repeat("weekly"), location_id=2)
    signed = session(database, ids["Bob Reed"], at(4, 9), instructions="ring twice", diagnoses="F33.0")
    marks.mark(database, signed, "note-signed", clock=clock)
    return [
        Opening(ZONE, NEW),
        Opening(ZONE, NEW | {"client_id": ids["Bob Reed"], "service": "90837"}),
        Opening(ZONE, {"kind": "other_event", "all_day": True, "start": at(2, 19), "end": at(3, 19)}),
        Opening(ZONE, {}, weekly, "edit"),
        Opening(ZONE, {}, signed, "edit", "id"),
        Opening(ZONE, {}, signed, "times"),
    ]


STEPS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 7)), min_size=2, max_size=6)


@pytest.mark.long
@settings(max_examples=4, deadline=None)
@given(STEPS)
@example([(0, 7), (2, 7), (0, 0), (4, 7), (5, 3), (1, 6), (3, 7), (0, 0)])
def test_an_opening_shows_nothing_of_the_last_one(tmp_path_factory: pytest.TempPathFactory, steps: Steps) -> None:
    """All that is seen equals a fresh form's, whatever was open before and whatever was left in it."""
    asyncio.run(_walk(make_practice(tmp_path_factory.mktemp("practice")), steps))


async def _walk(database: Database, steps: Steps) -> None:
    known = openings(database)
    expected = {number: await fresh(database, known[number]) for number in {number for number, _ in steps}}
    app = Host(Confirm("", ""))
    async with app.run_test(size=(100, 40)) as pilot:
        await close(pilot)
        await build(app, database, ZONE, clock)
        first = app.get_screen("appointment")
        with closing(database.connect()) as connection:
            for number, mess in steps:
                form = open_form(app, database, connection, known[number], clock, lambda _done: None)
                assert form is first
                assert form._overlaps == []
                await pilot.pause()
                assert state(form) == expected[number]
                soil(form, mess)
                await pilot.pause()
                await close(pilot)
                assert app.screen is not form


async def test_a_form_that_is_open_is_not_opened_again(database: Database) -> None:
    app = Host(Confirm("", ""))
    async with app.run_test(size=(100, 40)) as pilot:
        await close(pilot)
        await build(app, database, ZONE, clock)
        await build(app, database, ZONE, clock)
        with closing(database.connect()) as connection:
            one = open_form(app, database, connection, Opening(ZONE, NEW), clock, lambda _done: None)
            await pilot.pause()
            other = open_form(app, database, connection, Opening(ZONE, NEW), clock, lambda _done: None)
            await settle(pilot)
            assert other is not one
            await asyncio.sleep(0)
            assert app.screen is other
