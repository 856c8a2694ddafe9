"""The reports on screen: tables, periods, the way to an entry, export."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Static

from couchcal.practice import appointments
from couchcal.practice.agenda import Entry
from couchcal.practice.report_tables import Line, Table
from couchcal.store.connection import Database
from couchcal.tui.forms.prompt import Prompt
from couchcal.tui.screens.reports import ReportsScreen
from couchcal.tui.screens.reports_paint import bar, table_content
from couchcal.tui.screens.reports_period import Period, period_of
from tests.tui.forms.host import ZONE, at, clock, looked, people, saved, session, shown

TZ = ZoneInfo(ZONE)


@pytest.fixture
def practice(database: Database) -> Database:
    """Sessions of Jane Doe, one of them a no-show, and one of Bob in February."""
    ids = people(database)
    session(database, ids["Jane Doe"], at(3, 9))
    missed = session(database, ids["Jane Doe"], at(4, 9))
    appointments.cancel(database, missed, "no_show", fee_cents=2500, clock=clock)
    session(database, ids["Bob Reed"], at(10, 9, month=2))
    return database


def said(pilot: Pilot[None], name: str) -> str:
    return str(pilot.app.screen.query_one(f"#{name}", Static).content)


async def test_the_tables_one_after_another(practice: Database) -> None:
    async with shown(ReportsScreen(practice, TZ, clock=clock)) as (_, pilot):
        assert "March 2026" in said(pilot, "period")
        assert "90834 Individual therapy" in said(pilot, "table")
        await pilot.press("2")
        assert "Available" in said(pilot, "table")
        await pilot.press("tab")
        assert "Jane Doe · C-0001" in said(pilot, "table")
        await pilot.press("4")
        assert "To come" in said(pilot, "table")
        await pilot.press("right")
        assert "Sessions" in said(pilot, "table")


async def test_periods_step_and_change_their_length(practice: Database) -> None:
    async with shown(ReportsScreen(practice, TZ, clock=clock)) as (_, pilot):
        await pilot.press("H")
        await looked(pilot)
        assert "February 2026" in said(pilot, "period")
        assert "0.83" in said(pilot, "table")
        await pilot.press("p")
        await looked(pilot)
        assert "January to March 2026" in said(pilot, "period")
        await pilot.press("p", "L")
        await looked(pilot)
        assert "2027" in said(pilot, "period")
        assert "No sessions in this time" in said(pilot, "table")
        await pilot.press("t")
        await looked(pilot)
        assert "2026" in said(pilot, "period")


async def test_enter_on_a_missed_session_closes_with_its_entry(practice: Database) -> None:
    async with shown(ReportsScreen(practice, TZ, clock=clock)) as (app, pilot):
        await pilot.press("3")
        await pilot.pause()
        assert app.screen.query_one("#missed", OptionList).option_count == 1
        await pilot.press("enter")
        await saved(pilot)
        assert isinstance(app.answer, Entry)
        assert (app.answer.start, app.answer.cancel_type) == (at(4, 9), "no_show")


async def test_privacy_keeps_names_away(practice: Database) -> None:
    async with shown(ReportsScreen(practice, TZ, names="id", clock=clock)) as (app, pilot):
        await pilot.press("3")
        await pilot.pause()
        listed = app.screen.query_one("#missed", OptionList).options
        assert "Jane" not in said(pilot, "table") + "".join(str(option.prompt) for option in listed)
        assert "C-0001" in said(pilot, "table")


async def test_export_writes_a_new_private_file_with_ids(practice: Database, tmp_path: Path) -> None:  # P1, SYNC-03
    target = tmp_path / "out.csv"
    async with shown(ReportsScreen(practice, TZ, clock=clock)) as (app, pilot):
        await pilot.press("3", "e")
        await pilot.pause()
        app.screen.query_one("#text", Input).value = str(target)
        await pilot.press("enter")
        await saved(pilot)
        content = target.read_text("utf-8")
        assert content.splitlines()[1] == "2026-03,C-0001,C-0001,0,1,25.0"
        assert target.stat().st_mode & 0o777 == 0o600
        await pilot.press("e")
        await pilot.pause()
        for wrong, words in ((str(target), "already"), (str(tmp_path / "no" / "x.csv"), "no such folder")):
            app.screen.query_one("#text", Input).value = wrong
            await pilot.press("enter")
            await pilot.pause()
            assert isinstance(app.screen, Prompt)
            assert words in str(app.screen.query_one("#problem", Static).content)
    assert target.read_text("utf-8") == content


async def test_an_empty_practice_has_tables_that_say_so(database: Database) -> None:
    async with shown(ReportsScreen(database, TZ, clock=clock)) as (_, pilot):
        assert "No sessions in this time" in said(pilot, "table")
        await pilot.press("3")
        assert "No late cancels" in said(pilot, "table")


days = st.dates(date(2, 1, 1), date(9998, 12, 31))


@given(days, st.sampled_from(["month", "quarter", "year"]))
def test_periods_follow_on_each_other_without_a_gap(day: date, length: str) -> None:
    period = period_of(length, day)
    assert period.first <= day < period.until
    assert period.step(1).first == period.until
    assert period.step(1).step(-1) == period
    assert period.next_length().next_length().next_length().length == length


def test_periods_have_names() -> None:
    assert Period("quarter", date(2026, 10, 1)).words == "October to December 2026"
    assert [Period(name, date(2026, 4, 1)).file_words for name in ("month", "quarter", "year")] == [
        "2026-04", "2026-q2", "2026",
    ]  # fmt: skip
    assert period_of("year", date.max).step(1).first == date(9999, 1, 1)


@given(st.floats(0, 1), st.integers(1, 40), st.booleans())
def test_a_bar_is_as_long_as_its_part(part: float, cells: int, ascii_only: bool) -> None:
    drawn = bar(Line((), part), cells, ascii_only=ascii_only)
    assert len(drawn) <= cells
    assert abs(len(drawn) - part * cells) <= 1
    assert not ascii_only or drawn.isascii()


def test_a_bar_that_overflows_says_so() -> None:
    assert bar(Line((), 1.2), 5) == "━━━━+"
    assert bar(Line((), None), 5) == ""


def test_a_column_without_a_value_gives_its_room_to_the_others() -> None:
    table = Table("hours", "Hours", ("Service", "Hours", "Fees"), 1, [Line(("90837", "2.00", ""), 1.0)],
                  ("Total", "2.00", ""), "", "")  # fmt: skip
    for fee, heading in (("", "Service  Hours"), ("9.00", "Service  Hours  Fees")):
        table = table._replace(lines=[Line(("90837", "2.00", fee), None)])
        assert table_content(table, 40).plain.splitlines()[0] == heading


@given(st.text(max_size=80), st.integers(72, 120))
def test_no_line_of_a_table_is_wider_than_its_place(label: str, cells: int) -> None:
    table = Table("hours", "Hours", ("Service", "Sessions", "Hours"), 1, [Line((label, "1", "2.00"), 1.0)],
                  ("Total", "1", "2.00"), "", "")  # fmt: skip
    for line in table_content(table, cells).plain.splitlines():
        assert cell_len(line) <= cells
