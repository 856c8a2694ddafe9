"""A short list of ways to go on, each with a line that says what it does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.content import Content
from textual.strip import Strip
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from couchcal.tui.forms.plain import QUIET, part_style
from couchcal.tui.text import clean, glyphs_on


def way(identifier: str, name: str, explanation: str = "") -> Option:
    """An option: what it is called, and quiet below it what it does."""
    lines = [Content.styled(clean(name), "bold")]
    if explanation:
        lines.append(Content.styled(clean(explanation), QUIET))
    return Option(Content("\n").join(lines), id=identifier)


class Ways(OptionList):
    """The list itself; Enter takes the highlighted option."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"ways--bar"}

    def __init__(self, options: Iterable[Option], *, id: str | None = None) -> None:
        super().__init__(*options, id=id, markup=False)

    def render_line(self, y: int) -> Strip:
        """As in an option list, with a bar before what is highlighted: a ground alone is a matter of colour.

        A highlight that is reversed by the styles is reversed whole, whatever the colours of its words.
        """
        strip = super().render_line(y)
        line = self.scroll_offset.y + y
        if self.highlighted is None or line >= len(self._lines) or self._lines[line][0] != self.highlighted:
            return strip
        ground = next((segment.style for segment in strip if segment.style), Style.null())
        color = self.get_visual_style("ways--bar").rich_style.color
        if part_style(self, "option-list--option-highlighted").reverse:
            strip = strip.apply_style(Style(reverse=True))
        bar = Segment(glyphs_on(self.app).bar, ground + Style(color=color if self.has_focus else None))
        return Strip.join([Strip([bar], 1), strip.crop(1)])

    def step(self, by: int) -> None:
        """Move the highlight to the next option that can be chosen, to the one before if `by` is negative."""
        if by > 0:
            self.action_cursor_down()
        else:
            self.action_cursor_up()
