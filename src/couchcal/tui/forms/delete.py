"""Deleting, with the way to keep a record offered first. DEL-03, REC-05."""

from __future__ import annotations

from typing import Literal

from textual import on
from textual.app import ComposeResult
from textual.widgets import OptionList, Static

from couchcal.tui.forms.modal import Modal
from couchcal.tui.forms.options import Ways, way
from couchcal.tui.forms.plain import plain

DeleteAnswer = Literal["this", "future", "cancel_instead"]


class DeleteDialog(Modal[DeleteAnswer]):
    """Asks how to delete `entry_label`; cancelling instead is the first, highlighted way."""

    def __init__(self, entry_label: str, in_series: bool) -> None:
        super().__init__("Delete", "enter choose · esc close")
        self._label = entry_label
        self._in_series = in_series

    def compose_body(self) -> ComposeResult:
        yield Static(plain(self._label), id="body")
        options = [
            way("cancel_instead", "Cancel it instead", "stays on the calendar, marked as cancelled"),
            way("this", "Delete this event" if self._in_series else "Delete", "gone from the calendar for good"),
        ]
        if self._in_series:
            options.append(way("future", "Delete this and all future events", "past, signed and billed ones stay"))
        yield Ways(options, id="ways")

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        if event.option_id == "this":
            self.dismiss("this")
        elif event.option_id == "future":
            self.dismiss("future")
        else:
            self.dismiss("cancel_instead")
