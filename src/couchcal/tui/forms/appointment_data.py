"""What the appointment form needs to know, read in one go, and what it hands to the practice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from couchcal.clock import Clock
from couchcal.practice import agenda, client_changes, clients, services, usual
from couchcal.practice.agenda import Entry, PracticeFacts
from couchcal.practice.cadence import Repeat
from couchcal.practice.clients import ClientRow
from couchcal.practice.outcome import Done, Preview
from couchcal.practice.services import LocationRow, RoomRow, ServiceRow
from couchcal.scheduling.wallclock import zone
from couchcal.store.connection import Database
from couchcal.store.vocabulary import Scope


@dataclass(frozen=True, slots=True)
class FormData:
    """The practice's lists, and for an existing appointment its fields as stored."""

    facts: PracticeFacts
    clients: list[ClientRow]
    services: list[ServiceRow]
    locations: list[LocationRow]
    rooms: list[RoomRow]
    modifier_codes: frozenset[str]
    auto_modifier: str
    """What telehealth adds by itself (MOD-01)."""
    telehealth_template: str
    latest_services: Mapping[int, str] = field(default_factory=dict)
    """By client id, for a new session of a client who has no usual service."""
    stored: dict[str, Any] = field(default_factory=dict)
    """Draft fields of the appointment, `modifiers` without the automatic one."""
    auto_present: bool = False
    entry: Entry | None = None
    version: int | None = None
    names: str = "full"
    """How clients are called: `id`, `initials`, `first` or `full`."""

    def client(self, client_id: int | None) -> ClientRow | None:
        return next((row for row in self.clients if row.id == client_id), None)

    def service(self, code: str | None) -> ServiceRow | None:
        return next((row for row in self.services if row.code == code), None)

    def location(self, location_id: int | None) -> LocationRow | None:
        return next((row for row in self.locations if row.id == location_id), None)


def load(database: Database, appointment_id: int | None, names: str = "full") -> FormData:
    """Read the lists, and the appointment if there is one. Blocks; for a thread worker.

    Raises:
        NotFound: the appointment is not there any more.
    """
    connection = database.connect()
    try:
        facts = agenda.practice_facts(connection)
        defaults = services.defaults(connection)
        entry = agenda.one(connection, appointment_id, zone(facts.tz)) if appointment_id is not None else None
        data = FormData(
            facts,
            clients.list_clients(connection, archived=True),
            services.services(connection, used_by=appointment_id),
            services.locations(connection, used_by=appointment_id),
            services.rooms(connection, used_by=appointment_id) if defaults.use_rooms else [],
            frozenset(code for code, _ in services.modifiers(connection, used_by=appointment_id)),
            defaults.telehealth_modifier,
            defaults.telehealth_template,
            usual.latest_services(connection) if appointment_id is None else {},
            entry=entry,
            names=names,
        )
    finally:
        connection.close()
    if appointment_id is None:
        return data
    stored, auto_present, version = _stored(database, appointment_id)
    return replace(data, stored=stored, auto_present=auto_present, version=version)


def _stored(database: Database, appointment_id: int) -> tuple[dict[str, Any], bool, int]:
    from couchcal.practice import rows
    from couchcal.store.journal import JournalSession
    from couchcal.store.session import engine_of

    with JournalSession(engine_of(database)) as session:
        row = rows.load(session, appointment_id)
        values = asdict(rows.draft_of(session, row))
        automatic = {modifier.code for modifier in rows.modifiers_of(session, row) if modifier.source == "auto"}
        values["modifiers"] = [code for code in values["modifiers"] if code not in automatic]
        return values, bool(automatic), row.version


@dataclass(frozen=True, slots=True)
class Save:
    """One press of ctrl+s: what to write, where, and for which sessions of a series."""

    database: Database
    clock: Clock
    values: dict[str, Any]
    """All draft fields for a new appointment, changed ones for an existing one."""
    appointment_id: int | None = None
    version: int | None = None
    new_client: str = ""
    """A name to add first; its id becomes `client_id`."""
    repeat: Repeat | None = None
    stop: bool = False
    scope: Scope = "this"

    def client_added(self) -> ClientRow:
        """Add the new client. Blocks; for a thread worker."""
        return client_changes.add(self.database, self.new_client, clock=self.clock)

    def previews(self) -> tuple[Preview, Preview]:
        """What either scope would change. Blocks; for a thread worker."""
        from couchcal.practice import series

        identifier = self.appointment_id or 0
        return (
            series.preview(self.database, identifier, "this", clock=self.clock),
            series.preview(self.database, identifier, "future", clock=self.clock),
        )

    def write(self) -> Done:
        """Book or change. Blocks; for a thread worker.

        Raises:
            Invalid, Refused, Stale, NotFound, DatabaseProblem: nothing was written.
        """
        from couchcal.practice import appointments, series
        from couchcal.practice.draft import Draft

        if self.appointment_id is None:
            return appointments.book(
                self.database, Draft(**self.values), repeat=self.repeat, actor="user", clock=self.clock
            )
        done: Done | None = None
        if self.values:
            done = appointments.edit(
                self.database,
                self.appointment_id,
                self.values,
                scope=self.scope,
                expected_version=self.version,
                actor="user",
                clock=self.clock,
            )
        if self.repeat is not None:
            done = series.start_repeating(self.database, self.appointment_id, self.repeat, clock=self.clock)
        elif self.stop:
            done = series.stop_repeating(self.database, self.appointment_id, clock=self.clock)
        return done or Done("Nothing changed", self.appointment_id, 0)


def overlapping(
    database: Database, start: datetime, end: datetime, appointment_id: int | None, group_key: str | None
) -> list[Entry]:
    """Busy entries in `[start, end)` other than the appointment and its group. Blocks; for a thread worker."""
    connection = database.connect()
    try:
        tz = zone(agenda.practice_facts(connection).tz)
        found = agenda.between(connection, start, end, tz)
    finally:
        connection.close()
    return [
        entry
        for entry in found
        if entry.busy
        and entry.kind != "request"
        and (entry.table, entry.row_id) != ("appointment", appointment_id)
        and (group_key is None or entry.group_key != group_key)
    ]
