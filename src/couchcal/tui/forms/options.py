"""A short list of ways to go on, each with a line that says what it does."""

from __future__ import annotations

from collections.abc import Iterable

from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from couchcal.tui.text import clean


def way(identifier: str, name: str, explanation: str = "") -> Option:
    """An option: what it is called, and dim below it what it does."""
    lines = [Content.styled(clean(name), "bold")]
    if explanation:
        lines.append(Content.styled(clean(explanation), "dim"))
    return Option(Content("\n").join(lines), id=identifier)


class Ways(OptionList):
    """The list itself; Enter takes the highlighted option."""

    def __init__(self, options: Iterable[Option], *, id: str | None = None) -> None:
        super().__init__(*options, id=id, markup=False)

    def step(self, by: int) -> None:
        """Move the highlight to the next option that can be chosen, to the one before if `by` is negative."""
        if by > 0:
            self.action_cursor_down()
        else:
            self.action_cursor_up()
