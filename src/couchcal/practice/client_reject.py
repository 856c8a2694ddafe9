"""Rejecting somebody of the intake: they and everything of theirs go (INT-03, C-12, INV-B7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from couchcal.clock import Clock, system_clock
from couchcal.errors import Refused
from couchcal.practice.client_changes import load
from couchcal.store.connection import Database

if TYPE_CHECKING:
    from sqlmodel import Session

    from couchcal.store.journal import JournalSession
    from couchcal.store.records import Appointment, Client


class RejectPreview(NamedTuple):
    """What a rejection would remove; `refusal` says why it is not allowed, empty if it is."""

    sessions: int
    requests: int
    refusal: str = ""


def preview(database: Database, client_id: int) -> RejectPreview:
    """What `reject` would do. Writes nothing.

    Raises:
        NotFound: there is no such client.
    """
    from sqlmodel import col, func, select

    from couchcal.store.records import Appointment, BookingRequest
    from couchcal.store.session import read_session

    with read_session(database) as session:
        client = load(session, client_id)
        sessions, requests = (
            session.exec(select(func.count()).where(col(kind.client_id) == client_id)).one()
            for kind in (Appointment, BookingRequest)
        )
        try:
            _refuse(session, client)
        except Refused as refused:
            return RejectPreview(sessions, requests, refused.message)
        return RejectPreview(sessions, requests)


def reject(database: Database, client_id: int, *, actor: str = "user", clock: Clock = system_clock) -> int:
    """Remove a never-accepted client of the intake and their sessions; returns how many (INT-03, C-12).

    Of each session to come they are told that it is cancelled, if there is an address.

    Raises:
        Refused: not of the intake, or a session was worked on.
    """
    from couchcal.practice import letters
    from couchcal.store.session import write_session

    with write_session(database, "Rejected a client", actor=actor, clock=clock) as session:
        client = load(session, client_id)
        _refuse(session, client)
        session.relabel(f"Rejected {client.internal_id}")
        coming = _coming(session, client)
        sessions = _remove_sessions(session, client_id)
        for row in coming:
            letters.tell_gone(session, row, client)
        _remove_the_rest(session, client_id)
        session.delete(client)
        return sessions


def _refuse(session: Session, client: Client) -> None:
    from sqlmodel import col, or_, select

    from couchcal.store.records import Appointment

    if client.state != "intake":
        raise Refused("only clients of the intake can be rejected", "archive this one instead")
    documented = or_(
        col(Appointment.note_signed_at).is_not(None),
        col(Appointment.billing_status) != "none",
        col(Appointment.claim_status) != "none",
    )
    mine = select(Appointment.id).where(Appointment.client_id == client.id, documented).limit(1)
    if session.exec(mine).first() is not None:
        raise Refused("a session of theirs was worked on", "accept or merge them instead")


def _coming(session: JournalSession, client: Client) -> list[Appointment]:
    """Copies of the sessions to come, which the letters speak of after the rows are gone."""
    from sqlmodel import col, select

    from couchcal.store.records import Appointment

    mine = select(Appointment).where(
        Appointment.client_id == client.id, Appointment.status == "scheduled",
        col(Appointment.start_utc) > session.now, Appointment.kind == "client_session",
    )  # fmt: skip
    rows = session.exec(mine.order_by(col(Appointment.start_utc))).all()
    return [Appointment.model_validate(row.model_dump()) for row in rows]


def _remove_sessions(session: JournalSession, client_id: int) -> int:
    """Delete their sessions and what hangs on them; mail and calendars of others forget them."""
    from sqlmodel import SQLModel, col, select

    from couchcal.practice.series_rows import bump
    from couchcal.store.bulk import delete_rows, referring, update_rows
    from couchcal.store.records import Appointment, OutboxEmail, Series, SeriesExdate

    ids = select(Appointment.id).where(Appointment.client_id == client_id).scalar_subquery()
    elsewhere = (
        select(Appointment).join(Series).where(Appointment.client_id == client_id, Series.client_id != client_id)
    )
    for row in session.exec(elsewhere).all():  # one of somebody else's series: it must not come back there
        session.add(SeriesExdate(series_id=row.series_id or 0, series_key=row.series_key or ""))
        bump(session, row)
    session.flush()
    tables = SQLModel.metadata.tables
    mail = tables["outbox_email"]
    queued = (col(OutboxEmail.appointment_id).in_(ids)) & (col(OutboxEmail.state) == "queued")
    update_rows(session, mail, queued, {"state": "cancelled"})
    for column in referring(tables["appointment"]):
        if next(iter(column.foreign_keys)).ondelete == "CASCADE":
            delete_rows(session, column.table, column.in_(ids))
        else:
            update_rows(session, column.table, column.in_(ids), {column.name: None})
    return delete_rows(session, tables["appointment"], tables["appointment"].c.client_id == client_id)


def _remove_the_rest(session: JournalSession, client_id: int) -> None:
    """Delete their series and everything else that is theirs; sessions of others stay without the series."""
    from sqlmodel import SQLModel

    from couchcal.store.bulk import delete_rows, referring, update_rows

    tables = SQLModel.metadata.tables
    series = tables["series"]
    mine = series.c.client_id == client_id
    ids = series.select().with_only_columns(series.c.id).where(mine).scalar_subquery()
    for column in referring(series):
        where = column.in_(ids)
        if column.table.name == "appointment":
            update_rows(session, column.table, where, {"series_id": None, "series_key": None})
        elif next(iter(column.foreign_keys)).ondelete == "CASCADE":
            delete_rows(session, column.table, where)
        else:
            update_rows(session, column.table, where, {column.name: None})
    delete_rows(session, series, mine)
    for column in referring(tables["client"]):
        delete_rows(session, column.table, column == client_id)
