"""What every modal has in common: the frame, Esc, one place for a problem, reading and writing in threads."""

from __future__ import annotations

import asyncio
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
from textual.worker import WorkerCancelled, WorkerFailed, WorkType

from couchcal.errors import CouchcalError
from couchcal.tui.forms.away import away
from couchcal.tui.forms.plain import plain
from couchcal.tui.text import clean, spelled
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

    saving = False
    """Whether something is being written: one thing at a time."""

    def __init__(self, title: str, keys: str) -> None:
        super().__init__()
        self._frame_title = title
        self._frame_keys = keys

    def compose(self) -> ComposeResult:
        with Vertical(id="frame", classes=self.SIZE) as frame:
            frame.border_title = plain(self._frame_title)
            frame.border_subtitle = self._hints(self._frame_keys)
            yield from self.compose_body()
            problem = Static(id="problem", markup=False)
            problem.display = False
            yield problem

    def compose_body(self) -> ComposeResult:
        """The widgets inside the frame."""
        raise NotImplementedError

    def render(self) -> RenderResult:  # type: ignore[override]  # a screen may be any visual, like every widget
        below = super().render()
        return Veil(below.screen, below.color) if isinstance(below, BackgroundScreen) else below

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Let the cursor of a field stand still: what blinks disturbs, and is sent again and again."""
        if isinstance(event.widget, Input | TextArea):
            event.widget.cursor_blink = False

    def hint(self, keys: str) -> None:
        """Put other keys into the lower border."""
        self.query_one("#frame").border_subtitle = self._hints(keys)

    def _hints(self, keys: str) -> Content:
        return key_hints(spelled(keys) if self.app.has_class("-ascii") else keys)

    @property
    def most_rows(self) -> int:
        """Rows that the frame can take: those of the terminal, or fewer where the style sheet says so."""
        most = self.query_one("#frame").styles.max_height
        return min(self.size.height, int(most.value)) if most is not None and most.is_cells else self.size.height

    def show_problem(self, text: str) -> None:
        """Say what went wrong above the lower border; an empty text takes it away."""
        problem = self.query_one("#problem", Static)
        problem.update(plain(text))
        problem.display = bool(text)

    def action_leave(self) -> None:
        """Close without a result."""
        self.dismiss(None)

    # In threads

    def read(
        self,
        work: Callable[[], Value],
        then: Callable[[Value], object],
        *,
        failed: Callable[[Exception], object] | None = None,
        group: str = "look",
    ) -> None:
        """Read in a thread and hand the answer to `then`; what goes wrong is said, or handed to `failed`.

        The answer to an earlier question of the same group is dropped. What a screen reads before it can be used is
        of group `read`: keys wait for it.
        """

        async def reading() -> None:
            try:
                found = await in_thread(self, group, work)
            except Exception as error:
                (failed or self.unread)(error)
            else:
                then(found)

        begin: WorkType[None] = reading  # not called yet: a later question may take its place before that
        self.run_worker(begin, group=group, exclusive=True, exit_on_error=False)

    def unread(self, error: Exception) -> None:
        """Say why something could not be read."""
        self.show_problem(problem_words(error, "read"))

    def write(self, work: Callable[[], Value], then: Callable[[Value], object], *, network: bool = False) -> None:
        """Write in a thread, one thing at a time, and hand what came of it to `then`; what goes wrong is said.

        Args:
            network: whether it may wait for one; then the end of the program does not wait for it.
        """
        if self.saving:
            return
        self.saving = True
        self.show_problem("")

        async def writing() -> None:
            try:
                result = await (away(work) if network else in_thread(self, "write", work))
            except Exception as error:
                self.saving = False
                self.unwritten(error)
            else:
                self.saving = False
                then(result)

        self.run_worker(writing(), group="save", exit_on_error=False)

    def unwritten(self, error: Exception) -> None:
        """Say why something could not be written. A form says it beside the field that it is about."""
        self.show_problem(problem_words(error))


class ChangedModal(Modal[Result]):
    """A modal that asks once before it throws away what was typed, and stays while it saves."""

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
    """Run `work` in a thread worker of `node` and return what it returns, or raise what it raises.

    Raises:
        CancelledError: nobody wants the answer any more.
    """
    worker = node.run_worker(work, thread=True, group=group, exclusive=False, exit_on_error=False)
    try:
        return await worker.wait()
    except WorkerFailed as failure:
        raise failure.error from None
    except WorkerCancelled:
        raise asyncio.CancelledError from None


def key_hints(keys: str) -> Content:
    """`enter save · H L period`, each key bright before its word, as in the status line of the calendar."""
    parts: list[Content | str] = []
    for hint in keys.split(" · "):
        found = _KEY.match(hint)
        key = found[0] if found else hint
        parts += [" · " if parts else "", Content.styled(clean(key), "$accent bold"), clean(hint[len(key) :])]
    return Content.assemble(*parts)


def problem_words(error: Exception, done: str = "saved") -> str:
    """What could not be `done`, for the person at the form; never a value of the form."""
    if isinstance(error, CouchcalError):
        text = f"{error.message[:1].upper()}{error.message[1:]}"
        return f"{text} — {error.hint}." if error.hint else f"{text}."
    rest = " Nothing was changed." if done == "saved" else ""
    return f"It could not be {done} ({type(error).__name__}).{rest}"
