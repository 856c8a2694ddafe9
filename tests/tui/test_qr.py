"""The drawn code has the modules of the encoder, dark on light, with light around them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st
from textual.content import Content
from textual.style import Style

from couchcal.tui.qr import LEAST_QUIET, QUIET, drawn, framed, lines, modules

LINK = "https://book.example.org/book/quiet-room"
_HALVES = {" ": (False, False), "▀": (True, False), "▄": (False, True), "█": (True, True)}


def read(rows: Sequence[str], *, ascii_only: bool, height: int) -> list[list[bool]]:
    """The modules that a camera sees, as told by the characters alone."""
    if ascii_only:
        assert all(set(row[::2]) <= {"#", " "} and row[::2] == row[1::2] for row in rows)
        return [[cell == "#" for cell in row[::2]] for row in rows]
    seen: list[list[bool]] = []
    for row in rows:
        seen += [[_HALVES[cell][half] for cell in row] for half in (0, 1)]
    assert not any(any(row) for row in seen[height:])
    return seen[:height]


@pytest.mark.parametrize("ascii_only", [False, True], ids=["half-blocks", "ascii"])
@pytest.mark.parametrize("link", [LINK, "http://127.0.0.1:8080/book/x", f"{LINK}-{'long-' * 20}"])
def test_what_is_drawn_is_the_code_of_the_link(link: str, ascii_only: bool) -> None:  # BOOK-01
    code = modules(link)
    content = drawn(code, 200, ascii_only=ascii_only)
    assert content is not None
    seen = read(content.plain.split("\n"), ascii_only=ascii_only, height=len(code) + 2 * QUIET)
    wanted = segno.make(link, error="l", micro=False)
    assert seen == [[bool(cell) for cell in row] for row in wanted.matrix_iter(border=QUIET)]


def test_dark_modules_are_black_on_white_in_every_theme() -> None:
    content = drawn(modules(LINK), 200, ascii_only=False)
    assert content is not None
    spans = content.spans
    assert sum(span.end - span.start for span in spans) == len(content.plain.replace("\n", ""))
    for span in spans:
        style = span.style if isinstance(span.style, Style) else Style.parse(span.style)
        assert style.foreground is not None
        assert style.background is not None
        assert (style.foreground.hex, style.background.hex) == ("#000000", "#FFFFFF")


def test_in_ascii_dark_modules_are_solid() -> None:
    content = drawn(modules(LINK), 200, ascii_only=True)
    assert content is not None
    for span in content.spans:
        style = span.style if isinstance(span.style, Style) else Style.parse(span.style)
        dark = set(content.plain[span.start : span.end]) == {"#"}
        assert style.background is not None
        assert style.background.hex == ("#000000" if dark else "#FFFFFF")


def test_with_less_room_there_is_less_around_it_and_then_no_code() -> None:
    code = modules(LINK)  # 29 modules: 37 with all of the zone, in 19 rows

    def rows(height: int) -> int:
        content = drawn(code, height, ascii_only=False)
        return 0 if content is None else content.plain.count("\n") + 1

    assert (len(code), rows(19), rows(18), rows(16)) == (29, 19, 17, 0)
    assert drawn(code, 17, ascii_only=False) == Content("\n").join(
        Content.styled(row, "#000000 on #ffffff") for row in lines(framed(code, LEAST_QUIET), ascii_only=False)
    )


@given(st.integers(1, 9), st.integers(0, 4), st.booleans(), st.data())
def test_any_modules_can_be_read_back(size: int, quiet: int, ascii_only: bool, data: st.DataObject) -> None:
    row = st.lists(st.booleans(), min_size=size, max_size=size)
    code = data.draw(st.lists(row, min_size=size, max_size=size))
    seen = read(lines(framed(code, quiet), ascii_only=ascii_only), ascii_only=ascii_only, height=size + 2 * quiet)
    assert [cells[quiet : quiet + size] for cells in seen[quiet : quiet + size]] == code
    assert sum(map(sum, seen)) == sum(map(sum, code))
