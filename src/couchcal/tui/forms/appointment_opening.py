"""One appointment form, built once while the keys rest and opened again and again.

Building it takes several times as long as a person notices; showing one that stands ready does not. Each opening
fills every field anew (`AppointmentFields.reopen`).
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from contextlib import closing
from typing import Any

from textual.app import App

from couchcal.clock import Clock
from couchcal.practice.outcome import Done
from couchcal.store.connection import Connection, Database
from couchcal.tui.forms.appointment import AppointmentForm
from couchcal.tui.forms.appointment_begin import Opening

_NAME = "appointment"
_PAUSE_S = 0.02
"""Between two steps of building: time for a key that came meanwhile."""


def open_form(
    app: App[Any],
    database: Database,
    connection: Connection,
    opening: Opening,
    clock: Clock,
    answered: Callable[[Done | None], None],
) -> AppointmentForm:
    """Show the form: the one that stands ready, else a new one. `connection` is open already, for reading."""
    form = _ready(app, database)
    if form is None:
        form = AppointmentForm(
            database, opening.tz_name, draft=opening.draft, appointment_id=opening.appointment_id,
            mode=opening.mode, names=opening.names, clock=clock,
        )  # fmt: skip
    else:
        with app.batch_update():
            form.reopen(opening, connection)
    app.push_screen(form, answered)
    return form


async def build(app: App[Any], database: Database, tz_name: str, clock: Clock) -> None:
    """Let a form stand ready, in steps between which keys come through. Once only."""
    if app.is_screen_installed(_NAME):
        return
    form = AppointmentForm(database, tz_name, draft={}, clock=clock)
    form.stand_by()
    app._load_screen_css(form)  # as push_screen does, here at a time that nobody waits for
    await asyncio.sleep(_PAUSE_S)
    app.install_screen(form, _NAME)
    _, mounted = app._get_screen(_NAME)
    await mounted
    async for _ in form.build_rows():
        await asyncio.sleep(_PAUSE_S)
    with closing(database.connect()) as connection:
        form.reopen(Opening(tz_name), connection)
    form.arrange_for(app.size.height)
    await asyncio.sleep(_PAUSE_S)
    form._refresh_layout(app.size)
    await asyncio.sleep(_PAUSE_S)
    form._compositor.render_full_update()  # for what widgets remember of how they look
    form.set_focus(None)
    await asyncio.sleep(_PAUSE_S)
    form._refresh_layout(app.size)
    form._layout_required = False  # nothing moves when it is first shown
    form.finish()
    gc.freeze()  # what was made stays: looking through it takes longer than to open the form


def _ready(app: App[Any], database: Database) -> AppointmentForm | None:
    if not app.is_screen_installed(_NAME):
        return None
    form = app.get_screen(_NAME, AppointmentForm)
    ready = form.built and form.database is database and form not in app.screen_stack
    return form if ready else None
