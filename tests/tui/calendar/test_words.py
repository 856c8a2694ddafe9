"""Names, marks and cuts: what is written never breaks the grid and never tells what it should not."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style

from couchcal.tui.calendar.canvas import Canvas
from couchcal.tui.calendar.words import Words, span_text, title_line, words_of
from couchcal.tui.text import ASCII, UNICODE, Glyphs, clean, fit, glyphs_for, packed, pad
from tests.tui.calendar.entries import entry, local

_GROUNDS = [Style(color="red", bgcolor="blue"), Style(color="green", bgcolor="blue"), Style(bgcolor="black")]
glyph_sets = st.sampled_from([UNICODE, ASCII])


@given(st.text(max_size=40), st.integers(0, 30))
def test_cut_text_fits_and_says_that_it_is_cut(text: str, width: int) -> None:
    text = clean(text)
    short = fit(text, width)
    assert cell_len(short) <= width
    assert short == text or width == 0 or short.endswith("…")
    assert cell_len(pad(text, width)) == width


@given(st.text(max_size=40))
def test_no_control_or_direction_character_survives(text: str) -> None:
    assert all(char.isprintable() or char == " " or not char.isascii() for char in clean(text))
    assert not set(clean(text)) & set("\x1b\x9b\u202e\u2066\n\r\t\x00")


def test_a_name_full_of_escape_codes_and_markup_is_plain_text() -> None:
    named = entry(local(3, 9), first="[red]\x1b[31mJane\x07", last="\u202eDoe")
    words = words_of(named, UNICODE, "full")
    assert "\x1b" not in words.title
    assert words.title.startswith("[red]")


@given(st.text(min_size=1, max_size=20).map(clean), st.integers(1, 30), glyph_sets, st.integers(0, 3))
def test_marks_are_whole_or_absent_and_the_line_fits(name: str, width: int, glyphs: Glyphs, count: int) -> None:
    marks = (glyphs.conflict, glyphs.locked, glyphs.repeats)[:count]
    left, right = title_line(Words(name, name[:2], (), "", marks), width, glyphs)
    assert cell_len(left) + cell_len(right) + bool(right) <= max(width, 1)
    assert right.split(" ") == [""] or tuple(right.split(" ")) == marks[: len(right.split(" "))]


def test_a_narrow_block_shows_initials_and_keeps_the_warning() -> None:
    words = words_of(entry(local(3, 9), conflict=True, rrule="FREQ=WEEKLY"), UNICODE, "full")
    assert title_line(words, 12, UNICODE) == ("Jane D.", "⚠ ↻")
    assert title_line(words, 9, UNICODE) == ("Jane D.", "⚠")
    assert title_line(words, 5, UNICODE) == ("JD", "⚠")


@pytest.mark.parametrize(
    ("mode", "title"), [("full", "Jane D."), ("first", "Jane"), ("initials", "J.D."), ("id", "C-0001")]
)
def test_clients_are_called_as_the_setting_says(mode: str, title: str) -> None:
    assert words_of(entry(local(3, 9)), UNICODE, mode).title == title


def test_privacy_keeps_titles_of_events_to_itself() -> None:
    event = entry(local(3, 9), kind="other_event", internal_id=None, title="Lunch with Ann", service=None)
    assert words_of(event, UNICODE, "full").title == "Lunch with Ann"
    assert words_of(event, UNICODE, "id").title == "Event"


def test_a_cancelled_session_carries_its_type_and_locks_their_mark() -> None:
    # CXL-01, LCK-01
    missed = words_of(entry(local(3, 9), status="cancelled", cancel_type="no_show"), UNICODE, "full")
    assert missed.tag == "[no show]"
    signed = words_of(entry(local(3, 9), note_signed=True), ASCII, "full")
    assert signed.glyphs == ("#",)


def test_times_on_a_twelve_hour_clock() -> None:
    def on_clock(first: datetime, last: datetime) -> str:
        return span_text(first, last, "–", hour24=False)

    assert on_clock(local(3, 15), local(3, 15, 50)) == "3:00–3:50pm"
    assert on_clock(local(3, 11, 30), local(3, 12, 20)) == "11:30am–12:20pm"


def test_without_a_utf8_locale_marks_are_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_CTYPE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C")
    assert glyphs_for(None) is ASCII
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    assert glyphs_for(None) is UNICODE
    assert glyphs_for(True) is ASCII


_STYLES = [Style.parse("white on black"), Style.parse("red on black"), Style.parse("red on blue strike")]


@given(
    st.lists(st.tuples(st.integers(-2, 22), st.text("ab 日é🔒", max_size=8), st.sampled_from(_STYLES)), max_size=8)
)
def test_a_line_is_always_as_wide_as_it_should_be(texts: list[tuple[int, str, Style]]) -> None:
    canvas = Canvas(20, _STYLES[0])
    for x, text, style in texts:
        canvas.text(x, text, style)
    strip = canvas.strip()
    assert sum(cell_len(segment.text) for segment in strip) == strip.cell_length == 20


def test_overwriting_half_of_a_wide_character_blanks_the_other_half() -> None:
    canvas = Canvas(4, _STYLES[0])
    canvas.text(0, "日", _STYLES[0])
    canvas.text(1, "x", _STYLES[0])
    assert canvas.strip().text == " x  "


@given(st.lists(st.text("ab 1", max_size=20), min_size=1, max_size=6), st.integers(5, 60))
def test_a_toast_breaks_between_its_parts(parts: list[str], width: int) -> None:
    text = " · ".join(parts)
    lines = packed(text, " · ", width).split("\n")
    assert " · ".join(lines) == text
    assert all(cell_len(line) <= width or " · " not in line for line in lines)
    if cell_len(text) <= width:
        assert lines == [text]


_PAINTED = st.lists(
    st.tuples(st.integers(0, 11), st.integers(1, 5), st.sampled_from(" .x"), st.sampled_from(_GROUNDS)), max_size=8
)


@given(_PAINTED)
def test_a_strip_shows_every_cell_as_it_was_painted_and_nothing_twice(
    painted: list[tuple[int, int, str, Style]],
) -> None:
    canvas = Canvas(12, _GROUNDS[0])
    for x, size, char, style in painted:
        canvas.fill(x, x + size, char, style)
    shown = [(char, segment.style) for segment in canvas.strip() for char in segment.text]
    assert [char for char, _ in shown] == canvas.cells
    for (char, seen), style in zip(shown, canvas.styles, strict=True):
        assert seen == style or (char == " " and seen is not None and seen.bgcolor == style.bgcolor)
    styles = [segment.style for segment in canvas.strip()]
    assert all(one != other for one, other in pairwise(styles))
