"""The keys: grouped, in two columns, filtered as you type."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import ClassVar, NamedTuple

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from couchcal.tui.forms.modal import Modal
from couchcal.tui.forms.plain import QUIET, plain
from couchcal.tui.text import clean, pad, spelled

_TWO_COLUMNS = 90
"""Cells of a terminal from which on there is room for two columns."""
_FRAME_CELLS, _FRAME_EDGES, _GAP_CELLS = 100, 8, 3
"""The frame's width, what its borders, padding and scrollbar take, and the gap between the columns."""


class HelpRow(NamedTuple):
    """A key, or several, and what they do; rows of one group stand together."""

    group: str
    key: str
    label: str


class HelpScreen(Modal[None]):
    """Every command with its present key; typing filters by key, word or group."""

    SIZE = "-full"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "scroll_rows(2)", show=False),
        Binding("up", "scroll_rows(-2)", show=False),
        Binding("pagedown", "scroll_rows(12)", show=False),
        Binding("pageup", "scroll_rows(-12)", show=False),
    ]

    def __init__(self, rows: Sequence[HelpRow]) -> None:
        super().__init__("Keys", "type to filter · ↓ more · esc close")
        self._rows = list(rows)

    def compose_body(self) -> ComposeResult:
        if self.app.has_class("-ascii"):
            self._rows = [row._replace(key=spelled(row.key)) for row in self._rows]
        yield Input(placeholder="filter: a key or words", id="text")
        with VerticalScroll(id="rows", can_focus=False), Horizontal(id="columns"):
            yield Static(id="left", markup=False)
            yield Static(id="right", markup=False)

    def on_resize(self) -> None:
        """Lay out anew in one or two columns."""
        self._show(self.query_one("#text", Input).value)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._show(event.value)
        self.query_one("#rows").scroll_home(animate=False)

    def action_scroll_rows(self, by: int) -> None:
        """Scroll the list while the filter keeps the focus."""
        self.query_one("#rows").scroll_relative(y=by, animate=False)

    def _show(self, text: str) -> None:
        groups = grouped(matching(self._rows, text))
        keys = max((cell_len(clean(row.key)) for row in self._rows), default=0)
        one = self.size.width < _TWO_COLUMNS
        inner = min(self.size.width, _FRAME_CELLS) - _FRAME_EDGES
        cells = inner if one else (inner - _GAP_CELLS) // 2
        columns = [groups, []] if one else halves(groups)
        for name, column in zip(("left", "right"), columns, strict=True):
            blocks = [_block(rows, keys, cells) for rows in column]
            self.query_one(f"#{name}", Static).update(Content("\n\n").join(blocks))
        self.query_one("#right").display = bool(columns[1])
        if not groups:
            self.query_one("#left", Static).update(plain("no key like that", QUIET))


def matching(rows: Sequence[HelpRow], text: str) -> list[HelpRow]:
    """Rows that have every word of `text`, in any letter case; one letter alone is a key."""
    words = text.split()
    if len(words) == 1 and len(words[0]) == 1:
        return [row for row in rows if words[0] in row.key.split()]
    return [
        row
        for row in rows
        if all(word.casefold() in f"{row.group} {row.key} {row.label}".casefold() for word in words)
    ]


def grouped(rows: Sequence[HelpRow]) -> list[list[HelpRow]]:
    """Rows by group, groups in the order in which they first come."""
    groups: dict[str, list[HelpRow]] = {}
    for row in rows:
        groups.setdefault(row.group, []).append(row)
    return list(groups.values())


def halves(groups: Sequence[list[HelpRow]]) -> list[list[list[HelpRow]]]:
    """Two columns of whole groups, in order, as even in height as can be."""
    heights = [len(rows) + 2 for rows in groups]
    total = sum(heights)
    cut = min(range(len(groups) + 1), key=lambda at: abs(total - 2 * sum(heights[:at])))
    return [list(groups[:cut]), list(groups[cut:])]


def _block(rows: Sequence[HelpRow], keys: int, cells: int) -> Content:
    """A group: its name, then key and label; a long label goes on below itself."""
    lines = [plain(rows[0].group, "bold $accent")]
    for row in rows:
        wrapped = wrap(clean(row.label), max(16, cells - keys - 2)) or [""]
        lines.append(Content.assemble((pad(clean(row.key), keys), "bold"), "  ", wrapped[0]))
        lines += [Content(" " * (keys + 2) + rest) for rest in wrapped[1:]]
    return Content("\n").join(lines)
