"""Find a time: a wish in words, what was understood of it, and the free times that fit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta, tzinfo
from functools import partial
from itertools import groupby
from typing import Any, ClassVar, NamedTuple

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from couchcal.clock import Clock, system_clock
from couchcal.clock_words import clock_cells, clock_words
from couchcal.practice import agenda, finder
from couchcal.practice.agenda import Entry, day_instant, local_day
from couchcal.practice.finder import Sought
from couchcal.practice.outcome import Done
from couchcal.scheduling.finder import Wish, parse_wish
from couchcal.scheduling.wallclock import to_local
from couchcal.store.connection import Database
from couchcal.tui.forms.modal import Modal
from couchcal.tui.forms.plain import QUIET, parted, plain
from couchcal.tui.forms.row_list import RowList, heading
from couchcal.tui.screens.entry_line import entry_line
from couchcal.tui.screens.finder_words import day_title, local_title, understood
from couchcal.tui.text import glyphs_on
from couchcal.typed_dates import date_order

_PAUSE_S, _WORD_S = 0.12, 0.7
"""How long typing rests before what is typed is read, and before a word counts as finished that nobody knows."""
_CHROME_ROWS = 11
_PER_DAY = 6
_MOST = 120
_MOST_AROUND = 7
_EXAMPLES = "50 min tue or thu afternoon, next 3 weeks"
_HELP = "Any of: 90m · for jane · weekdays · not fri · mornings · after 4pm · 9-12 · next month · until 15 dec"


class Offer(NamedTuple):
    """A wish as understood, and the free times that fit it."""

    wish: Wish
    sought: Sought
    starts: list[datetime]


class FinderScreen(Modal[Done]):
    """Free times by a wish in words; Enter opens the form with the chosen one.

    Args:
        tz: the zone in which times are wished, shown and booked.
        names: how clients are called: `id`, `initials`, `first` or `full`.
    """

    SIZE = "-wide"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "move(1)", show=False),
        Binding("up", "move(-1)", show=False),
        Binding("pagedown", "move(8)", show=False),
        Binding("pageup", "move(-8)", show=False),
        Binding("ctrl+o", "around", show=False, priority=True),
    ]

    def __init__(self, database: Database, tz: tzinfo, *, names: str = "full", clock: Clock = system_clock) -> None:
        super().__init__("Find a time", "enter book · ↑↓ choose · ctrl+o the day around · esc close")
        self._database = database
        self._tz = tz
        self._names = names
        self._clock = clock
        self._offer: Offer | None = None
        self.listing = RowList[datetime](lambda start: start, id="results")
        self._around_rows = 0
        """Rows that the day around takes while it is shown."""
        self._read_text: str | None = None
        self._pause: Timer | None = None

    def compose_body(self) -> ComposeResult:
        yield Input(placeholder=_EXAMPLES, id="text", max_length=500)
        yield Static(id="understood", markup=False)
        self.listing.can_focus = False
        yield self.listing
        yield Static(id="around", markup=False)
        yield Static(parted(_HELP, self.app.size.width, QUIET), id="found", markup=False)

    def on_mount(self) -> None:
        self.query_one("#around").display = False
        self._look("")

    def on_resize(self, event: events.Resize) -> None:
        """Let the list take what the screen leaves."""
        self._fit(event.size.height)

    def _fit(self, height: int) -> None:
        self.listing.styles.max_height = max(3, height - _CHROME_ROWS - self._around_rows)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        if self._pause is not None:
            self._pause.stop()
        half = not event.value.endswith(" ") and bool(self._wish(event.value).unknown)
        self._pause = self.set_timer(_WORD_S if half else _PAUSE_S, partial(self._look, event.value))

    def _wish(self, text: str) -> Wish:
        return parse_wish(text, local_day(self._clock(), self._tz), order=date_order())

    def _look(self, text: str) -> None:
        self.show_problem("")
        now, wish = self._clock(), self._wish(text)
        self.read(partial(self._read, wish, now), partial(self._answer, text))

    def _answer(self, text: str, offer: Offer) -> None:
        self._read_text = text
        self._show(offer)

    def _read(self, wish: Wish, now: datetime) -> Offer:
        if wish.ready:
            finder.cover(self._database, wish, self._tz, clock=self._clock)
        connection = self._database.connect()
        try:
            known = finder.sought(connection, wish)
            starts: list[datetime] = []
            if wish.ready and (not wish.client or known.clients):
                starts = finder.find_times(
                    connection, wish, now, self._tz, _MOST, minutes=known.minutes, per_day=_PER_DAY
                )
            return Offer(wish, known, starts)
        finally:
            connection.close()

    def _show(self, offer: Offer) -> None:
        self._offer = offer
        self._put_away()
        self.listing.begin(self._lines(offer))
        self.listing.display = bool(self.listing.rows)
        self.query_one("#understood", Static).update(understood(offer.wish, offer.sought, self._names))
        self.query_one("#found", Static).update(parted(_count(offer), self.app.size.width, QUIET))

    def _lines(self, offer: Offer) -> Iterator[tuple[datetime | None, Option]]:
        length, cells = timedelta(minutes=offer.sought.minutes), clock_cells()
        today = local_day(self._clock(), self._tz)
        for day, starts in groupby(offer.starts, lambda start: to_local(start, self._tz).date()):
            yield None, heading(day_title(day, today))
            for start in starts:
                begin, end = to_local(start, self._tz), to_local(start + length, self._tz)
                yield start, Option(Content(f"  {clock_words(begin):>{cells}}–{clock_words(end)}"))

    def action_move(self, by: int) -> None:
        """Move the highlight over the days' headings while the input keeps the focus."""
        if self.listing.row is not None:
            self.listing.move(by)
            self._put_away()

    def action_around(self) -> None:
        """Show what else is on the day of the highlighted time, or hide it again."""
        start = self.listing.row
        if start is None or self._around_rows:
            self._put_away()
            return
        day = local_day(start, self._tz)
        self.read(partial(self._read_day, day), partial(self._show_day, day), group="around")

    def _show_day(self, day: date, entries: list[Entry]) -> None:
        glyphs = glyphs_on(self.app)
        lines = [
            Content.assemble(
                entry_line(entry, self._tz, self._names, glyphs=glyphs),
                "  [request]" if entry.kind == "request" else "",
            )
            for entry in entries[:_MOST_AROUND]
        ]
        if len(entries) > _MOST_AROUND:
            lines.append(plain(f"and {len(entries) - _MOST_AROUND} more", QUIET))
        title = plain(f"On {local_title(day)}", "bold $accent")
        around = self.query_one("#around", Static)
        around.update(Content("\n").join([title, *(lines or [plain("nothing", QUIET)])]))
        around.display = True
        self._around_rows = max(1, len(lines)) + 2
        self._fit(self.size.height)

    def _read_day(self, day: date) -> list[Entry]:
        connection = self._database.connect()
        try:
            start, end = day_instant(day, self._tz), day_instant(day + timedelta(days=1), self._tz)
            return agenda.between(connection, start, end, self._tz)
        finally:
            connection.close()

    def _put_away(self) -> None:
        self._around_rows = 0
        self.query_one("#around").display = False
        self._fit(self.size.height)

    @on(Input.Submitted)
    def _submitted(self) -> None:
        start = self.listing.row
        if start is not None and self.query_one(Input).value == self._read_text:
            self._book(start)

    @on(OptionList.OptionSelected)
    def _chosen(self) -> None:
        if self.listing.row is not None:
            self._book(self.listing.row)

    def _book(self, start: datetime) -> None:
        if self._offer is None:
            return
        from couchcal.tui.forms.appointment import AppointmentForm

        sought = self._offer.sought
        draft: dict[str, Any] = {
            "kind": "client_session",
            "start": start,
            "end": start + timedelta(minutes=sought.minutes),
        }
        if sought.client is not None:
            draft["client_id"] = sought.client.id
            if sought.usual.service:
                draft["service"] = sought.usual.service
            if sought.usual.location_id is not None:
                draft["location_id"] = sought.usual.location_id
        form = AppointmentForm(self._database, str(self._tz), draft=draft, names=self._names, clock=self._clock)
        self.app.push_screen(form, self._booked)

    def _booked(self, done: Done | None) -> None:
        if done is not None:
            self.dismiss(done)


def _count(offer: Offer) -> str:
    if not offer.wish.ready:
        return _HELP
    if offer.wish.client and not offer.sought.clients:
        return "No client is called that."
    if not offer.starts:
        return "Nothing is free then. Fewer limits, other days or a shorter time find more."
    days = len({start.date() for start in offer.starts})
    more = "the first " if len(offer.starts) == _MOST else ""
    times = f"{len(offer.starts)} time{'' if len(offer.starts) == 1 else 's'}"
    return f"{more}{times} on {days} day{'' if days == 1 else 's'}, at most {_PER_DAY} a day"
