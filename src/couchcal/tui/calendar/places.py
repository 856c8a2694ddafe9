"""The ways from the calendar to the other screens of the practice; each is loaded when it is first asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

from couchcal.practice.agenda import Entry
from couchcal.tui.calendar.answers import Answers
from couchcal.tui.calendar.changes import Changes
from couchcal.tui.calendar.navigation import Navigation

if TYPE_CHECKING:
    from couchcal.practice.outcome import Done


class Places(Navigation, Answers, part=True):
    """Opening clients, hours, lists, reports and settings, and what comes back from them."""

    class SyncAsked(Message):
        """There is something to sync now."""

    def action_clients(self) -> None:
        from couchcal.tui.screens.clients import ClientsScreen

        self.app.push_screen(
            ClientsScreen(self.database, self.tz, names=self.names, clock=self.clock), self._arrive
        )

    def action_waiting(self) -> None:
        from couchcal.tui.screens.waitlist import WaitlistScreen

        freed, self.offered = self.offered, None
        screen = WaitlistScreen(self.database, self.tz, names=self.names, clock=self.clock, freed=freed)
        self.app.push_screen(screen, self._finished)

    def action_requests(self) -> None:
        self._show_requests(None)

    def _show_requests(self, at: int | None) -> None:
        from couchcal.tui.screens.requests import RequestsScreen

        screen = RequestsScreen(self.database, self.tz, names=self.names, clock=self.clock, at=at)
        self.app.push_screen(screen, self._arrive)

    def on_changes_request_chosen(self, message: Changes.RequestChosen) -> None:
        self._show_requests(message.request_id)

    def action_booking_link(self) -> None:
        from couchcal.tui.forms.link import LinkDialog

        dialog = LinkDialog(self.database, self.settings.mail.public_url, clock=self.clock)
        self.app.push_screen(dialog, self._finished)

    def action_availability(self) -> None:
        from couchcal.tui.screens.availability import AvailabilityScreen

        screen = AvailabilityScreen(
            self.database, week_start=self.week_start, hour24=self.settings.clock_24h, clock=self.clock
        )
        self.app.push_screen(screen, self._finished)

    def action_event_types(self) -> None:
        from couchcal.tui.screens.event_types import EventTypesScreen

        self.app.push_screen(EventTypesScreen(self.database, clock=self.clock), self._finished)

    def action_time_off(self) -> None:
        from couchcal.tui.screens.time_off import TimeOffScreen

        screen = TimeOffScreen(self.database, self.tz, names=self.names, clock=self.clock)
        self.app.push_screen(screen, self._arrive)

    def action_services(self) -> None:
        from couchcal.tui.screens.services import ServicesScreen

        self.app.push_screen(ServicesScreen(self.database, clock=self.clock), self._finished)

    def action_reports(self) -> None:
        from couchcal.tui.screens.reports import ReportsScreen

        screen = ReportsScreen(self.database, self.tz, names=self.names, clock=self.clock)
        self.app.push_screen(screen, self._arrive)

    def action_mail(self) -> None:
        from couchcal.tui.screens.mail import MailScreen

        self.app.push_screen(MailScreen(self.database, self.tz, names=self.names, clock=self.clock), self._finished)

    def action_calls(self) -> None:
        from couchcal.tui.screens.calls import CallsScreen

        screen = CallsScreen(self.database, self.tz, names=self.names, clock=self.clock)
        self.app.push_screen(screen, self._arrive)

    def action_sync(self) -> None:
        from couchcal.sync.google.browser import has_screen, open_browser
        from couchcal.tui.screens.sync import SyncScreen
        from couchcal.tui.screens.sync_gate import Gate

        gate = Gate(self.database, wake=self._ask_for_sync, clock=self.clock)
        screen = SyncScreen(gate, self.tz, open_browser=open_browser if has_screen() else None)
        self.app.push_screen(screen, self._finished)

    def _ask_for_sync(self) -> None:
        self.post_message(self.SyncAsked())

    def action_audit_trail(self) -> None:
        from couchcal.tui.screens.audit import AuditScreen

        self.app.push_screen(AuditScreen(self.database, self.tz, names=self.names, clock=self.clock))

    def action_find_time(self) -> None:
        from couchcal.tui.screens.finder import FinderScreen

        screen = FinderScreen(self.database, self.tz, names=self.names, clock=self.clock)
        self.app.push_screen(screen, self._finished)

    def _arrive(self, target: Entry | None) -> None:
        """Go to the entry that a list was left with."""
        self.fetch()
        if target is not None:
            self.go_to(target)

    def _finished(self, done: Done | None) -> None:
        """Show what a screen has changed."""
        if done is not None:
            self.post_message(self.Written(done))
        else:
            self.fetch()
