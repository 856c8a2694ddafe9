"""A service, modifier, place or room: new, or changed. APT-05, APT-06, APT-10, APT-11."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input, Static

from couchcal.clock import Clock, system_clock
from couchcal.errors import Invalid
from couchcal.practice import catalogue
from couchcal.practice.catalogue import NOTICE, Item, Kind
from couchcal.practice.outcome import Done
from couchcal.practice.places_of_service import PLACES_OF_SERVICE, pos_words
from couchcal.practice.services import is_telehealth
from couchcal.store.connection import Database
from couchcal.tui.forms.field import Field
from couchcal.tui.forms.modal import ChangedModal
from couchcal.tui.forms.money import format_cents, parse_cents
from couchcal.tui.forms.pick import Pick
from couchcal.tui.forms.plain import QUIET, plain
from couchcal.tui.forms.suggest import Suggest
from couchcal.tui.forms.tick import Tick


class Part(NamedTuple):
    """A field of the form; `read` makes the stored value of its text and raises ValueError with words."""

    name: str
    label: str
    hint: str = ""
    read: Callable[[str], Any] = str.strip
    write: Callable[[Any], str] = str
    most: int = 100
    tick: str = ""
    """A box with these words instead of text."""


def _minutes(text: str) -> int | None:
    digits = text.strip().lower().removesuffix("min").removesuffix("m").strip()
    if not digits:
        return None
    if not (digits.isascii() and digits.isdecimal() and len(digits) < 5):
        raise ValueError("minutes, such as 50")
    return int(digits)


def _optional(value: Any) -> str:
    return "" if value is None else str(value)


def _pos(text: str) -> str:
    """`10 Telehealth, client at home` is 10."""
    return text.strip()[:2] if text.strip()[2:3] in ("", " ") else text.strip()


PARTS: dict[Kind, tuple[Part, ...]] = {
    "service": (
        Part("code", "Code", "such as 90837", most=16),
        Part("label", "In our words", "what you call it"),
        Part("typical_min", "Usual length", "minutes", _minutes, _optional, 8),
        Part("billable_min", "Billed from", "minutes; empty: no rule", _minutes, _optional, 8),
        Part("billable_max", "Billed to", "minutes; empty: no end", _minutes, _optional, 8),
        Part("fee_cents", "Fee", "such as 120.00", parse_cents, format_cents, 12),
        Part("addon_of", "Added to", "codes, if any"),
        Part("billable", "", tick="billed, and may go on a claim"),
        Part("group_service", "", tick="for a group"),
    ),
    "modifier": (Part("code", "Code", "two characters, such as HO", most=2), Part("label", "In our words")),
    "place": (
        Part("name", "Name", "such as Office", most=60),
        Part("pos", "POS", "", _pos, most=60),
        Part("address", "Address", most=200),
        Part("is_default", "", tick="sessions are here unless said otherwise"),
    ),
    "room": (Part("name", "Name", "such as Blue room", most=60),),
}
_NEW: dict[Kind, dict[str, Any]] = {
    "service": {"typical_min": 50, "billable": True}, "modifier": {}, "place": {"pos": "11"}, "room": {},
}  # fmt: skip
_NARROW = {"code", "typical_min", "billable_min", "billable_max", "fee_cents"}


class CatalogueForm(ChangedModal[Done]):
    """Asks for the fields of one of the lists and saves it itself.

    Args:
        item: what is changed; None for a new one.
        places: where a room can be.
    """

    SIZE = "-wide"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+s", "save", "Save", show=False)]

    def __init__(
        self,
        database: Database,
        kind: Kind,
        item: Item | None,
        *,
        places: Sequence[Item] = (),
        clock: Clock = system_clock,
    ) -> None:
        called = getattr(item, "code", getattr(item, "name", ""))
        title = f"New {kind}" if item is None else f"Edit {kind} {called}"
        super().__init__(title, "ctrl+s save · tab next · esc close")
        self._database = database
        self._kind = kind
        self._item = item
        self._places = [(str(getattr(place, "name", "")), place.id) for place in places]
        self._clock = clock
        self._texts: dict[str, Any] = {}

    def compose_body(self) -> ComposeResult:
        values = _NEW[self._kind] if self._item is None else self._item._asdict()
        if self._item is None and self._places:
            values = values | {"location_id": self._places[0][1]}
        parts = PARTS[self._kind]
        for part in parts:
            last = "last" if part is parts[-1] and self._kind != "room" else ""
            control = self._control(part, values)
            yield Field(part.label, control, id=f"row-{part.name}", hint=part.hint, classes=last)
        if self._kind == "room":
            place = Pick(self._places, values.get("location_id"), id="location_id")
            yield Field("In", place, id="row-location_id", classes="last")
        if self._kind in ("service", "modifier"):
            yield Static(plain(NOTICE, QUIET), id="notice")

    def _control(self, part: Part, values: dict[str, Any]) -> Widget:
        if part.tick:
            return Tick(plain(part.tick), bool(values.get(part.name, False)), id=part.name)
        value = values.get(part.name)
        text = part.write(value) if value is not None else ""
        classes = "-number" if part.name in _NARROW else ""
        return Input(text, id=part.name, max_length=part.most, classes=classes)

    def on_mount(self) -> None:
        self._texts = self._collect()
        if self._kind == "place":
            self.query_one("#frame").mount(Suggest(self.query_one("#pos", Input), find_pos))
            self._explain_pos()

    def _collect(self) -> dict[str, Any]:
        found: dict[str, Any] = {control.id or "": control.value for control in self.query(Input)}
        found |= {control.id or "": control.value for control in self.query(Tick)}
        return found | {control.id or "": control.value for control in self.query(Pick)}

    def changed(self) -> bool:
        return self._collect() != self._texts

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self.show_problem("")
        self.query_one(f"#row-{event.input.id}", Field).error("")
        if event.input.id == "pos":
            self._explain_pos()

    def _explain_pos(self) -> None:
        code = _pos(self.query_one("#pos", Input).value)
        words = pos_words(code)
        telehealth = "telehealth" if is_telehealth(code) and "ealth" not in words else ""
        self.query_one("#row-pos", Field).hint(words or telehealth)

    @on(Input.Submitted)
    def _entered(self) -> None:
        self.focus_next()

    def action_save(self) -> None:
        """Save, or say beside the fields what is wrong."""
        if self._item is not None and not self.changed():
            self.dismiss(None)
            return
        texts = self._collect()
        values, problems = _values(self._kind, texts, self._texts if self._item is not None else {})
        if problems:
            self._show_error(*next(iter(problems.items())))
            return
        if self._item is None:
            work = partial(catalogue.add, self._database, self._kind, values, clock=self._clock)
        else:
            work = partial(
                catalogue.edit, self._database, self._kind, self._item.id, values,
                expected_version=self._item.version, clock=self._clock,
            )  # fmt: skip
        self.write(work, self.dismiss)

    def unwritten(self, error: Exception) -> None:
        if isinstance(error, Invalid):
            self._show_error(error.field, error.message)
        else:
            super().unwritten(error)

    def _show_error(self, name: str, words: str) -> None:
        for row in self.query(f"#row-{name}").results(Field):
            row.error(words)
            row.focus_first()


def _values(kind: Kind, texts: dict[str, Any], before: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """The values of controls that differ from `before`, and what cannot be read."""
    values: dict[str, Any] = {}
    problems: dict[str, str] = {}
    readers = {part.name: part.read for part in PARTS[kind] if not part.tick}
    for name, text in texts.items():
        if name in before and before[name] == text:
            continue
        try:
            values[name] = readers[name](text) if name in readers else text
        except ValueError as error:
            problems[name] = str(error)
    return values, problems


def find_pos(text: str) -> list[str]:
    """Place-of-service codes that begin with `text`, or of whose words one does."""
    wanted = text.strip().casefold()
    found = [f"{code} {words}" for code, words in PLACES_OF_SERVICE.items()]
    return [
        shown
        for shown in found
        if wanted and (shown.casefold().startswith(wanted) or f" {wanted}" in shown.casefold().replace(",", ""))
    ]
