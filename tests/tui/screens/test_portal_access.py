"""Access to the portal, from the list of clients and from a record; new bookings come up in the list. PORTAL-08."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList, Static

from couchcal.practice.undo import undo
from couchcal.tui.forms.confirm import Confirm
from couchcal.tui.screens.client_record import ClientRecordScreen
from couchcal.tui.screens.clients import ClientsScreen
from tests.practice.door import Door
from tests.support.pilot import until
from tests.tui.forms.host import Host, saved, screen_of, shown
from tests.tui.screens.asking import NEW_YORK, TUESDAY, open_door, told


@pytest.fixture
def at(tmp_path: Path) -> Door:
    return open_door(tmp_path)


def state(at: Door) -> str:
    return str(at.desk.rows("client")[at.desk.ann]["portal_state"])


async def revoke(app: Host, pilot: Pilot[None], answer: str) -> None:
    await pilot.press("P")
    await screen_of(app, Confirm)
    await pilot.press(answer)
    await saved(pilot)


async def test_invited_again_and_ended(at: Door) -> None:  # PORTAL-08
    record = ClientRecordScreen(at.database, at.desk.ann, NEW_YORK, clock=at.desk.clock)
    async with shown(record) as (app, pilot):

        def summary() -> str:
            return str(app.screen.query_one("#summary", Static).content)

        assert "no portal access" in summary()
        for times in (1, 2):
            await pilot.press("p")
            await saved(pilot)
            assert "invited to the portal, not accepted yet" in summary()
            assert len(at.mails("portal_invite")) == times
        assert told(pilot)[-1] == (
            "Ann Sample is invited to the portal once mail is set up (couchcal guide mail) · u undo"
        )
        at.known()
        await pilot.press("p")
        await saved(pilot)
        assert "in the portal already" in str(app.screen.query_one("#problem", Static).content)
        await revoke(app, pilot, "n")
        assert state(at) == "accepted"
        await revoke(app, pilot, "y")
        assert (state(at), "portal access revoked" in summary()) == ("revoked", True)
        assert [mail["state"] for mail in at.mails("portal_invite")] == ["cancelled", "cancelled"]
    undo(at.database, clock=at.desk.clock)
    assert state(at) == "accepted"


async def test_from_the_list_and_without_an_address(at: Door) -> None:
    screen = ClientsScreen(at.database, NEW_YORK, names="id", clock=at.desk.clock)
    async with shown(screen) as (app, pilot):
        await pilot.press("p")
        await saved(pilot)
        assert (state(at), told(pilot)[-1][:17]) == ("invited", "C-0001 is invited")
        await pilot.press("down", "p")
        await saved(pilot)
        assert "no e-mail address on file" in str(app.screen.query_one("#problem", Static).content)


async def test_a_booking_by_the_page_comes_up_on_top_and_is_accepted(at: Door) -> None:  # INT-01, INT-02
    async with shown(ClientsScreen(at.database, NEW_YORK, clock=at.desk.clock)) as (app, pilot):
        listing = app.screen.query_one("#clients", OptionList)
        assert str(listing.get_option_at_index(0).prompt).startswith("Active 2")
        at.book(TUESDAY)
        at.verify(at.secrets("request_verify").token)
        await until(pilot, lambda: str(listing.get_option_at_index(0).prompt).startswith("New bookings 1"))
        assert str(listing.get_option_at_index(1).prompt).startswith("Dee New")
        assert listing.highlighted_option is not None
        assert str(listing.highlighted_option.prompt).startswith("Ann Sample")  # the place is kept
        listing.highlighted = 1
        await pilot.press("a")
        await saved(pilot)
        assert told(pilot)[-1] == "Accepted Dee New · u undo"
    assert [row["state"] for row in at.desk.rows("client").values()] == ["active"] * 3
