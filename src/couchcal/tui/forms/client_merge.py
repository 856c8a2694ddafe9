"""Merging a client into another: whom, what would move, and which address is right. INT-04."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Checkbox, Input, OptionList, Static
from textual.widgets.option_list import Option

from couchcal.clock import Clock, system_clock
from couchcal.practice import client_duplicates, clients
from couchcal.practice.client_duplicates import Duplicate, fold
from couchcal.practice.client_merge import MergePreview
from couchcal.practice.clients import ClientRow
from couchcal.practice.names import client_label
from couchcal.store.connection import Database
from couchcal.tui.forms.modal import Modal, in_thread, problem_words
from couchcal.tui.forms.options import Ways
from couchcal.tui.forms.plain import QUIET, plain
from couchcal.tui.forms.tick import Tick
from couchcal.tui.text import clean

_MOST = 50
_KEYS = {False: "enter choose · esc back", True: "ctrl+s merge · tab next · esc back"}
"""While nobody is chosen, and then."""
_FIELD_WORDS = {
    "email": "e-mail", "phone": "telephone", "tz": "time zone", "preferred": "the name they go by",
    "usual_service": "usual service", "usual_location_id": "usual place",
}  # fmt: skip


class MergeDialog(Modal[ClientRow]):
    """Asks into whom, the likely ones first, shows what moves, merges, and closes with the client who stays.

    Args:
        client: whose record goes.
        target: whose record stays, if that is known.
        names: how clients are called: `id`, `initials`, `first` or `full`.
    """

    SIZE = "-wide"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "merge", "Merge", show=False),
        Binding("down", "move(1)", show=False),
        Binding("up", "move(-1)", show=False),
    ]
    AUTO_FOCUS = "#text"

    def __init__(
        self,
        database: Database,
        client: ClientRow,
        target: ClientRow | None = None,
        *,
        names: str = "full",
        clock: Clock = system_clock,
    ) -> None:
        super().__init__("Merge", _KEYS[False])
        self._database = database
        self._client = client
        self._target = target
        self._names = names
        self._clock = clock
        self._likely: list[Duplicate] = []
        self._others: list[ClientRow] = []
        self._shown: list[ClientRow] = []

    def compose_body(self) -> ComposeResult:
        yield Static(plain(f"{self._called(self._client)} moves into:"), id="body")
        yield Input(placeholder="name, id, e-mail or telephone of who stays", id="text", max_length=100)
        targets = Ways([], id="merge-targets")
        targets.can_focus = False
        yield targets
        yield Static(id="merge-preview", markup=False)
        yield Vertical(id="take")
        with Horizontal(classes="buttons"):
            yield Button("Merge", id="merge")
            yield Button("Back", id="back")

    def on_mount(self) -> None:
        self._show_step()
        self.run_worker(self._load(), group="read", exit_on_error=False)

    async def _load(self) -> None:
        try:
            self._likely, self._others = await in_thread(self, "read", self._read)
        except Exception as error:
            self.show_problem(problem_words(error))
            return
        self._list()
        if self._target is not None:
            await self._look()

    def _read(self) -> tuple[list[Duplicate], list[ClientRow]]:
        with closing(self._database.connect()) as connection:
            likely = client_duplicates.suggestions(connection, self._client.id)
            known = {found.client.id for found in likely} | {self._client.id}
            rows = clients.list_clients(connection, archived=True)
        return likely, [row for row in rows if row.id not in known]

    def _show_step(self) -> None:
        """The search while nobody is chosen, else what would happen."""
        chosen = self._target is not None
        self.hint(_KEYS[chosen])
        self.query_one("#text").display = not chosen
        self.query_one("#merge-targets").display = not chosen
        for name in ("#merge-preview", "#take", ".buttons"):
            self.query_one(name).display = chosen
        if not chosen:
            self.query_one("#body", Static).update(plain(f"{self._called(self._client)} moves into:"))
            self.query_one("#text").focus()

    @on(Input.Changed, "#text")
    def _list(self) -> None:
        words = fold(self.query_one("#text", Input).value).split()
        likely = [found for found in self._likely if _fits(found.client, words)]
        others = [row for row in self._others if words and _fits(row, words)][:_MOST]
        self._shown = [*(found.client for found in likely), *others]
        options = [Option(plain(self._line(found.client, found.reasons))) for found in likely]
        options += [Option(plain(self._line(row))) for row in others]
        targets = self.query_one("#merge-targets", OptionList)
        targets.set_options(options or [Option(plain(_nobody(words), QUIET), disabled=True)])
        targets.highlighted = 0 if options else None

    def _line(self, row: ClientRow, reasons: Sequence[str] = ()) -> str:
        away = "" if row.state == "active" else f"  [{'new booking' if row.state == 'intake' else row.state}]"
        why = f"  {', '.join(reasons)}" if reasons else ""
        return clean(f"{self._called(row)}{why}{away}")

    def _called(self, row: ClientRow) -> str:
        name = client_label(row.internal_id, row.called, row.last, self._names)
        return row.internal_id if name == row.internal_id else f"{name} · {row.internal_id}"

    def action_move(self, by: int) -> None:
        """Another line of the list, while the search has the keys."""
        if self._target is None:
            targets = self.query_one("#merge-targets", OptionList)
            (targets.action_cursor_down if by > 0 else targets.action_cursor_up)()

    @on(Input.Submitted, "#text")
    def _entered(self) -> None:
        self._choose(self.query_one("#merge-targets", OptionList).highlighted)

    @on(OptionList.OptionSelected, "#merge-targets")
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        self._choose(event.option_index)

    def _choose(self, index: int | None) -> None:
        if index is not None and index < len(self._shown):
            self._target = self._shown[index]
            self.run_worker(self._look(), group="read", exit_on_error=False)

    @on(Checkbox.Changed)
    def _ticked(self) -> None:
        self.run_worker(self._look(), group="read", exclusive=True, exit_on_error=False)

    def _taken(self) -> list[str]:
        return [(tick.id or "").removeprefix("take-") for tick in self.query(Tick) if tick.value]

    async def _look(self) -> None:
        from couchcal.practice import client_merge

        if self._target is None:
            return
        take = self._taken()
        work = partial(client_merge.preview, self._database, self._client.id, self._target.id, take=take)
        try:
            found = await in_thread(self, "read", work)
        except Exception as error:
            self._target = None
            self._show_step()
            self.show_problem(problem_words(error))
            return
        self.show_problem("")
        first = not self.query_one("#merge-preview").display
        self._show_step()
        head = f"{self._called(found.source)} moves into {self._called(found.target)}:"
        self.query_one("#body", Static).update(plain(head))
        self.query_one("#merge-preview", Static).update(plain("\n".join(preview_words(found))))
        if first or not self.query("#take Tick"):
            await self.query_one("#take").remove_children()
            await self.query_one("#take").mount(*self._ticks(found))
            self.query_one("#merge", Button).focus()

    def _ticks(self, found: MergePreview) -> list[Tick]:
        ticks = []
        for name in found.differing:
            mine, theirs = getattr(found.source, name), getattr(found.target, name)
            shown = f" {clean(mine)} instead of {clean(theirs)}" if self._names == "full" or name == "tz" else ""
            ticks.append(Tick(f"take {_FIELD_WORDS[name]}{shown}", id=f"take-{name}"))
        return ticks

    @on(Button.Pressed, "#back")
    def _back(self) -> None:
        self.action_leave()

    @on(Button.Pressed, "#merge")
    def action_merge(self) -> None:
        """Merge into who is chosen."""
        if (target := self._target) is None:
            return
        from couchcal.practice import client_merge

        work = partial(
            client_merge.merge, self._database, self._client.id, target.id, take=self._taken(), clock=self._clock
        )
        self.write(work, self.dismiss)

    def action_leave(self) -> None:
        """Back to the choice, else close."""
        if self.saving:
            return
        if self._target is not None:
            self._target = None
            self._show_step()
        else:
            self.dismiss(None)


def preview_words(found: MergePreview) -> list[str]:
    """What would happen, a line each: what moves, what is taken over, what goes."""
    moving = [
        f"{number:,} {one if number == 1 else several}"
        for number, one, several in (
            (found.sessions, "session", "sessions"),
            (found.requests, "request", "requests"),
            (found.waiting, "place on the waitlist", "places on the waitlist"),
        )
        if number
    ]
    verb = "moves" if found.sessions + found.requests + found.waiting == 1 else "move"
    lines = [f"{_listed(moving)} {verb}" if moving else "there is no session to move"]
    if found.filled:
        lines.append(f"{_listed([_FIELD_WORDS[name] for name in found.filled])} taken over")
    if found.notes:
        lines.append("notes of the office are put below the others")
    if found.portal:
        lines.append("portal access goes along with the e-mail address")
    if found.portal_lost:
        lines.append(f"{found.source.internal_id} has portal access with another address: it ends")
    if found.target.state != found.source.state and found.target.state != "active":
        lines.append(f"{found.target.internal_id} is active from then on")
    lines.append(f"{found.source.internal_id} is removed; u takes all of it back")
    return [f"· {line[:1].upper()}{line[1:]}" for line in lines]


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _fits(row: ClientRow, words: Sequence[str]) -> bool:
    text = fold(f"{row.called} {row.first} {row.last} {row.internal_id} {row.email} {row.phone}")
    return all(word in text for word in words)


def _nobody(words: Sequence[str]) -> str:
    return "Nobody fits that." if words else "Nobody looks alike: type a name or an id."
