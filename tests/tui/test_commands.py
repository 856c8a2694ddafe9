"""One definition a command: keys, footer, palette, help and remapping agree because they are the same."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from textual.command import DiscoveryHit

from couchcal.scheduling.grab_keys import GRAB_KEYS
from couchcal.tui.calendar.screen import CalendarScreen
from couchcal.tui.calendar_commands import GoToDate
from couchcal.tui.commands import COMMANDS, CalendarCommands, bindings, keymap
from couchcal.tui.grab_help import GRAB_HELP
from tests.tui.conftest import AppFactory, settle

IDS = [command.id() for command in COMMANDS]


def test_names_come_from_the_class() -> None:
    assert (GoToDate.id(), GoToDate.action()) == ("go-to-date", "go_to_date")


def test_every_command_can_be_done_and_is_explained() -> None:
    for command in COMMANDS:
        assert callable(getattr(CalendarScreen, f"action_{command.action()}"))
        assert command.help()
        assert command.label
    assert len(set(IDS)) == len(COMMANDS)


def test_no_key_has_two_meanings() -> None:
    keys = [key for command in COMMANDS for key in keymap({}).keys[command.id()].split(",")]
    assert len(keys) == len(set(keys))


def test_bindings_carry_the_ids_that_settings_remap() -> None:
    assert [binding.id for binding in bindings()] == IDS


def test_a_remap_replaces_and_a_clash_is_reported() -> None:
    moved = keymap({"reschedule": "X"})
    assert (moved.keys["reschedule"], moved.problems) == ("X", ())
    clash = keymap({"reschedule": "n"})
    assert clash.keys["reschedule"] == "m"
    assert "belongs to new" in clash.problems[0]
    swapped = keymap({"reschedule": "n", "new": "m"})
    assert (swapped.keys["reschedule"], swapped.keys["new"], swapped.problems) == ("n", "m", ())


def test_an_unknown_name_gets_the_nearest_one() -> None:
    assert "did you mean 'reschedule'?" in keymap({"rescedule": "X"}).problems[0]


@given(st.dictionaries(st.sampled_from(IDS), st.sampled_from(["n", "m", "?", "ctrl+x", "F,G", "", ",", "j,k"])))
def test_whatever_is_remapped_every_command_keeps_a_key_of_its_own(overrides: dict[str, str]) -> None:
    found = keymap(overrides)
    assert all(found.keys[name] for name in IDS)
    if not found.problems:
        keys = [key for name in IDS for key in found.keys[name].split(",")]
        assert len(keys) == len(set(keys))


async def test_the_palette_shows_the_keys_that_work(make: AppFactory) -> None:
    async with make(keys={"privacy": "K"}).run_test(size=(80, 24)) as pilot:
        screen = await settle(pilot)
        shown = [
            str(hit.text) async for hit in CalendarCommands(screen).discover() if isinstance(hit, DiscoveryHit)
        ]
    assert "Privacy  (K)" in shown
    assert "Move  (m)" in shown


def test_help_for_grab_mode_covers_its_keys() -> None:
    shown = {key for keys, _ in GRAB_HELP for key in keys.split()}
    assert {key for key in GRAB_KEYS if len(key) == 1} <= shown
