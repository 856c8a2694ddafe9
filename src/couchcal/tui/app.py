"""The terminal application: themes, keys, palette, and the calendar as its first screen."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.theme import Theme

from couchcal.clock import Clock, system_clock
from couchcal.clock_words import use_clock_24h
from couchcal.settings import Settings, load, remembered_view
from couchcal.store.connection import Database
from couchcal.tui.background import AFTER_S, BACKUP_EVERY_S, Background
from couchcal.tui.calendar.period import View
from couchcal.tui.calendar.screen import CalendarScreen
from couchcal.tui.commands import CalendarCommands, keymap
from couchcal.tui.frugal import Frugal
from couchcal.tui.locking import LONGEST_MINUTES, Locking
from couchcal.tui.on_terminal import OnTerminal
from couchcal.tui.plain_marks import WithPlainMarks
from couchcal.tui.stylesheet import QuickStylesheet
from couchcal.tui.theme import THEMES, VARIABLE_DEFAULTS, theme_for
from couchcal.typed_dates import use_date_order

_PALETTE_CSS = Path(__file__).with_name("styles") / "palette.tcss"


class CouchcalApp(OnTerminal[None], WithPlainMarks[None], Frugal[None], Locking):
    """couchcal in a terminal. The title never carries a name."""

    TITLE = "couchcal"
    CSS_PATH = "styles/calendar.tcss"  # modals and the palette bring their own when they are first shown
    COMMANDS: ClassVar = App.COMMANDS | {CalendarCommands}
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+q", "quit", "Quit", show=False, priority=True)]
    ENABLE_COMMAND_PALETTE = True
    _coloured: Theme | None = None
    """The theme that the variables of the style sheet are of."""
    _theme_known = False
    """Whether the settings have been asked for the theme; until then Textual's own stands in for it."""

    def __init__(
        self,
        database: Database,
        *,
        clock: Clock = system_clock,
        settings: Settings | None = None,
        view: View | None = None,
    ) -> None:
        super().__init__()
        self.database, self.clock = database, clock
        self.settings = settings if settings is not None else load()
        self.keys = keymap(self.settings.keys, _where)
        use_date_order(self.settings.date_order or None)
        use_clock_24h(self.settings.clock_24h)
        self.background = Background(database, clock)
        self.first_view = view or View(remembered_view())
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = self.settings.theme
        self._theme_known = True
        self.stylesheet = QuickStylesheet(variables=self.get_css_variables())
        self.animation_level = "none"
        self.when_ready: Callable[[], None] = _nothing
        self.set_keymap(self.keys.remapped)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return VARIABLE_DEFAULTS

    def get_css_variables(self) -> dict[str, str]:
        """As in Textual, worked out once for a theme and not at all for one that nobody will see."""
        theme = self.current_theme
        if self._theme_known and theme is not self._coloured:
            super().get_css_variables()
            self._coloured = theme
        return self.theme_variables

    def get_default_screen(self) -> Screen[None]:
        return CalendarScreen(self.database, self.clock, self.settings, self.keys, self.first_view)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        yield SystemCommand("Theme", "Change the colours", self.action_change_theme)

    def action_command_palette(self) -> None:
        """As in Textual, framed as every dialog is."""
        if not self.stylesheet.has_source(str(_PALETTE_CSS)):
            self.stylesheet.read(_PALETTE_CSS)
        super().action_command_palette()

    def _fitting(self, theme: str) -> str:
        """The theme, or the one that the terminal has the colours for."""
        return theme if self.is_headless else theme_for(theme, self.console.color_system)

    def on_ready(self) -> None:
        self.when_ready()
        self.set_timer(AFTER_S, partial(self.in_background, self.background.begin))
        self.set_interval(BACKUP_EVERY_S, partial(self.in_background, self.background.back_up))

    def on_unmount(self) -> None:
        self.background.end()

    def on_places_sync_asked(self) -> None:
        self.in_background(self.background.wake)

    def in_background(self, work: Callable[[], None]) -> None:
        """Talk to the worker in a thread: the first time it is imported."""
        self.run_worker(work, group="background", thread=True, exit_on_error=False)

    def on_mount(self) -> None:
        for problem in (*self.settings.problems, *self.keys.problems, *self._lock_problems()):
            self.notify(problem, severity="warning", markup=False, timeout=10)
        if not self.is_headless:
            self._leave_when_told()

    def _lock_problems(self) -> list[str]:
        never = self.settings.lock_minutes == 0 and self.database.encrypted
        return [f"An encrypted calendar locks after {LONGEST_MINUTES} minutes at the latest"] if never else []

    def unlocked(self) -> None:
        self.in_background(self.background.begin)

    def apply_settings(self, settings: Settings) -> None:
        """Show everything by other settings at once: theme, keys, order of dates, and the calendar."""
        self.settings, self.theme = settings, self._fitting(settings.theme)
        use_date_order(settings.date_order or None)
        use_clock_24h(settings.clock_24h)
        self.keys = keymap(settings.keys, _where)
        self.set_keymap(self.keys.remapped)
        for screen in self.screen_stack:
            if isinstance(screen, CalendarScreen):
                screen.apply_settings(settings, self.keys)

    def on_adjusting_settings_written(self) -> None:
        self.apply_settings(load())

    def _leave_when_told(self) -> None:
        """Give the terminal back as it was when the program is ended or the line is cut."""
        for name in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            with suppress(NotImplementedError):
                if number is not None:
                    leave = partial(self.exit, return_code=128 + number)
                    asyncio.get_running_loop().add_signal_handler(number, leave)

    def _fatal_error(self) -> None:
        """As in Textual, but without anybody's data."""
        from rich.segment import Segments

        from couchcal.tui.crash import wordless_traceback

        self.bell()
        shown = self.console.render(wordless_traceback(), self.console.options)
        self._exit_renderables.append(Segments(shown))
        self._close_messages_no_wait()


def make_app(
    database: Database, *, clock: Clock = system_clock, settings: Settings | None = None, view: View | None = None
) -> CouchcalApp:
    """The application over an open database; everything it depends on is an argument."""
    return CouchcalApp(database, clock=clock, settings=settings, view=view)


def _where(command: str) -> str:
    """Where the settings file remaps a command, for words on what is wrong with it."""
    from couchcal.settings_file import place_of

    return place_of("keys", command)


def _nothing() -> None:
    """What happens when the first screen is there, unless somebody says otherwise."""


def run(database: Database, *, clock: Clock = system_clock) -> int:
    """Show the calendar until the user leaves; the exit code.

    The garbage collector rests until the first screen is there: what is made on the way there stays, and
    looking through it again and again costs a twentieth of the way.
    """
    app = make_app(database, clock=clock)
    app.theme = theme_for(app.theme, app.console.color_system)
    gc.disable()
    app.when_ready = partial(_begun, app)
    app.run()
    database.dispose()
    return app.return_code or 0


def _begun(app: CouchcalApp) -> None:
    gc.freeze()
    gc.enable()
    app.in_background(app.background.note_opening)
