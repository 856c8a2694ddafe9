"""For eyes that tell colours apart badly, and for terminals with few colours and plain letters."""

from __future__ import annotations

import re
import sys

import pytest
from rich.color import ColorSystem
from textual.color import Color
from textual.pilot import Pilot
from textual.widgets import Input

from couchcal.cli.main import main
from couchcal.store.connection import Database
from couchcal.tui.app import CouchcalApp
from couchcal.tui.calendar.period import View
from couchcal.tui.contrast import ENHANCED, MARK, TEXT, legible, ratio
from couchcal.tui.palette import Palette
from couchcal.tui.theme import ANSI, CONTRAST, DARK, LIGHT, theme_for
from tests.support.demo import NOW, at, event
from tests.tui.conftest import AppFactory, settle
from tests.tui.looks.cells import rows_of, text_of
from tests.tui.looks.test_contrast import SIZE, Pair, in_front, pairs, walk

CHANGES = (
    ("", "j"),
    ("tab", "tab"),
    ("3", "l"),
    ("4", "j"),
    ("2 C", "down"),
    ("escape n", "tab"),
    ("escape slash", "j"),
    ("escape a x escape", "left"),
    ("y r", "tab"),
)
"""Keys that lead to a screen, and one that does no more than move what is chosen there."""


def without_color(pilot: Pilot[None]) -> list[list[tuple[str, str]]]:
    """The screen in characters, and whether each is bold, underlined, struck or reversed."""
    rows = rows_of(pilot.app)
    return [[(letter, run.marks.replace("d", "")) for run in row for letter in run.text] for row in rows]


@pytest.mark.parametrize("theme", [DARK.name, ANSI.name])
async def test_what_is_chosen_is_seen_without_colours(make: AppFactory, theme: str) -> None:
    async with make(theme=theme).run_test(size=SIZE) as pilot:
        await settle(pilot)
        for there, step in CHANGES:
            await pilot.press(*there.split())
            await settle(pilot)
            before = without_color(pilot)
            await pilot.press(step)
            await settle(pilot)
            after = without_color(pilot)
            assert before[1:-1] != after[1:-1], (there, step, type(pilot.app.screen).__name__)


async def test_what_an_entry_is_is_told_by_words_and_marks(make: AppFactory) -> None:
    async with make().run_test(size=(200, 36)) as pilot:
        await settle(pilot)
        rows = rows_of(pilot.app)
        shown = text_of(rows)
        for mark in ("[no show]", "↻", "⚠", "🔒", "? Omar", "Time off", "contact", "╱"):
            assert mark in shown
        struck = [run.text for row in rows for run in row if "s" in run.marks]
        assert any("Tom" in text for text in struck)
        assert not any("Jane" in text for text in struck)


async def test_sixteen_colours_are_read_on_a_dark_terminal(make: AppFactory) -> None:
    seen: set[Pair] = set()
    await walk(make(theme=ANSI.name), lambda pilot: seen.update(pairs(in_front(pilot.app, rows_of(pilot.app)))))
    assert [pair for pair in seen if pair.ratio(ColorSystem.TRUECOLOR) < MARK] == []


@pytest.mark.parametrize(
    ("name", "system", "shown"),
    [
        (DARK.name, "truecolor", DARK.name),
        (LIGHT.name, "256", LIGHT.name),
        (DARK.name, "standard", ANSI.name),
        (CONTRAST.name, None, ANSI.name),
        (ANSI.name, "truecolor", ANSI.name),
        ("nord", "standard", "nord"),
    ],
)
def test_a_terminal_of_sixteen_colours_gets_its_own(name: str, system: str | None, shown: str) -> None:
    assert theme_for(name, system) == shown


def test_a_colour_is_mixed_until_it_can_be_read() -> None:
    dark, light, blue = Color(19, 22, 28), Color(213, 218, 227), Color(40, 60, 120)
    assert legible(light, dark, light) == light
    assert ratio(blue, dark) < MARK
    for least in (MARK, TEXT, ENHANCED):
        assert ratio(legible(blue, dark, light, least), dark) >= least
    assert ratio(Color(0, 0, 0), Color(255, 255, 255)) == pytest.approx(21)


@pytest.mark.parametrize("locale", ["C.UTF-8", "C"])
async def test_plain_marks_are_all_that_is_shown(
    demo: Database, make: AppFactory, monkeypatch: pytest.MonkeyPatch, locale: str
) -> None:
    monkeypatch.setenv("LC_ALL", locale)
    event(demo, "Ñandú 名前 👩‍👩‍👧 — “x”", at(3, 16))
    letters = set("Ñandú名前👩‍👧") if locale == "C.UTF-8" else set()
    odd: set[str] = set()
    widths: set[int] = set()

    def look(pilot: Pilot[None]) -> None:
        rows = rows_of(pilot.app)
        odd.update(letter for letter in text_of(rows) if not letter.isascii() and letter not in letters)
        if locale == "C":
            widths.update(sum(len(run.text) for run in row) for row in rows)

    await walk(make(ascii=True), look)
    assert odd == set()
    assert widths <= {SIZE[0]}


async def test_nothing_moves_by_itself(make: AppFactory) -> None:
    app: CouchcalApp = make(View.WEEK)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        assert app.animation_level == "none"
        for keys in ("a", "escape slash", "escape n"):
            await pilot.press(*keys.split())
            await settle(pilot)
            focused = app.screen.focused
            assert not isinstance(focused, Input) or not focused.cursor_blink


def test_the_theme_of_contrast_has_more_of_it() -> None:
    variables = CONTRAST.to_color_system().generate()
    palette = Palette.of({**variables, **CONTRAST.variables})
    words = [
        palette.base,
        palette.chrome,
        palette.bright,
        palette.accent,
        palette.warning,
        palette.error,
        palette.header,
    ]
    for kind in (*palette.kinds.values(), palette.cancelled):
        words += [kind.title, kind.detail, kind.selected_title, kind.selected_detail]
    for style in words:
        assert style.color is not None
        assert style.bgcolor is not None
        color, ground = (Color(*part.get_truecolor()) for part in (style.color, style.bgcolor))
        assert ratio(color, ground) >= ENHANCED
    lines = [
        Palette.of({**each.to_color_system().generate(), **each.variables}).faint.color for each in (CONTRAST, DARK)
    ]
    strong, quiet = (ratio(Color(*line.get_truecolor()), Color(0, 0, 0)) for line in lines if line is not None)
    assert strong >= MARK > quiet


async def test_the_agenda_is_read_from_top_to_bottom(make: AppFactory) -> None:
    async with make(View.AGENDA).run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        lines = [line.strip() for line in text_of(rows_of(pilot.app)).splitlines()[1:-1] if line.strip()]
        assert lines[0].startswith("Tue 3 March")
        entries = [line for line in lines if re.match(r"\d+:\d\d–", line)]
        assert len(entries) >= 6
        assert all(len(re.findall(r"\d+:\d\d–", line)) == 1 for line in entries)
        assert any(line.endswith("free") for line in lines)


@pytest.mark.parametrize(
    "command", [("agenda", "--from", "2026-03-02", "--to", "2026-03-07", "--cancelled"), ("free",)]
)
def test_what_commands_print_is_plain(
    demo: Database, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COUCHCAL_NOW", NOW.isoformat())
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setattr(sys, "argv", ["couchcal", *command, "--db", str(demo.path)])
    assert main() == 0
    printed = capsys.readouterr().out
    assert printed.isascii()
    assert "\x1b" not in printed
    assert command[0] == "free" or all(word in printed for word in ("[conflict]", "[no show]"))
