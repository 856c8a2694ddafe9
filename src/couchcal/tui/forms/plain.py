"""Text of people and of the database as content for a widget: cleaned, and never read as markup."""

from __future__ import annotations

from dataclasses import replace

from textual.content import Content
from textual.style import Style
from textual.widget import Widget

from couchcal.tui.text import clean

QUIET = "$foreground 74%"
"""The style of what is said beside: fainter on any ground, and readable there."""


def plain(text: str, style: str = "") -> Content:
    """`text`, its line breaks kept, in one style."""
    lines = "\n".join(clean(line) for line in text.splitlines())
    return Content.styled(lines, style) if style else Content(lines)


def part_style(widget: Widget, name: str) -> Style:
    """The style of a part of a widget, also where it is reversed, which `get_visual_style` leaves out."""
    reverse = bool(widget.get_component_styles(name).text_style.reverse)
    return replace(widget.get_visual_style(name), reverse=reverse or None)
