"""The appointment form: fields, errors, clients, places."""

from __future__ import annotations

from textual.widgets import Input, Static, TextArea

from couchcal.practice import client_changes, marks, practice_settings
from couchcal.practice.outcome import Done
from couchcal.store.connection import Database
from couchcal.tui.forms.choice import Choice
from couchcal.tui.forms.confirm import Confirm
from couchcal.tui.forms.field import Field
from couchcal.tui.forms.pick import Pick
from tests.tui.forms.filled import form, live, note, text, type_in, visible
from tests.tui.forms.host import (
    PENDING,
    at,
    clock,
    count,
    looked,
    people,
    row,
    saved,
    session,
    settle,
    shown,
)


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


async def test_a_conflict_is_told_and_saves_anyway(database: Database) -> None:  # GRP-01
    ids = people(database)
    session(database, ids["Bob Reed"], at(3, 15, 30))
    modal = form(database, draft={"client_id": ids["Jane Doe"], "service": "90837"})
    async with shown(modal) as (app, pilot):
        await looked(pilot)
        assert live(modal) == (
            "Tue 3 Mar 15:00–15:50 New York · overlaps Bob R. (saves anyway)\nneeds 53 min for 90837"
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


async def test_a_signed_note_leaves_times_and_remarks_open(database: Database) -> None:  # EDT-01, EDT-03
    existing = session(database, people(database)["Jane Doe"], at(3, 15))
    marks.mark(database, existing, "note-signed", clock=clock)
    modal = form(database, appointment_id=existing, mode="edit")
    async with shown(modal) as (_, _pilot):
        locked = {(field.id or "").removeprefix("row-") for field in modal.query(Field) if field.disabled}
        assert {"client", "service", "modifiers", "location_id", "diagnoses"} <= locked
        assert not locked & {"day", "times", "instructions", "telehealth_url", "reminders"}
        told = str(modal.query_one("#locks", Static).render())
        assert told == "The note is signed: unlock the note first. Times can still be changed."
        assert {note(modal, name) for name in locked} == {"locked"}


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


async def test_the_usual_slot_fills_what_is_untouched(database: Database) -> None:
    ids = people(database)
    session(database, ids["Bob Reed"], at(2, 9), service="90837", location_id=2)
    modal = form(database)
    async with shown(modal) as (_, pilot):
        await pilot.press("b", "o")
        assert modal.query_one("#service", Pick).value is None  # half a name may become another's
        await pilot.press("tab")
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


async def test_the_practitioner_is_shown_and_not_asked_for(database: Database) -> None:  # APT-07
    practice_settings.change(
        database, {"practitioner_name": "Marlow [Quill]", "practitioner_credentials": "LCSW"}, clock=clock
    )
    modal = form(database)
    async with shown(modal) as (_, pilot):
        await pilot.pause()
        title = str(modal.query_one("#frame").border_title)
        assert "Marlow" in title
        assert "LCSW" in title
        assert not modal.query("#practitioner")
