"""Text of people and of the database as content for a widget: cleaned, and never read as markup."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from textual.content import Content
from textual.style import Style
from textual.widget import Widget

from couchcal.tui.text import clean, packed

_WIDE_FRAME, _FRAME_EDGES = 88, 6
"""Cells of a wide frame, as the style sheet has it, and what its borders and padding take of them."""
QUIET = "$foreground 74%"
"""The style of what is said beside: fainter on any ground, and readable there."""


def plain(text: str, style: str = "") -> Content:
    """`text`, its line breaks kept, in one style."""
    lines = "\n".join(clean(line) for line in text.splitlines())
    return Content.styled(lines, style) if style else Content(lines)


def parted(text: str, terminal: int, style: str = "") -> Content:
    """`plain`, in a wide frame on a terminal of so many cells broken between its parts, which ` · ` is between."""
    return plain(packed(text, " · ", min(terminal, _WIDE_FRAME) - _FRAME_EDGES), style)


def joined(parts: Sequence[Content], terminal: int) -> Content:
    """`parts` with ` · ` between, in a wide frame on a terminal of so many cells broken only between them."""
    cells = min(terminal, _WIDE_FRAME) - _FRAME_EDGES
    first, *others = parts
    lines = [first]
    for part in others:
        together = Content(" · ").join([lines[-1], part])
        if together.cell_length <= cells:
            lines[-1] = together
        else:
            lines.append(part)
    return Content("\n").join(lines)


def part_style(widget: Widget, name: str) -> Style:
    """The style of a part of a widget, also where it is reversed, which `get_visual_style` leaves out."""
    reverse = bool(widget.get_component_styles(name).text_style.reverse)
    return replace(widget.get_visual_style(name), reverse=reverse or None)
