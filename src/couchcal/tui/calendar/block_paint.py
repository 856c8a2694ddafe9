"""A block of the time grid, drawn line by line with edges exact to an eighth of a row."""

from __future__ import annotations

from functools import lru_cache

from rich.cells import cell_len
from rich.color import Color
from rich.style import Style

from couchcal.tui.calendar.canvas import Canvas
from couchcal.tui.calendar.layout import Block, eighths, text_rows
from couchcal.tui.calendar.words import Words, title_line
from couchcal.tui.text import Glyphs, fit
from couchcal.tui.theme import KindStyles

_WIDE = 34
"""From this width on the first line has room for name and details."""


@lru_cache(maxsize=4096)
def _edge(fore: Color | None, back: Color | None) -> Style:
    return Style(color=fore, bgcolor=back)


class Lines:
    """The words of one block, laid into its rows: row -> (left text, right text, whether it is the title)."""

    __slots__ = ("rows",)

    def __init__(self, words: Words, rows: list[int], width: int, glyphs: Glyphs, times: str, hidden: int) -> None:
        self.rows: dict[int, tuple[str, str, str]] = {}
        left, right = title_line(words, width - (len(f"+{hidden} ") if hidden else 0), glyphs)
        if hidden:
            right = f"{right} +{hidden}".lstrip()
        tag = words.tag if cell_len(words.tag) < width else words.tag.strip("[]")
        more = [part for part in (tag, words.detail) if part]
        room = width - cell_len(left) - cell_len(right) - 3
        beside = ""
        if width >= _WIDE:
            beside = fit(glyphs.separator.join(more), room, glyphs.ellipsis) if room > 6 else ""
            below = [times]
        elif len(rows) == 1:
            fitting = [part for part in more if cell_len(part) <= room]
            beside, below = (fitting[0] if fitting else ""), []
        else:
            below = [*more, times]
        self.rows[rows[0]] = (left, beside, right)
        for row, text in zip(rows[1:], below, strict=False):
            self.rows[row] = ("", fit(text, width - 1, glyphs.ellipsis), "")


def paint_block(
    canvas: Canvas,
    block: Block,
    lines: Lines,
    row: int,
    row_minutes: int,
    cells: tuple[int, int],
    styles: KindStyles,
    glyphs: Glyphs,
    *,
    selected: bool,
    has_bar: bool = True,
) -> None:
    """Draw the part of `block` that lies in grid row `row` into `cells` of the line."""
    x, until = cells
    title, detail, bar = (
        (styles.selected_title, styles.selected_detail, styles.selected_bar)
        if selected
        else (styles.title, styles.detail, styles.bar)
    )
    first, last = eighths(block.start, block.end, row, row_minutes)
    if block.touched and last == 8 and first == 0 and block.end <= (row + 1) * row_minutes:
        last = 7
    words = lines.rows.get(row)
    if not glyphs.lower and last == 7 and first == 0:
        canvas.fill(x, until, "_", detail)
        if has_bar:
            _bar(canvas, x, block, bar, glyphs, selected)
    elif (first, last) == (0, 8):
        canvas.fill(x, until, " ", detail)
        if has_bar:
            _bar(canvas, x, block, bar, glyphs, selected)
    elif glyphs.lower:
        _sliver(canvas, x, until, first, last, detail, glyphs.lower)
        if words is not None and has_bar:
            _bar(canvas, x, block, bar, glyphs, selected)
    elif words is not None or last - first >= 4:
        canvas.fill(x, until, " ", detail)
        if has_bar:
            _bar(canvas, x, block, bar, glyphs, selected)
    if words is None:
        return
    left, beside, right = words
    after = canvas.text(x + has_bar, left, title, until)
    if beside:
        gap = "  " if left else ""
        canvas.text(after, gap + beside, detail, until)
    if right:
        canvas.text(until - cell_len(right), right, title, until)


def _bar(canvas: Canvas, x: int, block: Block, style: Style, glyphs: Glyphs, selected: bool) -> None:
    hollow = block.entry.kind == "external"
    glyph = glyphs.bar_selected if selected else glyphs.bar_hollow if hollow else glyphs.bar
    canvas.fill(x, x + 1, glyph, style)


def _sliver(canvas: Canvas, x: int, until: int, first: int, last: int, fill: Style, lower: str) -> None:
    """A row covered in part. A cell has two colours: a part in its middle grows to the nearer edge. Where
    blocks have no ground of their own (sixteen colours) there is no edge to draw."""
    if fill.bgcolor is None or fill.bgcolor.is_default:
        canvas.fill(x, until, " ", fill)
        return
    if first > 0 and last < 8:
        if first <= 8 - last:
            first = 0
        else:
            last = 8
    for cell in range(x, until):
        under = canvas.styles[cell].bgcolor
        if first == 0:
            canvas.fill(cell, cell + 1, lower[8 - last], _edge(under, fill.bgcolor))
        else:
            canvas.fill(cell, cell + 1, lower[8 - first], _edge(fill.bgcolor, under))


def paint_outline(
    canvas: Canvas,
    rows: range,
    row: int,
    cells: tuple[int, int],
    style: Style,
    glyphs: Glyphs,
    text: tuple[str, str] = ("", ""),
) -> None:
    """A dashed box over `rows`: a request, or the place an entry is being moved from."""
    x, until = cells
    if until - x < 2:
        canvas.fill(x, until, glyphs.outline[3], style)
        return
    top_left, dash, top_right, side, bottom_left, bottom_right = tuple(glyphs.outline)
    title, detail = text
    inside = max(until - x - 2, 0)
    if len(rows) == 1:
        canvas.fill(x, until, " ", style)
        ends, middle = (side, side), fit(title, inside, glyphs.ellipsis)
    elif row == rows[0]:
        canvas.fill(x, until, dash, style)
        ends, middle = (top_left, top_right), fit(title, inside - 2, glyphs.ellipsis) if inside > 4 else ""
        middle = f" {middle} " if middle else ""
    elif row == rows[-1]:
        canvas.fill(x, until, dash, style)
        ends, middle = (bottom_left, bottom_right), ""
    else:
        canvas.fill(x, until, " ", style)
        ends = (side, side)
        words = detail if inside > 4 or row != rows[1] else title
        middle = fit(words, inside, glyphs.ellipsis) if row == rows[1] else ""
    canvas.text(x, ends[0], style, until)
    canvas.text(until - 1, ends[1], style, until)
    canvas.text(x + 1, middle, style, until - 1)


def block_lines(
    block: Block, words: Words, row_minutes: int, width: int, glyphs: Glyphs, times: str, hidden: int
) -> Lines:
    """The words of a block laid into the rows it has room in."""
    return Lines(words, text_rows(block.start, block.end, row_minutes), max(width - 1, 0), glyphs, times, hidden)
