"""The practice's lists on one screen: services, modifiers, places, rooms. APT-05, APT-06, APT-10, APT-11."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from functools import partial
from typing import ClassVar, NamedTuple, cast

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from couchcal.clock import Clock, system_clock
from couchcal.practice import catalogue, practice_settings
from couchcal.practice.catalogue import NOTICE, Item, Kind
from couchcal.practice.outcome import Done
from couchcal.store.connection import Database
from couchcal.tui.forms.choice import Choice
from couchcal.tui.forms.modal import Modal, in_thread, problem_words
from couchcal.tui.forms.options import Ways
from couchcal.tui.forms.plain import QUIET, plain
from couchcal.tui.screens.services_lines import HEADINGS, line

_KINDS: tuple[tuple[Kind, str], ...] = (
    ("service", "Services"), ("modifier", "Modifiers"), ("place", "Places"), ("room", "Rooms"),
)  # fmt: skip
_EMPTY = {
    "service": "No services: n adds the first.",
    "modifier": "No modifiers: n adds the first.",
    "place": "No places: n adds the first.",
    "room": "No rooms yet: n adds the first.",
}
_CHROME_ROWS = 14


class Lists(NamedTuple):
    """Everything the screen shows."""

    items: dict[Kind, list[Item]]
    use_rooms: bool


class ServicesScreen(Modal[Done]):
    """Four lists under a row of words; Enter or `e` changes, `n` adds, `D` takes off the list, `r` brings back.

    What something refers to is retired instead of deleted; `.` shows retired ones.
    """

    SIZE = "-lists"
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(str(number), f"turn_to({number - 1})", show=False) for number in range(1, 5)),
        Binding("n", "add", "New", show=False),
        Binding("e", "edit", "Edit", show=False),
        Binding("D,delete", "remove", "Remove", show=False),
        Binding("r", "restore", "Bring back", show=False),
        Binding("full_stop", "retired", "Retired ones", show=False),
    ]
    AUTO_FOCUS = "#items"

    def __init__(self, database: Database, *, clock: Clock = system_clock) -> None:
        super().__init__("Services and places", "enter edit · n new · D remove · 1-4 list · . retired · esc close")
        self._database = database
        self._clock = clock
        self._lists: Lists | None = None
        self._shown: list[Item] = []
        self._with_retired = False

    def compose_body(self) -> ComposeResult:
        yield Choice([(kind, f"{number} {words}") for number, (kind, words) in enumerate(_KINDS, 1)], "service",
                     id="kind")  # fmt: skip
        yield Static(id="columns-title", markup=False)
        yield Ways([], id="items")
        yield Static(id="count", markup=False)
        yield Static(id="notice", markup=False)

    def on_mount(self) -> None:
        super().on_mount()
        self._read()

    def on_resize(self, event: events.Resize) -> None:
        """Let the list take what the screen leaves."""
        self.query_one("#items").styles.max_height = max(3, min(event.size.height, 46) - _CHROME_ROWS)

    @property
    def kind(self) -> Kind:
        """Which list is shown."""
        return cast(Kind, self.query_one("#kind", Choice).value)

    def _read(self) -> None:
        self.run_worker(self._load(), group="read", exit_on_error=False)

    async def _load(self) -> None:
        try:
            self._lists = await in_thread(self, "read", partial(read_lists, self._database))
        except Exception as error:
            self.show_problem(problem_words(error))
            return
        self._show()

    @on(Choice.Changed)
    def _turned(self) -> None:
        self.query_one("#items", OptionList).highlighted = None
        self._show()

    def _show(self) -> None:
        if self._lists is None:
            return
        kind = self.kind
        every = self._lists.items[kind]
        self._shown = [item for item in every if item.active or self._with_retired]
        listing = self.query_one("#items", OptionList)
        at = listing.highlighted
        listing.clear_options()
        listing.add_options(Option(line(item)) for item in self._shown)
        if self._shown:
            listing.highlighted = min(at or 0, len(self._shown) - 1)
        self.query_one("#columns-title", Static).update(plain(HEADINGS[kind], QUIET))
        self.query_one("#count", Static).update(plain(self._count(every), QUIET))
        self.query_one("#notice", Static).update(plain(self._notice(), QUIET))

    def _count(self, every: list[Item]) -> str:
        if not every:
            return _EMPTY[self.kind]
        active = sum(item.active for item in every)
        retired = len(every) - active
        ways = "r brings one back" if self._with_retired else ". shows them"
        return f"{active} in use" + (f" · {retired} retired, {ways}" if retired else "")

    def _notice(self) -> str:
        if self.kind == "service" or self.kind == "modifier":
            return NOTICE
        if self.kind == "room" and self._lists is not None and not self._lists.use_rooms:
            return "Rooms are not asked for in sessions: the settings (comma) switch them on."
        return "At 02 and 10 a session gets the telehealth modifier by itself." if self.kind == "place" else ""

    def action_turn_to(self, number: int) -> None:
        """Show another list."""
        self.query_one("#kind", Choice).value = _KINDS[number][0]
        self.query_one("#items").focus()

    def action_retired(self) -> None:
        """Show retired ones, or hide them."""
        self._with_retired = not self._with_retired
        self._show()

    def _chosen(self) -> Item | None:
        at = self.query_one("#items", OptionList).highlighted
        return self._shown[at] if at is not None and at < len(self._shown) else None

    def action_add(self) -> None:
        """Add one to the list."""
        self._open(None)

    def action_edit(self) -> None:
        """Edit the highlighted one."""
        item = self._chosen()
        if item is not None:
            self._open(item)

    @on(OptionList.OptionSelected)
    def _selected(self) -> None:
        self.action_edit()

    def _open(self, item: Item | None) -> None:
        if self._lists is None:
            return
        from couchcal.tui.forms.catalogue import CatalogueForm

        places = [place for place in self._lists.items["place"] if place.active]
        form = CatalogueForm(self._database, self.kind, item, places=places, clock=self._clock)
        self.app.push_screen(form, self._written)

    def action_remove(self) -> None:
        """Take the highlighted one off the list; what something refers to is retired."""
        item = self._chosen()
        if item is None:
            return
        if not item.active:
            self.notify("It is retired: r brings it back", markup=False)
            return
        self._write(catalogue.remove, item)

    def action_restore(self) -> None:
        """Bring a retired one back."""
        item = self._chosen()
        if item is not None and not item.active:
            self._write(catalogue.restore, item)

    def _write(self, change: catalogue.Change, item: Item) -> None:
        work = partial(change, self._database, self.kind, item.id, clock=self._clock)
        self.run_worker(self._wait_for(work), group="save", exit_on_error=False)

    async def _wait_for(self, work: partial[Done]) -> None:
        self.show_problem("")
        try:
            done = await in_thread(self, "write", work)
        except Exception as error:
            self.show_problem(problem_words(error))
            return
        self._written(done)

    def _written(self, done: Done | None) -> None:
        if done is None:
            return
        self.notify(done.label, markup=False)
        for reason, count in Counter(kept.reason for kept in done.kept).items():
            what = "1 session stays as it is" if count == 1 else f"{count} sessions stay as they are"
            self.notify(f"{what}: {reason}", severity="warning", markup=False)  # no names, whatever the mode
        self._read()


def read_lists(database: Database) -> Lists:
    """The four lists and whether rooms are asked for. Blocks; for a thread worker."""
    with closing(database.connect()) as connection:
        items: dict[Kind, list[Item]] = {
            "service": list(catalogue.services(connection)),
            "modifier": list(catalogue.modifiers(connection)),
            "place": list(catalogue.places(connection)),
            "room": list(catalogue.rooms(connection)),
        }
        return Lists(items, practice_settings.read(connection).use_rooms)
