"""A new client: name and ways to reach them."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input

from couchcal.clock import Clock, system_clock
from couchcal.errors import Invalid
from couchcal.practice import client_changes
from couchcal.practice.clients import ClientRow
from couchcal.store.connection import Database
from couchcal.tui.forms.field import Field
from couchcal.tui.forms.modal import ChangedModal, in_thread, problem_words


class ClientForm(ChangedModal[ClientRow]):
    """Asks for a client's name, e-mail address and telephone number, and adds them."""

    SIZE = "-wide"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+s", "save", "Save", show=False)]

    def __init__(self, database: Database, name: str = "", *, clock: Clock = system_clock) -> None:
        super().__init__("New client", "ctrl+s save · tab next · esc close")
        self._database = database
        self._first_name = name
        self._clock = clock

    def compose_body(self) -> ComposeResult:
        yield Field(
            "Name", Input(self._first_name, id="name", max_length=120, placeholder="Jane Doe"), id="row-name"
        )
        yield Field("E-mail", Input(id="email", max_length=254), id="row-email")
        yield Field("Telephone", Input(id="phone", max_length=32), id="row-phone", classes="last")

    def changed(self) -> bool:
        return any(control.value.strip() for control in self.query(Input))

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self.show_problem("")
        self.query_one(f"#row-{event.input.id}", Field).error("")

    @on(Input.Submitted)
    def _entered(self) -> None:
        self.focus_next()

    def action_save(self) -> None:
        """Add the client, or say what is wrong."""
        self.run_worker(self._save(), group="save", exit_on_error=False)

    async def _save(self) -> None:
        if self.saving:
            return
        name, email, phone = (self.query_one(f"#{field}", Input).value for field in ("name", "email", "phone"))
        self.saving = True
        try:
            work = partial(client_changes.add, self._database, name, email=email, phone=phone, clock=self._clock)
            client = await in_thread(self, "write", work)
        except Invalid as error:
            row = error.field if error.field in ("name", "email", "phone") else "name"
            self.query_one(f"#row-{row}", Field).error(error.message)
            self.query_one(f"#row-{row}", Field).focus_first()
            return
        except Exception as error:
            self.show_problem(problem_words(error))
            return
        finally:
            self.saving = False
        self.dismiss(client)
