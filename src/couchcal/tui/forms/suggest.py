"""Suggestions below an input: clients by name or internal id, time zones by place."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.message import Message
from textual.widgets import Input
from textual_autocomplete import AutoComplete, DropdownItem, TargetState


class Suggest(AutoComplete):
    """A dropdown whose candidates are a function of the typed text; Tab takes one and moves on."""

    class Taken(Message):
        """A suggestion was put into the input."""

        def __init__(self, target: Input) -> None:
            super().__init__()
            self.target = target

    def __init__(self, target: Input | str, find: Callable[[str], Sequence[str]]) -> None:
        super().__init__(target, self._items, prevent_default_tab=False)
        self._find = find

    def _items(self, state: TargetState) -> list[DropdownItem]:
        return [DropdownItem(text) for text in self._find(state.text)]

    def get_matches(
        self, target_state: TargetState, candidates: list[DropdownItem], search_string: str
    ) -> list[DropdownItem]:
        """The candidates as they are: the function has chosen and ordered them."""
        return candidates

    def should_show_dropdown(self, search_string: str) -> bool:
        """Not for an empty input, nor when the only suggestion stands there already."""
        options = self.option_list.options
        text = self.target.value
        return bool(text.strip()) and bool(options) and str(options[0].prompt) != text

    def post_completion(self) -> None:
        super().post_completion()
        self.target.cursor_position = len(self.target.value)
        self.target.post_message(self.Taken(self.target))
