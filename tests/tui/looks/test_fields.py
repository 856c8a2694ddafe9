"""Where the ground of a field is that of its frame, or nearly, a line shows how far it goes, empty as it may be."""

from __future__ import annotations

import pytest
from textual.widgets import Input, TextArea

from couchcal.tui.forms.pick import Pick
from couchcal.tui.screens.lock import Answer, LockScreen
from couchcal.tui.theme import ANSI, CONTRAST
from tests.tui.conftest import AppFactory, settle
from tests.tui.looks.cells import rows_of
from tests.tui.looks.test_contrast import SIZE


async def _never(_text: str) -> Answer:
    raise AssertionError("nothing is typed")


@pytest.mark.parametrize("theme", [ANSI.name, CONTRAST.name])
async def test_an_empty_field_is_seen(make: AppFactory, theme: str) -> None:
    async with make(theme=theme).run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.press("n")
        await settle(pilot)
        marks = [[run.marks for run in row for _ in run.text] for row in rows_of(pilot.app)]
        fields = [field for field in pilot.app.screen.query("Input, TextArea, Pick") if not field.has_focus]
        assert {type(field) for field in fields} >= {Input, TextArea, Pick}
        for field in fields:
            region = field.content_region
            if field.is_on_screen and region.size:
                assert "u" in marks[region.y][region.x + region.width // 2], field.id


@pytest.mark.parametrize("theme", [ANSI.name, CONTRAST.name])
async def test_the_place_for_the_passphrase_is_seen(make: AppFactory, theme: str) -> None:
    async with make(theme=theme).run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.app.push_screen(LockScreen("locked", "Passphrase", _never))
        await pilot.pause()
        region = pilot.app.screen.query_one(Input).content_region
        marks = [run.marks for run in rows_of(pilot.app)[region.y] for _ in run.text]
        assert "u" in marks[region.x + region.width // 2]
