"""The recovery code of a new practice, shown this once."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Button, Static

from couchcal.tui.forms.modal import Modal
from couchcal.tui.forms.plain import QUIET, plain

_GROUPS_A_LINE = 4


class RecoveryCode(Modal[bool]):
    """Shows `code` and where the key is; Esc and Enter go on."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "leave", "Go on", show=False)]
    AUTO_FOCUS = "#go-on"

    def __init__(self, code: str, key_place: str) -> None:
        super().__init__("Your recovery code", "enter go on")
        groups = code.split("-")
        lines = ["-".join(groups[at : at + _GROUPS_A_LINE]) for at in range(0, len(groups), _GROUPS_A_LINE)]
        self._code = "-\n".join(lines)
        self._key_place = key_place

    def compose_body(self) -> ComposeResult:
        yield Static(
            Content("\n\n").join(
                [
                    plain("It opens your data should the passphrase or the keyring be lost."),
                    plain(self._code, "bold"),
                    plain("Write it on paper and keep that away from this computer. It is not shown again."),
                    plain(f"The key itself is in {self._key_place}.", QUIET),
                ]
            ),
            id="body",
        )
        with Horizontal(classes="buttons"):
            yield Button("It is written down", id="go-on")

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.dismiss(True)
