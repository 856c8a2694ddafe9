"""The first run: the practice's name, its time zone, and where the key of its data is kept."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Button, Input, Static

from couchcal.clock import Clock, local_zone_name, system_clock
from couchcal.practice.opening import Created, create_practice
from couchcal.scheduling.wallclock import UnknownZone, zone
from couchcal.store.connection import Database
from couchcal.store.keys import usable_keyring
from couchcal.tui.forms.choice import Choice
from couchcal.tui.forms.field import Field
from couchcal.tui.forms.modal import ChangedModal, in_thread
from couchcal.tui.forms.plain import plain
from couchcal.tui.forms.suggest import Suggest
from couchcal.tui.forms.zone_field import find_zones

_EXPLAINED = {
    "environment": "Your data is encrypted on disk; the key is the one your environment names.",
    "keyring": "Your data is encrypted on disk; the keyring of this computer keeps the key and opens it when "
    "you are logged in.",
    "passphrase": "Your data is encrypted on disk; only your passphrase opens it, or the recovery code that is "
    "shown next.",
    "none": "Anyone who gets the file can read it: choose this only where the whole disk is encrypted.",
}


class InitForm(ChangedModal[Database]):
    """Asks what a new practice needs and makes its database at `path`."""

    SIZE = "-wide"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+s", "save", "Save", show=False)]

    def __init__(self, path: Path, *, clock: Clock = system_clock) -> None:
        super().__init__("Welcome to couchcal", "ctrl+s begin · tab next · esc close")
        self._path = path
        self._clock = clock
        self.key_place = ""
        """In words where the key is, once there is one."""

    def compose_body(self) -> ComposeResult:
        yield Static(plain(f"A calendar for your practice will be kept in {self._path}"), id="body")
        yield Field("Practice", Input(id="name", max_length=100, placeholder="its name, or yours"), id="row-name")
        tz = Input(local_zone_name(), id="tz", placeholder="a city")
        yield Field("Time zone", tz, id="row-tz")
        yield Field("Protection", Choice([("none", "None")], id="protection"), id="row-protection", long=True)
        first = Input(id="passphrase", password=True, max_length=200)
        yield Field("Passphrase", first, id="row-passphrase", hint="several words")
        again = Input(id="again", password=True, max_length=200)
        yield Field("Once more", again, id="row-again")
        yield Static(id="explained", markup=False)
        yield Button("Begin", id="save")
        yield Suggest(tz, find_zones)

    def on_mount(self) -> None:
        self._show_protection()
        self.run_worker(self._find_keyring(), group="read", exit_on_error=False)

    async def _find_keyring(self) -> None:
        """Offer what this computer can do; asking for the keyring may wait for the desktop."""
        ways = ["passphrase"]
        if os.environ.get("COUCHCAL_KEY_FILE") or os.environ.get("COUCHCAL_PASSPHRASE"):
            ways = ["environment"]
        elif await in_thread(self, "read", usable_keyring) is not None:
            ways = ["keyring", "passphrase"]
        protection = self.query_one("#protection", Choice)
        protection.offer([(way, way.capitalize()) for way in (*ways, "none")], ways[0])

    def changed(self) -> bool:
        return any(self.query_one(f"#{name}", Input).value for name in ("name", "passphrase", "again"))

    @on(Choice.Changed)
    def _show_protection(self) -> None:
        chosen = self.query_one("#protection", Choice).value
        self.query_one("#row-passphrase").display = chosen == "passphrase"
        self.query_one("#row-again").display = chosen == "passphrase"
        explained = self.query_one("#explained", Static)
        explained.update(plain(_EXPLAINED.get(chosen or "", "Looking for the keyring of this computer …")))
        explained.set_class(chosen == "none", "-warning")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self.show_problem("")
        for field in self.query(f"#row-{event.input.id}").results(Field):
            field.error("")

    @on(Input.Submitted)
    def _entered(self) -> None:
        self.focus_next()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.action_save()

    def action_save(self) -> None:
        """Make the practice, or say beside the fields what is missing."""
        chosen = self.query_one("#protection", Choice).value
        if chosen is None:
            return
        tz, passphrase, again = (self.query_one(f"#{name}", Input).value for name in ("tz", "passphrase", "again"))
        problems = {"tz": _zone_problem(tz), "passphrase": "", "again": ""}
        if chosen == "passphrase":
            problems |= _passphrase_problems(passphrase, again)
        for name, problem in problems.items():
            self.query_one(f"#row-{name}", Field).error(problem)
        bad = [name for name, problem in problems.items() if problem]
        if bad:
            self.query_one(f"#row-{bad[0]}", Field).focus_first()
            return
        work = partial(
            create_practice,
            self._path,
            name=self.query_one("#name", Input).value.strip(),
            tz=tz.strip(),
            encrypt=chosen != "none",
            ask=lambda _prompt: passphrase,
            key_store="passphrase" if chosen == "passphrase" else None,
            clock=self._clock,
        )
        self.write(work, self._made)

    def _made(self, created: Created) -> None:
        self.key_place = created.key_place
        self.dismiss(created.database)


def _zone_problem(tz: str) -> str:
    try:
        zone(tz.strip())
    except UnknownZone:
        return "no such time zone"
    return ""


def _passphrase_problems(first: str, again: str) -> dict[str, str]:
    return {"passphrase": "" if first else "choose one", "again": "" if first == again else "not the same"}
