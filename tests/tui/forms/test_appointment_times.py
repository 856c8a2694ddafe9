"""The times of the form: day, start, end, length, zone."""

from __future__ import annotations

from datetime import timedelta

from textual.widgets import Checkbox

from couchcal.practice import client_changes, marks
from couchcal.practice.outcome import Done
from couchcal.store.connection import Database
from couchcal.tui.forms.appointment import AppointmentForm
from tests.tui.forms.filled import form, live, note, text, type_in, visible
from tests.tui.forms.host import (
    NOW,
    ZONE,
    at,
    clock,
    people,
    row,
    saved,
    session,
    shown,
)


async def test_start_end_and_length_follow_each_other(database: Database) -> None:  # APT-12, APT-21
    modal = form(database)
    async with shown(modal) as (_, pilot):
        type_in(modal, start="9:07")
        await pilot.pause()
        assert (text(modal, "end"), text(modal, "length")) == ("09:57", "50 min")
        type_in(modal, end="10:30")
        await pilot.pause()
        assert text(modal, "length") == "83 min"
        type_in(modal, length="1h")
        await pilot.pause()
        assert text(modal, "end") == "10:07"
        modal.query_one("#start").focus()
        type_in(modal, start="wed 3pm")
        await pilot.pause()
        await pilot.press("tab")
        assert [text(modal, name) for name in ("day", "start", "end")] == ["2026-03-04", "15:00", "16:00"]
        assert note(modal, "day") == "Wednesday"


async def test_an_all_day_event_has_days_and_no_times(database: Database) -> None:
    modal = form(database, draft={"kind": "other_event"})
    async with shown(modal) as (app, pilot):
        type_in(modal, title="[b]Conference")
        modal.query_one("#all_day", Checkbox).value = True
        await pilot.pause()
        assert {"day", "last_day"} <= visible(modal)
        assert "times" not in visible(modal)
        type_in(modal, day="2026-03-05")
        await pilot.pause()
        type_in(modal, last_day="2026-03-06")
        modal.query_one("#busy", Checkbox).value = False  # APT-18
        await pilot.press("ctrl+s")
        await saved(pilot)
    stored = row(database, app.answer.appointment_id)
    assert (stored["all_day"], stored["busy"], stored["title"]) == (1, 0, "[b]Conference")
    assert stored["end_utc"] - stored["start_utc"] == 2 * 86_400


async def test_the_zone_is_searched_and_told_in_practice_time(database: Database) -> None:  # APT-13
    people(database)
    modal = form(database, draft={"client_id": 1, "service": "90834"})
    async with shown(modal) as (app, pilot):
        modal.query_one("#tz").focus()
        await pilot.press(*"kathm", "enter")
        assert text(modal, "tz") == "Asia/Kathmandu"
        assert note(modal, "tz") == "4:15–5:05 New York"
        type_in(modal, tz="Nowhere/Here")
        await pilot.press("ctrl+s")
        await saved(pilot)
        assert note(modal, "tz") == "no such time zone"
        type_in(modal, tz="Asia/Kathmandu")
        await pilot.press("ctrl+s")
        await saved(pilot)
    assert row(database, app.answer.appointment_id)["tz"] == "Asia/Kathmandu"


async def test_a_time_that_does_not_exist_is_told(database: Database) -> None:
    modal = form(database)
    async with shown(modal) as (_, pilot):
        type_in(modal, day="2026-03-08", start="02:30")
        await pilot.pause()
        assert live(modal) == ("Sun 8 Mar 3:30–4:20 New York · 2:30 does not exist on this day; it becomes 3:30")


async def test_edit_times_shows_and_changes_nothing_else(database: Database) -> None:  # EDT-03
    existing = session(database, people(database)["Jane Doe"], at(3, 15))
    marks.mark(database, existing, "note-signed", clock=clock)
    modal = form(database, appointment_id=existing, mode="times")
    async with shown(modal) as (app, pilot):
        assert visible(modal) == {"day", "times", "tz"}
        assert modal.focused is modal.query_one("#start")
        await pilot.press(*"14:05", "ctrl+s")
        await saved(pilot)
    assert isinstance(app.answer, Done)
    stored = row(database, existing)
    assert stored["start_utc"] == int(at(3, 14, 5).timestamp())
    assert stored["end_utc"] - stored["start_utc"] == 50 * 60


async def test_a_client_elsewhere_sees_their_own_time(database: Database) -> None:  # TZ-02, APT-13
    ids = people(database)
    client_changes.edit(database, ids["Bob Reed"], {"tz": "Europe/Berlin"}, clock=clock)
    modal = form(database, draft={"client_id": ids["Bob Reed"], "service": "90834"})
    async with shown(modal) as (_, pilot):
        assert live(modal).startswith("Tue 3 Mar 15:00–15:50 New York = 21:00–21:50 Berlin, theirs")
        type_in(modal, tz="berlin")
        modal.query_one("#tz").focus()
        await pilot.press("tab")
        assert text(modal, "tz") == "Europe/Berlin"
        assert live(modal).startswith("Tue 3 Mar 15:00–15:50 Berlin")


async def test_the_second_hour_of_an_autumn_night_is_kept(database: Database) -> None:
    second = at(1, 1, 30, month=11)
    existing = session(database, people(database)["Jane Doe"], second)
    modal = form(database, appointment_id=existing, mode="edit")
    async with shown(modal) as (_, pilot):
        assert text(modal, "start") == "01:30"
        type_in(modal, diagnoses="F41.1")
        await pilot.press("ctrl+s")
        await saved(pilot)
    stored = row(database, existing)
    assert (stored["start_utc"], stored["diagnoses"]) == (int(second.timestamp()), "F41.1")


async def test_it_starts_at_the_next_hour_when_no_time_is_given(database: Database) -> None:
    modal = AppointmentForm(database, ZONE, draft={}, clock=clock)
    async with shown(modal) as (_, _pilot):
        assert (text(modal, "day"), text(modal, "start"), text(modal, "end")) == ("2026-03-01", "10:00", "10:50")
        assert at(1, 10) - NOW < timedelta(hours=1)
