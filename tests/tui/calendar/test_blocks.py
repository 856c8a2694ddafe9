"""Blocks of the grid as they are drawn: exact edges, air between neighbours, words whole or absent."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from couchcal.practice.agenda import Entry
from couchcal.tui.calendar.block_paint import Lines
from couchcal.tui.calendar.layout import key_of, row_covers
from couchcal.tui.calendar.period import Period, View
from couchcal.tui.calendar.scene import Cursor, Scene
from couchcal.tui.calendar.time_layout import GUTTER
from couchcal.tui.calendar.time_paint import TimePainter
from couchcal.tui.calendar.words import words_of
from couchcal.tui.palette import Palette
from couchcal.tui.text import UNICODE
from couchcal.tui.theme import DARK
from tests.tui.calendar.entries import NEW_YORK, entry, local

DAY = date(2026, 3, 3)
ELSEWHERE = Cursor(date(2026, 3, 9))


def painter(entries: list[Entry], width: int = 13, row_minutes: int = 30) -> TimePainter:
    scene = Scene(
        View.DAY,
        Period(DAY, 1),
        tuple(entries),
        NEW_YORK,
        local(1, 12, month=1),
        row_minutes=row_minutes,
    )
    return TimePainter(scene, GUTTER + width, Palette.of(DARK.to_color_system().generate() | DARK.variables))


def column(entries: list[Entry], first: int, last: int, **options: Any) -> list[str]:
    """The text of the day's column in grid rows `first` to `last`."""
    drawn = painter(entries, **options)
    return [drawn.row(row, ELSEWHERE, None).text[GUTTER:-1] for row in range(first, last + 1)]


def test_a_second_line_is_whole_or_shorter_never_cut() -> None:
    tele: dict[str, Any] = {"modifiers": ("95",), "location": "Telehealth"}
    rows = {width: column([entry(local(3, 9), 60, **tele)], 19, 19, width=width)[0] for width in (26, 13, 9, 6)}
    assert rows == {26: "▌90837-95 · Telehealth   ", 13: "▌90837-95   ", 9: "▌90837  ", 6: "▌    "}


def test_an_event_tells_its_place_else_its_times_else_its_start() -> None:
    event: dict[str, Any] = {"kind": "other_event", "internal_id": None, "service": None, "title": "Lunch"}
    assert column([entry(local(3, 12), 60, location="Café", **event)], 25, 25) == ["▌Café       "]
    assert column([entry(local(3, 12), 60, location=None, **event)], 25, 25, width=15) == ["▌12:00–13:00  "]
    assert column([entry(local(3, 12), 60, location=None, **event)], 25, 25) == ["▌12:00      "]


def test_the_last_row_of_fifty_minutes_shows_the_edge_beside_its_words() -> None:
    assert column([entry(local(3, 9), 50)], 18, 19) == ["▌Jane D.    ", "▌90837    ▃▃"]


def test_a_last_row_in_part_has_no_words_where_a_row_above_takes_them() -> None:
    found = column([entry(local(3, 9), 80)], 18, 20)
    assert found[1] == "▌90837      "
    assert set(found[2]) == {"▃"}


def test_two_blocks_and_the_air_between_them_in_one_row() -> None:
    # 9:00–9:40, air, 9:50–11:00: the row of 9:30 is shared
    found = column([entry(local(3, 9), 40, 1), entry(local(3, 9, 50), 70, 2)], 18, 20)
    assert set(found[1]) <= set("▃▅ ")
    assert "Jane" in found[0]
    assert "Jane" in found[2]
    drawn = painter([entry(local(3, 9), 40, 1), entry(local(3, 9, 50), 70, 2)])
    strip = drawn.row(19, ELSEWHERE, None)
    fills = {segment.style.bgcolor for segment in strip if segment.style is not None}
    assert drawn.palette.base.bgcolor in fills


def test_two_short_blocks_in_one_row_stand_side_by_side() -> None:
    entries = [entry(local(3, 9), 10, 1), entry(local(3, 9, 20), 10, 2)]
    drawn = painter(entries)
    places = [drawn.cells_of(0, block) for block in drawn.blocks[0]]
    assert places[0] is not None
    assert places[1] is not None
    assert places[0][1] <= places[1][0]


@given(
    st.lists(st.tuples(st.integers(0, 1380), st.integers(1, 300)), min_size=1, max_size=6),
    st.sampled_from([15, 30, 60]), st.integers(4, 40),
)  # fmt: skip
def test_every_block_with_room_is_seen_and_owns_the_row_of_its_title(
    spans: list[tuple[int, int]], row_minutes: int, width: int
) -> None:
    entries = [
        entry(local(3, minute // 60, minute % 60), min(length, 1439 - minute), row)
        for row, (minute, length) in enumerate(spans)
    ]
    drawn = painter(entries, width, row_minutes)
    for row in range(drawn.rows):
        assert drawn.row(row, ELSEWHERE, None).cell_length == GUTTER + width
    for block in drawn.blocks[0]:
        if drawn.cells_of(0, block) is None:
            continue
        owned = [row for row, blocks in drawn._by_row[0].items() if block in blocks]
        assert owned
        assert set(owned) == set(drawn._covers[0, key_of(block.entry)])


@given(
    st.integers(0, 60), st.integers(1, 200), st.integers(1, 45), st.sampled_from(["late_cancel", "no_show", None]),
    st.text(max_size=12),
)  # fmt: skip
def test_words_fit_their_rows(start: int, length: int, width: int, cancelled: str | None, place: str) -> None:
    fields: dict[str, Any] = {"status": "cancelled", "cancel_type": cancelled} if cancelled else {}
    words = words_of(entry(local(3, 9), location=place or None, **fields), UNICODE, "full")
    lines = Lines(words, row_covers(start, start + length, 30), width, UNICODE, ("9:00–9:50", "9:00"))
    known = {words.tag, words.tag.strip("[]"), "cancelled", *words.details, "9:00–9:50", "9:00", ""}
    for row, (left, beside, right) in lines.rows.items():
        assert cell_len(left) + cell_len(beside) + cell_len(right) <= max(width - lines.edges[row], 1)
        assert beside in known or width >= 34


@pytest.mark.parametrize("kind", ["client_session", "external"])
def test_touching_blocks_in_one_row_leave_no_false_gap(kind: str) -> None:
    # 9:00–9:50 and 9:50–10:40: one follows the other, a hair of air at most
    found = column([entry(local(3, 9), 50, 1, kind=kind), entry(local(3, 9, 50), 50, 2, kind=kind)], 18, 20)
    assert found[1].endswith("▁▁")
    assert "Jane" in found[2]
