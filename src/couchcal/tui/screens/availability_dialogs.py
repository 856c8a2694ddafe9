"""What the week of availability asks: a day's hours in words, the days to copy to, and what a block allows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time
from typing import ClassVar, NamedTuple

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Button, Input, Static

from couchcal.practice.availability import WEEKDAYS
from couchcal.practice.event_types import EventTypeRow
from couchcal.scheduling.hours import parse_hours
from couchcal.tui.forms.modal import ChangedModal, Modal
from couchcal.tui.forms.plain import QUIET, plain
from couchcal.tui.forms.tick import Tick
from couchcal.tui.screens.week_paint import Block, Day, with_hours
from couchcal.tui.screens.week_words import day_words

VISIT_WORDS = {"telehealth": "Telehealth", "in_person": "In person"}

_CHROME_ROWS = 10

Hours = list[tuple[time, time]]


class HoursDialog(ChangedModal[Hours]):
    """Asks for a day's hours in words; what is understood or wrong is said while typing."""

    SIZE = "-wide"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+s", "save", "Take", show=False)]

    def __init__(self, weekday: int, day: Day, text: str, *, hour24: bool = True) -> None:
        """`text` is what stands in the line at first: the day's hours as they are."""
        super().__init__(f"Hours on {WEEKDAYS[weekday]}", "enter take · esc back")
        self._day = day
        self._text = text
        self._hour24 = hour24

    def compose_body(self) -> ComposeResult:
        yield Input(self._text, id="text", max_length=500, placeholder="9-12, 13-17:30  or nothing: unavailable")
        yield Static(id="understood", markup=False)

    def on_mount(self) -> None:
        self._look()

    def changed(self) -> bool:
        return self.query_one("#text", Input).value.strip() != self._text

    @on(Input.Changed)
    def _look(self) -> None:
        typed = self.query_one("#text", Input)
        words = self.query_one("#understood", Static)
        try:
            hours = parse_hours(typed.value)
        except ValueError as problem:
            words.update(plain(str(problem), "$text-error"))
            typed.add_class("-bad")
        else:
            words.update(plain(day_words(with_hours(self._day, hours), hour24=self._hour24), QUIET))
            typed.remove_class("-bad")

    @on(Input.Submitted)
    def action_save(self) -> None:
        """Close with the hours if they are understood."""
        try:
            hours = parse_hours(self.query_one("#text", Input).value)
        except ValueError:
            self.app.bell()
            return
        self.dismiss(hours)


class CopyDialog(Modal[list[int]]):
    """Asks for the weekdays that are to get the hours of one (AVL-02)."""

    SIZE = "-narrow"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("w", "preset('weekdays')", "Weekdays", show=False),
        Binding("a", "preset('all')", "All", show=False),
        Binding("0", "preset('none')", "None", show=False),
        Binding("ctrl+s", "apply", "Copy", show=False),
        Binding("down,j", "app.focus_next", show=False),
        Binding("up,k", "app.focus_previous", show=False),
    ]

    def __init__(self, weekday: int, words: str, week_start: int) -> None:
        super().__init__(f"Copy {WEEKDAYS[weekday]} to", "space tick · ctrl+s copy · esc back")
        self._weekday = weekday
        self._words = words
        self._order = [(week_start + step) % 7 for step in range(7)]

    def compose_body(self) -> ComposeResult:
        yield Static(plain(self._words), id="body")
        for weekday in self._order:
            if weekday != self._weekday:
                yield Tick(WEEKDAYS[weekday], id=f"day-{weekday}")
        yield Static(plain("w weekdays · a all · 0 none", QUIET), id="presets")
        with Horizontal(classes="buttons"):
            yield Button("Copy", id="apply")

    def action_preset(self, which: str) -> None:
        """Tick the weekdays, all days or none."""
        for weekday in self._order:
            if weekday != self._weekday:
                ticked = which == "all" or (which == "weekdays" and weekday < 5)
                self.query_one(f"#day-{weekday}", Tick).value = ticked

    @on(Button.Pressed)
    def action_apply(self) -> None:
        """Close with the ticked days."""
        days = [day for day in range(7) if day != self._weekday and self.query_one(f"#day-{day}", Tick).value]
        if days:
            self.dismiss(days)
        else:
            self.show_problem("Tick at least one day.")

    @on(Tick.Changed)
    def _ticked(self) -> None:
        self.show_problem("")


class Limits(NamedTuple):
    """What a block is open to; empty sets allow everything."""

    event_types: frozenset[int]
    visit_types: frozenset[str]


class LimitsDialog(ChangedModal[Limits]):
    """Asks which event types and visit types may be booked in a block (AVL-07).

    Of removed event types only those that the block names are shown: taking the last tick away opens it to all.
    """

    SIZE = "-wide"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "apply", "Take", show=False),
        Binding("0", "nothing", "No limits", show=False),
        Binding("down,j", "app.focus_next", show=False),
        Binding("up,k", "app.focus_previous", show=False),
    ]

    def __init__(self, title: str, block: Block, event_types: Sequence[EventTypeRow]) -> None:
        super().__init__(title, "space tick · 0 no limits · ctrl+s take · esc back")
        self._block = block
        self._types = [row for row in event_types if row.active or row.id in block.event_types]

    def compose_body(self) -> ComposeResult:
        with VerticalScroll(id="rows", can_focus=False):
            yield Static(plain("Visits that clients can book here", "bold"))
            for key, words in VISIT_WORDS.items():
                yield Tick(words, key in self._block.visit_types, id=f"visit-{key}")
            yield Static(plain("Event types that they can book here", "bold"), classes="group-title")
            if not self._types:
                yield Static(plain("none yet: they are made on their own screen, E on the calendar", QUIET))
            for row in self._types:
                label = plain(f"{row.title} · {row.minutes} min{'' if row.active else ' · removed'}")
                yield Tick(label, row.id in self._block.event_types, id=f"type-{row.id}")
        yield Static(id="allowed", markup=False)
        with Horizontal(classes="buttons"):
            yield Button("Take", id="apply")

    def on_mount(self) -> None:
        self._say()

    def on_resize(self, event: events.Resize) -> None:
        """Let the ticks take what the screen leaves."""
        self.query_one("#rows").styles.max_height = max(3, event.size.height - _CHROME_ROWS)

    def changed(self) -> bool:
        return self.chosen() != Limits(self._block.event_types, self._block.visit_types)

    def chosen(self) -> Limits:
        """What is ticked; ticking every visit type is no limit."""
        visits = frozenset(key for key in VISIT_WORDS if self.query_one(f"#visit-{key}", Tick).value)
        types = frozenset(row.id for row in self._types if self.query_one(f"#type-{row.id}", Tick).value)
        return Limits(types, frozenset() if len(visits) == len(VISIT_WORDS) else visits)

    @on(Tick.Changed)
    def _say(self) -> None:
        limits = self.chosen()
        self.query_one("#allowed", Static).update(
            plain(limits_words(limits.event_types, limits.visit_types, self._types))
        )

    def action_nothing(self) -> None:
        """Take all ticks away."""
        for tick in self.query(Tick):
            tick.value = False

    @on(Button.Pressed)
    def action_apply(self) -> None:
        """Close with what is ticked."""
        self.dismiss(self.chosen())


def limits_words(event_types: frozenset[int], visit_types: frozenset[str], known: Sequence[EventTypeRow]) -> str:
    """`only Intake, Follow-up · telehealth only`, or `open to every event type and visit`."""
    titles = [row.title if row.active else f"{row.title} (removed)" for row in known if row.id in event_types]
    words = [f"only {', '.join(titles)}"] if titles else []
    words += [f"{VISIT_WORDS[key].lower()} only" for key in sorted(visit_types)]
    return " · ".join(words) or "open to every event type and visit"
