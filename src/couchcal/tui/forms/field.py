"""One line of a form: label, controls, and beside them what is understood or what is wrong."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Static

from couchcal.tui.forms.plain import plain


class Field(Horizontal):
    """A labelled field. Its note is a hint until `error` puts a problem there."""

    def __init__(
        self, label: str, *controls: Widget, id: str, hint: str = "", long: bool = False, classes: str = ""
    ) -> None:
        super().__init__(id=id, classes=f"field {'-long' if long else ''} {classes}".strip())
        self._label = label
        self._controls = controls
        self._hint = hint
        self._error = ""

    def compose(self) -> ComposeResult:
        yield Static(plain(self._label), classes="label")
        with Horizontal(classes="controls"):
            yield from self._controls
        yield Static(plain(self._hint), classes="note")

    @property
    def has_error(self) -> bool:
        return bool(self._error)

    def hint(self, text: str) -> None:
        """Say beside the field what is understood; an error stays until it is taken away."""
        if text != self._hint:
            self._hint = text
            self._show()

    def error(self, text: str) -> None:
        """Say what is wrong with the field; an empty text takes it away."""
        if text != self._error:
            self._error = text
            self._show()

    def _show(self) -> None:
        self.set_class(bool(self._error), "-bad")
        for note in self.query(".note").results(Static):
            note.update(plain(self._error or self._hint))

    def focus_first(self) -> None:
        """Put the cursor into the first control that takes it."""
        for control in self._controls:
            if control.can_focus and not control.disabled and control.display:
                control.focus()
                return
