"""The audit trail on screen."""

from __future__ import annotations

from contextlib import closing
from typing import Any
from zoneinfo import ZoneInfo

from textual.widgets import Input, OptionList, Static

from couchcal.practice import appointments
from couchcal.practice.cadence import Repeat
from couchcal.store import audit
from couchcal.store.connection import Database
from couchcal.tui.screens.audit import AuditScreen
from couchcal.tui.screens.audit_data import PAGE
from couchcal.tui.screens.client_record import ClientRecordScreen
from tests.tui.forms.host import ZONE, at, clock, people, session, settle, shown

TZ = ZoneInfo(ZONE)


def lines(screen: AuditScreen) -> list[str]:
    return [str(option.prompt) for option in screen.query_one(OptionList).options]


def words(screen: AuditScreen, where: str) -> str:
    return str(screen.query_one(where, Static).render())


def actions(database: Database) -> list[tuple[Any, ...]]:
    with closing(database.connect()) as connection:
        return connection.execute("SELECT action, entity, entity_id FROM audit_entry ORDER BY id").fetchall()


async def test_entries_are_listed_and_narrowed(database: Database) -> None:
    ids = people(database)
    session(database, ids["Jane Doe"], at(3, 9), repeat=Repeat("weekly"))
    row = session(database, ids["Bob Reed"], at(5, 11))
    appointments.cancel(database, row, "no_show", clock=clock)
    audit.note(database, "sync", "calendar", fields="pushed=3", actor="worker", clock=clock)
    screen = AuditScreen(database, TZ, clock=clock)
    async with shown(screen, (80, 24)) as (_app, pilot):
        await settle(pilot)
        found = lines(screen)
        assert found[0].split() == ["2026-03-01", "9:42", "worker", "synced", "calendar", "pushed=3"]
        assert any("added client C-0001 Jane Doe" in line for line in found)
        await pilot.press("w", "w", "w")
        await settle(pilot)
        assert len(lines(screen)) == 1
        assert words(screen, "#wanted") == "1 entry by worker, the newest first"
        await pilot.press("0", "c")
        screen.app.screen.query_one(Input).value = "bob"
        await pilot.press("enter")
        await settle(pilot)
        theirs = lines(screen)
        assert any("added client" in line for line in theirs)
        assert any("changed appointment" in line and "status" in line for line in theirs)
        assert not any("Jane" in line for line in theirs)
        await pilot.press("d")
        screen.app.screen.query_one(Input).value = "2020-01-01"
        await pilot.press("enter")
        await settle(pilot)
        assert lines(screen) == []
        assert words(screen, "#wanted") == "Nothing was written down that fits: 0 shows all."


async def test_a_client_of_any_name_leaves_the_columns_in_place(database: Database) -> None:
    ids = people(database)
    who = f"client:{ids['Jane Doe']}"
    audit.note(database, "sign-in", "portal", actor=who, clock=clock)
    audit.note(database, "view", "client", ids["Jane Doe"], actor=who, clock=clock)
    screen = AuditScreen(database, TZ, clock=clock)
    async with shown(screen, (80, 24)) as (_app, pilot):
        await settle(pilot)
        looked, signed_in, before = (line[18:] for line in lines(screen)[:3])
        assert signed_in == "client    signed in portal  C-0001 Jane Doe"
        assert looked == "client    looked at client C-0001 Jane Doe"
        assert before.startswith("you       added client")


async def test_all_of_an_entry_that_is_cut_stands_below_the_list(database: Database) -> None:
    people(database)
    counts = "pushed=12 pulled=1 deleted=0 skipped=3 conflicts=2"
    audit.note(database, "sync", "calendar", fields=counts, actor="worker", clock=clock)
    screen = AuditScreen(database, TZ, clock=clock)
    async with shown(screen, (80, 24)) as (_app, pilot):
        await settle(pilot)
        assert words(screen, "#entry") == f"2026-03-01  9:42  worker    synced calendar  {counts}"
        await pilot.press("down")
        await settle(pilot)
        assert words(screen, "#entry") == ""


async def test_a_long_trail_is_read_page_by_page(database: Database) -> None:
    with closing(database.connect()) as connection:
        audit.append(connection, 5, "user", (audit.Deed("view", "client", str(n)) for n in range(3 * PAGE)))
    screen = AuditScreen(database, TZ, clock=clock)
    async with shown(screen) as (_app, pilot):
        await settle(pilot)
        assert len(lines(screen)) == PAGE
        await pilot.press("end")
        await settle(pilot)
        assert len(lines(screen)) == 2 * PAGE
        for size in ((80, 24), (200, 60)):  # what is below a long list stays in sight
            await pilot.resize_terminal(*size)
            await settle(pilot)
            assert screen.query_one("#whole").region.bottom < screen.query_one("#frame").region.bottom


async def test_verifying_says_whether_it_is_whole(database: Database) -> None:
    people(database)
    screen = AuditScreen(database, TZ, clock=clock)
    async with shown(screen) as (_app, pilot):
        await pilot.press("v")
        await settle(pilot)
        assert words(screen, "#whole").startswith("✓ The trail is whole: ")
        with closing(database.connect()) as connection:
            connection.execute("DROP TRIGGER audit_entry_no_update")
            connection.execute("UPDATE audit_entry SET actor = 'nobody' WHERE id = 2")
        await pilot.press("v")
        await settle(pilot)
        assert "entry 2 was changed" in words(screen, "#problem")


async def test_names_are_hidden_where_names_are_hidden(database: Database) -> None:  # SYNC-03
    people(database)
    screen = AuditScreen(database, TZ, names="id", clock=clock)
    async with shown(screen) as (_app, pilot):
        await settle(pilot)
        assert "Jane" not in "".join(lines(screen))


async def test_a_look_at_a_record_is_written_down_once(database: Database) -> None:
    ids = people(database)
    jane = ids["Jane Doe"]
    for _ in range(2):
        async with shown(ClientRecordScreen(database, jane, TZ, clock=clock)) as (_app, pilot):
            await settle(pilot)
    assert actions(database).count(("view", "client", str(jane))) == 1
