"""What screens with a list have in common: read in a thread, it follows what others do and keeps its place."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from contextlib import suppress
from datetime import datetime
from typing import ClassVar, Generic, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static
from textual.widgets.option_list import Option

from couchcal.clock import Clock
from couchcal.clock_words import in_chosen_clock
from couchcal.errors import CouchcalError
from couchcal.store.connection import Database
from couchcal.tui.forms.modal import Modal, Result
from couchcal.tui.forms.plain import QUIET, plain
from couchcal.tui.forms.row_list import Row, RowList
from couchcal.tui.watching import LOOK_S, Watch

Found = TypeVar("Found")


class Following(Modal[Result]):
    """A screen that reads again what it shows when somebody has written, in this program or another, and when a
    minute is over; while another screen is on top it rests, and holds no connection."""

    _database: Database
    _clock: Clock
    _minute: datetime | None = None
    _watch: Watch | None = None
    _rested = False

    def reload(self) -> None:
        """Read again what is shown."""
        raise NotImplementedError

    def on_mount(self) -> None:
        self._minute = self._clock().replace(second=0, microsecond=0)
        self.reload()
        self.set_interval(LOOK_S, self.look)

    def on_screen_resume(self) -> None:
        """Follow on; what happened meanwhile is read."""
        self._follow()
        if self._rested:
            self.reload()

    def _follow(self) -> None:
        if self._watch is None:
            with suppress(CouchcalError):  # reading tells what is wrong
                self._watch = Watch(self._database)

    def on_screen_suspend(self) -> None:
        """Rest."""
        self._rested = True
        self._let_go()

    def on_unmount(self) -> None:
        self._let_go()

    def _let_go(self) -> None:
        if self._watch is not None:
            self._watch.close()
            self._watch = None

    def look(self) -> None:
        """Read again if something was written, or a minute is over: some words hang on the time."""
        if not self.is_active:
            return
        watch = self._watch
        if watch is None:
            self._follow()
        minute = self._clock().replace(second=0, microsecond=0)
        if watch is None or watch.moved() or minute != self._minute:
            self._minute = minute
            self.reload()


class ListScreen(Following[Result], Generic[Result, Row, Found]):
    """A list and a line below it. Subclasses say what is read, and how it is shown.

    What is read anew takes neither the highlight nor what is in sight. A change that fails is told above the lower
    border, with what to do, until the next one; the list shows how things are then.
    """

    CHROME_ROWS: ClassVar[int] = 8
    """Rows of the screen that the list leaves to what is around it."""
    HIDES_EMPTY: ClassVar[bool] = False
    """Whether a list with nothing in it takes no room."""
    KEYS_OF_NONE: ClassVar[str] = ""
    """The hint in the lower border while there is nothing in the list, if another one than else."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "highlight(1)", show=False),
        Binding("k", "highlight(-1)", show=False),
    ]

    def __init__(self, title: str, keys: str, listing: RowList[Row], database: Database, clock: Clock) -> None:
        super().__init__(title, keys)
        self._database = database
        self._clock = clock
        self.listing = listing
        self.found: Found | None = None
        """What was read last."""
        self._at: Hashable = None
        """The key of the row that the highlight goes to first."""
        self._to_new = False
        self._unread = False

    def compose_body(self) -> ComposeResult:
        yield self.listing
        yield Static(id="count", markup=False)

    def on_resize(self, event: events.Resize) -> None:
        """Share the room anew."""
        self.fit(self.most_rows)

    def fit(self, height: int) -> None:
        """Let the list take what a frame of at most so many rows leaves."""
        self.listing.styles.max_height = max(3, height - self.CHROME_ROWS)

    # Reading and showing

    def fetch(self) -> Found:
        """Read what is listed. Blocks: it is called in a thread."""
        raise NotImplementedError

    def lines(self, found: Found) -> Iterable[tuple[Row | None, Option]]:
        """The lines of the list, each with its row, None for a heading."""
        raise NotImplementedError

    def below(self, found: Found) -> str:
        """What is said below the list: how many there are, or what to do where there are none."""
        raise NotImplementedError

    def reload(self, *, to_new: bool = False) -> None:
        """Read the list anew; `to_new` puts the highlight on a row that is new then."""
        self._to_new |= to_new
        self.read(self.fetch, self.take, failed=self._not_listed, group="read")

    def take(self, found: Found) -> None:
        """Go on with what was read."""
        self.found = found
        if self._unread:
            self._unread = False
            self.show_problem("")
        self.show()

    def _not_listed(self, error: Exception) -> None:
        self._unread = True
        self.unread(error)

    def unwritten(self, error: Exception) -> None:
        super().unwritten(error)
        self.reload()

    def show(self) -> None:
        """Show what was read."""
        if self.found is None:
            return
        at, self._at = self._at, None
        to_new, self._to_new = self._to_new, False
        self.listing.put(self.lines(self.found), at=at, to_new=to_new)
        self.query_one("#count", Static).update(plain(self.below(self.found), QUIET))
        if self.KEYS_OF_NONE:
            self.hint(self._frame_keys if self.listing.rows else self.KEYS_OF_NONE)
        if self.HIDES_EMPTY:
            self.listing.display = bool(self.listing.rows)
        if self.focused is None:  # the list has come back
            self.listing.focus()

    def action_highlight(self, by: int) -> None:
        """Move the highlight."""
        self.listing.step(by)


def label_words(label: str, names: str, nameless: str = "Saved") -> str:
    """A label of what was done for a toast; it may have the name of a client in it, so that `nameless` is said
    unless `names` are shown in full."""
    return in_chosen_clock(label) if names == "full" else nameless
