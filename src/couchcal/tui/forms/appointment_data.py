"""What the appointment form needs to know, read in one go, and what it hands to the practice."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from couchcal.clock import Clock
from couchcal.errors import NotFound
from couchcal.practice import agenda, clients, services, usual
from couchcal.practice.agenda import Entry, PracticeFacts
from couchcal.practice.cadence import Repeat, repeat_of
from couchcal.practice.clients import ClientRow
from couchcal.practice.draft import DRAFT_FIELDS, REMOVED_BY_HAND
from couchcal.practice.outcome import Done, Preview
from couchcal.practice.services import LocationRow, RoomRow, ServiceRow
from couchcal.scheduling.wallclock import zone
from couchcal.store.connection import Connection, Database, database_errors
from couchcal.store.vocabulary import Scope

if TYPE_CHECKING:
    from couchcal.practice.editing import Edit

_PLAIN = tuple(sorted(DRAFT_FIELDS - {"start", "end", "modifiers"}))
_FLAGS = ("all_day", "busy", "remind_email", "remind_text", "remind_phone", "feedback_requested")


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
    practitioner: str
    latest_services: Mapping[int, str] = field(default_factory=dict)
    """By client id, for a new session of a client who has no usual service; for quick add only."""
    stored: dict[str, Any] = field(default_factory=dict)
    """Draft fields of the appointment, `modifiers` without the automatic one."""
    auto_present: bool = False
    entry: Entry | None = None
    version: int | None = None
    repeat: Repeat | None = None
    """The cadence and end of its series; None of an imported rule, which has no cadence."""
    until: date | None = None
    names: str = "full"
    """How clients are called: `id`, `initials`, `first` or `full`."""

    def client(self, client_id: int | None) -> ClientRow | None:
        return next((row for row in self.clients if row.id == client_id), None)

    def service(self, code: str | None) -> ServiceRow | None:
        return next((row for row in self.services if row.code == code), None)

    def location(self, location_id: int | None) -> LocationRow | None:
        return next((row for row in self.locations if row.id == location_id), None)


def load(database: Database, appointment_id: int | None, names: str = "full", *, latest: bool = False) -> FormData:
    """`read` on a connection of its own. Blocks; for a thread worker."""
    with closing(database.connect()) as connection:
        return read(connection, appointment_id, names, latest=latest)


def read(
    connection: Connection, appointment_id: int | None, names: str = "full", *, latest: bool = False
) -> FormData:
    """The lists, and the appointment if there is one.

    Raises:
        NotFound: the appointment is not there any more. DatabaseProblem: the store cannot be read.
    """
    with database_errors():
        facts = agenda.practice_facts(connection)
        defaults = services.defaults(connection)
        stored: dict[str, Any] = {}
        entry, auto_present, version = None, False, None
        rule: tuple[str, str | None] = ("", None)
        if appointment_id is not None:
            entry = agenda.one(connection, appointment_id, zone(facts.tz))
            stored, auto_present, version = _stored(connection, appointment_id, defaults.telehealth_modifier)
            rule = _rule(connection, entry)
        until = date.fromisoformat(rule[1]) if rule[1] else None
        return FormData(
            facts,
            clients.list_clients(connection, archived=True),
            services.services(connection, used_by=appointment_id),
            services.locations(connection, used_by=appointment_id),
            [
                room
                for room in services.rooms(connection, used_by=appointment_id)
                if defaults.use_rooms or room.id == stored.get("room_id")  # switched off since: it keeps its room
            ],
            frozenset(code for code, _ in services.modifiers(connection, used_by=appointment_id)),
            defaults.telehealth_modifier,
            defaults.telehealth_template,
            defaults.practitioner,
            usual.latest_services(connection) if latest else {},
            stored=stored,
            auto_present=auto_present,
            entry=entry,
            version=version,
            repeat=repeat_of(rule[0], until),
            until=until,
            names=names,
        )


def _stored(connection: Connection, appointment_id: int, automatic: str) -> tuple[dict[str, Any], bool, int]:
    found = connection.execute(
        f"SELECT version, overridden, start_utc, end_utc, {', '.join(_PLAIN)} FROM appointment WHERE id = ?",  # noqa: S608  fixed names
        (appointment_id,),
    ).fetchone()
    if found is None:
        raise NotFound("that appointment is not there any more", "it may have been deleted in another window")
    version, overridden, start, end, *plain = found
    values: dict[str, Any] = dict(zip(_PLAIN, plain, strict=True))
    values |= {name: bool(values[name]) for name in _FLAGS}
    values |= {"start": datetime.fromtimestamp(start, UTC), "end": datetime.fromtimestamp(end, UTC)}
    modifiers = connection.execute(
        "SELECT code, source FROM appointment_modifier WHERE appointment_id = ? ORDER BY position",
        (appointment_id,),
    ).fetchall()
    values["modifiers"] = [code for code, source in modifiers if source != "auto"]
    if "auto_modifier" in overridden.split():
        values["modifiers"].append(f"{REMOVED_BY_HAND}{automatic}")
    return values, any(source == "auto" for _, source in modifiers), version


def _rule(connection: Connection, entry: Entry | None) -> tuple[str, str | None]:
    if entry is None or entry.series_id is None:
        return "", None
    rule: tuple[str, str | None] = connection.execute(
        "SELECT rrule, until_date FROM series WHERE id = ?", (entry.series_id,)
    ).fetchone()
    return rule


@dataclass(frozen=True, slots=True)
class Save:
    """One press of ctrl+s: what to write, where, and for which sessions of a series. One transaction, one undo
    step, a new client and a new cadence included."""

    database: Database
    clock: Clock
    values: dict[str, Any]
    """All draft fields for a new appointment, changed ones for an existing one; `client_id` may be a name."""
    appointment_id: int | None = None
    version: int | None = None
    also: tuple[int | str, ...] = ()
    """Further clients of the slot: ids, or names to add first (GRP-01)."""
    repeat: Repeat | None = None
    stop: bool = False
    scope: Scope = "this"
    reset_moved: bool = False

    @property
    def anything(self) -> bool:
        return bool(self.values or self.repeat or self.stop or self.also)

    def _edit(self, scope: Scope, *, reset_moved: bool = False) -> Edit:
        from couchcal.practice.editing import Edit

        return Edit(self.values, scope, self.repeat, self.stop, self.also, reset_moved)

    def previews(self) -> tuple[Preview, Preview, Preview]:
        """What the change would do to this session, to all following ones, and to those if what was changed on
        them by hand is reset as well. Blocks; for a thread worker."""
        from couchcal.practice import appointments

        edits = (self._edit("this"), self._edit("future"), self._edit("future", reset_moved=True))
        this, future, reset = (
            appointments.preview_edit(self.database, self.appointment_id or 0, edit, clock=self.clock)
            for edit in edits
        )
        return this, future, reset

    def write(self) -> Done:
        """Book or change. Blocks; for a thread worker.

        Raises:
            Invalid, Refused, Stale, NotFound, DatabaseProblem: nothing was written.
        """
        from couchcal.practice import appointments
        from couchcal.practice.draft import Draft

        if self.appointment_id is None:
            values = dict(self.values)
            who = [one for one in (values.pop("client_id", None), *self.also) if one is not None]
            return appointments.book(self.database, Draft(**values), who=who, repeat=self.repeat, clock=self.clock)
        return appointments.edit(
            self.database, self.appointment_id, self.values, scope=self.scope, expected_version=self.version,
            repeat=self.repeat, stop=self.stop, also=self.also, reset_moved=self.reset_moved, clock=self.clock,
        )  # fmt: skip


def overlapping(
    database: Database, start: datetime, end: datetime, appointment_id: int | None, group_key: str | None
) -> list[Entry]:
    """Busy entries in `[start, end)` other than the appointment and its group. Blocks; for a thread worker."""
    with closing(database.connect()) as connection:
        tz = zone(agenda.practice_facts(connection).tz)
        found = agenda.between(connection, start, end, tz)
    return [
        entry
        for entry in found
        if entry.busy
        and entry.kind != "request"
        and (entry.table, entry.row_id) != ("appointment", appointment_id)
        and (group_key is None or entry.group_key != group_key)
    ]


def usual_slot(database: Database, client_id: int) -> usual.UsualSlot:
    """What the client's sessions are like."""
    with closing(database.connect()) as connection:
        return usual.slot_of(connection, client_id)
