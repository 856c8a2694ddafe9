"""One choice out of a list that opens on demand; light, so that a form with many of them opens at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from textual import events, on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from couchcal.tui.forms.options import Ways
from couchcal.tui.forms.plain import QUIET, plain
from couchcal.tui.text import clean, fit

_BLANK = "—"


class PickList(Ways):
    """The open list: letters go to the first entry of which a word begins with them, Esc closes."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "close", "Close", show=False)]

    class Closed(Message):
        """The list is to go away; `take` says whether the highlighted entry was chosen."""

    def __init__(self, texts: list[str]) -> None:
        super().__init__(Option(plain(text)) for text in texts)
        self._texts = [text.casefold() for text in texts]
        self._typed = ""

    def on_key(self, event: events.Key) -> None:
        if event.is_printable and event.character and event.character != " ":
            event.stop()
            self.look_for(event.character)

    def look_for(self, character: str) -> None:
        """Add a typed character to what is looked for; where nothing fits it begins a new word."""
        for typed in (self._typed + character.casefold(), character.casefold()):
            for index, text in enumerate(self._texts):
                if any(word.startswith(typed) for word in text.split()):
                    self._typed = typed
                    self.highlighted = index
                    return

    def action_close(self) -> None:
        """Close without a choice."""
        self.post_message(self.Closed())

    def on_blur(self) -> None:
        self.post_message(self.Closed())


class Pick(Widget):
    """Shows the chosen entry; Enter, Space, down or a letter opens the list. `value` is its key or None."""

    can_focus = True
    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,space,down,up", "open", "Choose", show=False)]
    value: reactive[Any] = reactive[Any](None)

    class Changed(Message):
        """Another entry was chosen."""

        def __init__(self, pick: Pick, value: Any) -> None:
            super().__init__()
            self.pick = pick
            self.value = value

        @property
        def control(self) -> Pick:
            return self.pick

    def __init__(
        self,
        options: Iterable[tuple[str, Any]] = (),
        value: Any = None,
        *,
        blank: str | None = None,
        id: str | None = None,
    ) -> None:
        """`blank` is shown while nothing is chosen and heads the list; None: something is always chosen."""
        super().__init__(id=id)
        self._blank = blank
        self._options: list[tuple[str, Any]] = []
        self.offer(options)
        self.set_reactive(Pick.value, value)

    def offer(self, options: Iterable[tuple[str, Any]]) -> None:
        """Put other entries in place."""
        self._options = [(_BLANK, None)] if self._blank is not None else []
        self._options += [(clean(text), key) for text, key in options]
        self.refresh()

    def validate_value(self, value: Any) -> Any:
        """A key that is not offered is none."""
        return value if any(key == value for _, key in self._options) else None

    def watch_value(self, value: Any) -> None:
        self.post_message(self.Changed(self, value))

    def render(self) -> Content:
        width = max(4, self.content_size.width)
        text = next((text for text, key in self._options if key == self.value and key is not None), None)
        shown = fit(text if text is not None else self._blank or "", width - 2)
        gap = " " * (width - 1 - Content(shown).cell_length)
        return Content.assemble((shown, "" if text is not None else QUIET), gap, ("▾", QUIET))

    def action_open(self) -> None:
        """Open the list."""
        self._open("")

    def on_key(self, event: events.Key) -> None:
        if event.is_printable and event.character and event.character != " " and not self.query(PickList):
            event.stop()
            self._open(event.character)

    def on_click(self, event: events.Click) -> None:
        if event.widget is self:
            self._open("")

    def _open(self, character: str) -> None:
        if self.query(PickList) or not self._options:
            return
        keys = [key for _, key in self._options]
        listing = PickList([text for text, _ in self._options])
        self.mount(listing)
        listing.highlighted = keys.index(self.value) if self.value in keys else 0
        if character:
            listing.look_for(character)
        listing.focus()

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.value = self._options[event.option_index][1]
        self.focus()
        event.option_list.remove()

    @on(OptionList.OptionHighlighted)
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()

    @on(PickList.Closed)
    def _put_away(self, event: PickList.Closed) -> None:
        event.stop()
        for listing in self.query(PickList):
            if listing.has_focus:
                self.focus()
            listing.remove()
