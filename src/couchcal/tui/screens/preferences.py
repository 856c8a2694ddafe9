"""Every setting of this computer and of the practice on one screen. APT-07, APT-11, VIS-02, VID-01, C-06, C-07."""

from __future__ import annotations

from contextlib import closing
from functools import partial
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Checkbox, Input, Static

from couchcal.clock import Clock, system_clock
from couchcal.errors import Invalid, Stale
from couchcal.practice import practice_settings
from couchcal.practice.outcome import Done
from couchcal.practice.practice_settings import PracticeSettings
from couchcal.settings import Settings, load
from couchcal.store.connection import Database
from couchcal.tui.forms.choice import Choice
from couchcal.tui.forms.field import Field
from couchcal.tui.forms.modal import ChangedModal, in_thread, problem_words
from couchcal.tui.forms.pick import Pick
from couchcal.tui.forms.plain import plain
from couchcal.tui.forms.suggest import Suggest
from couchcal.tui.forms.tick import Tick
from couchcal.tui.forms.zone_field import find_zones, read_zone
from couchcal.tui.screens.preferences_items import ITEMS, SECTIONS, Item

_ZONES = ("here-second_time_zone", "ours-tz")
_BY_ID = {item.id: item for item in ITEMS}


class PreferencesScreen(ChangedModal[Done]):
    """Every setting with a line on what it is for; ctrl+s saves both stores, the practice's part as one undo step.

    Colours show at once and go back if nothing is saved. The file is read anew before it is written, so that
    what a hand changed in it meanwhile stays.
    """

    SIZE = "-preferences"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "save", "Save", show=False),
        Binding("slash", "filter", "Filter", show=False),
    ]
    AUTO_FOCUS = "#text"

    def __init__(self, database: Database, *, clock: Clock = system_clock) -> None:
        super().__init__("Settings", "ctrl+s save · / filter · tab next · esc close")
        self._database = database
        self._clock = clock
        self._version = 0
        self._stored: dict[str, str] = {}
        self._theme_before = ""

    def compose_body(self) -> ComposeResult:
        yield Input(placeholder="find a setting: zone, names, reminders …", id="text", max_length=60)
        with VerticalScroll(id="rows", can_focus=False):
            for number, section in enumerate(SECTIONS):
                yield Static(plain(section.title, "bold $accent"), classes="section", id=f"section-{number}")
                for item in section.items:
                    hint = "" if item.way == "tick" else item.about
                    yield Field(item.label, _control(item), id=f"row-{item.id}", hint=hint)
        yield Static(plain("Nothing is called that.", "dim"), id="nothing")

    def on_mount(self) -> None:
        super().on_mount()
        self._theme_before = self.app.theme
        self.query_one("#nothing").display = False
        for name in _ZONES:
            self.query_one("#frame").mount(Suggest(self.query_one(f"#{name}", Input), find_zones))
        self.run_worker(self._load(), group="read", exit_on_error=False)

    async def _load(self) -> None:
        try:
            settings, values = await in_thread(self, "read", self._read)
        except Exception as error:
            self.show_problem(problem_words(error))
            return
        self.show_problem("\n".join(settings.problems))
        self._take(settings, values, keep=False)

    def _read(self) -> tuple[Settings, PracticeSettings]:
        with closing(self._database.connect()) as connection:
            return load(), practice_settings.read(connection)

    def _take(self, settings: Settings, values: PracticeSettings, *, keep: bool) -> None:
        """Show what is stored; with `keep` only where nothing else was typed."""
        changed = set(self._changed_items()) if keep else set()
        self._version = values.version
        for item in ITEMS:
            stored = item.text(settings, values)
            if item not in changed:
                self._put(item, stored)
            self._stored[item.id] = stored

    def _put(self, item: Item, text: str) -> None:
        control = self.query_one(f"#{item.id}")
        with self.prevent(Input.Changed, Pick.Changed, Choice.Changed, Checkbox.Changed):
            if isinstance(control, Tick):
                control.value = text == "on"
            elif isinstance(control, Input):
                control.value = text
            elif isinstance(control, (Pick, Choice)):
                control.value = text or None

    def _text(self, item: Item) -> str:
        control = self.query_one(f"#{item.id}")
        if isinstance(control, Tick):
            return "on" if control.value else "off"
        value = control.value if isinstance(control, (Input, Pick, Choice)) else ""
        return str(value or "").strip()

    def _changed_items(self) -> list[Item]:
        return [item for item in ITEMS if item.id in self._stored and self._text(item) != self._stored[item.id]]

    def changed(self) -> bool:
        return bool(self._changed_items())

    def _discard(self, yes: bool | None) -> None:
        if yes:
            self.app.theme = self._theme_before
        super()._discard(yes)

    # Finding

    def action_filter(self) -> None:
        """Go to the filter."""
        self.query_one("#text", Input).focus()

    @on(Input.Changed, "#text")
    def _filter(self, event: Input.Changed) -> None:
        event.stop()
        words = event.value.casefold().split()
        shown = False
        for number, section in enumerate(SECTIONS):
            some = False
            for item in section.items:
                fits = all(word in _searched(section.title, item) for word in words)
                self.query_one(f"#row-{item.id}").display = fits
                some |= fits
            self.query_one(f"#section-{number}").display = some
            shown |= some
        self.query_one("#nothing").display = not shown
        if shown and self.focused is not None and not self.focused.is_on_screen and not event.input.has_focus:
            self._first_shown().focus_first()

    def _first_shown(self) -> Field:
        return next(field for field in self.query(Field) if field.display)

    @on(Input.Submitted)
    def _entered(self) -> None:
        self.focus_next()

    # Changing

    @on(Input.Changed, "#rows Input")
    @on(Pick.Changed)
    @on(Choice.Changed)
    @on(Checkbox.Changed)
    def _touched(self, event: Any) -> None:
        event.stop()
        item = _BY_ID.get(event.control.id or "")
        if item is None:
            return
        self.query_one(f"#row-{item.id}", Field).error("")
        if item.id == "here-theme" and event.control.value:
            self.app.theme = event.control.value

    def action_save(self) -> None:
        """Save what was changed, or say beside the fields what is wrong."""
        self.run_worker(self._save(), group="save", exit_on_error=False)

    async def _save(self) -> None:
        if self.saving or not self._stored:
            return
        changed = self._changed_items()
        if not changed:
            self.dismiss(None)
            return
        values, problems = _values({item: _meant(item, self._text(item)) for item in changed})
        if self._show_errors(problems):
            return
        self.saving = True
        try:
            done = await self._write(values)
        except Stale as error:
            settings, stored = await in_thread(self, "read", self._read)
            self._take(settings, stored, keep=True)
            self.show_problem(problem_words(error))
            return
        except Exception as error:
            self.show_problem(problem_words(error))
            return
        finally:
            self.saving = False
        self.dismiss(done)

    async def _write(self, values: dict[Item, Any]) -> Done:
        """Write to both stores; what is through is no change any more if the other one fails.

        `Done.changed` counts what undo takes back: the practice's part. The file's part is told beside it.
        """
        done: Done | None = None
        ours = {item.name: value for item, value in values.items() if not item.here}
        if ours:
            work = partial(
                practice_settings.change, self._database, ours, expected_version=self._version, clock=self._clock
            )
            done = await in_thread(self, "write", work)
            _, stored = await in_thread(self, "read", self._read)
            self._version = stored.version
            self._stored |= {item.id: self._text(item) for item in values if not item.here}
        here = {item.name: value for item, value in values.items() if item.here}
        if not here:
            return done or Done("Nothing changed", changed=0)
        from couchcal.settings_file import write_settings

        await in_thread(self, "write", partial(write_settings, here))
        many = f"{len(here)} settings" if len(here) > 1 else next(item.label for item in values if item.here)
        said = f"Saved for this computer: {many}"
        return Done(said, changed=0) if done is None else done._replace(advice=(*done.advice, said))

    def _show_errors(self, problems: dict[Item, str]) -> bool:
        for item in ITEMS:
            self.query_one(f"#row-{item.id}", Field).error(problems.get(item, ""))
        if not problems:
            return False
        self.query_one("#text", Input).value = ""
        first = self.query_one(f"#row-{next(iter(problems)).id}", Field)
        first.display = True
        first.focus_first()
        return True


def _control(item: Item) -> Widget:
    if item.way == "words":
        return Choice([(key, words) for words, key in item.options], id=item.id)
    if item.way == "list":
        return Pick(item.options, blank=item.blank, id=item.id)
    if item.way == "tick":
        return Tick(plain(item.about), id=item.id)
    return Input(id=item.id, max_length=500)


def _searched(section: str, item: Item) -> str:
    return f"{section} {item.label} {item.about} {item.name.replace('_', ' ')}".casefold()


def _meant(item: Item, text: str) -> str:
    return read_zone(text) if item.id in _ZONES and text else text


def _values(texts: dict[Item, str]) -> tuple[dict[Item, Any], dict[Item, str]]:
    """The values of changed controls, and beside which of them something is wrong."""
    values, problems = {}, {}
    for item, text in texts.items():
        try:
            values[item] = item.value(text)
        except Invalid as error:
            problems[item] = error.message
        except ValueError:
            problems[item] = "no such time zone"  # the only free text of this computer
    return values, problems
