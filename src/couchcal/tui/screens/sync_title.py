"""What a session is called in Google, with an example that follows each key. SYNC-03, SYNC-12."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input, Static

from couchcal.practice.disclosure import Facts
from couchcal.tui.forms.modal import ChangedModal
from couchcal.tui.forms.plain import QUIET, plain
from couchcal.tui.screens.sync_words import example, name_text
from couchcal.tui.text import glyphs_on

_LONGEST = 200


class TitleForm(ChangedModal[str]):
    """Asks for the template of titles; `{name}` in it is the client by the chosen mode."""

    SIZE = "-wide"
    AUTO_FOCUS = "#text"

    def __init__(self, facts: Facts) -> None:
        super().__init__("Title in Google", "enter save · esc back")
        self._facts = facts

    def compose_body(self) -> ComposeResult:
        yield Static(
            plain("{name} stands for the client, by the mode under “Names outside”. It may be left out: Session"),
            id="body",
        )
        yield Input(self._facts.title, id="text", max_length=_LONGEST)
        yield Static(id="example", markup=False)

    def on_mount(self) -> None:
        self._show_example()

    def changed(self) -> bool:
        return self._template() != self._facts.title

    def _template(self) -> str:
        return self.query_one("#text", Input).value.strip()

    @on(Input.Changed)
    def _show_example(self) -> None:
        self.show_problem("")
        given = self._facts._replace(title=self._template())
        words = f"for {name_text()}: {example(given, glyphs_on(self.app))}"
        self.query_one("#example", Static).update(plain(words, QUIET))

    @on(Input.Submitted)
    def _taken(self, event: Input.Submitted) -> None:
        event.stop()
        if not self._template():
            self.show_problem("Write something, such as Session or {name}.")
        else:
            self.dismiss(self._template())
