"""Clients' requests on screen: looking, accepting with changes, declining, and what others do meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Static, TextArea

from couchcal.practice import door, request_answers
from couchcal.practice.agenda import Entry
from couchcal.tui.forms.accept import AcceptForm
from couchcal.tui.forms.confirm import Confirm
from couchcal.tui.forms.decline import DeclineDialog
from couchcal.tui.forms.field import Field
from couchcal.tui.screens.client_record import ClientRecordScreen
from couchcal.tui.screens.requests import RequestsScreen
from tests.practice.door import Door
from tests.support.pilot import until
from tests.tui.forms.host import Host, looked, saved, screen_of, shown
from tests.tui.screens.asking import THURSDAY, TUESDAY, about, lines, listed, open_door, screen, told


@pytest.fixture
def at(tmp_path: Path) -> Door:
    return open_door(tmp_path)


async def opened(app: Host, pilot: Pilot[None]) -> AcceptForm:
    """The form of the request under the cursor."""
    await pilot.press("enter")
    await screen_of(app, AcceptForm)
    await looked(pilot)
    assert isinstance(app.screen, AcceptForm)
    return app.screen


def withdraw(at: Door) -> None:
    (row,) = listed(at)
    door.withdraw(at.database, at.known(), row.public_id, clock=at.desk.clock)


async def test_an_empty_list_says_where_requests_come_from(at: Door) -> None:
    async with shown(screen(at)) as (app, pilot):
        assert "the page that B shows" in str(app.screen.query_one("#count", Static).content)
        keys = str(app.screen.query_one("#frame").border_subtitle)
        assert "past" in keys
        assert not any(word in keys for word in ("accept", "decline", "client"))
        await pilot.press("tab", "enter", "d", "g", "c")
        await saved(pilot)
        assert isinstance(app.screen, RequestsScreen)


async def test_what_waits_and_what_is_past(at: Door) -> None:  # REQ-06, REQ-10
    at.book(TUESDAY, at.known(), note="Could we\nmeet?", zone="Europe/Paris")
    at.book("2026-03-04 10:00", at.known())
    request_answers.decline(at.database, listed(at)[1].id, "away", clock=at.desk.clock)
    at.book(THURSDAY, mail=False)
    at.desk.book("2026-03-05 14:30", client_id=at.desk.bob)
    async with shown(screen(at), size=(120, 36)) as (_, pilot):
        assert lines(pilot) == [
            "Tue 3 Mar 10:00–10:50 Ann Sample Session portal 27 h left",
            "⚠ Thu 5 Mar 14:00–14:50 Dee New Session new client 3 days left",
        ]
        assert about(pilot).splitlines() == [
            "Ann Sample · C-0001 · asks by the portal",
            "Tue 3 Mar 10:00–10:50 · 50 min · 16:00 Paris for them",
            "Session · 90834 · in person",
            "ann@example.org · 555-0101",
            "“Could we meet?”",
            "asked 7:00 · held from others until you answer, 27 h left",
        ]
        await pilot.press("j")
        await pilot.pause()
        assert "overlaps Bob T. 14:30–15:20" in about(pilot)
        assert "no client yet" in about(pilot)
        await pilot.press("tab")
        await pilot.pause()
        assert lines(pilot) == ["Wed 4 Mar 10:00–10:50 Ann Sample Session [declined] 7:00"]
        assert "Your answer: “away”" in about(pilot)


@pytest.mark.parametrize(("names", "called"), [("id", "C-0001"), ("initials", "A.S."), ("first", "Ann")])
async def test_without_full_names_nobody_is_named(at: Door, names: str, called: str) -> None:
    at.book(TUESDAY, at.known(), note="secret wish")
    at.book(THURSDAY, mail=False)
    async with shown(screen(at, names), size=(120, 36)) as (_, pilot):
        assert called in lines(pilot)[0]
        for _ in range(2):
            text = "\n".join([*lines(pilot), about(pilot)])
            assert all(word not in text for word in ("Sample", "New ", "example.org", "555", "secret"))
            await pilot.press("j")
            await pilot.pause()


async def test_accepting_after_changes(at: Door) -> None:  # REQ-07, REQ-09
    at.book(TUESDAY, at.known())
    async with shown(screen(at)) as (app, pilot):
        form = await opened(app, pilot)
        assert form.query_one("#client", Input).value == "Ann Sample · C-0001"
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(app.screen, RequestsScreen)  # nothing was changed: nothing is asked
        assert at.statuses() == ["pending"]  # INV-B4
        form = await opened(app, pilot)
        form.query_one("#start", Input).value = "10:30"
        form.query_one("#instructions", TextArea).text = "ring twice"
        await pilot.press("ctrl+s")
        await saved(pilot)
        assert isinstance(app.screen, RequestsScreen)
        assert lines(pilot) == []
        assert told(pilot) == ["Accepted Ann S. Tue 3 Mar 10:30"]
    (row,) = at.desk.rows().values()
    assert (at.desk.local(row["id"]), row["instructions"], row["event_type_id"]) == (
        "2026-03-03 10:30", "ring twice", at.kind,
    )  # fmt: skip
    assert ("request_accepted", "ann@example.org") in at.told()


async def test_an_overlap_warns_and_stops_nothing(at: Door) -> None:  # REQ-04
    at.book(TUESDAY, at.known())
    at.desk.book("2026-03-03 10:20", client_id=at.desk.bob)
    async with shown(screen(at)) as (app, pilot):
        form = await opened(app, pilot)
        await until(pilot, lambda: "overlaps Bob T. (saves anyway)" in str(form.query_one("#live", Static).content))
        await pilot.press("ctrl+s")
        await saved(pilot)
        assert "⚠ it overlaps" in told(pilot)[-1]
    assert at.statuses() == ["accepted"]


async def test_the_first_of_a_series(at: Door) -> None:  # REC-02
    at.book(TUESDAY, at.known())
    async with shown(screen(at)) as (app, pilot):
        form = await opened(app, pilot)
        form.rows.controls["repeats"].value = "weekly"  # type: ignore[union-attr]  # a Pick
        await pilot.press("ctrl+s")
        await saved(pilot)
    assert len({row["series_id"] for row in at.desk.rows().values()}) == 1
    assert len(at.desk.rows()) > 1


@pytest.mark.parametrize(
    ("typed", "first", "last", "state"),
    [
        (None, "Dee", "New", "intake"),
        ("+ new client Deirdre Newman", "Deirdre", "Newman", "intake"),
        ("C-0002", "Bob", "Test", "active"),
    ],
    ids=["as-they-wrote", "renamed", "somebody-known"],
)
async def test_accepting_somebody_new(at: Door, typed: str | None, first: str, last: str, state: str) -> None:
    # INT-01, INT-04
    at.book(TUESDAY, mail=False)
    async with shown(screen(at)) as (app, pilot):
        form = await opened(app, pilot)
        assert form.query_one("#client", Input).value == "+ new client Dee New"
        if typed is not None:
            form.query_one("#client", Input).value = typed
        await pilot.press("ctrl+s")
        await saved(pilot)
        assert at.statuses() == ["accepted"], app.screen
        assert "new bookings in Clients" in told(pilot)[-1]
    (row,) = at.desk.rows().values()
    client = at.desk.rows("client")[row["client_id"]]
    assert (client["first"], client["last"], client["state"]) == (first, last, state)
    assert client["email"] == ("" if state == "active" else "dee@example.org")


async def test_two_clients_are_one_too_many(at: Door) -> None:
    at.book(TUESDAY, at.known())
    async with shown(screen(at)) as (app, pilot):
        form = await opened(app, pilot)
        form.query_one("#client", Input).value = "C-0001; C-0002"
        await pilot.press("ctrl+s")
        await saved(pilot)
        assert form.query_one("#row-client", Field).has_error
    assert at.statuses() == ["pending"]


async def test_accepting_a_move_moves_the_session(at: Door) -> None:  # REQ-07, PORTAL-03
    row_id = at.desk.book(TUESDAY, instructions="side door")
    client = at.known()
    at.desk.now = at.desk.at("2026-03-01 08:00")
    (own,) = at.sessions(client).upcoming
    door.move_own(
        at.database, client, own.key, at.desk.at(THURSDAY), zone="America/New_York", idempotency_key="move",
        clock=at.desk.clock,
    )  # fmt: skip
    async with shown(screen(at)) as (app, pilot):
        assert "move" in lines(pilot)[0]
        assert "instead of their session Tue 3 Mar 10:00" in about(pilot)
        form = await opened(app, pilot)
        assert (form.query_one("#day", Input).value, form.query_one("#start", Input).value) == (
            "2026-03-05", "14:00",
        )  # fmt: skip
        assert form.query_one("#instructions", TextArea).text == "side door"
        form.query_one("#instructions", TextArea).text = "front door"
        await pilot.press("ctrl+s")
        await saved(pilot)
    assert (at.desk.local(row_id), at.desk.row(row_id)["instructions"], len(at.desk.rows())) == (
        THURSDAY, "front door", 1,
    )  # fmt: skip


async def test_declining_with_a_few_words(at: Door) -> None:  # REQ-08, REQ-13
    at.book(TUESDAY, at.known())
    async with shown(screen(at)) as (app, pilot):
        await pilot.press("d")
        await pilot.pause()
        await screen_of(app, DeclineDialog)
        await pilot.press(*"away", "escape")
        await screen_of(app, Confirm)  # nothing typed is lost
        await pilot.press("n")
        await pilot.pause()
        app.screen.query_one("#message", TextArea).text = "x" * 501
        await pilot.press("ctrl+s")
        await saved(pilot)
        assert app.screen.query_one("#field-message", Field).note == "1 too many"
        assert at.statuses() == ["pending"]
        app.screen.query_one("#message", TextArea).text = "I am away"
        await pilot.press("ctrl+s")
        await saved(pilot)
        assert isinstance(app.screen, RequestsScreen)
        assert told(pilot) == [
            "Declined the request · the client is told once mail is set up (couchcal guide mail)"
        ]
        await pilot.press("tab", "d")
        await pilot.pause()
        assert "an answer is final" in told(pilot)[-1]
        await pilot.press("u")
        await saved(pilot)
        assert "final" in told(pilot)[-1]
    assert listed(at, past=True)[0].decline_message == "I am away"


async def test_a_decline_that_comes_too_late_keeps_the_words(at: Door) -> None:
    at.book(TUESDAY, at.known())
    async with shown(screen(at)) as (app, pilot):
        await pilot.press("d")
        await pilot.pause()
        await pilot.press(*"sorry")
        withdraw(at)
        await pilot.press("ctrl+s")
        await saved(pilot)
        assert isinstance(app.screen, DeclineDialog)
        assert app.screen.query_one("#message", TextArea).text == "sorry"
        assert "withdrawn already" in str(app.screen.query_one("#problem", Static).content)


async def test_requests_come_and_go_while_one_looks(at: Door) -> None:
    at.book(THURSDAY, at.known())
    async with shown(screen(at)) as (app, pilot):
        at.book(TUESDAY, at.known())
        await until(pilot, lambda: len(lines(pilot)) == 2)
        listing = app.screen.query_one("#requests", OptionList)
        assert listing.highlighted == 1  # still the one of Thursday
        assert about(pilot).splitlines()[1].startswith("Thu 5 Mar")
        door.withdraw(at.database, at.known(), listed(at)[1].public_id, clock=at.desk.clock)
        await until(pilot, lambda: len(lines(pilot)) == 1)
        assert told(pilot) == ["The request for Thu 5 Mar 14:00–14:50 was withdrawn"]
        assert listing.highlighted == 0


async def test_withdrawn_while_the_form_is_open(at: Door) -> None:
    at.book(TUESDAY, at.known())
    async with shown(screen(at)) as (app, pilot):
        form = await opened(app, pilot)
        form.query_one("#instructions", TextArea).text = "ring twice"
        withdraw(at)
        notice = form.query_one("#locks", Static)
        await until(pilot, lambda: "has withdrawn" in str(notice.content))
        assert notice.display
        await pilot.press("ctrl+s")
        await screen_of(app, Confirm)
        await pilot.press("n")
        await saved(pilot)
        assert app.screen is form
        assert form.query_one("#instructions", TextArea).text == "ring twice"
        await pilot.press("ctrl+s")
        await screen_of(app, Confirm)
        await pilot.press("y")
        await saved(pilot)
        await screen_of(app, RequestsScreen)
    (row,) = at.desk.rows().values()
    assert (at.desk.local(row["id"]), row["instructions"], at.statuses()) == (TUESDAY, "ring twice", ["withdrawn"])


async def test_changed_while_the_form_is_open(at: Door) -> None:
    at.book(TUESDAY, at.known())
    async with shown(screen(at)) as (app, pilot):
        await opened(app, pilot)
        at.write("UPDATE booking_request SET version = version + 1")
        await pilot.press("ctrl+s")
        await screen_of(app, Confirm)
        await pilot.press("y")
        await saved(pilot)
    assert at.statuses() == ["accepted"]


async def test_going_to_it_on_the_calendar_and_to_the_record(at: Door) -> None:
    at.book(TUESDAY, at.known())
    at.book(THURSDAY, mail=False)
    async with shown(screen(at, begin=listed(at)[1].id)) as (app, pilot):
        await pilot.press("c")
        await pilot.pause()
        assert "no client yet" in told(pilot)[-1]
        await pilot.press("k", "c")
        await screen_of(app, ClientRecordScreen)
        await pilot.press("escape")
        await saved(pilot)
        await pilot.press("g")
        await saved(pilot)
        assert isinstance(app.answer, Entry)
        assert (app.answer.kind, app.answer.start) == ("request", at.desk.at(TUESDAY))


async def test_opened_at_an_answered_one(at: Door) -> None:
    at.book(TUESDAY, at.known())
    at.book(THURSDAY, at.known())
    request_answers.accept(at.database, listed(at)[0].id, clock=at.desk.clock)
    async with shown(screen(at, begin=listed(at, past=True)[0].id)) as (app, pilot):
        await pilot.pause()
        assert "accepted" in lines(pilot)[0]
        await pilot.press("enter")
        await saved(pilot)
        assert isinstance(app.answer, Entry)
        assert app.answer.table == "appointment"


async def test_names_with_markup_are_inert(at: Door) -> None:
    at.book(TUESDAY, door.Applicant("[red]Dee; [/] \x1b]52;c;x\x07", "dee@example.org"), mail=False, note="[bold]x")
    async with shown(screen(at)) as (app, pilot):
        assert "[red]Dee" in lines(pilot)[0]
        assert "[bold]x" in about(pilot)
        await opened(app, pilot)
        await pilot.press("ctrl+s")
        await saved(pilot)
    assert at.statuses() == ["accepted"]


async def test_somebody_new_is_accepted_without_their_name_on_screen(at: Door) -> None:
    at.book(TUESDAY, mail=False)
    async with shown(screen(at, "id")) as (app, pilot):
        form = await opened(app, pilot)
        assert form.query_one("#client", Input).value == "+ new client as they wrote"
        await pilot.press("ctrl+s")
        await saved(pilot)
        assert told(pilot) == ["Accepted · new bookings in Clients have the record"]
    assert listed(at, past=True)[0].last == "New"


async def test_a_long_note_and_many_requests_fit_a_small_screen(at: Door) -> None:
    for hour in range(9, 17):
        at.book(
            f"2026-03-03 {hour:02}:00",
            door.Applicant(f"N {hour}", f"n{hour}@example.org"),
            mail=False,
            note="word " * 99,
        )
    async with shown(screen(at), size=(80, 24)) as (app, pilot):
        frame, box = app.screen.query_one("#frame").region, app.screen.query_one("#about-request")
        assert (frame.y, frame.bottom <= 24) == (0, True)
        assert app.screen.query_one("#count").region.bottom < frame.bottom
        assert box.max_scroll_y > 0
        await pilot.press("J", "J")
        await pilot.pause()
        assert box.scroll_offset.y == 4
        request_answers.decline(at.database, listed(at)[-1].id, clock=at.desk.clock)
        await until(pilot, lambda: len(lines(pilot)) == 7)
        assert box.scroll_offset.y == 4  # who reads goes on reading
        await pilot.press("j")
        await pilot.pause()
        assert box.scroll_offset.y == 0
