"""What is shown alone: the QR code of the booking link, and the address of a feed, which is shown once."""

from __future__ import annotations

from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, ScrollableContainer
from textual.widgets import Button, Static

from couchcal.tui.forms.modal import Modal
from couchcal.tui.forms.plain import QUIET, plain
from couchcal.tui.qr import Modules, drawn

_FRAME_ROWS, _FRAME_CELLS = 5, 6


class CodeScreen(Modal[None]):
    """A QR code and the link it leads to; what does not fit is reached by scrolling."""

    SIZE = "-code"
    AUTO_FOCUS = "#code-box"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("q,Q,enter", "leave", show=False)]

    def __init__(self, link: str, code: Modules) -> None:
        super().__init__("Booking link", "esc back")
        self._link = link
        self._code = code

    def compose_body(self) -> ComposeResult:
        yield Static(plain(self._link, "bold $accent"), id="link", markup=False)
        with ScrollableContainer(id="code-box"):
            yield Static(id="code", markup=False)

    def on_resize(self, event: events.Resize) -> None:
        """Fit the frame around as much as there is room for."""
        ascii_only = self.app.has_class("-ascii")
        content = drawn(self._code, event.size.height - _FRAME_ROWS, ascii_only=ascii_only)
        if content is None:
            content = drawn(self._code, 2 * len(self._code), ascii_only=ascii_only)
        if content is None:
            return
        rows = content.plain.splitlines()
        self.query_one("#code", Static).update(content)
        box = self.query_one("#code-box")
        box.styles.width = min(len(rows[0]) + 1, event.size.width - _FRAME_CELLS)
        box.styles.height = min(len(rows), event.size.height - _FRAME_ROWS)


class FeedAddress(Modal[None]):
    """The address of a new feed. Nothing keeps it: once closed it cannot be shown again.

    Args:
        public: whether other computers reach it.
    """

    SIZE = "-wide"
    AUTO_FOCUS = "#copy"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("y", "copy", "Copy", show=False)]

    def __init__(self, address: str, public: bool) -> None:
        super().__init__("Your feed", "y copy · esc close")
        self._address = address
        self._public = public

    def compose_body(self) -> ComposeResult:
        yield Static("Give this address to the program that subscribes. It is shown this once.", id="body")
        yield Static(plain(self._address, "bold $accent"), id="feed-address", markup=False)
        words = "Whoever has it can read when your sessions are; clients are called as “Names outside” says."
        if not self._public:
            words += " It works on this computer alone: “Page address” in the settings is empty."
        yield Static(plain(words, QUIET), id="feed-note", markup=False)
        with Horizontal(classes="buttons"):
            yield Button(plain("Copy"), id="copy")
            yield Button(plain("Close"), id="close")

    @on(Button.Pressed, "#copy")
    def action_copy(self) -> None:
        """Put the address into the clipboard, by way of the terminal (OSC 52)."""
        self.app.copy_to_clipboard(self._address)
        self.notify("Copied, where the terminal lets programs copy", markup=False)

    @on(Button.Pressed, "#close")
    def _close(self) -> None:
        self.dismiss(None)
