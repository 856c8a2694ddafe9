"""How every modal looks, in both themes, on a small and on a usual terminal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from textual.pilot import Pilot
from textual.screen import ModalScreen
from textual.widgets import Input

from couchcal.practice import marks
from couchcal.practice.cadence import Repeat
from couchcal.practice.outcome import Kept, Preview
from couchcal.store.connection import Database
from couchcal.tui.forms.appointment import AppointmentForm
from couchcal.tui.forms.appointment_merge import compare
from couchcal.tui.forms.cancel import CancelDialog
from couchcal.tui.forms.confirm import Confirm
from couchcal.tui.forms.delete import DeleteDialog
from couchcal.tui.forms.init import InitForm
from couchcal.tui.forms.merge import MergeScreen
from couchcal.tui.forms.prompt import Prompt
from couchcal.tui.forms.quick_add import QuickAdd
from couchcal.tui.forms.scope import ScopeDialog
from couchcal.tui.screens.help import HelpRow, HelpScreen
from couchcal.tui.screens.search import SearchScreen
from tests.tui.forms.host import ZONE, Host, at, clock, looked, people, session

LABEL = "Jane D. · Tue 3 Mar 15:00–15:50 · 90837"
TZ = ZoneInfo(ZONE)
MORNING = datetime(2026, 3, 1, 9, 42)  # noqa: DTZ001  wall clock
Run = Callable[[Pilot[None]], Awaitable[None]]


def typed(text: str) -> Run:
    async def run(pilot: Pilot[None]) -> None:
        await looked(pilot)
        pilot.app.screen.query_one("#text", Input).value = text
        await looked(pilot)

    return run


def pressed(*keys: str) -> Run:
    async def run(pilot: Pilot[None]) -> None:
        await looked(pilot)
        await pilot.press(*keys)
        await looked(pilot)

    return run


def form(database: Database, **options: Any) -> AppointmentForm:
    draft = {"kind": "client_session", "start": at(3, 15), "client_id": 1, "service": "90837"}
    return AppointmentForm(database, ZONE, draft=draft | options.pop("draft", {}), clock=clock, **options)


SCOPE = (Preview(1, ()), Preview(14, (Kept(2, "Tue 10 Mar 9:00", "the note is signed"),)))
LONG = Preview(
    14,
    tuple(Kept(n, f"Jane D. · Tue {n} Mar 15:00", "the note is signed") for n in range(2, 14)),
    by_hand=(Kept(20, "Jane D. · Tue 24 Mar 16:00", "its time was changed by hand"),),
)
STORED = {"start": at(3, 15), "end": at(3, 15, 50), "tz": ZONE, "service": "90834", "title": "", "instructions": ""}
MERGE = compare(
    STORED,
    STORED | {"title": "[b]mine", "instructions": "ring twice, then wait at the door"},
    STORED | {"service": "90837", "instructions": "use the side entrance"},
)
SIDES = {"theirs": "use the side entrance of the house", "mine": "ring twice, then wait at the door"}
HELP = [
    HelpRow(f"Group {n // 7}", "ctrl+r" if n % 3 else "n", f"What command {n} does, in words") for n in range(40)
]
MODALS: dict[str, tuple[Callable[[Database], ModalScreen[Any]], Run]] = {
    "confirm": (lambda _: Confirm("Discard", "Discard what you typed?", "Discard", "Keep editing"), pressed()),
    "prompt": (lambda _: Prompt("Go to", "fri · 3 mar · +2w", lambda _text: "no such day"), pressed("x", "enter")),
    "scope": (lambda _: ScopeDialog("Change which?", *SCOPE), pressed("down")),
    "scope_long": (lambda _: ScopeDialog("Change which?", SCOPE[0], LONG, reset=LONG), pressed("down")),
    "merge": (lambda _: MergeScreen(MERGE, lambda side, _unit: SIDES[side]), pressed("right")),
    "delete": (lambda _: DeleteDialog(LABEL, in_series=True), pressed()),
    "cancel": (lambda _: CancelDialog(LABEL), pressed("right", "tab", "tab", "x", "ctrl+s")),
    "init": (lambda _: InitForm(Path("/data/couchcal.db"), clock=clock), pressed()),
    "quick_add": (lambda db: QuickAdd(db, ZONE, MORNING, clock=clock), typed("tue 3pm jan 90834")),
    "help": (lambda _: HelpScreen(HELP), pressed()),
    "search": (lambda db: SearchScreen(db, TZ, clock=clock), typed("jane")),
    "form": (form, pressed()),
    "form_event": (lambda db: form(db, draft={"kind": "other_event"}), pressed("ctrl+s")),
    "form_contact": (lambda db: form(db, draft={"kind": "collateral_contact"}), pressed()),
    "form_list": (form, pressed("9")),
    "form_locked": (lambda db: form(db, appointment_id=1, mode="edit"), pressed()),
    "form_times": (lambda db: form(db, appointment_id=1, mode="times"), pressed()),
}  # fmt: skip


@pytest.fixture
def practice(database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setenv("TZ", "Europe/Paris")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    ids = people(database)
    signed = session(database, ids["Jane Doe"], at(3, 9), repeat=Repeat("weekly"))
    marks.mark(database, signed, "note-signed", clock=clock)
    session(database, ids["Bob Reed"], at(3, 15, 30))
    return database


SMALL_DARK, USUAL_LIGHT = ("couchcal-dark", (80, 24)), ("couchcal-light", (120, 36))
CASES = [
    *((name, *SMALL_DARK) for name in MODALS),
    *((name, *USUAL_LIGHT) for name in MODALS),
]


@pytest.mark.parametrize(
    ("name", "theme", "size"), CASES, ids=[f"{name}-{theme[9:]}-{size[0]}x{size[1]}" for name, theme, size in CASES]
)
def test_a_modal(
    snap_compare: Callable[..., bool], practice: Database, name: str, theme: str, size: tuple[int, int]
) -> None:
    make, run = MODALS[name]
    assert snap_compare(Host(make(practice), theme), terminal_size=size, run_before=run)
