"""The settings screen: both stores, what is wrong beside the field, nothing lost."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Static

from couchcal.paths import config_file, write_private
from couchcal.practice import practice_settings, undo
from couchcal.practice.outcome import Done
from couchcal.practice.practice_setting_values import UNLIMITED
from couchcal.practice.practice_settings import PracticeSettings
from couchcal.settings import Settings, load
from couchcal.settings_tables import known
from couchcal.store.connection import Database
from couchcal.tui.forms.choice import Choice
from couchcal.tui.forms.confirm import Confirm
from couchcal.tui.forms.field import Field
from couchcal.tui.forms.full_names import FullNamesWarning
from couchcal.tui.forms.pick import Pick
from couchcal.tui.forms.tick import Tick
from couchcal.tui.screens.preferences import PreferencesScreen
from couchcal.tui.screens.preferences_items import ITEMS, SECTIONS
from tests.tui.forms.host import PENDING, Host, clock, saved, screen_of, settle, shown


def stored(database: Database) -> PracticeSettings:
    with closing(database.connect()) as connection:
        return practice_settings.read(connection)


def put(modal: PreferencesScreen, name: str, value: Any) -> None:
    control = modal.query_one(f"#{name}")
    assert isinstance(control, (Input, Pick, Choice, Tick))
    control.value = value


async def save(pilot: Pilot[None]) -> None:
    await pilot.press("ctrl+s")
    await saved(pilot)


def test_every_setting_is_on_the_screen() -> None:  # APT-07, APT-11, VIS-02, VID-01, C-06, C-07
    here = [item.name for item in ITEMS if item.here]
    ours = {item.name for item in ITEMS if not item.here}
    assert set(here) == set(known())
    assert ours == set(PracticeSettings._fields) - {"version"}
    assert len({item.id for item in ITEMS}) == len(ITEMS) == sum(len(section.items) for section in SECTIONS)


async def test_both_stores_are_saved_the_practice_in_one_step(database: Database) -> None:
    before = stored(database)
    modal = PreferencesScreen(database, clock=clock)
    async with shown(modal) as (app, pilot):
        put(modal, "here-clock_24h", "false")
        put(modal, "here-week_start", "sunday")
        put(modal, "ours-use_rooms", True)
        put(modal, "ours-window_days", "")
        put(modal, "ours-max_per_day", "8")
        put(modal, "ours-confirm_public", "request")
        put(modal, "ours-telehealth_template", "https://video.example/{token}")
        await save(pilot)
    assert isinstance(app.answer, Done)
    assert app.answer.label == "Changed 5 settings of the practice"
    assert app.answer.advice == ("Saved for this computer: 2 settings",)
    assert load() == Settings(clock_24h=False, week_start=6)
    found = stored(database)
    assert (found.use_rooms, found.window_days, found.max_per_day) == (True, UNLIMITED, 8)
    assert found.telehealth_template == "https://video.example/{token}"
    undo.undo(database, clock=clock)
    assert stored(database)._replace(version=0) == before._replace(version=0)


@pytest.mark.parametrize(("key", "mode"), [("n", "id"), ("escape", "id"), ("y", "full")])
async def test_full_names_are_warned_against(database: Database, key: str, mode: str) -> None:  # SYNC-04
    modal = PreferencesScreen(database, clock=clock)
    async with shown(modal) as (app, pilot):
        put(modal, "ours-identifier_mode", "full")
        put(modal, "ours-google_title", "Session {name}")
        await pilot.press("ctrl+s")
        await screen_of(app, FullNamesWarning)
        assert app.focused is not None
        assert app.focused.id == "no"
        await pilot.press(key)
        await saved(pilot)
        found = stored(database)
        assert found.identifier_mode == mode
        assert found.google_title == ("Session {name}" if mode == "full" else "{name}")
        if mode == "full":
            assert isinstance(app.answer, Done)
            return
        assert app.answer is PENDING
        assert modal.query_one("#ours-identifier_mode", Choice).value == "full"
        assert modal.query_one("#ours-google_title", Input).value == "Session {name}"


async def test_other_names_outside_are_not_asked_about(database: Database) -> None:  # SYNC-03
    practice_settings.change(database, {"identifier_mode": "full"}, clock=clock)
    for mode in ("first", "initials", "id"):
        modal = PreferencesScreen(database, clock=clock)
        async with shown(modal) as (app, pilot):
            put(modal, "ours-identifier_mode", mode)
            await save(pilot)
            assert isinstance(app.answer, Done)
        assert stored(database).identifier_mode == mode


async def test_what_is_wrong_stands_beside_the_field_and_nothing_is_saved(database: Database) -> None:
    before = stored(database)
    modal = PreferencesScreen(database, clock=clock)
    async with shown(modal) as (app, pilot):
        put(modal, "ours-practitioner_npi", "123")
        put(modal, "here-second_time_zone", "Atlantis")
        put(modal, "ours-name", "Quiet Room")
        modal.query_one("#text", Input).value = "name"
        await save(pilot)
        assert modal.query_one("#row-ours-practitioner_npi", Field).note == "ten digits, the last one checks"
        assert modal.query_one("#row-here-second_time_zone", Field).note == "no such time zone"
        assert app.focused is modal.query_one("#here-second_time_zone")
        assert app.answer is PENDING
        put(modal, "here-second_time_zone", "Tokyo")
        await pilot.pause()
        assert not modal.query_one("#row-here-second_time_zone", Field).has_error
        put(modal, "ours-practitioner_npi", "1234567893")
        assert stored(database) == before
        await save(pilot)
    assert load().second_time_zone == "Asia/Tokyo"
    assert stored(database).practitioner_npi == "1234567893"
    assert stored(database).name == "Quiet Room"


async def test_colours_show_at_once_and_go_back(database: Database) -> None:
    modal = PreferencesScreen(database, clock=clock)
    async with shown(modal) as (app, pilot):
        put(modal, "here-theme", "couchcal-light")
        await pilot.pause()
        assert app.theme == "couchcal-light"
        await pilot.press("escape")
        await screen_of(app, Confirm)
        await pilot.press("y")
        await saved(pilot)
        assert app.theme == "couchcal-dark"
    assert app.answer is None
    assert not config_file().exists()


async def test_nothing_changed_closes_without_a_question(database: Database) -> None:
    modal = PreferencesScreen(database, clock=clock)
    async with shown(modal) as (app, pilot):
        await pilot.press("escape")
        await saved(pilot)
    assert app.answer is None


async def test_what_a_hand_wrote_meanwhile_is_kept(database: Database) -> None:
    write_private(config_file(), b"# mine\nnames = 'first'\n")
    modal = PreferencesScreen(database, clock=clock)
    async with shown(modal) as (_, pilot):
        write_private(config_file(), b"# mine\nnames = 'id'\n[keys]\nundo = 'z'\n")
        put(modal, "here-row_minutes", "15")
        await save(pilot)
    assert load() == Settings(names="id", row_minutes=15, keys={"undo": "z"})
    assert config_file().read_text().startswith("# mine\n")


async def test_somebody_else_changed_the_practice_meanwhile(database: Database) -> None:
    modal = PreferencesScreen(database, clock=clock)
    async with shown(modal) as (app, pilot):
        put(modal, "ours-city", "Ithaca")
        practice_settings.change(database, {"street": "1 High St", "city": "Elmira"}, clock=clock)
        await save(pilot)
        assert app.answer is PENDING
        assert "changed by somebody else" in str(modal.query_one("#problem", Static).render())
        assert modal.query_one("#ours-street", Input).value == "1 High St"
        assert modal.query_one("#ours-city", Input).value == "Ithaca"
        await save(pilot)
    assert (stored(database).street, stored(database).city) == ("1 High St", "Ithaca")


async def test_a_broken_file_is_told_and_never_written_over(database: Database) -> None:
    write_private(config_file(), b"theme = \n")
    modal = PreferencesScreen(database, clock=clock)
    async with shown(modal) as (app, pilot):
        assert "config.toml line 1" in str(modal.query_one("#problem", Static).render())
        put(modal, "ours-city", "Ithaca")
        put(modal, "here-names", "id")
        await save(pilot)
        assert app.answer is PENDING
        assert "correct that line first" in str(modal.query_one("#problem", Static).render())
        assert stored(database).city == "Ithaca"
        write_private(config_file(), b"theme = 'couchcal-dark'\n")
        await save(pilot)
    assert app.answer == Done("Saved for this computer: Names on screen", changed=0)
    assert load().names == "id"


async def test_the_filter_finds_by_words(database: Database) -> None:
    modal = PreferencesScreen(database, clock=clock)
    async with shown(modal) as (app, pilot):
        await pilot.press("slash", *"zone")
        seen = [item.id for item in ITEMS if modal.query_one(f"#row-{item.id}").display]
        assert seen == ["here-second_time_zone", "ours-tz"]
        assert [modal.query_one(f"#section-{n}").display for n in range(3)] == [True, True, False]
        assert [modal.query_one(f"#section-{n}").has_class("-first") for n in range(3)] == [True, False, False]
        modal.query_one("#text", Input).value = "npi"
        await pilot.pause()
        assert [node.id for node in modal.query(".section.-first")] == ["section-2"]
        modal.query_one("#text", Input).value = "zone"
        await pilot.press(*"xx")
        assert modal.query_one("#nothing").display
        modal.query_one("#text", Input).value = "clock"
        await pilot.press("tab", "right")
        assert modal.query_one("#here-clock_24h", Choice).value == "false"
        await pilot.press("slash")
        assert app.focused is modal.query_one("#text")


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_no_explanation_is_cut(database: Database, size: tuple[int, int]) -> None:
    modal = PreferencesScreen(database, clock=clock)
    async with shown(modal, size):
        for item in ITEMS:
            field = modal.query_one(f"#row-{item.id}", Field)
            assert "…" not in field.render().plain, item.id
            assert field.region.height == 1


def test_the_tests_write_into_a_home_of_their_own(isolated_home: Path) -> None:
    assert config_file().parent == isolated_home


async def test_what_is_typed_while_fields_are_made_is_kept_and_finds_the_last(
    database: Database,
) -> None:
    modal = PreferencesScreen(database, clock=clock)
    app = Host(modal)
    last = ITEMS[-1]
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*last.label.casefold().split()[0], *" ", *last.label.casefold().split()[-1])
        await settle(pilot)
        assert modal.query_one("#text", Input).value == " ".join(
            (last.label.casefold().split()[0], last.label.casefold().split()[-1])
        )
        assert modal.query_one(f"#row-{last.id}").display
        assert not modal.query_one(f"#row-{ITEMS[0].id}").display
        await pilot.press("enter")
        assert app.focused is modal.query_one(f"#{last.id}")
        await pilot.press("slash")
        modal.query_one("#text", Input).value = ""
        await settle(pilot)
        shown_rows = [row.id for row in modal.query(Field) if row.display]
        assert shown_rows == [f"row-{item.id}" for item in ITEMS]  # in the order of the screen, found first or not
