"""Text of people and of the database as content for a widget: cleaned, and never read as markup."""

from __future__ import annotations

from textual.content import Content

from couchcal.tui.text import clean

QUIET = "$foreground 74%"
"""The style of what is said beside: fainter on any ground, and readable there."""


def plain(text: str, style: str = "") -> Content:
    """`text`, its line breaks kept, in one style."""
    lines = "\n".join(clean(line) for line in text.splitlines())
    return Content.styled(lines, style) if style else Content(lines)
