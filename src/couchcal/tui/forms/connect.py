"""Signing in at Google: the address to open, and the way back. SYNC-07."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Input, Static

from couchcal.errors import CouchcalError
from couchcal.tui.forms.away import away
from couchcal.tui.forms.field import Field
from couchcal.tui.forms.modal import Modal, problem_words
from couchcal.tui.forms.plain import QUIET, plain
from couchcal.tui.text import clean

if TYPE_CHECKING:
    from couchcal.sync.google.signin import Granted, SignIn

_SPIN_S = 0.12
_SPINNERS = {False: "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", True: "|/-\\"}
"""The frames by whether the terminal shows ASCII only."""
_CHROME_ROWS = 15
_KEYS_OVER = "r try again · esc cancel"
_ABOUT = (
    "Open this address in a browser, on whatever computer, and say yes to what is asked. If that browser cannot "
    "come back to this program, its last page does not load: paste the address of that page below."
)


class AddressBox(VerticalScroll, can_focus=True):
    """The whole address, folded; the mouse marks it, `c` copies it."""


class ConnectForm(Modal["Granted"]):
    """Shows where to sign in and waits until somebody did, there or by pasting; answers what was granted.

    Esc ends the waiting at once. Nothing is stored here.

    Args:
        begin: opens the way back and makes the address; blocks.
        open_browser: shows an address in a graphical browser; None where there is none.
        stop: set when the waiting is to end.
    """

    SIZE = "-wide"
    AUTO_FOCUS = "#address-box"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "copy", "Copy", show=False),
        Binding("o", "open", "Open", show=False),
        Binding("r", "again", "Try again", show=False),
    ]

    def __init__(
        self, begin: Callable[[], SignIn], *, open_browser: Callable[[str], bool] | None = None, again: bool = False
    ) -> None:
        super().__init__("Sign in again" if again else "Connect Google Calendar", self._keys(open_browser))
        self._begin = begin
        self._open_browser = open_browser
        self._sign_in: SignIn | None = None
        self._stop = Event()
        self._frame = 0
        self._waiting = False

    @staticmethod
    def _keys(open_browser: object) -> str:
        return (
            "c copy · o open in a browser · tab next · esc cancel"
            if open_browser
            else "c copy · tab next · esc cancel"
        )

    @property
    def address(self) -> str:
        """Where to sign in; empty until it is known."""
        return self._sign_in.url if self._sign_in is not None else ""

    def compose_body(self) -> ComposeResult:
        yield Static(plain(_ABOUT), id="body")
        with AddressBox(id="address-box"):
            yield Static(id="address", markup=False)
        with Horizontal(classes="buttons", id="address-buttons"):
            if self._open_browser is not None:
                yield Button("Open in browser", id="open")
            yield Button("Copy", id="copy")
            yield Button("Try again", id="again")
        pasted = Input(id="pasted", max_length=8000, placeholder="http://127.0.0.1:…?state=…&code=…")
        yield Field("Last address", pasted, id="row-pasted", long=True)
        yield Static(id="spinning", markup=False)

    def on_mount(self) -> None:
        self.set_interval(_SPIN_S, self._spin)
        self._start()

    def on_unmount(self) -> None:
        self._stop.set()
        if self._sign_in is not None:
            self._sign_in.close()

    def on_resize(self, event: events.Resize) -> None:
        """Let the address take what the screen leaves; what is more is scrolled."""
        self.query_one("#address-box").styles.max_height = max(3, event.size.height - _CHROME_ROWS)

    def _start(self) -> None:
        self._show_ways(over=False)
        self.show_problem("")
        self.run_worker(self._wait(), group="sign-in", exit_on_error=False)

    async def _wait(self) -> None:
        self._waiting = True
        self._spin()
        try:
            if self._sign_in is None:
                self._sign_in = await away(self._begin)
                self.query_one("#address", Static).update(plain(self.address))
                self._spin()
            granted = await away(self._wait_there)
        except Exception as error:
            self._failed(error)
            return
        self._waiting = False
        if granted is not None and not self._stop.is_set():
            self.dismiss(granted)

    def _wait_there(self) -> Granted | None:
        if self._sign_in is None:
            return None
        from couchcal.sync.google.auth import refuse_unticked

        granted = self._sign_in.wait(self._stop)
        refuse_unticked(granted.scopes)
        return granted

    def _failed(self, error: Exception) -> None:
        """Say what went wrong. A sign-in that was refused is over: the next one has an address of its own."""
        self._waiting = False
        if self._sign_in is not None:
            self._sign_in.close()
            self._sign_in = None
        if self._stop.is_set():
            return
        self.query_one("#spinning", Static).update("")
        self.query_one("#address", Static).update("")
        self._show_ways(over=True)
        self.query_one("#again").focus()
        self.show_problem(sign_in_words(error))

    def _show_ways(self, *, over: bool) -> None:
        """Show the address and what can be done with it, or, once the sign-in is over, the way to another one."""
        for way in self.query("#body, #address-box, #open, #copy, #row-pasted, #spinning"):
            way.display = not over
        self.query_one("#again").display = over
        frame, problem = self.query_one("#frame"), self.query_one("#problem")
        if over:
            frame.move_child(problem, before=self.query_one("#address-buttons"))
        else:
            frame.move_child(problem, after=self.query_one("#spinning"))
        keys = _KEYS_OVER if over else self._keys(self._open_browser)
        self.hint(keys)

    def _spin(self) -> None:
        if not self._waiting:
            return
        frames = _SPINNERS[self.app.has_class("-ascii")]
        self._frame = (self._frame + 1) % len(frames)
        words = "waiting for the browser" if self.address else "asking this computer for a way back"
        spinning = Content.assemble((frames[self._frame], "$accent"), (f" {words} …", QUIET))
        self.query_one("#spinning", Static).update(spinning)

    # Ways

    def action_copy(self) -> None:
        """Copy the address, by the terminal."""
        if self.address:
            self.app.copy_to_clipboard(self.address)
            self.notify("Copied, if your terminal lets programs copy. Else mark it with the mouse.")

    def action_open(self) -> None:
        """Show the address in a browser of this computer."""
        if self.address and self._open_browser is not None:
            self.run_worker(self._open(self._open_browser), group="open", exit_on_error=False)

    async def _open(self, browse: Callable[[str], bool]) -> None:
        address = self.address
        try:
            opened = await away(lambda: browse(address))
        except Exception:
            opened = False
        if not opened:
            self.show_problem("No browser could be opened: copy the address with c.")

    def action_again(self) -> None:
        """Begin anew after a refusal."""
        if not self._waiting:
            self._start()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        {"open": self.action_open, "copy": self.action_copy, "again": self.action_again}[str(event.button.id)]()

    # Pasting

    def on_paste(self, event: events.Paste) -> None:
        """Whatever has the focus: what is pasted is the address that the browser ended at."""
        if not isinstance(self.focused, Input):
            event.stop()
            pasted = self.query_one("#pasted", Input)
            pasted.value = clean(event.text)
            pasted.focus()
            self._take_pasted(pasted.value)

    @on(Input.Changed)
    def _typed(self) -> None:
        self.query_one("#row-pasted", Field).error("")
        self.show_problem("")

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self._take_pasted(event.value)

    def _take_pasted(self, text: str) -> None:
        sign_in = self._sign_in
        if sign_in is not None and text.strip():
            self.run_worker(self._finish(sign_in, text.strip()), group="paste", exit_on_error=False)

    async def _finish(self, sign_in: SignIn, text: str) -> None:
        """Go on with a pasted address. What is wrong with it is said; the waiting for the browser goes on."""
        try:
            await away(lambda: sign_in.paste(text))
        except Exception as error:
            self.show_problem(sign_in_words(error))


def sign_in_words(error: Exception) -> str:
    """What went wrong with a sign-in, for people; nothing of the address or of what was granted."""
    if isinstance(error, CouchcalError):
        return problem_words(error if "couchcal " not in error.hint else CouchcalError(error.message, ""))
    message = getattr(error, "message", "")
    if message:
        return f"{message[:1].upper()}{message[1:]}."
    return f"It did not work ({type(error).__name__}). Try again."
