"""The list of clients, the record, and the dialogs that change them, by keyboard."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Button, Input, OptionList, Static, TextArea

from couchcal.practice import appointments, client_changes, marks
from couchcal.practice.agenda import Entry
from couchcal.practice.cadence import Repeat
from couchcal.practice.clients import ClientRow
from couchcal.practice.sessions import PAGE
from couchcal.store.connection import Database
from couchcal.tui.forms.appointment import AppointmentForm
from couchcal.tui.forms.choice import Choice
from couchcal.tui.forms.client import ClientForm
from couchcal.tui.forms.client_merge import MergeDialog
from couchcal.tui.forms.client_reject import RejectDialog
from couchcal.tui.forms.confirm import Confirm
from couchcal.tui.forms.field import Field
from couchcal.tui.forms.pick import Pick
from couchcal.tui.forms.tick import Tick
from couchcal.tui.screens.client_record import ClientRecordScreen
from couchcal.tui.screens.clients import ClientsScreen
from tests.tui.forms.host import ZONE, Host, at, clock, people, saved, screen_of, session, settle, shown

TZ = ZoneInfo(ZONE)


def lines(screen: Screen[Any], name: str = "#clients") -> list[str]:
    return [str(option.prompt) for option in screen.query_one(name, OptionList).options]


def names_of(screen: Screen[Any]) -> list[str]:
    """Who is listed, headings in brackets."""
    found = []
    listing = screen.query_one("#clients", OptionList)
    for option, text in zip(listing.options, lines(screen), strict=True):
        words = text.split()
        if option.disabled:
            found += [f"[{text.partition('  ')[0].strip()}]"] if words else []
        else:
            found.append(" ".join(words[:2]))
    return found


def text_of(screen: Screen[Any], name: str) -> str:
    return str(screen.query_one(name, Static).render())


def set_state(database: Database, client_id: int, **columns: Any) -> None:
    with closing(database.connect()) as connection:
        for name, value in columns.items():
            connection.execute(f"UPDATE client SET {name} = ? WHERE id = ?", (value, client_id))


def stored(database: Database, client_id: int) -> dict[str, Any]:
    with closing(database.connect()) as connection:
        cursor = connection.execute("SELECT * FROM client WHERE id = ?", (client_id,))
        names = [column[0] for column in cursor.description]
        row = cursor.fetchone()
        return {} if row is None else dict(zip(names, row, strict=True))


def toasts(pilot: Pilot[None]) -> list[str]:
    return [notification.message for notification in pilot.app._notifications]


@pytest.fixture
def practice(database: Database) -> dict[str, int]:
    """Jane Doe with a new booking that looks like hers, Bob Reed with a session, Maria Silva archived."""
    ids = people(database)
    session(database, ids["Bob Reed"], at(5, 15))
    session(database, ids["Jane Doe"], at(4, 9))
    client_changes.edit(database, ids["Jane Doe"], {"email": "jane@example.org", "phone": "555-0100"}, clock=clock)
    new = client_changes.add(database, "Zoë Doe", email="Jane@example.org", clock=clock).id
    session(database, new, at(6, 9))
    set_state(database, new, state="intake")
    set_state(database, ids["Maria Silva"], state="archived")
    return {**ids, "Zoë Doe": new}


@pytest.mark.usefixtures("practice")
async def test_new_bookings_come_first_and_archived_clients_on_request(database: Database) -> None:  # INT-01
    modal = ClientsScreen(database, TZ, clock=clock)
    async with shown(modal, (120, 36)) as (_, pilot):
        assert names_of(modal) == ["[New bookings 1]", "Zoë Doe", "[Active 3]", "Jane Doe", "Janet Ray", "Bob Reed"]
        bob = next(line for line in lines(modal) if "Bob" in line)
        assert bob.split() == ["Bob", "Reed", "C-0003", "Thu", "5", "Mar", "15:00", "never"]
        assert "1 archived" in text_of(modal, "#count")
        await pilot.press("s")
        assert names_of(modal)[3:] == ["Jane Doe", "Bob Reed", "Janet Ray"]
        assert "by next session" in text_of(modal, "#count")
        await pilot.press("full_stop")
        assert names_of(modal)[-2:] == ["[Archived 1]", "Maria Silva"]


@pytest.mark.usefixtures("practice")
async def test_the_filter_reads_names_ids_addresses_and_numbers(database: Database) -> None:
    modal = ClientsScreen(database, TZ, clock=clock)
    async with shown(modal) as (_, pilot):
        for typed, found in (
            ("zoe", ["Zoë Doe"]),
            ("DOE", ["Zoë Doe", "Jane Doe"]),
            ("c-0003", ["Bob Reed"]),
            ("jane@", ["Zoë Doe", "Jane Doe"]),
            ("5550100", ["Jane Doe"]),
            ("do ja", ["Zoë Doe", "Jane Doe"]),
            ("silva", ["Maria Silva"]),
            ("[red]", []),
        ):
            await pilot.press("slash")
            modal.query_one("#text", Input).value = typed
            await pilot.pause()
            assert [name for name in names_of(modal) if not name.startswith("[")] == found, typed
            await pilot.press("escape")
            assert len(names_of(modal)) == 6
            assert modal.query_one("#clients").has_focus


async def test_an_empty_list_says_what_to_do_and_a_client_is_added(database: Database) -> None:
    modal = ClientsScreen(database, TZ, clock=clock)
    async with shown(modal) as (app, pilot):
        assert "n adds the first" in text_of(modal, "#count")
        await pilot.press("n")
        await screen_of(app, ClientForm)
        await settle(pilot)
        form = app.screen
        assert form.query_one("#internal_id", Input).placeholder == "C-0001"
        form.query_one("#name", Input).value = "Lo, Kim"
        form.query_one("#email", Input).value = "nowhere"
        await pilot.press("ctrl+s")
        await saved(pilot)
        assert form.query_one("#row-email", Field).note == "that is no e-mail address"
        form.query_one("#email", Input).value = "kim@example.org"
        form.query_one("#tz", Input).value = "Europe/Paris"
        await pilot.pause()
        assert form.query_one("#row-tz", Field).note == "Sun 15:42 there now"
        form.query_one("#self_scheduling", Choice).value = "on"
        form.query_one("#remind_text", Tick).value = True
        form.query_one("#usual_service", Pick).value = "90834"
        await pilot.press("ctrl+s")
        await saved(pilot)
        assert names_of(modal) == ["[Active 1]", "Kim Lo"]
        assert toasts(pilot) == ["Saved Kim Lo · u undo"]
    row = stored(database, 1)
    assert (row["internal_id"], row["self_scheduling"], row["remind_text"], row["usual_service"]) == (
        "C-0001", "on", 1, "90834",
    )  # fmt: skip


async def test_who_has_the_same_is_told_while_typing(database: Database, practice: dict[str, int]) -> None:
    modal = ClientForm(database, clock=clock)
    async with shown(modal) as (_, pilot):
        modal.query_one("#name", Input).value = "Jayne Doe"
        modal.query_one("#phone", Input).value = "(1) 555 0100"
        await pilot.pause()
        assert modal.query_one("#row-name", Field).note == "similar name: C-0001"
        assert modal.query_one("#row-phone", Field).note == "same telephone: C-0001"


async def test_an_edit_asks_before_it_is_thrown_away(database: Database, practice: dict[str, int]) -> None:
    modal = ClientForm(database, client_id=practice["Jane Doe"], clock=clock)
    async with shown(modal) as (app, pilot):
        modal.query_one("#notes_admin", TextArea).text = "Rings twice"
        await pilot.press("escape")
        await screen_of(app, Confirm)
        await pilot.press("n", "ctrl+s")
        await saved(pilot)
    assert isinstance(app.answer, ClientRow)
    assert stored(database, practice["Jane Doe"])["notes_admin"] == "Rings twice"


async def test_two_edits_at_once_lose_nothing(database: Database, practice: dict[str, int]) -> None:
    jane = practice["Jane Doe"]
    modal = ClientForm(database, client_id=jane, clock=clock)
    async with shown(modal) as (app, pilot):
        client_changes.edit(database, jane, {"phone": "555-9999", "preferred": "Jay"}, clock=clock)
        modal.query_one("#phone", Input).value = "555-1111"
        modal.query_one("#last", Input).value = "Dow"
        await pilot.press("ctrl+s")
        await saved(pilot)
        assert "Somebody saved this record" in text_of(modal, "#problem")
        assert modal.query_one("#row-phone", Field).note == "meanwhile: 555-9999"
        assert modal.query_one("#preferred", Input).value == "Jay"
        await pilot.press("ctrl+s")
        await saved(pilot)
    assert isinstance(app.answer, ClientRow)
    row = stored(database, jane)
    assert (row["phone"], row["preferred"], row["last"]) == ("555-1111", "Jay", "Dow")


async def test_archiving_and_undo_from_the_list(database: Database, practice: dict[str, int]) -> None:
    modal = ClientsScreen(database, TZ, clock=clock)
    async with shown(modal) as (_, pilot):
        await pilot.press("down", "z")
        await saved(pilot)
        assert "Jane Doe" not in names_of(modal)
        assert toasts(pilot)[-1] == "Archived Jane Doe · u undo"
        await pilot.press("u")
        await saved(pilot)
        assert "Jane Doe" in names_of(modal)
        assert stored(database, practice["Jane Doe"])["state"] == "active"


async def test_a_new_booking_is_accepted_with_one_key(
    database: Database, practice: dict[str, int]
) -> None:  # INT-02
    modal = ClientsScreen(database, TZ, clock=clock)
    async with shown(modal) as (_, pilot):
        await pilot.press("z", "a")  # a new booking is not archived
        await saved(pilot)
        assert toasts(pilot)[-1] == "Accepted Zoë Doe · u undo"
        assert names_of(modal)[0] == "[Active 4]"
    assert stored(database, practice["Zoë Doe"])["state"] == "active"


async def test_a_rejection_says_what_goes_and_the_cautious_answer_is_first(
    database: Database, practice: dict[str, int]
) -> None:  # INT-03
    modal = ClientsScreen(database, TZ, clock=clock)
    async with shown(modal) as (app, pilot):
        await pilot.press("X")
        await screen_of(app, RejectDialog)
        await settle(pilot)
        assert text_of(app.screen, "#body") == "Rejecting removes Zoë Doe, with 1 session."
        await pilot.press("enter")
        await settle(pilot)
        assert stored(database, practice["Zoë Doe"])
        await pilot.press("X")
        await screen_of(app, RejectDialog)
        await settle(pilot)
        await pilot.press("down", "enter")
        await saved(pilot)
        assert toasts(pilot)[-1] == "Rejected Zoë Doe, 1 session removed · u undo"
        assert not stored(database, practice["Zoë Doe"])
        await pilot.press("u")
        await saved(pilot)
    assert stored(database, practice["Zoë Doe"])["state"] == "intake"


async def test_whoever_was_worked_with_is_accepted_or_merged_instead(
    database: Database, practice: dict[str, int]
) -> None:  # C-12
    worked = session(database, practice["Zoë Doe"], at(2, 9))
    marks.mark(database, worked, "note-signed", clock=clock)
    modal = ClientRecordScreen(database, practice["Zoë Doe"], TZ, clock=clock)
    async with shown(modal) as (app, pilot):
        await pilot.press("X")
        await screen_of(app, RejectDialog)
        await settle(pilot)
        assert "cannot be rejected: a session of theirs was worked on" in text_of(app.screen, "#body")
        options = app.screen.query_one("#ways", OptionList).options
        assert [option.id for option in options] == ["accept", "merge"]
        await pilot.press("enter")
        await saved(pilot)
    assert stored(database, practice["Zoë Doe"])["state"] == "active"


async def test_a_new_booking_is_merged_into_the_likely_client(
    database: Database, practice: dict[str, int]
) -> None:  # INT-04
    modal = ClientRecordScreen(database, practice["Zoë Doe"], TZ, clock=clock)
    async with shown(modal) as (app, pilot):
        assert lines(modal, "#decide")[1] == "1  Merge into Jane Doe · C-0001: same e-mail"
        await pilot.press("1")
        await screen_of(app, MergeDialog)
        await settle(pilot)
        told = text_of(app.screen, "#merge-preview")
        assert "1 session moves" in told
        assert "C-0005 is removed" in told
        assert stored(database, practice["Zoë Doe"])
        await pilot.press("enter")
        await saved(pilot)
        await settle(pilot)
        assert app.screen is modal  # goes on with the record that stayed
        assert "C-0001" in text_of(modal, "#summary")
        assert "Coming 2" in str(modal.query_one("#view", Choice).render())
        assert toasts(pilot)[-1] == "Merged C-0005 into Jane Doe · u undo"


async def test_a_merge_looks_for_anybody_and_asks_which_address_is_right(
    database: Database, practice: dict[str, int]
) -> None:  # INT-04
    client_changes.edit(database, practice["Bob Reed"], {"email": "bob@example.org"}, clock=clock)
    modal = ClientsScreen(database, TZ, clock=clock)
    async with shown(modal) as (app, pilot):
        await pilot.press("M")
        await screen_of(app, MergeDialog)
        await settle(pilot)
        dialog = app.screen
        assert lines(dialog, "#merge-targets") == ["Jane Doe · C-0001  same e-mail"]
        assert "ctrl+s" not in str(dialog.query_one("#frame").border_subtitle)
        await pilot.press(*"reed")
        assert lines(dialog, "#merge-targets") == ["Bob Reed · C-0003"]
        await pilot.press("enter")
        await settle(pilot)
        tick = dialog.query_one("#take-email", Tick)
        assert str(tick.label) == "take e-mail Jane@example.org instead of bob@example.org"
        await pilot.press("escape")  # back to the search, nothing done
        assert dialog.query_one("#text", Input).has_focus
        await pilot.press("enter")
        await settle(pilot)
        dialog.query_one("#take-email", Tick).value = True
        await settle(pilot)
        dialog.query_one("#merge", Button).press()
        await saved(pilot)
        assert "Zoë Doe" not in names_of(modal)
    assert stored(database, practice["Bob Reed"])["email"] == "Jane@example.org"


async def test_a_record_shows_sessions_in_pages_and_leads_to_the_calendar(
    database: Database, practice: dict[str, int]
) -> None:  # APT-20
    jane = practice["Jane Doe"]
    ids = [session(database, jane, at(1, 9) - timedelta(days=day + 1)) for day in range(PAGE + 10)]
    appointments.cancel(database, ids[0], "no_show", clock=clock)
    marks.mark(database, ids[1], "note-signed", clock=clock)
    modal = ClientsScreen(database, TZ, clock=clock)
    async with shown(modal) as (app, pilot):
        await pilot.press("down", "enter")
        await screen_of(app, ClientRecordScreen)
        await settle(pilot)
        record = app.screen
        assert lines(record, "#sessions") == ["Wed  4 Mar 2026     9:00  90834  Office"]
        await pilot.press("right")
        past = lines(record, "#sessions")
        assert past[0] == "Sat 28 Feb 2026     9:00  90834  Office  [no show]"
        assert past[1].endswith("Office  🔒")
        assert len(past) == PAGE
        await pilot.press("end")
        await settle(pilot)
        assert len(lines(record, "#sessions")) == PAGE + 10
        await pilot.press("end", "enter")
        await settle(pilot)
    assert isinstance(app.answer, Entry)
    assert app.answer.row_id == ids[-1]


async def test_a_record_tells_settings_and_what_keeps_them_back(
    database: Database, practice: dict[str, int]
) -> None:  # PORTAL-02, PORTAL-08, C-04
    jane = practice["Jane Doe"]
    set_state(database, jane, tz="Asia/Tokyo", self_scheduling="on", portal_state="invited", usual_service="90837")
    modal = ClientRecordScreen(database, jane, TZ, clock=clock)
    async with shown(modal) as (_, pilot):
        assert "invited to the portal, not accepted yet" in text_of(modal, "#summary")
        await pilot.press("left")
        facts = text_of(modal, "#record")
        assert "on, once a portal invitation is accepted" in facts
        assert "e-mail (e-mail once a portal invitation is accepted)" in facts
        assert "Asia/Tokyo, Sun 23:42 there now" in facts
        assert "90837 Individual therapy" in facts


async def test_a_new_session_begins_with_what_is_usual(
    database: Database, practice: dict[str, int]
) -> None:  # APT-20
    jane = practice["Jane Doe"]
    for week in range(1, 5):
        session(database, jane, at(3, 15) - timedelta(weeks=week))
    client_changes.edit(database, jane, {"usual_service": "90837", "usual_location_id": 2}, clock=clock)
    modal = ClientRecordScreen(database, jane, TZ, clock=clock)
    async with shown(modal) as (app, pilot):
        assert "mostly Tue 15:00" in text_of(modal, "#summary")
        await pilot.press("n")
        await screen_of(app, AppointmentForm)
        await settle(pilot)
        form = app.screen
        assert form.query_one("#client", Input).value == "Jane Doe · C-0001"
        assert form.query_one("#service", Pick).value == "90837"
        assert form.query_one("#location_id", Pick).value == 2
        assert form.query_one("#start", Input).value == "15:00"
        await pilot.press("ctrl+s")
        await saved(pilot)
        await settle(pilot)
        assert len(lines(modal, "#sessions")) == 2


@pytest.mark.parametrize("names", ["id", "initials"])
async def test_privacy_reaches_every_screen_of_clients(
    database: Database, practice: dict[str, int], names: str
) -> None:  # SYNC-03, INV-P2
    client_changes.edit(database, practice["Jane Doe"], {"notes_admin": "Doe-eyed"}, clock=clock)
    secrets = ("Doe", "Jane", "Zoë", "@example", "5550100", "555-0100")

    def seen(app: Host) -> str:
        parts = [str(app.screen.query_one("#frame").border_title)]
        parts += [str(widget.render()) for widget in app.screen.query(Static)]
        parts += [str(field.value) for field in app.screen.query(Input) if _displayed(field)]
        for listing in app.screen.query(OptionList):
            parts += [str(option.prompt) for option in listing.options]
        return "\n".join(parts)

    def _displayed(field: Input) -> bool:
        return all(ancestor.display for ancestor in field.ancestors_with_self if hasattr(ancestor, "display"))

    modal = ClientsScreen(database, TZ, names=names, clock=clock)
    async with shown(modal, (120, 36)) as (app, pilot):
        texts = [seen(app)]
        for keys, kind in (
            (("enter",), ClientRecordScreen),
            (("left",), ClientRecordScreen),
            (("1",), MergeDialog),
            (("escape", "escape", "X"), RejectDialog),
            (("escape", "e"), ClientForm),
        ):
            await pilot.press(*keys)
            await screen_of(app, kind)
            await settle(pilot)
            texts.append(seen(app))
        await pilot.press("escape", "a")
        await saved(pilot)
        texts += toasts(pilot)
    assert not [text for text in texts for secret in secrets if secret in text]


async def test_names_with_markup_are_inert(database: Database) -> None:
    evil = client_changes.add(database, "[red]Mal [/x]", email="a@example.org", clock=clock).id
    twin = client_changes.add(database, "Mal\x1b[31m [/x]", email="a@example.org", clock=clock).id
    set_state(database, twin, state="intake")
    modal = ClientsScreen(database, TZ, clock=clock)
    async with shown(modal) as (app, pilot):
        assert any("[red]Mal [/x]" in line for line in lines(modal))
        await pilot.press("enter")
        await screen_of(app, ClientRecordScreen)
        await settle(pilot)
        assert "[red]Mal [/x]" in lines(app.screen, "#decide")[1]
        await pilot.press("1")
        await screen_of(app, MergeDialog)
        await settle(pilot)
        assert "[red]Mal [/x]" in text_of(app.screen, "#body")
    assert evil


async def test_an_old_series_client_is_read_in_one_page(database: Database, practice: dict[str, int]) -> None:
    session(database, practice["Bob Reed"], at(3, 8), repeat=Repeat("weekly"))
    modal = ClientRecordScreen(database, practice["Bob Reed"], TZ, clock=clock)
    async with shown(modal) as (_, pilot):
        assert lines(modal, "#sessions")[0].endswith("Office  ↻")
        await pilot.press("z")
        await saved(pilot)
        assert "archived" in text_of(modal, "#summary")
