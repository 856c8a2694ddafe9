"""Accepting a client's request: the appointment form, filled with what was asked for. REQ-07."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

from couchcal.clock import Clock, system_clock
from couchcal.errors import Stale
from couchcal.practice import request_answers
from couchcal.practice.draft import Draft, with_changes
from couchcal.practice.outcome import Done
from couchcal.store.connection import Database
from couchcal.tui.forms.appointment import AppointmentForm
from couchcal.tui.forms.appointment_data import FormData, Save
from couchcal.tui.forms.appointment_state import Raw, ReadForm, write_form
from couchcal.tui.forms.client_field import DIVIDER, NEW, new_name
from couchcal.tui.forms.confirm import Confirm
from couchcal.tui.forms.modal import in_thread
from couchcal.tui.screens.requests_data import Asked, read_status
from couchcal.tui.screens.requests_lines import who_words
from couchcal.tui.watching import LOOK_S, Watch

_TITLE, _KEYS = "Accept a request", "ctrl+s accept · tab next · esc leave it pending"
_UNNAMED = "as they wrote"
"""What stands for the name of somebody new where none may be shown."""
_TIMES = ("start", "end", "tz")
_OVERTAKEN = {
    "withdrawn": "The client has withdrawn this request meanwhile.",
    "expired": "The time of this request has come: it is over.",
    "accepted": "This request was accepted elsewhere meanwhile.",
    "declined": "This request was declined elsewhere meanwhile.",
    "": "This request is gone, with the client whose it was.",
}
"""What became of a request while the form was open, by its status."""


@dataclass(frozen=True, slots=True)
class Acceptance(Save):
    """What the form says of a request; `values` are all fields of a new session, of one that moves the changed
    ones and its times."""

    request_id: int = 0
    request_version: int | None = None
    name: str = ""
    """What somebody new is called, where that was changed."""

    @property
    def anything(self) -> bool:
        return True

    def write(self) -> Done:
        """Accept. Blocks; for a thread worker.

        Raises:
            Stale: the request does not wait any more, or was changed. Invalid, Refused, NotFound,
            DatabaseProblem: nothing was written.
        """
        draft = Draft(**self.values) if self.appointment_id is None else self._moved()
        return request_answers.accept(
            self.database, self.request_id, draft, repeat=self.repeat, name=self.name,
            expected_version=self.request_version, clock=self.clock,
        )  # fmt: skip

    def _moved(self) -> Draft:
        return with_changes(request_answers.draft_of(self.database, self.request_id), self.values)


class AcceptForm(AppointmentForm):
    """The form of the appointment that accepting makes, or moves: everything can be changed before it is saved.

    Esc leaves the request pending. It says when the request is withdrawn or answered elsewhere meanwhile; what was
    typed stays, and can be booked all the same.
    """

    def __init__(
        self,
        database: Database,
        tz_name: str,
        asked: Asked,
        *,
        names: str = "full",
        clock: Clock = system_clock,
    ) -> None:
        draft = {name: value for name, value in asdict(asked.draft).items() if value is not None}
        super().__init__(
            database, tz_name, draft=draft, appointment_id=asked.moves,
            mode="new" if asked.moves is None else "edit", names=names, clock=clock,
        )  # fmt: skip
        self._frame_title, self._frame_keys = _TITLE, _KEYS
        self._asked = asked
        self._watch = Watch(database)
        self._overtaken = False
        who = _UNNAMED if names == "id" else who_words(asked.row, names).replace(DIVIDER, ",")
        self._newcomer = f"{NEW}{who}" if asked.row.client_id is None else ""
        """What stands in the client's field for somebody who is no client yet."""

    def on_mount(self) -> None:
        self.set_interval(LOOK_S, self._look)

    def on_unmount(self) -> None:
        self._watch.close()

    # Filling

    def _first_values(self, data: FormData) -> dict[str, Any]:
        values = super()._first_values(data)
        if self._asked.moves is not None:
            values |= {"start": self._asked.draft.start, "end": self._asked.draft.end}
        return values

    def _first_raw(self, values: dict[str, Any], data: FormData) -> Raw:
        raw = write_form(values, data)
        return raw | {"client": self._newcomer} if self._newcomer else raw

    def _fill(self, data: FormData) -> None:
        super()._fill(data)
        self.query_one("#frame").border_title = _TITLE
        if self._asked.moves is not None:
            self.rows.lock({name for name, row in self.rows.fields.items() if row.disabled} | {"repeats", "until"})

    def _focus_first(self) -> None:
        """Go to the service: who and when are said."""
        self.rows.fields["service"].focus_first()

    def _read(self) -> ReadForm:
        read = super()._read()
        if read.also:
            read.errors["client"] = "one client; the others are added afterwards"
        return read

    # Saving

    def _request(self, read: ReadForm, data: FormData) -> Save:
        save = super()._request(read, data)
        values, name = dict(save.values), ""
        if self._asked.moves is not None:
            values |= {field: read.values[field] for field in _TIMES}
        elif isinstance(values.get("client_id"), str):
            typed = str(values.pop("client_id"))
            name = "" if typed == new_name(self._newcomer) else typed
        row = self._asked.row
        return Acceptance(
            self.database, self._clock, values, save.appointment_id, repeat=save.repeat, request_id=row.id,
            request_version=row.version, name=name,
        )  # fmt: skip

    async def _write(self, save: Save, data: FormData, read: ReadForm) -> Done | None:
        """Accept; where that cannot be any more, ask whether it is booked all the same. None goes back."""
        while True:
            try:
                return await in_thread(self, "write", save.write)
            except Stale:
                status = await in_thread(self, "read", partial(read_status, self.database, self._asked.row.id))
                if status == "pending" and isinstance(save, Acceptance):
                    if not await self._ask(
                        "It was changed meanwhile. Accept it as it stands in the form?", "Accept"
                    ):
                        return None
                    save = replace(save, request_version=None)
                    continue
            verb = "Book" if self._asked.moves is None else "Move"
            if not await self._ask(f"{_OVERTAKEN[status]} {verb} what stands in the form all the same?", verb):
                return None
            return await super()._write(super()._request(read, data), data, read)

    async def _ask(self, question: str, yes: str) -> bool:
        dialog = Confirm("Meanwhile", question, yes, "Back to the form")
        answer = await self.app.push_screen_wait(dialog)
        return answer is True

    # Following

    def _look(self) -> None:
        """See whether the request waits still."""
        if not self._overtaken and self._watch.moved():
            self.run_worker(self._see(), group="watch", exclusive=True, exit_on_error=False)

    async def _see(self) -> None:
        status = await in_thread(self, "read", partial(read_status, self.database, self._asked.row.id))
        if status == "pending" or self.saving:
            return
        self._overtaken = True
        self.tell(f"{_OVERTAKEN[status]} Nothing you typed is lost: ctrl+s offers to book it all the same.")
