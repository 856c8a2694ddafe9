"""The practice's lists on one screen: services, modifiers, places, rooms. APT-05, APT-06, APT-10, APT-11."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from functools import partial
from typing import ClassVar, NamedTuple, cast

from textual import on
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
from couchcal.tui.forms.plain import QUIET, plain
from couchcal.tui.forms.row_list import RowList
from couchcal.tui.screens import services_lines
from couchcal.tui.screens.listing import ListScreen

_KINDS: tuple[tuple[Kind, str], ...] = (
    ("service", "Services"), ("modifier", "Modifiers"), ("place", "Places"), ("room", "Rooms"),
)  # fmt: skip
_EMPTY = {
    "service": "No services: n adds the first.",
    "modifier": "No modifiers: n adds the first.",
    "place": "No places: n adds the first.",
    "room": "No rooms yet: n adds the first.",
}


class Lists(NamedTuple):
    """Everything the screen shows."""

    items: dict[Kind, list[Item]]
    use_rooms: bool


class ServicesScreen(ListScreen[Done, Item, Lists]):
    """Four lists under a row of words; Enter or `e` changes, `n` adds, `D` takes off the list, `r` brings back.

    What something refers to is retired instead of deleted; `.` shows retired ones.
    """

    SIZE = "-lists"
    CHROME_ROWS = 14
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
        keys = "enter edit · n new · D remove · 1-4 list · . retired · esc close"
        super().__init__("Services and places", keys, RowList(lambda item: item.id, id="items"), database, clock)
        self._with_retired = False

    def compose_body(self) -> ComposeResult:
        yield Choice([(kind, f"{number} {words}") for number, (kind, words) in enumerate(_KINDS, 1)], "service",
                     id="kind")  # fmt: skip
        yield Static(id="columns-title", markup=False)
        yield self.listing
        yield Static(id="count", markup=False)
        yield Static(id="notice", markup=False)

    @property
    def kind(self) -> Kind:
        """Which list is shown."""
        return cast(Kind, self.query_one("#kind", Choice).value)

    def fetch(self) -> Lists:
        return read_lists(self._database)

    @on(Choice.Changed)
    def _turned(self) -> None:
        self.listing.highlighted = None
        self.show()

    def lines(self, found: Lists) -> Iterable[tuple[Item, Option]]:
        shown = [item for item in found.items[self.kind] if item.active or self._with_retired]
        headings, lines = services_lines.lines(self.kind, shown)
        self.query_one("#columns-title", Static).update(headings)
        return [(item, Option(line)) for item, line in zip(shown, lines, strict=True)]

    def below(self, found: Lists) -> str:
        every = found.items[self.kind]
        if not every:
            return _EMPTY[self.kind]
        active = sum(item.active for item in every)
        retired = len(every) - active
        ways = "r brings one back" if self._with_retired else ". shows them"
        return f"{active} in use" + (f" · {retired} retired, {ways}" if retired else "")

    def show(self) -> None:
        super().show()
        if self.found is not None:
            self.query_one("#notice", Static).update(plain(self._notice(self.found), QUIET))

    def _notice(self, found: Lists) -> str:
        if self.kind == "service" or self.kind == "modifier":
            return NOTICE
        if self.kind == "room" and not found.use_rooms:
            return "Rooms are not asked for in sessions: the settings (comma) switch them on."
        return "At 02 and 10 a session gets the telehealth modifier by itself." if self.kind == "place" else ""

    def action_turn_to(self, number: int) -> None:
        """Show another list."""
        self.query_one("#kind", Choice).value = _KINDS[number][0]
        self.listing.focus()

    def action_retired(self) -> None:
        """Show retired ones, or hide them."""
        self._with_retired = not self._with_retired
        self.show()

    def action_add(self) -> None:
        """Add one to the list."""
        self._open(None)

    def action_edit(self) -> None:
        """Edit the highlighted one."""
        item = self.listing.row
        if item is not None:
            self._open(item)

    @on(OptionList.OptionSelected)
    def _selected(self) -> None:
        self.action_edit()

    def _open(self, item: Item | None) -> None:
        if self.found is None:
            return
        from couchcal.tui.forms.catalogue import CatalogueForm

        places = [place for place in self.found.items["place"] if place.active]
        form = CatalogueForm(self._database, self.kind, item, places=places, clock=self._clock)
        self.show_problem("")
        self.app.push_screen(form, self._stored)

    def action_remove(self) -> None:
        """Take the highlighted one off the list; what something refers to is retired."""
        item = self.listing.row
        if item is None:
            return
        if not item.active:
            self.notify("It is retired: r brings it back", markup=False)
            return
        self._change(catalogue.remove, item)

    def action_restore(self) -> None:
        """Bring a retired one back."""
        item = self.listing.row
        if item is not None and not item.active:
            self._change(catalogue.restore, item)

    def _change(self, change: catalogue.Change, item: Item) -> None:
        self.write(partial(change, self._database, self.kind, item.id, clock=self._clock), self._stored)

    def _stored(self, done: Done | None) -> None:
        if done is None:
            return
        self.notify(done.label, markup=False)
        for reason, count in Counter(kept.reason for kept in done.kept).items():
            what = "1 session stays as it is" if count == 1 else f"{count} sessions stay as they are"
            self.notify(f"{what}: {reason}", severity="warning", markup=False)  # no names, whatever the mode
        self.reload(to_new=True)


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
