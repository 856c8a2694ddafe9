"""Time off: the form's days and times, the list, and the sessions that lie in it."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.widgets import Input, OptionList, Static

from couchcal.practice import time_off
from couchcal.practice.agenda import Entry
from couchcal.practice.cadence import Repeat
from couchcal.practice.time_off import TimeOffRow
from couchcal.store.connection import Database
from couchcal.tui.forms.confirm import Confirm
from couchcal.tui.forms.field import Field
from couchcal.tui.forms.tick import Tick
from couchcal.tui.forms.time_off import TimeOffForm
from couchcal.tui.forms.time_off_values import Typed, read, typed_of
from couchcal.tui.screens.time_off import AffectedScreen, TimeOffScreen
from tests.tui.forms.host import ZONE, at, clock, people, saved, screen_of, session, settle, shown

TZ = ZoneInfo(ZONE)
TODAY = date(2026, 3, 1)  # a Sunday


def rows(database: Database) -> list[TimeOffRow]:
    with closing(database.connect()) as connection:
        return time_off.time_off(connection, TZ)


def take_off(database: Database, first: int, last: int, reason: str = "", *, month: int = 3) -> None:
    days = date(2026, month, first), date(2026, month, last) + timedelta(days=1)
    time_off.add(database, *days, tz=ZONE, reason=reason, clock=clock)


def lines(screen: TimeOffScreen | AffectedScreen) -> list[str]:
    return [str(option.prompt) for option in screen.query_one(OptionList).options]


def count(screen: TimeOffScreen) -> str:
    return str(screen.query_one("#count", Static).render())


async def test_an_empty_list_says_what_to_do(database: Database) -> None:
    screen = TimeOffScreen(database, TZ, clock=clock)
    async with shown(screen) as (app, pilot):
        assert count(screen) == "No time off yet: n keeps the first day free."
        await pilot.press("e", "D", "s", "escape")
        assert app.answer is None


async def test_days_are_typed_as_people_say_them(database: Database) -> None:  # TOF-01
    screen = TimeOffScreen(database, TZ, clock=clock)
    async with shown(screen, (80, 24)) as (app, pilot):
        await pilot.press("n")
        await screen_of(app, TimeOffForm)
        form = app.screen
        assert form.query_one("#all_day", Tick).value  # all day unless unticked
        assert not form.query_one("#row-start").display
        form.query_one("#first", Input).value = "mon"
        form.query_one("#last", Input).value = "+4d"
        form.query_one("#reason", Input).value = "[b]knee"
        await pilot.pause()
        assert form.query_one("#row-first", Field).note == "Mon 2 Mar"
        assert form.query_one("#row-last", Field).note == "Fri 6 Mar"
        meaning = str(form.query_one("#meaning", Static).render())
        assert meaning == "Nobody can book Mon 2 Mar – Fri 6 Mar · 5 days; sessions stay."
        await pilot.press("ctrl+s")
        await saved(pilot)
        assert lines(screen)[0].split("  ")[0] == "Mon 2 Mar – Fri 6 Mar"
        assert lines(screen)[0].endswith("[b]knee")
    (row,) = rows(database)
    assert (row.first_day, row.end_day, row.reason) == (date(2026, 3, 2), date(2026, 3, 7), "[b]knee")


async def test_hours_of_a_day_are_taken_off(database: Database) -> None:  # TOF-01
    screen = TimeOffScreen(database, TZ, clock=clock)
    async with shown(screen) as (app, pilot):
        await pilot.press("n")
        await screen_of(app, TimeOffForm)
        form = app.screen
        form.query_one("#first", Input).value = "3 mar"
        form.query_one("#all_day", Tick).value = False
        await pilot.pause()
        assert form.query_one("#row-start").display
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert form.query_one("#row-start", Field).note == "which time?"
        form.query_one("#start-time", Input).value = "14"
        form.query_one("#end-time", Input).value = "1pm"
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert form.query_one("#row-end", Field).note == "not after the start"
        form.query_one("#end-time", Input).value = "midnight"
        await pilot.press("ctrl+s")
        await saved(pilot)
        assert lines(screen)[0].split("  ")[0] == "Tue 3 Mar 14:00–24:00"
    (row,) = rows(database)
    assert (row.start, row.end, row.all_day) == (at(3, 14), at(4, 0), False)


async def test_nothing_typed_is_lost(database: Database) -> None:
    screen = TimeOffScreen(database, TZ, clock=clock)
    async with shown(screen) as (app, pilot):
        await pilot.press("n")
        await screen_of(app, TimeOffForm)
        form = app.screen
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert form.query_one("#row-first", Field).note == "which day?"
        await pilot.press(*"blursday")
        assert form.query_one("#row-first", Field).note == "mon, 3 mar, 2026-03-02"
        await pilot.press("escape")
        await screen_of(app, Confirm)
        await pilot.press("n")
        assert form.query_one("#first", Input).value == "blursday"


async def test_upcoming_is_first_and_past_is_last(database: Database) -> None:
    for first, last, month in ((10, 12, 2), (20, 20, 3), (1, 2, 3), (2, 3, 2)):
        take_off(database, first, last, month=month)
    screen = TimeOffScreen(database, TZ, clock=clock)
    async with shown(screen) as (app, pilot):
        assert [line.split("  ")[0] for line in lines(screen)] == [
            "Sun 1 Mar – Mon 2 Mar", "Fri 20 Mar", "Tue 10 Feb – Thu 12 Feb", "Mon 2 Feb – Tue 3 Feb",
        ]  # fmt: skip
        assert [line.split()[-1] for line in lines(screen)] == ["now", "day", "past", "past"]
        assert count(screen) == "2 ahead, 2 past"
        await pilot.press("j", "j", "k", "D")
        await saved(pilot)
        told = [note.message for note in app._notifications]  # TOF-03
        assert told == ["Removed time off Fri 20 Mar: it can be booked again"]
    assert [row.first_day for row in rows(database)] == [
        date(2026, month, day) for month, day in ((2, 2), (2, 10), (3, 1))
    ]


async def test_editing_keeps_what_is_not_changed(database: Database) -> None:
    take_off(database, 2, 3, "dentist")
    (before,) = rows(database)
    screen = TimeOffScreen(database, TZ, clock=clock)
    async with shown(screen) as (app, pilot):
        await pilot.press("e")
        await screen_of(app, TimeOffForm)
        assert app.screen.query_one("#last", Input).value == "2026-03-03"
        app.screen.query_one("#last", Input).value = "4 mar"
        await pilot.press("ctrl+s")
        await saved(pilot)
    (after,) = rows(database)
    assert after == before._replace(end_day=date(2026, 3, 5), end=at(5, 0), version=after.version)


async def test_the_reason_is_kept_back_where_ids_are_shown(database: Database) -> None:  # TOF-01
    take_off(database, 2, 2, "dentist")
    screen = TimeOffScreen(database, TZ, names="id", clock=clock)
    async with shown(screen) as (app, pilot):
        assert "dentist" not in lines(screen)[0]
        await pilot.press("e")
        await screen_of(app, TimeOffForm)
        assert app.screen.query_one("#reason", Input).value == ""
        app.screen.query_one("#last", Input).value = "tue"
        await pilot.press("ctrl+s")
        await saved(pilot)
        assert all("dentist" not in note.message for note in app._notifications)
    (row,) = rows(database)
    assert (row.end_day, row.reason) == (date(2026, 3, 4), "dentist")


async def test_sessions_in_it_are_listed_unchanged_and_enter_goes_to_one(database: Database) -> None:  # TOF-04
    ids = people(database)
    session(database, ids["Jane Doe"], at(2, 9), repeat=Repeat("weekly"))
    session(database, ids["Bob Reed"], at(3, 9))
    screen = TimeOffScreen(database, TZ, clock=clock)
    async with shown(screen, (80, 24)) as (app, pilot):
        await pilot.press("n")
        await screen_of(app, TimeOffForm)
        app.screen.query_one("#first", Input).value = "2 mar"
        app.screen.query_one("#last", Input).value = "9 mar"
        await pilot.press("ctrl+s")
        await screen_of(app, AffectedScreen)
        listed = app.screen
        assert isinstance(listed, AffectedScreen)
        assert [line.split()[:3] for line in lines(listed)] == [
            ["Mon", "2", "Mar"],
            ["Tue", "3", "Mar"],
            ["Mon", "9", "Mar"],
        ]
        assert str(listed.query_one("#body", Static).render()).startswith("3 sessions stay as they are.")
        await pilot.press("down", "enter")
        await settle(pilot)
        assert isinstance(app.answer, Entry)
        assert app.answer.start == at(3, 9)
        assert app.answer.status == "scheduled"


async def test_a_series_is_listed_beyond_its_rows_and_names_follow_the_mode(database: Database) -> None:  # TOF-04
    ids = people(database)
    session(database, ids["Jane Doe"], at(2, 9), repeat=Repeat("weekly"))
    time_off.add(database, date(2027, 3, 1), date(2027, 3, 9), tz=ZONE, clock=clock)
    screen = TimeOffScreen(database, TZ, names="id", clock=clock)
    async with shown(screen) as (app, pilot):
        await pilot.press("s")
        await screen_of(app, AffectedScreen)
        listed = app.screen
        assert isinstance(listed, AffectedScreen)
        assert len(lines(listed)) == 2
        assert all("C-0001" in line and "Jane" not in line for line in lines(listed))
        await pilot.press("escape")
        await settle(pilot)
        assert app.screen is screen


# What the form means

days = st.dates(date(2020, 1, 1), date(2035, 12, 31))
minutes = st.integers(0, 1439)


@given(days, st.integers(0, 40), st.sampled_from([TZ, ZoneInfo("Asia/Kathmandu"), ZoneInfo("Pacific/Apia")]))
def test_whole_days_read_back(first: date, length: int, tz: ZoneInfo) -> None:
    end = first + timedelta(days=length + 1)
    midnight = datetime.combine(first, datetime.min.time(), UTC)
    found = read(typed_of(midnight, midnight, first, end, tz, ""), TODAY, tz)
    assert (found.start, found.end, found.errors) == (first, end, {})


@given(days, minutes, st.integers(0, 3), minutes)
def test_times_read_back(first: date, start: int, length: int, end: int) -> None:
    kathmandu = ZoneInfo("Asia/Kathmandu")  # no gaps: every wall-clock time is one instant

    def instant(day: date, minute: int) -> datetime:
        local = datetime.combine(day, datetime.min.time(), kathmandu) + timedelta(minutes=minute)
        return local.astimezone(UTC)

    begins, ends = instant(first, start), instant(first + timedelta(days=length), end)
    if ends > begins:
        found = read(typed_of(begins, ends, None, None, kathmandu, ""), TODAY, kathmandu)
        assert (found.start, found.end, found.errors) == (begins, ends, {})


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("mon", "", (date(2026, 3, 2), date(2026, 3, 2))),
        ("fri", "mon", (date(2026, 3, 6), date(2026, 3, 9))),  # the Monday after that Friday
        ("24 dec", "2 jan", (date(2026, 12, 24), date(2027, 1, 2))),
        ("today", "tomorrow", (date(2026, 3, 1), date(2026, 3, 2))),
        ("+1w", "+2d", (date(2026, 3, 8), date(2026, 3, 10))),
    ],
)
def test_the_last_day_counts_from_the_first(first: str, last: str, expected: tuple[date, date]) -> None:
    found = read(Typed(first, last, all_day=True), TODAY, TZ)
    assert (found.first_day, found.last_day) == expected


def test_a_last_day_before_the_first_is_refused() -> None:
    assert read(Typed("6 mar", "2026-03-02", all_day=True), TODAY, TZ).errors == {"last": "before the first day"}


@pytest.mark.parametrize("text", ["tue 9", "mon", "25:00", "soon", "+1h"])
def test_what_is_no_time_of_day(text: str) -> None:
    assert "start" in read(Typed("6 mar", "", all_day=False, start=text, end="23:00"), TODAY, TZ).errors
