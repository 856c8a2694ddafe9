from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from textual.widgets import Checkbox, Input, Static, TextArea

from couchcal.practice import appointments, client_changes
from couchcal.practice.cadence import Repeat
from couchcal.practice.outcome import Done
from couchcal.store.connection import Database
from couchcal.tui.forms.appointment import AppointmentForm
from couchcal.tui.forms.choice import Choice
from couchcal.tui.forms.confirm import Confirm
from couchcal.tui.forms.field import Field
from couchcal.tui.forms.merge import MergeScreen
from couchcal.tui.forms.pick import Pick
from couchcal.tui.forms.scope import ScopeDialog
from tests.tui.forms.host import (
    NOW,
    PENDING,
    ZONE,
    at,
    clock,
    count,
    looked,
    people,
    row,
    saved,
    screen_of,
    session,
    settle,
    shown,
)


def form(database: Database, **options: Any) -> AppointmentForm:
    draft = {"kind": "client_session", "start": at(3, 15), "tz": ZONE}
    return AppointmentForm(database, ZONE, draft=draft | options.pop("draft", {}), clock=clock, **options)


def text(modal: AppointmentForm, name: str) -> str:
    return modal.query_one(f"#{name}", Input).value


def type_in(modal: AppointmentForm, **values: str) -> None:
    for name, value in values.items():
        modal.query_one(f"#{name}", Input).value = value


def note(modal: AppointmentForm, row: str) -> str:
    return modal.query_one(f"#row-{row}", Field).note


def live(modal: AppointmentForm) -> str:
    return str(modal.query_one("#live", Static).render())


def visible(modal: AppointmentForm) -> set[str]:
    return {(field.id or "").removeprefix("row-") for field in modal.query(Field) if field.display}


async def test_a_new_session_by_keyboard_alone(database: Database) -> None:  # APT-01…06, APT-19
    people(database)
    modal = form(database)
    async with shown(modal) as (app, pilot):
        assert modal.focused is modal.query_one("#client")
        await pilot.press("b", "o", "tab")
        assert text(modal, "client") == "Bob Reed · C-0003"
        assert modal.focused is modal.query_one("#service")
        await pilot.press("enter", *"90834", "enter")
        await pilot.press("ctrl+s")
        await saved(pilot)
    assert isinstance(app.answer, Done)
    assert app.answer.appointment_id is not None
    stored = row(database, app.answer.appointment_id)
    assert (stored["service"], stored["client_id"], stored["location_id"]) == ("90834", 3, 1)
    assert stored["end_utc"] - stored["start_utc"] == 45 * 60  # the usual length of the service


async def test_every_type_shows_its_own_fields(database: Database) -> None:  # APT-02, APT-03
    modal = form(database)
    async with shown(modal) as (_, pilot):
        common = {"kind", "day", "times", "tz", "repeats", "instructions"}
        client = common | {"client", "location_id", "telehealth_url"}
        expected = {
            "client_session": client
            | {"service", "modifiers", "visit_type", "diagnoses", "reminders", "feedback_requested"},
            "client_contact": client | {"medium"},
            "collateral_contact": client | {"collateral_role", "collateral_name"},
            "other_event": common | {"title", "all_day", "place", "busy"},
        }
        for kind, rows in expected.items():
            modal.query_one("#kind", Choice).value = kind
            await pilot.pause()
            assert visible(modal) == rows


async def test_fields_of_another_type_are_saved_empty(database: Database) -> None:  # APT-03
    people(database)
    modal = form(database, draft={"client_id": 1, "service": "90837", "diagnoses": "F41.1"})
    async with shown(modal) as (app, pilot):
        modal.query_one("#kind", Choice).value = "collateral_contact"
        modal.query_one("#collateral_role", Pick).value = "physician"
        type_in(modal, collateral_name="Dr Lee")
        await pilot.press("ctrl+s")
        await saved(pilot)
    stored = row(database, app.answer.appointment_id)
    assert (stored["kind"], stored["collateral_role"], stored["collateral_name"]) == (
        "collateral_contact",
        "physician",
        "Dr Lee",
    )
    assert (stored["service"], stored["diagnoses"], stored["medium"]) == (None, "", None)


async def test_what_is_missing_is_said_beside_its_field_and_the_first_gets_the_focus(database: Database) -> None:
    modal = form(database)  # APT-04, APT-05, APT-19
    async with shown(modal) as (app, pilot):
        type_in(modal, end="14:00", diagnoses="F41.1")
        await pilot.press("ctrl+s")
        await saved(pilot)
        assert app.answer is PENDING
        assert note(modal, "client") == "who is it for?"
        assert note(modal, "service") == "a session needs one"
        assert note(modal, "times") == "it ends before it begins"
        assert modal.focused is modal.query_one("#client")
        assert text(modal, "diagnoses") == "F41.1"
        await pilot.press("x")
        assert note(modal, "client") == ""


async def test_esc_asks_once_when_something_was_typed(database: Database) -> None:
    modal = form(database)
    async with shown(modal) as (app, pilot):
        modal.query_one("#instructions", TextArea).text = "ring twice"
        await pilot.pause()
        await pilot.press("escape")
        assert isinstance(app.screen, Confirm)
        await pilot.press("n")
        assert modal.query_one("#instructions", TextArea).text == "ring twice"
        await pilot.press("escape", "y")
        assert app.answer is None


async def test_esc_puts_suggestions_away_before_it_asks(database: Database) -> None:
    people(database)
    modal = form(database)
    async with shown(modal) as (app, pilot):
        await pilot.press("b", "escape")
        assert app.screen is modal
        assert text(modal, "client") == "b"
        await pilot.press("escape")
        assert isinstance(app.screen, Confirm)


async def test_esc_closes_an_untouched_form_at_once(database: Database) -> None:
    async with shown(form(database)) as (app, pilot):
        await pilot.press("escape")
        assert app.answer is None


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


async def test_a_conflict_is_told_and_saves_anyway(database: Database) -> None:  # GRP-01
    ids = people(database)
    session(database, ids["Bob Reed"], at(3, 15, 30))
    modal = form(database, draft={"client_id": ids["Jane Doe"], "service": "90837"})
    async with shown(modal) as (app, pilot):
        await looked(pilot)
        assert live(modal) == (
            "Tue 3 Mar 15:00–15:50 New York · overlaps Bob R. (saves anyway) · needs 53 min for 90837"
        )
        type_in(modal, client="bob")
        await looked(pilot)
        assert "this client is already scheduled then" in live(modal)
        await pilot.press("ctrl+s")
        await saved(pilot)
    assert app.answer.conflicts == 1
    assert count(database) == 2


async def test_members_of_one_group_do_not_clash(database: Database) -> None:  # GRP-01, INV-A10
    ids = people(database)
    session(database, ids["Bob Reed"], at(3, 15), service="90853", group_key="Tuesdays")
    draft = {"client_id": ids["Jane Doe"], "service": "90853", "group_key": "Tuesdays"}
    modal = form(database, draft=draft)
    async with shown(modal) as (_, pilot):
        await looked(pilot)
        assert "group_key" in visible(modal)
        assert "overlaps" not in live(modal)
        type_in(modal, group_key="")
        await looked(pilot)
        assert "overlaps Bob R." in live(modal)


async def test_telehealth_shows_its_automatic_modifier(database: Database) -> None:  # MOD-01
    ids = people(database)
    modal = form(database, draft={"client_id": ids["Jane Doe"], "service": "90834", "modifiers": ["HJ"]})
    async with shown(modal) as (app, pilot):
        assert note(modal, "modifiers") == ""
        modal.query_one("#location_id", Pick).value = 2
        await pilot.pause()
        assert note(modal, "modifiers") == "+ 95 automatic"
        type_in(modal, modifiers="zz")
        await pilot.press("ctrl+s")
        await saved(pilot)
        assert note(modal, "modifiers") == "ZZ is no modifier"
        type_in(modal, modifiers="hj")
        await pilot.press("ctrl+s")
        await saved(pilot)
    assert row(database, app.answer.appointment_id)["modifiers"].split() == ["95:auto", "HJ:manual"]


async def test_editing_keeps_the_automatic_modifier_until_it_is_taken_away(database: Database) -> None:  # MOD-01
    ids = people(database)
    existing = session(database, ids["Jane Doe"], at(3, 15), location_id=2)
    for typed, expected in (("hj", "95:auto HJ:manual"), ("hj -95", "HJ:manual")):
        modal = form(database, appointment_id=existing, mode="edit")
        async with shown(modal) as (_, pilot):
            type_in(modal, modifiers=typed)
            await pilot.press("ctrl+s")
            await saved(pilot)
        assert sorted(str(row(database, existing)["modifiers"]).split()) == expected.split()


async def test_a_new_client_is_added_on_saving(database: Database) -> None:  # APT-04
    modal = form(database, draft={"service": "90834"})
    async with shown(modal) as (app, pilot):
        await pilot.press(*"Kim Lo", "enter")
        assert text(modal, "client") == "+ new client Kim Lo"
        assert note(modal, "client") == "added on saving"
        await pilot.press("ctrl+s")
        await saved(pilot)
    assert app.answer.label.startswith("Booked Kim")


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
        assert note(modal, "tz") == "04:15–05:05 New York"
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
        assert live(modal) == (
            "Sun 8 Mar 03:30–04:20 New York · 02:30 does not exist on this day; it becomes 03:30"
        )


@pytest.mark.parametrize(
    ("repeats", "hint", "booked"),
    [("2w", "on Tuesdays; a series has one day", 6), ("monthly", "the 1st Tuesday", 3), ("custom", "", 3)],
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


async def test_a_signed_note_leaves_times_and_remarks_open(database: Database) -> None:  # EDT-01, EDT-03
    existing = session(database, people(database)["Jane Doe"], at(3, 15))
    appointments.mark(database, existing, "note-signed", clock=clock)
    modal = form(database, appointment_id=existing, mode="edit")
    async with shown(modal) as (_, _pilot):
        locked = {(field.id or "").removeprefix("row-") for field in modal.query(Field) if field.disabled}
        assert {"client", "service", "modifiers", "location_id", "diagnoses"} <= locked
        assert not locked & {"day", "times", "instructions", "telehealth_url", "reminders"}
        told = str(modal.query_one("#locks", Static).render())
        assert told == "The note is signed: unlock the note first. Times can still be changed."


async def test_edit_times_shows_and_changes_nothing_else(database: Database) -> None:  # EDT-03
    existing = session(database, people(database)["Jane Doe"], at(3, 15))
    appointments.mark(database, existing, "note-signed", clock=clock)
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


async def test_saving_twice_in_a_row_writes_once(database: Database) -> None:
    people(database)
    modal = form(database, draft={"client_id": 1, "service": "90834"})
    async with shown(modal) as (app, pilot):
        modal.action_save()
        modal.action_save()
        await saved(pilot)
    assert isinstance(app.answer, Done)
    assert count(database) == 1


async def test_nothing_changed_writes_nothing(database: Database) -> None:
    existing = session(database, people(database)["Jane Doe"], at(3, 15))
    before = row(database, existing)
    async with shown(form(database, appointment_id=existing, mode="edit")) as (app, pilot):
        await pilot.press("ctrl+s")
        await saved(pilot)
    assert app.answer is None
    assert row(database, existing) == before


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


async def test_a_visit_type_moves_the_place(database: Database) -> None:  # VIS-04, MOD-01, VID-01
    connection = database.connect()
    connection.execute("UPDATE practice SET telehealth_template = 'https://meet.example/{token}'")
    connection.close()
    existing = session(database, people(database)["Jane Doe"], at(3, 15))
    modal = form(database, appointment_id=existing, mode="edit")
    async with shown(modal) as (_, pilot):
        visit, place = modal.query_one("#visit_type", Choice), modal.query_one("#location_id", Pick)
        assert visit.value == "in_person"
        visit.value = "telehealth"
        await pilot.pause()
        assert place.value == 2
        assert note(modal, "modifiers") == "+ 95 automatic"
        assert note(modal, "telehealth_url") == "a link is made on saving"
        place.value = 1
        await pilot.pause()
        assert visit.value == "in_person"
        visit.value = "telehealth"
        await pilot.press("ctrl+s")
        await saved(pilot)
    stored = row(database, existing)
    assert (stored["visit_type"], stored["location_id"], stored["modifiers"]) == ("telehealth", 2, "95:auto")
    assert stored["telehealth_url"].startswith("https://meet.example/")


async def test_several_clients_share_a_slot(database: Database) -> None:  # GRP-01
    ids = people(database)
    session(database, ids["Maria Silva"], at(3, 15))
    modal = form(database, draft={"service": "90853"})
    async with shown(modal) as (app, pilot):
        await pilot.press("b", "o", "tab")
        modal.query_one("#client", Input).value += "; mar"
        modal.query_one("#client", Input).focus()
        await pilot.pause()
        await pilot.press("end", "i", "enter")
        assert text(modal, "client") == "Bob Reed · C-0003; Maria Silva · C-0004"
        assert note(modal, "client") == "2 clients, one group"
        await looked(pilot)
        assert "Maria S. is already scheduled then (saves anyway)" in live(modal)
        await pilot.press("ctrl+s")
        await saved(pilot)
    assert app.answer.changed == 2
    assert count(database) == 3
    joined = form(database, appointment_id=app.answer.appointment_id, mode="edit")
    async with shown(joined) as (app, pilot):
        joined.query_one("#client", Input).value += "; Jane Doe"
        await pilot.pause()
        await pilot.press("ctrl+s")
        await saved(pilot)
    assert count(database) == 4
    assert app.answer.changed == 1


async def test_the_usual_slot_fills_what_is_untouched(database: Database) -> None:  # practice.md 12
    ids = people(database)
    session(database, ids["Bob Reed"], at(2, 9), service="90837", location_id=2)
    modal = form(database)
    async with shown(modal) as (_, pilot):
        await pilot.press("b", "o", "tab")
        await pilot.pause()
        assert modal.query_one("#service", Pick).value == "90837"
        assert modal.query_one("#location_id", Pick).value == 2
        assert text(modal, "length") == "50 min"  # as their last one was
    touched = form(database)
    async with shown(touched) as (_, pilot):
        touched.query_one("#service", Pick).value = "90834"
        touched.query_one("#location_id", Pick).value = None
        await pilot.pause()
        type_in(touched, end="16:20")
        await pilot.pause()
        type_in(touched, client="bob")
        await pilot.pause()
        assert touched.query_one("#service", Pick).value == "90834"
        assert touched.query_one("#location_id", Pick).value is None
        assert text(touched, "length") == "80 min"


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


async def test_names_with_markup_and_escapes_are_inert(database: Database) -> None:
    evil = client_changes.add(database, "[red]Mal [/x]", clock=clock).id
    connection = database.connect()
    connection.execute("UPDATE client SET first = ? WHERE id = ?", ("[red]\x1b]52;c;x\x07", evil))
    connection.close()
    session(database, evil, at(3, 15))
    modal = form(database, draft={"client_id": evil, "service": "90834"})
    async with shown(modal) as (app, pilot):
        await looked(pilot)
        assert "\x1b" not in text(modal, "client")
        assert "[red]" in text(modal, "client")
        assert "\x1b" not in app.export_screenshot()
        type_in(modal, client="[re")
        await settle(pilot)
        assert modal.is_attached


async def test_an_unreadable_database_is_told_in_the_form(database: Database) -> None:
    database.path.write_bytes(b"not a database, but sixteen bytes and more")
    modal = form(database)
    async with shown(modal) as (app, pilot):
        problem = modal.query_one("#problem", Static)
        assert problem.display
        assert "key does not open" in str(problem.render())
        await pilot.press("ctrl+s", "escape")
        assert app.answer is None


async def test_it_starts_at_the_next_hour_when_no_time_is_given(database: Database) -> None:
    modal = AppointmentForm(database, ZONE, draft={}, clock=clock)
    async with shown(modal) as (_, _pilot):
        assert (text(modal, "day"), text(modal, "start"), text(modal, "end")) == ("2026-03-01", "10:00", "10:50")
        assert at(1, 10) - NOW < timedelta(hours=1)
