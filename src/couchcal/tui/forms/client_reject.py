"""Rejecting a new booking: what goes with it, or why it is refused and what else can be done. INT-03, C-12."""

from __future__ import annotations

from functools import partial
from typing import Literal

from textual import on
from textual.app import ComposeResult
from textual.widgets import OptionList, Static

from couchcal.practice.clients import ClientRow
from couchcal.practice.names import client_label
from couchcal.store.connection import Database
from couchcal.tui.forms.modal import Modal, in_thread, problem_words
from couchcal.tui.forms.options import Ways, way
from couchcal.tui.forms.plain import plain

RejectAnswer = Literal["reject", "accept", "merge", "archive"]


class RejectDialog(Modal[RejectAnswer]):
    """Says what is removed and asks; the cautious answer is highlighted. Where a session was worked on,
    accepting and merging are offered instead. Writes nothing itself."""

    def __init__(self, database: Database, client: ClientRow, *, names: str = "full") -> None:
        super().__init__("Reject", "enter choose · esc back")
        self._database = database
        self._client = client
        self._called = client_label(client.internal_id, client.called, client.last, names)

    def compose_body(self) -> ComposeResult:
        yield Static(id="body", markup=False)
        yield Ways([], id="ways")

    def on_mount(self) -> None:
        self.run_worker(self._load(), group="read", exit_on_error=False)

    async def _load(self) -> None:
        from couchcal.practice import client_reject

        try:
            found = await in_thread(self, "read", partial(client_reject.preview, self._database, self._client.id))
        except Exception as error:
            self.show_problem(problem_words(error))
            return
        accept = way("accept", "Accept", "they become a client and keep their sessions")
        merge = way("merge", "Merge", "their sessions move to a client you have already")
        if found.refusal and self._client.state != "intake":
            text = f"{self._called} was accepted, so they are not rejected any more."
            ways = [way("archive", "Archive", "out of the list, the record stays")]
            if self._client.state == "archived":
                ways = []
        elif found.refusal:
            text = f"{self._called} cannot be rejected: {found.refusal}."
            ways = [accept, merge]
        else:
            text = f"Rejecting removes {self._called}{removed_words(found.sessions, found.requests)}."
            ways = [
                way("keep", "Keep", "nothing changes"),
                way("reject", "Reject and remove", "u takes it back"),
                accept,
                merge,
            ]
        self.query_one("#body", Static).update(plain(text))
        self.query_one("#ways", OptionList).set_options(ways)
        if ways:
            self.query_one("#ways", OptionList).highlighted = 0

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        answers: dict[str, RejectAnswer] = {
            "reject": "reject", "accept": "accept", "merge": "merge", "archive": "archive",
        }  # fmt: skip
        self.dismiss(answers.get(event.option_id or ""))


def removed_words(sessions: int, requests: int) -> str:
    """`, with 2 sessions and 1 request`; empty where nothing hangs on them."""
    parts = [
        f"{number} {word}{'' if number == 1 else 's'}"
        for number, word in ((sessions, "session"), (requests, "request"))
        if number
    ]
    return f", with {' and '.join(parts)}" if parts else ""
