"""The way to the appointment form, which stands ready once the keys have rested for a moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual import events
from textual.timer import Timer

from couchcal.tui.calendar.base import CalendarBase

if TYPE_CHECKING:
    from couchcal.practice.outcome import Done

_REST_SECONDS = 0.6
"""How often it is asked whether a key came since; two such spells after the start the form is built."""


class FormOpening(CalendarBase, part=True):
    """Opens the form for new and existing appointments."""

    _rested = False
    _resting: Timer | None = None

    def on_mount(self) -> None:
        self._resting = self.set_interval(_REST_SECONDS, self._build_at_rest)

    def key_first(self, event: events.Key) -> bool:
        self._rested = False
        return super().key_first(event)

    def _build_at_rest(self) -> None:
        """Build the form where nobody waits for it; not before the first screen has been there for a while."""
        rested, self._rested = self._rested, True
        if rested and self.ghost is None and self.app.screen is self and self._resting is not None:
            self._resting.stop()
            self.run_worker(self._build_form(), name="form", group="warm", exit_on_error=False)

    async def _build_form(self) -> None:
        await self.app.run_worker(_load_form, group="warm", thread=True, exit_on_error=False).wait()
        from couchcal.tui.forms.appointment_opening import build

        await build(self.app, self.database, self.tz_name, self.clock)

    def _form(self, draft: dict[str, Any], **options: Any) -> None:
        from couchcal.tui.forms.appointment_begin import Opening
        from couchcal.tui.forms.appointment_opening import open_form

        opening = Opening(self.tz_name, draft, names=self.names, **options)
        open_form(self.app, self.database, self.reader, opening, self.clock, self._done)

    def _done(self, done: Done | None) -> None:
        if done is not None:
            self.post_message(self.Written(done))


def _load_form() -> None:
    import couchcal.tui.forms.appointment_opening  # noqa: F401  imported for the effect
