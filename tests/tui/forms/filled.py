"""An appointment form and what it shows, for tests."""

from __future__ import annotations

from typing import Any

from textual.widgets import Input, Static

from couchcal.store.connection import Database
from couchcal.tui.forms.appointment import AppointmentForm
from couchcal.tui.forms.field import Field
from tests.tui.forms.host import (
    ZONE,
    at,
    clock,
)


def form(database: Database, **options: Any) -> AppointmentForm:
    draft = {"kind": "client_session", "start": at(3, 15), "tz": ZONE}
    return AppointmentForm(database, ZONE, draft=draft | options.pop("draft", {}), clock=clock, **options)


def text(modal: AppointmentForm, name: str) -> str:
    return modal.query_one(f"#{name}", Input).value


def type_in(modal: AppointmentForm, **values: str) -> None:
    for name, value in values.items():
        modal.query_one(f"#{name}", Input).value = value


def note(modal: AppointmentForm, row: str) -> str:
    return modal.query_one(f"#row-{row}", Field).note


def live(modal: AppointmentForm) -> str:
    return str(modal.query_one("#live", Static).render())


def visible(modal: AppointmentForm) -> set[str]:
    return {(field.id or "").removeprefix("row-") for field in modal.query(Field) if field.display}
