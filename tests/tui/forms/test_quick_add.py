from __future__ import annotations

from contextlib import closing
from datetime import datetime

from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Static

from couchcal.practice.outcome import Done
from couchcal.store.connection import Database
from couchcal.tui.forms.appointment import AppointmentForm
from couchcal.tui.forms.confirm import Confirm
from couchcal.tui.forms.quick_add import OpenForm, QuickAdd
from tests.support.pilot import until
from tests.tui.forms.host import PENDING, ZONE, at, clock, count, people, row, saved, session, shown

NOW_LOCAL = datetime(2026, 3, 1, 9, 42)  # noqa: DTZ001  wall clock


def quick(database: Database) -> QuickAdd:
    return QuickAdd(database, ZONE, NOW_LOCAL, clock=clock)


def said(modal: QuickAdd) -> str:
    return str(modal.query_one("#preview", Static).render())


async def test_a_line_is_previewed_and_saved(database: Database) -> None:
    people(database)
    modal = quick(database)
    async with shown(modal) as (app, pilot):
        modal.query_one(Input).value = "tue 3:07pm 50m jane doe 90834 tele weekly"
        await pilot.pause()
        assert said(modal) == "Tue 3 Mar 15:07–15:57 · Jane Doe · 90834 · Telehealth · every week"
        await pilot.press("enter")
        await saved(pilot)
    assert isinstance(app.answer, Done)
    assert app.answer.appointment_id is not None
    stored = row(database, app.answer.appointment_id)
    assert stored["start_utc"] == int(at(3, 15, 7).timestamp())
    assert stored["modifiers"] == "95:auto"
    assert app.answer.changed == count(database) > 1


async def test_an_ambiguous_name_is_picked_from_a_list(database: Database) -> None:
    people(database)
    modal = quick(database)
    async with shown(modal) as (app, pilot):
        modal.query_one(Input).value = "tue 3pm jan 90834"
        await pilot.pause()
        assert "who is it?" in said(modal)
        assert modal.query_one(OptionList).display
        await pilot.press("enter")
        assert app.screen is modal
        await pilot.press("down", "enter")
        await saved(pilot)
    assert isinstance(app.answer, Done)
    assert app.answer.appointment_id is not None
    assert row(database, app.answer.appointment_id)["client_id"] == 2


async def test_what_is_not_understood_is_not_saved(database: Database) -> None:
    people(database)
    modal = quick(database)
    async with shown(modal) as (app, pilot):
        modal.query_one(Input).value = "bob tue 3pm 5m "
        await pilot.pause()
        assert "which service?" in said(modal)
        modal.query_one(Input).value = "zorro tue 3pm 90834"
        await pilot.pause()
        assert "ctrl+e opens the form, which adds them" in said(modal)
        await pilot.press("enter")
        await saved(pilot)
        assert app.answer is PENDING
        await pilot.press("escape")
        assert isinstance(app.screen, Confirm)
    assert count(database) == 0


async def typed(pilot: Pilot[None], text: str) -> None:
    field = pilot.app.screen.query_one(Input)
    field.value = text
    field.cursor_position = len(text)
    await pilot.pause()


async def test_a_word_that_is_half_typed_is_nobody_unknown(database: Database) -> None:
    people(database)
    modal = quick(database)
    async with shown(modal) as (_, pilot):
        for text in ("zor", "tue 3pm zor", "jane doe tue 3pm 908", "bob tue 3pm wee"):
            await typed(pilot, text)
            assert "unknown" not in said(modal)
            assert "understood" not in said(modal)
        for text in ("tue 3pm zor ", "zor tue 3pm", "zor tue 3pm 908"):
            await typed(pilot, text)
            assert "unknown client 'zor'" in said(modal)
            assert "ctrl+e opens the form" in said(modal)
        await typed(pilot, "tue 3pm zor")
        await pilot.press("enter")
        assert "unknown client 'zor'" in said(modal)
        await typed(pilot, "tue 3pm zorr")
        assert "unknown" not in said(modal)
        await until(pilot, lambda: "unknown client 'zorr'" in said(modal))  # typing rests
    assert count(database) == 0


async def test_without_a_service_it_is_the_latest_or_the_one_that_fits(database: Database) -> None:
    ids = people(database)
    session(database, ids["Bob Reed"], at(2, 15), service="90847")
    modal = quick(database)
    async with shown(modal) as (_, pilot):
        for line, service in (
            ("bob tue 3pm", "90847"),
            ("jane doe tue 3pm", "90834"),
            ("jane doe tue 3pm 1h", "90837"),
        ):
            modal.query_one(Input).value = line
            await pilot.pause()
            assert service in said(modal)
            assert "which service?" not in said(modal)


async def test_privacy_calls_nobody_by_name(database: Database) -> None:
    people(database)
    modal = QuickAdd(database, ZONE, NOW_LOCAL, names="id", clock=clock)
    async with shown(modal) as (_, pilot):
        modal.query_one(Input).value = "tue 3pm jan"
        await pilot.pause()
        listing = modal.query_one(OptionList)
        assert [str(option.prompt).split() for option in listing.options] == [
            ["C-0001", "C-0001"],
            ["C-0002", "C-0002"],
        ]
        modal.query_one(Input).value = "tue 3pm jane doe"
        await pilot.pause()
        assert "Doe" not in said(modal)
        assert "C-0001" in said(modal)


async def test_ctrl_e_goes_on_in_the_form(database: Database) -> None:
    ids = people(database)
    modal = quick(database)
    async with shown(modal) as (app, pilot):
        modal.query_one(Input).value = "bob tue 3pm 2w"
        await pilot.pause()
        await pilot.press("ctrl+e")
    assert isinstance(app.answer, OpenForm)
    form = AppointmentForm(database, ZONE, draft=app.answer.values, clock=clock)
    async with shown(form):
        assert form.query_one("#client", Input).value == f"Bob Reed · C-000{ids['Bob Reed']}"
        assert form.query_one("#start", Input).value == "15:00"
        assert form.query_one("#repeats").value == "2w"  # type: ignore[attr-defined]  # a Pick


async def test_ctrl_e_takes_somebody_new_along_to_the_form(database: Database) -> None:
    modal = quick(database)
    async with shown(modal) as (app, pilot):
        await typed(pilot, "tue 3pm with kim lo 90837")
        await pilot.press("ctrl+e")
    assert isinstance(app.answer, OpenForm)
    form = AppointmentForm(database, ZONE, draft=app.answer.values, clock=clock)
    async with shown(form) as (_, pilot):
        assert form.query_one("#client", Input).value == "+ new client Kim Lo"
        await pilot.press("ctrl+s")
        await until(pilot, lambda: count(database) == 1)
    with closing(database.connect()) as connection:
        assert connection.execute("SELECT first, last FROM client").fetchall() == [("Kim", "Lo")]


async def test_other_events_and_contacts(database: Database) -> None:
    people(database)
    modal = quick(database)
    async with shown(modal) as (_, pilot):
        modal.query_one(Input).value = "lunch tue 12-1"
        await pilot.pause()
        assert said(modal) == "Tue 3 Mar 12:00–13:00 · Lunch"
        modal.query_one(Input).value = "call bob tue 5pm 15m"
        await pilot.pause()
        assert said(modal) == "Tue 3 Mar 17:00–17:15 · Bob Reed · Client contact, phone"
