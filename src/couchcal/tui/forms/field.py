"""One line of a form: label, controls, and beside them what is understood or what is wrong."""

from __future__ import annotations

from rich.cells import cell_len
from textual.containers import Horizontal
from textual.content import Content
from textual.widget import Widget

from couchcal.tui.forms.plain import QUIET
from couchcal.tui.text import clean, fit, pad

LABEL_CELLS = 16


class Field(Horizontal):
    """A labelled field. Its note is a hint until `error` puts a problem there, or `lock_with` that it is locked.

    Label and note are drawn by the field itself, around its controls, so that a form of many fields is
    made of few widgets.
    """

    def __init__(
        self, label: str, *controls: Widget, id: str, hint: str = "", long: bool = False, classes: str = ""
    ) -> None:
        for control in controls:
            control.add_class("control", update=False)
        if controls:
            controls[0].add_class("-first", update=False)
        super().__init__(*controls, id=id, classes=f"field {'-long' if long else ''} {classes}".strip())
        self._label = clean(label)
        self.controls = controls
        self._hint = clean(hint)
        self._error = ""
        self._lock = ""

    def render(self) -> Content:
        bright = self.has_focus_within
        label = Content.styled(pad(self._label, LABEL_CELLS), "$foreground bold" if bright else QUIET)
        note = self.note
        if not note:
            return label
        edge = max((control.region.right for control in self.controls if control.display), default=0)
        left = max(LABEL_CELLS, edge - self.content_region.x + 1)
        style = "$text-error" if self._error else QUIET
        room = self.content_size.width - left
        text = "" if note == self._lock and cell_len(note) > room else fit(note, room)
        return Content.assemble(label, " " * (left - LABEL_CELLS), (text, style))

    def on_descendant_focus(self) -> None:
        """Brighten the label."""
        self.refresh()

    def on_descendant_blur(self) -> None:
        """Dim the label."""
        self.refresh()

    @property
    def note(self) -> str:
        """What stands beside the controls."""
        return self._error or self._lock or self._hint

    @property
    def has_error(self) -> bool:
        return bool(self._error)

    def hint(self, text: str) -> None:
        """Say beside the field what is understood; an error stays until it is taken away."""
        text = clean(text)
        if text != self._hint:
            self._hint = text
            self._note_changed()

    def error(self, text: str) -> None:
        """Say what is wrong with the field; an empty text takes it away."""
        text = clean(text)
        if text != self._error:
            self._error = text
            self._note_changed()

    def lock_with(self, text: str) -> None:
        """Take the field out of reach and say so beside it; an empty text gives it back."""
        self.disabled = bool(text)
        if text != self._lock:
            self._lock = text
            self._note_changed()

    def _note_changed(self) -> None:
        self.set_class(bool(self._error), "-bad")
        self.set_class(bool(self.note), "-noted")
        self.refresh()

    def focus_first(self) -> None:
        """Put the cursor into the first control that takes it."""
        for control in self.controls:
            if control.can_focus and not control.disabled and control.display:
                control.focus()
                return
