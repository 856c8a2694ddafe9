"""What can be done with a client, from the list and from the record alike."""

from __future__ import annotations

from datetime import tzinfo
from functools import partial
from typing import Any, ClassVar

from textual import events
from textual.binding import Binding, BindingType

from couchcal.clock import Clock, system_clock
from couchcal.practice.agenda import Entry
from couchcal.practice.clients import ClientRow
from couchcal.practice.names import client_label
from couchcal.practice.outcome import Done
from couchcal.store.connection import Database
from couchcal.tui.forms.modal import Modal
from couchcal.tui.letters import letter_words
from couchcal.tui.screens.client_sessions import new_session
from couchcal.tui.screens.listing import label_words
from couchcal.tui.text import clean

_WIDE = 108
"""Cells of a terminal from which the long hint fits."""


class ClientActions(Modal[Entry]):
    """New, edit, accept, reject, merge, archive, portal and a new session, each with its key. INT-02…05, APT-20.

    Dismissed with the entry to go to on the calendar.

    Args:
        tz: the zone in which times are shown.
        names: how clients are called: `id`, `initials`, `first` or `full`.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e", "edit", "Edit", show=False),
        Binding("a", "accept", "Accept", show=False),
        Binding("X", "reject", "Reject", show=False),
        Binding("M", "merge", "Merge", show=False),
        Binding("z", "archive", "Archive, or bring back", show=False),
        Binding("p", "invite", "Invite to the portal", show=False),
        Binding("P", "revoke", "End portal access", show=False),
        Binding("u", "undo", "Undo", show=False),
        Binding("ctrl+r", "redo", "Redo", show=False),
    ]

    def __init__(
        self,
        title: str,
        keys: tuple[str, str],
        database: Database,
        tz: tzinfo,
        *,
        names: str = "full",
        clock: Clock = system_clock,
    ) -> None:
        super().__init__(title, keys[0])
        self.keys_shown = keys
        """The hint in the lower border where there is room, and a short one."""
        self._database = database
        self._tz = tz
        self._names = names
        self._clock = clock

    def on_resize(self, event: events.Resize) -> None:
        """Let the hint fit."""
        self.show_keys()

    def show_keys(self) -> None:
        """Put the hint into the lower border."""
        self.hint(self.keys_that_fit)

    @property
    def keys_that_fit(self) -> str:
        """The hint for the width there is."""
        return self.keys_shown[self.size.width < _WIDE]

    def current(self) -> ClientRow | None:
        """The client that a key is for."""
        raise NotImplementedError

    def reload(self) -> None:
        """Read again what is shown."""
        raise NotImplementedError

    def left(self, client_id: int) -> None:
        """The current client is gone; `client_id` is who they were merged into, 0 if nobody."""
        raise NotImplementedError

    def called(self, row: ClientRow) -> str:
        """What the client is called in a toast."""
        return clean(client_label(row.internal_id, row.called, row.last, self._names))

    def action_edit(self) -> None:
        """Change the record."""
        if (row := self.current()) is None:
            return
        from couchcal.tui.forms.client import ClientForm

        form = ClientForm(self._database, client_id=row.id, names=self._names, clock=self._clock)
        self.app.push_screen(form, self._edited)

    def _edited(self, row: ClientRow | None) -> None:
        if row is not None:
            self.say(f"Saved {self.called(row)}")
            self.reload()

    def action_accept(self) -> None:
        """Make one of the intake an active client (INT-02)."""
        row = self.current()
        if row is None:
            return
        if row.state != "intake":
            self.say(f"{self.called(row)} is {row.state} already", undo=False)
            return
        self._set_state(row, "active", f"Accepted {self.called(row)}")

    def action_archive(self) -> None:
        """Put the client away, or bring them back."""
        row = self.current()
        if row is None:
            return
        if row.state == "intake":
            self.say("New bookings are accepted, rejected or merged: a, X, M", undo=False)
        elif row.state == "archived":
            self._set_state(row, "active", f"{self.called(row)} is back")
        else:
            self._set_state(row, "archived", f"Archived {self.called(row)}")

    def action_invite(self) -> None:
        """Invite the client to the portal, or send the invitation again (PORTAL-08)."""
        if (row := self.current()) is None:
            return
        from couchcal.practice import invites

        work = partial(invites.invite, self._database, row.id, clock=self._clock)
        words = f"{self.called(row)} is invited to the portal {letter_words()}"
        self.write(work, lambda _: self._changed(words))

    def action_revoke(self) -> None:
        """End the client's access to the portal, after asking (PORTAL-08)."""
        if (row := self.current()) is None:
            return
        from couchcal.tui.forms.confirm import Confirm

        question = f"{self.called(row)} is signed out, and no link of theirs opens anything. Sessions stay."
        dialog = Confirm("End portal access", question, "End it", "Keep it")
        self.app.push_screen(dialog, partial(self._revoke, row))

    def _revoke(self, row: ClientRow, yes: bool | None) -> None:
        if not yes:
            return
        from couchcal.practice import invites

        work = partial(invites.revoke, self._database, row.id, clock=self._clock)
        self.write(work, lambda _: self._changed(f"Ended the portal access of {self.called(row)}"))

    def _set_state(self, row: ClientRow, state: str, words: str) -> None:
        from couchcal.practice import client_changes

        work = partial(client_changes.set_state, self._database, row.id, state, clock=self._clock)
        self.write(work, lambda _: self._changed(words))

    def _changed(self, words: str) -> None:
        self.say(words)
        self.reload()

    def action_reject(self) -> None:
        """Remove one of the intake with their sessions, after a look at what goes (INT-03, C-12)."""
        if (row := self.current()) is None:
            return
        from couchcal.tui.forms.client_reject import RejectDialog

        dialog = RejectDialog(self._database, row, names=self._names)
        self.app.push_screen(dialog, partial(self._rejected, row))

    def _rejected(self, row: ClientRow, answer: str | None) -> None:
        if answer == "accept":
            self.action_accept()
        elif answer == "merge":
            self.action_merge()
        elif answer == "archive":
            self.action_archive()
        elif answer == "reject":
            from couchcal.practice import client_reject

            work = partial(client_reject.reject, self._database, row.id, clock=self._clock)
            self.write(work, lambda count: self._gone(f"Rejected {self.called(row)}, {_sessions(count)} removed"))

    def action_merge(self) -> None:
        """Move everything of this client to another (INT-04)."""
        self.merge_into(None)

    def merge_into(self, target: ClientRow | None) -> None:
        """Show what a merge into `target` would do, or ask into whom."""
        if (row := self.current()) is None:
            return
        from couchcal.tui.forms.client_merge import MergeDialog

        dialog = MergeDialog(self._database, row, target, names=self._names, clock=self._clock)
        self.app.push_screen(dialog, partial(self._merged, row))

    def _merged(self, row: ClientRow, target: ClientRow | None) -> None:
        if target is not None:
            self._gone(f"Merged {row.internal_id} into {self.called(target)}", target.id)

    def _gone(self, words: str, into: int = 0) -> None:
        self.say(words)
        self.left(into)

    def action_new_session(self) -> None:
        """Open the form with this client (APT-20)."""
        row = self.current()
        if row is not None:
            self.read(partial(new_session, self._database, row, self._clock(), self._tz), self._open_session)

    def _open_session(self, draft: dict[str, Any]) -> None:
        from couchcal.tui.forms.appointment import AppointmentForm

        form = AppointmentForm(self._database, str(self._tz), draft=draft, names=self._names, clock=self._clock)
        self.app.push_screen(form, self._booked)

    def _booked(self, done: Done | None) -> None:
        if done is not None:
            self.say(label_words(done.label, self._names))
            self.reload()

    def action_undo(self) -> None:
        """Take back the latest change."""
        from couchcal.practice import undo

        self.write(partial(undo.undo, self._database, clock=self._clock), partial(self._reverted, "Undone"))

    def action_redo(self) -> None:
        """Do again what was undone last."""
        from couchcal.practice import undo

        self.write(partial(undo.redo, self._database, clock=self._clock), partial(self._reverted, "Redone"))

    def _reverted(self, verb: str, label: str) -> None:
        self.say(label_words(label, self._names, verb), undo=False)
        self.reload()

    def say(self, words: str, *, undo: bool = True) -> None:
        """A toast; `undo` tells the way back."""
        self.notify(f"{clean(words)} · u undo" if undo else clean(words), markup=False)

    def unwritten(self, error: Exception) -> None:
        super().unwritten(error)
        self.reload()


def _sessions(count: int) -> str:
    return f"{count} session{'' if count == 1 else 's'}"
