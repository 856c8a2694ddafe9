"""A report's table as content: aligned columns, a bar beside its number, total and note. Pure."""

from __future__ import annotations

from rich.cells import cell_len
from textual.content import Content

from couchcal.practice.report_tables import Line, Table
from couchcal.tui.forms.plain import QUIET
from couchcal.tui.text import clean, fit, pad

_WHOLE, _HALF, _PLAIN = "━", "╸", "#"
_GAP = "  "
_LONGEST_BAR, _SHORTEST_BAR = 32, 6
_NARROWEST_TEXT = 24


def table_content(table: Table, cells: int, *, ascii_only: bool = False) -> Content:
    """The table in at most `cells` columns; bars take what is left of them. A column without a value is none."""
    if not table.lines:
        return Content.styled(table.empty, QUIET)
    rows = [tuple(map(clean, line.cells)) for line in table.lines]
    used = [at for at in range(len(table.headings)) if at < table.texts or any(row[at] for row in rows)]
    headings, *rows = [tuple(row[at] for at in used) for row in (table.headings, *rows)]
    total = None if table.total is None else tuple(table.total[at] for at in used)
    shown = [headings, *rows, *([total] if total is not None else [])]
    widths = [max(map(cell_len, column)) for column in zip(*shown, strict=True)]
    taken = sum(widths) + len(_GAP) * len(widths)
    name = table.texts - 1  # the column that gives way to the others
    widths[name] = min(widths[name], max(_NARROWEST_TEXT, widths[name] - (taken + _SHORTEST_BAR - cells)))
    room = cells - sum(widths) - len(_GAP) * len(widths)
    bars = min(_LONGEST_BAR, room) if room >= _SHORTEST_BAR else 0
    lines = [Content.styled(_row(headings, widths, table.texts), QUIET)]
    for row, line in zip(rows, table.lines, strict=True):
        text = _row(row, widths, table.texts)
        lines.append(Content.assemble(text, _GAP, (bar(line, bars, ascii_only=ascii_only), "$accent")))
    if total is not None:
        lines.append(Content.styled(_row(total, widths, table.texts), "bold"))
    return Content("\n").join(lines)


def bar(line: Line, cells: int, *, ascii_only: bool = False) -> str:
    """A bar of up to `cells`, exact to half of one; what overflows ends in a plus.

    It is a line and no block: blocks below each other run into one.
    """
    if line.part is None or cells <= 0:
        return ""
    if line.part > 1:
        return (_PLAIN if ascii_only else _WHOLE) * (cells - 1) + "+"
    if ascii_only:
        return _PLAIN * round(line.part * cells)
    whole, half = divmod(round(line.part * cells * 2), 2)
    return _WHOLE * whole + _HALF * half


def _row(cells: tuple[str, ...], widths: list[int], texts: int) -> str:
    shown = (
        pad(cell, width) if at < texts else " " * (width - cell_len(cell)) + fit(cell, width)
        for at, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return _GAP.join(shown)
