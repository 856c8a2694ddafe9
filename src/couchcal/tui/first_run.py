"""The first run: the short form that makes a practice, before there is a calendar to show."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import ClassVar

from textual.binding import Binding, BindingType

from couchcal.clock import Clock, system_clock
from couchcal.errors import CouchcalError
from couchcal.practice.opening import new_recovery_code
from couchcal.settings import load
from couchcal.store.connection import Database
from couchcal.tui.forms.init import InitForm
from couchcal.tui.on_terminal import OnTerminal
from couchcal.tui.plain_marks import WithPlainMarks
from couchcal.tui.text import glyphs_for
from couchcal.tui.theme import THEMES, VARIABLE_DEFAULTS, theme_for


class FirstRunApp(OnTerminal[Database], WithPlainMarks[Database]):
    """Shows the form and leaves with the new database, or with None if the user would rather not."""

    TITLE = "couchcal"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+q", "quit", "Quit", show=False, priority=True)]

    def __init__(self, path: Path, *, clock: Clock = system_clock) -> None:
        super().__init__()
        self._form = InitForm(path, clock=clock)
        for theme in THEMES:
            self.register_theme(theme)
        settings = load()
        self.set_class(not glyphs_for(settings.ascii).lower, "-ascii")
        self.theme = settings.theme
        self.animation_level = "none"

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return VARIABLE_DEFAULTS

    def on_mount(self) -> None:
        self.push_screen(self._form, self._made)

    def _made(self, database: Database | None) -> None:
        if database is None or not database.encrypted:
            self.exit(database)
            return
        self.run_worker(self._show_recovery_code(database), group="save", exit_on_error=False)

    async def _show_recovery_code(self, database: Database) -> None:
        from couchcal.tui.forms.recovery import RecoveryCode

        try:
            code = await asyncio.to_thread(new_recovery_code, database)
        except (CouchcalError, OSError):  # couchcal doctor says that there is none
            self.exit(database)
            return
        await self.push_screen(RecoveryCode(code, self._form.key_place), lambda _seen: self.exit(database))


def ask(path: Path) -> Database | None:
    """Let a person set up a practice at `path`; None if they left without."""
    app = FirstRunApp(path)
    app.theme = theme_for(app.theme, app.console.color_system)
    return app.run()
