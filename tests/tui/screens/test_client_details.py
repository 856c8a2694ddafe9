"""A record's details: a long value goes on below itself, and no hint names a key that does nothing."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from textual.widgets import Static

from couchcal.practice import client_changes
from couchcal.store.connection import Database
from couchcal.tui.screens.client_record import ClientRecordScreen
from tests.tui.forms.host import ZONE, clock, settle, shown

NAME = "Jane-Wilhelmina Featherstonehaugh-Cholmondeley von und zu Hohenlohe"


async def test_long_details_hang_and_enter_is_offered_where_it_leads_somewhere(database: Database) -> None:
    jane = client_changes.add(database, NAME, clock=clock).id
    async with shown(ClientRecordScreen(database, jane, ZoneInfo(ZONE), clock=clock)) as (app, pilot):
        await pilot.resize_terminal(80, 24)
        await settle(pilot)
        frame = app.screen.query_one("#frame")
        assert "enter" in str(frame.border_subtitle)
        await pilot.press("left")
        await settle(pilot)
        assert "enter" not in str(frame.border_subtitle)
        first, second, *_ = str(app.screen.query_one("#record", Static).render()).splitlines()
        value = first.index("Jane")
        assert first.startswith("Name")
        assert not second[:value].strip()
        assert f"{first[value:].strip()} {second.strip()}" == NAME
