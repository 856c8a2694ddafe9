"""A test mail to oneself, and what the server says to it."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Button, Input, Static
from textual.worker import Worker

from couchcal.clock import Clock, system_clock
from couchcal.errors import CouchcalError
from couchcal.store.connection import Database, database_errors
from couchcal.tui.forms.away import away
from couchcal.tui.forms.field import Field
from couchcal.tui.forms.modal import Modal, problem_words
from couchcal.tui.forms.plain import QUIET, plain
from couchcal.tui.text import glyphs_on

if TYPE_CHECKING:
    from couchcal.mail.config import MailConfig


class Sent(NamedTuple):
    """What became of a test: one line of outcome, what the server said, what to do next."""

    taken: bool
    outcome: str
    said: str
    advice: str


class TestMail(Modal[None]):
    """Sends a mail that says that mail goes out, and shows the server's answer.

    It waits in a thread; Esc ends the waiting, and once more closes.

    Args:
        own: the practitioner's address, which is offered first.
    """

    __test__ = False  # no test of ours, whatever its name begins with
    SIZE = "-wide"
    AUTO_FOCUS: ClassVar[str] = "#address"

    def __init__(self, database: Database, own: str = "", *, clock: Clock = system_clock) -> None:
        super().__init__("Test mail", "enter send · esc back")
        self._database, self._own, self._clock = database, own, clock
        self._sending: Worker[None] | None = None

    def compose_body(self) -> ComposeResult:
        yield Static(plain("A mail to yourself that says that mail goes out, and nothing else."), id="body")
        yield Field("To", Input(self._own, id="address", max_length=254), id="row-address")
        yield Static(id="outcome", markup=False)
        with Horizontal(classes="buttons"):
            yield Button("Send", id="send")

    def on_mount(self) -> None:
        self.query_one("#outcome").display = False

    @property
    def sending(self) -> bool:
        """Whether an answer is waited for."""
        return self._sending is not None and not self._sending.is_finished

    @on(Input.Changed)
    def _typed(self) -> None:
        self.query_one("#row-address", Field).error("")

    @on(Input.Submitted)
    @on(Button.Pressed)
    def _send(self, event: Input.Submitted | Button.Pressed) -> None:
        event.stop()
        from couchcal.mail.addresses import on_the_wire

        recipient = on_the_wire(self.query_one("#address", Input).value)
        if self.sending:
            return
        if not recipient:
            self.query_one("#row-address", Field).error("it looks like name@example.org")
            self.query_one("#address").focus()
            return
        self.show_problem("")
        self._sending = self.run_worker(self._wait(recipient), group="send", exit_on_error=False)

    async def _wait(self, recipient: str) -> None:
        self._show(Content("Asking the mail server … esc stops waiting"))
        try:
            sent = await away(lambda: self._sent(recipient))
        except Exception as error:
            self.query_one("#outcome").display = False
            self.show_problem(problem_words(error) if isinstance(error, CouchcalError) else _broken(error))
            return
        self._show(self._words(sent))

    def _sent(self, recipient: str) -> Sent:
        """Send it. Runs in a thread; the database is closed before the server is asked."""
        from couchcal.mail import config, facts
        from couchcal.mail.advice import advice
        from couchcal.mail.preview import send_trial
        from couchcal.mail.transport import Trouble

        found = config.load()
        if found is None:
            return Sent(False, "Mail is not set up.", "", "The settings (,) have the server.")
        with database_errors(self._database.path), closing(self._database.connect()) as connection:
            label = facts.house(connection).label
        try:
            said = send_trial(found, label, recipient, self._clock())
        except Trouble as trouble:
            return Sent(False, _sentence(str(trouble)), trouble.answer, _sentence(advice(trouble, found)))
        return Sent(True, f"{_server(found)} has taken it.", said, "Look whether it arrived, and where.")

    def _words(self, sent: Sent) -> Content:
        glyphs = glyphs_on(self.app)
        mark, style = (glyphs.done, "$text-success") if sent.taken else (glyphs.failed, "$text-error")
        lines = [Content.assemble((f"{mark} ", style), plain(sent.outcome, "bold"))]
        if sent.said:
            lines.append(Content.assemble(("It says: ", QUIET), plain(sent.said)))
        lines.append(Content.assemble(("Next: ", QUIET), plain(sent.advice)))
        return Content("\n").join(lines)

    def _show(self, words: Content) -> None:
        outcome = self.query_one("#outcome", Static)
        outcome.update(words)
        outcome.display = True

    def action_leave(self) -> None:
        """Stop waiting; else close."""
        if self._sending is not None and self.sending:
            self._sending.cancel()
            self._show(Content("Not waiting any more. The mail may still arrive."))
        else:
            self.dismiss(None)


def _server(config: MailConfig) -> str:
    return f"{config.host}, port {config.port},"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _broken(error: Exception) -> str:
    return f"It could not be sent ({type(error).__name__})."
