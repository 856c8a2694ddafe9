"""What every modal has in common: the frame, Esc, one place for a problem, work in threads."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import ClassVar, TypeVar

from textual import events
from textual.app import ComposeResult, RenderResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.renderables.background_screen import BackgroundScreen
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Input, Static, TextArea
from textual.worker import WorkerFailed

from couchcal.errors import CouchcalError
from couchcal.tui.forms.plain import plain
from couchcal.tui.text import clean
from couchcal.tui.veil import Veil

Result = TypeVar("Result")
_KEY = re.compile(r"\S+(?: \S(?= ))*")
"""A key of any length, and single characters after it, which are keys for the same."""
Value = TypeVar("Value")


class Modal(ModalScreen[Result | None]):
    """A framed dialog over the calendar; dismissed with None by Esc.

    Subclasses give `title`, `keys` (the hint in the lower border) and `compose_body`.
    """

    CSS_PATH = "../styles/forms.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Close", show=False)]
    SIZE: ClassVar[str] = "-narrow"

    def __init__(self, title: str, keys: str) -> None:
        super().__init__()
        self._frame_title = title
        self._frame_keys = keys

    def compose(self) -> ComposeResult:
        with Vertical(id="frame", classes=self.SIZE) as frame:
            frame.border_title = plain(self._frame_title)
            frame.border_subtitle = key_hints(self._frame_keys)
            yield from self.compose_body()
            yield Static(id="problem", markup=False)

    def compose_body(self) -> ComposeResult:
        """The widgets inside the frame."""
        raise NotImplementedError

    def render(self) -> RenderResult:  # type: ignore[override]  # a screen may be any visual, like every widget
        below = super().render()
        return Veil(below.screen, below.color) if isinstance(below, BackgroundScreen) else below

    def on_mount(self) -> None:
        self.show_problem("")

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Let the cursor of a field stand still: what blinks disturbs, and is sent again and again."""
        if isinstance(event.widget, Input | TextArea):
            event.widget.cursor_blink = False

    def hint(self, keys: str) -> None:
        """Put other keys into the lower border."""
        self.query_one("#frame").border_subtitle = key_hints(keys)

    def show_problem(self, text: str) -> None:
        """Say what went wrong above the lower border; an empty text takes it away."""
        problem = self.query_one("#problem", Static)
        problem.update(plain(text))
        problem.display = bool(text)

    def action_leave(self) -> None:
        """Close without a result."""
        self.dismiss(None)


class ChangedModal(Modal[Result]):
    """A modal that asks once before it throws away what was typed, and stays while it saves."""

    saving = False

    def changed(self) -> bool:
        """Whether something was typed that closing would lose."""
        raise NotImplementedError

    def action_leave(self) -> None:
        """Close, after a question if something was typed."""
        if self.saving:
            return
        if not self.changed():
            self.dismiss(None)
            return
        from couchcal.tui.forms.confirm import Confirm

        question = Confirm("Discard", "Discard what you typed?", "Discard", "Keep editing")
        self.app.push_screen(question, self._discard)

    def _discard(self, yes: bool | None) -> None:
        if yes:
            self.dismiss(None)


async def in_thread(node: Widget, group: str, work: Callable[[], Value]) -> Value:
    """Run `work` in a thread worker of `node` and return what it returns, or raise what it raises."""
    worker = node.run_worker(work, thread=True, group=group, exclusive=False, exit_on_error=False)
    try:
        return await worker.wait()
    except WorkerFailed as failure:
        raise failure.error from None


def key_hints(keys: str) -> Content:
    """`enter save · H L period`, each key bright before its word, as in the status line of the calendar."""
    parts: list[Content | str] = []
    for hint in keys.split(" · "):
        found = _KEY.match(hint)
        key = found[0] if found else hint
        parts += [" · " if parts else "", Content.styled(clean(key), "$accent bold"), clean(hint[len(key) :])]
    return Content.assemble(*parts)


def problem_words(error: Exception) -> str:
    """A failed write for the person at the form; never a value of the form."""
    if isinstance(error, CouchcalError):
        text = f"{error.message[:1].upper()}{error.message[1:]}"
        return f"{text} — {error.hint}." if error.hint else f"{text}."
    return f"It could not be saved ({type(error).__name__}). Nothing was changed."
