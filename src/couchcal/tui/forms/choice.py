"""A row of words of which one is chosen: `Client session │ Client contact │ …`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from couchcal.tui.forms.plain import part_style


class Choice(Widget):
    """One choice out of a few, all visible; left and right change it, so does a click.

    `value` is the chosen key, None while nothing is chosen.
    """

    can_focus = True
    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"choice--option", "choice--chosen"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,down,space", "step(1)", "Next", show=False),
        Binding("left,up", "step(-1)", "Previous", show=False),
    ]
    value: reactive[str | None] = reactive[str | None](None, layout=True)

    class Changed(Message):
        """Another word was chosen."""

        def __init__(self, choice: Choice, value: str | None) -> None:
            super().__init__()
            self.choice = choice
            self.value = value

        @property
        def control(self) -> Choice:
            return self.choice

    def __init__(
        self, options: Sequence[tuple[str, str]], value: str | None = None, *, id: str | None = None
    ) -> None:
        super().__init__(id=id)
        self._options = list(options)
        self.set_reactive(Choice.value, value)

    def render(self) -> Content:
        chosen = part_style(self, "choice--chosen")
        other = part_style(self, "choice--option")
        words = [
            Content.styled(f" {label} ", chosen if key == self.value else other) for key, label in self._options
        ]
        return Content(" ").join(words)

    def offer(self, options: Sequence[tuple[str, str]], value: str | None) -> None:
        """Put other words in place, `value` chosen."""
        self._options = list(options)
        self.value = value
        self.refresh(layout=True)

    def watch_value(self, value: str | None) -> None:
        self.post_message(self.Changed(self, value))

    def action_step(self, by: int) -> None:
        """Choose the next word in a direction, around the ends."""
        keys = [key for key, _ in self._options]
        if self.value in keys:
            self.value = keys[(keys.index(self.value) + by) % len(keys)]
        else:
            self.value = keys[0 if by > 0 else -1]

    def on_click(self, event: events.Click) -> None:
        """Choose the word under the mouse."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        left = 0
        for key, label in self._options:
            right = left + len(label) + 2
            if left <= offset.x < right:
                self.value = key
            left = right + 1
