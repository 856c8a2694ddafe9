"""On a terminal of sixteen colours what is chosen is reversed: its own two ends can be read on each other."""

from __future__ import annotations

import pytest
from textual.app import App

from couchcal.tui.theme import ANSI
from tests.tui.conftest import AppFactory, settle
from tests.tui.looks.cells import rows_of
from tests.tui.looks.test_contrast import SIZE


def reversed_words(app: App[None]) -> str:
    """What is written in the ground on the colour of words, neither of them any other."""
    runs = (run for row in rows_of(app) for run in row)
    return " ".join(run.text for run in runs if "r" in run.marks and run.color is None and run.ground is None)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ("tab", "Tom A."),
        ("4 tab", "Tom A."),
        ("C", "Tom Ash"),
        ("A c", "Tuesday"),
        ("n tab enter 9", "90791"),
        ("r", "Omar"),
        ("comma tab", "dark"),
    ],
)
async def test_what_is_chosen_is_reversed(make: AppFactory, keys: str, words: str) -> None:
    async with make(theme=ANSI.name).run_test(size=SIZE) as pilot:
        await settle(pilot)
        for key in keys.split():
            await pilot.press(key)
            await settle(pilot)
        assert words in reversed_words(pilot.app)
