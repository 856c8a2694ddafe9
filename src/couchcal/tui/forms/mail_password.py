"""The password of the mail server, or the token of the text gateway, into the keyring of this computer."""

from __future__ import annotations

import os
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Button, Input, Static

from couchcal.settings import load as load_settings
from couchcal.settings_mail import MailTable, TextTable
from couchcal.tui.forms.choice import Choice
from couchcal.tui.forms.field import Field
from couchcal.tui.forms.modal import ChangedModal
from couchcal.tui.forms.plain import plain

_MAIL, _TEXT = "mail", "text"
_NO_SERVER = "Set server and user in the settings (,) first: the keyring keeps the password under their names."
_ABOUT = "It goes into the keyring of this computer, not into a file. Empty takes it out of there."


class PasswordForm(ChangedModal[bool]):
    """Asks for a secret without showing it, and keeps it; True once that is done."""

    SIZE = "-wide"
    AUTO_FOCUS: ClassVar[str] = "Input"

    def __init__(self) -> None:
        super().__init__("Password", "enter keep · esc back")
        settings = load_settings()
        self._mail, self._text = settings.mail, settings.text
        self._offered = [
            (key, words)
            for key, words, there in (
                (_MAIL, "mail server", bool(self._mail.host and self._mail.user)),
                (_TEXT, "text gateway", bool(self._text.url and self._text.account)),
            )
            if there
        ]

    def compose_body(self) -> ComposeResult:
        if not self._offered:
            yield Static(plain(_NO_SERVER), id="body")
            return
        yield Static(plain(_ABOUT), id="body")
        yield Field("Of the", Choice(self._offered, self._offered[0][0], id="whose"), id="row-whose")
        secret = Input(password=True, id="secret", max_length=500)
        yield Field("Password", secret, id="row-secret")
        yield Static(id="explained", markup=False)
        with Horizontal(classes="buttons"):
            yield Button("Keep", id="keep")

    def on_mount(self) -> None:
        self._explain()

    @property
    def _whose(self) -> str:
        return self.query_one("#whose", Choice).value or _MAIL

    @on(Choice.Changed)
    def _explain(self) -> None:
        if not self._offered:
            return
        self.query_one("#explained", Static).update(plain(_account(self._whose, self._mail, self._text)))

    def changed(self) -> bool:
        return bool(self._offered) and bool(self.query_one("#secret", Input).value)

    @on(Input.Submitted)
    @on(Button.Pressed)
    def _keep(self, event: Input.Submitted | Button.Pressed) -> None:
        event.stop()
        from couchcal.mail import config

        secret = self.query_one("#secret", Input).value
        mail = self._whose == _MAIL
        entry = config.mail_entry(self._mail.host, self._mail.user) if mail else config.text_entry(self._text)

        def kept(_nothing: None) -> None:
            self.notify("It is in the keyring; t sends a test" if secret else "It is taken out of the keyring")
            self.dismiss(True)

        self.write(partial(config.keep, entry, secret), kept, network=True)


def _account(whose: str, mail: MailTable, text: TextTable) -> str:
    """Whose password it is, and what wins over it."""
    if whose == _TEXT:
        wins = "COUCHCAL_TEXT_TOKEN"
        said = f"of {text.account} at {text.url}"
    else:
        wins = "COUCHCAL_SMTP_URL"
        said = f"of {mail.user} at {mail.host}"
    return f"{said}\n{wins} is set, and wins over it" if os.environ.get(wins) else said
