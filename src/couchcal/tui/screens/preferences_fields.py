"""The fields of all settings, made piece by piece, filtered, and filled with what is stored."""

from __future__ import annotations

import asyncio
import os
from contextlib import closing
from datetime import time
from itertools import groupby
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Checkbox, Input, Static

from couchcal.clock import Clock, system_clock
from couchcal.clock_words import clock_words
from couchcal.practice import practice_settings
from couchcal.practice.outcome import Done
from couchcal.practice.practice_settings import PracticeSettings
from couchcal.settings import Settings, load
from couchcal.store.connection import Database
from couchcal.tui.forms.choice import Choice
from couchcal.tui.forms.field import Field
from couchcal.tui.forms.modal import ChangedModal, in_thread, problem_words
from couchcal.tui.forms.pick import Pick
from couchcal.tui.forms.plain import QUIET, plain
from couchcal.tui.forms.suggest import Suggest
from couchcal.tui.forms.tick import Tick
from couchcal.tui.forms.zone_field import find_zones
from couchcal.tui.screens.preferences_items import BY_ID, ITEMS, SECTIONS, ZONES, Item, Section

_BY_SERVER = next(section for section in SECTIONS if section.title == "Mail server")
_PLACE = {item.id: place for place, item in enumerate(ITEMS)}
_SECTION_OF = {item.id: number for number, section in enumerate(SECTIONS) for item in section.items}
_SEARCHED = {
    item.id: f"{section.title} {item.label} {item.about} {item.name.replace('_', ' ')}".casefold()
    for section in SECTIONS
    for item in section.items
}
_AT_ONCE = 12
"""Settings that get their fields before anything else: those on top of a small screen."""
_LATER = 20
"""Settings that get theirs in one go while the screen is looked at."""
_REST_S = 0.02
"""Seconds between such goes, for keys and painting."""


class PreferencesFields(ChangedModal[Done]):
    """Every setting with a line on what it is for. Those in sight get their fields first, the others while somebody
    looks; whoever filters gets what is asked for."""

    SIZE = "-preferences"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter", show=False),
    ]
    AUTO_FOCUS = "#text"

    def __init__(self, database: Database, *, clock: Clock = system_clock) -> None:
        super().__init__("Settings", "ctrl+s save · / filter · tab next · esc close")
        self._database = database
        self._clock = clock
        self._version = 0
        self._stored: dict[str, str] = {}
        self._pending = list(ITEMS)
        """What has no field on the screen yet, in the order of the screen."""
        self._making: set[Item] = set()
        """What is on its way from there to the screen."""
        self._headings: dict[int, Static] = {}

    def compose_body(self) -> ComposeResult:
        yield Input(placeholder="filter: zone, names, reminders …", id="text", max_length=60)
        yield VerticalScroll(id="rows", can_focus=False)
        yield Static(plain("Nothing is called that.", QUIET), id="nothing")

    def on_mount(self) -> None:
        self.query_one("#nothing").display = False
        self.run_worker(self._load(), group="read", exit_on_error=False)

    async def _load(self) -> None:
        try:
            settings, values = await in_thread(self, "read", self._read)
        except Exception as error:
            self.show_problem(problem_words(error))
            return
        self.show_problem("\n".join(settings.problems))
        self._take(settings, values)
        await self._show_some(_AT_ONCE)
        self.run_worker(self._show_rest(), group="fields", exit_on_error=False)  # keys need not wait for that

    async def _show_rest(self) -> None:
        while self._pending:
            await asyncio.sleep(_REST_S)
            await self._show_some(_LATER)

    async def _show_some(self, many: int) -> None:
        """Make fields for the next settings: those that the filter asks for, then from the top."""
        lacking = [item for item in self._pending if item not in self._making]
        chosen = ([item for item in lacking if self._fits(item)] or lacking)[:many]
        if not chosen:
            await asyncio.sleep(_REST_S)
            return
        self._making.update(chosen)
        rows = self.query_one("#rows")
        there = list(rows.children)

        def below(item: Item) -> Widget | None:
            return next((row for row in there if _place(row) > _place_of(item)), None)

        with self.app.batch_update():  # one layout for all of them
            for row, items in groupby(chosen, key=below):
                widgets: list[Widget] = []
                for item in items:
                    if _SECTION_OF[item.id] not in self._headings:
                        widgets.append(self._heading(_SECTION_OF[item.id]))
                    widgets.append(self._field(item))
                await rows.mount(*widgets, before=row)
            self._pending = [item for item in self._pending if item not in chosen]
            self._making.difference_update(chosen)
            for item in chosen:
                self.query_one(f"#row-{item.id}").display = self._fits(item)  # the filter may be another one by now
                if item.id in ZONES:
                    await self.query_one("#frame").mount(Suggest(self.query_one(f"#{item.id}", Input), find_zones))

    def _heading(self, number: int) -> Static:
        section = SECTIONS[number]
        title = Content.assemble((section.title, "bold $accent"), (f"   {_note(section)}".rstrip(), QUIET))
        heading = Static(title, classes="section", id=f"section-{number}")
        heading.display = any(map(self._fits, section.items))
        heading.set_class(number == self._first_section(), "-first")
        self._headings[number] = heading
        return heading

    def _field(self, item: Item) -> Field:
        hint = "" if item.way == "tick" else item.about
        field = Field(item.label, _control(item, self._stored[item.id]), id=f"row-{item.id}", hint=hint)
        field.display = self._fits(item)
        return field

    def _read(self) -> tuple[Settings, PracticeSettings]:
        with closing(self._database.connect()) as connection:
            return load(), practice_settings.read(connection)

    def _take(self, settings: Settings, values: PracticeSettings) -> None:
        """Show what is stored where nothing else was typed."""
        changed = self._changed_items()
        self._version = values.version
        for item in ITEMS:
            stored = item.text(settings, values)
            if item not in changed and item not in self._pending:
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
        if item in self._pending:
            return self._stored[item.id]
        control = self.query_one(f"#{item.id}")
        if isinstance(control, Tick):
            return "on" if control.value else "off"
        value = control.value if isinstance(control, (Input, Pick, Choice)) else ""
        return str(value or "").strip()

    def _changed_items(self) -> list[Item]:
        return [item for item in ITEMS if item.id in self._stored and self._text(item) != self._stored[item.id]]

    def changed(self) -> bool:
        return bool(self._changed_items())

    # Finding

    def action_filter(self) -> None:
        """Go to the filter."""
        self.query_one("#text", Input).focus()

    @on(Input.Changed, "#text")
    def _filter(self, event: Input.Changed) -> None:
        event.stop()
        shown = False
        for number, section in enumerate(SECTIONS):
            some = False
            for item in section.items:
                fits = self._fits(item)
                some |= fits
                if item not in self._pending:
                    self.query_one(f"#row-{item.id}").display = fits
            if number in self._headings:
                self._headings[number].display = some
                self._headings[number].set_class(some and not shown, "-first")
            shown |= some
        self.query_one("#nothing").display = not shown
        around = self.focused.ancestors if self.focused is not None else ()
        if shown and any(isinstance(node, Field) and not node.display for node in around):
            self._first_shown().focus_first()

    def _fits(self, item: Item) -> bool:
        """Whether the filter lets a setting through."""
        text = self.query_one("#text", Input).value.replace("/", " ")  # typed as the key for the filter, in it
        words = text.casefold().split()
        return all(word in _SEARCHED[item.id] for word in words)

    def _first_section(self) -> int | None:
        """The number of the section that the filter leaves on top."""
        return next(
            (number for number, section in enumerate(SECTIONS) if any(map(self._fits, section.items))), None
        )

    def _first_shown(self) -> Field:
        return next(field for field in self.query(Field) if field.display)

    @on(Input.Submitted)
    async def _entered(self) -> None:
        while self._stored and self._first_is_pending():
            await self._show_some(_AT_ONCE)
        self.focus_next()

    def _first_is_pending(self) -> bool:
        """Whether the first setting that the filter lets through has no field yet."""
        first = next((item for item in ITEMS if self._fits(item)), None)
        return first in self._pending


def _control(item: Item, text: str) -> Widget:
    """The control of a setting, with what is stored in it."""
    if item.way == "words":
        return Choice([(key, words) for words, key in item.options], text or None, id=item.id)
    if item.way == "list":
        return Pick(item.options, text or None, blank=item.blank, id=item.id)
    if item.way == "hour":
        return Pick([(clock_words(time(hour)), str(hour)) for hour in range(24)], text, id=item.id)
    if item.way == "tick":
        return Tick(plain(item.about), text == "on", id=item.id)
    return Input(text, id=item.id, max_length=500)


def _note(section: Section) -> str:
    """What is said beside a heading: where else there is something to set, and what wins over it."""
    if section is _BY_SERVER and os.environ.get("COUCHCAL_SMTP_URL"):
        return "COUCHCAL_SMTP_URL wins over this"
    return section.note


def _place(row: Widget) -> int:
    """Where a row of the screen belongs; a heading is before the first setting of its section."""
    name = row.id or ""
    if name.startswith("section-"):
        return _place_of(SECTIONS[int(name.removeprefix("section-"))].items[0]) - 1
    return _place_of(BY_ID[name.removeprefix("row-")])


def _place_of(item: Item) -> int:
    return 2 * _PLACE[item.id]
