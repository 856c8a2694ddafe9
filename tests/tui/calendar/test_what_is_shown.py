"""What the calendar tells of an appointment besides when it is: series, instructions, the account's zone."""

from __future__ import annotations

from datetime import timedelta

from couchcal.practice import appointments
from couchcal.practice.draft import Draft
from couchcal.store.connection import Database
from couchcal.tui.calendar.period import View
from tests.support.demo import at, clock
from tests.tui.calendar.test_calendar import SIZE, seen
from tests.tui.conftest import AppFactory, settle


async def test_series_carry_their_mark_in_every_view(make: AppFactory) -> None:
    # REC-10
    for view in View:
        async with make(view=view).run_test(size=(160, 40)) as pilot:
            screen = await settle(pilot)
            repeats = [entry for entry in screen.scene.entries if entry.rrule and entry.first == "Omar"]
            assert repeats
            assert screen.glyphs.repeats == "↻"
            assert "↻" in "\n".join(line for line in seen(screen).splitlines() if "Omar" in line)
    async with make(ascii=True).run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        assert "@" in seen(screen)
        assert "↻" not in seen(screen)


async def test_instructions_stand_beside_the_calendar(make: AppFactory, demo: Database) -> None:
    # APT-15
    async with make().run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        entry = next(entry for entry in screen.scene.entries if entry.first == "Lena")
        appointments.edit(demo, entry.row_id, {"instructions": "side entrance, ring twice"}, clock=clock)
        screen.go_to(entry)
        screen._tick()
        await settle(pilot)
        assert "side entrance, ring" in seen(screen)


async def test_times_are_those_of_the_account_whatever_zone_a_session_has(make: AppFactory, demo: Database) -> None:
    # TZ-01, CAL-03
    draft = Draft("other_event", at(6, 12), at(6, 12) + timedelta(minutes=50), "Europe/Berlin", title="Call")
    appointments.book(demo, draft, clock=clock)
    async with make().run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        screen.go_to(next(entry for entry in screen.scene.entries if entry.title == "Call"))
        await settle(pilot)
        assert "Fri 6 Mar 12:00–12:50" in seen(screen)
        assert "America/New_York" in seen(screen)
