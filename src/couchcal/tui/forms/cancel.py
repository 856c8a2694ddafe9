"""Cancelling a session: it stays on the calendar with its type. CXL-01…05."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Button, Input, Static

from couchcal.tui.forms.choice import Choice
from couchcal.tui.forms.field import Field
from couchcal.tui.forms.modal import ChangedModal
from couchcal.tui.forms.money import format_cents, parse_cents
from couchcal.tui.forms.plain import plain
from couchcal.tui.forms.tick import Tick

TYPES = (
    ("late_cancel", "Late cancel"),
    ("no_show", "No show"),
    ("therapist_cancel", "Therapist cancel"),
    ("other", "Other"),
)


class CancelAnswer(NamedTuple):
    """What `practice.appointments.cancel` needs; the fee in cents is recorded, never charged."""

    type: str
    reason: str = ""
    fee_cents: int | None = None
    note: str = ""
    notify: bool = False


class CancelDialog(ChangedModal[CancelAnswer]):
    """Asks how `entry_label` is cancelled; the type is required, the rest is optional.

    Args:
        past: it has begun; no mail goes to the client, who knows by then.
        notify: whether the client is told unless somebody says otherwise (CXL-05).
        has_address: whether the client can be told at all.
        type: the type that is chosen at first.
    """

    SIZE = "-wide"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+s", "save", "Save", show=False)]

    def __init__(
        self,
        entry_label: str,
        past: bool = False,
        *,
        notify: bool = False,
        has_address: bool = True,
        type: str | None = None,
    ) -> None:
        super().__init__("Cancel", "ctrl+s cancel it · tab next · esc keep it")
        self._label = entry_label
        self._untold = "it is past" if past else "" if has_address else "no e-mail address on file"
        self._notify = notify and not self._untold
        self._type = type

    def compose_body(self) -> ComposeResult:
        yield Static(plain(self._label), id="body")
        yield Field("Type", Choice(TYPES, self._type, id="type"), id="field-type", long=True)
        yield Field("Reason", Input(id="reason", max_length=500), id="field-reason", long=True)
        fee = Input(id="fee", placeholder="25.00", max_length=12)
        yield Field("Fee", fee, id="field-fee", hint="recorded, not charged")
        yield Field("Note", Input(id="note", max_length=2000), id="field-note", long=True)
        notify = Tick("Tell the client by e-mail", self._notify, id="notify", disabled=bool(self._untold))
        yield Field("", notify, id="field-notify", long=True, hint=self._untold)
        yield Button(plain("Cancel the session"), id="save")

    def changed(self) -> bool:
        return any(field.value.strip() for field in self.query(Input))

    def action_save(self) -> None:
        """Close with the answer, or say what is missing."""
        kind = self.query_one("#type", Choice).value
        fee_text = self.query_one("#fee", Input).value
        fee: int | None = None
        fee_problem = ""
        try:
            fee = parse_cents(fee_text)
        except ValueError as problem:
            fee_problem = str(problem)
        self.query_one("#field-type", Field).error("" if kind else "which?")
        self.query_one("#field-fee", Field).error(fee_problem)
        for field in self.query(Field):
            if field.has_error:
                field.focus_first()
                return
        self.dismiss(
            CancelAnswer(
                kind or "other",
                self.query_one("#reason", Input).value.strip(),
                fee,
                self.query_one("#note", Input).value.strip(),
                self.query_one("#notify", Tick).value,
            )
        )

    @on(Choice.Changed)
    def _typed_type(self) -> None:
        self.query_one("#field-type", Field).error("")

    @on(Input.Changed, "#fee")
    def _typed_fee(self, event: Input.Changed) -> None:
        field = self.query_one("#field-fee", Field)
        field.error("")
        try:
            cents = parse_cents(event.value)
        except ValueError:
            return
        field.hint("recorded, not charged" if cents is None else f"{format_cents(cents)} recorded, not charged")

    @on(Input.Submitted)
    @on(Button.Pressed)
    def _taken(self) -> None:
        self.action_save()
