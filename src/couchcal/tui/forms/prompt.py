"""One line of text, checked before it is taken."""

from __future__ import annotations

from collections.abc import Callable

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input

from couchcal.tui.forms.modal import Modal
from couchcal.tui.text import clean


class Prompt(Modal[str]):
    """Asks for a line; `validate` says what is wrong with it, None if nothing is."""

    def __init__(
        self, title: str, placeholder: str = "", validate: Callable[[str], str | None] = lambda _text: None
    ) -> None:
        super().__init__(title, "enter take · esc close")
        self._placeholder = clean(placeholder)
        self._validate = validate

    def compose_body(self) -> ComposeResult:
        yield Input(placeholder=self._placeholder, id="text")

    @on(Input.Changed)
    def _typed(self) -> None:
        self.show_problem("")

    @on(Input.Submitted)
    def _taken(self, event: Input.Submitted) -> None:
        text = event.value.strip()
        problem = self._validate(text)
        if problem is not None:
            self.show_problem(problem)
        elif text:
            self.dismiss(text)
