"""The controls of the client form: which there are, and their values as text. SYNC-05, PORTAL-02, C-04."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any, NamedTuple

from textual.dom import DOMNode
from textual.widget import Widget
from textual.widgets import Input, TextArea

from couchcal.practice import clients, services
from couchcal.practice.client_changes import LIMITS
from couchcal.practice.clients import ClientDetails, ClientRow
from couchcal.practice.services import LocationRow, ServiceRow
from couchcal.store.connection import Database
from couchcal.tui.forms.choice import Choice
from couchcal.tui.forms.field import Field
from couchcal.tui.forms.pick import Pick
from couchcal.tui.forms.tick import Tick

LABELS = {
    "name": "Name",
    "first": "First name",
    "last": "Last name",
    "preferred": "Goes by",
    "internal_id": "Internal id",
    "email": "E-mail",
    "phone": "Telephone",
    "tz": "Time zone",
    "reminders": "Remind by",
    "self_scheduling": "Self-scheduling",
    "usual_service": "Usual service",
    "usual_location_id": "Usual place",
    "notes_admin": "Office notes",
}
REMINDERS = (("remind_email", "e-mail"), ("remind_text", "text"), ("remind_phone", "phone"))
PRIVATE = ("name", "first", "last", "preferred", "email", "phone", "notes_admin")
"""Rows that tell who somebody is."""
_TEXTS = ("name", "first", "last", "preferred", "internal_id", "email", "phone", "tz")
_PLACEHOLDERS = {
    "name": "Jane Doe",
    "preferred": "if not the first name",
    "email": "name@example.org",
    "tz": "as yours, or a city",
}


class ClientData(NamedTuple):
    """What the form needs to know, read in one go; `details` of an existing client."""

    clients: list[ClientRow]
    services: list[ServiceRow]
    places: list[LocationRow]
    next_id: str
    practice_self_scheduling: bool
    details: ClientDetails | None


def read(database: Database, client_id: int | None) -> ClientData:
    """The lists, and the client if there is one. Blocks.

    Raises:
        NotFound: there is no such client any more.
    """
    with closing(database.connect()) as connection:
        (allowed,) = connection.execute("SELECT self_scheduling FROM practice ORDER BY id LIMIT 1").fetchone()
        return ClientData(
            clients.list_clients(connection, archived=True),
            services.services(connection),
            services.locations(connection),
            clients.next_internal_id(connection),
            bool(allowed),
            None if client_id is None else clients.details(connection, client_id),
        )


def rows(*, new: bool) -> Iterator[Widget]:
    """Every row; a new client is given a whole name, an existing one has its parts."""
    for name in ("name",) if new else ("first", "last"):
        yield _text(name)
    for name in ("preferred", "internal_id", "email", "phone", "tz"):
        yield _text(name)
    boxes = [Tick(words, id=name) for name, words in REMINDERS]
    yield Field(LABELS["reminders"], *boxes, id="row-reminders", long=True)
    choices = [("inherit", "As the practice"), ("on", "On"), ("off", "Off")]
    yield Field(
        LABELS["self_scheduling"], Choice(choices, "inherit", id="self_scheduling"), id="row-self_scheduling"
    )  # fmt: skip
    yield Field(LABELS["usual_service"], Pick(blank="none", id="usual_service"), id="row-usual_service")
    yield Field(LABELS["usual_location_id"], Pick(blank="none", id="usual_location_id"), id="row-usual_location_id")
    notes = TextArea(id="notes_admin", show_line_numbers=False, highlight_cursor_line=False)
    yield Field(LABELS["notes_admin"], notes, id="row-notes_admin", long=True)
    yield Field("", Tick("accept as a client", True, id="accept"), id="row-accept", long=True)


def _text(name: str) -> Field:
    """A line of text. Nothing is selected on arrival: a stray key must not take a whole address away."""
    limit = 120 if name == "name" else LIMITS.get(name, 64)
    control = Input(id=name, max_length=limit, placeholder=_PLACEHOLDERS.get(name, ""), select_on_focus=False)
    return Field(LABELS[name], control, id=f"row-{name}")


def offer(form: DOMNode, data: ClientData) -> None:
    """Put the practice's lists in place; what a client has stays on offer when it is retired."""
    row = data.details.row if data.details is not None else None
    codes = [(f"{service.code} {service.label}", service.code) for service in data.services]
    if row is not None and row.usual_service and all(code != row.usual_service for _, code in codes):
        codes.append((row.usual_service, row.usual_service))
    form.query_one("#usual_service", Pick).offer(codes)
    form.query_one("#usual_location_id", Pick).offer([(place.name, place.id) for place in data.places])


def values_of(data: ClientData) -> dict[str, Any]:
    """What the controls show at first."""
    if data.details is None:
        return {"remind_email": True, "self_scheduling": "inherit"}
    details, row = data.details, data.details.row
    found = {name: getattr(row, name) for name in (*_TEXTS[1:], "usual_service", "usual_location_id")}
    for name in ("remind_email", "remind_text", "remind_phone", "self_scheduling", "notes_admin"):
        found[name] = getattr(details, name)
    return found


def collect(form: DOMNode) -> dict[str, Any]:
    """The values of all controls by their names."""
    found: dict[str, Any] = {}
    for field in form.query("#rows .control"):
        if isinstance(field, Input | Tick | Choice | Pick):
            found[field.id or ""] = field.value
        elif isinstance(field, TextArea):
            found[field.id or ""] = field.text
    return found


def put(form: DOMNode, values: dict[str, Any]) -> None:
    """Show values in their controls."""
    for name, value in values.items():
        for control in form.query(f"#rows #{name}"):
            if isinstance(control, Input):
                control.value = value
            elif isinstance(control, TextArea):
                control.text = value
            elif isinstance(control, Tick | Choice | Pick):
                control.value = value
