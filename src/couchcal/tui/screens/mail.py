"""Mail on one screen: how it is set up, what did not go out, and the ways to try it (NOTIF-01 to NOTIF-05)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import tzinfo
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from couchcal.clock import Clock, system_clock
from couchcal.mail import ledger
from couchcal.mail.ledger import Item
from couchcal.practice.outcome import Done
from couchcal.store.connection import Database, database_errors
from couchcal.tui.forms.away import away
from couchcal.tui.forms.plain import QUIET, plain
from couchcal.tui.forms.row_list import RowList
from couchcal.tui.screens.listing import ListScreen
from couchcal.tui.screens.mail_data import Listed, Row, Standing, listed, standing
from couchcal.tui.screens.mail_lines import letter_line, who_cells
from couchcal.tui.text import glyphs_on

_KEYS = "t test · v letters · w password · r again · d dismiss · . all · esc close"
_EDGE_CELLS = 3
"""Of the list: its padding and the scrollbar."""
_NOTHING_FAILED = "No letter needs you · . shows all of them"
_NOTHING = "No letter yet. v shows what they look like, t sends a test."


class MailScreen(ListScreen[Done, Row, Listed]):
    """How mail is set up, and letters that did not go out: sent again, or taken off the list.

    Args:
        tz: the practice's zone.
        names: how clients are called: `id`, `initials`, `first` or `full`.
    """

    SIZE = "-mail"
    CHROME_ROWS = 12
    HIDES_EMPTY = True
    AUTO_FOCUS = "#letters"
    KEYS_OF_NONE = "t test · v letters · w password · . all · esc close"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "test", "Test", show=False),
        Binding("v", "examples", "Letters", show=False),
        Binding("w", "password", "Password", show=False),
        Binding("r", "again", "Send again", show=False),
        Binding("d,delete", "dismiss_one", "Dismiss", show=False),
        Binding("D", "dismiss_all", "Dismiss all", show=False),
        Binding("full_stop", "all", "Show all", show=False),
        Binding("comma", "settings", "Settings", show=False),
    ]

    def __init__(self, database: Database, tz: tzinfo, *, names: str = "full", clock: Clock = system_clock) -> None:
        listing = RowList[Row](lambda row: (row.item.table, row.item.row_id), id="letters")
        super().__init__("Mail", _KEYS, listing, database, clock)
        self._tz = tz
        self._names = names
        self._standing = Standing((), "good")
        self._all = False

    def compose_body(self) -> ComposeResult:
        yield Static(id="standing", markup=False)
        yield self.listing
        yield Static(id="count", markup=False)

    def on_mount(self) -> None:
        self._look_how_it_stands()

    # Reading and showing

    def _look_how_it_stands(self) -> None:
        self.run_worker(self._stand(), group="standing", exclusive=True, exit_on_error=False)

    async def _stand(self) -> None:
        """Say how mail is set up; the keyring is asked in a thread that nobody waits for."""
        try:
            self._standing = await away(partial(standing, self._database))
        except Exception as error:
            self.unread(error)
            return
        glyphs = glyphs_on(self.app)
        first, *others = self._standing.lines
        good = self._standing.tone == "good"
        mark, style = (glyphs.done, "$text-success") if good else (glyphs.conflict, "$text-warning")
        lines = [Content.assemble((f"{mark} ", style), plain(first, "bold"))]
        lines += [plain(f"  {line}", QUIET) for line in others if line]
        self.query_one("#standing", Static).update(Content("\n").join(lines))

    def fit(self, height: int) -> None:
        super().fit(height)
        self.call_after_refresh(self.show)  # the columns take the width, too

    def fetch(self) -> Listed:
        return listed(self._database, self._names, troubled=not self._all)

    def lines(self, found: Listed) -> Iterable[tuple[Row, Option]]:
        glyphs = glyphs_on(self.app)
        cells = self.query_one("#frame").content_size.width - _EDGE_CELLS
        who = who_cells(found.rows, cells)
        return [(row, Option(letter_line(row, self._tz, glyphs, who, cells))) for row in found.rows]

    def below(self, found: Listed) -> str:
        if not found.rows:
            return _NOTHING if self._all else _NOTHING_FAILED
        many = f"{found.troubled} did not go out" if found.troubled else "No letter needs you"
        if self._all:
            return f"{many} · . shows only those" if found.troubled else many
        return f"{many} · r sends again · d takes off the list, D all"

    def action_all(self) -> None:
        """Show every letter, or only those that did not go out."""
        self._all = not self._all
        self.reload()

    # Trying it

    def action_test(self) -> None:
        """Send a test to the practitioner."""
        from couchcal.tui.forms.mail_test import TestMail

        self.app.push_screen(TestMail(self._database, self._standing.own, clock=self._clock))

    def action_examples(self) -> None:
        """Look at each kind of letter."""
        from couchcal.tui.screens.mail_examples import ExamplesScreen

        self.app.push_screen(ExamplesScreen(self._database, clock=self._clock))

    def action_password(self) -> None:
        """Put the password of the server into the keyring."""
        from couchcal.tui.forms.mail_password import PasswordForm

        self.app.push_screen(PasswordForm(), self._changed)

    def action_settings(self) -> None:
        """Open the settings."""
        from couchcal.tui.screens.preferences import PreferencesScreen

        self.app.push_screen(PreferencesScreen(self._database, clock=self._clock), self._changed)

    def _changed(self, done: object) -> None:
        if done is not None:
            self._look_how_it_stands()

    # What did not go out

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        row = self.listing.row
        if row is None:
            return
        from couchcal.tui.forms.mail_letter import LetterWays

        self.app.push_screen(LetterWays(row, self._tz), self._decided)

    def _decided(self, way: str | None) -> None:
        if way == "again":
            self.action_again()
        elif way == "dismiss":
            self.action_dismiss_one()

    def action_again(self) -> None:
        """Send a letter again; one that may have arrived is asked about first."""
        row = self.listing.row
        if row is None:
            return
        item = row.item
        if item.table == "reminder":
            self.show_problem("A reminder goes out once at most. Call the client, or d takes it off the list.")
        elif item.state not in ("failed", "unknown"):
            self.show_problem("Only letters that were refused or are unknown are sent again.")
        elif item.state == "unknown":
            from couchcal.tui.forms.confirm import Confirm

            question = Confirm("Send again", "It may have arrived. Send it once more?", "Send", "Leave it")
            self.app.push_screen(question, partial(self._sure, item))
        else:
            self._retry(item)

    def _sure(self, item: Item, yes: bool | None) -> None:
        if yes:
            self._retry(item)

    def _retry(self, item: Item) -> None:
        self._change([item], ledger.retry, "Queued again; it goes out within a minute")

    def action_dismiss_one(self) -> None:
        """Take a letter off the list of what did not go out."""
        row = self.listing.row
        if row is not None and row.item.state in ledger.TROUBLED:
            self._change([row.item], ledger.dismiss, "Dismissed; nothing is sent")

    def action_dismiss_all(self) -> None:
        """Take all of them off the list, after a question."""
        rows = self.found.rows if self.found is not None else []
        items = [row.item for row in rows if row.item.state in ledger.TROUBLED]
        if not items:
            return
        from couchcal.tui.forms.confirm import Confirm

        question = Confirm("Dismiss", f"Take all {len(items)} off the list?", "Dismiss", "Keep them")
        self.app.push_screen(question, partial(self._all_sure, items))

    def _all_sure(self, items: list[Item], yes: bool | None) -> None:
        if yes:
            self._change(items, ledger.dismiss, f"Dismissed {len(items)}; nothing is sent")

    def _change(self, items: list[Item], change: Callable[..., bool], said: str) -> None:
        def work() -> int:
            with database_errors(self._database.path), closing(self._database.connect()) as connection:
                return sum(change(connection, item, self._clock()) for item in items)

        self.write(work, partial(self._changed_letters, said))

    def _changed_letters(self, said: str, done: int) -> None:
        self.notify(said if done else "It was dealt with meanwhile", markup=False)
        self.reload()
