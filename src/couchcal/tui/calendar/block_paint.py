"""A block of the time grid, drawn line by line with edges exact to an eighth of a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from rich.cells import cell_len
from rich.color import Color
from rich.style import Style

from couchcal.practice.agenda import Entry
from couchcal.tui.calendar.canvas import Canvas, runs
from couchcal.tui.calendar.layout import text_rows
from couchcal.tui.calendar.words import Words, longest, title_line
from couchcal.tui.palette import KindStyles
from couchcal.tui.text import Glyphs, fit

_WIDE = 34
"""From this width on the first line has room for name and details."""


@lru_cache(maxsize=4096)
def _edge(fore: Color | None, back: Color | None) -> Style:
    return Style(color=fore, bgcolor=back)


class Lines:
    """The words of one block, laid into its rows: row -> (title, text beside or below it, marks).

    `width` is the cells right of the bar. Everything but the title is there whole or not at all.
    """

    __slots__ = ("edges", "rows")

    def __init__(
        self,
        words: Words,
        covers: Mapping[int, tuple[int, int]],
        width: int,
        glyphs: Glyphs,
        times: Sequence[str] = (),
        hidden: int = 0,
    ) -> None:
        rows = text_rows(covers)
        self.edges = {row: edge_cells(covers[row], width, glyphs) for row in rows}
        """Cells at the right end of a row that are kept for its exact edge."""
        first = rows[0]
        more = f"+{hidden} " if hidden else ""
        left, right = title_line(words, max(width - self.edges[first], 0) - len(more), glyphs)
        if self.edges[first] and left != words.title:
            self.edges[first] = 0
            left, right = title_line(words, width - len(more), glyphs)
        if hidden:
            right = f"{right} +{hidden}".lstrip()
        room = width - self.edges[first] - cell_len(left) - cell_len(right) - 3
        tags = (words.tag, words.tag.strip("[]"), "cancelled") if words.tag else ()
        below = [wordings for wordings in (tags, words.details, times) if wordings]
        text = ""
        if width >= _WIDE:
            parts = [words.tag] if words.tag else []
            whole = [glyphs.separator.join([*parts, wording]) for wording in words.details]
            text, below = longest([*whole, *parts], room), [times]
        elif len(rows) == 1:
            text = _first(below, room)
        self.rows: dict[int, tuple[str, str, str]] = {first: (left, text, right)}
        for row in rows[1:]:
            text = _first(below, width - max(self.edges[row], 1))
            if not text and (text := _first(below, width - 1)):
                self.edges[row] = 0
            below = [wordings for wordings in below if text not in wordings]
            if text:
                self.rows[row] = ("", text, "")


def _first(wordings: Sequence[Sequence[str]], width: int) -> str:
    """Of the first thing to say that can be said in `width` cells the longest wording."""
    return next(filter(None, (longest(texts, width) for texts in wordings)), "")


def edge_cells(cover: tuple[int, int], width: int, glyphs: Glyphs) -> int:
    """The cells at the right end of a row with words that show how much of it is covered: a cell of text has
    one ground only."""
    if cover == (0, 8) or not glyphs.lower:
        return 0
    return 2 if width >= 8 else 1 if width >= 5 else 0


def paint_block(
    canvas: Canvas,
    entry: Entry,
    lines: Lines,
    row: int,
    cover: tuple[int, int],
    cells: tuple[int, int],
    styles: KindStyles,
    glyphs: Glyphs,
    *,
    selected: bool,
    has_bar: bool = True,
) -> None:
    """Draw the part of a block that lies in grid row `row`, the eighths `cover` of it, into `cells`."""
    x, until = cells
    title, detail, bar = (
        (styles.selected_title, styles.selected_detail, styles.selected_bar)
        if selected
        else (styles.title, styles.detail, styles.bar)
    )
    words = lines.rows.get(row)
    stop = until
    if not glyphs.lower:
        if cover == (0, 8) or words is not None or cover[1] - cover[0] >= 4:
            canvas.fill(x, until, "_" if cover == (0, 7) else " ", detail)
        else:
            has_bar = False
    elif cover == (0, 8):
        canvas.fill(x, until, " ", detail)
    elif words is None:
        _sliver(canvas, x, until, cover, detail, glyphs.lower)
        has_bar = False
    else:
        stop -= lines.edges[row]
        canvas.fill(x, stop, " ", detail)
        _sliver(canvas, stop, until, cover, detail, glyphs.lower)
    if has_bar:
        _bar(canvas, x, entry, bar, glyphs, selected)
    if words is None:
        return
    left, beside, right = words
    after = canvas.text(x + has_bar, left, title, stop)
    if beside:
        gap = "  " if left else ""
        canvas.text(after, gap + beside, detail, stop)
    if right:
        canvas.text(stop - cell_len(right), right, title, stop)


def _bar(canvas: Canvas, x: int, entry: Entry, style: Style, glyphs: Glyphs, selected: bool) -> None:
    hollow = entry.kind == "external"
    glyph = glyphs.bar_selected if selected else glyphs.bar_hollow if hollow else glyphs.bar
    canvas.fill(x, x + 1, glyph, style)


def _sliver(canvas: Canvas, x: int, until: int, cover: tuple[int, int], fill: Style, lower: str) -> None:
    """A row covered in part. A cell has two colours: a part in its middle grows to the nearer edge. Where
    blocks have no ground of their own (sixteen colours) there is no edge to draw."""
    if fill.bgcolor is None or fill.bgcolor.is_default:
        canvas.fill(x, until, " ", fill)
        return
    first, last = cover
    if first > 0 and last < 8:
        if first <= 8 - last:
            first = 0
        else:
            last = 8
    for start, stop, under in [*runs(canvas.styles[x:until])]:
        if first == 0:
            canvas.fill(x + start, x + stop, lower[8 - last], _edge(under.bgcolor, fill.bgcolor))
        else:
            canvas.fill(x + start, x + stop, lower[8 - first], _edge(fill.bgcolor, under.bgcolor))


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
