"""The practice's own settings: reading them (DB-API), and changing them as one undo step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from couchcal.clock import Clock, system_clock
from couchcal.errors import Stale
from couchcal.practice.outcome import Done
from couchcal.practice.practice_setting_values import LABELS, TRUTHS, checked
from couchcal.store.connection import Connection, Database

if TYPE_CHECKING:
    from couchcal.store.journal import JournalSession


class PracticeSettings(NamedTuple):
    """Every editable column of the practice, and of its one practitioner (APT-07).

    Times are minutes (`_min`, `reminder_lead`, `slot_step`), hours (`cancel_notice_h`) or days (`window_days`);
    `slot_step` 0 is the session's length, `window_days` 0 unlimited, `max_per_day` None no limit, `week_start` 0
    Monday.
    """

    name: str
    public_label: str
    slug: str
    tz: str
    street: str
    city: str
    region: str
    postal_code: str
    reveal_address: str
    use_rooms: bool
    identifier_mode: str
    week_start: int
    min_notice_min: int
    window_days: int
    slot_step: int
    max_per_day: int | None
    confirm_public: str
    confirm_portal: str
    self_scheduling: bool
    allow_reschedule: bool
    cancel_notice_h: int
    reminders_on: bool
    reminder_lead: int
    reminder_24h: bool
    notify_on_move: str
    telehealth_template: str
    telehealth_modifier: str
    google_title: str
    google_event_titles: bool
    google_place: bool
    practitioner_name: str
    practitioner_credentials: str
    practitioner_npi: str
    practitioner_license: str
    version: int


_PRACTITIONER = "practitioner_"
_OF_PRACTICE = tuple(
    name for name in PracticeSettings._fields if not name.startswith(_PRACTITIONER) and name != "version"
)
_OF_PRACTITIONER = tuple(name for name in PracticeSettings._fields if name.startswith(_PRACTITIONER))


def read(connection: Connection) -> PracticeSettings:
    """The settings as they are stored; `version` is that of both rows together."""
    ours = ", ".join(f"p.{name}" for name in _OF_PRACTICE)
    theirs = ", ".join(f"coalesce(t.{name.removeprefix(_PRACTITIONER)}, '')" for name in _OF_PRACTITIONER)
    row = connection.execute(
        f"SELECT {ours}, {theirs}, p.version + coalesce(t.version, 0) FROM practice p"  # noqa: S608  our own names
        " LEFT JOIN practitioner t ON t.id = (SELECT min(id) FROM practitioner) ORDER BY p.id LIMIT 1"
    ).fetchone()
    values = zip(PracticeSettings._fields, row, strict=True)
    return PracticeSettings._make(bool(value) if name in TRUTHS else value for name, value in values)


def change(
    database: Database,
    changes: Mapping[str, Any],
    *,
    expected_version: int | None = None,
    actor: str = "user",
    clock: Clock = system_clock,
) -> Done:
    """Change settings of the practice and of the practitioner: one undo step.

    Upcoming sessions follow another telehealth modifier; locked ones stay and are listed (MOD-01, INV-L4).

    Raises:
        Invalid: there is no such setting, or its value cannot be right (`field` names it).
        Stale: the settings were changed since `expected_version`.
    """
    from couchcal.practice.rows import put
    from couchcal.practice.sessions_at_places import bring_in_line
    from couchcal.store.records import Practice, Practitioner
    from couchcal.store.session import write_session

    values = checked(changes)
    with write_session(database, "Changed the practice's settings", actor=actor, clock=clock) as session:
        practice, practitioner = _the_only(session, Practice), _the_only(session, Practitioner)
        if expected_version is not None and practice.version + practitioner.version != expected_version:
            raise Stale("the settings were changed by somebody else meanwhile", "look at them again, then save")
        changed = []
        for name, value in values.items():
            row = practitioner if name.startswith(_PRACTITIONER) else practice
            if getattr(row, name.removeprefix(_PRACTITIONER)) != value:
                changed.append(name)
                put(row, name.removeprefix(_PRACTITIONER), value)
        if not changed:
            return Done("Nothing changed", changed=0)
        session.flush()
        label = _label(changed)
        followed, kept = bring_in_line(session) if "telehealth_modifier" in changed else (0, ())
        if followed:
            label = f"{label}: {followed} upcoming session{'s' if followed > 1 else ''} with it"
        session.relabel(label)
        return Done(label, changed=len(changed) + followed, kept=kept)


def _label(changed: list[str]) -> str:
    if len(changed) == 1:
        return f"Changed the practice's setting {LABELS[changed[0]]}"
    return f"Changed {len(changed)} settings of the practice"


def _the_only(session: JournalSession, record: type[Any]) -> Any:
    from sqlmodel import select

    found = session.exec(select(record).order_by(record.id)).first()
    if found is None:  # a practice made without a practitioner's row
        found = record()
        session.add(found)
        session.flush()
    return found
