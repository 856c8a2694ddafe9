"""Searching, and finding a time, at the keyboard."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from textual.widgets import Input, OptionList, Static

from couchcal.clock_words import use_clock_24h
from couchcal.practice import appointments
from couchcal.practice.cadence import Repeat
from couchcal.practice.outcome import Done
from couchcal.store.connection import Database
from couchcal.tui.forms.appointment import AppointmentForm
from couchcal.tui.screens.client_record import ClientRecordScreen
from couchcal.tui.screens.finder import FinderScreen
from couchcal.tui.screens.search import SearchScreen
from tests.tui.forms.host import ZONE, at, clock, looked, people, row, saved, screen_of, session, settle, shown

TZ = ZoneInfo(ZONE)


def lines(listing: OptionList) -> list[str]:
    return [str(option.prompt) for option in listing.options]


def text_of(modal: SearchScreen | FinderScreen, name: str) -> str:
    return str(modal.query_one(f"#{name}", Static).render())


@pytest.mark.parametrize("kind", [SearchScreen, FinderScreen])
async def test_what_may_be_typed_is_broken_between_examples(
    database: Database, kind: type[SearchScreen | FinderScreen]
) -> None:
    modal = kind(database, TZ, clock=clock)
    async with shown(modal, (80, 24)) as (_, pilot):
        modal.query_one(Input).value = " " if kind is SearchScreen else "tue quux "
        await looked(pilot)
        said = modal.query_one("#found", Static)
        drawn = [said.render_line(y).text.strip() for y in range(said.size.height)]
        assert len(drawn) > 1
        assert not any(line.startswith("·") or line.endswith("·") for line in drawn)


async def test_a_client_is_found_and_their_record_opened(database: Database) -> None:
    ids = people(database)
    session(database, ids["Jane Doe"], at(3, 15))
    modal = SearchScreen(database, TZ, clock=clock)
    async with shown(modal) as (app, pilot):
        assert "is:no-show" in text_of(modal, "found")
        modal.query_one(Input).value = "DOE"
        await looked(pilot)
        assert text_of(modal, "found") == "1 client, 1 entry"
        listing = modal.query_one(OptionList)
        assert listing.highlighted == 3  # the entry, past both headings
        (span,) = [s for s in listing.options[3].prompt.spans if "underline" in str(s.style)]  # type: ignore[union-attr]
        assert str(listing.options[3].prompt)[span.start : span.end] == "Doe"
        await pilot.press("up")
        assert listing.highlighted == 1
        await pilot.press("up", "enter")
        await screen_of(app, ClientRecordScreen)
        await pilot.press("escape")
        await settle(pilot)
        assert app.screen is modal


async def test_filters_find_what_was_missed_and_say_what_they_know(database: Database) -> None:  # CXL-02
    ids = people(database)
    missed = session(database, ids["Jane Doe"], at(3, 15))
    session(database, ids["Jane Doe"], at(4, 15))
    appointments.cancel(database, missed, "no_show", clock=clock)
    modal = SearchScreen(database, TZ, clock=clock)
    async with shown(modal) as (_, pilot):
        modal.query_one(Input).value = "jane is:no-show in:march"
        await looked(pilot)
        assert text_of(modal, "found") == "1 entry"
        modal.query_one(Input).value = "is:lost"
        await looked(pilot)
        assert "there are is:no-show" in text_of(modal, "found")
        modal.query_one(Input).value = ""
        await looked(pilot)
        assert lines(modal.query_one(OptionList)) == []


async def test_names_stay_hidden_where_they_are_hidden(database: Database) -> None:
    ids = people(database)
    session(database, ids["Jane Doe"], at(3, 15))
    for modal in (
        SearchScreen(database, TZ, names="id", clock=clock),
        FinderScreen(database, TZ, names="id", clock=clock),
    ):
        async with shown(modal) as (_, pilot):
            modal.query_one(Input).value = "for jane" if isinstance(modal, FinderScreen) else "jane"
            await looked(pilot)
            texts = [*lines(modal.query_one(OptionList)), text_of(modal, "found")]
            if isinstance(modal, FinderScreen):
                texts.append(text_of(modal, "understood"))
            assert not any("Jane" in text for text in texts)
            assert any("C-0001" in text for text in texts)


async def test_a_wish_finds_a_time_and_books_it(database: Database) -> None:
    ids = people(database)
    session(database, ids["Jane Doe"], at(3, 10), location_id=2)
    modal = FinderScreen(database, TZ, clock=clock)
    async with shown(modal) as (app, pilot):
        assert text_of(modal, "understood") == "50 min · Sun 1 Mar to Sat 28 Mar"
        modal.query_one(Input).value = "for jane d tue mornings, next 2 weeks"
        await looked(pilot)
        understood = text_of(modal, "understood")
        assert understood == "50 min · Tue · until 12:00 · Sun 1 Mar to Sat 14 Mar · Jane Doe"
        listing = modal.query_one(OptionList)
        assert lines(listing)[:4] == ["Tue 3 Mar", "   9:00–9:50", "  11:00–11:50", "Tue 10 Mar"]
        await pilot.press("down", "ctrl+o")
        await settle(pilot)
        assert "10:00" in text_of(modal, "around")
        await pilot.press("ctrl+o")
        assert not modal.query_one("#around").display
        await pilot.press("enter")
        await screen_of(app, AppointmentForm)
        await settle(pilot)
        await pilot.press("ctrl+s")
        await saved(pilot)
        assert isinstance(app.answer, Done)
    stored = row(database, app.answer.appointment_id or 0)
    assert (stored["client_id"], stored["service"], stored["location_id"]) == (ids["Jane Doe"], "90834", 2)
    assert stored["start_utc"] == at(3, 11).timestamp()
    assert stored["end_utc"] - stored["start_utc"] == timedelta(minutes=50).total_seconds()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tue quux", "Not understood: quux"),
        ("yesterday", "Those days are over."),
        ("for nobody", "No client is called that."),
        ("sat", "Nothing is free then."),
        ("[b]tue[/b]", "Not understood: [b]tue[/b]"),
    ],
)
async def test_what_cannot_be_found_is_said(database: Database, text: str, said: str) -> None:
    modal = FinderScreen(database, TZ, clock=clock)
    async with shown(modal) as (app, pilot):
        modal.query_one(Input).value = text
        await looked(pilot)
        assert said in text_of(modal, "understood") + text_of(modal, "found")
        assert lines(modal.query_one(OptionList)) == []
        await pilot.press("enter", "ctrl+o")
        assert app.screen is modal
        await pilot.press("escape")
        assert app.answer is None


async def test_a_word_half_typed_takes_nothing_away(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("couchcal.tui.screens.finder._WORD_S", 3600)
    modal = FinderScreen(database, TZ, clock=clock)
    async with shown(modal) as (app, pilot):
        modal.query_one(Input).value = "50 min tue"
        await looked(pilot)
        before = lines(modal.query_one(OptionList))
        modal.query_one(Input).value = "50 min tue aft"
        await settle(pilot)
        assert lines(modal.query_one(OptionList)) == before
        await pilot.press("enter")  # it is not what the list is for
        assert app.screen is modal


async def test_series_far_ahead_are_there(database: Database) -> None:  # REC-08
    ids = people(database)
    session(database, ids["Jane Doe"], at(3, 10), repeat=Repeat("weekly"))
    modal = FinderScreen(database, TZ, clock=clock)
    async with shown(modal) as (_, pilot):
        modal.query_one(Input).value = "tue 10-11 in october"
        await looked(pilot)
        assert lines(modal.query_one(OptionList)) == []


async def test_times_are_on_the_chosen_clock(database: Database) -> None:
    ids = people(database)
    session(database, ids["Jane Doe"], at(3, 15))
    use_clock_24h(False)
    try:
        modal = FinderScreen(database, TZ, clock=clock)
        async with shown(modal) as (_, pilot):
            modal.query_one(Input).value = "tue mornings"
            await looked(pilot)
            assert "until 12:00pm" in text_of(modal, "understood")
            assert lines(modal.query_one(OptionList))[1] == "   9:00am–9:50am"
        found = SearchScreen(database, TZ, clock=clock)
        async with shown(found) as (_, pilot):
            found.query_one(Input).value = "jane"
            await looked(pilot)
            assert lines(found.query_one(OptionList))[-1].startswith("Tue  3 Mar 2026   3:00pm  Jane Doe")
    finally:
        use_clock_24h(True)
