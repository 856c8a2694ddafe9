"""The lists of services, modifiers, places and rooms on screen."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Static

from couchcal.practice import catalogue, marks, practice_settings
from couchcal.store.connection import Database
from couchcal.tui.forms.appointment import AppointmentForm
from couchcal.tui.forms.catalogue import CatalogueForm, find_pos
from couchcal.tui.forms.confirm import Confirm
from couchcal.tui.forms.field import Field
from couchcal.tui.forms.pick import Pick
from couchcal.tui.screens.services import ServicesScreen
from couchcal.tui.screens.services_lines import billed
from tests.tui.forms.host import ZONE, Host, at, clock, people, row, saved, screen_of, session, shown


def lines(modal: ServicesScreen) -> list[str]:
    return [str(option.prompt) for option in modal.query_one("#items", OptionList).options]


def said(modal: ServicesScreen, name: str) -> str:
    return str(modal.query_one(f"#{name}", Static).render())


def toasts(app: Host) -> list[str]:
    return [notification.message for notification in app._notifications]


def stored(database: Database, kind: str) -> list[Any]:
    with closing(database.connect()) as connection:
        return list(getattr(catalogue, f"{kind}s")(connection))


async def typed(app: Host, pilot: Pilot[None], **texts: Any) -> CatalogueForm:
    await screen_of(app, CatalogueForm)
    form = app.screen
    assert isinstance(form, CatalogueForm)
    await pilot.pause()
    for name, text in texts.items():
        control = form.query_one(f"#{name}")
        control.value = text  # type: ignore[attr-defined]  # every control has one
    await pilot.pause()
    return form


async def test_a_service_is_added_changed_and_removed(database: Database) -> None:  # APT-05
    modal = ServicesScreen(database, clock=clock)
    async with shown(modal) as (app, pilot):
        assert "American Medical Association" in said(modal, "notice")
        await pilot.press("n")
        await typed(app, pilot, code="h0004", label="Counselling [b]15", typical_min="15 min", fee_cents="30",
                    billable_min="8", billable_max="22")  # fmt: skip
        await pilot.press("ctrl+s")
        await saved(pilot)
        assert toasts(app) == ["Added service H0004"]
        assert lines(modal)[-1].split()[:6] == ["H0004", "15", "min", "8-22", "30.00", "Counselling"]
        await pilot.press("end", "e")
        form = await typed(app, pilot, label="Counselling")
        assert form.query_one("#fee_cents", Input).value == "30.00"
        await pilot.press("ctrl+s")
        await saved(pilot)
        assert lines(modal)[-1].endswith(" Counselling")
        await pilot.press("D")
        await saved(pilot)
        assert toasts(app)[-1] == "Removed service H0004"
        assert all("H0004" not in line for line in lines(modal))


async def test_what_is_in_use_is_retired_and_brought_back(database: Database) -> None:
    session(database, people(database)["Jane Doe"], at(3, 15), service="90791")
    modal = ServicesScreen(database, clock=clock)
    async with shown(modal) as (app, pilot):
        await pilot.press("D")
        await saved(pilot)
        assert toasts(app) == ["Retired service 90791"]
        assert not any(line.startswith("90791") for line in lines(modal))
        assert said(modal, "count") == "13 in use · 1 retired, . shows them"
        await pilot.press("full_stop", "end")
        assert lines(modal)[-1].endswith("[retired]")
        await pilot.press("D")
        assert toasts(app)[-1] == "It is retired: r brings it back"
        await pilot.press("r")
        await saved(pilot)
        assert said(modal, "count") == "14 in use"
        assert stored(database, "service")[0].active


async def test_what_is_wrong_stands_beside_the_field(database: Database) -> None:
    sound = {"code": "H0004", "label": "a", "typical_min": "50", "fee_cents": "", "addon_of": ""}
    modal = ServicesScreen(database, clock=clock)
    async with shown(modal) as (app, pilot):
        await pilot.press("n")
        for wrong, field, words in (
            ({"code": "90837"}, "code", "90837 is on the list"),
            ({"label": ""}, "label", "your own words for it"),
            ({"typical_min": "an hour"}, "typical_min", "minutes, such as 50"),
            ({"fee_cents": "much"}, "fee_cents", "an amount like 25.00"),
            ({"addon_of": "1"}, "addon_of", "1 is no other service"),
        ):
            form = await typed(app, pilot, **(sound | wrong))
            await pilot.press("ctrl+s")
            await saved(pilot)
            assert app.screen is form
            assert form.query_one(f"#row-{field}", Field).note == words
            assert app.focused is form.query_one(f"#{field}")
            assert [row.id for row in form.query(Field) if row.has_error] == [f"row-{field}"]
        await pilot.press("escape")
        await screen_of(app, Confirm)
    assert len(stored(database, "service")) == 14


async def test_a_place_is_moved_to_telehealth_and_its_sessions_follow(database: Database) -> None:  # MOD-01
    jane = people(database)["Jane Doe"]
    session(database, jane, at(3, 15))
    marks.mark(database, session(database, jane, at(4, 15)), "note-signed", clock=clock)
    modal = ServicesScreen(database, clock=clock)
    async with shown(modal) as (app, pilot):
        await pilot.press("3", "e")
        form = await typed(app, pilot, pos="10 Telehealth, client at home")
        assert form.query_one("#row-pos", Field).note == "Telehealth, client at home"
        await pilot.press("ctrl+s")
        await saved(pilot)
        assert toasts(app) == [
            "Changed place Office: 1 upcoming session with it",
            "1 session stays as it is: the note is signed",
        ]
        assert lines(modal)[0].split("  ")[0] == "Office"
        assert lines(modal)[0].endswith("Telehealth, client at home [default]")


async def test_a_room_is_added_to_a_place(database: Database) -> None:  # APT-11
    modal = ServicesScreen(database, clock=clock)
    async with shown(modal) as (app, pilot):
        await pilot.press("4")
        assert said(modal, "count") == "No rooms yet: n adds the first."
        assert "switch them on" in said(modal, "notice")
        practice_settings.change(database, {"use_rooms": True}, clock=clock)
        await pilot.press("n")
        form = await typed(app, pilot, name="Blue room")
        assert form.query_one(Pick).value == 1
        await pilot.press("ctrl+s")
        await saved(pilot)
        assert lines(modal) == ["Blue room  Office"]
        assert said(modal, "notice") == ""
        await pilot.press("1", "2", "4")
        assert lines(modal) == ["Blue room  Office"]


async def test_columns_are_as_wide_as_they_need_to_be(database: Database) -> None:  # APT-05
    modal = ServicesScreen(database, clock=clock)
    async with shown(modal) as (app, pilot):
        assert said(modal, "columns-title") == "Code     Length  Billed  In our words"  # nothing has a fee
        await pilot.press("e")
        form = await typed(app, pilot, fee_cents="180")
        await pilot.press("ctrl+s")
        await saved(pilot)
        assert form is not app.screen
        assert said(modal, "columns-title") == "Code     Length  Billed  Fee     In our words"


async def test_the_last_place_stays(database: Database) -> None:
    modal = ServicesScreen(database, clock=clock)
    async with shown(modal) as (_, pilot):
        await pilot.press("3")
        for _turn in range(3):
            await pilot.press("D")
            await saved(pilot)
        assert said(modal, "problem") == "It is the only place there is — add another one first."
        assert len(lines(modal)) == 1


async def test_a_form_that_somebody_overtook_says_so(database: Database) -> None:
    modal = ServicesScreen(database, clock=clock)
    async with shown(modal) as (app, pilot):
        await pilot.press("e")
        form = await typed(app, pilot, label="Mine")
        row = stored(database, "service")[0]
        catalogue.edit(database, "service", row.id, {"label": "Theirs"}, clock=clock)
        await pilot.press("ctrl+s")
        await saved(pilot)
        assert app.screen is form
        assert "changed by somebody else" in str(form.query_one("#problem", Static).render())


def test_place_of_service_is_found_by_code_and_by_words() -> None:
    assert find_pos("1")[0] == "10 Telehealth, client at home"
    assert find_pos("sch") == ["03 School"]
    assert len(find_pos("tele")) == 2
    assert find_pos("") == []


@pytest.mark.parametrize(
    ("low", "high", "words"), [(None, None, ""), (53, None, "53+"), (38, 52, "38-52"), (None, 37, "to 37")]
)
def test_minutes_that_are_billed(low: int | None, high: int | None, words: str) -> None:
    assert billed(low, high) == words


async def test_an_old_session_keeps_what_is_retired_since(database: Database) -> None:
    kept = session(database, people(database)["Jane Doe"], at(3, 15), service="90791")
    catalogue.remove(database, "service", 1, clock=clock)
    catalogue.remove(database, "place", 1, clock=clock)
    form = AppointmentForm(database, ZONE, draft={}, appointment_id=kept, mode="edit", clock=clock)
    async with shown(form) as (app, pilot):
        assert form.query_one("#service", Pick).value == "90791"
        assert form.query_one("#location_id", Pick).value == 1
        form.query_one("#instructions").text = "Bring the form"  # type: ignore[attr-defined]  # a TextArea
        await pilot.press("ctrl+s")
        await saved(pilot)
        assert app.answer is not None
    assert (row(database, kept)["service"], row(database, kept)["location_id"]) == ("90791", 1)
    new = AppointmentForm(database, ZONE, draft={"kind": "client_session", "start": at(4, 9)}, clock=clock)
    async with shown(new):
        assert new.query_one("#location_id", Pick).value != 1
        new.query_one("#service", Pick).value = "90791"
        assert new.query_one("#service", Pick).value is None


async def test_a_session_keeps_its_room_when_rooms_are_switched_off(database: Database) -> None:  # APT-11
    catalogue.add(database, "room", {"name": "Blue", "location_id": 1}, clock=clock)
    kept = session(database, people(database)["Jane Doe"], at(3, 15), room_id=1)
    form = AppointmentForm(database, ZONE, draft={}, appointment_id=kept, mode="edit", clock=clock)
    async with shown(form) as (_, pilot):
        form.query_one("#instructions").text = "Bring the form"  # type: ignore[attr-defined]  # a TextArea
        await pilot.press("ctrl+s")
        await saved(pilot)
    assert (row(database, kept)["room_id"], row(database, kept)["instructions"]) == (1, "Bring the form")
