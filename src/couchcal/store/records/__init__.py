"""Every table. Importing this package loads SQLModel: do it inside functions on start-up paths."""

from sqlmodel import SQLModel

from couchcal.store.records.appointment import Appointment, AppointmentIcs, AppointmentModifier, Cancellation
from couchcal.store.records.availability import AvailabilityBlock, EventType, TimeOff
from couchcal.store.records.client import Client
from couchcal.store.records.journal import AuditEntry, Change, ChangeRow
from couchcal.store.records.mail import OutboxEmail, Reminder
from couchcal.store.records.practice import Calendar, CustomZone, Practice, Practitioner
from couchcal.store.records.request import BookingRequest, Feedback, PortalToken, Waitlist
from couchcal.store.records.series import Series, SeriesExdate, SeriesIcs
from couchcal.store.records.service import Location, Modifier, Room, ServiceCode
from couchcal.store.records.sync import (
    AccountSecret,
    CalendarAccount,
    CalendarLink,
    EventMap,
    ExternalEvent,
    SyncLog,
    SyncOutbox,
    SyncReview,
    SyncStage,
    SyncState,
    WorkerLease,
)
from couchcal.store.records.types import EPOCH, Instant, Record, epoch_seconds, from_epoch

__all__ = [
    "EPOCH",
    "AccountSecret",
    "Appointment",
    "AppointmentIcs",
    "AppointmentModifier",
    "AuditEntry",
    "AvailabilityBlock",
    "BookingRequest",
    "Calendar",
    "CalendarAccount",
    "CalendarLink",
    "Cancellation",
    "Change",
    "ChangeRow",
    "Client",
    "CustomZone",
    "EventMap",
    "EventType",
    "ExternalEvent",
    "Feedback",
    "Instant",
    "Location",
    "Modifier",
    "OutboxEmail",
    "PortalToken",
    "Practice",
    "Practitioner",
    "Record",
    "Reminder",
    "Room",
    "Series",
    "SeriesExdate",
    "SeriesIcs",
    "ServiceCode",
    "SyncLog",
    "SyncOutbox",
    "SyncReview",
    "SyncStage",
    "SyncState",
    "TimeOff",
    "Waitlist",
    "WorkerLease",
    "epoch_seconds",
    "from_epoch",
]

for _table in SQLModel.metadata.tables.values():
    # The id of a deleted row is never given to another: undo brings it back, and people hold its public id.
    _table.dialect_options["sqlite"]["autoincrement"] = True
