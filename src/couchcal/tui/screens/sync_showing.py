"""How the sync screen looks: read in a thread, shown anew only where something is different."""

from __future__ import annotations

from datetime import tzinfo
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Button, OptionList, Static
from textual.widgets.option_list import Option

from couchcal.practice.outcome import Done
from couchcal.sync.status import Status
from couchcal.tui.forms.modal import Modal, in_thread, problem_words
from couchcal.tui.forms.options import Ways
from couchcal.tui.forms.plain import QUIET, plain
from couchcal.tui.screens.sync_about import about_lines
from couchcal.tui.screens.sync_gate import Gate
from couchcal.tui.screens.sync_rows import Row, calendar_rows, setting_rows
from couchcal.tui.screens.sync_state import SyncState
from couchcal.tui.screens.sync_words import LOOK_S, Headline, headline
from couchcal.tui.text import clean, glyphs_on

_WIDEST, _EDGES = 96, 8
"""Columns of the frame, and what its borders, padding and scrollbar take of them."""
_CHROME_ROWS = 6
_PROBLEM_ROWS = 3
_KEYS = "enter change · s sync · p pause · v review · d dry run · l log · esc close"
_KEYS_PAUSED = "enter change · p resume · v review · d dry run · l log · esc close"
_KEYS_STOPPED = "v decide · enter change · d dry run · l log · esc close"
_KEYS_BEFORE = "c connect · enter change · esc close"
_KEYS_SIGNED_OUT = "i sign in again · enter change · v review · l log · esc close"
_KEYS_WITHOUT_FILE = "r look again · esc close"
BUTTONS = (
    ("connect", "Connect"),
    ("look_again", "Look again"),
    ("sign_in", "Sign in again"),
    ("decide", "Decide"),
    ("sync_now", "Sync now"),
    ("pause", "Pause"),
    ("review", "Review"),
    ("plan", "Dry run"),
    ("log", "Log"),
    ("reset", "Reset"),
    ("disconnect", "Disconnect"),
)
"""The buttons in their order: the action and the words."""


class SyncShowing(Modal[Done]):
    """Shows the state of the sync. What comes in meanwhile takes neither the focus nor the place in the list."""

    SIZE = "-sync"
    AUTO_FOCUS: ClassVar[str | None] = None

    def __init__(self, gate: Gate, tz: tzinfo) -> None:
        super().__init__("Google Calendar", _KEYS_BEFORE)
        self._gate = gate
        self._tz = tz
        self._state: SyncState | None = None
        self._rows: list[Row] = []
        self._buttons: tuple[str, ...] = ()
        self._reading = self._again = False

    def compose_body(self) -> ComposeResult:
        yield Static(id="headline", markup=False)
        with VerticalScroll(id="about-box", can_focus=False):
            yield Static(id="sync-about", markup=False)
        yield Ways([], id="sync")
        with Horizontal(classes="buttons", id="sync-buttons"):
            for action, words in BUTTONS:
                yield Button(plain(words), id=f"do-{action}")

    def on_mount(self) -> None:
        for button in self.query("#sync-buttons Button"):
            button.display = False
        self._read()
        self.set_interval(LOOK_S, self._look_on)

    def on_resize(self, event: events.Resize) -> None:
        """Lay out anew: the lines take the width, the list what is left of the height."""
        self._show()

    # Reading

    def _look_on(self) -> None:
        """Follow what others do, while no dialog stands above: below it nothing moves."""
        if self.is_active:
            self._read()

    def _read(self) -> None:
        """Read how everything is; once more if a reading is under way, as it may have begun before a change."""
        self._again = True
        if not self._reading:
            self.run_worker(self._load(), group="read", exit_on_error=False)

    async def _load(self) -> None:
        self._reading = True
        try:
            while self._again:
                self._again = False
                self._take(await in_thread(self, "look", self._gate.read))
        except Exception as error:
            self.show_problem(problem_words(error))
        finally:
            self._reading = False

    def _take(self, state: SyncState) -> None:
        """Show another state; the highlight stays, unless an account has come or gone."""
        before, self._state = self._state, state
        if state == before or not self.is_mounted:
            return
        other = before is None or (before.status is None) != (state.status is None)
        if other:
            self._rows = []
        self._show()
        if other:
            self._focus_first()

    @property
    def state(self) -> SyncState | None:
        """What is shown; None before the first reading."""
        return self._state

    @property
    def connected(self) -> bool:
        """Whether there is an account, signed in or not."""
        return self._state is not None and self._state.status is not None

    # Showing

    def _show(self) -> None:
        state = self._state
        if state is None or not self.is_mounted:
            return
        glyphs, now = glyphs_on(self.app), self._gate.clock()
        cells = min(self.size.width, _WIDEST) - _EDGES
        lines = 0
        head = self.query_one("#headline", Static)
        about = self.query_one("#about-box")
        if state.status is not None:
            found = headline(state.status, now, self._tz, glyphs)
            head.update(_head(found, clean(state.status.email)))
            lines = 2 + sum(-(-cell_len(line) // cells) for line in found.lines)
            rows = calendar_rows(state.links, state.reasons, now, self._tz, glyphs, cells)
            rows.append(Row("", plain("")))
            rows += setting_rows(state.facts, state.direction, glyphs, cells)
        else:
            self.query_one("#sync-about", Static).update(about_lines(state.client_file, state.client_problem))
            rows = [] if state.client_problem else setting_rows(state.facts, "", glyphs, cells)
        head.display = self.connected
        about.display = not self.connected
        keys = _KEYS_WITHOUT_FILE if state.client_problem else _KEYS_BEFORE
        if state.status is not None:
            keys = _keys_of(state.status)
        self.hint(keys)
        self._show_rows(rows)
        self._show_buttons(state)
        listing = self.query_one("#sync")
        listing.display = bool(rows)
        room = self.most_rows - _CHROME_ROWS - lines - _PROBLEM_ROWS * self.query_one("#problem").display
        about.styles.max_height = max(3, self.most_rows - _CHROME_ROWS - 2 - len(rows))
        listing.styles.max_height = max(3, room if self.connected else len(rows))

    def _show_rows(self, rows: list[Row]) -> None:
        """Put lines in place; the highlight stays on what it stood on."""
        if rows == self._rows:
            return
        listing = self.query_one("#sync", OptionList)
        current = self.current_key
        self._rows = rows
        top = listing.scroll_offset.y
        listing.clear_options()
        listing.add_options(Option(row.content, disabled=not row.key) for row in rows)
        keys = [row.key for row in rows]
        places = [place for place, key in enumerate(keys) if key]
        if current and current in keys:
            listing.highlighted = keys.index(current)
        else:
            listing.highlighted = places[0] if places else None
        listing.scroll_to(y=top, animate=False)

    @property
    def current_key(self) -> str:
        """The key of the highlighted line, empty if there is none."""
        at = self.query_one("#sync", OptionList).highlighted
        return self._rows[at].key if at is not None and at < len(self._rows) else ""

    def _show_buttons(self, state: SyncState) -> None:
        shown = _buttons(state)
        status = state.status
        words = dict(BUTTONS)
        if status is not None and status.paused == "user":
            words["pause"] = "Resume"
        if status is not None and status.review + status.blocked:
            words["review"] = f"Review {status.review + status.blocked}"
        for action, _ in BUTTONS:
            button = self.query_one(f"#do-{action}", Button)
            button.display = action in shown
            if str(button.label) != words[action]:
                button.label = plain(words[action])
                button.refresh(layout=True)  # other words take other room
        if self._buttons and self.focused is not None and not self.focused.display:
            self._focus_first()
        self._buttons = shown

    def _focus_first(self) -> None:
        """The button for what has to be done, else the list."""
        urgent = [name for name in self._buttons if name in ("connect", "look_again", "sign_in", "decide")]
        self.query_one(f"#do-{urgent[0]}" if urgent else "#sync").focus()


def _keys_of(status: Status) -> str:
    """The hint for what can be done with an account that is connected."""
    if status.state == "needs_auth":
        return _KEYS_SIGNED_OUT
    if status.paused:
        return _KEYS_PAUSED if status.paused == "user" else _KEYS_STOPPED
    return _KEYS


def _buttons(state: SyncState) -> tuple[str, ...]:
    """The actions that have a button now, what has to be done first."""
    status = state.status
    if status is None:
        return ("look_again",) if state.client_problem else ("connect",)
    if status.state == "needs_auth":
        return "sign_in", "review", "log", "disconnect"
    rest = ("plan", "log", "reset", "disconnect")
    if status.paused and status.paused != "user":
        return "decide", *rest
    return "sync_now", "pause", "review", *rest


def _head(found: Headline, email: str) -> Content:
    first = Content.assemble((found.words, f"bold {found.tone}"), (f"   {email}", QUIET))
    return Content("\n").join([first, *(plain(line, QUIET) for line in found.lines)])
